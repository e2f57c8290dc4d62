//! `POST /videos/{video_id}/retry`: another attempt, from the stage that failed.

use domain::problem::ProblemKind;
use domain::video::VideoStatus;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use serde::Serialize;
use store::{Origin, Retried, Video};

#[derive(Serialize)]
struct Body {
    status: VideoStatus,
}

async fn retry_video(call: Call) -> Result<Reply, Problem> {
    let id = call.path("video_id", "video")?;
    let video = call.own_video(call.app.store.video(id).await?, "video")?;
    if video.failure().is_none() || never_uploaded(&video) {
        return Err(not_failed());
    }
    let retried = match call.app.store.retry(&video, call.now).await? {
        Retried::Queued(video) => video,
        Retried::NotFailed => return Err(not_failed()),
        Retried::Duplicate => {
            let detail = "This YouTube video is in your library again, under another id. Use that one.";
            return Err(Problem::new(ProblemKind::AlreadyIndexed, detail));
        }
    };
    call.app.store.enqueue(&retried).await?;
    Reply::json(StatusCode::ACCEPTED, &Body { status: retried.state.video_status() })
}

/// There is nothing to try again with.
fn never_uploaded(video: &Video) -> bool {
    match video.origin {
        Origin::Upload { .. } => video.source.is_none(),
        Origin::Url { .. } | Origin::Youtube { .. } => false,
    }
}

fn not_failed() -> Problem {
    Problem::new(
        ProblemKind::NotReady,
        "Only a video that has failed, and whose file is here, can be retried.",
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, retry_video).await
}

//! `POST /videos/{video_id}/retry`: another attempt, from the stage that failed, or from the descriptions on.

use domain::problem::ProblemKind;
use domain::video::{StateKind, VideoStatus};
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Origin, Retried, RetryFrom, Video};

#[derive(Default, Deserialize)]
struct Wanted {
    from: Option<Start>,
}

/// What can be asked for by name.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Start {
    Describe,
}

#[derive(Serialize)]
struct Body {
    status: VideoStatus,
}

async fn retry_video(call: Call) -> Result<Reply, Problem> {
    let id = call.path("video_id", "video")?;
    let wanted: Wanted = if call.raw_body().is_empty() { Wanted::default() } else { call.json()? };
    let from = match wanted.from {
        None => RetryFrom::FailedStage,
        Some(Start::Describe) => RetryFrom::Describe,
    };
    let video = call.own_video(call.app.store.video(id).await?, "video")?;
    check_state(&video, from)?;
    let retried = match call.app.store.retry(&video, from, call.trace_id.clone(), call.now).await? {
        Retried::Queued(video) => video,
        Retried::WrongState => return Err(wrong_state(from)),
        Retried::NotExtracted => {
            return Err(not_ready(
                "This video failed before there was anything to describe. Retry it without from.",
            ));
        }
        Retried::Duplicate => {
            let detail = "This YouTube video is in your library again, under another id. Use that one.";
            return Err(Problem::new(ProblemKind::AlreadyIndexed, detail));
        }
    };
    call.run_begun(&retried);
    call.app.store.enqueue(&retried).await?;
    Reply::json(StatusCode::ACCEPTED, &Body { status: retried.state.video_status() })
}

fn check_state(video: &Video, from: RetryFrom) -> Result<(), Problem> {
    let is_possible = match (video.state.kind(), from) {
        (StateKind::Failed, RetryFrom::FailedStage) => !never_uploaded(video),
        (StateKind::Failed | StateKind::Ready, RetryFrom::Describe) => true,
        (StateKind::Ready, RetryFrom::FailedStage) => false,
        (
            StateKind::AwaitingUpload | StateKind::Queued | StateKind::Processing | StateKind::Cancelled,
            RetryFrom::FailedStage | RetryFrom::Describe,
        ) => false,
    };
    if is_possible { Ok(()) } else { Err(wrong_state(from)) }
}

/// There is nothing to try again with.
fn never_uploaded(video: &Video) -> bool {
    match video.origin {
        Origin::Upload { .. } => video.source.is_none(),
        Origin::Url { .. } | Origin::Youtube { .. } => false,
    }
}

fn wrong_state(from: RetryFrom) -> Problem {
    not_ready(match from {
        RetryFrom::FailedStage => "Only a video that has failed, and whose file is here, can be retried.",
        RetryFrom::Describe => {
            "Only a video that is ready or has failed can be described anew. If it is being processed, wait for its end."
        }
    })
}

fn not_ready(detail: &'static str) -> Problem {
    Problem::new(ProblemKind::NotReady, detail)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, retry_video).await
}

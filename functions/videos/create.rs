//! `POST /videos`: takes a YouTube video into the caller's library.

use domain::ids::VideoId;
use domain::problem::ProblemKind;
use domain::processing_mode::ProcessingMode;
use domain::video::VideoStatus;
use domain::youtube::{NotAYoutubeUrl, YoutubeId};
use edge::{Call, Door, Problem, Reply, idempotency};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Account, Created, NewVideo, Origin};

#[derive(Deserialize)]
struct Body {
    youtube_url: String,
}

#[derive(Serialize)]
struct Accepted {
    id: VideoId,
    youtube_url: String,
    status: VideoStatus,
    created_at: Timestamp,
}

async fn create_video(call: Call) -> Result<Reply, Problem> {
    let body: Body = call.json()?;
    let youtube_id: YoutubeId = body.youtube_url.parse().map_err(invalid_url)?;
    let make = async |id, account| make_video(&call, id, account, youtube_id).await;
    idempotency::once(&call, None, call.account(), make).await
}

async fn make_video(
    call: &Call,
    id: VideoId,
    account: Account,
    youtube_id: YoutubeId,
) -> Result<Reply, Problem> {
    let new = NewVideo {
        id,
        owner: account.user,
        title: youtube_id.to_string(),
        origin: Origin::Youtube { youtube_id: youtube_id.clone() },
        processing_mode: ProcessingMode::All,
        callback: None,
    };
    let video = match call.app.store.create_video(new, account.plan, call.now).await? {
        Created::Yes(video) => video,
        Created::PlanFull | Created::TooManyUploads { .. } => {
            return Err(edge::refusals::plan_full(account.plan));
        }
        Created::Duplicate => {
            let detail = "This YouTube video is in your library already. Delete it first to index it anew.";
            return Err(Problem::new(ProblemKind::AlreadyIndexed, detail));
        }
    };
    call.app.store.enqueue(&video).await?;
    let accepted = Accepted {
        id: video.id,
        youtube_url: youtube_id.to_string(),
        status: video.state.video_status(),
        created_at: video.created_at,
    };
    Reply::json(StatusCode::ACCEPTED, &accepted)
}

fn invalid_url(error: NotAYoutubeUrl) -> Problem {
    Problem::new(ProblemKind::InvalidYoutubeUrl, format!("The youtube_url is {error}."))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, create_video).await
}

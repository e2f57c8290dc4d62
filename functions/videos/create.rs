//! `POST /videos`: takes a YouTube video into the caller's library.

use domain::ids::VideoId;
use domain::problem::ProblemKind;
use domain::processing_mode::ProcessingMode;
use domain::video::VideoStatus;
use domain::youtube::{NotAYoutubeUrl, YoutubeId};
use edge::idempotency::{self, Making};
use edge::{Call, Door, Problem, Reply};
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
    let owner = async {
        let holder = async { Ok(call.app.store.youtube_holder(call.user()?, youtube_id.clone()).await?) };
        let ((account, can_pay), holder) = futures::try_join!(call.account_and_means(), holder)?;
        Ok(Owner { account, can_pay, holder })
    };
    let make = async |making, owner| make_video(&call, making, owner, youtube_id.clone()).await;
    idempotency::once(&call, None, owner, make).await
}

/// What is known of who the video is for.
struct Owner {
    account: Account,
    can_pay: bool,
    /// The video that is the YouTube video already.
    holder: Option<VideoId>,
}

async fn make_video(
    call: &Call,
    making: Making,
    Owner { account, can_pay, holder }: Owner,
    youtube_id: YoutubeId,
) -> Result<Reply, Problem> {
    // Another attempt at the same request may have made it meanwhile.
    match holder {
        Some(holder) if holder != making.id => return Err(already_indexed()),
        None if !can_pay => return Err(edge::refusals::no_credit(call.contract, account.plan)),
        Some(_) | None => {}
    }
    let accepted = Accepted {
        id: making.id,
        youtube_url: youtube_id.to_string(),
        status: VideoStatus::Queued,
        created_at: call.now,
    };
    let reply = Reply::json(StatusCode::ACCEPTED, &accepted)?;
    let new = NewVideo {
        id: making.id,
        owner: account.user,
        title: youtube_id.to_string(),
        origin: Origin::Youtube { youtube_id },
        processing_mode: ProcessingMode::All,
        max_cost: None,
        callback: None,
        trace_id: call.trace_id.clone(),
    };
    let answer = making.answered_by(&reply);
    let created = call.app.store.create_video_answering(new, account.plan, answer, call.now).await?;
    let video = match created {
        Created::Yes(video) => video,
        Created::PlanFull | Created::TooManyUploads { .. } => {
            return Err(edge::refusals::plan_full(account.plan));
        }
        Created::AccountDeleted => return Err(edge::refusals::account_deleted()),
        Created::Duplicate => return Err(already_indexed()),
    };
    call.run_begun(&video);
    call.app.store.enqueue(&video).await?;
    Ok(reply)
}

fn already_indexed() -> Problem {
    let detail = "This YouTube video is in your library already. Delete it first to index it anew.";
    Problem::new(ProblemKind::AlreadyIndexed, detail)
}

fn invalid_url(error: NotAYoutubeUrl) -> Problem {
    Problem::new(ProblemKind::InvalidYoutubeUrl, format!("The youtube_url is {error}."))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, create_video).await
}

//! `DELETE /videos/{video_id}`: the video, its files, its index, its chats, and the run that works on it.

use edge::{Call, Door, Problem, Reply, removal};
use http::StatusCode;
use store::Ended;

async fn delete_video(call: Call) -> Result<Reply, Problem> {
    let id = call.path("video_id", "video")?;
    match removal::remove(&call.app, id, call.user()?, call.now).await? {
        Ended::Now(_) | Ended::Before => Ok(Reply::empty(StatusCode::NO_CONTENT)),
        Ended::Unknown => Err(Problem::not_found("video")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, delete_video).await
}

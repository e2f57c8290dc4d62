//! `DELETE /videos/{video_id}`: the video, its files, its index, its chats, and the run that works on it.

use edge::{Call, Door, Problem, Reply, removal};
use http::StatusCode;

async fn delete_video(call: Call) -> Result<Reply, Problem> {
    let id = call.path("video_id", "video")?;
    let video = call.own_video(call.app.store.video(id).await?, "video")?;
    removal::remove(&call.app, &video, call.now).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, delete_video).await
}

//! `GET /chat/{video_id}/sessions`: the conversations about a video, newest first.

use domain::ids::SessionId;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use store::Session;

#[derive(Serialize)]
struct Body {
    sessions: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    id: SessionId,
    created_at: Timestamp,
    message_count: u32,
}

async fn list_sessions(call: Call) -> Result<Reply, Problem> {
    let id = call.path("video_id", "video")?;
    let (video, sessions) = futures::try_join!(call.app.store.video(id), call.app.store.sessions(id))?;
    call.own_video(video, "video")?;
    Reply::json(StatusCode::OK, &Body { sessions: sessions.into_iter().map(Item::from).collect() })
}

impl From<Session> for Item {
    fn from(session: Session) -> Self {
        Self { id: session.id, created_at: session.created_at, message_count: session.message_count }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, list_sessions).await
}

//! `GET /chat/sessions/{session_id}`: a conversation, oldest message first.

use domain::analysis::Provenance;
use domain::cost::Spent;
use domain::ids::{SessionId, VideoId};
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use store::{Made, Message, Role};

#[derive(Serialize)]
struct Body {
    session_id: SessionId,
    video_id: VideoId,
    messages: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    role: Role,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_timestamps: Option<Vec<String>>,
    created_at: Timestamp,
    /// Of answers: who made it, and what it took.
    #[serde(flatten)]
    made: Option<ShownMade>,
}

#[derive(Serialize)]
struct ShownMade {
    provenance: Provenance,
    cost: Cost,
}

#[derive(Serialize)]
struct Cost {
    input_tokens: u64,
    output_tokens: u64,
    gigabyte_seconds: f64,
    micro_dollars: u64,
}

async fn get_session(call: Call) -> Result<Reply, Problem> {
    let id = call.path("session_id", "chat session")?;
    let user = call.user()?;
    let found = call.app.store.session(id).await?.filter(|(session, _)| session.owner == user);
    let (session, messages) = found.ok_or_else(|| Problem::not_found("chat session"))?;
    // A deleted video's chats go a moment after it.
    if call.app.store.video(session.video).await?.is_none() {
        return Err(Problem::not_found("chat session"));
    }
    let messages = messages.into_iter().map(Item::from).collect();
    Reply::json(StatusCode::OK, &Body { session_id: id, video_id: session.video, messages })
}

impl From<Message> for Item {
    fn from(message: Message) -> Self {
        let frame_timestamps = match message.role {
            Role::User => None,
            Role::Assistant => Some(message.frame_timestamps),
        };
        Self {
            role: message.role,
            content: message.content,
            frame_timestamps,
            created_at: message.created_at,
            made: message.made.map(ShownMade::from),
        }
    }
}

impl From<Made> for ShownMade {
    fn from(Made { by, spent }: Made) -> Self {
        Self { provenance: by, cost: Cost::from(spent) }
    }
}

impl From<Spent> for Cost {
    fn from(spent: Spent) -> Self {
        Self {
            input_tokens: spent.input_tokens,
            output_tokens: spent.output_tokens,
            gigabyte_seconds: spent.shown_gigabyte_seconds(),
            micro_dollars: spent.micro_dollars(),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, get_session).await
}

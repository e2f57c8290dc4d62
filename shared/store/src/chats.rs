//! Chat sessions and their messages.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::analysis::Provenance;
use domain::cost::Spent;
use domain::ids::{MessageId, SessionId, UserId, VideoId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{Key, SESSION_ROW, session_partition, video_partition};
use crate::rows::{from_row, number, text, to_row};
use crate::{Reply, Store, StoreError};

/// A conversation about one video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id. Not stored as `id`: rows with an `owner` and an `id` are in the index of the owner's videos.
    #[serde(rename = "session")]
    pub id: SessionId,
    /// Whose it is.
    pub owner: UserId,
    /// What it is about.
    pub video: VideoId,
    /// When it began.
    pub created_at: Timestamp,
    /// Questions and answers so far.
    #[serde(default)]
    pub message_count: u32,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person who asks.
    User,
    /// The one who answers.
    Assistant,
}

/// A question or an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id; ids sort by time.
    pub id: MessageId,
    /// Who speaks.
    pub role: Role,
    /// The words.
    pub content: String,
    /// Where in the video an answer looked, as `mm:ss`.
    #[serde(default)]
    pub frame_timestamps: Vec<String>,
    /// When it was said.
    pub created_at: Timestamp,
    /// How an answer was made. `None` of questions, and of answers from before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
}

/// How an answer was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// By whom.
    pub by: Provenance,
    /// With what: tokens of the question's vector and of the answer, and the function's time.
    pub spent: Spent,
}

/// A question and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The conversation that it belongs to; made with its first exchange.
    pub session: Session,
    /// What was asked.
    pub question: Message,
    /// What was answered.
    pub answer: Message,
}

impl Store {
    /// The writes that keep an exchange. They are refused together when it is kept already.
    pub(crate) fn kept(
        &self,
        operation: &'static str,
        exchange: &Exchange,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let Exchange { session, question, answer } = exchange;
        let mut items = Vec::with_capacity(4);
        for message in [question, answer] {
            let row = to_row(operation, Key::message(session.id, message.id), message)?;
            items.push(self.put_new(operation, row)?);
        }
        // Once for whoever opens the session, once for whoever lists the video's.
        for key in [Key::session(session.id), Key::session_of_video(session.video, session.id)] {
            let update = Update::builder()
                .table_name(&self.names.table)
                .set_key(Some(key.attributes()))
                .update_expression(
                    "SET #session = :session, #owner = :owner, video = :video, \
                     created_at = if_not_exists(created_at, :created) ADD message_count :two",
                )
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_names("#session", "session")
                .expression_attribute_values(":session", text(session.id.to_string()))
                .expression_attribute_values(":owner", text(session.owner.0.clone()))
                .expression_attribute_values(":video", text(session.video.to_string()))
                .expression_attribute_values(":created", text(session.created_at.to_string()))
                .expression_attribute_values(":two", number(2))
                .build()
                .map_err(StoreError::malformed(operation))?;
            items.push(TransactWriteItem::builder().update(update).build());
        }
        Ok(items)
    }

    /// A session with its messages, oldest first.
    pub fn session(&self, id: SessionId) -> Reply<'_, Option<(Session, Vec<Message>)>> {
        const OPERATION: &str = "reading a chat session";
        Box::pin(async move {
            let mut rows = self.partition(OPERATION, session_partition(id), "").await?;
            // "META" sorts before every "MSG#".
            let Some(first) = (!rows.is_empty()).then(|| rows.remove(0)) else { return Ok(None) };
            let session = from_row(OPERATION, first)?;
            let messages = rows.into_iter().map(|row| from_row(OPERATION, row)).collect::<Result<_, _>>()?;
            Ok(Some((session, messages)))
        })
    }

    /// A video's sessions, newest first.
    pub fn sessions(&self, video: VideoId) -> Reply<'_, Vec<Session>> {
        const OPERATION: &str = "listing chat sessions";
        Box::pin(async move {
            let rows = self.partition(OPERATION, video_partition(video), SESSION_ROW).await?;
            let mut sessions: Vec<Session> =
                rows.into_iter().map(|row| from_row(OPERATION, row)).collect::<Result<_, _>>()?;
            sessions.sort_by_key(|session| std::cmp::Reverse((session.created_at, session.id)));
            Ok(sessions)
        })
    }
}

//! The only source of new ids: UUIDv7, so that ids sort by the time at which they were made.

use domain::ids::{MessageId, SessionId, VideoId};
use domain::library::ShardId;
use uuid::Uuid;

/// An id for a new video.
pub fn new_video() -> VideoId {
    VideoId(Uuid::now_v7())
}

/// An id for a new chat session.
pub fn new_session() -> SessionId {
    SessionId(Uuid::now_v7())
}

/// An id for a new message; later ones sort after earlier ones.
pub fn new_message() -> MessageId {
    MessageId(Uuid::now_v7())
}

/// An id for a new shard of a library.
pub fn new_shard() -> ShardId {
    ShardId(Uuid::now_v7())
}

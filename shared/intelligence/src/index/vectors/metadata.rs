//! What vectors are filtered by. The service applies a filter before it looks for what is nearest, so rows that are left
//! out take nobody's place.

use std::collections::HashSet;

use aws_smithy_types::Document;
use domain::ids::{UserId, VideoId};
use serde_json::{Value, json};

use super::super::shard::milliseconds;
use super::super::{Filter, Row};
use crate::aws::document;

/// What is said about a row: some 200 bytes, of the 2 KB that can be filtered by.
pub(super) fn of(owner: &UserId, video: VideoId, row: &Row) -> Document {
    let mut said = json!({
        "owner": owner.0,
        "video": video,
        "kind": row.kind,
        "start": milliseconds(row.start),
        "end": milliseconds(row.end),
    });
    if let Some(speaker) = row.speaker {
        said["speaker"] = json!(video.speaker_id(speaker));
    }
    document::of(&said)
}

/// The rows of an account that a filter lets through.
pub(super) fn filter(owner: &UserId, filter: &Filter) -> Document {
    let Filter { videos, kinds, speaker, from: _, to: _ } = filter;
    let mut all = vec![json!({ "owner": { "$eq": owner.0 } })];
    all.extend(videos.as_ref().map(|videos| json!({ "video": { "$in": sorted(videos) } })));
    all.extend(kinds.as_ref().map(|kinds| json!({ "kind": { "$in": kinds } })));
    all.extend(speaker.map(|speaker| json!({ "speaker": { "$eq": speaker } })));
    let (from, to) = filter.window();
    // A row that lasts no time ends at 0 at the earliest, and is let through by a search that names no time.
    all.extend((from > 0).then(|| json!({ "end": { "$gt": from } })));
    all.extend((to < u32::MAX).then(|| json!({ "start": { "$lt": to } })));
    let one = if all.len() == 1 { all.pop() } else { None };
    document::of(&one.unwrap_or_else(|| json!({ "$and": all })))
}

/// In an order that is always the same.
fn sorted(videos: &HashSet<VideoId>) -> Value {
    let mut videos: Vec<&VideoId> = videos.iter().collect();
    videos.sort_unstable();
    json!(videos)
}

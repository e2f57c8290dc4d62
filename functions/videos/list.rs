//! `GET /videos?page=1&limit=20&status=ready`: a page of the caller's library, newest first.

use domain::ids::VideoId;
use domain::video::VideoStatus;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Origin, Video};

#[derive(Serialize)]
struct Page {
    items: Vec<Item>,
    total: usize,
    page: u32,
    limit: u32,
}

#[derive(Serialize)]
struct Item {
    id: VideoId,
    title: String,
    youtube_id: Option<String>,
    status: VideoStatus,
    frame_count: Option<u32>,
    duration_secs: Option<u64>,
    created_at: Timestamp,
    indexed_at: Option<Timestamp>,
}

async fn list_videos(call: Call) -> Result<Reply, Problem> {
    let page = call.query_number("page", 1, 1..=u32::MAX)?;
    let limit = call.query_number("limit", 20, 1..=100)?;
    let status = call.query("status").map(parse_status).transpose()?;
    // The index tells every video's state, so the total is true and nothing is dropped from a page.
    let mut videos = call.app.store.video_summaries(call.user()?).await?;
    videos.retain(|video| status.is_none_or(|status| video.state.video_status() == status));
    let skipped = (page as usize - 1).saturating_mul(limit as usize);
    let ids = videos.iter().skip(skipped).take(limit as usize).map(|video| video.id).collect();
    let items = call.app.store.videos(ids).await?.into_iter().map(Item::from).collect();
    Reply::json(StatusCode::OK, &Page { items, total: videos.len(), page, limit })
}

fn parse_status(text: String) -> Result<VideoStatus, Problem> {
    VideoStatus::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(&text))
        .map_err(|_| Problem::invalid("status is one of queued, indexing, ready, failed, cancelled."))
}

impl From<Video> for Item {
    fn from(video: Video) -> Self {
        let youtube_id = match &video.origin {
            Origin::Youtube { youtube_id } => Some(youtube_id.as_str().to_owned()),
            Origin::Upload { .. } | Origin::Url { .. } => None,
        };
        Self {
            id: video.id,
            title: video.title,
            youtube_id,
            status: video.state.video_status(),
            frame_count: video.frame_count,
            duration_secs: video.duration.map(|duration| duration.get().round() as u64),
            created_at: video.created_at,
            indexed_at: video.indexed_at,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, list_videos).await
}

//! `POST /search`: moments of the caller's videos that bear on a query.

mod engine;

use std::sync::Arc;

use domain::ids::VideoId;
use domain::time::Seconds;
use edge::{Call, Door, Problem, Reply};
use engine::{Engine, FoundMoment, Names, Parameters};
use http::StatusCode;
use intelligence::answer::EvidenceKind;
use serde::{Deserialize, Serialize};

const NAMES: Names = Names { videos: "video_ids", next: "next_cursor" };

#[derive(Deserialize)]
struct Body {
    query: String,
    limit: Option<u32>,
    cursor: Option<String>,
    video_ids: Option<Vec<String>>,
    kinds: Option<Vec<EvidenceKind>>,
    speaker: Option<String>,
    from: Option<f64>,
    to: Option<f64>,
}

#[derive(Serialize)]
struct Page {
    items: Vec<Item>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Item {
    video_id: VideoId,
    start_ts: Seconds,
    end_ts: Seconds,
    kind: EvidenceKind,
    text: String,
    score: f64,
    thumbnail_url: Option<String>,
}

async fn query(engine: Arc<Engine>, call: Call) -> Result<Reply, Problem> {
    let Body { query, limit, cursor, video_ids: videos, kinds, speaker, from, to } = call.json()?;
    let parameters = Parameters { query, limit, cursor, videos, kinds, speaker, from, to };
    let found = engine.search(&call, parameters, NAMES).await?;
    let items = found.moments.into_iter().map(Item::from).collect();
    Reply::json(StatusCode::OK, &Page { items, next_cursor: found.next })
}

impl From<FoundMoment> for Item {
    fn from(moment: FoundMoment) -> Self {
        let FoundMoment { video, start, end, kind, text, score, thumbnail_url } = moment;
        Self { video_id: video, start_ts: start, end_ts: end, kind, text, score, thumbnail_url }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let engine = Arc::new(Engine::default());
    edge::serve(Door::Session, move |call| query(engine.clone(), call)).await
}

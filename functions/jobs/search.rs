//! `POST /v1/api/search`: moments of the caller's jobs that bear on a query.

#[path = "../search/engine.rs"]
mod engine;

use std::sync::Arc;

use domain::api_key::Scope;
use domain::ids::VideoId;
use domain::time::Seconds;
use edge::{Call, Door, Problem, Reply};
use engine::{Engine, FoundMoment, Names, Parameters};
use http::StatusCode;
use intelligence::answer::EvidenceKind;
use serde::{Deserialize, Serialize};

const NAMES: Names = Names { videos: "jobIds", next: "nextCursor" };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: String,
    limit: Option<u32>,
    cursor: Option<String>,
    job_ids: Option<Vec<String>>,
    kinds: Option<Vec<EvidenceKind>>,
    speaker: Option<String>,
    from: Option<f64>,
    to: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data: Vec<Item>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    job_id: VideoId,
    start_ts: Seconds,
    end_ts: Seconds,
    kind: EvidenceKind,
    text: String,
    score: f64,
    thumbnail_url: Option<String>,
}

async fn search(engine: Arc<Engine>, call: Call) -> Result<Reply, Problem> {
    let Body { query, limit, cursor, job_ids: videos, kinds, speaker, from, to } = call.json()?;
    let parameters = Parameters { query, limit, cursor, videos, kinds, speaker, from, to };
    let found = engine.search(&call, parameters, NAMES).await?;
    let data = found.moments.into_iter().map(Item::from).collect();
    Reply::json(StatusCode::OK, &Page { data, next_cursor: found.next })
}

impl From<FoundMoment> for Item {
    fn from(moment: FoundMoment) -> Self {
        let FoundMoment { video, start, end, kind, text, score, thumbnail_url } = moment;
        Self { job_id: video, start_ts: start, end_ts: end, kind, text, score, thumbnail_url }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let engine = Arc::new(Engine::default());
    edge::serve(Door::ApiKey(Scope::JobsRead), move |call| search(engine.clone(), call)).await
}

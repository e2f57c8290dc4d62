//! Searches a library of videos as the service does: `retrieve [MINILM_DIR] < {"videos", "queries"}`. A line of JSON for
//! each query: the moments found, best first.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark whose input is its own")]

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use domain::analysis::{Described, Description, Detection, Provenance, Rgb, Scene, Transcript, Utterance};
use domain::ids::{Generation, VideoId};
use domain::time::Seconds;
use intelligence::embed::{Embedder, HashedTerms, MiniLm};
use intelligence::index::{CANDIDATES, Candidate, Filter, Findings, LibraryQuery, Record, Shard, VideoIndex};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

#[derive(Deserialize)]
struct Asked {
    videos: Vec<Video>,
    queries: Vec<String>,
}

#[derive(Deserialize)]
struct Video {
    length: f64,
    scenes: Vec<Shown>,
    speech: Vec<Said>,
}

#[derive(Deserialize)]
struct Shown {
    start: f64,
    end: f64,
    lines: Vec<String>,
    objects: Vec<String>,
}

#[derive(Deserialize)]
struct Said {
    start: f64,
    end: f64,
    text: String,
}

fn provenance() -> Provenance {
    Provenance { provider: "generated".into(), model: "generated".into(), prompt_version: "1".into() }
}

fn scene((ordinal, shown): (usize, &Shown)) -> (Scene, Described) {
    let (start, end) = (Seconds::new(shown.start), Seconds::new(shown.end));
    let main_color = Rgb(240, 240, 240);
    let scene = Scene {
        ordinal: ordinal as u32,
        start,
        end,
        keyframe_at: start,
        main_color,
        brightness: 0.9,
        motion: 0.0,
        black: vec![],
        frozen: vec![],
    };
    let detection = |name: &String| {
        let (x, y, width, height, confidence) = (0.1, 0.1, 0.3, 0.3, 0.9);
        Detection { name: name.clone(), x, y, width, height, confidence }
    };
    let description = Description {
        text: "A bright, mostly white still picture.".to_owned(),
        on_screen_text: shown.lines.clone(),
        detections: shown.objects.iter().map(detection).collect(),
        provenance: provenance(),
    };
    (scene, description.into())
}

async fn indexed(embedder: &dyn Embedder, video: &Video) -> VideoIndex {
    let scenes: Vec<(Scene, Described)> = video.scenes.iter().enumerate().map(scene).collect();
    let utterances = video.speech.iter().map(|said| Utterance {
        speaker: 0,
        start: Seconds::new(said.start),
        end: Seconds::new(said.end),
        text: said.text.clone(),
    });
    let transcript = Transcript { utterances: utterances.collect(), provenance: provenance() };
    let length = Seconds::new(video.length);
    let findings = Findings { length, scenes: Some(&scenes), transcript: Some(&transcript) };
    VideoIndex::build(embedder, &findings).await.unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let asked: Asked = serde_json::from_reader(std::io::stdin()).unwrap();
    let embedder: Box<dyn Embedder> = match std::env::args().nth(1) {
        Some(folder) => Box::new(MiniLm::find(Path::new(&folder)).unwrap()),
        None => Box::new(HashedTerms::new()),
    };
    let id = |n: usize| VideoId(Uuid::from_u128(n as u128));
    let (mut stored, mut shards) = (vec![], vec![]);
    for (n, video) in asked.videos.iter().enumerate() {
        let index = indexed(&*embedder, video).await;
        shards.push(Shard::of(id(n), Generation::FIRST, &index));
        stored.push(index.encode());
    }
    let kept: HashSet<_> = (0..stored.len()).map(|n| (id(n), Generation::FIRST)).collect();
    let shards = [Arc::new(Shard::merge(&shards, &kept).unwrap())];
    for text in &asked.queries {
        let vector = embedder.embed(std::slice::from_ref(text)).await.unwrap().remove(0);
        let query =
            LibraryQuery::new(text, HashMap::from([(embedder.id().clone(), vector)]), Filter::default());
        let read = |candidate: Candidate| {
            let index = &stored[candidate.video.0.as_u128() as usize];
            let record = &index[candidate.record.start as usize..candidate.record.end as usize];
            let record = Record::decode(record, candidate.dimensions).unwrap();
            (candidate, record)
        };
        let records = query.candidates(&shards, CANDIDATES).into_iter().map(read).collect();
        let moments: Vec<_> = query
            .moments(records)
            .into_iter()
            .map(|moment| {
                json!({
                    "video": moment.video.0.as_u128() as u64, "start": moment.row.start, "kind": moment.row.kind,
                    "text": moment.row.text, "score": moment.score,
                })
            })
            .collect();
        println!("{}", json!(moments));
    }
}

//! Files that mean harm, or that something harmed on the way: each must end in a result or in a sentence for its owner,
//! soon, in little memory, and without anything else having been opened.

mod damage;
mod disguise;
mod watch;

use std::{io, ops::Range, time::Duration};

use bytes::Bytes;
use domain::failure::FailureCode;
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};

use super::*;
use crate::ByteSource;
use watch::{Canary, peak_of_children};

/// Each file, from the probe to the scenes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most memory of ffmpeg or ffprobe on any of the files, in MB; an honest file of their size takes 60 to 120.
const MOST_MEMORY: u64 = 600;
/// Files at once.
const AT_ONCE: usize = 3;

struct Memory(Bytes);

impl ByteSource for Memory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, io::Result<BoxStream<'static, io::Result<Bytes>>>> {
        let part = self.0.slice(range.start as usize..range.end as usize);
        async { Ok(stream::iter([Ok(part)]).boxed()) }.boxed()
    }
}

/// What it is called, what was done to it, its bytes.
struct Case {
    name: String,
    what: String,
    bytes: Vec<u8>,
}

/// From the probe to the scenes; the number of scenes.
async fn scenes_of(name: &str, bytes: Bytes, target: f64) -> Result<usize, MediaError> {
    let tools = tools();
    let proxy = RangeProxy::start(Arc::new(Memory(bytes))).await.unwrap();
    let probe = probe(&tools, proxy.url(), name).await?;
    // No more cuts than in a video of 16 hours, whatever length it claims.
    let target = target.max(probe.length.get() / 1000.0);
    let plan = plan_with_target(&tools, proxy.url(), &probe, ProcessingMode::All, target).await?;
    let options = ExtractOptions { threads: 1, time_limit: Duration::from_secs(20) };
    let mut features = Vec::new();
    for index in 0..plan.segments.len() as u32 {
        let output = extract(&tools, proxy.url(), &plan, index, options).await?;
        features.push(SegmentFeatures::decode(&output.features)?);
    }
    Ok(join(&plan, features)?.scenes.len())
}

#[derive(Debug, Default)]
struct Tally {
    played: usize,
    refused: usize,
    faults: Vec<String>,
}

/// Every case must be played, or refused for a reason that lies in the file.
async fn survive(cases: Vec<Case>) -> Tally {
    let judged = stream::iter(cases.into_iter().enumerate()).map(|(number, case)| async move {
        // A panic ends this task alone.
        let target = if number % 3 == 0 { 0.5 } else { 60.0 };
        let name = case.name.clone();
        let run = tokio::spawn(async move { scenes_of(&name, case.bytes.into(), target).await });
        let ended = tokio::time::timeout(PATIENCE, run).await;
        (format!("{} {}", case.name, case.what), ended)
    });
    let mut tally = Tally::default();
    let mut judged = judged.buffer_unordered(AT_ONCE);
    while let Some((case, ended)) = judged.next().await {
        match ended {
            Ok(Ok(Ok(_))) => tally.played += 1,
            Ok(Ok(Err(MediaError::Rejected(failure)))) if failure.code != FailureCode::Internal => {
                tally.refused += 1;
            }
            Ok(Ok(Err(error))) => tally.faults.push(format!("{case}: {error:?}")),
            Ok(Err(panic)) => tally.faults.push(format!("{case}: {panic}")),
            Err(_) => tally.faults.push(format!("{case}: took too long")),
        }
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_files_end_in_scenes_or_in_a_sentence() {
    let cases = damage::cases();
    assert!(cases.len() >= 300, "{}", cases.len());
    let (tally, peak) = peak_of_children(survive(cases)).await;
    eprintln!("{} played, {} refused, peak of {peak} MB", tally.played, tally.refused);
    assert!(tally.faults.is_empty(), "{}", tally.faults.join("\n"));
    // Neither half of the test is empty.
    assert!(tally.played > 50 && tally.refused > 20, "{} {}", tally.played, tally.refused);
    assert!(peak < MOST_MEMORY, "{peak} MB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_file_names_is_opened() {
    let canary = Canary::start();
    let cases = disguise::cases(&canary);
    let count = cases.len();
    let (tally, peak) = peak_of_children(survive(cases)).await;
    eprintln!("{count} disguises: {} played, {} refused, peak of {peak} MB", tally.played, tally.refused);
    assert!(tally.faults.is_empty(), "{}", tally.faults.join("\n"));
    assert_eq!(canary.visits(), 0);
    // The proof that these are traps: a reader without our rules walks into them.
    let caught = disguise::cases(&canary).into_iter().filter(|case| canary.catches_a_careless_reader(case));
    let caught: Vec<String> = caught.map(|case| case.what).collect();
    for kind in [
        "HLS of http",
        "HLS of /",
        "HLS of file:",
        "concat of http",
        "concat of /",
        "DASH of http",
        "reference to /",
    ] {
        assert!(caught.iter().any(|what| what.starts_with(kind)), "{kind}: {caught:#?}");
    }
    assert!(peak < MOST_MEMORY, "{peak} MB");
}

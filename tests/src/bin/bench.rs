//! `make bench`: what a minute of 720p costs in the local stack, and how long a warm GET takes.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use domain::plan::Plan;
use reqwest::Method;
use tests::client::Client;
use tests::runs::Runs;
use tests::world::World;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs of each measurement; the table shows the median.
const RUNS: usize = 3;
/// Warm GETs that are timed; fewer than a client's requests a minute.
const GETS: usize = 50;

#[tokio::main]
async fn main() -> ExitCode {
    match measure().await {
        Ok(table) => {
            eprintln!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<String, Failure> {
    let world = World::get();
    let client = world.client("bench", Plan::Max).await;
    eprintln!("  warming up");
    process(world, &client, false).await?;
    let mut table = String::from("a minute of 720p, median of 3      seconds   × its length   share\n");
    for speech in [false, true] {
        eprintln!("  measuring, {} speech", if speech { "with" } else { "without" });
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(process(world, &client, speech).await?);
        }
        runs.sort_by_key(|run| run.total);
        let run = &runs[RUNS / 2];
        let total = run.total.as_secs_f64();
        let name = if speech { "upload to COMPLETED, with speech" } else { "upload to COMPLETED, no speech" };
        table.push_str(&format!("{name:<34} {total:>7.1} {:>13.2}\n", total / 60.0));
        for (stage, took) in &run.stages {
            let took = took.as_secs_f64();
            table.push_str(&format!("  {stage:<32} {took:>7.1} {:>22.0} %\n", took / total * 100.0));
        }
    }
    let mut gets = Vec::with_capacity(GETS);
    for _ in 0..GETS {
        let began = Instant::now();
        client.session(Method::GET, "/usage", None).await;
        gets.push(began.elapsed());
    }
    gets.sort();
    table.push_str(&format!(
        "warm GET /usage, median of {GETS}: {:.1} ms\n",
        gets[GETS / 2].as_secs_f64() * 1e3
    ));
    Ok(table)
}

struct Run {
    total: Duration,
    /// Each state of the machine, in order of its start.
    stages: Vec<(String, Duration)>,
}

async fn process(world: &World, client: &Client, speech: bool) -> Result<Run, Failure> {
    let file = world.clips.minute(speech);
    let began = Instant::now();
    let job = client.upload(&file).await;
    let done = client.finished(&job).await;
    let total = began.elapsed();
    if done["status"] != "COMPLETED" {
        return Err(format!("the job ended as {done}").into());
    }
    Ok(Run { total, stages: Runs::of(world).await.states(&job, 1).await })
}

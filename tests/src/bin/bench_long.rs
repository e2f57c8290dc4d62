//! `make bench-long`: videos of hours through the whole local stack, and what each function took of what it may have.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use domain::plan::Plan;
use reqwest::Method;
use serde_json::Value;
use tests::client::Client;
use tests::runs::Runs;
use tests::usage::{self, Usage};
use tests::world::World;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Between two looks at a job that takes long.
const PAUSE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    let hours: Result<Vec<u32>, _> = std::env::args().skip(1).map(|hours| hours.parse()).collect();
    let measured = match hours {
        Ok(hours) if !hours.is_empty() => measure(&hours).await,
        _ => Err("name the lengths in hours: bench_long 3 12".into()),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(hours: &[u32]) -> Result<(), Failure> {
    let world = World::get();
    let client = world.client("long", Plan::Enterprise).await;
    for hours in hours {
        let film = world.clips.hours(*hours);
        let watch = usage::watch(world);
        let began = Instant::now();
        let job = client.upload(&film).await;
        let done = ended(&client, &job).await?;
        let took = began.elapsed();
        let used = watch.stop();
        let seconds = slowest(world, &job).await;
        print(*hours, &done, took, &used, &seconds)?;
    }
    Ok(())
}

async fn ended(client: &Client, job: &str) -> Result<Value, Failure> {
    let mut told = 0;
    loop {
        let stages = client.session(Method::GET, &format!("/videos/{job}/jobs"), None).await.body;
        match stages["status"].as_str() {
            Some("queued" | "indexing") => {}
            _ => break,
        }
        let now = stages["overall_progress"].as_u64().unwrap_or_default();
        if now >= told + 10 {
            eprintln!("  {now} %");
            told = now;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let done = client.api(Method::GET, &format!("/v1/api/jobs/{job}"), None).await.body["data"].take();
    if done["status"] != "COMPLETED" {
        return Err(format!("the job ended as {done}").into());
    }
    Ok(done)
}

/// The longest call of each step, in seconds: states of the run, and items of its maps.
async fn slowest(world: &World, job: &str) -> BTreeMap<&'static str, f64> {
    let runs = Runs::of(world).await;
    let mut slowest = runs.longest_items(job, 1).await;
    for (state, took) in runs.states(job, 1).await {
        if let Some(step) = usage::STEPS.into_iter().find(|step| *step == of_state(&state)) {
            slowest.entry(step).or_insert(took.as_secs_f64());
        }
    }
    slowest
}

/// A history has no states of parallel branches: of the transcript only the state around it is known, which takes longer.
fn of_state(name: &str) -> &str {
    if name == "Understand" { "Transcribe" } else { name }
}

fn print(
    hours: u32,
    done: &Value,
    took: Duration,
    used: &BTreeMap<&'static str, Usage>,
    seconds: &BTreeMap<&'static str, f64>,
) -> Result<(), Failure> {
    let result = &done["processedData"];
    let count = |list: &str| result[list].as_array().map_or(0, Vec::len);
    let length = result["length"].as_f64().ok_or("no length")?;
    eprintln!(
        "{hours} h: {} scenes and {} utterances in {:.0} min; length {length} s",
        count("scenes"),
        count("transcript"),
        took.as_secs_f64() / 60.0
    );
    eprintln!("  {:<12}{:>12}{:>10}{:>10}", "step", "slowest s", "MB", "disk MB");
    for step in usage::STEPS {
        let (Some(used), Some(seconds)) = (used.get(step), seconds.get(step)) else { continue };
        eprintln!("  {step:<12}{seconds:>12.1}{:>10}{:>10}", used.memory >> 20, used.disk >> 20);
    }
    Ok(())
}

//! Part of `make bench-understanding`: the time from a question to the first event of its answer, and to its first words,
//! in a warm local stack. Prints both of each question as JSON, in milliseconds.

use std::io::Write;
use std::time::Duration;

use domain::plan::Plan;
use serde_json::json;
use tests::client::Client;
use tests::world::World;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Questions before those that are timed: the function has started and read the video's index by then.
const WARMING_UP: usize = 3;
/// Questions from one address: fewer than a client's requests a minute.
const FROM_ONE_ADDRESS: usize = 40;
const QUESTIONS: [&str; 4] = [
    "What was written on the whiteboard at the start?",
    "What is said about the slope?",
    "How many scenes are there?",
    "What colour is the second scene?",
];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let asked = std::env::args().nth(1).map_or(Ok(FROM_ONE_ADDRESS), |asked| asked.parse())?;
    let world = World::get();
    let client = world.client("listener", Plan::Pro).await;
    eprintln!("  processing a lecture");
    let video = client.upload(&world.clips.lecture()).await;
    let done = client.finished(&video).await;
    if done["status"] != "COMPLETED" {
        return Err(format!("the job ended as {done}").into());
    }
    eprintln!("  asking about it");
    let mut times = Vec::with_capacity(asked);
    let mut caller = client.at(world.address());
    for number in 0..WARMING_UP + asked {
        if number % FROM_ONE_ADDRESS == 0 {
            caller = client.at(world.address());
            // A connection is not what is measured.
            caller.session(reqwest::Method::GET, "/usage", None).await;
        }
        let answered = ask(&caller, &video, QUESTIONS[number % QUESTIONS.len()]).await?;
        if number >= WARMING_UP {
            times.push(answered);
        }
    }
    let (events, tokens): (Vec<f64>, Vec<f64>) = times.into_iter().unzip();
    writeln!(std::io::stdout(), "{}", json!({ "first_event": events, "first_token": tokens }))?;
    Ok(())
}

/// Milliseconds until the first event, and until the first words.
async fn ask(client: &Client, video: &str, question: &str) -> Result<(f64, f64), Failure> {
    let events = client.ask(video, json!({ "question": question })).await;
    let events = events.map_err(|status| format!("a question was answered with {status}"))?;
    let milliseconds = |at: Duration| at.as_secs_f64() * 1e3;
    let first = events.first().ok_or("an answer without events")?;
    let token = events.iter().find(|event| event.data["type"] == "token").ok_or("an answer without words")?;
    Ok((milliseconds(first.at), milliseconds(token.at)))
}

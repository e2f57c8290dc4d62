//! `make bench-burst`: many short videos at once in an account that lets few functions run at a time, and the API
//! beside them.

use std::process::ExitCode;

use tests::burst::{self, Burst};
use tests::world::World;

/// Parameters of the template, as `burst::parameters` has them.
const PARAMETERS: [&str; 4] = ["MapWidth", "MaxRunningVideos", "StepConcurrency", "QueueConcurrency"];

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u32>());
    let (Some(Ok(videos)), Some(Ok(limit)), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: bench_burst VIDEOS LIMIT");
        return ExitCode::FAILURE;
    };
    let rule = burst::parameters(limit);
    let parameters = PARAMETERS.map(|name| (name, rule[name]));
    eprintln!("  {videos} videos, {limit} invocations at a time: {parameters:?}");
    let world = World::limited(limit, &parameters);
    let burst = Burst::of(&world, "bench", videos as usize).await;
    let ms = |share| burst.answered_within(share).as_secs_f64() * 1e3;
    let (secs, asked) = (burst.took.as_secs_f64(), burst.asked.len());
    eprintln!("ends                                {:?}", burst.ends);
    eprintln!("seconds in all, and a video         {secs:.0}, {:.1}", secs / f64::from(videos));
    eprintln!("runs at a time, at most             {}", burst.most_running);
    eprintln!("passed by later ones, at most       {}", burst.out_of_turn);
    eprintln!("invocations of steps refused        {}", burst.throttled);
    eprintln!("API requests beside, of them refused {asked}, {}", burst.refused());
    eprintln!("API p50, p95, longest, in ms        {:.0}, {:.0}, {:.0}", ms(0.5), ms(0.95), ms(1.0));
    if burst.ends.get("ready") == Some(&(videos as usize)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

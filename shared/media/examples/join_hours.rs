//! `cargo run --release -p media --example join_hours -- video.mp4 12`: what joining that many hours takes in time and
//! memory, given a minute of video, which is repeated. Prints JSON.

mod cpu;

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use domain::{processing_mode::ProcessingMode, time::Seconds};
use media::{ExtractOptions, FileSource, RangeProxy, Segment, SegmentFeatures, Tools};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path: PathBuf = arguments.next().ok_or("name a video file")?.into();
    let hours: f64 =
        arguments.next().and_then(|hours| hours.to_str()?.parse().ok()).ok_or("say how many hours")?;
    let tools = Tools { ffmpeg: "ffmpeg".into(), ffprobe: "ffprobe".into() };
    let proxy = RangeProxy::start(Arc::new(FileSource::open(&path).await?)).await?;
    let probe = media::probe(&tools, proxy.url(), &path.to_string_lossy()).await?;
    let mut plan = media::plan(&tools, proxy.url(), &probe, ProcessingMode::Vision).await?;
    let stored = media::extract(&tools, proxy.url(), &plan, 0, ExtractOptions::default()).await?.features;
    let one = SegmentFeatures::decode(&stored)?;
    let ticks = one.frames.last().map_or(0, |last| last.pts) + plan.time_base.ticks(1.0 / 30.0);
    let count = (hours * 3600.0 / plan.time_base.seconds(ticks)).ceil() as i64;
    let segment =
        |n: i64| Segment { start: n * ticks, end: Some((n + 1) * ticks), ..plan.segments[0].clone() };
    plan.segments = (0..count).map(segment).collect();
    plan.length = Seconds::new(plan.time_base.seconds(count * ticks));
    drop(one);

    let (started, used) = (Instant::now(), cpu::seconds()?);
    let read = (0..count).map_while(|n| {
        // As the step does: each object is read, and forgotten when it is joined.
        let mut features = SegmentFeatures::decode(&stored).ok()?;
        features.segment = u32::try_from(n).ok()?;
        features.frames.iter_mut().for_each(|frame| frame.pts += n * ticks);
        Some(features)
    });
    let scenes = media::join(&plan, read)?.scenes.len();
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu::seconds()? - used);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    let report = serde_json::json!({
        "hours": plan.length.get() / 3600.0, "segments": count, "scenes": scenes, "seconds": seconds, "cpu": cpu,
        "peak_mb": peak.map(|kb| kb / 1024),
    });
    Ok(writeln!(io::stdout(), "{report}")?)
}

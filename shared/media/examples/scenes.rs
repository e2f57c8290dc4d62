//! `cargo run --release -p media --example scenes -- video.mp4`: the scenes of a file and what each step took, as JSON;
//! times are seconds, `frame` counts from 0.

mod cpu;

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use domain::processing_mode::ProcessingMode;
use media::{ExtractOptions, FileSource, RangeProxy, SegmentFeatures, Tools};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path: PathBuf = std::env::args_os().nth(1).ok_or("name a video file")?.into();
    let tools = Tools { ffmpeg: "ffmpeg".into(), ffprobe: "ffprobe".into() };
    let proxy = RangeProxy::start(Arc::new(FileSource::open(&path).await?)).await?;
    let began = Instant::now();
    let probe = media::probe(&tools, proxy.url(), &path.to_string_lossy()).await?;
    let plan = media::plan(&tools, proxy.url(), &probe, ProcessingMode::All).await?;
    let planned = began.elapsed();
    let before = cpu::seconds()?;
    let (mut features, mut segments) = (Vec::new(), Vec::new());
    for index in 0..plan.segments.len() as u32 {
        let (began, used) = (Instant::now(), cpu::seconds()?);
        let output = media::extract(&tools, proxy.url(), &plan, index, ExtractOptions::default()).await?;
        segments.push(json!({
            "seconds": began.elapsed().as_secs_f64(),
            "cpu": cpu::seconds()? - used,
            "bytes": [output.features.len(), output.frames.len(), output.audio.len()],
        }));
        features.push(SegmentFeatures::decode(&output.features).map_err(io::Error::other)?);
    }
    let extracted = cpu::seconds()? - before;
    let times: Vec<f64> = features
        .iter()
        .flat_map(|segment| segment.frames.iter().map(|frame| plan.time_base.seconds(frame.pts)))
        .collect();
    let (began, used) = (Instant::now(), cpu::seconds()?);
    let scenes = media::join(&plan, features)?.scenes;
    let (joined, joined_cpu) = (began.elapsed(), cpu::seconds()? - used);
    let scenes = scenes.iter().map(|scene| {
        json!({
            "frame": times.partition_point(|time| *time < scene.start.get() - 1e-6),
            "start": scene.start,
            "end": scene.end,
            "keyframe": scene.keyframe_at,
            "color": scene.main_color.to_string(),
            "brightness": scene.brightness,
            "motion": scene.motion,
        })
    });
    let report = json!({
        "length": plan.length,
        "frames": times.len(),
        "planned": planned.as_secs_f64(),
        "extracted_cpu": extracted,
        "segments": segments,
        "joined": joined.as_secs_f64(),
        "joined_cpu": joined_cpu,
        "scenes": scenes.collect::<Vec<_>>(),
    });
    Ok(writeln!(io::stdout(), "{report}")?)
}

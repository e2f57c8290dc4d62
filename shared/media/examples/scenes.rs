//! `cargo run --release -p media --example scenes -- video.mp4`: the scenes of a file, and what each step took.

use std::{io, path::PathBuf, sync::Arc, time::Instant};

use domain::processing_mode::ProcessingMode;
use media::{ExtractOptions, FileSource, RangeProxy, SegmentFeatures, Tools};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path: PathBuf = std::env::args_os().nth(1).ok_or("name a video file")?.into();
    let tools = Tools { ffmpeg: "ffmpeg".into(), ffprobe: "ffprobe".into() };
    let proxy = RangeProxy::start(Arc::new(FileSource::open(&path).await?)).await?;
    let started = Instant::now();
    let probe = media::probe(&tools, proxy.url(), &path.to_string_lossy()).await?;
    let plan = media::plan(&tools, proxy.url(), &probe, ProcessingMode::All).await?;
    eprintln!("{} in {} segments, planned in {:.1?}", plan.length, plan.segments.len(), started.elapsed());
    let mut features = Vec::new();
    for index in 0..plan.segments.len() as u32 {
        let output = media::extract(&tools, proxy.url(), &plan, index, ExtractOptions::default()).await?;
        let sizes = [output.features.len(), output.frames.len(), output.audio.len()];
        eprintln!("segment {index}: features, frames, audio of {sizes:?} bytes by {:.1?}", started.elapsed());
        features.push(SegmentFeatures::decode(&output.features).map_err(io::Error::other)?);
    }
    for scene in media::join(&plan, features)?.scenes {
        eprintln!(
            "{:>9.3} to {:>9.3} s  {}  brightness {:.2}  motion {:.4}",
            scene.start.get(),
            scene.end.get(),
            scene.main_color,
            scene.brightness,
            scene.motion
        );
    }
    Ok(())
}

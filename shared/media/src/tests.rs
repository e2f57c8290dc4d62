//! The whole crate against real ffmpeg, on small files made for the purpose.

mod generate;
mod grids;
mod hostile;
mod kinds;
mod raw;
mod refusals;
mod scenes;
mod streams;
mod tags;

use std::{path::Path, sync::Arc};

use domain::processing_mode::ProcessingMode;

use crate::{
    ExtractOptions, FileSource, Joined, MediaError, Probe, RangeProxy, SegmentFeatures, SegmentOutput,
    SegmentPlan, Tools, extract, join, plan::plan_with_target, probe,
};

fn tools() -> Tools {
    Tools { ffmpeg: "ffmpeg".into(), ffprobe: "ffprobe".into() }
}

async fn proxy(path: &Path) -> RangeProxy {
    RangeProxy::start(Arc::new(FileSource::open(path).await.unwrap())).await.unwrap()
}

async fn probe_file(path: &Path) -> Result<Probe, MediaError> {
    let name = path.file_name().unwrap().to_str().unwrap();
    probe(&tools(), proxy(path).await.url(), name).await
}

struct Run {
    probe: Probe,
    plan: SegmentPlan,
    outputs: Vec<SegmentOutput>,
    joined: Joined,
}

impl Run {
    fn features(&self) -> Vec<SegmentFeatures> {
        self.outputs.iter().map(|output| SegmentFeatures::decode(&output.features).unwrap()).collect()
    }

    fn all_pts(&self) -> Vec<i64> {
        self.features()
            .iter()
            .flat_map(|f| f.frames.iter().map(|frame| frame.pts).collect::<Vec<_>>())
            .collect()
    }

    fn audio(&self) -> Vec<i16> {
        let bytes = self.outputs.iter().flat_map(|output| output.audio.clone()).collect::<Vec<_>>();
        bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }
}

/// Probe, plan with `target` seconds a segment, extract everything, join.
async fn run(path: &Path, target: f64) -> Run {
    run_in(ProcessingMode::All, path, target).await
}

/// The same with only what that mode asks for.
async fn run_in(mode: ProcessingMode, path: &Path, target: f64) -> Run {
    let tools = tools();
    let proxy = proxy(path).await;
    let name = path.file_name().unwrap().to_str().unwrap();
    let probe = probe(&tools, proxy.url(), name).await.unwrap();
    let plan = plan_with_target(&tools, proxy.url(), &probe, mode, target).await.unwrap();
    let mut outputs = Vec::new();
    for index in 0..plan.segments.len() {
        outputs.push(
            extract(&tools, proxy.url(), &plan, index as u32, ExtractOptions::default()).await.unwrap(),
        );
    }
    let features = outputs.iter().map(|output| SegmentFeatures::decode(&output.features).unwrap());
    let joined = join(&plan, features).unwrap();
    Run { probe, plan, outputs, joined }
}

//! One decode of one segment: measurements, JPEGs and sound out of a single ffmpeg process.

mod collect;
mod command;
mod jpeg;
mod measure;
mod motion;
mod nut;
mod ticks;

use std::time::Duration;

use domain::failure::{Failure, FailureCode};

use crate::{
    MediaError, Segment, SegmentPlan, Tools,
    error::{damaged, too_slow},
    process::{LastWords, Running},
};
use collect::Collector;

pub(crate) use jpeg::QUALITY;
pub(crate) use measure::mean_change;
pub(crate) use motion::motion;
pub(crate) use ticks::{PER_SECOND, is_near_change};

/// How a decode may use the machine.
#[derive(Debug, Clone, Copy)]
pub struct ExtractOptions {
    /// Decoding threads; 0 lets ffmpeg decide.
    pub threads: u16,
    /// The decode is killed after this.
    pub time_limit: Duration,
}

impl Default for ExtractOptions {
    /// One thread, because segments run side by side, and 14 minutes, below Lambda's 15.
    fn default() -> Self {
        Self { threads: 1, time_limit: Duration::from_secs(14 * 60) }
    }
}

/// What one segment yields. Equal inputs give equal bytes, whenever and wherever it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentOutput {
    /// [`crate::SegmentFeatures`], encoded.
    pub features: Vec<u8>,
    /// JPEGs one after another; the table is in the features.
    pub frames: Vec<u8>,
    /// This segment's part of the soundtrack at [`crate::AUDIO_RATE`]: mono, s16le. The parts of all segments, one after
    /// another, are the whole soundtrack from position zero. Empty when the file has no sound at all.
    pub audio: Vec<u8>,
}

/// Decodes segment `index` of the plan. A damaged part yields what could be decoded of it.
///
/// # Errors
/// [`MediaError::Rejected`] with `Damaged` when the first segment yields nothing (that of an unwatched video may: sound
/// can begin late), with `TimedOut` after the time limit, with `Internal` for a segment that the plan does not have.
pub async fn extract(
    tools: &Tools,
    url: &str,
    plan: &SegmentPlan,
    index: u32,
    options: ExtractOptions,
) -> Result<SegmentOutput, MediaError> {
    let segment = plan.segments.get(index as usize).ok_or_else(|| {
        Failure::new(
            FailureCode::Internal,
            format!("The plan of this video has no segment {index}. Try again."),
        )
    })?;
    let limit = options.time_limit;
    let run = run(tools, url, plan, index, segment, options.threads);
    let collector = tokio::time::timeout(limit, run).await.unwrap_or_else(|_| Err(too_slow(limit).into()))?;
    if index == 0 && collector.is_empty() && !plan.unwatched {
        return Err(damaged().into());
    }
    Ok(collector.finish())
}

/// The planned seek, then one from half a minute earlier: an index may lie, and a container without one is sought
/// by guesses.
async fn run(
    tools: &Tools,
    url: &str,
    plan: &SegmentPlan,
    index: u32,
    segment: &Segment,
    threads: u16,
) -> Result<Collector, MediaError> {
    let earlier = segment.seek.map(|at| (at - 30.0).max(plan.origin - 1.0));
    if segment.seek.is_some() {
        let first = attempt(tools, url, plan, index, segment.seek, threads).await?;
        if plan.video.is_none() || first.begins_with(segment.start) {
            return Ok(first);
        }
        tracing::warn!(segment = index, "seek missed the segment's first frame, trying from further back");
    }
    attempt(tools, url, plan, index, earlier, threads).await
}

async fn attempt(
    tools: &Tools,
    url: &str,
    plan: &SegmentPlan,
    index: u32,
    seek: Option<f64>,
    threads: u16,
) -> Result<Collector, MediaError> {
    let segment = &plan.segments[index as usize];
    let mut running = Running::ffmpeg(command::extraction(tools, url, plan, segment, seek, threads))?;
    let mut collector = Collector::new(plan, index);
    let mut stream = nut::Nut::new(&mut running.stdout);
    loop {
        match stream.next().await {
            Ok(Some(packet)) => collector.take(packet)?,
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(segment = index, %error, "ffmpeg's output broke off");
                break;
            }
        }
        let missed = seek.is_some_and(|at| Some(at) == segment.seek) && collector.has_missed(segment.start);
        if missed {
            // Dropping the process kills it.
            return Ok(collector);
        }
    }
    let (success, words) = running.finish().await?;
    judge(success, &words, index, &collector)?;
    collector.settle(!success);
    Ok(collector)
}

/// ffmpeg fails on damage too; only a failure that has nothing to do with the file is ours.
fn judge(success: bool, words: &LastWords, index: u32, collector: &Collector) -> Result<(), MediaError> {
    if words.source_failed {
        return Err(MediaError::Source { program: "ffmpeg", stderr: words.text.clone() });
    }
    let is_ours = [
        "Unrecognized option",
        "No such filter",
        "Error initializing",
        "Unknown encoder",
        "Option not found",
    ];
    if !success && collector.is_empty() && is_ours.iter().any(|sign| words.text.contains(sign)) {
        return Err(MediaError::Tool {
            program: "ffmpeg",
            status: "failed".into(),
            stderr: words.text.clone(),
        });
    }
    if !words.text.is_empty() {
        tracing::info!(segment = index, success, stderr = words.text, "ffmpeg had something to say");
    }
    Ok(())
}

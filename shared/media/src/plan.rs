//! Where a video is cut into segments: on keyframes that the file alone decides, about a minute apart.

use std::{collections::BTreeSet, time::Duration};

use domain::processing_mode::ProcessingMode;
use domain::time::Seconds;
use serde::{Deserialize, Serialize};

use crate::{
    AUDIO_RATE, Hdr, Matrix, MediaError, Probe, Recorded, Ticks, TimeBase, Tools, VideoStream,
    codec::FormatError, process::ffprobe,
};

const VERSION: u32 = 2;
const TARGET_SECONDS: f64 = 60.0;
const LIMIT: Duration = Duration::from_secs(600);
/// Frames that are kept for people and models are no longer than this on their long side, in pixels.
const LONG_SIDE: f64 = 1280.0;
/// The loop filter is a twentieth of decoding H.264, and what it does to a frame that no other is predicted from is seen
/// in that frame alone; nearly all such frames are B frames. (In HEVC, all but the keyframes may be B frames.) With fewer
/// frames a second than this, too many pictures would have to be B frames.
const FILTERED_BELOW: f64 = 15.0;
/// ffmpeg seeks this much earlier than told in files whose frames are reordered, unless the container is sought by
/// pts (`3*AV_TIME_BASE/23`, ffmpeg's `open_input_file`). Added back, or every segment decodes one GOP too many.
const REORDER_MARGIN: f64 = 0.130_435;

/// How a video is cut, with all that [`crate::extract()`] needs to know of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentPlan {
    version: u32,
    /// The one demuxer that may open the file.
    pub demuxer: String,
    /// Length according to the file's header or to a count of its packets.
    pub length: Seconds,
    /// Absolute time of position zero on the file's own clock, in seconds.
    pub origin: f64,
    /// Unit of the segments' bounds.
    pub time_base: TimeBase,
    /// How to look at it, unless it is audio only or nobody wants to see it.
    pub video: Option<VideoPlan>,
    /// Whether it has a picture that nobody wants to see. What is missing of its sound then says nothing about damage:
    /// its picture may be there.
    #[serde(default)]
    pub unwatched: bool,
    /// How to listen to it, unless it is silent.
    pub audio: Option<AudioPlan>,
    /// In order; each begins where the one before it ends, the first at 0.
    pub segments: Vec<Segment>,
    /// Why there is only one segment, for the log.
    pub whole: Option<Whole>,
    /// What the recorder wrote, for the result.
    #[serde(default)]
    pub recorded: Recorded,
}

/// The video stream, as extraction sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoPlan {
    /// Index among all streams.
    pub stream: u32,
    /// Timestamp of position zero.
    pub first_pts: i64,
    /// Mean frames per second, 0 when unknown.
    pub frame_rate: f64,
    /// Clockwise turn that sets it upright, in degrees.
    pub rotation: u16,
    /// Width of the extracted frames in pixels, upright; even.
    pub width: u32,
    /// Height of the extracted frames in pixels, upright; even.
    pub height: u32,
    /// What the frames must be brought down from for a usual display.
    #[serde(default)]
    pub hdr: Option<Hdr>,
    /// How its colours are coded.
    pub matrix: Matrix,
    /// Whether frames that no other is predicted from are decoded without their loop filter. They are measured, but
    /// none of them becomes a picture.
    pub spares_filter: bool,
}

/// The audio stream, as extraction hears it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioPlan {
    /// Index among all streams.
    pub stream: u32,
}

/// The frames with `start <= pts < end`, and the sound of the same span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Timestamp of its first frame, a keyframe.
    pub start: Ticks,
    /// Timestamp of the next segment's first frame; `None` for the last one, which ends with the file.
    pub end: Option<Ticks>,
    /// Where to seek for its first frame on the file's own clock, in seconds; `None` to read from the beginning.
    pub seek: Option<f64>,
}

/// Why a video was not cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// It is short.
    Short,
    /// It has no second keyframe where one was needed.
    FewKeyframes,
    /// It cannot be entered in the middle: the header knows no length, let alone an index.
    NoIndex,
}

impl VideoPlan {
    /// How the colours of pictures are coded when they leave ffmpeg, in video range.
    pub(crate) fn extracted_matrix(&self) -> Matrix {
        if self.hdr.is_some() { Matrix::Bt601 } else { self.matrix }
    }
}

impl SegmentPlan {
    /// Reads a stored plan.
    ///
    /// # Errors
    /// When it was written by another version.
    pub fn from_json(json: &[u8]) -> Result<Self, MediaError> {
        let plan: Self = serde_json::from_slice(json).map_err(|_| FormatError::OtherVersion)?;
        if plan.version == VERSION { Ok(plan) } else { Err(FormatError::OtherVersion.into()) }
    }

    /// The samples of the global soundtrack, at [`AUDIO_RATE`], that belong to `segment`; open at the end for the
    /// last one.
    pub(crate) fn samples(&self, segment: &Segment) -> (i64, Option<i64>) {
        let sample = |ticks| self.time_base.sample(ticks, AUDIO_RATE);
        (sample(segment.start), segment.end.map(sample))
    }
}

/// Lays the grid of segments. A 12-hour video has 720 of them. Where no scenes are asked for, the picture is not
/// decoded, which is nearly all of the work; unless the file has nothing else, because something must be.
///
/// # Errors
/// When the file cannot be read again; what is wrong with the file itself, [`crate::probe()`] has already told.
pub async fn plan(
    tools: &Tools,
    url: &str,
    probe: &Probe,
    mode: ProcessingMode,
) -> Result<SegmentPlan, MediaError> {
    plan_with_target(tools, url, probe, mode, TARGET_SECONDS).await
}

/// The same with another distance between the grid's points, in seconds.
pub(crate) async fn plan_with_target(
    tools: &Tools,
    url: &str,
    probe: &Probe,
    mode: ProcessingMode,
    target: f64,
) -> Result<SegmentPlan, MediaError> {
    let watched = probe.video.as_ref().filter(|_| mode.describes() || probe.audio.is_empty());
    let time_base = watched.map_or(TimeBase::MICROS, |video| video.time_base);
    let targets = grid(probe.length, target);
    let (cuts, whole) = match watched {
        _ if targets.is_empty() => (Vec::new(), Some(Whole::Short)),
        _ if probe.length_was_counted && !is_self_timed(&probe.demuxer) => (Vec::new(), Some(Whole::NoIndex)),
        None => (targets.iter().map(|seconds| time_base.ticks(*seconds)).collect(), None),
        Some(video) => {
            let keyframes = keyframes(tools, url, probe, video, &targets).await?;
            let cuts = on_keyframes(&keyframes, &targets, time_base, target / 6.0, probe.length);
            let whole = cuts.is_empty().then_some(Whole::FewKeyframes);
            (cuts, whole)
        }
    };
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().map(Some).chain([None]);
    let segments =
        starts.zip(ends).map(|(start, end)| Segment { start, end, seek: seek(probe, time_base, start) });
    Ok(SegmentPlan {
        version: VERSION,
        demuxer: probe.demuxer.clone(),
        length: probe.length,
        origin: probe.first_displayed,
        time_base,
        video: watched.map(video_plan),
        unwatched: probe.video.is_some() && watched.is_none(),
        audio: probe.audio.first().map(|audio| AudioPlan { stream: audio.index }),
        segments: segments.collect(),
        whole,
        recorded: probe.recorded,
    })
}

/// Points that cut `length` into equal parts of about `target`: the slowest segment is what a video waits for.
fn grid(length: Seconds, target: f64) -> Vec<f64> {
    let parts = ((length.get() / target) - 0.5).ceil().max(0.0) as u32;
    (1..parts).map(|n| f64::from(n) * length.get() / f64::from(parts)).collect()
}

/// Audio whose packets carry their own length: it can be entered anywhere although no header tells its length.
fn is_self_timed(demuxer: &str) -> bool {
    matches!(demuxer, "mp3" | "aac" | "ac3" | "amr")
}

/// A container in which a seek lands on some packet before the time, not on a keyframe.
fn lands_anywhere(demuxer: &str) -> bool {
    matches!(demuxer, "mpegts" | "mpeg")
}

fn seek(probe: &Probe, time_base: TimeBase, start: Ticks) -> Option<f64> {
    if start == 0 {
        return None;
    }
    let at = probe.first_displayed + time_base.seconds(start);
    if lands_anywhere(&probe.demuxer) {
        // Whatever lies between there and the keyframe is decoded and thrown away.
        return Some(at - 1.0);
    }
    let reorders = probe.video.as_ref().is_some_and(|video| video.reorders);
    let margin = if reorders && probe.demuxer != "mov" { REORDER_MARGIN } else { 0.0 };
    Some(at + margin)
}

fn video_plan(video: &VideoStream) -> VideoPlan {
    let (width, height) = (f64::from(video.width), f64::from(video.height));
    let scale = (LONG_SIDE / width.max(height)).min(1.0);
    let even = |side: f64| ((side * scale / 2.0).round() as u32 * 2).max(2);
    VideoPlan {
        stream: video.index,
        first_pts: video.first_pts,
        frame_rate: video.frame_rate,
        rotation: video.rotation,
        width: even(width),
        height: even(height),
        hdr: video.hdr,
        matrix: video.matrix,
        spares_filter: video.codec == "h264" && video.frame_rate >= FILTERED_BELOW,
    }
}

/// The keyframes around each target, in ticks since the first displayed frame. Seeks to the targets and reads one
/// packet at each, which for an indexed container touches a few hundred kilobytes of the file instead of all of it.
async fn keyframes(
    tools: &Tools,
    url: &str,
    probe: &Probe,
    video: &VideoStream,
    targets: &[f64],
) -> Result<BTreeSet<Ticks>, MediaError> {
    let packets = if lands_anywhere(&probe.demuxer) { 600 } else { 1 };
    let intervals: Vec<String> =
        targets.iter().map(|target| format!("{:.6}%+#{packets}", probe.first_displayed + target)).collect();
    let (intervals, stream) = (intervals.join(","), video.index.to_string());
    let arguments = [
        ["-f", &probe.demuxer],
        ["-select_streams", &stream],
        ["-read_intervals", &intervals],
        ["-show_entries", "packet=pts,dts,flags"],
        ["-print_format", "csv=p=0"],
    ];
    let (table, _, _) = ffprobe(&tools.ffprobe, arguments.as_flattened(), url, LIMIT).await?;
    let table = String::from_utf8_lossy(&table);
    Ok(table.lines().filter_map(|line| keyframe(line, video.first_pts)).collect())
}

/// `pts,dts,flags`; AVI knows no pts.
fn keyframe(line: &str, first_pts: i64) -> Option<Ticks> {
    let mut fields = line.trim().split(',');
    let (pts, dts, flags) = (fields.next()?, fields.next()?, fields.next()?);
    let pts = pts.parse::<i64>().or_else(|_| dts.parse()).ok()?;
    // D marks a packet that is not displayed.
    (flags.contains('K') && !flags.contains('D')).then(|| pts.saturating_sub(first_pts))
}

/// For each target the last keyframe before it, else the first after it, at least `apart` seconds from the one
/// before and from the end.
fn on_keyframes(
    keyframes: &BTreeSet<Ticks>,
    targets: &[f64],
    time_base: TimeBase,
    apart: f64,
    length: Seconds,
) -> Vec<Ticks> {
    let (apart, length) = (time_base.ticks(apart).max(1), time_base.ticks(length.get()));
    let mut cuts: Vec<Ticks> = Vec::new();
    for target in targets {
        let target = time_base.ticks(*target);
        let earliest = cuts.last().copied().unwrap_or(0).saturating_add(apart);
        let before = keyframes.range(..=target).next_back().filter(|keyframe| **keyframe >= earliest);
        let cut = before.or_else(|| keyframes.range(target.max(earliest)..).next());
        cuts.extend(cut.filter(|cut| **cut <= length - apart));
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_hours_are_720_segments() {
        assert_eq!(grid(Seconds::new(12.0 * 3600.0), 60.0).len() + 1, 720);
        assert_eq!(grid(Seconds::new(89.0), 60.0).len() + 1, 1);
        assert_eq!(grid(Seconds::new(91.0), 60.0).len() + 1, 2);
        assert_eq!(grid(Seconds::ZERO, 60.0).len(), 0);
        assert_eq!(grid(Seconds::new(149.0), 60.0), [74.5]);
    }

    proptest::proptest! {
        #[test]
        fn cuts_are_keyframes_in_order(
            keyframes in proptest::collection::btree_set(-500i64..40_000, 0..60),
            length in 0.0..40.0f64,
        ) {
            let base = TimeBase { num: 1, den: 1000 };
            let length = Seconds::new(length);
            let cuts = on_keyframes(&keyframes, &grid(length, 6.0), base, 1.0, length);
            assert!(cuts.windows(2).all(|pair| pair[1] >= pair[0] + 1000));
            assert!(cuts.iter().all(|cut| *cut >= 1000 && keyframes.contains(cut)));
            assert!(cuts.iter().all(|cut| base.seconds(*cut) <= length.get() - 0.999));
        }
    }
}

//! From the measurements of all segments to the scenes of the video.

mod alike;
mod scenes;
mod stretches;

use std::ops::Range;

use domain::{analysis::Scene, time::Seconds};
use serde::{Deserialize, Serialize};

use crate::{
    FormatError, MediaError, Recorded, SegmentFeatures, SegmentPlan, Ticks,
    detect::{Camera, Descriptor, Detector},
    error::damaged,
    extract::{PER_SECOND, is_near_change, mean_change, motion},
    features::THUMBNAIL_BYTES,
};

/// Distance between the frames that are published for every video, in seconds.
const INTERVAL: f64 = 30.0;
/// The frame at a time is the first one from then on, unless that comes later than this, in seconds; then it is the one
/// still being displayed.
const PROMPT: f64 = 0.1;
/// A file that decodes up to this near its header's length is complete, in seconds.
const COMPLETE: f64 = 2.0;
/// Where sound ends is told to this many seconds: codec priming and the resampler's phase move it by some milliseconds
/// from one grid of segments to another. A file that goes on for no longer after its header's length ends there.
const SOUND_END: f64 = 0.05;

/// One JPEG among the frames of a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameRef {
    /// Whose frames object holds it.
    pub segment: u32,
    /// Its bytes in that object.
    pub bytes: Range<u64>,
    /// When it is displayed.
    pub at: Seconds,
}

/// The whole video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    /// From the first displayed frame to the end; shorter than the plan says where the file's tail is lost.
    pub length: Seconds,
    /// They tile `0..length`. None without a picture, or where nobody looked at it.
    pub scenes: Vec<Scene>,
    /// The frame that stands for each scene, in the same order.
    pub keyframes: Vec<FrameRef>,
    /// Frame n at n times 30 s, the last clamped into the video; one from the middle of a shorter video.
    pub interval_frames: Vec<FrameRef>,
    /// What the recorder wrote beside the pictures.
    #[serde(default)]
    pub recorded: Recorded,
    /// For each scene the place of the first one that looks the same, which may be itself. Empty where nobody has
    /// compared them: then each is its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first_alike: Vec<u32>,
}

/// What is kept of each frame: 20 bytes, so that 12 hours stay below 100 MB.
#[derive(Debug, Clone, Copy)]
struct Light {
    pts: Ticks,
    luma: u16,
    change: u16,
}

/// A frame with a JPEG, known to be one that every grid of segments keeps.
#[derive(Debug, Clone)]
struct Kept {
    frame: usize,
    at: f64,
    segment: u32,
    bytes: Range<u64>,
    sharpness: f32,
    thumbnail: Box<[u8; THUMBNAIL_BYTES]>,
}

/// Decides over the whole video where scenes change. Takes the features of all segments in the plan's order and holds
/// one at a time.
///
/// # Errors
/// [`MediaError::Rejected`] with `Damaged` when no segment yielded anything; [`MediaError::Format`] when the features
/// are not those of this plan.
pub fn join(
    plan: &SegmentPlan,
    features: impl IntoIterator<Item = SegmentFeatures>,
) -> Result<Joined, MediaError> {
    let mut timeline = Whole::default();
    let mut count = 0;
    for segment in features {
        let is_next = segment.segment as usize == count && segment.time_base == plan.time_base;
        if !is_next {
            return Err(FormatError::Nonsense("segment number").into());
        }
        count += 1;
        timeline.append(plan, segment);
    }
    if count != plan.segments.len() {
        return Err(FormatError::CutOff.into());
    }
    timeline.conclude(plan)
}

#[derive(Debug, Default)]
struct Whole {
    frames: Vec<Light>,
    detector: Detector,
    considered: Considered,
    last_mini: Vec<u8>,
    sound_end: f64,
}

impl Whole {
    fn append(&mut self, plan: &SegmentPlan, segment: SegmentFeatures) {
        if segment.sound > 0 {
            let first = plan.samples(&plan.segments[segment.segment as usize]).0;
            self.sound_end = (first as f64 + segment.sound as f64) / f64::from(crate::AUDIO_RATE);
        }
        let mut candidates = segment.candidates.into_iter().peekable();
        let mut previous = (!self.last_mini.is_empty()).then(|| std::mem::take(&mut self.last_mini));
        for (index, frame) in (0u32..).zip(&segment.frames) {
            let candidate = candidates.next_if(|candidate| candidate.frame == index);
            if self.frames.last().is_some_and(|last| last.pts >= frame.pts) {
                continue;
            }
            let at = plan.time_base.seconds(frame.pts);
            let boundary = (index == 0).then(|| previous.take()).flatten();
            let first = &segment.first_mini;
            let (change, moved) = boundary.map_or((frame.change, frame.motion), |mini| {
                (mean_change(&mini, first), motion(&mini, first))
            });
            // Of two frames that their segments considered for the same tick, the whole video considers the first.
            let is_first_of = |per_second| {
                let slot = |pts| plan.time_base.slot(pts, per_second);
                self.considered.last.as_ref().is_none_or(|(pts, _)| slot(*pts) < slot(frame.pts))
            };
            if frame.is_considered && is_first_of(PER_SECOND) {
                let kept = candidate.map(|candidate| Kept {
                    frame: self.frames.len(),
                    at,
                    segment: segment.segment,
                    bytes: candidate.offset..candidate.offset + u64::from(candidate.len),
                    sharpness: candidate.sharpness,
                    thumbnail: candidate.thumbnail,
                });
                self.considered.push(frame.pts, is_first_of(1), &frame.descriptor, kept);
            }
            self.detector.push(at, &frame.descriptor, Camera { change, motion: moved });
            self.frames.push(Light { pts: frame.pts, luma: frame.luma, change });
        }
        self.last_mini = segment.last_mini;
    }

    fn conclude(self, plan: &SegmentPlan) -> Result<Joined, MediaError> {
        let last_frame = self.frames.last().map(|frame| plan.time_base.seconds(frame.pts));
        if last_frame.is_none() && self.sound_end == 0.0 && !plan.unwatched {
            return Err(damaged().into());
        }
        let length = self.length(plan, last_frame);
        let kept = self.considered.kept();
        let changes = self.detector.finish();
        let (scenes, keyframes) = scenes::tile(plan, &self.frames, &kept, &changes, length);
        Ok(Joined {
            length: Seconds::new(length),
            scenes,
            keyframes,
            interval_frames: interval_frames(&kept, length),
            recorded: plan.recorded,
            first_alike: vec![],
        })
    }

    /// The header's word, unless the file ends long before, or goes on after it.
    fn length(&self, plan: &SegmentPlan, last_frame: Option<f64>) -> f64 {
        let frame_rate = plan.video.as_ref().map_or(0.0, |video| video.frame_rate);
        let frame_time = if frame_rate > 0.0 { 1.0 / frame_rate } else { 0.0 };
        let heard = (self.sound_end / SOUND_END).round() * SOUND_END;
        let decoded = last_frame.map_or(0.0, |at| at + frame_time).max(heard);
        let told = plan.length.get();
        if decoded > told + SOUND_END || told - decoded > COMPLETE.max(told * 0.01) && self.is_cut_off(plan) {
            decoded
        } else {
            told
        }
    }

    /// A last frame may stand for minutes (a screen recording does that), so what is missing must include the sound;
    /// and sound may end long before a picture that nobody looked at.
    fn is_cut_off(&self, plan: &SegmentPlan) -> bool {
        !plan.unwatched && (plan.audio.is_none() || self.sound_end < plan.length.get() - COMPLETE)
    }
}

/// The frames that extraction considers for a JPEG, decided anew with the neighbours across segments known.
#[derive(Debug, Default)]
struct Considered {
    changes: Vec<f32>,
    frames: Vec<(bool, Option<Kept>)>,
    last: Option<(Ticks, Descriptor)>,
}

impl Considered {
    fn push(&mut self, pts: Ticks, is_whole_second: bool, descriptor: &Descriptor, kept: Option<Kept>) {
        let change = self.last.as_ref().map_or(f32::INFINITY, |(_, last)| last.distance(descriptor));
        self.changes.push(change);
        self.last = Some((pts, descriptor.clone()));
        self.frames.push((is_whole_second, kept));
    }

    fn kept(self) -> Vec<Kept> {
        let changes = self.changes;
        let chosen = self.frames.into_iter().enumerate();
        chosen
            .filter_map(|(tick, (whole, kept))| kept.filter(|_| whole || is_near_change(&changes, tick)))
            .collect()
    }
}

impl From<&Kept> for FrameRef {
    fn from(kept: &Kept) -> Self {
        Self { segment: kept.segment, bytes: kept.bytes.clone(), at: Seconds::new(kept.at) }
    }
}

fn interval_frames(kept: &[Kept], length: f64) -> Vec<FrameRef> {
    // A header's 599.99 s are the ten minutes that were meant.
    let count = ((length + 0.05) / INTERVAL) as u32;
    let times = (1..=count).map(|n| f64::from(n) * INTERVAL);
    let times: Vec<f64> = if count == 0 { vec![length / 2.0] } else { times.collect() };
    times.into_iter().filter_map(|at| displayed_at(kept, at)).map(FrameRef::from).collect()
}

fn displayed_at(kept: &[Kept], at: f64) -> Option<&Kept> {
    let next = kept.partition_point(|kept| kept.at < at - 1e-6);
    let prompt = kept.get(next).filter(|kept| kept.at - at < PROMPT);
    prompt.or_else(|| kept.get(next.checked_sub(1)?)).or_else(|| kept.first())
}

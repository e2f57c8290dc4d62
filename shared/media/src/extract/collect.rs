//! Gathers what comes out of the pipe into the segment's output. At most a handful of raw pictures is held at once.

use std::collections::VecDeque;

use super::{
    SegmentOutput,
    jpeg::Picture,
    measure::{self, FRAME_BYTES, Mini, measure},
    nut::Packet,
    ticks::{self, LOOK_AHEAD, is_near_change},
};
use crate::{
    AUDIO_RATE, Candidate, FrameMeasure, MediaError, SegmentFeatures, SegmentPlan, Ticks, TimeBase,
    features::THUMBNAIL_BYTES,
};

/// Most sound that is held for one segment, in bytes: 6 hours. Only a file without an index has segments of hours.
const MOST_SOUND: usize = 6 * 3600 * AUDIO_RATE as usize * 2;
/// Silence that is added to the end of the last segment, in samples: 2 s. A header may claim days.
const LAST_SILENCE: i64 = 2 * AUDIO_RATE as i64;

const SAMPLES: TimeBase = TimeBase { num: 1, den: AUDIO_RATE };

pub(super) struct Collector {
    plan: SegmentPlan,
    features: SegmentFeatures,
    frames: Vec<u8>,
    audio: Vec<u8>,
    last_mini: Option<Mini>,
    waiting: VecDeque<Waiting>,
    /// Distance of each considered frame to the one before it.
    changes: Vec<f32>,
    /// The considered frame that is decided next.
    decided: usize,
    last_considered: Option<usize>,
}

/// A considered frame whose fate is open. Its picture and its measurement come in either order.
struct Waiting {
    pts: Ticks,
    picture: Vec<u8>,
    measured: Option<(usize, Box<[u8; THUMBNAIL_BYTES]>)>,
}

impl Collector {
    pub(super) fn new(plan: &SegmentPlan, segment: u32) -> Self {
        let features = SegmentFeatures {
            segment,
            time_base: plan.time_base,
            damaged: false,
            sound: 0,
            frames: Vec::new(),
            candidates: Vec::new(),
            first_mini: Vec::new(),
            last_mini: Vec::new(),
        };
        Self {
            plan: plan.clone(),
            features,
            frames: Vec::new(),
            audio: Vec::new(),
            last_mini: None,
            waiting: VecDeque::new(),
            changes: Vec::new(),
            decided: 0,
            last_considered: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.features.frames.is_empty() && self.audio.is_empty()
    }

    /// Whether the first frame is the one that the plan promises; rounding in AVI and FLV shifts it a little.
    pub(super) fn begins_with(&self, start: Ticks) -> bool {
        self.features.frames.first().is_some_and(|frame| frame.pts.saturating_sub(start) <= self.slack())
    }

    /// Whether it is already certain that the first frame is missing.
    pub(super) fn has_missed(&self, start: Ticks) -> bool {
        !self.features.frames.is_empty() && !self.begins_with(start)
    }

    fn slack(&self) -> Ticks {
        let rate = self.plan.video.as_ref().map_or(0.0, |video| video.frame_rate);
        self.plan.time_base.ticks((1.5 / rate.max(1.0)).min(0.1))
    }

    pub(super) fn take(&mut self, packet: Packet) -> Result<(), MediaError> {
        match (packet.stream, self.plan.video.is_some()) {
            (0, true) => self.take_small(packet.ticks(self.plan.time_base), &packet.data),
            (1, true) => self.take_picture(packet.ticks(self.plan.time_base), packet.data),
            _ => self.take_sound(packet.ticks(SAMPLES), &packet.data),
        }
        self.decide(false)
    }

    fn take_small(&mut self, pts: Ticks, rgb: &[u8]) {
        let in_order = self.features.frames.last().is_none_or(|last| last.pts < pts);
        // A frame that claims an earlier time than its predecessor was never displayed.
        if rgb.len() != FRAME_BYTES || !in_order {
            return;
        }
        let (frame, mini) = measure(pts, rgb, self.last_mini.as_ref());
        if self.last_mini.is_none() {
            self.features.first_mini.clone_from(&mini);
        }
        self.last_mini = Some(mini);
        let is_considered =
            self.features.frames.last().is_none_or(|last| self.slot(last.pts) < self.slot(pts));
        self.features.frames.push(frame);
        if is_considered {
            self.consider(measure::thumbnail(rgb));
        }
    }

    fn slot(&self, pts: Ticks) -> i64 {
        self.plan.time_base.slot(pts, ticks::PER_SECOND)
    }

    /// The newest frame is one of the [`ticks::PER_SECOND`].
    fn consider(&mut self, thumbnail: Box<[u8; THUMBNAIL_BYTES]>) {
        let frame = self.features.frames.len() - 1;
        let distance = |last: usize| {
            let (last, new) = (&self.features.frames[last], &self.features.frames[frame]);
            last.descriptor.distance(&new.descriptor)
        };
        // A segment's first frame need not be a considered one of the whole video, so that neither it nor its
        // successor knows its true predecessor here.
        let is_known = self.changes.len() > 1;
        let change = self.last_considered.filter(|_| is_known).map_or(f32::INFINITY, distance);
        self.changes.push(change);
        self.last_considered = Some(frame);
        let pts = self.features.frames[frame].pts;
        let measured = Some((frame, thumbnail));
        match self.waiting.iter_mut().find(|waiting| waiting.pts == pts) {
            Some(waiting) => waiting.measured = measured,
            None => self.waiting.push_back(Waiting { pts, picture: Vec::new(), measured }),
        }
    }

    fn take_picture(&mut self, pts: Ticks, picture: Vec<u8>) {
        match self.waiting.iter_mut().find(|waiting| waiting.pts == pts) {
            Some(waiting) => waiting.picture = picture,
            None => self.waiting.push_back(Waiting { pts, picture, measured: None }),
        }
    }

    /// Encodes or drops the considered frames whose surroundings are known.
    fn decide(&mut self, at_end: bool) -> Result<(), MediaError> {
        while let Some(waiting) = self.waiting.front() {
            let surrounded = self.decided + LOOK_AHEAD < self.changes.len();
            let complete = waiting.measured.is_some() && !waiting.picture.is_empty();
            if !(at_end || surrounded && complete) {
                break;
            }
            let Some(Waiting { pts, picture, measured }) = self.waiting.pop_front() else { break };
            let Some((frame, thumbnail)) = measured else { continue };
            let tick = self.decided;
            self.decided += 1;
            let is_kept = is_whole_second(&self.plan, &self.features.frames, frame, pts);
            if is_kept || is_near_change(&self.changes, tick) {
                self.keep(frame, thumbnail, &picture)?;
            }
        }
        Ok(())
    }

    fn keep(
        &mut self,
        frame: usize,
        thumbnail: Box<[u8; THUMBNAIL_BYTES]>,
        picture: &[u8],
    ) -> Result<(), MediaError> {
        let size = self.plan.video.as_ref().map(|video| (video.width, video.height));
        let Some(picture) = size.and_then(|(width, height)| Picture::new(width, height, picture)) else {
            return Ok(());
        };
        let sharpness = picture.sharpness();
        let offset = self.frames.len();
        let encoded = picture.encode(&mut self.frames);
        encoded.map_err(|error| MediaError::io("encode a JPEG")(std::io::Error::other(error)))?;
        let len = (self.frames.len() - offset) as u32;
        let frame = frame as u32;
        self.features.candidates.push(Candidate { frame, offset: offset as u64, len, sharpness, thumbnail });
        Ok(())
    }

    /// `pts` counts samples of the global soundtrack.
    fn take_sound(&mut self, pts: i64, samples: &[u8]) {
        let (start, end) = self.plan.samples(&self.plan.segments[self.features.segment as usize]);
        let limit = end.unwrap_or(i64::MAX);
        let first = pts.clamp(start, limit);
        let skipped = usize::try_from(first.saturating_sub(pts)).unwrap_or(0).saturating_mul(2);
        let room = usize::try_from(limit - first).unwrap_or(0).saturating_mul(2);
        let samples = samples.get(skipped..).unwrap_or_default();
        let samples = &samples[..samples.len().min(room) & !1];
        let at = usize::try_from(first - start).unwrap_or(0).saturating_mul(2);
        // A leap of more than the plan's whole length is a broken clock, not silence.
        if samples.is_empty() || at > (self.audio.len() + self.most_silence()).min(MOST_SOUND) {
            return;
        }
        self.audio.resize(self.audio.len().max(at + samples.len()), 0);
        self.audio[at..][..samples.len()].copy_from_slice(samples);
    }

    fn most_silence(&self) -> usize {
        (self.plan.length.get() + 60.0) as usize * AUDIO_RATE as usize * 2
    }

    /// Decides what is still open, once nothing more comes.
    pub(super) fn settle(&mut self, damaged: bool) {
        if let Err(error) = self.decide(true) {
            tracing::warn!(%error, "last frames of a segment were not encoded");
        }
        self.features.damaged = damaged;
        self.features.last_mini = self.last_mini.take().unwrap_or_default();
    }

    /// Where the last segment's sound ends: with the video, unless that is much longer than all that was decoded.
    fn last_sample(&self, start: i64) -> i64 {
        let planned = (self.plan.length.get() * f64::from(AUDIO_RATE)).ceil() as i64;
        let seen = self.features.frames.last();
        let seen = seen.map_or(0, |frame| self.plan.time_base.sample(frame.pts, AUDIO_RATE));
        let heard = start.saturating_add(self.features.sound as i64);
        planned.min(seen.max(heard).saturating_add(LAST_SILENCE))
    }

    pub(super) fn finish(mut self) -> SegmentOutput {
        self.features.sound = self.audio.len() as u64 / 2;
        if self.plan.audio.is_some() {
            let (start, end) = self.plan.samples(&self.plan.segments[self.features.segment as usize]);
            let wanted = usize::try_from(end.unwrap_or_else(|| self.last_sample(start)) - start).unwrap_or(0);
            self.audio.resize(self.audio.len().max(wanted.saturating_mul(2).min(MOST_SOUND)), 0);
        }
        SegmentOutput { features: self.features.encode(), frames: self.frames, audio: self.audio }
    }
}

/// Whether `frame` is the first one of its second. A segment's first frame counts, for want of knowledge.
fn is_whole_second(plan: &SegmentPlan, frames: &[FrameMeasure], frame: usize, pts: Ticks) -> bool {
    let second = |pts| plan.time_base.slot(pts, 1);
    frame.checked_sub(1).is_none_or(|before| second(frames[before].pts) < second(pts))
}

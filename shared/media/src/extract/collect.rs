//! Gathers what comes out of the pipe into the segment's output. At most a handful of raw pictures is held at once.

use std::collections::VecDeque;

use super::{
    SegmentOutput,
    jpeg::{Encoder, Picture},
    measure::{FRAME_BYTES, Mini, WIDTH, measure},
    nut::Packet,
    ticks::{LOOK_AHEAD, is_near_change},
};
use crate::{
    AUDIO_RATE, Candidate, FrameMeasure, MediaError, SegmentFeatures, SegmentPlan, Ticks, TimeBase,
    VideoPlan, matrix::ToJpeg,
};

/// Most sound that is held for one segment, in bytes: 6 hours. Only a file without an index has segments of hours.
const MOST_SOUND: usize = 6 * 3600 * AUDIO_RATE as usize * 2;
/// Silence that is added to the end of the last segment, in samples: 2 s. A header may claim days.
const LAST_SILENCE: i64 = 2 * AUDIO_RATE as i64;

/// Sound that goes on for less than this after the header's length ends there, in bytes: 50 ms.
const MOST_OVERHANG: usize = AUDIO_RATE as usize / 20 * 2;

const SAMPLES: TimeBase = TimeBase { num: 1, den: AUDIO_RATE };

pub(super) struct Collector {
    plan: SegmentPlan,
    features: SegmentFeatures,
    frames: Vec<u8>,
    audio: Vec<u8>,
    last_mini: Option<Mini>,
    to_jpeg: ToJpeg,
    /// Of the first picture that is kept.
    encoder: Option<Encoder>,
    /// Pictures whose frame is not measured yet.
    unmeasured: VecDeque<(Ticks, Vec<u8>)>,
    /// Considered frames whose fate is open.
    waiting: VecDeque<Waiting>,
    /// Distance of each considered frame to the one before it.
    changes: Vec<f32>,
    /// The considered frame that is decided next.
    decided: usize,
    last_considered: Option<usize>,
}

struct Waiting {
    frame: usize,
    picture: Vec<u8>,
    is_whole_second: bool,
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
        let matrix = plan.video.as_ref().map(VideoPlan::extracted_matrix).unwrap_or_default();
        Self {
            plan: plan.clone(),
            features,
            frames: Vec::new(),
            audio: Vec::new(),
            last_mini: None,
            to_jpeg: ToJpeg::from(matrix),
            encoder: None,
            unmeasured: VecDeque::new(),
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
            (0, true) => self.take_small(packet.ticks(self.plan.time_base), packet.data),
            (1, true) => self.unmeasured.push_back((packet.ticks(self.plan.time_base), packet.data)),
            _ => self.take_sound(packet.ticks(SAMPLES), &packet.data),
        }
        self.consider();
        self.decide(false)
    }

    fn take_small(&mut self, pts: Ticks, mut planes: Vec<u8>) {
        let in_order = self.features.frames.last().is_none_or(|last| last.pts < pts);
        // A frame that claims an earlier time than its predecessor was never displayed.
        if planes.len() != FRAME_BYTES || !in_order {
            return;
        }
        self.to_jpeg.convert(WIDTH, &mut planes);
        let (frame, mini) = measure(pts, &planes, self.last_mini.as_ref());
        if self.last_mini.is_none() {
            self.features.first_mini.clone_from(&mini);
        }
        self.last_mini = Some(mini);
        self.features.frames.push(frame);
    }

    /// Finds the frames of the pictures that came; a picture comes before or after its small one.
    fn consider(&mut self) {
        while let Some((pts, _)) = self.unmeasured.front() {
            if self.features.frames.last().is_none_or(|last| last.pts < *pts) {
                return;
            }
            let Some((pts, picture)) = self.unmeasured.pop_front() else { return };
            let Ok(frame) = self.features.frames.binary_search_by_key(&pts, |frame| frame.pts) else {
                continue;
            };
            let second = |pts| self.plan.time_base.slot(pts, 1);
            let last = self.last_considered.replace(frame).map(|last| &self.features.frames[last]);
            // A segment's first frame counts, for want of knowledge.
            let is_whole_second = last.is_none_or(|last| second(last.pts) < second(pts));
            // Nor need a segment's first frame be a considered one of the whole video, so that neither it nor its
            // successor knows its true predecessor here.
            let last = last.filter(|_| self.changes.len() > 1);
            let distance =
                |last: &FrameMeasure| last.descriptor.distance(&self.features.frames[frame].descriptor);
            self.changes.push(last.map_or(f32::INFINITY, distance));
            self.features.frames[frame].is_considered = true;
            self.waiting.push_back(Waiting { frame, picture, is_whole_second });
        }
    }

    /// Encodes or drops the considered frames whose surroundings are known.
    fn decide(&mut self, at_end: bool) -> Result<(), MediaError> {
        while at_end || self.decided + LOOK_AHEAD < self.changes.len() {
            let Some(Waiting { frame, picture, is_whole_second }) = self.waiting.pop_front() else { break };
            let tick = self.decided;
            self.decided += 1;
            if is_whole_second || is_near_change(&self.changes, tick) {
                self.keep(frame, picture)?;
            }
        }
        Ok(())
    }

    fn keep(&mut self, frame: usize, mut planes: Vec<u8>) -> Result<(), MediaError> {
        let size = self.plan.video.as_ref().map(|video| (video.width, video.height));
        let Some((width, height)) = size.filter(|(width, height)| Picture::fits(*width, *height, &planes))
        else {
            return Ok(());
        };
        self.to_jpeg.convert(width as usize, &mut planes);
        let picture = Picture::new(width, height, &planes);
        let (sharpness, thumbnail) = (picture.sharpness(), picture.thumbnail());
        let offset = self.frames.len();
        let encoder = match &self.encoder {
            Some(encoder) => encoder,
            None => self.encoder.insert(Encoder::new(width as u16, height as u16)?),
        };
        encoder.encode(&planes, &mut self.frames);
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
        let seen = self.features.frames.last();
        let seen = seen.map_or(0, |frame| self.plan.time_base.sample(frame.pts, AUDIO_RATE));
        let heard = start.saturating_add(self.features.sound as i64);
        self.planned_end().min(seen.max(heard).saturating_add(LAST_SILENCE))
    }

    /// The sound of this segment up to the length that the header tells, in bytes.
    fn planned_bytes(&self) -> usize {
        let (start, _) = self.plan.samples(&self.plan.segments[self.features.segment as usize]);
        usize::try_from(self.planned_end() - start).unwrap_or(0).saturating_mul(2)
    }

    /// The video's last sample by its header.
    fn planned_end(&self) -> i64 {
        (self.plan.length.get() * f64::from(AUDIO_RATE)).ceil() as i64
    }

    pub(super) fn finish(mut self) -> SegmentOutput {
        self.features.sound = self.audio.len() as u64 / 2;
        if self.plan.audio.is_some() {
            // What is left in the resampler at the end is a matter of its phase.
            let planned = self.planned_bytes();
            if self.audio.len().saturating_sub(planned) < MOST_OVERHANG {
                self.audio.truncate(planned);
            }
            let (start, end) = self.plan.samples(&self.plan.segments[self.features.segment as usize]);
            let wanted = usize::try_from(end.unwrap_or_else(|| self.last_sample(start)) - start).unwrap_or(0);
            self.audio.resize(self.audio.len().max(wanted.saturating_mul(2).min(MOST_SOUND)), 0);
        }
        SegmentOutput { features: self.features.encode(), frames: self.frames, audio: self.audio }
    }
}

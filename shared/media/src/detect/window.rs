//! The last seconds of the video, addressed by frame number.

use std::collections::VecDeque;

use super::descriptor::Descriptor;

/// A gradual change and the quiet around it fit in this many seconds.
const MEMORY: f64 = 9.0;
/// Half the span over which speed of change is measured, in seconds.
pub(super) const REACH: f64 = 0.12;

#[derive(Debug)]
struct Seen {
    at: f64,
    descriptor: Descriptor,
    jump: f32,
    speed: f32,
}

#[derive(Debug, Default)]
pub(super) struct Window {
    seen: VecDeque<Seen>,
    forgotten: usize,
}

impl Window {
    pub(super) fn push(&mut self, at: f64, descriptor: &Descriptor) {
        let jump = self.seen.back().map_or(0.0, |last| last.descriptor.distance(descriptor));
        self.seen.push_back(Seen { at, descriptor: descriptor.clone(), jump, speed: 0.0 });
    }

    /// Drops what no judgement can reach any more.
    pub(super) fn forget(&mut self) {
        while self.seen.len() > 2 && self.seen[self.seen.len() - 1].at - self.seen[1].at > MEMORY {
            self.seen.pop_front();
            self.forgotten += 1;
        }
    }

    /// The oldest frame still known.
    pub(super) fn start(&self) -> usize {
        self.forgotten
    }

    /// One past the newest frame.
    pub(super) fn end(&self) -> usize {
        self.forgotten + self.seen.len()
    }

    fn seen(&self, frame: usize) -> &Seen {
        &self.seen[frame - self.forgotten]
    }

    pub(super) fn at(&self, frame: usize) -> f64 {
        self.seen(frame).at
    }

    /// Distance to the frame before.
    pub(super) fn jump(&self, frame: usize) -> f32 {
        self.seen(frame).jump
    }

    /// Change of palette over the [`REACH`] on both sides.
    pub(super) fn speed(&self, frame: usize) -> f32 {
        self.seen(frame).speed
    }

    pub(super) fn descriptor(&self, frame: usize) -> &Descriptor {
        &self.seen(frame).descriptor
    }

    pub(super) fn distance(&self, a: usize, b: usize) -> f32 {
        self.descriptor(a).distance(self.descriptor(b))
    }

    /// Frames within `reach` seconds of `frame`, and at least its two neighbours: a slow slide show has no others.
    pub(super) fn around(&self, frame: usize, reach: f64) -> std::ops::Range<usize> {
        let at = self.at(frame);
        let first = self.first_since(at - reach).min(frame.saturating_sub(1)).max(self.start());
        let end = self.first_since(at + reach).max(frame + 2).min(self.end());
        first..end
    }

    /// The first frame at or after `at`.
    pub(super) fn first_since(&self, at: f64) -> usize {
        self.forgotten + self.seen.partition_point(|seen| seen.at < at)
    }

    pub(super) fn measure_speed(&mut self, frame: usize) {
        let near = self.around(frame, REACH);
        let speed = self.descriptor(near.start).palette_distance(self.descriptor(near.end - 1));
        let index = frame - self.forgotten;
        self.seen[index].speed = speed;
    }
}

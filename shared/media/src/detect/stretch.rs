//! A stretch of the video, addressed by frame and by time.

use std::ops::Range;

use super::descriptor::Total;
use super::{Camera, Descriptor, Motion};

/// "Just before" and "just after" are this long.
const MOMENT: f64 = 0.05;
/// A jump stands out from those this near to it...
const NEAR: f64 = 0.35;
/// ...by this factor.
const STANDS_OUT: f32 = 4.0;

/// Frames are counted from the first one held, except where a [`super::Change`] leaves the detector.
#[derive(Debug, Clone, Default)]
pub(super) struct Stretch {
    /// Number of the first frame held, over the whole video.
    first: usize,
    times: Vec<f64>,
    frames: Vec<Descriptor>,
    /// Distance of each frame to the one before; 0 of the first.
    jumps: Vec<f32>,
    cameras: Vec<Camera>,
}

impl Stretch {
    pub(super) fn push(&mut self, at: f64, frame: &Descriptor, camera: Camera) {
        let jump = self.frames.last().map_or(0.0, |last| last.distance(frame));
        self.times.push(at);
        self.frames.push(frame.clone());
        self.jumps.push(jump);
        self.cameras.push(camera);
    }

    /// The frames since `at`, and the last one before, which is still displayed then.
    pub(super) fn since(&self, at: f64) -> Self {
        let gone = self.first_since(at).saturating_sub(1);
        Self {
            first: self.first + gone,
            times: self.times[gone..].to_vec(),
            frames: self.frames[gone..].to_vec(),
            jumps: self.jumps[gone..].to_vec(),
            cameras: self.cameras[gone..].to_vec(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn last_at(&self) -> Option<f64> {
        self.times.last().copied()
    }

    pub(super) fn at(&self, frame: usize) -> f64 {
        self.times[frame]
    }

    /// When the frame after it is displayed, or its own time where there is none.
    pub(super) fn until(&self, frame: usize) -> f64 {
        self.times.get(frame + 1).copied().unwrap_or(self.times[frame])
    }

    pub(super) fn frame(&self, frame: usize) -> &Descriptor {
        &self.frames[frame]
    }

    pub(super) fn jump(&self, frame: usize) -> f32 {
        self.jumps[frame]
    }

    pub(super) fn camera(&self, frame: usize) -> Camera {
        self.cameras[frame]
    }

    /// The frame's number over the whole video.
    pub(super) fn number(&self, frame: usize) -> usize {
        self.first + frame
    }

    /// The first frame displayed at `at` or later; one past the last where there is none.
    pub(super) fn first_since(&self, at: f64) -> usize {
        self.times.partition_point(|time| *time < at)
    }

    /// Frames within `reach` of a frame.
    pub(super) fn around(&self, frame: usize, reach: f64) -> Range<usize> {
        let at = self.at(frame);
        self.first_since(at - reach)..self.first_since(at + reach + f64::EPSILON * at.abs().max(1.0))
    }

    /// Whether a frame's jump stands out from those around it, the `company` (3 at most) greatest of them left out.
    pub(super) fn stands_out(&self, frame: usize, company: usize) -> bool {
        self.stands_out_by(STANDS_OUT, frame, company)
    }

    /// The same by that factor.
    pub(super) fn stands_out_by(&self, factor: f32, frame: usize, company: usize) -> bool {
        let (mut sum, mut count, mut greatest) = (0.0, 0, [0.0f32; 3]);
        for other in self.around(frame, NEAR).filter(|other| *other != frame) {
            let mut jump = self.jumps[other];
            sum += jump;
            count += 1;
            for place in greatest.iter_mut().take(company) {
                if jump > *place {
                    std::mem::swap(place, &mut jump);
                }
            }
        }
        let rest = sum - greatest.iter().take(company).sum::<f32>();
        count <= company || self.jumps[frame] > factor * rest / (count - company) as f32
    }

    /// The mean picture of a time; of an empty one, the picture displayed at its start.
    pub(super) fn mean(&self, from: f64, until: f64) -> Descriptor {
        self.total(from, until).mean().unwrap_or_else(|| self.displayed_at(from).clone())
    }

    /// The frames of a time, added up.
    pub(super) fn total(&self, from: f64, until: f64) -> Total {
        let (first, end) = (self.first_since(from), self.first_since(until));
        Total::of(&self.frames[first..end.max(first)])
    }

    /// The picture that is displayed until `at`.
    pub(super) fn displayed_at(&self, at: f64) -> &Descriptor {
        &self.frames[self.first_since(at).saturating_sub(1).min(self.len() - 1)]
    }

    pub(super) fn just_before(&self, at: f64) -> Descriptor {
        self.mean(at - MOMENT, at)
    }

    pub(super) fn just_after(&self, at: f64) -> Descriptor {
        self.mean(at, at + MOMENT)
    }

    /// Whether both times lie within what is held.
    pub(super) fn holds(&self, from: f64, until: f64) -> bool {
        self.times.first().is_some_and(|first| *first <= from)
            && self.last_at().is_some_and(|last| until <= last)
    }

    /// Puts other moves in the place of those of the camera.
    pub(super) fn enlarge_moves(&mut self, enlarged: impl Fn(Motion) -> Motion) {
        for camera in &mut self.cameras {
            camera.motion = enlarged(camera.motion);
        }
    }

    /// Puts other pictures in the place of those of `frames`.
    pub(super) fn replace(&mut self, frames: Range<usize>, picture: impl Fn(usize) -> Descriptor) {
        for frame in frames.clone() {
            self.frames[frame] = picture(frame);
        }
        for frame in frames.start.max(1)..(frames.end + 1).min(self.len()) {
            self.jumps[frame] = self.frames[frame - 1].distance(&self.frames[frame]);
        }
    }
}

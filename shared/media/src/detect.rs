//! Where one shot ends and the next begins: hard cuts and gradual changes over a whole video, in one pass with a
//! few seconds of memory.
//!
//! Colour histograms tell shots apart whatever moves within them, block means tell apart what histograms confuse.
//! A cut is a jump that nothing within the next frames undoes (a flash is undone). A gradual change is a run of
//! steady change between two quiet stretches whose ends differ: the twin comparison of Zhang, Kankanhalli and Smoliar,
//! "Automatic partitioning of full-motion video" (1993), on a time axis instead of frame numbers.

mod descriptor;
mod gradual;
mod window;

pub(crate) use descriptor::{CHROMA_BINS, Descriptor, LUMA_BINS, LUMA_BLOCKS, TINT_BLOCKS};

use gradual::Runs;
use window::Window;

/// Changes closer than this are one, in seconds.
const MERGE: f64 = 0.2;
/// How far ahead of the frame being judged the detector has read, in seconds.
const AHEAD: f64 = 1.0;
/// A jump of less than this is no cut. Distances are 0 to 1.
const CUT: f32 = 0.13;
/// A cut stands out from its neighbours by this factor.
const CUT_OVER_NEIGHBOURS: f32 = 2.5;
/// Neighbours are this near, in seconds.
const NEIGHBOURS: f64 = 0.35;
/// What is over sooner than this is a flash, in seconds.
const FLASH: f64 = 0.3;
/// Content that comes back to within this share of the jump has not been cut away from.
const RETURN: f32 = 0.45;

/// The border between two shots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    /// First frame of the new shot, counted over the whole video.
    pub(crate) frame: usize,
    /// When that is displayed, in seconds.
    pub(crate) at: f64,
    /// Last moment that shows only the old shot, in seconds.
    pub(crate) from: f64,
    /// First moment that shows only the new shot, in seconds.
    pub(crate) until: f64,
}

/// Takes frames in display order and tells the changes at the end.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    window: Window,
    judged: usize,
    runs: Runs,
    cuts: Vec<Change>,
}

impl Detector {
    /// Takes the next frame, displayed at `at` seconds.
    pub(crate) fn push(&mut self, at: f64, descriptor: &Descriptor) {
        self.window.push(at, descriptor);
        while self.judged < self.window.end() && at - self.window.at(self.judged) > AHEAD {
            self.judge_next();
        }
        self.window.forget();
    }

    /// All changes, in order of time.
    pub(crate) fn finish(mut self) -> Vec<Change> {
        while self.judged < self.window.end() {
            self.judge_next();
        }
        let mut changes = self.runs.finish(&self.window, &self.cuts);
        changes.append(&mut self.cuts);
        changes.sort_by_key(|change| change.frame);
        changes.dedup_by(|later, earlier| {
            let same = later.at - earlier.at < MERGE || later.from < earlier.until;
            if same {
                earlier.until = earlier.until.max(later.until);
            }
            same
        });
        changes
    }

    fn judge_next(&mut self) {
        let frame = self.judged;
        self.judged += 1;
        if self.is_cut(frame) {
            let (from, until) = (self.window.at(frame - 1), self.window.at(frame));
            self.cuts.push(Change { frame, at: until, from, until });
        }
        self.window.measure_speed(frame);
        self.runs.judge(frame, &self.window, &self.cuts);
    }

    fn is_cut(&self, frame: usize) -> bool {
        let jump = self.window.jump(frame);
        jump > CUT && self.stands_out(frame, jump) && !self.is_undone(frame, jump)
    }

    fn stands_out(&self, frame: usize, jump: f32) -> bool {
        let near = self.window.around(frame, NEIGHBOURS);
        let (mut sum, mut count) = (0.0, 0);
        // The largest neighbour is left out: two cuts close together are still two cuts.
        let mut largest = 0.0f32;
        for other in near.filter(|other| *other != frame) {
            let other = self.window.jump(other);
            sum += other;
            largest = largest.max(other);
            count += 1;
        }
        let mean = if count > 1 { (sum - largest) / (count - 1) as f32 } else { 0.0 };
        jump > CUT_OVER_NEIGHBOURS * mean
    }

    /// Whether something shortly before `frame` and something shortly after are the same again.
    fn is_undone(&self, frame: usize, jump: f32) -> bool {
        let same = RETURN * jump;
        let near = self.window.around(frame, FLASH);
        (near.start..frame).any(|old| (frame..near.end).any(|new| self.window.distance(old, new) < same))
    }
}

#[cfg(test)]
mod tests;

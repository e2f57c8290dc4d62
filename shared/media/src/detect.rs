//! Where one shot ends and the next begins, over a whole video: hard cuts, fades through black or white, and every
//! other gradual change.
//!
//! All three ask the same question: are the pictures before and after more unlike than the pictures on either side are
//! among themselves, and is what comes after really another scene? The first half is the novelty of Foote, "Automatic
//! audio segmentation using a measure of audio novelty" (2000), on pictures: it keeps pans, shake and grain out, which
//! are as unlike before as after. The second half ([`likeness`]) keeps out what leaves the scene where it was: flashes,
//! captions, a picture in the picture, somebody who walks by, light that is turned up.
//!
//! Thresholds were chosen on the tuning half of the films of `tests/bench_media/films.py`; times are seconds, distances
//! those of [`Descriptor::distance`].

mod bars;
mod boards;
mod cuts;
mod descriptor;
mod fades;
mod flashes;
mod gradual;
mod light;
mod likeness;
mod local;
mod moments;
mod moved;
mod pans;
mod stretch;

pub(crate) use descriptor::{CHROMA_BINS, Descriptor, LUMA_BINS, LUMA_BLOCKS, Motion, TINT_BLOCKS, blurred};

use gradual::Ticks;
use stretch::Stretch;

/// Changes closer than this are one.
const MERGE: f64 = 0.25;
/// What is over sooner than this at the very start or end is no scene of its own.
const EDGE: f64 = 0.2;
/// A video is judged in stretches of this length, so that memory does not grow with it...
const STRETCH: f64 = 120.0;
/// ...each with this much of its neighbours, more than any judgement looks at.
const MARGIN: f64 = 6.0;

/// The border between two shots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    /// First frame of the new shot, counted over the whole video; the middle one of a gradual change.
    pub(crate) frame: usize,
    /// When that is displayed.
    pub(crate) at: f64,
    /// Last moment that shows only the old shot.
    pub(crate) from: f64,
    /// First moment that shows only the new shot.
    pub(crate) until: f64,
}

/// What became of the frame before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Camera {
    /// Mean absolute luma change, 0 to 65 535.
    pub(crate) change: u16,
    /// What of it is a move.
    pub(crate) motion: Motion,
}

/// Takes frames in display order and tells the changes at the end.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    stretch: Stretch,
    /// Which stretch of [`STRETCH`] is judged next.
    ordinal: u32,
    changes: Vec<Change>,
}

impl Detector {
    /// Takes the next frame, displayed at `at`, and what changed since the one before it.
    pub(crate) fn push(&mut self, at: f64, descriptor: &Descriptor, camera: Camera) {
        while at >= self.end() + MARGIN && !self.stretch.is_empty() {
            let next = self.stretch.since(self.end() - MARGIN);
            self.judge(self.end());
            self.ordinal += 1;
            self.stretch = next;
        }
        self.stretch.push(at, descriptor, camera);
    }

    /// All changes, in order of time.
    pub(crate) fn finish(mut self) -> Vec<Change> {
        let Some(last) = self.stretch.last_at() else { return Vec::new() };
        self.judge(f64::INFINITY);
        let is_inside = |change: &Change| change.until >= EDGE && (last - change.from >= EDGE);
        self.changes.retain(is_inside);
        self.changes.dedup_by(|later, earlier| later.at - earlier.at < MERGE);
        self.changes
    }

    fn end(&self) -> f64 {
        f64::from(self.ordinal + 1) * STRETCH
    }

    /// Adds the changes of the current stretch, which ends at `end`; its pictures are not those that were pushed afterwards.
    fn judge(&mut self, end: f64) {
        let start = f64::from(self.ordinal) * STRETCH;
        let stretch = &mut self.stretch;
        bars::crop(stretch);
        flashes::remove(stretch);
        let ticks = Ticks::of(stretch);
        let mut changes = fades::find(stretch, &ticks);
        changes.extend(cuts::find(stretch, &changes));
        gradual::find(stretch, &ticks, &mut changes);
        changes.retain(|change| (start..end).contains(&change.at));
        changes.sort_by_key(|change| change.frame);
        self.changes.append(&mut changes);
    }
}

#[cfg(test)]
mod tests;

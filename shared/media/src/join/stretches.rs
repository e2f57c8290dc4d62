//! Stretches of a scene in which nothing is seen, or nothing moves.

use std::ops::Range;

use domain::{analysis::Stretch, time::Seconds};

use super::Light;
use crate::TimeBase;

/// Shorter ones are fades and pauses; as long as the defaults of ffmpeg's `blackdetect` and `freezedetect`, in seconds.
const LEAST: f64 = 2.0;
/// Greatest mean luma of a black picture, of 65 535. White credits on black have more.
const BLACK: u16 = 65_535 / 64;
/// Greatest change of a picture that stands still, of 65 535: `freezedetect`'s -60 dB.
const FROZEN: u16 = 65_535 / 1000;

/// Frames that are displayed one after another, until a time in seconds.
pub(super) struct Shot<'a> {
    pub(super) time_base: TimeBase,
    pub(super) frames: &'a [Light],
    pub(super) range: Range<usize>,
    pub(super) end: f64,
}

impl Shot<'_> {
    pub(super) fn black(&self) -> Vec<Stretch> {
        self.runs(0, |frame| frame.luma <= BLACK)
    }

    /// A change is that since the frame before, with which the stretch begins.
    pub(super) fn frozen(&self) -> Vec<Stretch> {
        self.runs(1, |frame| frame.change <= FROZEN)
    }

    /// Runs of frames of a kind, each with so many frames before it.
    fn runs(&self, before: usize, is: impl Fn(&Light) -> bool) -> Vec<Stretch> {
        let seconds = |at: usize| {
            let frame = self.frames.get(at).filter(|_| at < self.range.end);
            frame.map_or(self.end, |frame| self.time_base.seconds(frame.pts))
        };
        let mut stretches = Vec::new();
        let mut at = self.range.start + before;
        for run in self.frames.get(at..self.range.end).unwrap_or_default().chunk_by(|a, b| is(a) == is(b)) {
            let (start, end) = (seconds(at - before), seconds(at + run.len()));
            at += run.len();
            if run.first().is_some_and(&is) && end - start >= LEAST {
                stretches.push(Stretch { start: Seconds::new(start), end: Seconds::new(end) });
            }
        }
        stretches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Times = Vec<(f64, f64)>;

    /// Ten frames a second: luma and change of 8 bits, each for so many frames.
    fn told(parts: &[(u16, u16, usize)]) -> (Times, Times) {
        let frames: Vec<Light> = parts
            .iter()
            .flat_map(|(luma, change, count)| std::iter::repeat_n((luma * 257, change * 257), *count))
            .zip(0..)
            .map(|((luma, change), pts)| Light { pts, luma, change })
            .collect();
        let time_base = TimeBase { num: 1, den: 10 };
        let shot =
            Shot { time_base, frames: &frames, range: 0..frames.len(), end: frames.len() as f64 / 10.0 };
        let times =
            |stretches: Vec<Stretch>| stretches.iter().map(|s| (s.start.get(), s.end.get())).collect();
        (times(shot.black()), times(shot.frozen()))
    }

    #[test]
    fn long_stretches_are_told_and_short_ones_are_not() {
        let (black, frozen) = told(&[(1, 9, 25), (90, 9, 10), (1, 9, 15), (90, 0, 40), (90, 9, 10)]);
        assert_eq!(black, [(0.0, 2.5)]);
        // The frame before the first unchanged one shows the same.
        assert_eq!(frozen, [(4.9, 9.0)]);
    }

    #[test]
    fn what_lasts_until_the_end_ends_there() {
        assert_eq!(told(&[(0, 0, 30)]), (vec![(0.0, 3.0)], vec![(0.0, 3.0)]));
        assert_eq!(told(&[]), (Vec::new(), Vec::new()));
    }
}

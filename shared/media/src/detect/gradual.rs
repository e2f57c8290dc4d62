//! Dissolves, fades and wipes: runs of steady change between quiet stretches.

use super::{
    Change,
    window::{REACH, Window},
};

/// Change of palette within twice [`REACH`] that begins or continues a run.
const MOVING: f32 = 0.045;
/// The ends of a run differ by at least this.
const DIFFERENT: f32 = 0.22;
/// Stillness that ends a run, in seconds.
const STILL: f64 = 0.2;
/// Before and after a run, change goes on at less than this share of the run's own speed.
const QUIET: f32 = 0.45;
/// How long before and after is looked at, in seconds.
const AROUND: f64 = 0.6;
/// Longer runs are motion, not transitions, in seconds.
const LONGEST: f64 = 4.0;

#[derive(Debug, Clone, Copy)]
struct Run {
    first: usize,
    last: usize,
}

#[derive(Debug, Default)]
pub(super) struct Runs {
    open: Option<Run>,
    closed: Vec<Run>,
    found: Vec<Change>,
}

impl Runs {
    /// Takes the next frame, whose speed the window knows.
    pub(super) fn judge(&mut self, frame: usize, window: &Window, cuts: &[Change]) {
        let at = window.at(frame);
        if window.speed(frame) > MOVING {
            let first = self.open.map_or(frame, |run| run.first);
            self.open = Some(Run { first, last: frame });
        } else {
            self.closed.extend(self.open.take_if(|run| at - window.at(run.last) > STILL));
        }
        // A run is forgotten before the window forgets its first frame.
        self.open.take_if(|run| at - window.at(run.first) > LONGEST + 1.0);
        while let Some(run) = self.closed.first().copied() {
            if at - window.at(run.last) <= AROUND + REACH {
                break;
            }
            self.closed.remove(0);
            self.found.extend(run.change(window, frame + 1, cuts));
        }
    }

    pub(super) fn finish(mut self, window: &Window, cuts: &[Change]) -> Vec<Change> {
        self.closed.extend(self.open);
        let last = self.closed.iter().filter_map(|run| run.change(window, window.end(), cuts));
        self.found.extend(last);
        self.found
    }
}

impl Run {
    fn change(self, window: &Window, judged: usize, cuts: &[Change]) -> Option<Change> {
        let (start, end) = (window.at(self.first), window.at(self.last));
        let old = window.first_since(start - REACH).max(window.start());
        let new = (window.first_since(end + REACH)).min(window.end() - 1);
        let cut_inside = cuts.iter().rev().take_while(|cut| cut.frame >= old).any(|cut| cut.frame <= new);
        let distance = self.palette(window, old, new);
        if cut_inside || end - start > LONGEST || end - start < REACH || distance < DIFFERENT {
            return None;
        }
        if !self.is_between_quiet(window, judged) {
            return None;
        }
        let middle = (old..=new).find(|frame| self.palette(window, old, *frame) > distance / 2.0)?;
        let (to_middle, from_middle) = (self.palette(window, old, middle), self.palette(window, middle, new));
        let is_direct = to_middle + from_middle < 1.8 * distance;
        let through_flat = (old..=new).any(|frame| window.descriptor(frame).is_flat());
        let is_change = is_direct || through_flat;
        let middle = middle.max(1);
        is_change.then(|| Change {
            frame: middle,
            at: window.at(middle),
            from: window.at(old),
            until: window.at(new),
        })
    }

    fn palette(self, window: &Window, a: usize, b: usize) -> f32 {
        window.descriptor(a).palette_distance(window.descriptor(b))
    }

    fn is_between_quiet(self, window: &Window, judged: usize) -> bool {
        let (start, end) = (window.at(self.first), window.at(self.last));
        let mean = |frames: std::ops::Range<usize>| {
            let count = frames.len().max(1) as f32;
            frames.map(|frame| window.speed(frame)).sum::<f32>() / count
        };
        let within = mean(self.first..self.last + 1);
        let before = mean(window.first_since(start - AROUND)..self.first);
        let after = mean(
            self.last + 1..window.first_since(end + AROUND).clamp(self.last + 1, judged.max(self.last + 1)),
        );
        before < QUIET * within && after < QUIET * within
    }
}

//! Dissolves, wipes, slides and all else that takes its time, on a time axis in tenths of a second: where the pictures
//! on both sides of a gap are more unlike than those at the same distance on either side alone.

use super::boards::is_rewritten;
use super::cuts::is_local;
use super::likeness::{is_same_around, returns};
use super::pans::is_pan;
use super::stretch::Stretch;
use super::{Change, Descriptor, MERGE};

/// The unit of the time axis.
const TICK: f64 = 0.1;
/// Ticks over which a picture is averaged.
const SIDE: usize = 2;
/// Half the gap between the two sides, in ticks: a transition of twice this length fits in. The shortest comes first,
/// since it tells best where a change is.
const GAPS: [usize; 5] = [1, 2, 4, 8, 12];
/// A change is at least this much of a distance above what happens on either side.
const NOVELTY: f32 = 0.12;
/// The same between two boards.
const BOARD_NOVELTY: f32 = 0.025;
/// What the stiller of the two sides weighs in what happens on them; the other one may be another change.
const STILLER: f32 = 0.6;
/// A transition goes as far as there is this share of its greatest activity, and no further than [`LONGEST`] ticks.
const QUIET: f32 = 0.25;
const LONGEST: usize = 13;
/// A jump that makes up this share of what changes is what changes.
const MOST: f32 = 0.5;
/// The scenes are looked at here too, further from the gap.
const FURTHER: f64 = 0.15;

/// Pictures of [`SIDE`] ticks, one beginning at each tick.
pub(super) struct Ticks {
    start: f64,
    pictures: Vec<Descriptor>,
    /// Difference between the pictures that end and begin at a tick.
    activity: Vec<f32>,
}

impl Ticks {
    /// Ticks are whole tenths of a second of the video, wherever the stretch begins.
    pub(super) fn of(stretch: &Stretch) -> Self {
        let (first, last) = (stretch.at(0), stretch.at(stretch.len() - 1));
        let start = (first / TICK).floor() * TICK;
        let count = ((last - start) / TICK) as usize + 1;
        let time = |tick: usize| start + tick as f64 * TICK;
        // Each tick is part of two pictures, and is added up once.
        let mut total = stretch.total(start, time(1));
        let picture = |tick: usize| {
            let next = stretch.total(time(tick + 1), time(tick + SIDE));
            let both = std::mem::replace(&mut total, next.clone()).with(&next);
            both.mean().unwrap_or_else(|| stretch.displayed_at(time(tick)).clone())
        };
        let pictures: Vec<_> = (0..count).map(picture).collect();
        let activity = |tick: usize| pictures[tick.saturating_sub(SIDE)].distance(&pictures[tick]);
        let activity = (0..count).map(activity).collect();
        Self { start, pictures, activity }
    }

    fn time(&self, tick: usize) -> f64 {
        self.start + tick as f64 * TICK
    }

    /// From when to when the transition around `at` goes on.
    pub(super) fn extent(&self, at: f64) -> (f64, f64) {
        let last = self.pictures.len() - 1;
        let tick = (((at - self.start) / TICK).round() as usize).min(last);
        let near = tick.saturating_sub(SIDE)..=(tick + SIDE).min(last);
        let peak = self.activity[near].iter().copied().fold(0.0, f32::max);
        let goes_on = |other: usize| other.abs_diff(tick) < 2 || self.activity[other] > QUIET * peak;
        let within = |other: &usize| other.abs_diff(tick) < LONGEST && goes_on(*other);
        let first = (0..=tick).rev().take_while(within).last().unwrap_or(tick).saturating_sub(1);
        let end = (tick..=last).take_while(within).last().unwrap_or(tick) + 1;
        (self.time(first), self.time(end.min(last)))
    }

    fn is_other_board(&self, tick: usize, gap: usize) -> bool {
        is_rewritten(&self.pictures[tick - gap - SIDE], &self.pictures[tick + gap])
    }

    /// Each tick that is not too near to an end; by how much the pictures on both sides of the gap around it are more
    /// unlike than those on one side; and how unlike they are.
    fn novelties(&self, gap: usize) -> impl Iterator<Item = (usize, f32, f32)> {
        let (pictures, lag) = (&self.pictures, 2 * gap + SIDE);
        let later = pictures.get(lag..).unwrap_or_default();
        let apart: Vec<f32> = pictures.iter().zip(later).map(|(a, b)| a.distance(b)).collect();
        let count = (pictures.len() + 1).saturating_sub(SIDE + lag);
        (0..count).map(move |before| {
            let (after, across) = (before + lag, apart[before]);
            let from_start = || pictures[0].distance(&pictures[before]);
            let to_end = || pictures[after].distance(&pictures[pictures.len() - 1]);
            let left = before.checked_sub(lag).map_or_else(from_start, |earlier| apart[earlier]);
            let right = apart.get(after).copied().unwrap_or_else(to_end);
            let beside = STILLER.mul_add(left.min(right), (1.0 - STILLER) * left.max(right));
            (before + SIDE + gap, across - beside, across)
        })
    }
}

/// Adds the gradual changes between those that are known.
pub(super) fn find(stretch: &Stretch, ticks: &Ticks, changes: &mut Vec<Change>) {
    for gap in GAPS {
        find_at(stretch, ticks, gap, changes);
    }
}

/// The greatest novelty is judged first, and keeps what it covers from being judged again.
fn find_at(stretch: &Stretch, ticks: &Ticks, gap: usize, changes: &mut Vec<Change>) {
    let is_novel = |(tick, novelty, _): &(usize, f32, f32)| {
        *novelty > NOVELTY || *novelty > BOARD_NOVELTY && ticks.is_other_board(*tick, gap)
    };
    let mut novel: Vec<_> = ticks.novelties(gap).filter(is_novel).collect();
    novel.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let (reach, gap_secs) = ((gap + SIDE) as f64 * TICK, gap as f64 * TICK);
    let mut refused: Vec<f64> = Vec::new();
    for (tick, _, across) in novel {
        let at = ticks.time(tick);
        let is_covered = changes.iter().any(|known| {
            at > known.from.min(known.at) - reach && at < known.until.max(known.at) + reach
                || (known.at - at).abs() < MERGE
        });
        if is_covered || refused.iter().any(|other| (other - at).abs() <= reach / 2.0) {
            continue;
        }
        let gaps = [gap_secs, gap_secs + FURTHER];
        if is_pan(stretch, at - gap_secs, at + gap_secs)
            || is_local_jump(stretch, at, gap_secs, across)
            || is_same_around(stretch, at, &gaps, across)
            || returns(stretch, at, gap_secs)
        {
            refused.push(at);
            continue;
        }
        let (from, until) = free(changes, at, ticks.extent(at));
        let near = gap_secs + TICK;
        let frame = halfway(stretch, from.max(at - near), until.min(at + near));
        changes.push(Change { frame: stretch.number(frame), at: stretch.at(frame), from, until });
    }
}

/// What of an extent around `at` is no part of another change.
fn free(changes: &[Change], at: f64, (from, until): (f64, f64)) -> (f64, f64) {
    let earlier = changes.iter().map(|change| change.until).filter(|end| *end <= at);
    let later = changes.iter().map(|change| change.from).filter(|start| *start >= at);
    (earlier.fold(from, f64::max), later.fold(until, f64::min))
}

/// Whether most of what changes around `at` is a jump in a part of the picture.
fn is_local_jump(stretch: &Stretch, at: f64, gap: f64, across: f32) -> bool {
    let frames = stretch.first_since(at - gap - TICK).max(1)..stretch.first_since(at + gap + TICK);
    let greatest = frames.max_by(|a, b| stretch.jump(*a).total_cmp(&stretch.jump(*b)));
    greatest.is_some_and(|frame| stretch.jump(frame) > MOST * across && is_local(stretch, frame))
}

/// The first frame of a transition that is more like what comes after it than like what was before.
fn halfway(stretch: &Stretch, from: f64, until: f64) -> usize {
    let (before, after) = (stretch.just_before(from), stretch.just_after(until));
    let is_over = |frame: &usize| {
        let frame = stretch.frame(*frame);
        frame.distance(&after) <= frame.distance(&before)
    };
    let (first, end) = (stretch.first_since(from).max(1), stretch.first_since(until));
    (first..end).find(is_over).unwrap_or(end).min(stretch.len() - 1)
}

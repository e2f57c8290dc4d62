//! Dissolves, wipes, slides and all else that takes its time, on a time axis in tenths of a second: where the pictures
//! on both sides of a gap are more unlike than those at the same distance on either side alone.

use super::boards::is_rewritten;
use super::likeness::{is_same_around, returns};
use super::local::is_local;
use super::pans::{is_borne_out, is_pan};
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
const NOVELTY: f32 = 0.085;
/// The same between two boards.
const BOARD_NOVELTY: f32 = 0.025;
/// What the stiller of the two sides weighs in what happens on them; the other one may be another change.
const STILLER: f32 = 0.6;
/// Beside a gap of so many ticks and more another change may be near. What happens there is looked for in the shot alone,
/// if that much of the time is left of it, and grows with time, by this factor at most.
const LONG: usize = 8;
const PRESENT: f32 = 0.25;
const GROWTH: f32 = 3.0;
/// A transition goes as far as there is this share of its greatest activity, and no further than [`LONGEST`] ticks.
const QUIET: f32 = 0.25;
const LONGEST: usize = 13;
/// A jump that makes up this share of what changes, and without which nothing is novel, is what changes.
const MOST: f32 = 0.4;
/// What a change leaves behind once all has come to rest.
const LASTING: f32 = 0.12;
/// Palettes of two scenes are so unlike, so many ticks before and after the gap. What passes before a camera, and what a
/// camera passes, changes the layout more than that.
const OTHER_PALETTE: f32 = 0.09;
const BEYOND: [usize; 3] = [0, 3, 6];
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

    /// Whether the palettes on both sides of a gap are other ones, and further from it too.
    pub(super) fn is_other_palette(&self, tick: usize, gap: usize) -> bool {
        let last = self.pictures.len() - 1;
        BEYOND.iter().all(|beyond| {
            let before = tick.saturating_sub(gap + SIDE + beyond);
            let after = (tick + gap + beyond).min(last);
            self.pictures[before].palette_distance(&self.pictures[after]) > OTHER_PALETTE
        })
    }

    /// Each tick at which something may be novel, not too near to an end; by how much the pictures on both sides of the gap around it are more
    /// unlike than those on one side; and how unlike they are.
    fn novelties(&self, gap: usize, known: &[Change]) -> Vec<(usize, f32, f32)> {
        let (pictures, lag) = (&self.pictures, 2 * gap + SIDE);
        let last = pictures.len() - 1;
        let apart = |from: usize, until: usize| pictures[from].distance(&pictures[until]);
        let all: Vec<f32> = (lag..pictures.len()).map(|until| apart(until - lag, until)).collect();
        let shots = if gap < LONG { Shots::default() } else { Shots::between(self, known) };
        let shortened = |from: usize, until: usize| {
            let share = (until - from) as f32 / lag as f32;
            (PRESENT..1.0).contains(&share).then(|| apart(from, until) * share.recip().min(GROWTH))
        };
        let count = (pictures.len() + 1).saturating_sub(SIDE + lag);
        let novelty = |before: usize| {
            let after = before + lag;
            let left = before.checked_sub(lag).map_or_else(|| apart(0, before), |earlier| all[earlier]);
            let right = all.get(after).copied().unwrap_or_else(|| apart(after, last));
            let begun = shots.first(before).and_then(|first| shortened(first, before));
            let ended = shots.last(after).and_then(|last| shortened(after, last));
            let beside = match (begun, ended) {
                (None, None) => STILLER.mul_add(left.min(right), (1.0 - STILLER) * left.max(right)),
                (begun, ended) => begun.unwrap_or(left).max(ended.unwrap_or(right)),
            };
            (before + SIDE + gap, all[before] - beside, all[before])
        };
        (0..count).filter(|before| all[*before] > BOARD_NOVELTY).map(novelty).collect()
    }
}

/// The shots between the changes that are known, for each tick: the first picture of its shot and the last one, where
/// there is a change.
#[derive(Default)]
struct Shots(Vec<(Option<usize>, Option<usize>)>);

impl Shots {
    fn between(ticks: &Ticks, known: &[Change]) -> Self {
        let count = ticks.pictures.len();
        let mut shots = vec![(None, None); count];
        let tick = |at: f64| (at - ticks.start) / TICK;
        for change in known {
            let until = (tick(change.until).ceil().max(0.0) as usize).min(count);
            for (first, _) in &mut shots[until..] {
                *first = (*first).max(Some(until));
            }
            let from = (tick(change.from).floor().max(0.0) as usize).min(count);
            for (_, last) in &mut shots[..from] {
                *last = Some(last.map_or(from, |last: usize| last.min(from)));
            }
        }
        Self(shots)
    }

    fn first(&self, tick: usize) -> Option<usize> {
        self.0.get(tick)?.0
    }

    /// A picture goes on for [`SIDE`] ticks.
    fn last(&self, tick: usize) -> Option<usize> {
        self.0.get(tick)?.1.map(|end| end.saturating_sub(SIDE).max(tick))
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
    let mut novel: Vec<_> = ticks.novelties(gap, changes).into_iter().filter(is_novel).collect();
    novel.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let (reach, gap_secs) = ((gap + SIDE) as f64 * TICK, gap as f64 * TICK);
    let mut refused: Vec<f64> = Vec::new();
    for (tick, novelty, across) in novel {
        let at = ticks.time(tick);
        let is_covered = changes.iter().any(|known| {
            at > known.from.min(known.at) - reach && at < known.until.max(known.at) + reach
                || (known.at - at).abs() < MERGE
        });
        if is_covered || refused.iter().any(|other| (other - at).abs() <= reach / 2.0) {
            continue;
        }
        let around = (at - gap_secs, at + gap_secs);
        let (from, until) = free(changes, at, ticks.extent(at));
        // What spares most is asked first.
        let is_change = (ticks.is_other_board(tick, gap)
            || ticks.is_other_palette(tick, gap) && lasts(stretch, (from, until)))
            && !(is_pan(stretch, around.0, around.1) && is_borne_out(stretch, around.0, around.1))
            && !is_same_around(stretch, at, &[gap_secs, gap_secs + FURTHER], across)
            && !is_local_jump(stretch, at, gap_secs, (across, novelty))
            && !returns(stretch, at, gap_secs);
        if !is_change {
            refused.push(at);
            continue;
        }
        let near = gap_secs + TICK;
        let frame = halfway(stretch, from.max(at - near), until.min(at + near));
        changes.push(Change { frame: stretch.number(frame), at: stretch.at(frame), from, until });
    }
}

/// Whether the pictures are still other ones once all has come to rest. Whoever passes by leaves the scene as it was.
fn lasts(stretch: &Stretch, (from, until): (f64, f64)) -> bool {
    stretch.just_before(from).distance(&stretch.just_after(until)) > LASTING
}

/// What of an extent around `at` is no part of another change.
fn free(changes: &[Change], at: f64, (from, until): (f64, f64)) -> (f64, f64) {
    let earlier = changes.iter().map(|change| change.until).filter(|end| *end <= at);
    let later = changes.iter().map(|change| change.from).filter(|start| *start >= at);
    (earlier.fold(from, f64::max), later.fold(until, f64::min))
}

/// Whether most of what changes around `at` is a jump in a part of the picture, or one that leaves the scene.
fn is_local_jump(stretch: &Stretch, at: f64, gap: f64, (across, novelty): (f32, f32)) -> bool {
    let frames = stretch.first_since(at - gap - TICK).max(1)..stretch.first_since(at + gap + TICK);
    let greatest = frames.max_by(|a, b| stretch.jump(*a).total_cmp(&stretch.jump(*b)));
    greatest.is_some_and(|frame| {
        let jump = stretch.jump(frame);
        let leaves_scene = || is_same_around(stretch, stretch.at(frame), &[0.0], jump);
        let is_most = jump > MOST * across && novelty - jump < NOVELTY;
        is_most && (is_local(stretch, frame) || leaves_scene())
    })
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

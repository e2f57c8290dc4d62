//! Fades through black or white: a short plain stretch that is not cut to on both sides, between two scenes.

use std::ops::Range;

use super::cuts::is_step;
use super::gradual::Ticks;
use super::likeness::is_same;
use super::moments::Sums;
use super::stretch::Stretch;
use super::{Change, Descriptor, LUMA_BLOCKS};

/// A longer plain stretch is a scene of its own.
const LONGEST: f64 = 0.85;
/// Plain stretches closer than this are one.
const JOINED: f64 = 0.15;
/// Cut to and cut away from by jumps of this size, a plain stretch is a flash, or a card between two shots.
const JUMP: f32 = 0.1;
/// What such a jump is, at least, of all the way from a scene.
const SHARE: f32 = 0.75;
/// A jump this near to the plain stretch is part of the fade, in seconds.
const APART: f64 = 0.2;
/// Where the scenes on both sides are looked at, this far from the plain stretch: while they are faded, all are alike.
const GAPS: [f64; 2] = [0.4, 0.7];
/// A scene is this far from the plain stretch where it is faded into it...
const FADED: f64 = 0.7;
/// ...and half-way, all its blocks have gone about as much of their way: this is the standard deviation of their shares.
/// Of what is pushed or wiped away, some have gone all the way and some none of it.
const EVEN: f32 = 0.3;
/// What has gone this share of its way at once was cut to.
const THERE: f32 = 0.85;
/// Blocks that have so many levels to go tell it, and it takes so many of them.
const TELLING: u8 = 24;
const LEAST: usize = 16;
/// A scene that is nearer to the plain stretch than this is as plain: it was not faded into.
const UNLIKE: f32 = 0.08;

pub(super) fn find(stretch: &Stretch, ticks: &Ticks) -> Vec<Change> {
    plain_runs(stretch).into_iter().filter_map(|run| fade(stretch, ticks, &run)).collect()
}

fn plain_runs(stretch: &Stretch) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for frame in (0..stretch.len()).filter(|frame| stretch.frame(*frame).is_plain()) {
        match runs.last_mut() {
            Some(run) if stretch.at(frame) - stretch.at(run.end - 1) < JOINED => run.end = frame + 1,
            _ => runs.push(frame..frame + 1),
        }
    }
    runs
}

fn fade(stretch: &Stretch, ticks: &Ticks, run: &Range<usize>) -> Option<Change> {
    if run.start == 0 || run.end == stretch.len() {
        return None;
    }
    let (first, after) = (stretch.at(run.start), stretch.at(run.end));
    let plain = stretch.frame(run.start);
    let is_cut_to = |jump: f32, scene: &Descriptor| jump > JUMP && jump > SHARE * scene.distance(plain);
    let is_card = is_cut_to(stretch.jump(run.start), &stretch.just_before(first - GAPS[0] / 2.0))
        && is_cut_to(stretch.jump(run.end), &stretch.just_after(after + GAPS[0] / 2.0));
    if after - first > LONGEST || is_card {
        return None;
    }
    let is_change = |gap: &f64| {
        let (before, after) = (stretch.just_before(first - gap), stretch.just_after(after + gap));
        !is_same(&before, &after) && before.distance(plain).min(after.distance(plain)) > UNLIKE
    };
    if !GAPS.iter().any(is_change) || !is_faded(stretch, run) {
        return None;
    }
    let middle = run.start.midpoint(run.end);
    let (from, until) = (ticks.extent(first).0, ticks.extent(after).1);
    // A cut on the way is another change.
    let cuts = |from: f64, until: f64| {
        let frames = stretch.first_since(from).max(1)..stretch.first_since(until);
        frames.filter(|frame| is_step(stretch, *frame)).map(|frame| stretch.at(frame))
    };
    let from = cuts(from, first - APART).next_back().map_or(from, |cut| cut + APART);
    let until = cuts(after + APART, until).next().map_or(until, |cut| cut - APART);
    Some(Change { frame: stretch.number(middle), at: stretch.at(middle), from, until })
}

/// Whether the scene on one side is faded: all of it at once.
fn is_faded(stretch: &Stretch, run: &Range<usize>) -> bool {
    let (from, until) = (stretch.at(run.start) - FADED, stretch.at(run.end - 1) + FADED);
    let plain = stretch.frame(run.start);
    let is_even_from = |scene: &Descriptor, frame: usize| is_even(scene, plain, stretch.frame(frame));
    let is_halfway = |scene: &Descriptor, frame: usize| {
        stretch.frame(frame).distance(plain) >= scene.distance(plain) / 2.0
    };
    let (before, after) = (stretch.just_before(from), stretch.just_after(until));
    let out = (stretch.first_since(from)..run.start).rev().find(|frame| is_halfway(&before, *frame));
    let back = (run.end..stretch.first_since(until)).find(|frame| is_halfway(&after, *frame));
    out.is_some_and(|frame| is_even_from(&before, frame))
        || back.is_some_and(|frame| is_even_from(&after, frame))
}

/// Whether all blocks are as far on their way from the plain stretch to the scene, and not there already.
fn is_even(scene: &Descriptor, plain: &Descriptor, between: &Descriptor) -> bool {
    let share = |block: usize| {
        let way = f32::from(scene.blocks[block]) - f32::from(plain.blocks[block]);
        let share = (f32::from(between.blocks[block]) - f32::from(plain.blocks[block])) / way;
        (share.clamp(-0.5, 1.5), 0.0)
    };
    let telling = |block: &usize| scene.blocks[*block].abs_diff(plain.blocks[*block]) > TELLING;
    let telling: Vec<usize> = (0..LUMA_BLOCKS).filter(telling).collect();
    let shares = Sums::of(telling.iter().map(|block| share(*block)));
    telling.len() < LEAST || shares.variance_a() < EVEN * EVEN && shares.mean_a() < THERE
}

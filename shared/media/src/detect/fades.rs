//! Fades through black or white: a short plain stretch that is not cut to on both sides, between two scenes.

use std::ops::Range;

use super::cuts::is_step;
use super::gradual::Ticks;
use super::likeness::is_same;
use super::stretch::Stretch;
use super::{Change, Descriptor};

/// A longer plain stretch is a scene of its own.
const LONGEST: f64 = 1.2;
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
    if !GAPS.iter().any(is_change) {
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

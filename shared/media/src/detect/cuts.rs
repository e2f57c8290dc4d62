//! Hard cuts: one jump between two frames that stands out, makes up most of what changes around it, and leads to
//! another scene.

use super::likeness::is_same_around;
use super::stretch::Stretch;
use super::{Change, MERGE};

/// A jump of less than this is no cut.
const JUMP: f32 = 0.1;
/// A jump stands out from those this near to it...
const NEAR: f64 = 0.35;
/// ...by this factor. The largest of the others is left out: two cuts close together are still two.
const STANDS_OUT: f32 = 4.0;
/// The jump is at least this share of the difference between the [`SIDE`] before and the [`SIDE`] after.
const SHARE: f32 = 0.5;
const SIDE: f64 = 0.2;
/// How far from the cut the other scene must be another one, on both sides.
const GAPS: [f64; 4] = [0.0, 0.1, 0.2, 0.35];
/// A cut into or out of a fade is part of it.
const BESIDE: f64 = 0.1;

/// The cuts that are not part of one of the `fades`.
pub(super) fn find(stretch: &Stretch, fades: &[Change]) -> Vec<Change> {
    let in_fade = |at: f64| fades.iter().any(|fade| (fade.from - BESIDE..=fade.until + BESIDE).contains(&at));
    let is_cut = |frame: &usize| {
        let (at, jump) = (stretch.at(*frame), stretch.jump(*frame));
        jump > JUMP
            && stands_out(stretch, *frame)
            && !in_fade(at)
            && jump >= SHARE * stretch.mean(at - SIDE, at).distance(&stretch.mean(at, at + SIDE))
            && !is_same_around(stretch, at, &GAPS, jump)
    };
    (1..stretch.len())
        .filter(is_cut)
        .map(|frame| {
            let (from, at) = (stretch.at(frame - 1), stretch.at(frame));
            Change { frame: stretch.number(frame), at, from, until: at }
        })
        .collect()
}

fn stands_out(stretch: &Stretch, frame: usize) -> bool {
    let jump = stretch.jump(frame);
    let is_greatest = stretch.around(frame, MERGE).all(|other| stretch.jump(other) <= jump);
    let near = stretch.jumps_near(frame, NEAR);
    let largest = near.iter().copied().fold(0.0, f32::max);
    let others = near.len().saturating_sub(1).max(1) as f32;
    is_greatest && jump > STANDS_OUT * (near.iter().sum::<f32>() - largest) / others
}

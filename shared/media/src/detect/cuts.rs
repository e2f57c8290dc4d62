//! Hard cuts: one jump between two frames that stands out, makes up most of what changes around it, and leads to
//! another scene.

use super::likeness::is_same_around;
use super::stretch::Stretch;
use super::{Change, MERGE};

/// A jump of less than this is no cut.
const JUMP: f32 = 0.1;
/// Jumps that may be near to that of a cut: two cuts close together are still two.
const COMPANY: usize = 1;
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
            && stretch.around(*frame, MERGE).all(|other| stretch.jump(other) <= jump)
            && stretch.stands_out(*frame, COMPANY)
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

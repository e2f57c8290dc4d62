//! Hard cuts: one jump between two frames that stands out, makes up most of what changes around it, and leads to
//! another scene.

use super::boards::is_rewritten;
use super::likeness::is_same_around;
use super::local::{is_captioned, is_local};
use super::pans::is_pan;
use super::stretch::Stretch;
use super::{Change, MERGE};

/// A jump of less than this is no cut...
const JUMP: f32 = 0.1;
/// ...except where all else is still: one that exceeds those around it by this factor, as between two dark scenes...
const STILL_JUMP: f32 = 0.04;
const STILL: f32 = 16.0;
/// ...or between two boards.
const BOARD_JUMP: f32 = 0.015;
/// Jumps that may be near to that of a cut: two cuts close together are still two.
const COMPANY: usize = 1;
/// The jump is at least this share of the difference between the [`SIDE`] before and the [`SIDE`] after.
const SHARE: f32 = 0.5;
const SIDE: f64 = 0.2;
/// The same of a cut that nothing else goes on beside.
const STEP: f32 = 0.8;
/// How far from the cut the other scene must be another one, on both sides.
const GAPS: [f64; 4] = [0.0, 0.1, 0.2, 0.35];
/// A cut into or out of a fade is part of it.
const BESIDE: f64 = 0.1;

/// The cuts that are not part of one of the `fades`.
pub(super) fn find(stretch: &Stretch, fades: &[Change]) -> Vec<Change> {
    let in_fade = |at: f64| fades.iter().any(|fade| (fade.from - BESIDE..=fade.until + BESIDE).contains(&at));
    let is_other_board = |frame: &usize| is_rewritten(stretch.frame(frame - 1), stretch.frame(*frame));
    let is_cut = |frame: &usize| {
        let (at, jump) = (stretch.at(*frame), stretch.jump(*frame));
        if jump <= BOARD_JUMP || !stretch.stands_out(*frame, COMPANY) {
            return false;
        }
        let is_still = || jump > STILL_JUMP && stretch.stands_out_by(STILL, *frame, COMPANY);
        let is_board = || is_other_board(frame);
        (jump > JUMP && jump >= SHARE * sides(stretch, at)
            || (is_still() || is_board()) && jump >= STEP * sides(stretch, at))
            && !in_fade(at)
            && !is_pan(stretch, at, stretch.until(*frame))
            && !is_same_around(stretch, at, &GAPS, jump)
            && !is_local(stretch, *frame)
            && !is_captioned(stretch, *frame)
    };
    let cuts: Vec<usize> = (1..stretch.len()).filter(is_cut).collect();
    let is_greatest = |frame: &usize| {
        let rivals = || cuts.iter().filter(|other| stretch.around(*frame, MERGE).contains(other));
        rivals().all(|other| stretch.jump(*other) <= stretch.jump(*frame))
    };
    let cuts = cuts.iter().copied().filter(is_greatest);
    cuts.map(|frame| {
        let (from, at) = (stretch.at(frame - 1), stretch.at(frame));
        Change { frame: stretch.number(frame), at, from, until: at }
    })
    .collect()
}

/// How unlike the [`SIDE`] before a time and the one after it are.
fn sides(stretch: &Stretch, at: f64) -> f32 {
    stretch.mean(at - SIDE, at).distance(&stretch.mean(at, at + SIDE))
}

/// Whether a jump is a step between two shots: nearly all that changes around it.
pub(super) fn is_step(stretch: &Stretch, frame: usize) -> bool {
    let (at, jump) = (stretch.at(frame), stretch.jump(frame));
    jump > JUMP && stretch.stands_out(frame, COMPANY) && jump >= STEP * sides(stretch, at)
}

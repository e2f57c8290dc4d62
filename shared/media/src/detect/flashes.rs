//! Flashes are taken out before anything is judged: they are two jumps where nothing changes, and they hide a cut that
//! is beside them.

use super::descriptor::{Descriptor, LUMA_BLOCKS};
use super::likeness::{correlation, is_back};
use super::stretch::Stretch;

/// Longer ones are pictures of their own.
const LONGEST: f64 = 0.17;
/// A jump of less than this is no flash.
const JUMP: f32 = 0.08;
/// A flash between two shots is brighter than both in this share of the picture at least; else it is a short shot, or a
/// caption comes soon.
const BRIGHTER: f32 = 0.7;
/// So bright that nothing is brighter.
const WHITE: u8 = 250;
/// Jumps that may be near to that of a flash: its other one, and a cut beside it with a flash of its own.
const COMPANY: usize = 3;

/// Puts what was there before and after in the place of every flash. One between two shots becomes part of the shot
/// whose layout shines through it.
pub(super) fn remove(stretch: &mut Stretch) {
    let is_jump = |frame: &usize| stretch.jump(*frame) > JUMP && stretch.stands_out(*frame, COMPANY);
    let mut jumps: Vec<usize> = (1..stretch.len()).filter(is_jump).collect();
    let mut at = 0;
    while at < jumps.len() {
        match end_of_flash(stretch, jumps[at], &jumps[at + 1..]) {
            Some(taken) => {
                let (first, end) = (jumps[at], jumps[at + taken]);
                let (before, after) = (stretch.frame(first - 1).clone(), stretch.frame(end).clone());
                let step = 1.0 / (end - first + 1) as f32;
                stretch
                    .replace(first..end, |frame| before.between(&after, (frame - first + 1) as f32 * step));
                at += taken + 1;
            }
            None => at += 1,
        }
    }
    jumps.retain(|frame| stretch.jump(*frame) > JUMP);
    for pair in jumps.windows(2) {
        let (first, end) = (pair[0], pair[1]);
        if stretch.at(end) - stretch.at(first) > LONGEST {
            continue;
        }
        let (before, after) = (stretch.frame(first - 1).clone(), stretch.frame(end).clone());
        let flash = stretch.mean(stretch.at(first), stretch.at(end));
        if !is_brighter(&flash, &before, &after) {
            continue;
        }
        let shot = if correlation(&flash, &before) > correlation(&flash, &after) { before } else { after };
        stretch.replace(first..end, |_| shot.clone());
    }
}

fn is_brighter(flash: &Descriptor, before: &Descriptor, after: &Descriptor) -> bool {
    let shots = before.blocks.iter().zip(&after.blocks).map(|(before, after)| before.max(after));
    let brighter =
        flash.blocks.iter().zip(shots).filter(|(flash, shot)| flash > shot || **flash > WHITE).count();
    brighter as f32 >= BRIGHTER * LUMA_BLOCKS as f32
}

/// How many jumps after the one at `first` is the one that undoes it?
fn end_of_flash(stretch: &Stretch, first: usize, later: &[usize]) -> Option<usize> {
    let before = stretch.frame(first - 1);
    let mut in_time = later.iter().take_while(|end| stretch.at(**end) - stretch.at(first) <= LONGEST);
    let undoes = |end: &usize| {
        let (after, size) = (stretch.frame(*end), stretch.jump(first).max(stretch.jump(*end)));
        is_back(before, after, size)
    };
    in_time.position(undoes).map(|position| position + 1)
}

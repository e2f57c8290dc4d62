//! Flashes are taken out before anything is judged: they are two jumps where nothing changes, and they hide a cut that
//! is beside them.

use super::likeness::{correlation, is_same};
use super::stretch::Stretch;

/// Longer ones are pictures of their own.
const LONGEST: f64 = 0.17;
/// A jump of less than this is no flash.
const JUMP: f32 = 0.08;
/// A jump stands out from those this near to it...
const NEAR: f64 = 0.35;
/// ...by this factor...
const STANDS_OUT: f32 = 4.0;
/// ...but for so many: a flash has two, and a cut may be beside it.
const COMPANY: usize = 3;
/// A picture that comes back to within this share of the jump away from it is back.
const BACK: f32 = 0.35;

/// Puts what was there before and after in the place of every flash. One between two shots becomes part of the shot
/// whose layout shines through it.
pub(super) fn remove(stretch: &mut Stretch) {
    let mut jumps: Vec<usize> = (1..stretch.len()).filter(|frame| stands_out(stretch, *frame)).collect();
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
        let shot = if correlation(&flash, &before) > correlation(&flash, &after) { before } else { after };
        stretch.replace(first..end, |_| shot.clone());
    }
}

/// How many jumps after the one at `first` is the one that undoes it?
fn end_of_flash(stretch: &Stretch, first: usize, later: &[usize]) -> Option<usize> {
    let before = stretch.frame(first - 1);
    let in_time = later.iter().take_while(|end| stretch.at(**end) - stretch.at(first) <= LONGEST);
    let undoes = |end: &usize| {
        let (after, size) = (stretch.frame(*end), stretch.jump(first).max(stretch.jump(*end)));
        before.distance(after) < BACK * size || is_same(before, after)
    };
    in_time.clone().position(undoes).map(|position| position + 1)
}

fn stands_out(stretch: &Stretch, frame: usize) -> bool {
    let jump = stretch.jump(frame);
    if jump <= JUMP {
        return false;
    }
    let mut near = stretch.jumps_near(frame, NEAR);
    near.sort_by(f32::total_cmp);
    near.truncate(near.len().saturating_sub(COMPANY));
    near.is_empty() || jump > STANDS_OUT * near.iter().sum::<f32>() / near.len() as f32
}

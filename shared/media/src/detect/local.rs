//! Jumps in a part of the picture: a caption, a picture in the picture.

use std::ops::Range;

use super::LUMA_BLOCKS;
use super::boards::is_rewritten;
use super::descriptor::{COLUMNS, ROWS};
use super::stretch::Stretch;

/// What is usual is seen in so many frames on each side, which are no further away than this, in seconds.
const NEIGHBOURS: usize = 2;
const NEAR: f64 = 0.25;
/// A block goes on as it did when its luma moves by no more than this beyond what it moved in the frames beside...
const USUAL: u8 = 2;
/// ...of which no more than this is counted: in a shot where all is in motion nothing goes on as it did...
const LIVELY: u8 = 4;
/// ...and the jump is local when more than this share of them does.
const LOCAL: f32 = 0.65;
/// A caption is at most so many rows of blocks high, a third of the picture...
const BAND: usize = ROWS / 3;
/// ...and around it luma moves by no more than this factor beyond what is usual...
const ALIKE: u32 = 2;
/// ...which is more than so many levels a block: of what stands still, anything is a multiple.
const MOVING: u32 = 1;

/// Whether most of the picture goes on as it did.
pub(super) fn is_local(stretch: &Stretch, frame: usize) -> bool {
    let goes_on = |block: &usize| {
        let usual = neighbours(stretch, frame).map(|other| moves(stretch, other, *block)).max();
        moves(stretch, frame, *block) <= usual.unwrap_or(0).min(LIVELY) + USUAL
    };
    let going_on = (0..LUMA_BLOCKS).filter(goes_on).count();
    going_on as f32 > LOCAL * LUMA_BLOCKS as f32
        && !is_rewritten(stretch.frame(frame - 1), stretch.frame(frame))
}

/// Whether a picture in motion goes on as it did above and below a band in which it jumps.
pub(super) fn is_captioned(stretch: &Stretch, frame: usize) -> bool {
    let jump = row_moves(stretch, frame);
    let beside: Vec<_> = neighbours(stretch, frame).map(|other| row_moves(stretch, other)).collect();
    let goes_on = |band: Range<usize>| {
        let mut usual: Vec<u32> = beside.iter().map(|rows| around(rows, &band)).collect();
        usual.sort_unstable();
        // Not the greatest, which may be a jump of its own.
        let usual = usual.get(usual.len().saturating_sub(1) / 2).copied().unwrap_or(0);
        let blocks = (COLUMNS * (ROWS - band.len())) as u32;
        usual > MOVING * blocks && around(&jump, &band) <= ALIKE * usual
    };
    (1..=BAND).any(|height| (0..=ROWS - height).any(|first| goes_on(first..first + height)))
}

/// The frames beside one.
fn neighbours(stretch: &Stretch, frame: usize) -> impl Iterator<Item = usize> {
    let is_neighbour = move |other: &usize| *other > 0 && (1..=NEIGHBOURS).contains(&other.abs_diff(frame));
    stretch.around(frame, NEAR).filter(is_neighbour)
}

/// How many levels a block's luma is from that of the frame before.
fn moves(stretch: &Stretch, frame: usize, block: usize) -> u8 {
    stretch.frame(frame - 1).blocks[block].abs_diff(stretch.frame(frame).blocks[block])
}

/// The sum over each row of blocks.
fn row_moves(stretch: &Stretch, frame: usize) -> [u32; ROWS] {
    let row = |row: usize| row * COLUMNS..(row + 1) * COLUMNS;
    std::array::from_fn(|number| row(number).map(|block| u32::from(moves(stretch, frame, block))).sum())
}

/// The sum over all rows but those of a band.
fn around(rows: &[u32; ROWS], band: &Range<usize>) -> u32 {
    rows[..band.start].iter().chain(&rows[band.end..]).sum()
}

//! Black bars beside or above the picture, as around a film that is wider than the video and one that was taken
//! upright. They never change, so that a cut between them would change little of the whole: they are cut off before
//! anything is judged.

use std::ops::Range;

use super::Motion;
use super::descriptor::{
    CHROMA_BINS, COLUMNS, Descriptor, LUMA_BLOCKS, ROWS, TINT_BLOCKS, TINT_COLUMNS, TINT_ROWS,
};
use super::stretch::Stretch;

/// A block of a bar is darker than this, and has less texture, in levels and half levels. An encoder is not exact.
const BLACK: u8 = 20;
const EVEN: u8 = 8;
/// Bins of luma that hold the bars, once blurred.
const BLACK_BINS: usize = 3;
/// What is left of columns and rows, at least: a video that is black throughout has no bars.
const LEAST: (usize, usize) = (4, 3);
/// Bars that leave more than this share of the picture take little of what changes.
const SMALL: f32 = 0.67;

/// The part of the picture that is no bar, in blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Live {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

/// Leaves the picture between the bars of a whole stretch, as large as if there were none.
pub(super) fn crop(stretch: &mut Stretch) {
    let nothing = Live { left: COLUMNS, right: 0, top: ROWS, bottom: 0 };
    let live = (0..stretch.len()).try_fold(nothing, |live, frame| {
        let live = live.with(stretch.frame(frame));
        (live.share() <= SMALL).then_some(live)
    });
    let is_worth_it =
        |live: &Live| live.columns() >= LEAST.0 && live.rows() >= LEAST.1 && live.share() <= SMALL;
    if let Some(live) = live.filter(is_worth_it) {
        let frames: Vec<_> = (0..stretch.len()).map(|frame| live.of(stretch.frame(frame))).collect();
        stretch.replace(0..stretch.len(), |frame| frames[frame].clone());
        stretch.enlarge_moves(|motion| live.enlarged(motion));
    }
}

impl Live {
    fn columns(self) -> usize {
        self.right.saturating_sub(self.left)
    }

    fn rows(self) -> usize {
        self.bottom.saturating_sub(self.top)
    }

    fn share(self) -> f32 {
        (self.columns() * self.rows()) as f32 / LUMA_BLOCKS as f32
    }

    /// With what of a picture is no bar.
    fn with(mut self, picture: &Descriptor) -> Self {
        let is_outside = |live: &Self, column: usize, row: usize| {
            !(live.left..live.right).contains(&column) || !(live.top..live.bottom).contains(&row)
        };
        for block in 0..LUMA_BLOCKS {
            let (column, row) = (block % COLUMNS, block / COLUMNS);
            if is_outside(&self, column, row) && !is_black(picture, block) {
                self.left = self.left.min(column);
                self.right = self.right.max(column + 1);
                self.top = self.top.min(row);
                self.bottom = self.bottom.max(row + 1);
            }
        }
        self
    }

    /// Where in the whole picture the middle of a cell of a grid over this part lies, among the blocks.
    fn source(self, (column, columns): (usize, usize), (row, rows): (usize, usize)) -> (usize, usize) {
        let at = |start: usize, size: usize, cell: usize, cells: usize| {
            start + (2 * cell + 1) * size / (2 * cells)
        };
        (at(self.left, self.columns(), column, columns), at(self.top, self.rows(), row, rows))
    }

    fn of(self, picture: &Descriptor) -> Descriptor {
        let block = |i: usize| {
            let (column, row) = self.source((i % COLUMNS, COLUMNS), (i / COLUMNS, ROWS));
            row * COLUMNS + column
        };
        let tint = |i: usize| {
            let (plane, cell) = (i / (TINT_BLOCKS / 2), i % (TINT_BLOCKS / 2));
            let (column, row) =
                self.source((cell % TINT_COLUMNS, TINT_COLUMNS), (cell / TINT_COLUMNS, TINT_ROWS));
            plane * TINT_BLOCKS / 2 + row * TINT_ROWS / ROWS * TINT_COLUMNS + column * TINT_COLUMNS / COLUMNS
        };
        let bars = 1.0 - self.share();
        let (mut luma, mut chroma) = (picture.luma, picture.chroma);
        without(&mut luma, 0..BLACK_BINS, bars);
        let (blue, red) = chroma.split_at_mut(CHROMA_BINS / 2);
        let grey = CHROMA_BINS / 4 - 2..CHROMA_BINS / 4 + 2;
        without(blue, grey.clone(), bars);
        without(red, grey, bars);
        Descriptor {
            luma,
            chroma,
            blocks: std::array::from_fn(|i| picture.blocks[block(i)]),
            textures: std::array::from_fn(|i| picture.textures[block(i)]),
            tints: std::array::from_fn(|i| picture.tints[tint(i)]),
        }
    }

    fn enlarged(self, motion: Motion) -> Motion {
        let by = |way: i8, whole: usize, part: usize| {
            (i32::from(way) * whole as i32 / part as i32).clamp(i8::MIN.into(), i8::MAX.into()) as i8
        };
        Motion { x: by(motion.x, COLUMNS, self.columns()), y: by(motion.y, ROWS, self.rows()), ..motion }
    }
}

fn is_black(picture: &Descriptor, block: usize) -> bool {
    picture.blocks[block] < BLACK && picture.textures[block] < EVEN
}

/// Takes the share of the bars out of the `bins` that hold it, and makes the others that much greater.
fn without(histogram: &mut [u16], bins: Range<usize>, share: f32) {
    let whole = f32::from(u16::MAX);
    let held: f32 = histogram[bins.clone()].iter().map(|bin| f32::from(*bin)).sum();
    let kept = 1.0 - (share * whole / held.max(1.0)).min(1.0);
    for (i, bin) in histogram.iter_mut().enumerate() {
        let left = if bins.contains(&i) { kept } else { 1.0 };
        *bin = (f32::from(*bin) * left / (1.0 - share)).min(whole) as u16;
    }
}

//! Whether two pictures show the same scene though the camera moved between them: the move is searched for, and what
//! both show of the scene is compared under it.

use super::descriptor::{COLUMNS, Descriptor, ROWS};
use super::light::{Color, colors, fit};

/// The longest move that is searched for, in blocks; two pictures further apart have too little in common.
const REACH: (i32, i32) = (5, 3);
/// What both pictures show is at least this share of each.
const OVERLAP: f32 = 0.6;
/// Of what both show, this share agrees.
const AGREEING: f32 = 0.6;
/// Mean squared error of a recognised picture, of its variance and in levels. Half a block is as precise as moves are.
const ERROR: (f32, f32) = (0.05, 80.0);
/// Palettes of a scene that is only moved are nearer than this. It spares the search.
const PALETTES: f32 = 0.08;

/// A move to the right and down, in halves of a block.
pub(super) type Move = (i32, i32);

/// Whether the scene of `a` is in `b`, elsewhere.
pub(super) fn is_moved(a: &Descriptor, b: &Descriptor) -> bool {
    if a.palette_distance(b) > PALETTES {
        return false;
    }
    let by = best(a, b);
    if by == (0, 0) {
        return false;
    }
    let (a, b) = (colors(a), colors(b));
    let (a, b): (Vec<Color>, Vec<Color>) =
        sources(by).map(|(block, corners)| (mix(corners.map(|at| a[at])), b[block])).unzip();
    fit(&a, &b, (AGREEING * a.len() as f32) as usize, ERROR)
}

/// The share of what is different between two pictures that is left when that move of the camera is undone.
pub(super) fn unexplained(a: &Descriptor, b: &Descriptor, by: Move) -> f32 {
    difference(a, b, beside(a, b, by)) / difference(a, b, (0, 0)).max(f32::EPSILON)
}

/// The move after which least is different: the best one by whole blocks, or half a block beside it.
fn best(a: &Descriptor, b: &Descriptor) -> Move {
    let rows = -REACH.1..=REACH.1;
    let whole = rows.flat_map(|y| (-REACH.0..=REACH.0).map(move |x| (2 * x, 2 * y)));
    beside(a, b, least(a, b, whole))
}

/// The best move within half a block of `by`.
fn beside(a: &Descriptor, b: &Descriptor, (x, y): Move) -> Move {
    least(a, b, (-1..=1).flat_map(|down| (-1..=1).map(move |right| (x + right, y + down))))
}

fn least(a: &Descriptor, b: &Descriptor, moves: impl Iterator<Item = Move>) -> Move {
    let known = moves.filter(|by| overlap(*by) >= OVERLAP).map(|by| (by, difference(a, b, by)));
    known.min_by(|a, b| a.1.total_cmp(&b.1)).map_or((0, 0), |(by, _)| by)
}

fn overlap((x, y): Move) -> f32 {
    let left = |halves: i32, blocks: usize| 1.0 - halves.abs() as f32 / (2 * blocks) as f32;
    left(x, COLUMNS) * left(y, ROWS)
}

/// Mean absolute difference of luma, over what both show.
fn difference(a: &Descriptor, b: &Descriptor, by: Move) -> f32 {
    let (columns, rows) = (Axis::of(by.0, COLUMNS), Axis::of(by.1, ROWS));
    let line = |picture: &Descriptor, row: usize, from: usize| -> [u8; COLUMNS] {
        let mut line = [0; COLUMNS];
        line[..columns.count].copy_from_slice(&picture.blocks[row * COLUMNS + from..][..columns.count]);
        line
    };
    let (low, high) = (columns.low, columns.high);
    let mut sum = 0;
    for row in 0..rows.count {
        let now = line(b, rows.first + row, columns.first);
        let (top, bottom) = (rows.low + row, rows.high + row);
        let before = [line(a, top, low), line(a, top, high), line(a, bottom, low), line(a, bottom, high)];
        for column in 0..COLUMNS {
            let before: i16 = before.iter().map(|line| i16::from(line[column])).sum();
            sum += i32::from((before - 4 * i16::from(now[column])).abs());
        }
    }
    sum as f32 / (4 * columns.count * rows.count).max(1) as f32
}

/// A move along one axis: which blocks show what was there before, and where that was, between two blocks or in one.
struct Axis {
    first: usize,
    count: usize,
    low: usize,
    high: usize,
}

impl Axis {
    fn of(halves: i32, blocks: usize) -> Self {
        // Where the first block of all was, which may be outside.
        let (low, high) = ((-halves).div_euclid(2), (1 - halves).div_euclid(2));
        let first = (-low).max(0) as usize;
        let end = (blocks as i32 - high).clamp(0, blocks as i32) as usize;
        let at = |offset: i32| (first as i32 + offset) as usize;
        Self { first, count: end.saturating_sub(first), low: at(low), high: at(high) }
    }
}

/// Where each block that shows something of before was then: the four blocks around it, which are fewer where the move
/// is of whole blocks.
fn sources(by: Move) -> impl Iterator<Item = (usize, [usize; 4])> {
    let (columns, rows) = (Axis::of(by.0, COLUMNS), Axis::of(by.1, ROWS));
    let at = |row: usize, column: usize| row * COLUMNS + column;
    (0..rows.count * columns.count).map(move |n| {
        let (row, column) = (n / columns.count, n % columns.count);
        let (top, bottom) = (rows.low + row, rows.high + row);
        let (left, right) = (columns.low + column, columns.high + column);
        let corners = [at(top, left), at(top, right), at(bottom, left), at(bottom, right)];
        (at(rows.first + row, columns.first + column), corners)
    })
}

fn mix(colors: [Color; 4]) -> Color {
    std::array::from_fn(|channel| colors.iter().map(|color| color[channel]).sum::<f32>() / 4.0)
}

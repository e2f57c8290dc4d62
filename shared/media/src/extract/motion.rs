//! How the camera moved from one frame to the next, on the minis that motion is measured on.

use std::ops::Range;

use super::measure::{MINI_HEIGHT, MINI_WIDTH, mean_change};
use crate::detect::Motion;

/// Longest move that is looked for, in pixels of a mini: a third of its width and of its height a frame.
const REACH: (usize, usize) = (21, 12);

/// The translation that turns `a` into `b` best: that of their projections on both axes (Cain, Hayat and Armstrong,
/// "Projection-based image registration in the presence of fixed-pattern noise", 2001).
pub(crate) fn motion(a: &[u8], b: &[u8]) -> Motion {
    let still = Motion { x: 0, y: 0, rest: mean_change(a, b) };
    if still.rest == 0 || a.len() != b.len() {
        return still;
    }
    let x = shift(&columns(a), &columns(b), REACH.0);
    let y = shift(&rows(a), &rows(b), REACH.1);
    // Even ground has no place along one axis: what is told there is chance, and makes it worse.
    let moves = [(x, 0), (0, y), (x, y)].map(|(x, y)| Motion { x, y, rest: rest(a, b, x, y) });
    moves.into_iter().fold(still, |least, other| if other.rest < least.rest { other } else { least })
}

fn columns(mini: &[u8]) -> [u32; MINI_WIDTH] {
    let mut sums = [0; MINI_WIDTH];
    for row in mini.chunks_exact(MINI_WIDTH) {
        for (sum, level) in sums.iter_mut().zip(row) {
            *sum += u32::from(*level);
        }
    }
    sums
}

fn rows(mini: &[u8]) -> [u32; MINI_HEIGHT] {
    let mut sums = [0; MINI_HEIGHT];
    for (sum, row) in sums.iter_mut().zip(mini.chunks_exact(MINI_WIDTH)) {
        *sum = row.iter().map(|level| u32::from(*level)).sum();
    }
    sums
}

/// By how much `b` is `a` moved on, in quarters; 0 of two that are equally good.
fn shift<const N: usize>(a: &[u32; N], b: &[u32; N], reach: usize) -> i8 {
    let error = |by: isize| {
        let (first, other) = if by < 0 { (b, a) } else { (a, b) };
        let overlap = N - by.unsigned_abs();
        let sum: u32 = first.iter().zip(&other[by.unsigned_abs()..]).map(|(a, b)| a.abs_diff(*b)).sum();
        f64::from(sum) / overlap as f64
    };
    let reach = reach as isize;
    let moves = (1..=reach).flat_map(|by| [by, -by]);
    let least = moves.fold((error(0), 0), |least, by| {
        let error = error(by);
        if error < least.0 { (error, by) } else { least }
    });
    let (at, by) = least;
    if by.abs() == reach {
        return (4 * by) as i8;
    }
    // The tip between the neighbours, where two lines of the same slope meet.
    let (left, right) = (error(by - 1), error(by + 1));
    let slope = left.max(right) - at;
    let part = if slope > 0.0 { (left - right) / (2.0 * slope) } else { 0.0 };
    (4.0 * (by as f64 + part)).round() as i8
}

/// Mean absolute difference that a move leaves where both pictures show the same, 0 to 65 535. Between whole pixels `a` is
/// interpolated.
fn rest(a: &[u8], b: &[u8], x: i8, y: i8) -> u16 {
    let ((columns, right), (rows, down)) = (overlap::<MINI_WIDTH>(x), overlap::<MINI_HEIGHT>(y));
    let (count, width) = ((columns.len() * rows.len()) as u64, columns.len());
    let first = columns.start.strict_add_signed(right.0);
    // Levels in sixteenths: 4080 at most. Lines are cut to one length, so that many pixels are computed at once.
    let blend =
        |near: u8, far: u8, quarters: u16| (4 - quarters) * u16::from(near) + quarters * u16::from(far);
    let mut sum = 0;
    for row in rows {
        let line = |offset: isize| &a[row.strict_add_signed(offset) * MINI_WIDTH..][first..=first + width];
        let (upper, lower) = (line(down.0), line(down.0 + 1));
        let shown = &b[row * MINI_WIDTH..][columns.clone()];
        let across = upper.iter().zip(&upper[1..]).zip(lower.iter().zip(&lower[1..]));
        let differences = across.zip(shown).map(|(((up, up_next), (low, low_next)), shown)| {
            let level =
                (4 - down.1) * blend(*up, *up_next, right.1) + down.1 * blend(*low, *low_next, right.1);
            u32::from((level / 16).abs_diff(u16::from(*shown)))
        });
        sum += u64::from(differences.sum::<u32>());
    }
    (sum * 65_535 / (count * 255)) as u16
}

/// Where a picture moved by so many quarters shows what it did before, and where that was: by how many pixels away, and
/// how many quarters further.
fn overlap<const N: usize>(quarters: i8) -> (Range<usize>, (isize, u16)) {
    let back = -isize::from(quarters);
    let (whole, part) = (back.div_euclid(4), back.rem_euclid(4) as u16);
    let start = usize::try_from(-whole).unwrap_or(0);
    let end = N - 1 - usize::try_from(whole).unwrap_or(0);
    (start..end, (whole, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(x: usize, y: usize) -> Vec<u8> {
        let wave = |at: usize, length: f64| (at as f64 / length).sin();
        let level = |x, y| 128.0 + 40.0 * wave(x, 3.0) + 25.0 * wave(x + y, 7.0) + 40.0 * wave(y, 4.0);
        (0..MINI_HEIGHT * MINI_WIDTH).map(|i| level(x + i % MINI_WIDTH, y + i / MINI_WIDTH) as u8).collect()
    }

    #[test]
    fn a_camera_that_pans_leaves_little_unexplained() {
        for (x, y) in [(7i8, 0i8), (0, 5), (6, 4)] {
            let moved = view(20 + x as usize, 20 + y as usize);
            for (found, sign) in [(motion(&moved, &view(20, 20)), 4), (motion(&view(20, 20), &moved), -4)] {
                assert!(found.x.abs_diff(sign * x) <= 2 && found.y.abs_diff(sign * y) <= 2, "{found:?}");
                assert!(found.rest < mean_change(&moved, &view(20, 20)) / 5, "{found:?}");
            }
        }
    }

    #[test]
    fn what_stays_did_not_move() {
        assert_eq!(motion(&view(3, 3), &view(3, 3)), Motion::default());
        assert_eq!(motion(&[], &[]), Motion::default());
    }
}

//! The noise of cameras.

use image::{GrayImage, Luma};

/// Median difference of neighbouring pixels from which a frame is grainy. Drawn slides have 0.
const GRAINY: u8 = 2;

/// Median difference of pixels beside each other.
fn grain(frame: &GrayImage) -> u8 {
    let mut counts = [0usize; 256];
    let mut pairs = 0;
    for row in frame.as_raw().chunks_exact(frame.width().max(1) as usize) {
        row.windows(2).for_each(|pair| counts[usize::from(pair[0].abs_diff(pair[1]))] += 1);
        pairs += row.len() - 1;
    }
    let mut sum = 0;
    let median = counts.iter().position(|count| (sum += count, 2 * sum >= pairs).1);
    median.unwrap_or(0) as u8
}

/// The frame without its grain: smoothed with the binomial 1 4 6 4 1 in both directions, about a Gaussian of one pixel.
/// What is drawn, and not filmed, stays as sharp as it is.
pub(super) fn smoothed(frame: &GrayImage) -> GrayImage {
    if grain(frame) < GRAINY {
        return frame.clone();
    }
    let (width, height) = frame.dimensions();
    let along = |frame: &GrayImage, by: (i64, i64)| {
        GrayImage::from_fn(width, height, |x, y| {
            let at = |step: i64| {
                let x = (i64::from(x) + step * by.0).clamp(0, i64::from(width) - 1) as u32;
                let y = (i64::from(y) + step * by.1).clamp(0, i64::from(height) - 1) as u32;
                u32::from(frame.get_pixel(x, y).0[0])
            };
            Luma([((at(-2) + at(2) + 4 * (at(-1) + at(1)) + 6 * at(0) + 8) / 16) as u8])
        })
    };
    along(&along(frame, (1, 0)), (0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grain_goes_and_drawn_edges_stay() {
        let mut state = 7u32;
        let grainy = GrayImage::from_fn(64, 36, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Luma([100 + (state >> 24) as u8 % 19])
        });
        let levels = |frame: &GrayImage| {
            let levels: Vec<u8> = frame.pixels().map(|pixel| pixel.0[0]).collect();
            levels.iter().max().unwrap() - levels.iter().min().unwrap()
        };
        assert!(levels(&smoothed(&grainy)) < levels(&grainy) / 4 * 3);
        let drawn = GrayImage::from_fn(64, 36, |x, _| Luma([if x < 30 { 0 } else { 255 }]));
        assert_eq!(smoothed(&drawn), drawn);
    }
}

//! What is measured on every frame, on a picture of 128 by 72 pixels.

use super::motion::motion;
use crate::{
    FrameMeasure, Ticks,
    detect::{CHROMA_BINS, Descriptor, LUMA_BINS, LUMA_BLOCKS, Motion, TINT_BLOCKS, blurred},
    features::MINI_PIXELS,
};

pub(super) const WIDTH: usize = 128;
pub(super) const HEIGHT: usize = 72;
/// Luma, and Cb and Cr of half the size.
pub(super) const FRAME_BYTES: usize = PIXELS + 2 * TINTED;
const PIXELS: usize = WIDTH * HEIGHT;
const TINTED: usize = PIXELS / 4;
/// Bins of one of the two chroma histograms.
const BINS: usize = CHROMA_BINS / 2;

pub(super) const MINI_WIDTH: usize = WIDTH / 2;
pub(super) const MINI_HEIGHT: usize = HEIGHT / 2;

/// Luma halved in both directions: what motion is measured on.
pub(super) type Mini = Vec<u8>;

/// Measures one frame of [`FRAME_BYTES`] bytes in JPEG's colours against the one before it.
pub(super) fn measure(pts: Ticks, planes: &[u8], previous: Option<&Mini>) -> (FrameMeasure, Mini) {
    let (luma, chroma) = planes.split_at(PIXELS);
    let (blue, red) = chroma.split_at(TINTED);
    let total: u32 = luma.iter().map(|level| u32::from(*level)).sum();
    let mini = halved(luma);
    let change = previous.map_or(0, |previous| mean_change(previous, &mini));
    let motion = previous.map_or(Motion::default(), |previous| motion(previous, &mini));
    let (blue_bins, red_bins) = (histogram::<BINS>(blue), histogram::<BINS>(red));
    let (blue_tints, red_tints) = (tints(blue), tints(red));
    let half = TINT_BLOCKS / 2;
    let descriptor = Descriptor {
        luma: histogram::<LUMA_BINS>(luma),
        chroma: std::array::from_fn(|bin| if bin < BINS { blue_bins[bin] } else { red_bins[bin - BINS] }),
        blocks: blocks::<LUMA_BLOCKS, 8, 8>(luma, WIDTH),
        textures: textures(luma),
        tints: std::array::from_fn(|i| if i < half { blue_tints[i] } else { red_tints[i - half] }),
    };
    let luma = (u64::from(total) * 65_535 / (PIXELS as u64 * 255)) as u16;
    (FrameMeasure { pts, luma, change, motion, is_considered: false, descriptor }, mini)
}

/// Mean absolute difference of two minis, 0 to 65 535.
pub(crate) fn mean_change(a: &[u8], b: &[u8]) -> u16 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    (sum * 65_535 / (MINI_PIXELS as u64 * 255)) as u16
}

fn halved(luma: &[u8]) -> Mini {
    let mut mini = Vec::with_capacity(MINI_PIXELS);
    for lines in luma.chunks_exact(2 * WIDTH) {
        let (upper, lower) = lines.split_at(WIDTH);
        let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
        let mean = |(a, b): (&[u8], &[u8])| {
            (a.iter().chain(b).map(|level| u16::from(*level)).sum::<u16>() / 4) as u8
        };
        mini.extend(pairs.map(mean));
    }
    mini
}

/// Shares of equally wide bins, blurred, in 1/65 535.
fn histogram<const N: usize>(levels: &[u8]) -> [u16; N] {
    // Four at once: neighbours are mostly alike, and a count waits for the one before it in the same bin.
    let mut counts = [[0u32; N]; 4];
    let bin = |level: u8| usize::from(level) * N / 256;
    for four in levels.chunks_exact(4) {
        for (counts, level) in counts.iter_mut().zip(four) {
            counts[bin(*level)] += 1;
        }
    }
    let sums = std::array::from_fn(|bin| counts.iter().map(|counts| counts[bin]).sum());
    blurred::<N>(sums).map(|count| (count * 65_535 / levels.len() as u32) as u16)
}

fn tints(plane: &[u8]) -> [u8; TINT_BLOCKS / 2] {
    blocks::<{ TINT_BLOCKS / 2 }, 8, 9>(plane, WIDTH / 2)
}

/// Means of blocks of `W` by `H` pixels in lines of `width`.
fn blocks<const N: usize, const W: usize, const H: usize>(plane: &[u8], width: usize) -> [u8; N] {
    let mut sums = [0u32; N];
    for (sums, lines) in sums.chunks_exact_mut(width / W).zip(plane.chunks_exact(width * H)) {
        for line in lines.chunks_exact(width) {
            for (sum, pixels) in sums.iter_mut().zip(line.chunks_exact(W)) {
                *sum += pixels.iter().map(|level| u32::from(*level)).sum::<u32>();
            }
        }
    }
    sums.map(|sum| (sum / (W * H) as u32) as u8)
}

/// Twice the standard deviation of each block of 8 by 8 pixels, which is 127.5 at most.
fn textures(luma: &[u8]) -> [u8; LUMA_BLOCKS] {
    let (mut sums, mut squares) = ([0u32; LUMA_BLOCKS], [0u32; LUMA_BLOCKS]);
    let blocks = sums.chunks_exact_mut(WIDTH / 8).zip(squares.chunks_exact_mut(WIDTH / 8));
    for ((sums, squares), lines) in blocks.zip(luma.chunks_exact(WIDTH * 8)) {
        for line in lines.chunks_exact(WIDTH) {
            for ((sum, square), pixels) in sums.iter_mut().zip(squares.iter_mut()).zip(line.chunks_exact(8)) {
                *sum += pixels.iter().map(|level| u32::from(*level)).sum::<u32>();
                *square += pixels.iter().map(|level| u32::from(*level) * u32::from(*level)).sum::<u32>();
            }
        }
    }
    std::array::from_fn(|block| {
        let variance = (64 * squares[block] - sums[block] * sums[block]) as f32 / (64.0 * 64.0);
        (2.0 * variance.sqrt()) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(luma: u8, blue: u8, red: u8) -> Vec<u8> {
        [vec![luma; PIXELS], vec![blue; TINTED], vec![red; TINTED]].concat()
    }

    #[test]
    fn white_after_black_is_the_greatest_change() {
        let (black, mini) = measure(0, &plain(0, 128, 128), None);
        let (white, _) = measure(1, &plain(255, 128, 128), Some(&mini));
        assert_eq!((black.luma, black.change), (0, 0));
        assert_eq!((white.luma, white.change), (65_535, 65_535));
        assert!(black.descriptor.distance(&white.descriptor) > 0.7);
    }

    #[test]
    fn blocks_and_tints_are_where_they_are() {
        let mut planes = plain(0, 128, 128);
        // The last block of luma, and the first of each colour.
        planes[PIXELS - 1] = 64;
        planes[PIXELS] = 200;
        planes[PIXELS + TINTED] = 0;
        let descriptor = measure(0, &planes, None).0.descriptor;
        assert_eq!(
            (descriptor.blocks[LUMA_BLOCKS - 1], descriptor.tints[0], descriptor.tints[32]),
            (1, 129, 126)
        );
        assert_eq!((descriptor.tints[1], descriptor.tints[33]), (128, 128));
        assert_eq!(descriptor.luma.iter().map(|share| u32::from(*share)).sum::<u32>() / 100, 655);
    }
}

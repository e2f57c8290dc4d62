//! What is measured on every frame, on a picture of 128 by 72 pixels.

use crate::{
    FrameMeasure, Ticks,
    detect::{Descriptor, LUMA_BINS},
    features::{MINI_PIXELS, THUMBNAIL_BYTES},
};

pub(super) const WIDTH: usize = 128;
pub(super) const HEIGHT: usize = 72;
pub(super) const FRAME_BYTES: usize = WIDTH * HEIGHT * 3;
const MINI_WIDTH: usize = WIDTH / 2;

/// Luma halved in both directions: what motion is measured on.
pub(super) type Mini = Vec<u8>;

/// Measures one frame of [`FRAME_BYTES`] sRGB bytes against the one before it.
pub(super) fn measure(pts: Ticks, rgb: &[u8], previous: Option<&Mini>) -> (FrameMeasure, Mini) {
    let mut sums = Sums::default();
    for (row, line) in rgb.chunks_exact(WIDTH * 3).enumerate() {
        for (column, pixel) in line.chunks_exact(3).enumerate() {
            sums.add(row, column, [pixel[0], pixel[1], pixel[2]]);
        }
    }
    let mini: Mini = sums.mini.iter().map(|sum| (sum / 4) as u8).collect();
    let pixels = (WIDTH * HEIGHT) as u32;
    let luma = (u64::from(sums.total) * 65_535 / u64::from(pixels * 255)) as u16;
    let change = previous.map_or(0, |previous| mean_change(previous, &mini));
    (FrameMeasure { pts, luma, change, descriptor: sums.descriptor() }, mini)
}

/// Mean absolute difference of two minis, 0 to 65 535.
pub(crate) fn mean_change(a: &[u8], b: &[u8]) -> u16 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    (sum * 65_535 / (MINI_PIXELS as u64 * 255)) as u16
}

/// 16 by 9 mean colours.
pub(super) fn thumbnail(rgb: &[u8]) -> Box<[u8; THUMBNAIL_BYTES]> {
    let mut sums = [0u32; THUMBNAIL_BYTES];
    for (row, line) in rgb.chunks_exact(WIDTH * 3).enumerate() {
        for (column, pixel) in line.chunks_exact(3).enumerate() {
            let at = (row / 8 * 16 + column / 8) * 3;
            for (sum, channel) in sums[at..].iter_mut().zip(pixel) {
                *sum += u32::from(*channel);
            }
        }
    }
    Box::new(sums.map(|sum| (sum / 64) as u8))
}

struct Sums {
    luma: [u32; LUMA_BINS],
    chroma: [u32; 32],
    blocks: [u32; 64],
    tints: [u32; 32],
    mini: [u32; MINI_PIXELS],
    total: u32,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            luma: [0; LUMA_BINS],
            chroma: [0; 32],
            blocks: [0; 64],
            tints: [0; 32],
            mini: [0; MINI_PIXELS],
            total: 0,
        }
    }
}

impl Sums {
    fn add(&mut self, row: usize, column: usize, [r, g, b]: [u8; 3]) {
        let [r, g, b] = [r, g, b].map(i32::from);
        // ITU-R BT.601, full range, in 1/256.
        let luma = ((77 * r + 150 * g + 29 * b) >> 8) as u32;
        let blue = (((-43 * r - 85 * g + 128 * b) >> 8) + 128).clamp(0, 255) as u32;
        let red = (((128 * r - 107 * g - 21 * b) >> 8) + 128).clamp(0, 255) as u32;
        self.luma[luma as usize / 8] += 1;
        self.chroma[blue as usize / 16] += 1;
        self.chroma[16 + red as usize / 16] += 1;
        self.blocks[row / 9 * 8 + column / 16] += luma;
        let tint = row / 18 * 4 + column / 32;
        self.tints[tint] += blue;
        self.tints[16 + tint] += red;
        self.mini[row / 2 * MINI_WIDTH + column / 2] += luma;
        self.total += luma;
    }

    fn descriptor(&self) -> Descriptor {
        let pixels = (WIDTH * HEIGHT) as u32;
        let share = |count: u32| (count * 65_535 / pixels) as u16;
        Descriptor {
            luma: self.luma.map(share),
            chroma: self.chroma.map(share),
            blocks: self.blocks.map(|sum| (sum / (9 * 16)) as u8),
            tints: self.tints.map(|sum| (sum / (18 * 32)) as u8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_after_black_is_the_greatest_change() {
        let (black, mini) = measure(0, &[0; FRAME_BYTES], None);
        let (white, _) = measure(1, &[255; FRAME_BYTES], Some(&mini));
        assert_eq!((black.luma, black.change), (0, 0));
        assert_eq!((white.luma, white.change), (65_535, 65_535));
        assert!(black.descriptor.distance(&white.descriptor) > 0.7);
        assert_eq!(*thumbnail(&[9; FRAME_BYTES]), [9; THUMBNAIL_BYTES]);
    }
}

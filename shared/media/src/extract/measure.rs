//! What is measured on every frame, on a picture of 128 by 72 pixels.

use crate::{
    FrameMeasure, Ticks,
    detect::{Descriptor, LUMA_BINS, LUMA_BLOCKS, TINT_BLOCKS, blurred},
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
    blue: [u32; 16],
    red: [u32; 16],
    blocks: [u32; LUMA_BLOCKS],
    tints: [u32; TINT_BLOCKS],
    mini: [u32; MINI_PIXELS],
    total: u32,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            luma: [0; LUMA_BINS],
            blue: [0; 16],
            red: [0; 16],
            blocks: [0; LUMA_BLOCKS],
            tints: [0; TINT_BLOCKS],
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
        self.blue[blue as usize / 16] += 1;
        self.red[red as usize / 16] += 1;
        self.blocks[row / 8 * 16 + column / 8] += luma;
        let tint = row / 18 * 8 + column / 16;
        self.tints[tint] += blue;
        self.tints[TINT_BLOCKS / 2 + tint] += red;
        self.mini[row / 2 * MINI_WIDTH + column / 2] += luma;
        self.total += luma;
    }

    fn descriptor(&self) -> Descriptor {
        let pixels = (WIDTH * HEIGHT) as u32;
        let share = |count: u32| (count * 65_535 / pixels) as u16;
        let (blue, red) = (blurred(self.blue).map(share), blurred(self.red).map(share));
        Descriptor {
            luma: blurred(self.luma).map(share),
            chroma: std::array::from_fn(|bin| if bin < 16 { blue[bin] } else { red[bin - 16] }),
            blocks: self.blocks.map(|sum| (sum / (8 * 8)) as u8),
            tints: self.tints.map(|sum| (sum / (18 * 16)) as u8),
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

//! A frame in 224 bytes, and how unlike two of them are.

/// Bins of the luma histogram.
pub(crate) const LUMA_BINS: usize = 32;
/// Bins of the two chroma histograms together, 16 each.
pub(crate) const CHROMA_BINS: usize = 32;
/// Mean luma of 8 by 8 blocks.
pub(crate) const LUMA_BLOCKS: usize = 64;
/// Mean Cb and Cr of 4 by 4 blocks.
pub(crate) const TINT_BLOCKS: usize = 32;

/// Histogram bins are fractions of the frame times 65 535.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Descriptor {
    pub(crate) luma: [u16; LUMA_BINS],
    pub(crate) chroma: [u16; CHROMA_BINS],
    pub(crate) blocks: [u8; LUMA_BLOCKS],
    pub(crate) tints: [u8; TINT_BLOCKS],
}

impl Default for Descriptor {
    fn default() -> Self {
        Self {
            luma: [0; LUMA_BINS],
            chroma: [0; CHROMA_BINS],
            blocks: [0; LUMA_BLOCKS],
            tints: [0; TINT_BLOCKS],
        }
    }
}

impl Descriptor {
    /// How unlike two frames are, 0 to 1, with layout counted: for neighbouring frames.
    pub(crate) fn distance(&self, other: &Self) -> f32 {
        let layout = 0.6 * means(&self.blocks, &other.blocks) + 0.4 * means(&self.tints, &other.tints);
        0.45 * self.palette_distance(other) + 0.55 * (2.0 * layout).min(1.0)
    }

    /// The same without layout, which a moving camera changes in every frame.
    pub(crate) fn palette_distance(&self, other: &Self) -> f32 {
        let luma = bins(&self.luma, &other.luma);
        let chroma = bins(&self.chroma, &other.chroma) / 2.0;
        0.6 * luma + 0.4 * chroma
    }

    /// Whether the whole frame is about one brightness, as in the middle of a fade.
    pub(crate) fn is_flat(&self) -> bool {
        let (low, high) = self.blocks.iter().fold((255, 0), |(low, high), b| ((*b).min(low), (*b).max(high)));
        high - low < 16
    }
}

fn means<const N: usize>(a: &[u8; N], b: &[u8; N]) -> f32 {
    let sum: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    sum as f32 / (N as f32 * 255.0)
}

/// Half the sum of differences, on histograms blurred by one bin: a slight change of exposure moves everything
/// into the next bin and is still a slight change.
fn bins<const N: usize>(a: &[u16; N], b: &[u16; N]) -> f32 {
    let difference = |i: usize| i32::from(a[i]) - i32::from(b[i]);
    let blurred = (0..N).map(|i| {
        let left = if i % 16 == 0 && N == CHROMA_BINS || i == 0 { difference(i) } else { difference(i - 1) };
        let right = if i + 1 == N { difference(i) } else { difference(i + 1) };
        (left + 2 * difference(i) + right).unsigned_abs()
    });
    blurred.sum::<u32>() as f32 / (2.0 * 4.0 * 65_535.0)
}

//! A frame in 480 bytes, and how unlike two of them are.

/// Bins of the luma histogram.
pub(crate) const LUMA_BINS: usize = 32;
/// Bins of the two chroma histograms together, 16 each.
pub(crate) const CHROMA_BINS: usize = 32;
/// Mean luma of 16 by 9 blocks.
pub(crate) const LUMA_BLOCKS: usize = COLUMNS * ROWS;
/// Mean Cb, then mean Cr, of 8 by 4 blocks.
pub(crate) const TINT_BLOCKS: usize = 64;
/// Luma blocks in a row.
pub(super) const COLUMNS: usize = 16;
pub(super) const ROWS: usize = 9;
/// The same of tints.
pub(super) const TINT_COLUMNS: usize = 8;
pub(super) const TINT_ROWS: usize = 4;

/// What going one bin of luma further counts, where having another level counts 2.
const BIN: f32 = 0.25;
/// The greatest share of a histogram.
const WHOLE: f32 = 65_535.0;
// What each part weighs in the distance. Palettes tell shots apart whatever moves within them, layouts tell apart what
// palettes confuse.
const LUMA_WEIGHT: f32 = 0.135 / WHOLE;
const CHROMA_WEIGHT: f32 = 0.045 / WHOLE;
const BLOCK_WEIGHT: f32 = 0.66 / (255.0 * LUMA_BLOCKS as f32);
const TINT_WEIGHT: f32 = 0.44 / (255.0 * TINT_BLOCKS as f32);

/// How a frame's picture is the one before it, moved.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Motion {
    /// To the right and down, in 256ths of the picture's width and 144ths of its height.
    pub(crate) x: i8,
    pub(crate) y: i8,
    /// Mean absolute luma change that this leaves, 0 to 65 535.
    pub(crate) rest: u16,
}

/// Histogram bins are fractions of the frame times 65 535, each blurred into its neighbours: a slight change of
/// exposure moves everything into the next bin and is still a slight change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Descriptor {
    pub(crate) luma: [u16; LUMA_BINS],
    pub(crate) chroma: [u16; CHROMA_BINS],
    pub(crate) blocks: [u8; LUMA_BLOCKS],
    /// Twice the standard deviation of luma within each block: writing on a board, which the blocks' means hardly show.
    pub(crate) textures: [u8; LUMA_BLOCKS],
    pub(crate) tints: [u8; TINT_BLOCKS],
}

impl Default for Descriptor {
    fn default() -> Self {
        Self {
            luma: [0; LUMA_BINS],
            chroma: [0; CHROMA_BINS],
            blocks: [0; LUMA_BLOCKS],
            textures: [0; LUMA_BLOCKS],
            tints: [0; TINT_BLOCKS],
        }
    }
}

impl Descriptor {
    /// The tint block where a luma block lies, among those of Cb.
    pub(super) fn tint_of(block: usize) -> usize {
        let (row, column) = (block / COLUMNS, block % COLUMNS);
        row * TINT_ROWS / ROWS * TINT_COLUMNS + column * TINT_COLUMNS / COLUMNS
    }

    /// How unlike two frames are: 0 for equal ones, about 0.5 for two shots, 1.46 at most.
    pub(crate) fn distance(&self, other: &Self) -> f32 {
        let blocks = differences(&self.blocks, &other.blocks, |a, b| a.abs_diff(b).into());
        let tints = differences(&self.tints, &other.tints, |a, b| a.abs_diff(b).into());
        self.palette_distance(other) + blocks * BLOCK_WEIGHT + tints * TINT_WEIGHT
    }

    /// What of the distance is one of palettes, whatever is where.
    pub(super) fn palette_distance(&self, other: &Self) -> f32 {
        let luma = self.luma_difference(other);
        let chroma = differences(&self.chroma, &other.chroma, |a, b| a.abs_diff(b).into());
        luma * LUMA_WEIGHT + chroma * CHROMA_WEIGHT
    }

    /// Of the histograms: what has another level; or, where that is less, how far it has gone (the earth mover's
    /// distance, which in one dimension is that of the cumulated histograms). A plain picture under a light that slowly
    /// changes is all in one bin, and then all in the next.
    fn luma_difference(&self, other: &Self) -> f32 {
        let (mut moved, mut ahead) = (0, 0i32);
        for (a, b) in self.luma.iter().zip(&other.luma) {
            ahead += i32::from(*a) - i32::from(*b);
            moved += ahead.unsigned_abs();
        }
        differences(&self.luma, &other.luma, |a, b| a.abs_diff(b).into()).min(moved as f32 * BIN)
    }

    /// Whether the whole frame is black or white, as in the middle of a fade.
    pub(super) fn is_plain(&self) -> bool {
        /// Share of the frame in one bin, blurred into three.
        const ALIKE: u32 = 62_913;
        /// The darkest white and the brightest black, of 255.
        const WHITE: f32 = 243.0;
        const BLACK: f32 = 12.0;
        /// Standard deviation of blocks, and mean distance from grey.
        const FLAT: f32 = 4.0;
        const GREY: u32 = 4;
        let alike =
            self.luma.windows(3).any(|bins| bins.iter().map(|bin| u32::from(*bin)).sum::<u32>() > ALIKE);
        let grey = self.tints.iter().map(|tint| u32::from(tint.abs_diff(128))).sum::<u32>()
            < GREY * TINT_BLOCKS as u32;
        let is_flat = || {
            let (mean, deviation) = mean_and_deviation(&self.blocks);
            deviation < FLAT && !(BLACK..=WHITE).contains(&mean)
        };
        alike && grey && is_flat()
    }

    /// The frame between two, `share` of the way.
    pub(super) fn between(&self, other: &Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| (a + (b - a) * share).round();
        let bin = |a: u16, b: u16| mix(a.into(), b.into()) as u16;
        let level = |a: u8, b: u8| mix(a.into(), b.into()) as u8;
        Self {
            luma: std::array::from_fn(|i| bin(self.luma[i], other.luma[i])),
            chroma: std::array::from_fn(|i| bin(self.chroma[i], other.chroma[i])),
            blocks: std::array::from_fn(|i| level(self.blocks[i], other.blocks[i])),
            textures: std::array::from_fn(|i| level(self.textures[i], other.textures[i])),
            tints: std::array::from_fn(|i| level(self.tints[i], other.tints[i])),
        }
    }

    /// The level that `rank` blocks are below, at most.
    pub(super) fn ranked(levels: &[u8; LUMA_BLOCKS], rank: usize) -> u8 {
        let mut counts = [0u8; 256];
        for level in levels {
            counts[usize::from(*level)] += 1;
        }
        let mut below = 0;
        let is_reached = |count: &u8| {
            below += usize::from(*count);
            below > rank
        };
        counts.iter().position(is_reached).map_or(u8::MAX, |level| level as u8)
    }
}

/// Frames added up, for their mean.
#[derive(Debug, Clone)]
pub(super) struct Total {
    frames: u32,
    luma: [u32; LUMA_BINS],
    chroma: [u32; CHROMA_BINS],
    blocks: [u32; LUMA_BLOCKS],
    textures: [u32; LUMA_BLOCKS],
    tints: [u32; TINT_BLOCKS],
}

impl Total {
    pub(super) fn of(frames: &[Descriptor]) -> Self {
        let mut total = Self {
            frames: frames.len() as u32,
            luma: [0; LUMA_BINS],
            chroma: [0; CHROMA_BINS],
            blocks: [0; LUMA_BLOCKS],
            textures: [0; LUMA_BLOCKS],
            tints: [0; TINT_BLOCKS],
        };
        for frame in frames {
            add(&mut total.luma, &frame.luma);
            add(&mut total.chroma, &frame.chroma);
            add(&mut total.blocks, &frame.blocks);
            add(&mut total.textures, &frame.textures);
            add(&mut total.tints, &frame.tints);
        }
        total
    }

    pub(super) fn with(mut self, other: &Self) -> Self {
        self.frames += other.frames;
        add(&mut self.luma, &other.luma);
        add(&mut self.chroma, &other.chroma);
        add(&mut self.blocks, &other.blocks);
        add(&mut self.textures, &other.textures);
        add(&mut self.tints, &other.tints);
        self
    }

    /// None of no frame.
    pub(super) fn mean(&self) -> Option<Descriptor> {
        if self.frames == 0 {
            return None;
        }
        // Times the reciprocal: a machine divides many numbers much slower, and one by one.
        let share = 1.0 / self.frames as f32;
        let mean = |sum: u32| (sum as f32).mul_add(share, 0.5);
        Some(Descriptor {
            luma: self.luma.map(|sum| mean(sum) as u16),
            chroma: self.chroma.map(|sum| mean(sum) as u16),
            blocks: self.blocks.map(|sum| mean(sum) as u8),
            textures: self.textures.map(|sum| mean(sum) as u8),
            tints: self.tints.map(|sum| mean(sum) as u8),
        })
    }
}

/// Blurs a histogram into its neighbouring bins; what is at an end stays there.
pub(crate) fn blurred<const N: usize>(bins: [u32; N]) -> [u32; N] {
    std::array::from_fn(|i| {
        let (left, right) = (bins[i.saturating_sub(1)], bins[(i + 1).min(N - 1)]);
        (left + 2 * bins[i] + right) / 4
    })
}

fn differences<T: Copy, const N: usize>(a: &[T; N], b: &[T; N], difference: impl Fn(T, T) -> u32) -> f32 {
    a.iter().zip(b).map(|(a, b)| difference(*a, *b)).sum::<u32>() as f32
}

fn add<T: Copy + Into<u32>>(sums: &mut [u32], values: &[T]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += (*value).into();
    }
}

fn mean_and_deviation(levels: &[u8]) -> (f32, f32) {
    let count = levels.len() as f32;
    let mean = levels.iter().map(|level| u32::from(*level)).sum::<u32>() as f32 / count;
    let squares: f32 = levels.iter().map(|level| (f32::from(*level) - mean).powi(2)).sum();
    (mean, (squares / count).sqrt())
}

//! What light does to a picture: red, green and blue of each block become a gain times what they were, plus an offset,
//! the same in all three, until one of them is as bright as can be. A line through luma alone does not know when that
//! is, and sees nothing in a picture whose parts are equally bright and of different colours.

use std::ops::RangeInclusive;

use super::descriptor::{Descriptor, LUMA_BLOCKS, TINT_BLOCKS};

/// The part of the picture that must agree; the rest may be covered.
const AGREEING: usize = LUMA_BLOCKS / 2;
/// What the light changes about contrast, at most.
const GAIN: RangeInclusive<f32> = 0.4..=2.5;
/// Light scales everything (no offset), or mixes white in (a flash, a fade: its offset makes white stay white), or does
/// something between the two; within this many levels.
const OFFSET_SLACK: f32 = 8.0;
/// A picture with less variance among its agreeing blocks has no features to be recognised by.
const FEATURES: f32 = 12.0;
/// What is so bright in one of red, green and blue may have been brighter.
const CLIPPED: f32 = 250.0;
/// Least-squares fits, each on the blocks that fit the last one best (Rousseeuw and Van Driessen, 2006: "C-steps").
const FITS: usize = 4;
/// Of a [`Color`].
const CHANNELS: usize = 4;

/// Whether half of `b` is half of `a` under another light: a robust line through the blocks' colours (least trimmed
/// squares), which is one that light can draw. What it leaves is less than this `share` of the variance, and less than
/// `most` in levels.
pub(super) fn fits(a: &Descriptor, b: &Descriptor, error: (f32, f32)) -> bool {
    fit(&colors(a), &colors(b), AGREEING, error)
}

/// The same of pairs of blocks, of which so many are to agree.
pub(super) fn fit(a: &[Color], b: &[Color], agreeing: usize, (share, most): (f32, f32)) -> bool {
    let mut ranks = [0u64; LUMA_BLOCKS];
    let ranks = &mut ranks[..a.len()];
    let mut order: [usize; LUMA_BLOCKS] = std::array::from_fn(|block| block);
    let mut line = Line::through(a, b, &order[..a.len()]);
    for _ in 0..FITS {
        // Bits of what is not negative are in its order; the block itself comes last.
        for (block, rank) in ranks.iter_mut().enumerate() {
            *rank = u64::from(line.error(&a[block], &b[block]).to_bits()) << 8 | block as u64;
        }
        ranks.select_nth_unstable(agreeing.saturating_sub(1));
        for (block, rank) in order.iter_mut().zip(&*ranks) {
            *block = (rank & 0xff) as usize;
        }
        line = Line::through(a, b, &order[..agreeing]);
    }
    let errors = order[..agreeing].iter().map(|block| line.error(&a[*block], &b[*block]));
    let error = errors.sum::<f32>() / agreeing as f32;
    line.features > FEATURES && line.is_light() && error < most.min(share * line.features)
}

/// Red, green and blue; and nothing, since a machine computes four at once.
pub(super) type Color = [f32; CHANNELS];

/// Red, green and blue of each block (ITU-R BT.601, full range).
pub(super) fn colors(picture: &Descriptor) -> [Color; LUMA_BLOCKS] {
    std::array::from_fn(|block| {
        let tint = Descriptor::tint_of(block);
        let from_grey = |tint: usize| f32::from(picture.tints[tint]) - 128.0;
        let (luma, blue, red) =
            (f32::from(picture.blocks[block]), from_grey(tint), from_grey(tint + TINT_BLOCKS / 2));
        [luma + 1.402 * red, luma - 0.344 * blue - 0.714 * red, luma + 1.772 * blue, 255.0]
    })
}

/// What light did to red, green and blue alike.
struct Line {
    gain: f32,
    offset: f32,
    /// The variance that can be told by, on the side that has less.
    features: f32,
}

impl Line {
    fn through(a: &[Color], b: &[Color], blocks: &[usize]) -> Self {
        let sums = Sums::of(blocks.iter().map(|block| {
            let (a, b) = (a[*block], b[*block]);
            let is_known = std::array::from_fn(|channel| f32::from(a[channel].max(b[channel]) < CLIPPED));
            (a, b, is_known)
        }));
        let (variance_a, variance_b) = (sums.variance_a(), sums.variance_b());
        let gain = if variance_a > FEATURES { sums.covariance() / variance_a } else { 1.0 };
        let gain = gain.clamp(*GAIN.start(), *GAIN.end());
        let features = (variance_a * gain).min(variance_b / gain);
        Self { gain, offset: sums.mean_b() - gain * sums.mean_a(), features }
    }

    /// Mean square of what it leaves unexplained.
    fn error(&self, before: &Color, after: &Color) -> f32 {
        let squares: Color = std::array::from_fn(|channel| {
            let (before, after) = (before[channel], after[channel]);
            let error = after - (self.gain * before + self.offset).clamp(0.0, 255.0);
            let error = if before < CLIPPED { error } else { error.min(0.0) };
            error * error
        });
        (squares[0] + squares[1] + squares[2]) / 3.0
    }

    fn is_light(&self) -> bool {
        let white = 255.0 * (1.0 - self.gain);
        (white.min(0.0) - OFFSET_SLACK..=white.max(0.0) + OFFSET_SLACK).contains(&self.offset)
    }
}

/// Moments of what is known in each channel.
#[derive(Default)]
struct Sums {
    count: Color,
    a: Color,
    b: Color,
    aa: Color,
    bb: Color,
    ab: Color,
}

impl Sums {
    /// Of colours before and after, and 1 for each channel that is known of both, or 0.
    fn of(points: impl Iterator<Item = (Color, Color, Color)>) -> Self {
        let mut sums = Self::default();
        for (a, b, known) in points {
            for channel in 0..CHANNELS {
                let (a, b, known) = (a[channel], b[channel], known[channel]);
                sums.count[channel] += known;
                sums.a[channel] += known * a;
                sums.b[channel] += known * b;
                sums.aa[channel] += known * a * a;
                sums.bb[channel] += known * b * b;
                sums.ab[channel] += known * a * b;
            }
        }
        sums
    }

    fn count(&self) -> f32 {
        self.count.iter().sum::<f32>().max(1.0)
    }

    fn mean_a(&self) -> f32 {
        self.a.iter().sum::<f32>() / self.count()
    }

    fn mean_b(&self) -> f32 {
        self.b.iter().sum::<f32>() / self.count()
    }

    /// The mean over all channels of products of differences from the channel's own means.
    fn moment(&self, products: &Color, a: &Color, b: &Color) -> f32 {
        let about_means =
            |channel: usize| products[channel] - a[channel] * b[channel] / self.count[channel].max(1.0);
        (0..CHANNELS).map(about_means).sum::<f32>() / self.count()
    }

    fn variance_a(&self) -> f32 {
        self.moment(&self.aa, &self.a, &self.a)
    }

    fn variance_b(&self) -> f32 {
        self.moment(&self.bb, &self.b, &self.b)
    }

    fn covariance(&self) -> f32 {
        self.moment(&self.ab, &self.a, &self.b)
    }
}

//! What light does to a picture: red, green and blue of each block become a gain times what they were, plus an offset,
//! the same in all three, until one of them is as bright as can be. A line through luma alone does not know when that
//! is, and sees nothing in a picture whose parts are equally bright and of different colours.

use std::ops::RangeInclusive;

use super::descriptor::{Descriptor, LUMA_BLOCKS, TINT_BLOCKS};
use super::moments::Sums;

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

/// Whether half of `b` is half of `a` under another light: a robust line through the blocks' colours (least trimmed
/// squares), which is one that light can draw. What it leaves is less than this `share` of the variance, and less than
/// `most` in levels.
pub(super) fn fits(a: &Descriptor, b: &Descriptor, (share, most): (f32, f32)) -> bool {
    let (a, b) = (colors(a), colors(b));
    let all: [usize; LUMA_BLOCKS] = std::array::from_fn(|block| block);
    let mut order = all;
    let mut line = Line::through(&a, &b, &all);
    for _ in 0..FITS {
        let errors: [f32; LUMA_BLOCKS] = std::array::from_fn(|block| line.error(&a[block], &b[block]));
        order.select_nth_unstable_by(AGREEING - 1, |x, y| errors[*x].total_cmp(&errors[*y]).then(x.cmp(y)));
        line = Line::through(&a, &b, &order[..AGREEING]);
    }
    let agreeing = &order[..AGREEING];
    let error =
        agreeing.iter().map(|block| line.error(&a[*block], &b[*block])).sum::<f32>() / AGREEING as f32;
    line.features > FEATURES && line.is_light() && error < most.min(share * line.features)
}

type Color = [f32; 3];

/// Red, green and blue of each block (ITU-R BT.601, full range).
fn colors(picture: &Descriptor) -> [Color; LUMA_BLOCKS] {
    std::array::from_fn(|block| {
        let tint = Descriptor::tint_of(block);
        let from_grey = |tint: usize| f32::from(picture.tints[tint]) - 128.0;
        let (luma, blue, red) =
            (f32::from(picture.blocks[block]), from_grey(tint), from_grey(tint + TINT_BLOCKS / 2));
        [luma + 1.402 * red, luma - 0.344 * blue - 0.714 * red, luma + 1.772 * blue]
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
        let channels: [Sums; 3] = std::array::from_fn(|channel| {
            let points = blocks.iter().map(|block| (a[*block][channel], b[*block][channel]));
            Sums::of(points.filter(|(a, b)| a.max(*b) < CLIPPED))
        });
        let count: f32 = channels.iter().map(|sums| sums.count).sum::<f32>().max(1.0);
        let mean = |value: fn(&Sums) -> f32| {
            let known = channels.iter().filter(|sums| sums.count > 0.0);
            known.map(|sums| value(sums) * sums.count).sum::<f32>() / count
        };
        let (variance_a, variance_b) = (mean(Sums::variance_a), mean(Sums::variance_b));
        let gain = if variance_a > FEATURES { mean(Sums::covariance) / variance_a } else { 1.0 };
        let gain = gain.clamp(*GAIN.start(), *GAIN.end());
        let features = (variance_a * gain).min(variance_b / gain);
        Self { gain, offset: mean(Sums::mean_b) - gain * mean(Sums::mean_a), features }
    }

    /// Mean square of what it leaves unexplained.
    fn error(&self, before: &Color, after: &Color) -> f32 {
        let error = |(before, after): (&f32, &f32)| {
            let told = (self.gain * before + self.offset).clamp(0.0, 255.0);
            let error = if *before < CLIPPED { after - told } else { (after - told).min(0.0) };
            error * error
        };
        before.iter().zip(after).map(error).sum::<f32>() / 3.0
    }

    fn is_light(&self) -> bool {
        let white = 255.0 * (1.0 - self.gain);
        (white.min(0.0) - OFFSET_SLACK..=white.max(0.0) + OFFSET_SLACK).contains(&self.offset)
    }
}

//! Whether two pictures show the same scene, though light, a caption or somebody in front of the camera changed much of
//! the picture.

use std::ops::RangeInclusive;

use super::boards::{is_reread, is_rewritten};
use super::descriptor::{COLUMNS, Descriptor, LUMA_BLOCKS, TINT_BLOCKS};
use super::stretch::Stretch;

/// The part of the picture that must agree; the rest may be covered.
const AGREEING: usize = LUMA_BLOCKS / 2;
/// What the light changes about contrast, at most.
const GAIN: RangeInclusive<f32> = 0.4..=2.5;
/// Light scales everything (no offset), or mixes white in (a flash, a fade: its offset makes white stay white), or does
/// something between the two; within this many levels.
const OFFSET_SLACK: f32 = 8.0;
/// A picture with less variance among its agreeing blocks has no features to be recognised by.
const FEATURES: f32 = 12.0;
/// Mean squared error of a recognised picture, of its variance and in levels.
const ERROR: (f32, f32) = (0.15, 60.0);
/// The same for what must be recognised surely.
const SURE_ERROR: (f32, f32) = (0.06, 30.0);
/// Mean difference of chroma, in levels, once its saturation follows the light.
const TINT: f32 = 8.0;
/// A block whose luma and chroma are within this has not changed; so has a picture of which so many have not.
const UNCHANGED: u8 = 3;
/// Blocks of chroma are larger: a caption touches half of them.
const UNCHANGED_TINTS: f32 = 0.45;
/// By this share of its texture grain may change a block, beyond that: two standard deviations of the difference of two
/// means of 64 pixels.
const GRAIN: f32 = 0.18;
const UNCHANGED_SHARE: f32 = 0.6;
/// A picture that comes back to within this share of the jump away from it is back.
const BACK: f32 = 0.35;
/// Least-squares fits, each on the blocks that fit the last one best (Rousseeuw and Van Driessen, 2006: "C-steps").
const FITS: usize = 4;

/// Whether the scene at `at - gap` is there again, or still, at `at + gap`, for one of the gaps. `size` is how far
/// apart the pictures on both sides are.
pub(super) fn is_same_around(stretch: &Stretch, at: f64, gaps: &[f64], size: f32) -> bool {
    gaps.iter().any(|gap| {
        let (before, after) = (stretch.just_before(at - gap), stretch.just_after(at + gap));
        is_back(&before, &after, size)
    })
}

/// Whether `after` is what was there `before` a jump of that `size` away from it.
pub(super) fn is_back(before: &Descriptor, after: &Descriptor, size: f32) -> bool {
    before.distance(after) < BACK * size && !is_rewritten(before, after) || is_same(before, after)
}

/// Whether the scene is there again after something that took longer: a lorry, a hand before the lens.
pub(super) fn returns(stretch: &Stretch, at: f64, gap: f64) -> bool {
    let near = gap + 0.1;
    [gap + 0.6, gap + 1.0, gap + 1.4].into_iter().flat_map(|far| [(near, far), (far, near)]).any(
        |(left, right)| {
            let (from, until) = (at - left, at + right);
            stretch.holds(from, until)
                && fits(&stretch.just_before(from), &stretch.just_after(until), SURE_ERROR)
        },
    )
}

/// Whether both pictures show the same scene.
pub(super) fn is_same(a: &Descriptor, b: &Descriptor) -> bool {
    (is_unchanged(a, b) || fits(a, b, ERROR) || is_reread(a, b)) && !is_rewritten(a, b)
}

/// How alike the layouts are whatever the light: the correlation of luma blocks, -1 to 1.
pub(super) fn correlation(a: &Descriptor, b: &Descriptor) -> f32 {
    let pairs: Vec<_> = a.blocks.iter().zip(&b.blocks).map(|(a, b)| (f32::from(*a), f32::from(*b))).collect();
    let sums = Sums::of(pairs.iter().copied());
    sums.covariance() / (sums.variance_a() * sums.variance_b()).sqrt().max(1e-6)
}

fn is_unchanged(a: &Descriptor, b: &Descriptor) -> bool {
    let share = |a: &[u8], b: &[u8], by: u8| {
        let unchanged = a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) < by).count();
        unchanged as f32 / a.len() as f32
    };
    if share(&a.tints, &b.tints, UNCHANGED) <= UNCHANGED_TINTS {
        return false;
    }
    let grain = (f32::from(grain(a).min(grain(b))) * GRAIN) as u8;
    share(&a.blocks, &b.blocks, UNCHANGED + grain) > UNCHANGED_SHARE
}

/// Texture that is nearly everywhere: noise.
fn grain(picture: &Descriptor) -> u8 {
    let mut textures = picture.textures;
    *textures.select_nth_unstable(LUMA_BLOCKS / 4).1
}

/// Whether half of `b` is half of `a` under another light: a robust line through the blocks' luma (least trimmed
/// squares), which is one that light can draw, with colours that follow it.
fn fits(a: &Descriptor, b: &Descriptor, (most_of_variance, most): (f32, f32)) -> bool {
    let points: [(f32, f32); LUMA_BLOCKS] = std::array::from_fn(|i| (a.blocks[i].into(), b.blocks[i].into()));
    let mut order: [usize; LUMA_BLOCKS] = std::array::from_fn(|block| block);
    let mut line = Line::through(points.iter().copied());
    for _ in 0..FITS {
        let errors: [f32; LUMA_BLOCKS] =
            std::array::from_fn(|block| line.error(points[block]).abs() + tint_error(a, b, block, line.gain));
        order.select_nth_unstable_by(AGREEING - 1, |x, y| errors[*x].total_cmp(&errors[*y]).then(x.cmp(y)));
        line = Line::through(order[..AGREEING].iter().map(|block| points[*block]));
    }
    let agreeing = &order[..AGREEING];
    let mean = |value: &dyn Fn(usize) -> f32| {
        agreeing.iter().map(|block| value(*block)).sum::<f32>() / AGREEING as f32
    };
    let error = mean(&|block| line.error(points[block]).powi(2));
    line.features > FEATURES
        && line.is_light()
        && error < most.min(most_of_variance * line.features)
        && mean(&|block| tint_error(a, b, block, line.gain)) < TINT
}

/// How far the colour of a block is from that of `a` with its saturation times `gain`.
fn tint_error(a: &Descriptor, b: &Descriptor, block: usize, gain: f32) -> f32 {
    let tint = tint_of(block);
    let error = |tint: usize| {
        let from_grey = |level: u8| f32::from(level) - 128.0;
        (from_grey(b.tints[tint]) - gain * from_grey(a.tints[tint])).abs()
    };
    error(tint).midpoint(error(tint + TINT_BLOCKS / 2))
}

/// Luma after, of luma before.
struct Line {
    gain: f32,
    offset: f32,
    /// The variance that can be told by, on the side that has less.
    features: f32,
}

impl Line {
    fn through(points: impl Iterator<Item = (f32, f32)>) -> Self {
        let sums = Sums::of(points);
        let gain = if sums.variance_a() > FEATURES { sums.covariance() / sums.variance_a() } else { 1.0 };
        let gain = gain.clamp(*GAIN.start(), *GAIN.end());
        let features = (sums.variance_a() * gain).min(sums.variance_b() / gain);
        Self { gain, offset: sums.mean_b() - gain * sums.mean_a(), features }
    }

    fn error(&self, (before, after): (f32, f32)) -> f32 {
        after - self.gain * before - self.offset
    }

    fn is_light(&self) -> bool {
        let white = 255.0 * (1.0 - self.gain);
        (white.min(0.0) - OFFSET_SLACK..=white.max(0.0) + OFFSET_SLACK).contains(&self.offset)
    }
}

/// The tint block where a luma block lies, among those of Cb.
fn tint_of(block: usize) -> usize {
    let (row, column) = (block / COLUMNS, block % COLUMNS);
    (row * 4 / 9) * 8 + column / 2
}

/// Moments of points.
#[derive(Default)]
struct Sums {
    count: f32,
    a: f32,
    b: f32,
    aa: f32,
    bb: f32,
    ab: f32,
}

impl Sums {
    fn of(points: impl Iterator<Item = (f32, f32)>) -> Self {
        points.fold(Self::default(), |sums, (a, b)| Self {
            count: sums.count + 1.0,
            a: sums.a + a,
            b: sums.b + b,
            aa: sums.aa + a * a,
            bb: sums.bb + b * b,
            ab: sums.ab + a * b,
        })
    }

    fn mean_a(&self) -> f32 {
        self.a / self.count
    }

    fn mean_b(&self) -> f32 {
        self.b / self.count
    }

    fn variance_a(&self) -> f32 {
        self.aa / self.count - self.mean_a().powi(2)
    }

    fn variance_b(&self) -> f32 {
        self.bb / self.count - self.mean_b().powi(2)
    }

    fn covariance(&self) -> f32 {
        self.ab / self.count - self.mean_a() * self.mean_b()
    }
}

//! Whether two pictures show the same scene, though light, a caption or somebody in front of the camera changed much of
//! the picture.

use super::boards::{is_reread, is_rewritten};
use super::descriptor::{COLUMNS, Descriptor, LUMA_BLOCKS, TINT_BLOCKS};
use super::light::fits;
use super::moments::Sums;
use super::moved::is_moved;
use super::stretch::Stretch;

/// Mean squared error of a recognised picture, of its variance and in levels.
const ERROR: (f32, f32) = (0.15, 60.0);
/// The same for what must be recognised surely.
const SURE_ERROR: (f32, f32) = (0.06, 30.0);
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
/// So much of a picture stands still beside what fills the rest of it.
const PART: f32 = 0.33;

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
                && is_surely_same(&stretch.just_before(from), &stretch.just_after(until))
        },
    )
}

fn is_surely_same(a: &Descriptor, b: &Descriptor) -> bool {
    fits(a, b, SURE_ERROR) || is_moved(a, b)
}

/// Whether both pictures show the same scene.
pub(super) fn is_same(a: &Descriptor, b: &Descriptor) -> bool {
    (is_unchanged(a, b) || is_partly_unchanged(a, b) || fits(a, b, ERROR) || is_reread(a, b))
        && !is_rewritten(a, b)
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

/// Whether a part of the picture stands still that is unlike the rest of it: more of the blocks agree than do with those
/// of the mirrored picture, where what is dark, plain or above the horizon in both agrees by chance.
fn is_partly_unchanged(a: &Descriptor, b: &Descriptor) -> bool {
    let mirrored = |block: usize| block / COLUMNS * COLUMNS + COLUMNS - 1 - block % COLUMNS;
    let grain = (f32::from(grain(a).min(grain(b))) * GRAIN) as u8;
    let agrees = |block: usize, other: usize| {
        let (tint, tint_other) = (Descriptor::tint_of(block), Descriptor::tint_of(other));
        let is_near = |a: u8, b: u8, by: u8| a.abs_diff(b) < by;
        let texture = a.textures[block].max(b.textures[other]);
        is_near(a.blocks[block], b.blocks[other], UNCHANGED + grain)
            && is_near(a.tints[tint], b.tints[tint_other], UNCHANGED)
            && is_near(a.tints[tint + TINT_BLOCKS / 2], b.tints[tint_other + TINT_BLOCKS / 2], UNCHANGED)
            && is_near(a.textures[block], b.textures[other], UNCHANGED + texture / 4)
    };
    let agreeing = (0..LUMA_BLOCKS).filter(|block| agrees(*block, *block)).count();
    let by_chance = (0..LUMA_BLOCKS).filter(|block| agrees(*block, mirrored(*block))).count();
    agreeing as f32 > by_chance as f32 + PART * LUMA_BLOCKS as f32
}

/// Texture that is nearly everywhere: noise.
fn grain(picture: &Descriptor) -> u8 {
    Descriptor::ranked(&picture.textures, LUMA_BLOCKS / 4)
}

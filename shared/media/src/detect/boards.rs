//! Boards, slides and screens: little writing on an even ground, all of one colour. What makes another one of them is
//! other writing, though most of the picture stays as it is; a line more, or all but one wiped out, does not.

use super::descriptor::{Descriptor, LUMA_BLOCKS};

/// A block is written on when its texture is this much above that of the ground, in half levels, and so many times as great.
const WRITTEN: u8 = 4;
const CONTRAST: u8 = 2;
/// Fewer such blocks are no board that could be recognised.
const LEAST: usize = 3;
/// Standard deviation of luma of the ground's blocks, at most: in levels, and of the writing's texture. All is even in a
/// dark scene; but what stands out there does so no more than the ground does from itself.
const EVEN: f32 = 8.0;
const EVEN_SHARE: f32 = 0.5;
/// The writing of a block is still there when its texture has changed by no more than this factor, once contrast follows the light.
const KEPT: f32 = 1.2;
/// Of other writing, no more than this share stands where it stood by chance.
const CHANCE: f32 = 0.4;
/// Of the same writing, at least this share does.
const MOST: f32 = 0.7;

/// Whether both are boards and other things are written on them.
pub(super) fn is_rewritten(a: &Descriptor, b: &Descriptor) -> bool {
    kept(a, b).is_some_and(|kept| kept < CHANCE)
}

/// Whether both are boards and the same is written on them, under whatever light.
pub(super) fn is_reread(a: &Descriptor, b: &Descriptor) -> bool {
    kept(a, b).is_some_and(|kept| kept > MOST)
}

/// How much of the writing on the emptier of two boards is on the other one too, as a share; none of what are no boards.
fn kept(a: &Descriptor, b: &Descriptor) -> Option<f32> {
    let (old, new) = (Board::of(a)?, Board::of(b)?);
    let least = Some(old.count.min(new.count)).filter(|count| *count >= LEAST)?;
    let mut ratios: Vec<f32> = (0..LUMA_BLOCKS)
        .filter(|block| old.writing[*block].min(new.writing[*block]) > 0.0)
        .map(|block| new.writing[block] / old.writing[block])
        .collect();
    ratios.sort_by(f32::total_cmp);
    let gain = ratios.get(ratios.len() / 2).copied().unwrap_or(1.0);
    let agreeing =
        |gain: f32| ratios.iter().filter(|ratio| (gain / *ratio).max(*ratio / gain) < KEPT).count();
    Some(agreeing(gain).max(agreeing(1.0)) as f32 / least as f32)
}

struct Board {
    /// Texture above that of the ground; 0 where nothing is written.
    writing: [f32; LUMA_BLOCKS],
    count: usize,
}

impl Board {
    fn of(picture: &Descriptor) -> Option<Self> {
        let ground = Descriptor::ranked(&picture.textures, LUMA_BLOCKS / 2);
        let is_written = |block: usize| {
            picture.textures[block] >= ground.saturating_mul(CONTRAST).max(ground.saturating_add(WRITTEN))
        };
        let above = |block: usize| f32::from(picture.textures[block] - ground);
        let writing = std::array::from_fn(|block| if is_written(block) { above(block) } else { 0.0 });
        let free = (0..LUMA_BLOCKS).filter(|block| !is_written(*block));
        let (count, sum, squares) = free.fold((0u32, 0u32, 0u32), |(count, sum, squares), block| {
            let level = u32::from(picture.blocks[block]);
            (count + 1, sum + level, squares + level * level)
        });
        let mean = sum as f32 / count as f32;
        let variance = squares as f32 / count as f32 - mean * mean;
        let board = Self { writing, count: LUMA_BLOCKS - count as usize };
        let texture = writing.iter().sum::<f32>() / board.count.max(1) as f32;
        (variance < EVEN.min(EVEN_SHARE * texture).powi(2)).then_some(board)
    }
}

use super::*;
use crate::detect::{descriptor::COLUMNS, likeness::is_same};

/// A picture of those colours by the share of its width, under a light that is so many times as strong.
fn lit(light: f32, color: impl Fn(f32) -> [f32; 3]) -> Descriptor {
    // ITU-R BT.601, full range.
    let seen = |column: usize, columns: usize| {
        color(column as f32 / columns as f32).map(|level| (level * light).min(255.0))
    };
    let luma = |[red, green, blue]: [f32; 3]| 0.299 * red + 0.587 * green + 0.114 * blue;
    let tint = |i: usize| {
        let color @ [red, _, blue] = seen(i % 8, 8);
        let difference =
            if i < TINT_BLOCKS / 2 { (blue - luma(color)) / 1.772 } else { (red - luma(color)) / 1.402 };
        (128.0 + difference).round() as u8
    };
    let block = |i: usize| luma(seen(i % COLUMNS, COLUMNS)).round() as u8;
    of(std::array::from_fn(block), std::array::from_fn(tint))
}

#[test]
fn colours_tell_a_picture_that_is_equally_bright_everywhere() {
    let pink_to_tan = |x: f32| [250.0 - 60.0 * x, 110.0 + 40.0 * x, 210.0 - 100.0 * x];
    let green_to_pink = |x: f32| [110.0 + 140.0 * x, 190.0 - 80.0 * x, 60.0 + 150.0 * x];
    assert!(is_same(&lit(1.0, pink_to_tan), &lit(0.6, pink_to_tan)));
    assert!(!is_same(&lit(1.0, pink_to_tan), &lit(1.0, green_to_pink)));
    assert!(!is_same(&lit(1.0, pink_to_tan), &lit(0.6, green_to_pink)));
}

#[test]
fn a_light_too_bright_for_one_colour_is_a_light() {
    let sky = |x: f32| [150.0 - 90.0 * x, 240.0 - 110.0 * x, 215.0 + 10.0 * x];
    assert!(is_same(&lit(0.95, sky), &lit(1.4, sky)));
    assert!(is_same(&lit(1.4, sky), &lit(0.95, sky)));
}

#[test]
fn a_plain_picture_under_a_light_that_drifts_does_not_jump() {
    // All of it moves from one bin of the histogram into the next one.
    for level in 40..220 {
        assert!(plain(level).distance(&plain(level + 1)) < 0.05, "{level}");
    }
    let dimmed = |n| plain(220 - (30.0 * progress(n, 30..210)) as u8);
    assert_eq!(frames_of(film(250, dimmed)), [0usize; 0]);
}

#[test]
fn what_stands_still_beside_something_large_tells_the_scene() {
    let mut covered = scene(3);
    for block in (0..LUMA_BLOCKS).filter(|block| block % COLUMNS >= 6) {
        covered.blocks[block] = 20 + (block * 7 % 13) as u8;
    }
    for tint in (0..TINT_BLOCKS).filter(|tint| tint % 8 >= 3) {
        covered.tints[tint] = 150;
    }
    assert!(is_same(&scene(3), &covered));
    // Half of both is black, which says nothing.
    let shown = |seed| {
        let mut picture = scene(seed);
        picture.blocks[..LUMA_BLOCKS / 2].fill(0);
        picture.tints[..TINT_BLOCKS / 4].fill(128);
        picture.tints[TINT_BLOCKS / 2..TINT_BLOCKS * 3 / 4].fill(128);
        picture
    };
    assert!(!is_same(&shown(3), &shown(4)));
}

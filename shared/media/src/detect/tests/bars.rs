use super::*;
use crate::detect::descriptor::COLUMNS;

/// The left part of a picture, in the middle of a wider one that is black beside it.
fn upright(picture: &Descriptor) -> Descriptor {
    let is_bar = |column: usize, columns: usize| !(columns / 4..columns * 3 / 4).contains(&column);
    let block = |i: usize| if is_bar(i % COLUMNS, COLUMNS) { 0 } else { picture.blocks[i - COLUMNS / 4] };
    let tint = |i: usize| if is_bar(i % 8, 8) { 128 } else { picture.tints[i - 2] };
    of(std::array::from_fn(block), std::array::from_fn(tint))
}

#[test]
fn bars_do_not_hide_a_cut_or_a_dissolve() {
    for (old, new) in [(1, 2), (3, 4), (5, 6), (7, 8)] {
        let (old, new) = (upright(&scene(old)), upright(&scene(new)));
        assert_eq!(frames_of(film(200, |n| if n < 77 { old.clone() } else { new.clone() })), [77]);
        let dissolve = frames_of(film(200, |n| old.between(&new, progress(n, 70..90))));
        assert_eq!(dissolve.len(), 1, "{dissolve:?}");
    }
}

#[test]
fn a_caption_between_bars_is_no_cut() {
    let plain = upright(&scene(3));
    let mut captioned = plain.clone();
    captioned.blocks[COLUMNS * 6 + 4..COLUMNS * 6 + 12].fill(20);
    assert_eq!(frames_of(film(200, |n| if n < 77 { plain.clone() } else { captioned.clone() })), [0usize; 0]);
}

#[test]
fn a_black_video_has_no_bars() {
    assert_eq!(frames_of(film(200, |_| plain(0))), [0usize; 0]);
}

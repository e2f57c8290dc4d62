use super::*;

/// A board with lines of writing in those rows of blocks, as wide as `seed` says.
fn board(paper: u8, rows: &[usize], seed: usize) -> Descriptor {
    let mut board = of([paper; LUMA_BLOCKS], [128; TINT_BLOCKS]);
    for (line, row) in rows.iter().enumerate() {
        for column in 1..4 + (seed * 5 + line * 3) % 9 {
            board.blocks[row * 16 + column] -= 40;
            board.textures[row * 16 + column] = 60 + ((seed * 31 + line * 17 + column * 13) % 40) as u8;
        }
    }
    board
}

#[test]
fn another_board_is_another_scene_but_another_line_is_not() {
    let (old, new) = (board(235, &[1, 2, 3, 4], 1), board(226, &[2, 5, 6], 4));
    assert_eq!(frames_of(film(200, |n| if n < 77 { old.clone() } else { new.clone() })), [77]);
    let dissolve = frames_of(film(200, |n| old.between(&new, progress(n, 70..90))));
    assert_eq!(dissolve.len(), 1, "{dissolve:?}");
    assert!((70..=90).contains(&dissolve[0]), "{dissolve:?}");
    let longer = board(235, &[1, 2, 3, 4, 5], 1);
    assert_eq!(frames_of(film(200, |n| if n < 77 { old.clone() } else { longer.clone() })), [0usize; 0]);
}

#[test]
fn a_board_that_the_light_falls_on_is_the_same_board() {
    // Overexposed: the paper ends at white, and the writing keeps part of its contrast.
    let dark = board(190, &[1, 2, 3], 1);
    let mut bright = board(250, &[1, 2, 3], 1);
    for texture in &mut bright.textures {
        *texture = (f32::from(*texture) * 1.4) as u8;
    }
    let lit = |n: usize| dark.between(&bright, progress(n, 70..80));
    assert_eq!(frames_of(film(200, lit)), [0usize; 0]);
}

#[test]
fn a_dark_scene_is_no_board() {
    // What little there is to see in the dark is in other places, and no writing.
    let dark = |seed: usize| {
        let level = |block: usize| 12 + (block % 16 * (3 + 4 * seed) % 16) as u8;
        let mut picture = of(std::array::from_fn(level), [128; TINT_BLOCKS]);
        for block in (0..LUMA_BLOCKS).filter(|block| (block * 7 + seed * 31) % 11 < 3) {
            picture.textures[block] = 8;
        }
        picture
    };
    assert!(!crate::detect::boards::is_rewritten(&dark(0), &dark(1)));
}

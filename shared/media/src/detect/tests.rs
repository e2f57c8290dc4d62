mod bars;
mod boards;
mod light;
mod pans;

use super::*;

const RATE: f64 = 25.0;

/// A scene of its own for each seed, whose blocks and palette belong together.
fn scene(seed: u64) -> Descriptor {
    // The minimal standard generator (Park and Miller, 1988).
    let mut state = seed * 7919 + 1;
    let mut below = |limit: u64| {
        state = state * 48_271 % 2_147_483_647;
        state % limit
    };
    // Two surfaces, so that the scene has a shape, with some texture.
    let (low, high, split) = (below(120) as u8, 120 + below(110) as u8, 3 + below(10) as usize);
    let blocks = std::array::from_fn(|block| {
        let level = if (block % 16) < split { low } else { high };
        level + below(24) as u8
    });
    let tint = [96 + below(64) as u8, 96 + below(64) as u8];
    let tints = std::array::from_fn(|block| tint[block / (TINT_BLOCKS / 2)] + below(6) as u8);
    of(blocks, tints)
}

/// A frame of one brightness.
fn plain(level: u8) -> Descriptor {
    of([level; LUMA_BLOCKS], [128; TINT_BLOCKS])
}

fn of(blocks: [u8; LUMA_BLOCKS], tints: [u8; TINT_BLOCKS]) -> Descriptor {
    let (mut luma, mut blue, mut red) = ([0u32; LUMA_BINS], [0u32; 16], [0u32; 16]);
    for level in blocks {
        luma[usize::from(level) / 8] += 65_535 / LUMA_BLOCKS as u32;
    }
    let (blues, reds) = tints.split_at(TINT_BLOCKS / 2);
    for (blue_level, red_level) in blues.iter().zip(reds) {
        blue[usize::from(*blue_level) / 16] += 65_535 / 32;
        red[usize::from(*red_level) / 16] += 65_535 / 32;
    }
    let (blue, red) = (blurred(blue), blurred(red));
    let chroma = std::array::from_fn(|bin| if bin < 16 { blue[bin] } else { red[bin - 16] } as u16);
    Descriptor {
        luma: blurred(luma).map(|bin| bin as u16),
        chroma,
        blocks,
        textures: [0; LUMA_BLOCKS],
        tints,
    }
}

fn changes_of(frames: impl IntoIterator<Item = Descriptor>) -> Vec<Change> {
    changes_seen(frames, |_| Camera::default())
}

fn changes_seen(
    frames: impl IntoIterator<Item = Descriptor>,
    camera: impl Fn(usize) -> Camera,
) -> Vec<Change> {
    let mut detector = Detector::default();
    for (frame, descriptor) in frames.into_iter().enumerate() {
        detector.push(frame as f64 / RATE, &descriptor, camera(frame));
    }
    detector.finish()
}

fn frames_of(frames: impl IntoIterator<Item = Descriptor>) -> Vec<usize> {
    changes_of(frames).into_iter().map(|change| change.frame).collect()
}

/// `count` frames of a film that `picture` gives by frame number.
fn film(count: usize, picture: impl Fn(usize) -> Descriptor) -> Vec<Descriptor> {
    (0..count).map(picture).collect()
}

/// How far a transition over `frames` is at frame `n`.
fn progress(n: usize, frames: std::ops::Range<usize>) -> f32 {
    (n.saturating_sub(frames.start) as f32 / frames.len() as f32).min(1.0)
}

#[test]
fn a_cut_is_found_on_its_frame() {
    assert_eq!(frames_of(film(200, |n| scene(u64::from(n >= 77)))), [77]);
    assert_eq!(frames_of(film(200, |n| scene(n as u64 / 30))), [30, 60, 90, 120, 150, 180]);
}

#[test]
fn a_dissolve_is_one_change_in_its_middle() {
    for length in [10, 20, 30, 50] {
        let frames = film(250, |n| scene(1).between(&scene(2), progress(n, 100..100 + length)));
        let changes = changes_of(frames);
        assert_eq!(changes.len(), 1, "{length}: {changes:?}");
        let (change, middle) = (changes[0], 4.0 + length as f64 / RATE / 2.0);
        assert!((change.at - middle).abs() < 0.15, "{length}: {change:?}");
        assert!(change.from <= 4.1 && change.until >= 3.9 + length as f64 / RATE, "{length}: {change:?}");
    }
}

#[test]
fn a_fade_through_black_or_white_is_one_change() {
    for level in [0, 255] {
        for hold in [1, 10] {
            let frames = film(250, |n| {
                let out = scene(1).between(&plain(level), progress(n, 100..115));
                if n < 115 + hold {
                    out
                } else {
                    plain(level).between(&scene(2), progress(n, 115 + hold..130 + hold))
                }
            });
            let changes = changes_of(frames);
            assert_eq!(changes.len(), 1, "{level} {hold}: {changes:?}");
            assert!((100..=130 + hold).contains(&changes[0].frame), "{level} {hold}: {changes:?}");
        }
    }
}

#[test]
fn a_fade_to_black_and_back_to_the_same_scene_is_none() {
    let frames = film(250, |n| scene(1).between(&plain(0), progress(n, 100..115) - progress(n, 120..135)));
    assert_eq!(frames_of(frames), [0usize; 0]);
}

#[test]
fn a_plain_scene_that_is_pushed_in_and_cut_from_is_no_fade() {
    let black = plain(0);
    let pushed = |n: usize| {
        let covered = (progress(n, 80..110) * 16.0).round() as usize;
        let old = scene(1);
        let level = |block: usize| if block % 16 < covered { 0 } else { old.blocks[block] };
        of(std::array::from_fn(level), old.tints)
    };
    let frames = film(250, |n| match n {
        0..110 => pushed(n),
        110..130 => black.clone(),
        _ => scene(2),
    });
    let changes = frames_of(frames);
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert!((80..110).contains(&changes[0]) && changes[1] == 130, "{changes:?}");
}

#[test]
fn a_plain_scene_between_two_dissolves_is_a_scene() {
    let around = |n: usize| {
        let out = scene(1).between(&plain(0), progress(n, 100..115));
        out.between(&scene(2), progress(n, 140..155))
    };
    let changes = frames_of(film(250, around));
    assert_eq!(changes.len(), 2, "{changes:?}");
}

#[test]
fn a_long_dissolve_soon_after_another_change_is_found() {
    let frames = film(250, |n| match n {
        0..60 => scene(1),
        _ => scene(2).between(&scene(3), progress(n, 80..130)),
    });
    let changes = frames_of(frames);
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert!(changes[0] == 60 && (80..130).contains(&changes[1]), "{changes:?}");
}

#[test]
fn what_a_change_leaves_behind_is_another_scene() {
    // A lorry hides a crowd, and all of it has moved on when the lorry is gone; or it hid a cut.
    let moved_on = {
        let crowd = scene(1);
        of(std::array::from_fn(|block| crowd.blocks[LUMA_BLOCKS - 1 - block]), crowd.tints)
    };
    assert!(scene(1).distance(&moved_on) > 0.2);
    let lasts = |after: &Descriptor| {
        let mut stretch = Stretch::default();
        for n in 0..250 {
            let seen = if n < 100 {
                scene(1)
            } else if n < 130 {
                plain(20)
            } else {
                after.clone()
            };
            stretch.push(f64::from(n) / RATE, &seen, Camera::default());
        }
        // From 3.9 to 5.3 s.
        Ticks::of(&stretch).is_other_palette(46, 7)
    };
    assert_eq!([lasts(&moved_on), lasts(&scene(3))], [false, true]);
}

#[test]
fn a_caption_over_what_moves_is_no_dissolve() {
    let captioned = |n: usize| {
        let mut seen = pans::landscape(0.1 * n as f64);
        if n >= 100 {
            seen.blocks[96..].fill(20);
        }
        of(seen.blocks, seen.tints)
    };
    assert_eq!(frames_of(film(200, captioned)), [0usize; 0]);
}

#[test]
fn a_caption_over_what_moves_fast_is_told_from_a_cut() {
    let at = |picture: &dyn Fn(usize) -> Descriptor| {
        let mut stretch = Stretch::default();
        for n in 0..40 {
            stretch.push(n as f64 / RATE, &picture(n), Camera::default());
        }
        local::is_captioned(&stretch, 20)
    };
    let moving = |n: usize| pans::landscape(0.5 * n as f64);
    let captioned = |n: usize| {
        let mut seen = moving(n);
        if n >= 20 {
            seen.blocks[96..].fill(20);
        }
        seen
    };
    let other = |n: usize| of(moving(n).blocks.map(|level| 255 - level), [128; TINT_BLOCKS]);
    let cut = |n: usize| if n < 20 { moving(n) } else { other(n) };
    let still = |n: usize| scene(u64::from(n >= 20));
    assert_eq!([at(&captioned), at(&cut), at(&still)], [true, false, false]);
}

#[test]
fn a_dissolve_in_whose_middle_the_light_goes_down_is_found() {
    let dimmed = |n: usize| {
        let seen = scene(1).between(&scene(2), progress(n, 100..130));
        if n < 115 { seen } else { seen.between(&plain(0), 0.35) }
    };
    let changes = frames_of(film(250, dimmed));
    assert!(changes.len() == 1 && (100..130).contains(&changes[0]), "{changes:?}");
}

#[test]
fn a_flash_is_no_cut() {
    let flash = |n| if (77..80).contains(&n) { plain(255) } else { scene(1) };
    assert_eq!(frames_of(film(200, flash)), [0usize; 0]);
}

#[test]
fn a_flash_before_a_cut_does_not_move_it() {
    let lit = |n| scene(1).between(&plain(255), if (77..80).contains(&n) { 0.8 } else { 0.0 });
    assert_eq!(frames_of(film(200, |n| if n < 80 { lit(n) } else { scene(2) })), [80]);
}

#[test]
fn a_caption_and_a_change_of_light_are_no_change_of_scene() {
    let mut captioned = scene(3);
    captioned.blocks[96..128].fill(20);
    assert_eq!(frames_of(film(200, |n| if n < 77 { scene(3) } else { captioned.clone() })), [0usize; 0]);
    let darker = scene(3).between(&plain(0), 0.4);
    assert_eq!(frames_of(film(200, |n| scene(3).between(&darker, progress(n, 77..92)))), [0usize; 0]);
}

#[test]
fn a_caption_soon_after_a_cut_does_not_move_it() {
    let mut captioned = scene(2);
    captioned.blocks[96..128].fill(20);
    let film = film(200, |n| match n {
        0..77 => scene(1),
        77..79 => scene(2),
        _ => captioned.clone(),
    });
    assert_eq!(frames_of(film), [77]);
}

#[test]
fn a_cut_soon_before_a_fade_is_a_change_of_its_own() {
    let fade = film(250, |n| match n {
        0..80 => scene(1),
        80..110 => scene(2).between(&plain(0), progress(n, 95..110)),
        _ => plain(0).between(&scene(3), progress(n, 111..126)),
    });
    let found = frames_of(fade);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], 80);
}

#[test]
fn what_is_over_at_once_at_an_end_is_no_scene() {
    assert_eq!(frames_of(film(100, |n| scene(u64::from(n >= 2)))), [0usize; 0]);
    assert_eq!(frames_of(film(100, |n| scene(u64::from(n >= 98)))), [0usize; 0]);
    assert_eq!(frames_of(film(100, |n| scene(u64::from(n >= 8)))), [8]);
    assert_eq!(frames_of(film(100, |n| scene(u64::from(n >= 92)))), [92]);
}

#[test]
fn nothing_and_one_frame_have_no_change() {
    assert!(changes_of([]).is_empty());
    assert!(changes_of([plain(7)]).is_empty());
}

#[test]
fn a_slide_show_with_a_frame_a_minute_has_its_cuts() {
    let mut detector = Detector::default();
    for frame in 0..5u32 {
        detector.push(f64::from(frame) * 60.0, &scene(frame.into()), Camera::default());
    }
    let found: Vec<f64> = detector.finish().iter().map(|change| change.until).collect();
    assert_eq!(found, [60.0, 120.0, 180.0, 240.0]);
}

#[test]
fn where_a_stretch_ends_does_not_show() {
    let border = (STRETCH * RATE) as usize;
    for shift in -12i64..=12 {
        let at = border.strict_add_signed(shift as isize * 25);
        let cut = frames_of(film(border + 500, |n| scene(u64::from(n >= at))));
        assert_eq!(cut, [at]);
        let dissolve =
            frames_of(film(border + 500, |n| scene(1).between(&scene(2), progress(n, at..at + 30))));
        assert_eq!(dissolve.len(), 1, "{at}: {dissolve:?}");
        assert!(dissolve[0].abs_diff(at + 15) < 5, "{at}: {dissolve:?}");
    }
}

use super::*;

/// A landscape eight pictures wide, seen from its column `x`.
pub(super) fn landscape(x: f64) -> Descriptor {
    let hill = |x: f64, width: f64| f64::sin(x / width + width);
    let level = |x: f64| 120.0 + 40.0 * hill(x, 5.0) + 30.0 * hill(x, 3.1) + 20.0 * hill(x, 8.7);
    let level = |column: usize| level(x + column as f64) as u8;
    of(std::array::from_fn(|block| level(block % 16)), [128; TINT_BLOCKS])
}

/// What is seen of a camera that moves by so many columns.
fn panned(columns: f64) -> Camera {
    let change = (columns.abs() * 900.0) as u16;
    let motion = Motion { x: (-16.0 * columns).round() as i8, y: 0, rest: change / 8 };
    Camera { change, motion }
}

#[test]
fn a_camera_that_moves_on_sees_no_change() {
    // From a quarter of a picture a second to four.
    for pace in [0.16, 0.4, 1.0, 2.56] {
        let at = |n: usize| pace * n as f64 % 1000.0;
        let changes = changes_seen(film(250, |n| landscape(at(n))), |_| panned(pace));
        assert!(changes.is_empty(), "{pace}: {changes:?}");
    }
}

#[test]
fn a_whip_pan_that_bounces_is_no_change_but_a_push_is_one() {
    // Two pictures to the right in half a second, and back.
    let at = |n: usize| 32.0 * f64::from(progress(n, 100..113) - progress(n, 113..126));
    let step = |n: usize| panned(at(n + 1) - at(n));
    let whip = changes_seen(film(250, |n| landscape(at(n + 1))), step);
    assert!(whip.is_empty(), "{whip:?}");
    let at = |n: usize| 16.0 * f64::from(progress(n, 100..120));
    let step = |n: usize| panned(at(n + 1) - at(n));
    let push = changes_seen(film(250, |n| landscape(at(n + 1))), step);
    assert_eq!(push.len(), 1, "{push:?}");
    assert!((100..=120).contains(&push[0].frame), "{push:?}");
}

#[test]
fn a_move_that_is_told_of_a_dissolve_is_no_pan() {
    // As between two pictures without features, whose edges tell a move by chance.
    let frames = film(250, |n| scene(1).between(&scene(2), progress(n, 100..130)));
    let told = |n: usize| if (100..130).contains(&n) { panned(0.3) } else { Camera::default() };
    let changes = changes_seen(frames, told);
    assert_eq!(changes.len(), 1, "{changes:?}");
}

#[test]
fn the_edge_between_two_plain_pictures_is_no_pan() {
    let wiped = |n: usize| {
        let white = (16.0 * (1.0 - progress(n, 100..140))) as usize;
        of(std::array::from_fn(|block| if block % 16 < white { 255 } else { 0 }), [128; TINT_BLOCKS])
    };
    // Whose grain tells a slow move the other way.
    let told = |n: usize| panned(if (100..140).contains(&n) { 0.4 } else { -0.1 });
    let changes = changes_seen(film(250, wiped), told);
    assert_eq!(changes.len(), 1, "{changes:?}");
}

#[test]
fn who_walks_by_a_camera_that_moves_leaves_the_scene() {
    let at = |n: usize| 0.06 * n as f64;
    let walks = |n: usize| {
        let mut seen = landscape(at(n));
        let left = (n as i32 - 100) * 25 / 12;
        for block in (0..LUMA_BLOCKS).filter(|block| (left - 8..left).contains(&((block % 16) as i32))) {
            seen.blocks[block] = 30;
        }
        of(seen.blocks, seen.tints)
    };
    let changes = changes_seen(film(250, walks), |_| panned(0.06));
    assert!(changes.is_empty(), "{changes:?}");
}

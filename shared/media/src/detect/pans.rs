//! Pans: everything changes, and nothing but the camera's direction did. A whip pan is as novel as any cut to those who
//! do not follow the camera.

use super::descriptor::{COLUMNS, ROWS};
use super::moved::{Move, unexplained};
use super::stretch::Stretch;

/// A move explains a change when it leaves at most this share of it...
const EXPLAINED: f32 = 0.4;
/// In a moment it may leave more, if it explains the [`WHILE`] around it.
const ROUGHLY: f32 = 0.65;
const WHILE: f64 = 0.6;
/// ...and goes this far at least, in 256ths of the picture's width.
const NOTICEABLE: i32 = 12;
/// The camera is followed in steps of this length.
const STEP: f64 = 0.1;
/// It is not followed for longer than this to either side.
const LONGEST: f64 = 4.0;
/// Width and height of the picture in the units of a move, and how precisely a sum of moves tells them.
const PICTURE: (i32, i32) = (256, 144);
const PRECISION: i32 = 10;
/// A push is this many times faster than whatever moves before and after it.
const FASTER: i32 = 3;
/// For so many steps.
const REST: i32 = 3;

/// Pictures so far apart still have most of the scene in common, in 256ths of the picture's width.
const IN_SIGHT: f64 = 40.0;
/// A true move leaves less than this share of what is different between them.
const LEFT: f32 = 0.6;

/// What the camera did in a while.
#[derive(Debug, Clone, Copy, Default)]
struct Travel {
    x: i32,
    y: i32,
    change: f32,
    rest: f32,
}

impl Travel {
    fn of(stretch: &Stretch, from: f64, until: f64) -> Self {
        let frames = stretch.first_since(from)..stretch.first_since(until);
        frames.fold(Self::default(), |sum, frame| {
            let camera = stretch.camera(frame);
            Self {
                x: sum.x + i32::from(camera.motion.x),
                y: sum.y + i32::from(camera.motion.y),
                change: sum.change + f32::from(camera.change),
                rest: sum.rest + f32::from(camera.motion.rest),
            }
        })
    }

    fn length(self) -> i32 {
        self.x.abs().max(self.y.abs())
    }

    fn in_halves(self) -> Move {
        let halves = |way: i32, size: i32, blocks: usize| {
            (f64::from(way) / f64::from(size) * 2.0 * blocks as f64).round() as i32
        };
        (halves(self.x, PICTURE.0, COLUMNS), halves(self.y, PICTURE.1, ROWS))
    }

    fn is_move(self) -> bool {
        self.rest < EXPLAINED * self.change && self.length() > 0
    }

    /// Whether this, over a [`STEP`], is of the same move as `other`, which took `secs`.
    fn goes_with(self, other: Self, secs: f64) -> bool {
        let is_as_fast = f64::from(self.length() * FASTER) / STEP > f64::from(other.length()) / secs;
        self.is_move() && is_as_fast && self.x * other.x + self.y * other.y > 0
    }

    /// Whether the picture went out of sight and no further, as when another one pushes it out.
    fn is_one_picture(self) -> bool {
        let by = |way: i32, size: i32, aside: i32| {
            (way.abs() - size).abs() * PRECISION <= size && aside.abs() * FASTER <= size
        };
        by(self.x, PICTURE.0, self.y) || by(self.y, PICTURE.1, self.x)
    }
}

/// Whether what changes between two times is the view of a camera that moves. One picture that pushes another one out
/// looks the same; but that begins and ends at rest, and goes one picture far.
pub(super) fn is_pan(stretch: &Stretch, from: f64, until: f64) -> bool {
    let middle = Travel::of(stretch, from, until);
    let around = WHILE.mul_add(0.5, -(until - from) / 2.0).max(0.0);
    let wide = Travel::of(stretch, from - around, until + around);
    let is_part = middle.rest < ROUGHLY * middle.change && wide.is_move();
    if !(middle.is_move() || is_part) || wide.length() < NOTICEABLE {
        return false;
    }
    let steps = || (0..).map(|step| f64::from(step) * STEP).take_while(|time| *time < LONGEST);
    let secs = (until - from).max(f64::EPSILON);
    let goes_on = |start: &f64| Travel::of(stretch, *start, start + STEP).goes_with(middle, secs);
    let earlier = steps().map(|time| from - time - STEP).take_while(goes_on).last().unwrap_or(from);
    let later =
        steps().map(|time| until + time).take_while(goes_on).last().map_or(until, |start| start + STEP);
    if later - earlier < STEP {
        return false;
    }
    let whole = Travel::of(stretch, earlier, later);
    let is_slow = |start: f64| {
        let beside = Travel::of(stretch, start, start + STEP);
        let speed = f64::from(whole.length()) * STEP / (later - earlier);
        !beside.is_move() || f64::from(beside.length() * FASTER) < speed
    };
    // A camera that swings is still for a moment at each turn.
    let mut beside = (0..REST).map(|step| f64::from(step) * STEP);
    let from_rest = beside.all(|time| is_slow(earlier - time - STEP) && is_slow(later + time));
    !(from_rest && whole.is_one_picture())
}

/// Whether pictures that are further apart than two frames bear a pan out. A move that is told of a dissolve is chance,
/// and one between plain pictures is that of the edge between them.
pub(super) fn is_borne_out(stretch: &Stretch, from: f64, until: f64) -> bool {
    if stretch.just_before(from).is_plain() || stretch.just_after(until).is_plain() {
        return false;
    }
    let steps = (f64::from(Travel::of(stretch, from, until).length()) / IN_SIGHT).ceil().max(1.0);
    let step = (until - from) / steps;
    let left = |n: u32| {
        let (from, until) = (f64::from(n).mul_add(step, from), f64::from(n + 1).mul_add(step, from));
        let by = Travel::of(stretch, from, until).in_halves();
        unexplained(&stretch.just_before(from), &stretch.just_after(until), by)
    };
    (0..steps as u32).map(left).sum::<f32>() < LEFT * steps as f32
}

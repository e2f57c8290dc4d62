//! Time as the file counts it: integer ticks of its own time base. Seconds only appear at the very end, because
//! a frame belongs to exactly one segment only if nothing was rounded on the way.

use domain::time::Seconds;
use serde::{Deserialize, Serialize};

/// Ticks since the first displayed frame, in the plan's [`TimeBase`].
pub type Ticks = i64;

/// Length of a tick in seconds, as a fraction. Neither part is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeBase {
    /// Numerator, mostly 1.
    pub num: u32,
    /// Denominator, e.g. 90 000 in MPEG-TS.
    pub den: u32,
}

impl TimeBase {
    /// Microseconds: the time base of a file without video.
    pub const MICROS: Self = Self { num: 1, den: 1_000_000 };

    /// Reads ffprobe's `1/15360`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (num, den) = text.split_once('/')?;
        let (num, den) = (num.parse().ok()?, den.parse().ok()?);
        (num > 0 && den > 0).then_some(Self { num, den })
    }

    /// Seconds of `ticks`, which may be negative.
    pub fn seconds(self, ticks: Ticks) -> f64 {
        ticks as f64 * f64::from(self.num) / f64::from(self.den)
    }

    /// Position of `ticks` in the video.
    pub fn position(self, ticks: Ticks) -> Seconds {
        Seconds::new(self.seconds(ticks))
    }

    /// The first tick at or after `seconds`.
    pub fn ticks(self, seconds: f64) -> Ticks {
        // A microsecond of slack: 1.1 s in 1/90000 must not become one tick more than it is.
        ((seconds - 1e-6) * f64::from(self.den) / f64::from(self.num)).ceil() as Ticks
    }

    /// Which of the `per_second` equal parts of a second, counted from 0, `ticks` falls in.
    pub(crate) fn slot(self, ticks: Ticks, per_second: u32) -> i64 {
        let scaled = i128::from(ticks) * i128::from(self.num) * i128::from(per_second);
        scaled.div_euclid(i128::from(self.den)) as i64
    }

    /// The first sample at or after `ticks` on the grid of `rate` samples a second that starts at tick 0.
    pub(crate) fn sample(self, ticks: Ticks, rate: u32) -> i64 {
        -self.slot(-ticks, rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_exact_where_floats_are_not() {
        let base = TimeBase { num: 1001, den: 30_000 };
        for ticks in 0..200_000 {
            let exact = i128::from(ticks) * 1001 * 4 / 30_000;
            assert_eq!(i128::from(base.slot(ticks, 4)), exact);
        }
    }

    #[test]
    fn samples_tile_the_soundtrack() {
        let base = TimeBase { num: 1, den: 90_000 };
        let cuts = [0, 1, 45_003, 90_000, 123_457];
        let spans = cuts.windows(2).map(|w| base.sample(w[1], 16_000) - base.sample(w[0], 16_000));
        assert_eq!(spans.sum::<i64>(), base.sample(123_457, 16_000));
        assert_eq!(base.sample(90_000, 16_000), 16_000);
    }

    #[test]
    fn ticks_undo_seconds() {
        let base = TimeBase { num: 1, den: 15_360 };
        for ticks in [0, 1, 512, 460_800, 1_000_003] {
            assert_eq!(base.ticks(base.seconds(ticks)), ticks);
        }
    }
}

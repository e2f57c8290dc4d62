//! Positions in a video and how they are written.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest video that is taken, in seconds: 48 hours.
pub const LONGEST_VIDEO_SECS: u32 = 48 * 3600;

/// A position or length in a video, in seconds from the first displayed frame.
///
/// Always finite and not negative; on the wire a plain JSON number with at most three decimals.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Seconds(f64);

impl Seconds {
    /// The start of every video.
    pub const ZERO: Self = Self(0.0);

    /// Takes any number; what is negative or not a number becomes zero.
    pub fn new(seconds: f64) -> Self {
        Self(if seconds.is_finite() && seconds > 0.0 { seconds } else { 0.0 })
    }

    /// The bare number of seconds.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Rounded to the millisecond, the precision of every published time.
    pub fn to_millis_precision(self) -> Self {
        Self((self.0 * 1000.0).round() / 1000.0)
    }

    /// Whole seconds, rounded up: the unit of billing.
    pub fn ceil_whole(self) -> u64 {
        // 3.0000000001 s is a rounding artefact of a 3 s file, not a fourth second.
        (self.0 - 1e-6).ceil().max(0.0) as u64
    }
}

impl From<f64> for Seconds {
    fn from(seconds: f64) -> Self {
        Self::new(seconds)
    }
}

impl From<Seconds> for f64 {
    fn from(seconds: Seconds) -> Self {
        seconds.to_millis_precision().0
    }
}

/// Written as people read it on a player: `00:30`, and past an hour `1:02:03`.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 as u64;
        let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
        if hours > 0 {
            write!(f, "{hours}:{minutes:02}:{seconds:02}")
        } else {
            write!(f, "{minutes:02}:{seconds:02}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_player_time() {
        for (seconds, text) in [(0.0, "00:00"), (30.9, "00:30"), (600.0, "10:00"), (3723.0, "1:02:03")] {
            assert_eq!(Seconds::new(seconds).to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_not_a_position() {
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(Seconds::new(bad), Seconds::ZERO);
        }
    }

    #[test]
    fn bills_whole_seconds_upwards() {
        for (seconds, whole) in [(0.0, 0), (0.1, 1), (30.0, 30), (30.000_000_1, 30), (30.01, 31)] {
            assert_eq!(Seconds::new(seconds).ceil_whole(), whole);
        }
    }
}

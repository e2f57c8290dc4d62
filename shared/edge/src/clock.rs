//! The only clock.

use jiff::{Timestamp, Unit};

/// Now, to the second: the precision of every published time.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now)
}

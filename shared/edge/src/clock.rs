//! The only clock.

use jiff::{Timestamp, Unit};

/// Now, to the second: the precision of every published time.
pub fn now() -> Timestamp {
    let now = to_the_nanosecond();
    now.round(Unit::Second).unwrap_or(now)
}

/// Now, as precisely as the machine knows: lines of a log are told apart, and put in order, by it.
pub(crate) fn to_the_nanosecond() -> Timestamp {
    Timestamp::now()
}

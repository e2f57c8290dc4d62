//! What processing costs and who pays it: the price table, and the wallet that hours are drawn from.
//!
//! A video's length is reserved once it is known, committed when the video is ready and released when it is
//! not. Each step is a pure function here; the store makes it exactly-once by writing the wallet and the
//! video's ledger entry in one conditional transaction.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::plan::Plan;
use crate::time::Seconds;

/// No video is billed for less than this many seconds.
pub const MINIMUM_SECS: u64 = 30;
/// Past this many seconds in a month the lower rate applies (100 hours).
pub const DISCOUNT_AFTER_SECS: u64 = 100 * 3600;
/// $2.00 an hour.
const RATE_MICROS_PER_HOUR: u64 = 2_000_000;
/// $1.50 an hour.
const DISCOUNT_RATE_MICROS_PER_HOUR: u64 = 1_500_000;

/// Seconds that a video of this length is billed for: whole, and 30 at least.
pub fn billable_secs(length: Seconds) -> u64 {
    length.ceil_whole().max(MINIMUM_SECS)
}

/// List price in micro-dollars of `secs` more seconds in a month that has `billed_before` already.
///
/// The parts before and after the discount line are priced separately, summed, and rounded half up once.
pub fn price_micros(billed_before: u64, secs: u64) -> u64 {
    let full_rate = secs.min(DISCOUNT_AFTER_SECS.saturating_sub(billed_before));
    let discounted = secs - full_rate;
    let per_hour = full_rate * RATE_MICROS_PER_HOUR + discounted * DISCOUNT_RATE_MICROS_PER_HOUR;
    (per_hour + 1_800) / 3_600
}

/// A calendar month in UTC, as `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of an instant.
    pub fn of(now: Timestamp) -> Self {
        let date = now.to_zoned(TimeZone::UTC).date();
        Self { year: date.year(), month: date.month() }
    }

    /// The first instant after this month, when counters start anew.
    pub fn resets_at(self) -> Timestamp {
        let (year, month) =
            if self.month == 12 { (self.year.saturating_add(1), 1) } else { (self.year, self.month + 1) };
        Date::new(year, month, 1)
            .and_then(|date| date.to_zoned(TimeZone::UTC))
            .map_or(Timestamp::MAX, |start| start.timestamp())
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// The account has fewer seconds left than the video needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{needed} s are needed, {available} s are left")]
pub struct InsufficientCredits {
    /// Seconds that the video would be billed for.
    pub needed: u64,
    /// Seconds left in the plan and in credits, less what is reserved.
    pub available: u64,
}

/// An account's hours, all in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// The month that `included_used` and `billed` count.
    pub month: Month,
    /// Drawn from the plan's included hours this month.
    pub included_used: u64,
    /// Billed this month, from whichever source: decides the discount.
    pub billed: u64,
    /// Bought and not yet used; they roll over and do not expire.
    pub credits: u64,
    /// Reserved by videos in the pipeline.
    pub held: u64,
}

/// What a finished video cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Seconds billed.
    pub secs: u64,
    /// Of these, drawn from the plan.
    pub from_included: u64,
    /// Of these, drawn from credits.
    pub from_credits: u64,
    /// List price in micro-dollars.
    pub micro_dollars: u64,
}

impl Wallet {
    /// The wallet of a new account.
    pub fn new(now: Timestamp) -> Self {
        Self { month: Month::of(now), included_used: 0, billed: 0, credits: 0, held: 0 }
    }

    /// The same wallet with the monthly counters of `now`'s month.
    pub fn rolled(self, now: Timestamp) -> Self {
        let month = Month::of(now);
        // A clock that lags behind the last writer's must not open the old month again.
        if month <= self.month { self } else { Self { month, included_used: 0, billed: 0, ..self } }
    }

    /// Seconds that may still be reserved.
    pub fn available(self, plan: Plan) -> u64 {
        (self.included_left(plan) + self.credits).saturating_sub(self.held)
    }

    fn included_left(self, plan: Plan) -> u64 {
        (u64::from(plan.limits().included_hours) * 3600).saturating_sub(self.included_used)
    }

    /// Adds `secs` that were bought.
    pub fn add_credits(self, secs: u64, now: Timestamp) -> Self {
        let wallet = self.rolled(now);
        Self { credits: wallet.credits + secs, ..wallet }
    }

    /// Sets `secs` aside for a video.
    ///
    /// # Errors
    /// When fewer are available.
    pub fn reserve(self, plan: Plan, secs: u64, now: Timestamp) -> Result<Self, InsufficientCredits> {
        let wallet = self.rolled(now);
        let available = wallet.available(plan);
        if secs > available {
            return Err(InsufficientCredits { needed: secs, available });
        }
        Ok(Self { held: wallet.held + secs, ..wallet })
    }

    /// Gives back what was set aside.
    pub fn release(self, secs: u64, now: Timestamp) -> Self {
        let wallet = self.rolled(now);
        Self { held: wallet.held.saturating_sub(secs), ..wallet }
    }

    /// Gives back the `held` seconds and bills `secs` of them: included hours first, then credits.
    ///
    /// A plan that shrank meanwhile never makes a finished video fail: what neither source covers is on the
    /// receipt all the same.
    pub fn commit(self, plan: Plan, held: u64, secs: u64, now: Timestamp) -> (Self, Receipt) {
        let wallet = self.release(held, now);
        let secs = secs.min(held);
        let from_included = secs.min(wallet.included_left(plan));
        let from_credits = (secs - from_included).min(wallet.credits);
        let receipt =
            Receipt { secs, from_included, from_credits, micro_dollars: price_micros(wallet.billed, secs) };
        let wallet = Self {
            included_used: wallet.included_used + from_included,
            billed: wallet.billed + secs,
            credits: wallet.credits - from_credits,
            ..wallet
        };
        (wallet, receipt)
    }
}

#[cfg(test)]
mod tests;

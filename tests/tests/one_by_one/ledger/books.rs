//! What an account owes, worked out from the published price table alone.

use domain::plan::Plan;
use serde_json::Value;

/// Seconds that a length is billed for: whole ones, and at least 30.
pub(super) fn billable(length_ms: u64) -> u64 {
    length_ms.div_ceil(1000).max(30)
}

/// The price of `secs` after `before` others of the month, in micro-dollars: $2.00 an hour for the first hundred hours,
/// $1.50 from there, rounded half up.
pub(super) fn price(before: u64, secs: u64) -> u64 {
    let cheap = (before + secs).saturating_sub(360_000).min(secs);
    let in_3600ths = (secs - cheap) * 2_000_000 + cheap * 1_500_000;
    in_3600ths / 3600 + u64::from(in_3600ths % 3600 >= 1800)
}

/// Hours that a plan includes each month.
pub(super) fn included_hours(plan: Plan) -> u64 {
    match plan {
        Plan::Free => 1,
        Plan::Starter => 10,
        Plan::Pro => 50,
        Plan::Max => 250,
        Plan::Enterprise => 2_000,
    }
}

/// A bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bill {
    pub(super) secs: u64,
    pub(super) from_included: u64,
    pub(super) from_credits: u64,
    pub(super) micro_dollars: u64,
}

impl Bill {
    /// From a row as it is stored.
    pub(super) fn read(row: &Value) -> Option<Self> {
        let receipt = &row["receipt"]["M"];
        let number = |name: &str| receipt[name]["N"].as_str().unwrap().parse().unwrap();
        (row["entry"]["S"] == "committed").then(|| Self {
            secs: number("secs"),
            from_included: number("from_included"),
            from_credits: number("from_credits"),
            micro_dollars: number("micro_dollars"),
        })
    }

    /// Bills of a phase in an order in which they can have been written, if there is one: while a month goes on the
    /// price only falls, and included hours come before credits and those before nothing.
    pub(super) fn place(&self) -> (u8, u8) {
        let price = match self.micro_dollars {
            full if full == price(0, self.secs) => 0,
            reduced if reduced == price(360_000, self.secs) => 2,
            _ => 1,
        };
        let source = match (self.from_included, self.from_credits) {
            (included, _) if included == self.secs => 0,
            (1.., _) => 1,
            (0, credits) if credits == self.secs => 2,
            (0, 1..) => 3,
            (0, 0) => 4,
        };
        (price, source)
    }
}

/// What an account has and owes, worked out here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Books {
    pub(super) included_used: u64,
    pub(super) billed: u64,
    pub(super) credits: u64,
    pub(super) owed: u64,
}

impl Books {
    pub(super) fn bill(&mut self, plan: Plan, secs: u64) -> Bill {
        let from_included = secs.min((included_hours(plan) * 3600).saturating_sub(self.included_used));
        let from_credits = (secs - from_included).min(self.credits);
        let micro_dollars = price(self.billed, secs);
        self.included_used += from_included;
        self.credits -= from_credits;
        self.billed += secs;
        self.owed += micro_dollars;
        Bill { secs, from_included, from_credits, micro_dollars }
    }
}

/// The price table of the reference, held against what is used above.
#[test]
fn the_price_table_is_the_references() {
    for (length_ms, secs, micro_dollars) in [
        (10_000, 30, 16_667),
        (300_000, 300, 166_667),
        (2_700_000, 2_700, 1_500_000),
        (3_600_000, 3_600, 2_000_000),
        (11_400_000, 11_400, 6_333_333),
    ] {
        assert_eq!((billable(length_ms), price(0, billable(length_ms))), (secs, micro_dollars));
    }
    assert_eq!(price(360_000 - 1_800, 3_600), 1_750_000, "an hour that crosses the line");
    assert_eq!(price(360_000, 3_600), 1_500_000);
}

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn agrees_with_the_reference_price_table() {
    let table =
        [(10.0, 30, 16_667), (300.0, 300, 166_667), (2700.0, 2700, 1_500_000), (3600.0, 3600, 2_000_000)];
    for (length, secs, micros) in table {
        assert_eq!(billable_secs(Seconds::new(length)), secs, "{length} s");
        assert_eq!(price_micros(0, secs), micros, "{length} s");
    }
    assert_eq!(price_micros(0, 3 * 3600 + 600), 6_333_333);
}

#[test]
fn a_job_that_crosses_the_line_is_split() {
    assert_eq!(price_micros(DISCOUNT_AFTER_SECS - 1800, 3600), 1_750_000);
    assert_eq!(price_micros(DISCOUNT_AFTER_SECS, 3600), 1_500_000);
}

#[test]
fn months_end_where_the_next_begins() {
    assert_eq!(Month::of(at("2026-12-31T23:59:59Z")).resets_at(), at("2027-01-01T00:00:00Z"));
    assert_eq!(Month::of(at("2026-06-07T10:00:00Z")).resets_at(), at("2026-07-01T00:00:00Z"));
    assert_eq!(Month::of(at("2026-06-07T10:00:00Z")).to_string(), "2026-06");
}

#[test]
fn included_hours_come_first_and_credits_roll_over() {
    let now = at("2026-11-10T00:00:00Z");
    let wallet = Wallet { credits: 3600, ..Wallet::new(now) };
    let wallet = wallet.reserve(Plan::Free, 5400, now).unwrap();
    assert_eq!(
        wallet.reserve(Plan::Free, 1801, now),
        Err(InsufficientCredits { needed: 1801, available: 1800 })
    );
    let (wallet, receipt) = wallet.commit(Plan::Free, 5400, 5400, now);
    assert_eq!((receipt.from_included, receipt.from_credits), (3600, 1800));
    let december = wallet.rolled(at("2026-12-01T00:00:00Z"));
    assert_eq!((december.included_used, december.billed, december.credits), (0, 0, 1800));
}

#[derive(Debug, Clone, Copy)]
enum End {
    Committed,
    Released,
}

proptest! {
    /// Whatever the order of a month's videos: nothing is held at the end, every second billed has a source,
    /// and the parts add up to the whole.
    #[test]
    fn the_books_balance(
        jobs in prop::collection::vec((30_u64..20_000, prop_oneof![Just(End::Committed), Just(End::Released)]), 1..40),
        credits in 0_u64..100_000,
    ) {
        let now = at("2026-11-10T00:00:00Z");
        let start = Wallet { credits, ..Wallet::new(now) };
        let mut wallet = start;
        let mut open = Vec::new();
        for (secs, end) in jobs {
            if let Ok(next) = wallet.reserve(Plan::Starter, secs, now) {
                wallet = next;
                open.push((secs, end));
            }
        }
        let mut billed = 0;
        for (secs, end) in open {
            match end {
                End::Released => wallet = wallet.release(secs, now),
                End::Committed => {
                    let (next, receipt) = wallet.commit(Plan::Starter, secs, secs, now);
                    prop_assert_eq!(receipt.from_included + receipt.from_credits, secs);
                    wallet = next;
                    billed += secs;
                }
            }
        }
        prop_assert_eq!(wallet.held, 0);
        prop_assert_eq!(wallet.billed, billed);
        prop_assert_eq!(wallet.included_used + (start.credits - wallet.credits), billed);
    }

    /// Splitting a month's work differently moves the total by rounding only, half a micro-dollar a job.
    #[test]
    fn prices_are_additive_up_to_rounding(parts in prop::collection::vec(1_u64..100_000, 1..30)) {
        let total: u64 = parts.iter().sum();
        let mut before = 0;
        let mut sum = 0;
        for part in &parts {
            sum += price_micros(before, *part);
            before += part;
        }
        prop_assert!(sum.abs_diff(price_micros(0, total)) <= parts.len() as u64);
    }
}

#[test]
fn bought_credits_roll_over() {
    let wallet = Wallet::new(at("2026-06-07T10:00:00Z")).add_credits(5 * 3600, at("2026-06-07T10:00:00Z"));
    let wallet = Wallet { included_used: 3600, ..wallet }.add_credits(20 * 3600, at("2026-07-01T00:00:00Z"));
    assert_eq!((wallet.credits, wallet.included_used), (25 * 3600, 0));
}

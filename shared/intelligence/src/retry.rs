//! One policy for every provider behind a network: what may pass is tried again, later each time, while there is
//! time.
//!
//! Pauses are exponential with full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS 2015): any length
//! from nothing to a ceiling that doubles, so that callers which failed together do not come back together. A server
//! that says when to come back (`Retry-After`) is believed, and what would come after the end is not begun.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use crate::ProviderError;

/// The ceiling of the first pause.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The ceiling of every pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What one call of a remote provider may take. Its end must lie before that of the function that waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Time for the call: all its requests, with the pauses between them.
    pub time: Duration,
    /// Time for one attempt at a request; of an answer that is streamed, until its first word. Models that think before
    /// they speak do it in here.
    pub attempt: Duration,
    /// Of an answer that is streamed, time from one event to the next, after its first word.
    pub pause: Duration,
    /// Attempts at one request.
    pub attempts: u32,
}

impl Budget {
    /// The budget of a call that begins now.
    pub(crate) fn start(self) -> Allowance {
        Allowance { end: Instant::now() + self.time, budget: self }
    }
}

/// A budget that is being used up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    end: Instant,
    budget: Budget,
}

impl Allowance {
    /// Whether this failure may pass, but not before the end.
    pub(crate) fn ends_before(&self, error: &ProviderError) -> bool {
        let left = self.end.saturating_duration_since(Instant::now());
        error.is_transient() && error.retry_after().unwrap_or_default() + LONGEST_PAUSE >= left
    }

    /// Until when the next event of a stream must come.
    pub(crate) fn event_end(&self, has_begun: bool) -> Instant {
        let after = if has_begun { self.budget.pause } else { self.budget.attempt };
        (Instant::now() + after).min(self.end)
    }

    /// Whether no time is left.
    pub(crate) fn is_over(&self) -> bool {
        self.end <= Instant::now()
    }

    /// Until when something that begins now may take.
    pub(crate) fn attempt_end(&self) -> Instant {
        (Instant::now() + self.budget.attempt).min(self.end)
    }

    /// Does something until it succeeds, fails for good, or the budget is used up.
    ///
    /// # Errors
    /// The last attempt's own, and `Down` for one that took too long.
    pub(crate) async fn run<T, F>(&self, once: impl Fn() -> F + Send) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>> + Send,
    {
        let mut made = 0;
        loop {
            let outcome = timeout_at(self.attempt_end(), once()).await;
            let error = match outcome.unwrap_or_else(|_| Err(too_slow())) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            made += 1;
            let left = self.end.saturating_duration_since(Instant::now());
            let Some(pause) = self.budget.wait(made, &error, left, random()) else { return Err(error) };
            let pause_ms = pause.as_millis() as u64;
            tracing::warn!(attempt = made, pause_ms, error = %error, "a provider failed and is asked again");
            sleep(pause).await;
        }
    }
}

impl Budget {
    /// How long to wait after the attempt number `made` (from 1) has failed; `None` to give up. `random` is 0 to 1.
    fn wait(self, made: u32, error: &ProviderError, left: Duration, random: f64) -> Option<Duration> {
        if !error.is_transient() || made >= self.attempts {
            return None;
        }
        let ceiling = FIRST_PAUSE.saturating_mul(1 << (made - 1).min(16)).min(LONGEST_PAUSE);
        let pause = error.retry_after().unwrap_or_default() + ceiling.mul_f64(random);
        (pause < left).then_some(pause)
    }
}

pub(crate) fn too_long() -> ProviderError {
    ProviderError::down(
        "an answer does not end; choose a model or server that keeps to the number of tokens it is asked for",
    )
}

pub(crate) fn too_slow() -> ProviderError {
    ProviderError::down(
        "a provider did not answer in time; give its server more power, or choose a smaller model",
    )
}

/// 0 to 1; the ceiling where the machine has no randomness.
fn random() -> f64 {
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::ProviderErrorKind;

    const MINUTE: Duration = Duration::from_secs(60);
    const BUDGET: Budget = Budget { time: MINUTE, attempt: MINUTE, pause: MINUTE, attempts: 8 };

    fn down() -> ProviderError {
        ProviderError::down("x")
    }

    #[test]
    fn pauses_double_up_to_a_ceiling_and_lie_anywhere_below_it() {
        let ceilings: Vec<u128> =
            (1..8).map(|made| BUDGET.wait(made, &down(), MINUTE, 1.0).unwrap().as_millis()).collect();
        assert_eq!(ceilings, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
        assert_eq!(BUDGET.wait(3, &down(), MINUTE, 0.25).unwrap().as_millis(), 500);
        assert_eq!(BUDGET.wait(7, &down(), MINUTE, 0.0), Some(Duration::ZERO));
    }

    #[test]
    fn a_server_that_names_a_time_is_not_asked_before_it() {
        let wait = Duration::from_secs(20);
        let throttled = ProviderError::new(ProviderErrorKind::Throttled, "x").after(Some(wait));
        assert_eq!(BUDGET.wait(1, &throttled, MINUTE, 0.0), Some(wait));
        assert_eq!(BUDGET.wait(1, &throttled, MINUTE, 1.0), Some(wait + FIRST_PAUSE));
        assert_eq!(BUDGET.wait(1, &throttled, Duration::from_secs(20), 0.0), None, "no time is left then");
    }

    #[test]
    fn what_cannot_pass_and_what_was_tried_often_enough_is_given_up() {
        for kind in [ProviderErrorKind::Refused, ProviderErrorKind::Policy, ProviderErrorKind::BadInput] {
            assert_eq!(BUDGET.wait(1, &ProviderError::new(kind, "x"), MINUTE, 0.0), None);
        }
        assert_eq!(BUDGET.wait(8, &down(), MINUTE, 0.0), None);
        assert_eq!(BUDGET.wait(u32::MAX, &down(), MINUTE, 0.0), None);
    }

    #[tokio::test]
    async fn what_may_pass_only_after_the_end_is_told_from_what_cannot() {
        let allowance = BUDGET.start();
        let throttled = |secs| {
            ProviderError::new(ProviderErrorKind::Throttled, "x").after(Some(Duration::from_secs(secs)))
        };
        assert!(!allowance.ends_before(&down()) && !allowance.ends_before(&throttled(20)));
        assert!(allowance.ends_before(&throttled(40)));
        let over = Budget { time: Duration::ZERO, ..BUDGET }.start();
        assert!(over.ends_before(&down()));
        assert!(
            !over.ends_before(&ProviderError::refused("x")),
            "a key that is wrong is wrong at the end too"
        );
    }

    #[tokio::test]
    async fn an_attempt_that_hangs_ends_with_its_time_and_counts() {
        let made = AtomicU32::new(0);
        let tiny = Budget { attempt: Duration::from_millis(1), attempts: 2, ..BUDGET };
        let once = || async {
            match made.fetch_add(1, Ordering::Relaxed) {
                0 => std::future::pending().await,
                _ => Ok("done"),
            }
        };
        assert_eq!(tiny.start().run(once).await.unwrap(), "done");
        let none_left = Budget { time: Duration::from_millis(5), ..tiny };
        let error = none_left.start().run(std::future::pending::<Result<(), _>>).await.unwrap_err();
        assert_eq!(error.kind(), ProviderErrorKind::Down);
    }
}

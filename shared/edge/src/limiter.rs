//! Requests a clock minute: 60 per source address on Videos & Chat, 100 per key on Jobs, 10 per user on key
//! management.

use domain::api_key::KeyHash;
use domain::ids::UserId;
use domain::problem::ProblemKind;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use store::Store;

use crate::problem::Problem;

/// Who is counted, and against which limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A source address on the Videos & Chat contract.
    Address(String),
    /// A source address on the Jobs contract, where no key is known.
    KeylessAddress(String),
    /// A key.
    Key(KeyHash),
    /// A user who manages keys.
    KeyManager(UserId),
}

impl Subject {
    fn limit(&self) -> u32 {
        match self {
            Self::Address(_) => 60,
            Self::KeylessAddress(_) | Self::Key(_) => 100,
            Self::KeyManager(_) => 10,
        }
    }

    fn scope(&self) -> &'static str {
        match self {
            Self::Address(_) => "videos",
            Self::KeylessAddress(_) => "jobs-ip",
            Self::Key(_) => "jobs",
            Self::KeyManager(_) => "keys",
        }
    }

    fn name(self) -> String {
        match self {
            Self::Address(address) | Self::KeylessAddress(address) => address,
            Self::Key(hash) => hash.0,
            Self::KeyManager(user) => user.0,
        }
    }
}

/// What is left of the minute; goes into the headers of every answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    limit: u32,
    count: u32,
    resets_at: i64,
}

impl Allowance {
    /// Counts a request. If the count cannot be written the request goes on: a limiter must not be an outage.
    pub(crate) async fn count(store: &Store, subject: Subject, now: Timestamp) -> Self {
        let (limit, scope) = (subject.limit(), subject.scope());
        match store.count_request(scope, subject.name(), now).await {
            Ok(window) => Self { limit, count: window.count, resets_at: window.resets_at },
            Err(error) => {
                tracing::error!(error = %error, "request not counted");
                Self { limit, count: 1, resets_at: (now.as_second().div_euclid(60) + 1) * 60 }
            }
        }
    }

    /// The refusal, if the minute's requests are used up.
    pub(crate) fn refusal(self, now: Timestamp) -> Option<Problem> {
        let detail = format!(
            "More than {} requests in this minute. Try again in {} s.",
            self.limit,
            self.retry_after(now)
        );
        let problem = Problem::new(ProblemKind::RateLimited, detail).retry_after(self.retry_after(now));
        (self.count > self.limit).then_some(problem)
    }

    fn retry_after(self, now: Timestamp) -> i64 {
        (self.resets_at - now.as_second()).max(1)
    }

    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let remaining = self.limit.saturating_sub(self.count);
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), self.limit.into());
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), remaining.into());
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(self.resets_at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_the_first_past_the_limit() {
        let now = Timestamp::from_second(1_708_523_370).unwrap();
        let at = |count| Allowance { limit: 100, count, resets_at: 1_708_523_400 };
        assert!(at(100).refusal(now).is_none());
        assert_eq!(at(101).refusal(now).unwrap().kind, ProblemKind::RateLimited);
        let mut headers = HeaderMap::new();
        at(101).write(&mut headers);
        let shown = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
        assert_eq!(shown.map(|name| headers[name].to_str().unwrap()), ["100", "0", "1708523400"]);
        assert_eq!(at(101).refusal(now).unwrap().headers()["retry-after"], "30");
    }
}

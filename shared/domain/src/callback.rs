//! Callbacks: what a job's owner is told when it ends, what an attempt to tell came to, and when the next one is made.
//!
//! After [Standard
//! Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): its event
//! types, its reading of status codes, and its retry schedule.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::api_key::KeyPrefix;
use crate::api_version::ApiVersion;
use crate::failure::NOT_PUBLIC;
use crate::video::VideoState;

/// How long one attempt may take, from looking the host up to the status line. The specification recommends 15 to 30 s.
pub const ANSWER_WITHIN: SignedDuration = SignedDuration::from_secs(15);

/// Pauses between one attempt and the next. The first six are the specification's example; the last one ends the table
/// a day after the first attempt, where the specification goes on for two more.
const PAUSES: [SignedDuration; 7] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_secs(24 * 3600 - (5 + 5 * 60 + 30 * 60 + (2 + 5 + 10) * 3600)),
];

/// The most attempts that a callback has.
pub const MAX_ATTEMPTS: usize = PAUSES.len() + 1;

/// Where the end of a job is to be told, fixed when the job is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// The URL.
    pub url: String,
    /// The key that the job was made with: it says what callbacks are signed with.
    pub key: KeyPrefix,
    /// What the contract's words meant in the request that made the job.
    pub api_version: ApiVersion,
}

/// What a callback says has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallbackEvent {
    /// The job has its result.
    #[serde(rename = "job.completed")]
    Completed,
    /// The job ended without one.
    #[serde(rename = "job.failed")]
    Failed,
    /// Its owner stopped it.
    #[serde(rename = "job.cancelled")]
    Cancelled,
}

impl CallbackEvent {
    /// Every event.
    pub const ALL: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// What there is to tell of a video in that state; nothing while it has not ended.
    pub fn of(state: VideoState) -> Option<Self> {
        match state {
            VideoState::Ready { .. } => Some(Self::Completed),
            VideoState::Failed { .. } => Some(Self::Failed),
            VideoState::Cancelled => Some(Self::Cancelled),
            VideoState::AwaitingUpload | VideoState::Queued | VideoState::Processing { .. } => None,
        }
    }
}

/// How a callback fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackStatus {
    /// The job has not ended, or another attempt follows.
    Pending,
    /// An attempt was accepted.
    Delivered,
    /// No further attempt is made.
    Failed,
}

impl CallbackStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The word that is published and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// What one attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CallbackOutcome {
    /// The endpoint answered.
    Answered {
        /// With this HTTP status code.
        status: u16,
    },
    /// The URL leads to an address that is not public.
    Refused,
    /// No answer within [`ANSWER_WITHIN`].
    TimedOut,
    /// The host does not exist, or the connection broke.
    Unreachable,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAttempt {
    /// It was accepted.
    Delivered,
    /// Another one, after this pause.
    Again(SignedDuration),
    /// No further one.
    GivenUp,
}

impl CallbackOutcome {
    /// What follows when this is what attempt `number` (from 1) came to.
    pub fn after(self, number: usize) -> AfterAttempt {
        match self {
            Self::Answered { status: 200..=299 } => AfterAttempt::Delivered,
            // The receiver says that it wants no more of these.
            Self::Answered { status: 410 } => AfterAttempt::GivenUp,
            Self::Answered { .. } | Self::Refused | Self::TimedOut | Self::Unreachable => number
                .checked_sub(1)
                .and_then(|n| PAUSES.get(n))
                .map_or(AfterAttempt::GivenUp, |pause| AfterAttempt::Again(*pause)),
        }
    }

    /// The status code, if there was an answer.
    pub fn http_status(self) -> Option<u16> {
        match self {
            Self::Answered { status } => Some(status),
            Self::Refused | Self::TimedOut | Self::Unreachable => None,
        }
    }

    /// The sentence for the job's owner; none for an attempt that was accepted.
    pub fn error(self) -> Option<String> {
        let sentence = match self {
            Self::Answered { status: 200..=299 } => return None,
            Self::Answered { status: status @ 300..=399 } => {
                return Some(format!(
                    "The endpoint answered {status}. Redirects are not followed: give the URL that they lead to."
                ));
            }
            Self::Answered { status: 410 } => {
                "The endpoint answered 410, which asks for no further attempts. Poll the job instead."
            }
            Self::Answered { status } => {
                return Some(format!("The endpoint answered {status}. Answer 2xx to take the callback."));
            }
            Self::Refused => NOT_PUBLIC,
            Self::TimedOut => {
                "The endpoint did not answer within 15 seconds. Answer first, then work on what was told."
            }
            Self::Unreachable => {
                "The connection failed. Check that the host exists, takes connections and has a valid certificate."
            }
        };
        Some(sentence.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::FailureCode;
    use crate::stage::Stage;

    const DOWN: CallbackOutcome = CallbackOutcome::Answered { status: 500 };

    #[test]
    fn the_last_attempt_is_a_day_after_the_first() {
        let mut offsets = vec![SignedDuration::ZERO];
        for number in 1.. {
            match DOWN.after(number) {
                AfterAttempt::Again(pause) => offsets.push(offsets[number - 1] + pause),
                AfterAttempt::GivenUp => break,
                AfterAttempt::Delivered => panic!("500 is no success"),
            }
        }
        assert_eq!(offsets.len(), MAX_ATTEMPTS);
        // The column "time since start" of the specification's table.
        let hms = |h: i64, m: i64, s: i64| SignedDuration::from_secs(h * 3600 + m * 60 + s);
        let expected = [
            hms(0, 0, 0),
            hms(0, 0, 5),
            hms(0, 5, 5),
            hms(0, 35, 5),
            hms(2, 35, 5),
            hms(7, 35, 5),
            hms(17, 35, 5),
            hms(24, 0, 0),
        ];
        assert_eq!(offsets, expected);
    }

    #[test]
    fn pauses_grow_until_the_day_is_over() {
        assert!(PAUSES[..6].is_sorted());
        assert!(PAUSES.iter().all(|pause| pause.is_positive()));
    }

    #[test]
    fn only_2xx_is_success_and_only_410_ends_it_early() {
        for status in [200, 202, 204, 299] {
            let outcome = CallbackOutcome::Answered { status };
            assert_eq!((outcome.after(1), outcome.error()), (AfterAttempt::Delivered, None), "{status}");
        }
        for status in [100, 199, 300, 301, 307, 400, 401, 404, 409, 411, 429, 500, 503, 999] {
            let outcome = CallbackOutcome::Answered { status };
            assert!(matches!(outcome.after(1), AfterAttempt::Again(_)), "{status}");
            assert!(outcome.error().unwrap().contains(&status.to_string()), "{status}");
        }
        let gone = CallbackOutcome::Answered { status: 410 };
        assert_eq!(gone.after(1), AfterAttempt::GivenUp);
        for outcome in [CallbackOutcome::Refused, CallbackOutcome::TimedOut, CallbackOutcome::Unreachable] {
            assert!(matches!(outcome.after(1), AfterAttempt::Again(_)), "{outcome:?}");
            assert_eq!(outcome.http_status(), None);
            assert!(outcome.error().is_some());
        }
    }

    #[test]
    fn no_number_is_beyond_the_table() {
        for number in [0, MAX_ATTEMPTS, MAX_ATTEMPTS + 1, usize::MAX] {
            assert_eq!(DOWN.after(number), AfterAttempt::GivenUp, "{number}");
        }
    }

    #[test]
    fn only_an_end_is_told() {
        let failed = VideoState::Failed { stage: Stage::Download, code: FailureCode::FetchFailed };
        for (state, told) in [
            (VideoState::Ready { has_scenes: true }, Some(CallbackEvent::Completed)),
            (VideoState::Ready { has_scenes: false }, Some(CallbackEvent::Completed)),
            (failed, Some(CallbackEvent::Failed)),
            (VideoState::Cancelled, Some(CallbackEvent::Cancelled)),
            (VideoState::AwaitingUpload, None),
            (VideoState::Queued, None),
            (VideoState::Processing { stage: Stage::Index }, None),
        ] {
            assert_eq!(CallbackEvent::of(state), told, "{state:?}");
            assert_eq!(told.is_some(), state.kind().is_terminal(), "{state:?}");
        }
    }
}

//! What can go wrong with a provider, seen by whoever decides whether to try again.

use std::{error::Error as StdError, time::Duration};

use thiserror::Error;

type Cause = Box<dyn StdError + Send + Sync>;

/// What a caller may do about a [`ProviderError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderErrorKind {
    /// Too many requests at once: the same call may succeed later.
    Throttled,
    /// The provider will not do this, now or later: credentials or quota.
    Refused,
    /// The provider's content policy forbids this input, now and later. It may take another one.
    Policy,
    /// What was handed in cannot be read: the same input fails again.
    BadInput,
    /// The provider does not work at the moment: missing, crashed, unreachable or too slow.
    Down,
}

/// A provider's failure. The text is for operators; the cause is reachable through `source()`.
#[derive(Debug, Error)]
#[error("{detail}")]
pub struct ProviderError {
    kind: ProviderErrorKind,
    detail: String,
    #[source]
    cause: Option<Cause>,
    retry_after: Option<Duration>,
}

impl ProviderError {
    /// A failure of this kind; `detail` says what to do about it.
    pub fn new(kind: ProviderErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), cause: None, retry_after: None }
    }

    /// A provider that will not do this.
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self::new(ProviderErrorKind::Refused, detail)
    }

    /// Input that a content policy forbids.
    pub(crate) fn policy(detail: impl Into<String>) -> Self {
        Self::new(ProviderErrorKind::Policy, detail)
    }

    /// Input that cannot be read.
    pub fn bad_input(detail: impl Into<String>) -> Self {
        Self::new(ProviderErrorKind::BadInput, detail)
    }

    /// A provider that does not work at the moment.
    pub fn down(detail: impl Into<String>) -> Self {
        Self::new(ProviderErrorKind::Down, detail)
    }

    /// Attaches what it was caused by.
    pub fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Notes how long the provider wants to be left alone.
    pub(crate) fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// How long the provider wants to be left alone, where it says so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The kind, to branch on.
    pub fn kind(&self) -> ProviderErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self.kind {
            ProviderErrorKind::Throttled | ProviderErrorKind::Down => true,
            ProviderErrorKind::Refused | ProviderErrorKind::Policy | ProviderErrorKind::BadInput => false,
        }
    }
}

/// Runs computation that would hold up the async threads, such as a model or a decoder.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProviderError> + Send + 'static,
) -> Result<T, ProviderError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(crash) => {
            Err(ProviderError::down("a computation stopped before its end; try again").caused_by(crash))
        }
    }
}

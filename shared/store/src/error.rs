//! What can go wrong between this crate and AWS.

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// What DynamoDB, S3, SQS and Step Functions say where a limit of requests is reached.
const THROTTLED: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
];

/// A call that did not do what was asked. Says nothing that a caller of the API may see.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The condition of a write did not hold; nothing was written.
    #[error("the condition of {operation} did not hold")]
    Conflict {
        /// What was attempted.
        operation: &'static str,
    },
    /// Others kept writing the same rows for as long as this call may wait; nothing was written.
    #[error("{operation} met other writes again and again")]
    Busy {
        /// What was attempted.
        operation: &'static str,
    },
    /// AWS said no, or did not answer.
    #[error("{operation} failed ({code}): {cause}")]
    Service {
        /// What was attempted.
        operation: &'static str,
        /// The service's own code, or `none`.
        code: String,
        /// The whole chain of causes.
        cause: String,
    },
    /// The stream that was to be stored broke off; nothing is stored.
    #[error("{operation} got no more to write: {cause}")]
    Interrupted {
        /// What was attempted.
        operation: &'static str,
        /// What the stream's own error says it is.
        kind: std::io::ErrorKind,
        /// The stream's own error.
        cause: String,
    },
    /// A row or object does not have the form that this version writes.
    #[error("{operation} read something of another form: {cause}")]
    Malformed {
        /// What was attempted.
        operation: &'static str,
        /// What did not fit.
        cause: String,
    },
}

impl StoreError {
    /// Wraps an SDK error. A failed condition is told apart, because callers decide on it.
    pub(crate) fn sdk<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
        R: std::fmt::Debug,
    {
        move |error| {
            let code = error.code().unwrap_or("none").to_owned();
            match code.as_str() {
                "ConditionalCheckFailedException" | "PreconditionFailed" => Self::Conflict { operation },
                _ => Self::Service { operation, code, cause: DisplayErrorContext(&error).to_string() },
            }
        }
    }

    /// Wraps a failure to understand what was read or to spell what is written.
    pub(crate) fn malformed<E: ToString>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Malformed { operation, cause: error.to_string() }
    }

    /// What a conditional write came to, where a condition that does not hold is no error but an answer: `None`.
    pub(crate) fn none_on_conflict<T>(outcome: Result<T, Self>) -> Result<Option<T>, Self> {
        match outcome {
            Ok(written) => Ok(Some(written)),
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the condition of the write did not hold.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether the service takes no more at the moment, even after the SDK has waited and asked again.
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Service { code, .. } if THROTTLED.contains(&code.as_str()))
    }

    /// Whether the row was held by a transaction at that moment.
    pub(crate) fn met_transaction(&self) -> bool {
        matches!(self, Self::Service { code, .. } if code == "TransactionConflictException")
    }
}

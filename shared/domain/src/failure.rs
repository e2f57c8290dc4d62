//! Why a video could not be processed: the code that is stored and the sentence that its owner reads.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is said of a URL that leads to an address which nothing is fetched from or posted to.
pub const NOT_PUBLIC: &str = "The URL leads to a private or internal address. Use a publicly accessible URL.";

/// Every way in which processing ends without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The presigned upload URL ran out and nothing was uploaded.
    UploadExpired,
    /// The URL answered with an error, or not at all.
    FetchFailed,
    /// What this service fetches with is wrongly set up or outdated.
    FetchUnavailable,
    /// The URL leads to an address that is not public.
    FetchForbidden,
    /// YouTube refused this service's address.
    YoutubeBlocked,
    /// The YouTube video is private, removed or does not exist.
    YoutubeUnavailable,
    /// The file is larger than this service takes.
    TooLarge,
    /// The file is not a video or audio file that can be read.
    NotAVideo,
    /// The file is a known format for which no decoder is installed.
    UnsupportedFormat,
    /// The file starts well, but its content is damaged or cut off.
    Damaged,
    /// The account has not enough included or credit hours for the length of the video.
    InsufficientCredits,
    /// The length of the video makes its processing cost more than its owner allows.
    MaxCostExceeded,
    /// The content policy of who describes pictures forbids every one of them.
    ContentRefused,
    /// A stage ran out of its time.
    TimedOut,
    /// This service's own fault.
    Internal,
}

impl FailureCode {
    /// All of them, in the order of the documents.
    pub const ALL: [Self; 15] = [
        Self::UploadExpired,
        Self::FetchFailed,
        Self::FetchUnavailable,
        Self::FetchForbidden,
        Self::YoutubeBlocked,
        Self::YoutubeUnavailable,
        Self::TooLarge,
        Self::NotAVideo,
        Self::UnsupportedFormat,
        Self::Damaged,
        Self::InsufficientCredits,
        Self::MaxCostExceeded,
        Self::ContentRefused,
        Self::TimedOut,
        Self::Internal,
    ];

    /// Whether the source could not be fetched, which the Jobs contract calls `FAILED_FETCH`.
    pub fn is_fetch(self) -> bool {
        match self {
            Self::FetchFailed
            | Self::FetchUnavailable
            | Self::FetchForbidden
            | Self::YoutubeBlocked
            | Self::YoutubeUnavailable => true,
            Self::UploadExpired
            | Self::TooLarge
            | Self::NotAVideo
            | Self::UnsupportedFormat
            | Self::Damaged
            | Self::InsufficientCredits
            | Self::MaxCostExceeded
            | Self::ContentRefused
            | Self::TimedOut
            | Self::Internal => false,
        }
    }

    /// Whether this service failed, and not its owner's file, account or wish: what an operator is woken for.
    pub fn is_service_fault(self) -> bool {
        match self {
            Self::FetchUnavailable | Self::TimedOut | Self::Internal => true,
            Self::UploadExpired
            | Self::FetchFailed
            | Self::FetchForbidden
            | Self::YoutubeBlocked
            | Self::YoutubeUnavailable
            | Self::TooLarge
            | Self::NotAVideo
            | Self::UnsupportedFormat
            | Self::Damaged
            | Self::InsufficientCredits
            | Self::MaxCostExceeded
            | Self::ContentRefused => false,
        }
    }
}

/// A failure with the sentence for the owner of the video. Nothing internal goes in here: it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{detail}")]
pub struct Failure {
    /// The code that clients may branch on.
    pub code: FailureCode,
    /// What happened and what the owner can do next.
    pub detail: String,
}

impl Failure {
    /// A failure with its sentence.
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

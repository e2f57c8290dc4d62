//! The one state machine of a video, and the two ways in which the contracts show it.
//!
//! Every write of a status goes through [`VideoState::apply`], and the database condition that guards the
//! write is derived from the same table ([`Event::allowed_from`]): a redelivered step is a no-op, and a late
//! failure never overwrites a terminal state.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::api_version::ApiVersion;
use crate::failure::FailureCode;
use crate::stage::Stage;

/// Where a video stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum VideoState {
    /// A presigned URL was handed out; nothing has arrived yet.
    AwaitingUpload,
    /// Waiting for its turn.
    Queued,
    /// In the pipeline.
    Processing {
        /// The stage it is in.
        stage: Stage,
    },
    /// Done.
    Ready {
        /// False when scenes were asked for and there was no picture to cut into them.
        has_scenes: bool,
    },
    /// Ended without a result; it may be retried.
    Failed {
        /// The stage it failed in.
        stage: Stage,
        /// Why.
        code: FailureCode,
    },
    /// Ended at its owner's wish.
    Cancelled,
}

/// The bare kind of a [`VideoState`], as it is stored and put in conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    /// See [`VideoState::AwaitingUpload`].
    AwaitingUpload,
    /// See [`VideoState::Queued`].
    Queued,
    /// See [`VideoState::Processing`].
    Processing,
    /// See [`VideoState::Ready`].
    Ready,
    /// See [`VideoState::Failed`].
    Failed,
    /// See [`VideoState::Cancelled`].
    Cancelled,
}

impl StateKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::AwaitingUpload, Self::Queued, Self::Processing, Self::Ready, Self::Failed, Self::Cancelled];

    /// The word that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwaitingUpload => "awaiting_upload",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more happens by itself.
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Ready | Self::Failed | Self::Cancelled => true,
            Self::AwaitingUpload | Self::Queued | Self::Processing => false,
        }
    }
}

/// What can happen to a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The upload arrived.
    Uploaded,
    /// A stage began. Stages only go forward within an attempt.
    StageStarted(Stage),
    /// Everything is indexed.
    Finished {
        /// See [`VideoState::Ready`].
        has_scenes: bool,
    },
    /// A stage gave up.
    Failed(Stage, FailureCode),
    /// The owner stopped it.
    Cancelled,
    /// The owner asked for another attempt.
    Retried,
    /// The owner asked for other words for what was extracted: another description and transcript.
    Redescribed,
}

/// The event does not apply to the state, and changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{event:?} does not apply to a video that is {from:?}")]
pub struct IllegalTransition {
    /// The state that stays.
    pub from: StateKind,
    /// What was refused.
    pub event: Event,
}

impl Event {
    /// The states in which this event means something.
    pub fn allowed_from(self) -> &'static [StateKind] {
        use StateKind::{AwaitingUpload, Failed, Processing, Queued, Ready};
        match self {
            Self::Uploaded => &[AwaitingUpload],
            // The first stage starts from the queue; a redelivered start finds it processing already.
            Self::StageStarted(_) => &[Queued, Processing],
            Self::Finished { .. } => &[Processing],
            Self::Failed(..) => &[AwaitingUpload, Queued, Processing],
            Self::Cancelled => &[AwaitingUpload, Queued, Processing],
            Self::Retried => &[Failed],
            // Of one that failed, what was extracted may be whole all the same.
            Self::Redescribed => &[Ready, Failed],
        }
    }

    /// The state after the event.
    pub fn outcome(self) -> VideoState {
        match self {
            Self::Uploaded | Self::Retried | Self::Redescribed => VideoState::Queued,
            Self::StageStarted(stage) => VideoState::Processing { stage },
            Self::Finished { has_scenes } => VideoState::Ready { has_scenes },
            Self::Failed(stage, code) => VideoState::Failed { stage, code },
            Self::Cancelled => VideoState::Cancelled,
        }
    }
}

impl VideoState {
    /// The state after `event`.
    ///
    /// # Errors
    /// When the event does not apply; the state then stays as it is.
    pub fn apply(self, event: Event) -> Result<Self, IllegalTransition> {
        let refused = IllegalTransition { from: self.kind(), event };
        if !event.allowed_from().contains(&self.kind()) {
            return Err(refused);
        }
        match (self, event.outcome()) {
            (Self::Processing { stage: now }, Self::Processing { stage: next }) if next < now => Err(refused),
            (_, outcome) => Ok(outcome),
        }
    }

    /// Its bare kind.
    pub fn kind(self) -> StateKind {
        match self {
            Self::AwaitingUpload => StateKind::AwaitingUpload,
            Self::Queued => StateKind::Queued,
            Self::Processing { .. } => StateKind::Processing,
            Self::Ready { .. } => StateKind::Ready,
            Self::Failed { .. } => StateKind::Failed,
            Self::Cancelled => StateKind::Cancelled,
        }
    }

    /// How the Videos & Chat contract shows it.
    pub fn video_status(self) -> VideoStatus {
        match self {
            Self::AwaitingUpload | Self::Queued => VideoStatus::Queued,
            Self::Processing { .. } => VideoStatus::Indexing,
            Self::Ready { .. } => VideoStatus::Ready,
            Self::Failed { .. } => VideoStatus::Failed,
            Self::Cancelled => VideoStatus::Cancelled,
        }
    }

    /// How the Jobs contract shows it. `fetched` says whether the source comes from a URL.
    pub fn job_status(self, fetched: bool) -> JobStatus {
        match self {
            Self::AwaitingUpload => JobStatus::PendingUpload,
            Self::Queued | Self::Processing { stage: Stage::Download } if fetched => JobStatus::PendingFetch,
            Self::Queued | Self::Processing { .. } => JobStatus::Processing,
            Self::Ready { has_scenes: true } => JobStatus::Completed,
            Self::Ready { has_scenes: false } => JobStatus::CompletedNoScenes,
            Self::Failed { code, .. } if code.is_fetch() => JobStatus::FailedFetch,
            Self::Failed { .. } => JobStatus::Failed,
            Self::Cancelled => JobStatus::Cancelled,
        }
    }
}

/// `status` in the Videos & Chat contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoStatus {
    /// Not begun.
    Queued,
    /// In the pipeline.
    Indexing,
    /// Can be asked about.
    Ready,
    /// Ended without a result.
    Failed,
    /// Stopped by its owner.
    Cancelled,
}

/// `status` in the Jobs contract. Its word depends on the version, see [`JobStatus::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// Waiting for the PUT.
    PendingUpload,
    /// Waiting for, or in, the download of the URL.
    PendingFetch,
    /// In the pipeline.
    Processing,
    /// Done, with all that was asked for.
    Completed,
    /// Done; scenes were asked for, and the file has no picture.
    CompletedNoScenes,
    /// The source could not be fetched.
    FailedFetch,
    /// Ended without a result.
    Failed,
    /// Stopped by its owner.
    Cancelled,
}

impl JobStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::PendingUpload,
        Self::PendingFetch,
        Self::Processing,
        Self::Completed,
        Self::CompletedNoScenes,
        Self::FailedFetch,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word that a client of that version reads.
    pub fn name(self, version: ApiVersion) -> &'static str {
        match (self, version) {
            (Self::PendingUpload, _) => "PENDING_UPLOAD",
            (Self::PendingFetch, _) => "PENDING_FETCH",
            (Self::Processing, _) => "PROCESSING",
            (Self::Completed, ApiVersion::V2026_02) => "COMPLETED",
            (Self::Completed, ApiVersion::V2026_04) => "VISION_COMPLETED",
            (Self::CompletedNoScenes, ApiVersion::V2026_02) => "COMPLETED_NO_SCENES",
            (Self::CompletedNoScenes, ApiVersion::V2026_04) => "VIDEO_COMPLETED_NO_SCENES",
            (Self::FailedFetch, _) => "FAILED_FETCH",
            (Self::Failed, _) => "FAILED",
            (Self::Cancelled, ApiVersion::V2026_02) => "CANCELLED",
            // Those SDKs wait for a word with FAILED in it, and for nothing else.
            (Self::Cancelled, ApiVersion::V2026_04) => "FAILED_CANCELLED",
        }
    }

    /// The status that a word of any version means; no word means two.
    pub fn named(text: &str) -> Option<Self> {
        let means = |status: &Self| ApiVersion::ALL.into_iter().any(|version| status.name(version) == text);
        Self::ALL.into_iter().find(means)
    }
}

/// `source` in the Jobs contract: the way by which a job came in. A job *is* a video, so videos of the other contract
/// are jobs too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobSource {
    /// Made through the Jobs API, by upload or from a URL.
    Api,
    /// A YouTube video, taken in through the Videos & Chat API.
    Youtube,
}

impl JobSource {
    /// Every source.
    pub const ALL: [Self; 2] = [Self::Api, Self::Youtube];
}

#[cfg(test)]
mod tests;

//! Videos: their row, and the conditional writes that move it through the state machine.

mod arrival;
mod claim;
mod create;
mod end;
mod list;
mod retry;
mod states;
mod transition;
mod uploads;

use domain::callback::Callback;
use domain::failure::Failure;
use domain::ids::{Attempt, Generation, TraceId, UserId, VideoId};
use domain::processing_mode::ProcessingMode;
use domain::stage::Stage;
use domain::time::Seconds;
use domain::video::{JobSource, JobStatus, StateKind, VideoState};
use domain::youtube::YoutubeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use create::Created;
pub(crate) use create::SWEEP_DELAY;
pub use end::{Ended, Wish};
pub use list::{VideoSummary, VideosPage};
pub use retry::{Retried, RetryFrom};

use crate::keys::{BURIED, Key, SK, STAGE_ROW, VIDEO_ROW, video_partition};
use crate::rows::{Row, from_row, text};
use crate::stages::StageProgress;
use crate::{Reply, Store};

/// Where a source file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
pub enum Origin {
    /// Its owner puts it into the bucket before `upload_expires_at`.
    Upload {
        /// When the presigned URL ends.
        upload_expires_at: Timestamp,
    },
    /// It is fetched from the web.
    Url {
        /// From where.
        url: String,
    },
    /// It is fetched from YouTube.
    Youtube {
        /// Which video.
        youtube_id: YoutubeId,
    },
}

impl Origin {
    /// Whether this service fetches the file itself.
    pub fn is_fetched(&self) -> bool {
        match self {
            Self::Upload { .. } => false,
            Self::Url { .. } | Self::Youtube { .. } => true,
        }
    }

    /// How the Jobs contract shows it.
    pub fn job_source(&self) -> JobSource {
        match self {
            Self::Upload { .. } | Self::Url { .. } => JobSource::Api,
            Self::Youtube { .. } => JobSource::Youtube,
        }
    }
}

/// The exact object that is processed. The bucket is versioned, so a second PUT changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its key.
    pub key: String,
    /// Its version.
    pub version_id: String,
    /// Its length in bytes.
    pub size: u64,
}

/// What is decided when a video is made.
#[derive(Debug, Clone)]
pub struct NewVideo {
    /// Its id.
    pub id: VideoId,
    /// Whose it is.
    pub owner: UserId,
    /// What people call it until the source tells better.
    pub title: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What is worked out.
    pub processing_mode: ProcessingMode,
    /// The most that processing may cost by the estimate, in micro-dollars, if there is a limit.
    pub max_cost: Option<u64>,
    /// Where its end is to be told, if anywhere.
    pub callback: Option<Callback>,
    /// The request that makes it.
    pub trace_id: TraceId,
}

/// A video's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// Its id.
    pub id: VideoId,
    /// Whose it is.
    pub owner: UserId,
    /// What people call it: the file's name, or the source's own title.
    pub title: String,
    /// Where it stands.
    #[serde(flatten)]
    pub state: VideoState,
    /// The sentence for its owner, if it failed.
    pub failure_detail: Option<String>,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
    /// What is worked out. Rows from before there was a choice have everything.
    #[serde(default)]
    pub processing_mode: ProcessingMode,
    /// The most that processing may cost by the estimate, in micro-dollars, if there is a limit.
    #[serde(default)]
    pub max_cost: Option<u64>,
    /// The pinned object, once there is one.
    pub source: Option<Source>,
    /// The pinned video that is read in its place, where the source is camera RAW that has been developed. Absent from
    /// the row until then: what pins it asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Source>,
    /// Which run of the pipeline.
    pub attempt: Attempt,
    /// The stage that this run begins with.
    pub resume_from: Stage,
    /// Which set of stage outputs.
    pub generation: Generation,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// When its present run was queued. Rows from before this was written down have nothing until they are queued again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<Timestamp>,
    /// The request that asked for its present run. Missing where `queued_at` is, and for the same reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// When it became ready.
    pub indexed_at: Option<Timestamp>,
    /// Its length, once probed.
    pub duration: Option<Seconds>,
    /// Frames of the 30-second grid, once ready.
    pub frame_count: Option<u32>,
    /// Where its end is to be told, if anywhere.
    pub callback: Option<Callback>,
}

impl Video {
    /// How the Jobs contract shows its state.
    pub fn job_status(&self) -> JobStatus {
        self.state.job_status(self.origin.is_fetched())
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<Failure> {
        match self.state {
            VideoState::Failed { code, .. } => {
                Some(Failure::new(code, self.failure_detail.clone().unwrap_or_default()))
            }
            VideoState::AwaitingUpload
            | VideoState::Queued
            | VideoState::Processing { .. }
            | VideoState::Ready { .. }
            | VideoState::Cancelled => None,
        }
    }

    /// The stage to blame when something fails now, and to resume from later.
    pub fn current_stage(&self) -> Stage {
        match self.state {
            VideoState::Processing { stage } | VideoState::Failed { stage, .. } => stage,
            VideoState::Queued => self.resume_from,
            VideoState::AwaitingUpload | VideoState::Cancelled => Stage::Download,
            VideoState::Ready { .. } => Stage::Index,
        }
    }

    /// Whether its run begins with describing what an earlier one extracted. A video that was ready once has all of
    /// that, and is paid for: there is nothing to probe and nothing to set aside.
    pub fn is_described_anew(&self) -> bool {
        self.indexed_at.is_some() && self.resume_from >= Stage::Describe
    }

    /// Whether nothing more happens by itself.
    pub fn is_terminal(&self) -> bool {
        self.state.kind().is_terminal()
    }

    /// Whether its result lists scenes. Some files have no picture, and some jobs do not ask for scenes.
    pub fn lists_scenes(&self) -> bool {
        self.state == (VideoState::Ready { has_scenes: true }) && self.processing_mode.describes()
    }

    /// Whether questions can be asked about it.
    pub fn is_ready(&self) -> bool {
        self.state.kind() == StateKind::Ready
    }
}

impl Store {
    /// A video, strongly consistent.
    pub fn video(&self, id: VideoId) -> Reply<'_, Option<Video>> {
        const OPERATION: &str = "reading a video";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::video(id)).await?.filter(is_not_buried);
            row.map(|row| from_row(OPERATION, row)).transpose()
        })
    }

    /// A video with the stages it has begun, in one read.
    pub fn video_with_stages(&self, id: VideoId) -> Reply<'_, Option<(Video, Vec<StageProgress>)>> {
        const OPERATION: &str = "reading a video's progress";
        Box::pin(async move {
            // '~' sorts after every character of a stage row's key.
            let last = format!("{STAGE_ROW}~");
            let rows = self.rows_between(OPERATION, video_partition(id), VIDEO_ROW, &last).await?;
            let mut rows = rows.into_iter();
            let Some(first) = rows.next() else { return Ok(None) };
            if first.get(SK) != Some(&text(VIDEO_ROW)) || !is_not_buried(&first) {
                return Ok(None);
            }
            let video = from_row(OPERATION, first)?;
            let stages = rows.map(|row| from_row(OPERATION, row)).collect::<Result<_, _>>()?;
            Ok(Some((video, stages)))
        })
    }
}

/// A tombstone is no video any more.
fn is_not_buried(row: &Row) -> bool {
    !row.contains_key(BURIED)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_from_before_there_were_modes_has_everything() {
        let row = json!({
            "id": "019ea186-6500-7c3e-9b1d-2f6a5e8d4c10",
            "owner": "user_a",
            "title": "ML Lecture 12",
            "state": "queued",
            "origin": "youtube",
            "youtube_id": "abc123",
            "attempt": 1,
            "resume_from": "download",
            "generation": 1,
            "created_at": "2026-06-07T10:00:00Z",
            "updated_at": "2026-06-07T10:00:00Z",
        });
        let mut video: Video = serde_json::from_value(row).unwrap();
        assert_eq!(
            (&video.queued_at, &video.trace_id),
            (&None, &None),
            "nor when it was queued, and by what"
        );
        assert_eq!(
            (video.processing_mode, video.origin.job_source()),
            (ProcessingMode::All, JobSource::Youtube)
        );
        video.processing_mode = ProcessingMode::Vision;
        let row = crate::rows::to_row("writing a row", Key::video(video.id), &video).unwrap();
        assert_eq!(row.get("processing_mode"), Some(&text("vision")));
        let read: Video = from_row("reading a row", row).unwrap();
        assert_eq!(read, video);
    }
}

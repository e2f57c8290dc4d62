//! What goes wrong, sorted by who has to act.

use std::{io, time::Duration};

use domain::{
    camera_raw::CameraRaw,
    failure::{Failure, FailureCode},
};
use thiserror::Error;

use crate::codec::FormatError;

/// Why a step of this crate gave no result.
#[derive(Debug, Error)]
pub enum MediaError {
    /// The file itself is the reason; its owner reads this sentence. Trying again does not help.
    #[error(transparent)]
    Rejected(#[from] Failure),
    /// What the camera wrote is still to be developed: [`crate::develop()`] makes a video of it, or nothing here does.
    #[error("it is camera RAW ({0:?}), of which a proxy has to be made first")]
    CameraRaw(CameraRaw),
    /// The object could not be read while a program ran. Try the step again.
    #[error("failed to read the object while {program} ran: {stderr}")]
    Source {
        /// Program that was reading.
        program: &'static str,
        /// Its last words.
        stderr: String,
    },
    /// A program ended in a way that is not the file's fault.
    #[error("failed to finish {program} ({status}); check its installation: {stderr}")]
    Tool {
        /// Program that failed.
        program: &'static str,
        /// Exit status or what it printed instead of an answer.
        status: String,
        /// Its last words.
        stderr: String,
    },
    /// The machine refused something.
    #[error("failed to {doing}: {source}")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// What the machine answered.
        source: io::Error,
    },
    /// A stored object is not what this version writes. Run its stage again.
    #[error("failed to read stored features: {0}")]
    Format(#[from] FormatError),
}

impl MediaError {
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

pub(crate) fn not_a_video() -> Failure {
    Failure::new(
        FailureCode::NotAVideo,
        "This is not a video or audio file that can be read. Upload a video (MP4, MOV, MKV, WebM, AVI, MPEG-TS, MXF) \
         or an audio file (MP3, WAV, FLAC, Ogg, AAC).",
    )
}

pub(crate) fn damaged() -> Failure {
    Failure::new(
        FailureCode::Damaged,
        "The file is damaged or cut off: nothing in it could be decoded. Check that it plays to the end on your \
         computer, export or copy it again, and upload the new file.",
    )
}

pub(crate) fn unsupported(format: &str, remedy: &str) -> Failure {
    Failure::new(
        FailureCode::UnsupportedFormat,
        format!("{format} cannot be decoded here. {remedy}, and upload that."),
    )
}

pub(crate) fn no_frames() -> Failure {
    Failure::new(
        FailureCode::NotAVideo,
        "There is no video in this archive: of archives, those with the DNG frames of one CinemaDNG clip are read. Upload \
         such a zip or tar file, or the video itself.",
    )
}

pub(crate) fn damaged_archive() -> Failure {
    Failure::new(
        FailureCode::Damaged,
        "The archive is damaged, cut off or encrypted. Check that it unpacks on your computer, make it again, and upload \
         the new file.",
    )
}

pub(crate) fn too_much_to_unpack(bytes: u64) -> Failure {
    let detail = format!(
        "The file takes more than {} GB of space to be developed. Cut the clip into shorter ones, or export it as \
         ProRes 422 or H.264, and upload that.",
        bytes >> 30
    );
    Failure::new(FailureCode::TooLarge, detail)
}

pub(crate) fn overfull_archive(entries: usize, name: u64) -> Failure {
    let detail = format!(
        "The archive has more than {entries} entries, or one whose name has more than {name} characters. Pack the frames \
         of the clip alone, in a folder with a short name, and upload that."
    );
    Failure::new(FailureCode::TooLarge, detail)
}

pub(crate) fn too_large_a_picture() -> Failure {
    unsupported("A picture of more than 8192 by 4608 pixels", "Export the video at 8K or less")
}

pub(crate) fn too_long() -> Failure {
    unsupported("A video of more than 48 hours", "Cut it into shorter ones")
}

pub(crate) fn too_slow(limit: Duration) -> Failure {
    let minutes = limit.as_secs().div_ceil(60);
    Failure::new(
        FailureCode::TimedOut,
        format!(
            "Decoding took longer than the {minutes} minutes allowed. Try again; if it happens again, export the video \
             as H.264 in MP4 with a keyframe every few seconds, and upload that."
        ),
    )
}

//! Everything that touches ffmpeg: what a file is, how it is cut into segments, what one decode of a segment
//! yields, and which scenes the whole video has.
//!
//! The order of use is [`RangeProxy::start`], [`probe()`], [`plan()`], [`extract()`] once per segment (anywhere, in
//! any order, any number of times), [`join()`]. What a camera wrote raw goes through [`develop()`] first.
#![warn(missing_docs)]

mod codec;
mod color;
mod contact_sheet;
mod detect;
mod develop;
mod error;
mod extract;
mod features;
#[doc(hidden)]
pub mod fuzzing;
mod hdr;
mod join;
mod matrix;
mod plan;
mod probe;
mod process;
mod proxy;
mod source;
mod timeline;

use std::path::PathBuf;

pub use codec::FormatError;
pub use contact_sheet::{contact_sheet, on_contact_sheet};
pub use develop::{camera_raw, develop};
pub use error::MediaError;
pub use extract::{ExtractOptions, SegmentOutput, extract};
pub use features::{Candidate, FrameMeasure, SegmentFeatures};
pub use hdr::Hdr;
pub use join::{FrameRef, Joined, join};
pub use matrix::Matrix;
pub use plan::{AudioPlan, Segment, SegmentPlan, VideoPlan, Whole, plan};
pub use probe::{AudioStream, NotATimecode, Probe, Recorded, Timecode, VideoStream, probe};
pub use proxy::RangeProxy;
pub use source::{ByteSource, FileSource};
pub use timeline::{Ticks, TimeBase};

/// Samples per second of the extracted soundtrack: mono, signed 16 bit, little endian.
pub const AUDIO_RATE: u32 = 16_000;

/// The two programs this crate runs. The caller decides where they are.
#[derive(Debug, Clone)]
pub struct Tools {
    /// `ffmpeg`, 5.1 or later.
    pub ffmpeg: PathBuf,
    /// `ffprobe` of the same release.
    pub ffprobe: PathBuf,
}

#[cfg(test)]
mod tests;

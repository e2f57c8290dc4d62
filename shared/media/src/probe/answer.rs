//! ffprobe's JSON. Every field may be missing and every number may be a string.

use serde::Deserialize;

use super::{AudioStream, VideoStream, tags::Tags};
use crate::{Hdr, Matrix, MediaError, TimeBase, error::damaged};

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) streams: Vec<Stream>,
    pub(super) format: Format,
}

#[derive(Debug, Deserialize)]
pub(super) struct Format {
    pub(super) format_name: String,
    #[serde(default)]
    pub(super) format_long_name: String,
    start_time: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    pub(super) tags: Tags,
}

impl Format {
    /// End of the longest stream on the file's own clock, in seconds.
    pub(super) fn end(&self) -> Option<f64> {
        let number = |text: &Option<String>| text.as_deref()?.parse::<f64>().ok();
        Some(number(&self.duration)? + number(&self.start_time).unwrap_or(0.0))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stream {
    pub(super) index: u32,
    pub(super) codec_type: String,
    pub(super) codec_name: Option<String>,
    pub(super) codec_tag_string: String,
    pub(super) width: u32,
    pub(super) height: u32,
    sample_aspect_ratio: String,
    pix_fmt: String,
    color_transfer: String,
    color_space: String,
    avg_frame_rate: String,
    time_base: String,
    has_b_frames: u32,
    sample_rate: String,
    channels: u32,
    disposition: Disposition,
    side_data_list: Vec<SideData>,
    pub(super) tags: Tags,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Disposition {
    default: u8,
    attached_pic: u8,
    timed_thumbnails: u8,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SideData {
    rotation: Option<f64>,
}

impl Stream {
    pub(super) fn is_moving_picture(&self) -> bool {
        let is_cover = self.disposition.attached_pic + self.disposition.timed_thumbnails > 0;
        self.codec_type == "video" && !is_cover
    }

    pub(super) fn is_sound(&self) -> bool {
        self.codec_type == "audio" && self.codec_name.is_some()
    }

    pub(super) fn is_default(&self) -> bool {
        self.disposition.default > 0
    }

    pub(super) fn to_audio(&self) -> Option<AudioStream> {
        let sample_rate = self.sample_rate.parse().ok().filter(|rate| *rate > 0)?;
        let codec = self.codec_name.clone()?;
        Some(AudioStream { index: self.index, codec, sample_rate, channels: self.channels })
    }

    pub(super) fn to_video(&self, frames: &Frames) -> Result<VideoStream, MediaError> {
        let time_base = TimeBase::parse(&self.time_base).ok_or_else(damaged)?;
        let rotation = self.rotation();
        let width = match ratio(&self.sample_aspect_ratio, ':') {
            // An aspect beyond 1:10 is a mistake of the file, not the shape of a picture.
            Some(aspect) if (0.1..=10.0).contains(&aspect) => f64::from(self.width) * aspect,
            _ => f64::from(self.width),
        };
        let (width, height) = (width.round() as u32, self.height);
        let (width, height) = if rotation % 180 == 90 { (height, width) } else { (width, height) };
        Ok(VideoStream {
            index: self.index,
            codec: self.codec_name.clone().unwrap_or_default(),
            width,
            height,
            rotation,
            pixel_format: self.pix_fmt.clone(),
            hdr: Hdr::of(&self.color_transfer),
            matrix: Matrix::of(&self.color_space),
            frame_rate: ratio(&self.avg_frame_rate, '/').unwrap_or(0.0),
            time_base,
            first_pts: frames.first_pts().ok_or_else(damaged)?,
            reorders: self.has_b_frames > 0,
        })
    }

    /// ffprobe tells the counter-clockwise turn that the recorder applied, -180 to 180.
    fn rotation(&self) -> u16 {
        let turn = self.side_data_list.iter().find_map(|data| data.rotation).unwrap_or(0.0);
        let quarters = (-turn / 90.0).round().rem_euclid(4.0);
        quarters as u16 * 90
    }
}

fn ratio(text: &str, separator: char) -> Option<f64> {
    let (over, under) = text.split_once(separator)?;
    let (over, under): (f64, f64) = (over.parse().ok()?, under.parse().ok()?);
    (over > 0.0 && under > 0.0).then_some(over / under)
}

/// The first decoded frames.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Frames {
    frames: Vec<Frame>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame {
    best_effort_timestamp: Option<i64>,
    best_effort_timestamp_time: Option<String>,
}

impl Frames {
    pub(super) fn first_pts(&self) -> Option<i64> {
        self.frames.iter().filter_map(|frame| frame.best_effort_timestamp).min()
    }

    pub(super) fn first_time(&self) -> Option<f64> {
        let times =
            self.frames.iter().filter_map(|frame| frame.best_effort_timestamp_time.as_deref()?.parse().ok());
        times.reduce(f64::min)
    }
}

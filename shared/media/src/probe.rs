//! What a file is, before anything is decoded at length or billed.

mod answer;
mod formats;
mod tags;

use std::time::Duration;

use domain::{
    camera_raw::CameraRaw,
    time::{LONGEST_VIDEO_SECS, Seconds},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Hdr, Matrix, MediaError, TimeBase, Tools,
    error::{damaged, not_a_video, too_large_a_picture, too_long, unsupported},
    process::{LastWords, MAX_PIXELS, ffprobe},
};
use answer::{Answer, Frames, Stream};
use tags::Tags;

pub use tags::{NotATimecode, Timecode};

const LIMIT: Duration = Duration::from_secs(240);
/// The longest video, in seconds. What is planned is in proportion to the length, and a header may claim centuries.
const LONGEST: f64 = LONGEST_VIDEO_SECS as f64;

/// What ffprobe found, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The container as ffmpeg calls it in full, e.g. `QuickTime / MOV`.
    pub container: String,
    /// The one demuxer that later steps may use, e.g. `mov`.
    pub demuxer: String,
    /// From the first displayed frame to the end of the last stream.
    pub length: Seconds,
    /// Whether the length had to be counted because the header does not tell it; such a file has no usable index.
    pub length_was_counted: bool,
    /// Absolute time of position zero in the file's own clock, in seconds: the first displayed frame, or the first
    /// sample of a file without video. May be negative.
    pub first_displayed: f64,
    /// The video stream that is looked at; cover art does not count.
    pub video: Option<VideoStream>,
    /// Every audio stream that can be decoded, the one to listen to first.
    pub audio: Vec<AudioStream>,
    /// What its recorder wrote beside the pictures.
    #[serde(default)]
    pub recorded: Recorded,
}

/// What a recorder or editor wrote beside the pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The label of the first frame.
    pub timecode: Option<Timecode>,
    /// When the file was made, by the clock of whatever wrote it.
    pub created_at: Option<Timestamp>,
}

/// A stream of moving pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoStream {
    /// Index among all streams of the file.
    pub index: u32,
    /// Codec as ffmpeg calls it, e.g. `h264`.
    pub codec: String,
    /// Width in square pixels, as displayed.
    pub width: u32,
    /// Height in square pixels, as displayed.
    pub height: u32,
    /// Clockwise turn that sets the picture upright: 0, 90, 180 or 270 degrees.
    pub rotation: u16,
    /// E.g. `yuv420p`.
    pub pixel_format: String,
    /// How brightness is coded, where it is not what a usual display shows.
    #[serde(default)]
    pub hdr: Option<Hdr>,
    /// How its colours are coded.
    #[serde(default)]
    pub matrix: Matrix,
    /// Mean frames per second; 0 when unknown.
    pub frame_rate: f64,
    /// Unit of the stream's timestamps.
    pub time_base: TimeBase,
    /// Timestamp of the first displayed frame.
    pub first_pts: i64,
    /// Whether frames are stored in another order than they are displayed in.
    pub reorders: bool,
}

/// A soundtrack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioStream {
    /// Index among all streams of the file.
    pub index: u32,
    /// Codec as ffmpeg calls it, e.g. `aac`.
    pub codec: String,
    /// Samples per second, as stored.
    pub sample_rate: u32,
    /// Channels, as stored.
    pub channels: u32,
}

/// Looks at the file behind `url`. `file_name` is what its owner calls it: its extension names a camera format that
/// ffmpeg cannot even recognise.
///
/// # Errors
/// [`MediaError::CameraRaw`] where a proxy has to be made of the file first; [`MediaError::Rejected`] with `NotAVideo`,
/// `UnsupportedFormat` or `Damaged`; other variants when the step itself failed.
pub async fn probe(tools: &Tools, url: &str, file_name: &str) -> Result<Probe, MediaError> {
    let arguments = [
        "-format_whitelist",
        &formats::whitelist(),
        "-print_format",
        "json",
        "-show_format",
        "-show_streams",
    ];
    let (json, success, words) = ffprobe(&tools.ffprobe, &arguments, url, LIMIT).await?;
    if !success {
        return Err(refusal(&words, file_name));
    }
    let answer: Answer = serde_json::from_slice(&json).map_err(|error| MediaError::Tool {
        program: "ffprobe",
        status: format!("unreadable answer: {error}"),
        stderr: words.text.clone(),
    })?;
    let demuxer = formats::allowed(&answer.format.format_name).ok_or_else(not_a_video)?;
    if let Some(raw) = formats::camera_raw(demuxer, &answer.streams) {
        return Err(MediaError::CameraRaw(raw));
    }
    let video = choose_video(&answer.streams, &words)?;
    let audio = audio_streams(&answer.streams);
    let Some(first_stream) = video.map(|stream| stream.index).or(audio.first().map(|stream| stream.index))
    else {
        return Err(not_a_video().into());
    };
    let tags = all_tags(&answer, video);
    let recorded = Recorded {
        timecode: tags.iter().find_map(|tags| tags.timecode()),
        created_at: tags.iter().find_map(|tags| tags.created_at()),
    };
    let frames = first_frames(tools, url, demuxer, first_stream, video.is_some()).await?;
    let video = video.map(|stream| stream.to_video(&frames)).transpose()?;
    let first_displayed = match &video {
        Some(video) => video.time_base.seconds(video.first_pts),
        None => frames.first_time().ok_or_else(damaged)?,
    };
    let header_length = answer.format.end().map(|end| end - first_displayed);
    let is_likely = |length: &f64| (f64::MIN_POSITIVE..=LONGEST).contains(length);
    let known = header_length.filter(|length| is_likely(length) && !formats::guesses_length(demuxer));
    let length = match known {
        Some(length) => length,
        None => counted_end(tools, url, demuxer, first_stream).await? - first_displayed,
    };
    if length > LONGEST {
        return Err(too_long().into());
    }
    Ok(Probe {
        container: answer.format.format_long_name,
        demuxer: demuxer.to_owned(),
        length: Seconds::new(length),
        length_was_counted: known.is_none(),
        first_displayed,
        video,
        audio,
        recorded,
    })
}

/// The tags of the video stream, of the file, and of the other streams: of those, QuickTime has one for the timecode.
fn all_tags<'a>(answer: &'a Answer, video: Option<&'a Stream>) -> Vec<&'a Tags> {
    let others = answer.streams.iter().map(|stream| &stream.tags);
    video.map(|video| &video.tags).into_iter().chain([&answer.format.tags]).chain(others).collect()
}

fn refusal(words: &LastWords, file_name: &str) -> MediaError {
    if let Some(format) = CameraRaw::of_file_name(file_name) {
        return MediaError::CameraRaw(format);
    }
    if mentions_pixels(words) {
        return too_large_a_picture().into();
    }
    if words.text.contains("moov atom not found") {
        return damaged().into();
    }
    not_a_video().into()
}

/// Whether ffprobe met a picture beyond [`MAX_PIXELS`], which it then says nothing else about.
fn mentions_pixels(words: &LastWords) -> bool {
    words.text.contains("exceeds specified max pixel count")
}

/// The default video stream, else the first. A video whose codec has no decoder is refused by name.
fn choose_video<'a>(streams: &'a [Stream], words: &LastWords) -> Result<Option<&'a Stream>, MediaError> {
    let is_huge = |stream: &Stream| u64::from(stream.width) * u64::from(stream.height) > MAX_PIXELS;
    let videos = || streams.iter().filter(|stream| stream.is_moving_picture());
    let known = |stream: &&Stream| stream.codec_name.is_some() && stream.width > 0 && stream.height > 0;
    let chosen =
        videos().filter(known).max_by_key(|stream| (stream.is_default(), std::cmp::Reverse(stream.index)));
    match (chosen, videos().next()) {
        (None, Some(unknown)) if unknown.codec_name.is_none() => {
            let name = format!("The video codec \"{}\"", unknown.codec_tag_string.escape_default());
            Err(unsupported(&name, "Export the video as H.264 or ProRes 422").into())
        }
        (None, Some(_)) if mentions_pixels(words) => Err(too_large_a_picture().into()),
        (None, Some(_)) => Err(damaged().into()),
        (Some(chosen), _) if is_huge(chosen) => Err(too_large_a_picture().into()),
        (chosen, _) => Ok(chosen),
    }
}

fn audio_streams(streams: &[Stream]) -> Vec<AudioStream> {
    let mut decodable: Vec<&Stream> = streams.iter().filter(|stream| stream.is_sound()).collect();
    decodable.sort_by_key(|stream| !stream.is_default());
    decodable.into_iter().filter_map(Stream::to_audio).collect()
}

/// Decodes the beginning: only a decoder knows which frame is displayed first, and whether there is any.
async fn first_frames(
    tools: &Tools,
    url: &str,
    demuxer: &str,
    index: u32,
    is_video: bool,
) -> Result<Frames, MediaError> {
    let index = index.to_string();
    for packets in ["%+#40", "%+#1500"] {
        let arguments = [
            ["-f", demuxer],
            ["-select_streams", &index],
            ["-read_intervals", packets],
            ["-print_format", "json"],
            ["-show_entries", "frame=pts,pts_time,best_effort_timestamp,best_effort_timestamp_time"],
        ];
        let (json, _, _) = ffprobe(&tools.ffprobe, arguments.as_flattened(), url, LIMIT).await?;
        let frames: Frames = serde_json::from_slice(&json).unwrap_or_default();
        if frames.first_time().is_some() {
            return Ok(frames);
        }
    }
    // Almost anything can be mistaken for headerless audio; what has a video header was a video once.
    Err(if is_video { damaged() } else { not_a_video() }.into())
}

/// Reads every packet of the stream for the end of the last one, in seconds.
async fn counted_end(tools: &Tools, url: &str, demuxer: &str, index: u32) -> Result<f64, MediaError> {
    let index = index.to_string();
    let arguments = [
        ["-f", demuxer],
        ["-select_streams", &index],
        ["-show_entries", "packet=pts_time,duration_time"],
        ["-print_format", "csv=p=0"],
    ];
    let (table, _, _) = ffprobe(&tools.ffprobe, arguments.as_flattened(), url, LIMIT).await?;
    last_end(&String::from_utf8_lossy(&table)).ok_or_else(|| damaged().into())
}

/// The latest end of a table of starts and durations.
fn last_end(table: &str) -> Option<f64> {
    let ends = table.lines().filter_map(|line| {
        let mut fields = line.split(',').map(|field| field.trim().parse::<f64>());
        let start = fields.next()?.ok()?;
        Some(start + fields.next().and_then(Result::ok).unwrap_or(0.0))
    });
    ends.reduce(f64::max)
}

/// Everything that reads ffprobe's words, on those in `bytes`: what the file is, its frames and its packets, with a zero
/// byte between them.
pub(crate) fn read_words(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let Ok(answer) = serde_json::from_slice::<Answer>(part()) else { return };
    let frames: Frames = serde_json::from_slice(part()).unwrap_or_default();
    let demuxer = formats::allowed(&answer.format.format_name).unwrap_or_default();
    let _refusal = formats::camera_raw(demuxer, &answer.streams);
    let video = choose_video(&answer.streams, &LastWords::default()).ok().flatten();
    for tags in all_tags(&answer, video) {
        let _told = (tags.timecode(), tags.created_at());
    }
    let _read = (
        audio_streams(&answer.streams),
        video.map(|stream| stream.to_video(&frames)),
        frames.first_time(),
        answer.format.end(),
        last_end(&String::from_utf8_lossy(part())),
    );
}

//! CinemaDNG: frames in an archive, developed by ffmpeg into H.264.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::camera_raw::CameraRaw;
use ffmpeg_sidecar::command::FfmpegCommand;
use tokio::{io::AsyncBufReadExt, runtime::Handle};

use super::{
    LIMIT,
    archive::{Clip, unpack},
    blocks::Blocks,
};
use crate::{
    ByteSource, MediaError, Tools,
    error::{no_frames, too_slow},
    process::{FILE_RULES, Running},
};

/// Where frames do not say how fast they were taken: the rate of cinema.
const USUAL_RATE: (u32, u32) = (24, 1);
/// The proxy's width at most, in pixels: what is kept of a frame is smaller still.
const WIDTH: u32 = 1920;
/// How often a line of the log tells how far it is.
const TELL_EVERY: Duration = Duration::from_secs(15);

pub(super) async fn develop(
    tools: &Tools,
    source: Arc<dyn ByteSource>,
    folder: &Path,
) -> Result<PathBuf, MediaError> {
    let deadline = Instant::now() + LIMIT;
    let open = || Blocks::new(source.clone(), Handle::current(), deadline);
    let (archive, again, to) = (open(), open(), folder.to_owned());
    let unpacked = tokio::task::spawn_blocking(move || unpack(archive, again, &to)).await;
    let mut clip = unpacked.map_err(|error| MediaError::io("unpack an archive")(error.into()))??;
    if clip.frames == 0 {
        return Err(no_frames().into());
    }
    tracing::info!(frames = clip.frames, sound = clip.sound.is_some(), "archive unpacked");
    let proxy = folder.join("proxy.mp4");
    let encoded = async {
        let encoded = encode(command(tools, &clip, &proxy), &clip).await;
        if let (Err(MediaError::Rejected(_)), Some(_)) = (&encoded, clip.sound.take()) {
            tracing::warn!("frames with their sound not developed; trying without it");
            return encode(command(tools, &clip, &proxy), &clip).await;
        }
        encoded
    };
    let encoded = tokio::time::timeout_at(deadline.into(), encoded);
    encoded.await.unwrap_or_else(|_| Err(too_slow(LIMIT).into()))?;
    Ok(proxy)
}

async fn encode(command: FfmpegCommand, clip: &Clip) -> Result<(), MediaError> {
    let mut running = Running::ffmpeg(command)?;
    let (mut done, mut told, mut line) = (0, Instant::now(), String::new());
    while running.stdout.read_line(&mut line).await.map_err(MediaError::io("read from ffmpeg"))? > 0 {
        if let Some(frames) = line.strip_prefix("frame=") {
            done = frames.trim().parse().unwrap_or(done);
        }
        if told.elapsed() >= TELL_EVERY {
            tracing::info!(frames = done, of = clip.frames, "developing");
            told = Instant::now();
        }
        line.clear();
    }
    let (success, words) = running.finish().await?;
    if success && done > 0 {
        if done < clip.frames {
            tracing::warn!(frames = done, of = clip.frames, stderr = words.text, "some frames not developed");
        }
        return Ok(());
    }
    if words.text.is_empty() || words.text.contains("No space left") {
        // Killed, or out of disk.
        let status = format!("no success after {done} frames");
        return Err(MediaError::Tool { program: "ffmpeg", status, stderr: words.text });
    }
    // There is no other input than frames that were just written, and a WAV: what ffmpeg cannot make a video of is at
    // fault itself.
    tracing::info!(stderr = words.text, "frames not developed");
    Err(CameraRaw::CinemaDng.refusal().into())
}

fn command(tools: &Tools, clip: &Clip, proxy: &Path) -> FfmpegCommand {
    let (frames, seconds) = clip.first.frame_rate.unwrap_or(USUAL_RATE);
    let rate = f64::from(frames) / f64::from(seconds);
    let scale = format!("scale=w='trunc(min({WIDTH},iw)/2)*2':h=-2:flags=area");
    let filters = clip.first.balance.filters(&scale);
    let mut command = FfmpegCommand::new_with_path(&tools.ffmpeg);
    command.hide_banner().args(["-nostdin", "-loglevel", "error", "-nostats", "-progress", "pipe:1"]);
    command.args(FILE_RULES).args(["-f", "image2", "-framerate", &format!("{frames}/{seconds}")]);
    command.args(["-c:v", "tiff"]).input(clip.pattern());
    if let Some(sound) = &clip.sound {
        command.args(FILE_RULES).format("wav").input(sound);
        command.map("1:a:0").codec_audio("aac");
    }
    command
        .map("0:v:0")
        .args(["-vf", &format!("{filters},scale=out_color_matrix=bt709:out_range=tv,format=yuv420p")]);
    // A keyframe every two seconds: that is where segments can begin. A frame that cannot be read is told by the one
    // before it, so that all others keep their time.
    command.codec_video("libx264").args(["-preset", "veryfast", "-crf", "18", "-fps_mode", "cfr"]);
    command.args(["-g", &format!("{}", (2.0 * rate).round().max(1.0))]);
    command.args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
    if let Some(timecode) = clip.first.timecode.filter(|code| is_of(code.frames, code.drop_frame, rate)) {
        command.args(["-timecode", &timecode.to_string()]);
    }
    if let Some(taken_at) = clip.first.taken_at.as_deref().and_then(timestamp) {
        command.args(["-metadata", &format!("creation_time={taken_at}")]);
    }
    command.args(["-map_metadata", "-1", "-movflags", "+faststart"]).format("mp4").output(proxy);
    command
}

/// The most frames a second that the muxer can label.
const MOST_LABELLED: f64 = 255.0;

/// The muxer refuses other labels, and with them the whole video.
fn is_of(frames: u8, drop_frame: bool, rate: f64) -> bool {
    let drops = [30.0, 60.0].iter().any(|whole| (rate - whole / 1.001).abs() < 0.01);
    f64::from(frames) < rate.round() && rate.round() <= MOST_LABELLED && (!drop_frame || drops)
}

/// `2026:02:21 14:30:00` as `2026-02-21T14:30:00Z`. Cameras do not write their zone.
fn timestamp(taken_at: &str) -> Option<String> {
    let taken_at = jiff::civil::DateTime::strptime("%Y:%m:%d %H:%M:%S", taken_at).ok()?;
    Some(format!("{taken_at}Z"))
}

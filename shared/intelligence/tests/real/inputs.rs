//! Frames and speech, made with ffmpeg and espeak-ng.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    analysis::{Rgb, Scene},
    time::Seconds,
};
use intelligence::{ProviderError, describe::SceneImage, transcribe::Soundtrack};

/// A file of samples.
pub(crate) struct PcmFile(pub(crate) PathBuf);

#[async_trait]
impl Soundtrack for PcmFile {
    fn folder(&self) -> &str {
        "unused"
    }

    async fn pcm(&self) -> Result<&Path, ProviderError> {
        Ok(&self.0)
    }

    async fn kept(&self, _: &str) -> Option<Bytes> {
        None
    }

    async fn keep(&self, _: &str, _: Bytes) {}
}

const FONT: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

/// What a program prints that must succeed.
pub(crate) fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// One JPEG frame of an ffmpeg source, through a filter.
pub(crate) fn frame(source: &str, filter: &str) -> Bytes {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-f", "lavfi", "-i", source, "-vf", filter, "-frames:v", "1", "-q:v", "3"]);
    Bytes::from(run(command.args(["-f", "mjpeg", "-"])))
}

/// A filter that writes `lines` in this colour, one below the other.
pub(crate) fn writing(lines: &[&str], color: &str, size: u32) -> String {
    let draw = |(n, line): (usize, &&str)| {
        let (line, y) = (line.replace(':', "\\:").replace('=', "\\="), 60 + n as u32 * size * 3);
        format!("drawtext=fontfile={FONT}:text='{line}':fontcolor={color}:fontsize={size}:x=120:y={y}")
    };
    lines.iter().enumerate().map(draw).collect::<Vec<_>>().join(",")
}

/// A white board of 720p with lines of text.
pub(crate) fn board(lines: &[&str]) -> Bytes {
    frame("color=c=white:s=1280x720:r=1", &writing(lines, "black", 44))
}

pub(crate) fn scene(ordinal: u32, jpeg: Bytes) -> SceneImage {
    let start = f64::from(ordinal) * 10.0;
    let scene = Scene {
        ordinal,
        start: Seconds::new(start),
        end: Seconds::new(start + 10.0),
        keyframe_at: Seconds::new(start + 5.0),
        main_color: Rgb(250, 250, 250),
        brightness: 0.9,
        motion: 0.0,
        black: Vec::new(),
        frozen: Vec::new(),
    };
    SceneImage { scene, jpeg }
}

/// One sentence by one of espeak-ng's voices, at this pitch (0 to 99), as 16 kHz samples without the silence
/// that espeak-ng puts around it.
pub(crate) fn say(folder: &Path, voice: &str, pitch: u32, text: &str) -> Vec<i16> {
    let wav = folder.join("said.wav");
    let mut espeak = Command::new("espeak-ng");
    run(espeak.args(["-v", voice, "-s", "140", "-p", &pitch.to_string(), "-w"]).arg(&wav).arg(text));
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(&wav);
    let bytes = run(ffmpeg.args(["-ac", "1", "-ar", "16000", "-f", "s16le", "-"]));
    fs::remove_file(wav).unwrap();
    let samples: Vec<i16> =
        bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let is_loud = |sample: &i16| sample.unsigned_abs() > 300;
    let (first, last) =
        (samples.iter().position(is_loud).unwrap(), samples.iter().rposition(is_loud).unwrap());
    samples[first..=last].to_vec()
}

/// The samples as a raw file's bytes, with the faint noise of a room over all of them: silence in real
/// recordings is never digital zero.
pub(crate) fn recorded(samples: &[i16]) -> Vec<u8> {
    let mut state = 7u32;
    let bytes = samples.iter().flat_map(|sample| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (sample.saturating_add((state >> 27) as i16 - 16)).to_le_bytes()
    });
    bytes.collect()
}

//! Test files out of ffmpeg's own sources.

use std::{path::PathBuf, process::Command, sync::LazyLock};

use tempfile::TempDir;

/// A clip in a directory that lives as long as it.
pub(super) struct Clip {
    pub(super) path: PathBuf,
    _dir: TempDir,
}

/// Runs ffmpeg with the words of `arguments`, and `name` as output.
pub(super) fn clip(name: &str, arguments: &str) -> Clip {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    clip_of(name, &words)
}

pub(super) fn clip_of(name: &str, arguments: &[&str]) -> Clip {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    let made =
        Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments).arg(&path).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Clip { path, _dir: dir }
}

/// A file with exactly these bytes.
pub(super) fn file(name: &str, bytes: &[u8]) -> Clip {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Clip { path, _dir: dir }
}

/// Three shots of 4 s with a tone that rises, at 30 frames a second unless told otherwise.
pub(super) fn three_shots(name: &str, rate: &str, encode: &str) -> Clip {
    let sources = [
        format!("testsrc2=s=320x180:r={rate}:d=4"),
        format!("mandelbrot=s=320x180:r={rate},trim=duration=4"),
        format!("smptebars=s=320x180:r={rate}:d=4"),
    ];
    let mut arguments = Vec::new();
    for source in &sources {
        arguments.extend(["-f", "lavfi", "-i", source]);
    }
    arguments.extend(["-f", "lavfi", "-i", "aevalsrc='0.3*sin(2*PI*(200+30*t)*t)':s=44100:d=12"]);
    arguments.extend([
        "-filter_complex",
        "[0][1][2]concat=n=3:v=1:a=0,format=yuv420p[v]",
        "-map",
        "[v]",
        "-map",
        "3",
    ]);
    arguments.extend(encode.split_whitespace());
    clip_of(name, &arguments)
}

/// B-frames, a keyframe every two seconds and no scene-cut keyframes.
pub(super) const H264: &str = "-c:v libx264 -preset veryfast -bf 3 -g 60 -sc_threshold 0 -c:a aac";

/// Three shots of 2 s at 24 frames a second with a tone, without loss; encoded once, for tests of many encodings.
static MASTER: LazyLock<Clip> = LazyLock::new(|| {
    let shots = "[0][1][2]concat=n=3:v=1:a=0,format=yuv420p[v]";
    let sources = "-f lavfi -i testsrc2=s=320x180:r=24:d=2 -f lavfi -i mandelbrot=s=320x180:r=24,trim=duration=2 \
                   -f lavfi -i smptebars=s=320x180:r=24:d=2 -f lavfi -i sine=440:r=48000:d=6";
    clip("master.mkv", &format!("{sources} -filter_complex {shots} -map [v] -map 3 -c:v ffv1 -c:a pcm_s16le"))
});

/// The three shots of [`MASTER`], encoded as told.
pub(super) fn encoded(name: &str, encode: &str) -> Clip {
    clip(name, &format!("-i {} {encode}", MASTER.path.display()))
}

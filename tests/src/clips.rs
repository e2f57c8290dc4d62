//! Real inputs, made with ffmpeg and espeak-ng.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Boards of [`Clips::hours`].
const COLORS: [&str; 5] = ["0x3b82f6", "white", "0xf59e0b", "0x10b981", "0xd4d4d8"];

/// A folder of clips; each is made at its first use.
pub struct Clips {
    folder: PathBuf,
}

/// Written on the whiteboard of [`Clips::lecture`].
pub const BOARD: &str = "Linear regression";
/// Said in [`Clips::lecture`].
pub const SPEECH: &str =
    "Welcome to the lecture. Today we talk about linear regression. The slope is the rise over the run.";

/// The label of the first frame of [`Clips::rotated`].
pub const TIMECODE: &str = "01:02:03:04";
/// When [`Clips::rotated`] was recorded.
pub const RECORDED_AT: &str = "2026-02-21T14:30:00Z";

const FONT: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
const H264: [&str; 8] = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60"];

impl Clips {
    /// Clips are made in this folder, which exists.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Three scenes of four seconds, 1280×720, with a whiteboard first and speech throughout.
    pub fn lecture(&self) -> PathBuf {
        let voice = self.make("voice.wav", |out| {
            run(Command::new("espeak-ng").args(["-s", "150", "-w"]).arg(out).arg(SPEECH));
        });
        self.make("lecture.mp4", |out| {
            let graph = format!("{};[1:a]apad=whole_dur=12[a]", scenes("1280x720", 30, 4));
            ffmpeg(out, |ffmpeg| {
                ffmpeg.args(["-f", "lavfi", "-i", "nullsrc=d=12"]).arg("-i").arg(&voice);
                ffmpeg.args(["-filter_complex", &graph, "-map", "[v]", "-map", "[a]", "-t", "12"]);
                ffmpeg.args(H264).args(["-c:a", "aac", "-movflags", "+faststart"]);
            });
        })
    }

    /// The picture of [`Self::lecture`] in small, without sound, in the container that the name says.
    pub fn silent(&self, name: &str, codec: &[&str]) -> PathBuf {
        self.make(name, |out| {
            ffmpeg(out, |ffmpeg| {
                ffmpeg.args([
                    "-f",
                    "lavfi",
                    "-i",
                    "nullsrc=d=6",
                    "-filter_complex",
                    &scenes("640x360", 25, 2),
                ]);
                ffmpeg.args(["-map", "[v]", "-t", "6"]).args(codec);
            });
        })
    }

    /// A slide, a blue wall, both again, and the slide with one more line, three seconds each.
    pub fn returning_slide(&self) -> PathBuf {
        let line =
            |text: &str, y: &str| format!("drawtext=fontfile={FONT}:text='{text}':fontsize=h/14:x=w/8:y={y}");
        let (title, more) = (line("Gradient descent", "h/4"), line("with momentum", "h/2"));
        let shot = |color: &str| format!("color={color}:size=1280x720:rate=25:duration=3");
        let (paper, wall) = (shot("white"), shot("0x3b82f6"));
        let graph = format!(
            "{paper},{title}[a];{wall}[b];{paper},{title}[c];{wall}[d];{paper},{title},{more}[e];\
             [a][b][c][d][e]concat=n=5:v=1[v]"
        );
        self.make("returning-slide.mp4", |out| {
            ffmpeg(out, |ffmpeg| {
                ffmpeg.args(["-f", "lavfi", "-i", "nullsrc=d=15", "-filter_complex", &graph]);
                ffmpeg.args(["-map", "[v]", "-t", "15"]).args(H264);
            });
        })
    }

    /// As phones and cameras write it: stored lying, with a note that it stands, a timecode, and when it was recorded
    /// ([`RECORDED_AT`]).
    pub fn rotated(&self) -> PathBuf {
        let lying = self.silent("lying.mp4", &H264);
        self.make("rotated-and-labelled.mp4", |out| {
            ffmpeg(out, |ffmpeg| {
                ffmpeg.arg("-i").arg(&lying).args(["-c", "copy", "-metadata:s:v:0", "rotate=90"]);
                ffmpeg.args(["-timecode", TIMECODE, "-metadata", &format!("creation_time={RECORDED_AT}")]);
            });
        })
    }

    /// Thirty frames a second at first, seven and a half later.
    pub fn variable_rate(&self) -> PathBuf {
        self.make("variable.mp4", |out| {
            let drop = "select='if(lt(t,3),1,not(mod(n,4)))'";
            ffmpeg(out, |ffmpeg| {
                ffmpeg.args(["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=6", "-vf", drop]);
                ffmpeg.args(["-vsync", "vfr"]).args(H264);
            });
        })
    }

    /// A photograph that lasts five seconds, with a tone.
    pub fn still_image(&self) -> PathBuf {
        self.make("still.mp4", |out| {
            ffmpeg(out, |ffmpeg| {
                ffmpeg.args(["-f", "lavfi", "-i", "color=c=0x3b82f6:size=640x360:rate=25:duration=5"]);
                ffmpeg
                    .args(["-f", "lavfi", "-i", "sine=frequency=440:duration=5"])
                    .args(H264)
                    .args(["-c:a", "aac"]);
            });
        })
    }

    /// Two seconds.
    pub fn short(&self) -> PathBuf {
        self.make("short.mp4", |out| {
            ffmpeg(out, |ffmpeg| {
                ffmpeg.args(["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=2"]).args(H264);
            });
        })
    }

    /// Sound without a picture.
    pub fn audio_only(&self) -> PathBuf {
        self.lecture();
        let voice = self.folder.join("voice.wav");
        self.make("talk.mp3", |out| {
            ffmpeg(out, |ffmpeg| {
                ffmpeg.arg("-i").arg(&voice).args(["-c:a", "libmp3lame", "-b:a", "64k"]);
            });
        })
    }

    /// The first half of an mp4 whose index is at the end.
    pub fn truncated(&self) -> PathBuf {
        let whole = self.silent("index-at-end.mp4", &H264);
        self.make("truncated.mp4", |out| {
            let bytes = std::fs::read(&whole).unwrap();
            std::fs::write(out, &bytes[..bytes.len() / 2]).unwrap();
        })
    }

    /// Words, called a video.
    pub fn text(&self) -> PathBuf {
        self.make("video.mp4", |out| std::fs::write(out, "This is not a video.\n".repeat(100)).unwrap())
    }

    /// Two seconds of CinemaDNG at 24 frames a second: a white board, then a teal wall. In a zip archive frames are
    /// compressed, in a tar archive packed.
    pub fn cinema_dng(&self, archive: &str) -> PathBuf {
        self.make(archive, |out| run(crate::peers::program("cinemadng.py").arg(out).as_std_mut()))
    }

    /// What `tests/peers/redline.sh` takes for R3D: [`Self::silent`] behind a header.
    pub fn r3d(&self) -> PathBuf {
        let inside = self.silent("inside-r3d.mkv", &H264);
        self.make("A001_C001.R3D", |out| {
            let mut header = b"\0\0\x02\0RED2".to_vec();
            header.resize(512, 0);
            std::fs::write(out, [header, std::fs::read(&inside).unwrap()].concat()).unwrap();
        })
    }

    /// A file of Blackmagic's cameras as far as its name goes.
    pub fn braw(&self) -> PathBuf {
        self.make("A001_0001.braw", |out| std::fs::write(out, [0x5a; 4096]).unwrap())
    }

    /// A minute of 720p with a cut every five seconds, for measuring; with speech or without.
    pub fn minute(&self, speech: bool) -> PathBuf {
        let voice = self.make("minute.wav", |out| {
            run(Command::new("espeak-ng").args(["-s", "150", "-w"]).arg(out).arg(SPEECH.repeat(8)));
        });
        self.make(if speech { "minute-speech.mp4" } else { "minute.mp4" }, |out| {
            let sources = ["testsrc2", "mandelbrot", "smptehdbars", "rgbtestsrc"];
            ffmpeg(out, |ffmpeg| {
                for n in 0..12 {
                    let source = sources[n % sources.len()];
                    ffmpeg.args(["-f", "lavfi", "-t", "5", "-i", &format!("{source}=size=1280x720:rate=30")]);
                }
                if speech {
                    ffmpeg.arg("-i").arg(&voice);
                } else {
                    ffmpeg.args(["-f", "lavfi", "-i", "anoisesrc=amplitude=0.01:duration=60"]);
                }
                let inputs: String =
                    (0..12).map(|n| format!("[{n}:v]setsar=1,format=yuv420p[v{n}];")).collect();
                let labels: String = (0..12).map(|n| format!("[v{n}]")).collect();
                let graph = format!("{inputs}{labels}concat=n=12:v=1[v]");
                ffmpeg
                    .args(["-filter_complex", &graph, "-map", "[v]", "-map", "12:a", "-t", "60"])
                    .args(H264);
                ffmpeg.args(["-c:a", "aac"]);
            });
        })
    }

    /// Hours of small pictures at a low bit rate, for measuring: ten minutes, over and over, of twelve boards with
    /// something to read on each, and a few sentences among much silence.
    pub fn hours(&self, hours: u32) -> PathBuf {
        self.lecture();
        let voice = self.folder.join("voice.wav");
        let minutes = self.make("ten-minutes.mp4", |out| {
            let boards = (0..12).map(|n| {
                let text = format!("drawtext=fontfile={FONT}:text='Chapter {n}':fontsize=h/6:x=w/8:y=h/3");
                format!("color={}:size=320x180:rate=10:duration=50,{text}[b{n}];", COLORS[n % COLORS.len()])
            });
            let labels: String = (0..12).map(|n| format!("[b{n}]")).collect();
            let boards: String = boards.collect();
            let graph =
                format!("{boards}{labels}concat=n=12:v=1,format=yuv420p[v];[0:a]apad=whole_dur=600[a]");
            ffmpeg(out, |ffmpeg| {
                ffmpeg.arg("-i").arg(&voice).args(["-filter_complex", &graph, "-map", "[v]", "-map", "[a]"]);
                ffmpeg.args(["-t", "600"]).args(H264).args(["-c:a", "aac", "-b:a", "32k"]);
            });
        });
        self.make(&format!("{hours}-hours.mp4"), |out| {
            ffmpeg(out, |ffmpeg| {
                ffmpeg.args(["-stream_loop", &(hours * 6 - 1).to_string(), "-i"]).arg(&minutes);
                ffmpeg.args(["-c", "copy"]);
            });
        })
    }

    fn make(&self, name: &str, make: impl FnOnce(&Path)) -> PathBuf {
        let path = self.folder.join(name);
        if !path.exists() {
            // Made beside and moved, because tests run side by side and a half clip is no clip.
            let half =
                tempfile::Builder::new().prefix("half-").suffix(name).tempfile_in(&self.folder).unwrap();
            make(half.path());
            half.persist(&path).unwrap();
        }
        path
    }
}

/// What the stack is told of programs for camera RAW: one for R3D, and none for the others.
pub fn raw_commands() -> String {
    let redline = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/redline.sh");
    format!("r3d={redline} --i {{input}} --outDir {{folder}} --o proxy --format 201 --res 4")
}

/// A whiteboard with text, a test card, and a plain colour, one after another.
fn scenes(size: &str, rate: u32, each: u32) -> String {
    let board = format!("drawtext=fontfile={FONT}:text='{BOARD}':fontsize=h/10:x=w/8:y=h/4");
    let formula = format!("drawtext=fontfile={FONT}:text='slope and intercept':fontsize=h/12:x=w/8:y=h/2");
    format!(
        "color=white:size={size}:rate={rate}:duration={each},{board},{formula},format=yuv420p[a0];\
         testsrc2=size={size}:rate={rate}:duration={each},format=yuv420p[a1];\
         color=0x3b82f6:size={size}:rate={rate}:duration={each},format=yuv420p[a2];\
         [a0][a1][a2]concat=n=3:v=1[v]"
    )
}

fn ffmpeg(out: &Path, arguments: impl FnOnce(&mut Command)) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]);
    arguments(&mut command);
    run(command.arg(out));
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{command:?}: {status:?}");
}

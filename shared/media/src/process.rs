//! Child processes: killed when dropped, limited in time, their error output kept short.

use std::{io, path::Path, process::Stdio, time::Duration};

use domain::program;
use ffmpeg_sidecar::command::FfmpegCommand;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
};

use crate::error::{MediaError, too_slow};

/// The answer of an ffprobe over a whole file stays below this: 12 h at 60 frames a second, 24 bytes each.
const MAX_ANSWER: u64 = 64 << 20;
const MAX_WORDS: usize = 2000;
/// What a program may have written before anybody reads it, in bytes: a picture is larger than the usual 64 kB, and every
/// filling wakes both sides. The most that Linux gives to everybody.
const AHEAD: usize = 1 << 20;

/// The largest picture that is decoded, in pixels: 8K in every shape (8192 by 4608). One frame of it takes 57 to 226 MB.
pub(crate) const MAX_PIXELS: u64 = 8192 * 4608;

/// What every command needs before it may open our loopback address, and nothing else. A few bytes can claim an index
/// of gigabytes, or a picture of that size: a frame of [`MAX_PIXELS`] is the largest block that anything may ask for.
pub(crate) const INPUT_RULES: [&str; 6] =
    ["-protocol_whitelist", "http,tcp", "-max_alloc", "268435456", "-max_pixels", "37748736"];

/// The same for files that were unpacked on this machine.
pub(crate) const FILE_RULES: [&str; 6] =
    ["-protocol_whitelist", "file", INPUT_RULES[2], INPUT_RULES[3], INPUT_RULES[4], INPUT_RULES[5]];

/// The end of a program's error output.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    pub(crate) text: String,
    /// The proxy's answers broke off, so what the program made of them proves nothing about the file.
    pub(crate) source_failed: bool,
}

impl LastWords {
    fn hear(&mut self, line: &str) {
        const SOURCE: [&str; 4] =
            ["Stream ends prematurely", "HTTP error", "Connection refused", "Connection reset"];
        self.source_failed |= SOURCE.iter().any(|sign| line.contains(sign));
        self.text.push_str(line);
        self.text.push('\n');
        if self.text.len() > 2 * MAX_WORDS {
            let cut = self.text.ceil_char_boundary(self.text.len() - MAX_WORDS);
            self.text.drain(..cut);
        }
    }
}

/// A running program whose standard output is being read.
pub(crate) struct Running {
    pub(crate) stdout: BufReader<ChildStdout>,
    child: Child,
    words: JoinHandle<LastWords>,
}

impl Running {
    /// Starts ffmpeg as the builder describes it, under tokio.
    pub(crate) fn ffmpeg(mut builder: FfmpegCommand) -> Result<Self, MediaError> {
        let command = std::mem::replace(builder.as_inner_mut(), std::process::Command::new("ffmpeg"));
        Self::start(command.into()).map_err(MediaError::io("start ffmpeg"))
    }

    fn start(mut command: Command) -> io::Result<Self> {
        command.env_clear().envs(program::environment(std::env::vars_os()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        // One that stays smaller is slower, and no error.
        let _size = rustix::pipe::fcntl_setpipe_size(&stdout, AHEAD);
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let words = tokio::spawn(listen(stderr));
        Ok(Self { stdout: BufReader::with_capacity(256 * 1024, stdout), child, words })
    }

    /// Waits for the end; whether it was a success, and what was said. What is still to be written goes nowhere, or a
    /// program whose output nobody wants would wait for its reader for ever.
    pub(crate) async fn finish(self) -> Result<(bool, LastWords), MediaError> {
        let Self { stdout, mut child, words } = self;
        drop(stdout);
        let status = child.wait().await.map_err(MediaError::io("wait for a program"))?;
        Ok((status.success(), words.await.unwrap_or_default()))
    }
}

/// What a program says, to its end.
pub(crate) async fn listen(stderr: impl AsyncRead + Unpin) -> LastWords {
    let mut words = LastWords::default();
    // Split, not lines: what a file calls itself need not be UTF-8.
    let mut lines = BufReader::new(stderr).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        words.hear(&String::from_utf8_lossy(&line[..line.len().min(MAX_WORDS)]));
    }
    words
}

/// Runs ffprobe on `url` with `arguments` and returns what it printed, whether it succeeded, and its last words.
pub(crate) async fn ffprobe(
    program: &Path,
    arguments: &[&str],
    url: &str,
    limit: Duration,
) -> Result<(Vec<u8>, bool, LastWords), MediaError> {
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-loglevel", "error"]).args(INPUT_RULES).args(arguments).args(["-i", url]);
    let run = async {
        let mut running = Running::start(command).map_err(MediaError::io("start ffprobe"))?;
        let mut answer = Vec::new();
        let mut stdout = (&mut running.stdout).take(MAX_ANSWER);
        stdout.read_to_end(&mut answer).await.map_err(MediaError::io("read from ffprobe"))?;
        let (success, words) = running.finish().await?;
        if words.source_failed {
            return Err(MediaError::Source { program: "ffprobe", stderr: words.text });
        }
        Ok((answer, success, words))
    };
    tokio::time::timeout(limit, run).await.unwrap_or_else(|_| Err(too_slow(limit).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn programs_do_not_inherit_what_they_need_not_know() {
        // Cargo tells it to every test, as Lambda tells its credentials to every function.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let mut running = Running::start(Command::new("env")).unwrap();
        let mut told = String::new();
        running.stdout.read_to_string(&mut told).await.unwrap();
        assert!(running.finish().await.unwrap().0);
        assert!(told.lines().any(|line| line.starts_with("PATH=")), "{told}");
        assert!(!told.contains("CARGO"), "{told}");
    }
}

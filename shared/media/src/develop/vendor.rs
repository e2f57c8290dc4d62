//! Formats that only their makers' own programs read: the program is run as its operator has configured it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use domain::{camera_raw::CameraRaw, program};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio_util::io::StreamReader;

use super::{LIMIT, MOST_BYTES};
use crate::{
    ByteSource, MediaError,
    error::{too_much_to_unpack, too_slow},
    process::listen,
};

pub(super) async fn develop(
    command: &[String],
    format: CameraRaw,
    source: Arc<dyn ByteSource>,
    folder: &Path,
) -> Result<PathBuf, MediaError> {
    if source.len() > MOST_BYTES {
        return Err(too_much_to_unpack(MOST_BYTES).into());
    }
    let (input, written) = (folder.join(format!("source.{}", format.extension())), folder.join("written"));
    let run = async {
        fetch(&*source, &input).await.map_err(MediaError::io("fetch the source"))?;
        fs::create_dir(&written).map_err(MediaError::io("make a folder for a proxy"))?;
        run(command, format, &input, &written, folder).await?;
        largest_in(&written).map_err(MediaError::io("look for a proxy"))
    };
    let proxy = tokio::time::timeout(LIMIT, run).await.unwrap_or_else(|_| Err(too_slow(LIMIT).into()))?;
    proxy.ok_or_else(|| {
        tracing::error!(?format, "the configured command ended well and wrote nothing into {{folder}}");
        format.refusal().into()
    })
}

async fn fetch(source: &dyn ByteSource, path: &Path) -> io::Result<()> {
    let mut file = tokio::fs::File::create(path).await?;
    let stream = source.read(0..source.len()).await?;
    let copied = tokio::io::copy(&mut StreamReader::new(stream), &mut file).await?;
    if copied < source.len() { Err(io::ErrorKind::UnexpectedEof.into()) } else { file.sync_data().await }
}

async fn run(
    command: &[String],
    format: CameraRaw,
    input: &Path,
    written: &Path,
    home: &Path,
) -> Result<(), MediaError> {
    let [named, arguments @ ..] = command else { return Err(format.refusal().into()) };
    let (input, written) = (input.to_string_lossy(), written.to_string_lossy());
    let filled = arguments.iter().map(|word| word.replace("{input}", &input).replace("{folder}", &written));
    let mut child = Command::new(named)
        .args(filled)
        .env_clear()
        .envs(program::environment(std::env::vars_os()))
        .env("HOME", home)
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(MediaError::io("start the command that develops camera RAW"))?;
    let _group = Group(child.id());
    let words = match child.stderr.take() {
        Some(stderr) => listen(stderr).await.text,
        None => String::new(),
    };
    let status = child.wait().await.map_err(MediaError::io("wait for the command"))?;
    if status.success() {
        return Ok(());
    }
    tracing::error!(?format, %status, said = words.trim(), "the configured command failed");
    if status.code().is_none() || words.contains("No space left") {
        // Killed, or out of disk.
        let status = status.to_string();
        return Err(MediaError::Tool { program: "the command for camera RAW", status, stderr: words });
    }
    // Its owner can mend neither the file nor the program, but can go around both.
    Err(format.refusal().into())
}

/// The processes that a command started, which may be a script: none of them outlives the step.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(id) = id {
            // There may be none left.
            let _gone = kill_process_group(id, Signal::KILL);
        }
    }
}

/// Programs name what they write in their own way, and may write logs and thumbnails beside it.
fn largest_in(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() && metadata.len() > 0 {
            files.push((metadata.len(), entry.path()));
        }
    }
    Ok(files.into_iter().max().map(|(_, path)| path))
}

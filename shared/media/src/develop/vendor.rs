//! Formats that only their makers' own programs read: the program is run as its operator has configured it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use domain::camera_raw::CameraRaw;
use tokio::process::Command;
use tokio_util::io::StreamReader;

use super::{LIMIT, MOST_BYTES};
use crate::{
    ByteSource, MediaError,
    error::{too_much_to_unpack, too_slow},
};

/// How much of what the program said goes to the log, in bytes from the end.
const MOST_WORDS: usize = 500;

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
    let [program, arguments @ ..] = command else { return Err(format.refusal().into()) };
    let (input, written) = (input.to_string_lossy(), written.to_string_lossy());
    let filled = arguments.iter().map(|word| word.replace("{input}", &input).replace("{folder}", &written));
    // Not with this process's own environment: there are credentials in it.
    let kept =
        ["PATH", "LD_LIBRARY_PATH"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let output = Command::new(program)
        .args(filled)
        .env_clear()
        .envs(kept)
        .env("HOME", home)
        .current_dir(home)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(MediaError::io("start the command that develops camera RAW"))?;
    if output.status.success() {
        return Ok(());
    }
    let words =
        String::from_utf8_lossy(if output.stderr.is_empty() { &output.stdout } else { &output.stderr });
    let last = &words[words.ceil_char_boundary(words.len().saturating_sub(MOST_WORDS))..];
    // Its owner can mend neither the file nor the program, but can go around both.
    tracing::error!(?format, status = %output.status, said = last, "the configured command failed");
    Err(format.refusal().into())
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

//! A YouTube video, by the program yt-dlp.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use domain::failure::{Failure, FailureCode};
use domain::program;
use domain::youtube::{
    Access, Had, MAX_PICTURE_BYTES, MAX_SOUND_BYTES, Refusal, SLOW, YoutubeId, wrongly_set_up,
};
use edge::step::StepError;
use edge::{App, Secret};
use serde::Deserialize;
use steps::outputs;
use store::Source;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Less than the function's own 15 minutes, so that a slow download is told as one.
const TIME_LIMIT: Duration = Duration::from_secs(13 * 60);
/// Longest part of what yt-dlp says that is logged, in characters.
const LOGGED: usize = 500;

/// What yt-dlp prints about the file that it wrote.
#[derive(Deserialize)]
struct Printed {
    title: Option<String>,
    filepath: String,
}

/// Fetches the video into the bucket; returns its own title beside it.
pub(crate) async fn download(
    app: &App,
    key: &str,
    id: &YoutubeId,
) -> Result<(Source, Option<String>), StepError> {
    let access = access(app).await?;
    let folder = tempfile::tempdir().map_err(StepError::transient)?;
    let printed = fetch(app, folder.path(), id, &access).await?;
    let source = outputs::put_file(app, key, Path::new(&printed.filepath)).await?;
    Ok((source, printed.title))
}

/// The operator's settings, read anew for each download: cookies are replaced often.
async fn access(app: &App) -> Result<Access, StepError> {
    let proxy = app.current_secret(Secret::YoutubeProxy).await?;
    let cookies = app.current_secret(Secret::YoutubeCookies).await?;
    Access::new(proxy.as_deref(), cookies).map_err(|error| {
        tracing::error!(%error, "YouTube videos cannot be downloaded");
        wrongly_set_up().into()
    })
}

async fn fetch(app: &App, folder: &Path, id: &YoutubeId, access: &Access) -> Result<Printed, StepError> {
    // Beside the video, and gone before that is put into the bucket.
    let cookies = access.cookies().map(|text| private_file(folder, text)).transpose();
    let cookies = cookies.map_err(StepError::transient)?;
    let command = command(app, folder, id, access, cookies.as_ref().map(NamedTempFile::path));
    let run = tokio::time::timeout(TIME_LIMIT, run(command, access.configuration()));
    let output = run.await.map_err(|_| slow())?.map_err(StepError::transient)?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    if let Some(printed) = stdout.lines().rev().find_map(|line| serde_json::from_str(line).ok()) {
        return Ok(printed);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let had = Had { proxy: access.has_proxy(), cookies: access.cookies().is_some() };
    let refusal = Refusal::of(&stdout, &stderr, had);
    let (code, said) = (refusal.failure.code, access.redact(last_error(&stderr)));
    let said: String = said.chars().take(LOGGED).collect();
    match refusal.advice {
        Some(advice) => tracing::error!(youtube.id = id.as_str(), ?code, said, advice, "yt-dlp gave no file"),
        None => tracing::info!(youtube.id = id.as_str(), ?code, said, "yt-dlp gave no file"),
    }
    Err(refusal.failure.into())
}

/// A file that only this user can read, and that goes with its handle.
fn private_file(folder: &Path, text: &str) -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("cookies-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    Ok(file)
}

fn command(app: &App, folder: &Path, id: &YoutubeId, access: &Access, cookies: Option<&Path>) -> Command {
    let url = match &app.config.local.youtube_url {
        Some(base) => format!("{}/watch?v={}", base.trim_end_matches('/'), id.as_str()),
        None => id.to_string(),
    };
    let mut command = Command::new(app.config.tool("yt-dlp"));
    command
        // The proxy, and nothing that lies about on this machine.
        .args(["--ignore-config", "--config-locations", "-"])
        .args(["--no-playlist", "--no-progress", "--no-mtime", "--no-cache-dir", "--restrict-filenames"])
        .args(["--format", &formats(), "--max-filesize", &MAX_PICTURE_BYTES.to_string()])
        // What is live has no end that could be waited for.
        .args(["--match-filters", "!is_live"])
        // ffmpeg would be told the cookies in its arguments.
        .args(["--downloader", "native", "--socket-timeout", "30", "--retries", "3"])
        // Printing alone would also keep it from saying why it skips a video.
        .args(["--print", "after_move:%(.{title,filepath})j", "--no-simulate", "--no-quiet"])
        .arg("--ffmpeg-location")
        .arg(app.config.tools_root.join("bin"))
        .args(["--output", "video.%(ext)s", "--paths"])
        .arg(folder);
    if let Some(cookies) = cookies {
        command.arg("--cookies").arg(cookies);
    }
    command.arg("--").arg(url);
    command.env_clear().envs(program::environment(std::env::vars_os()));
    if access.has_proxy() {
        // YouTube is to see the proxy alone, whatever this machine reaches directly.
        command.env_remove("NO_PROXY").env_remove("no_proxy");
    }
    // It may unpack itself there.
    command.env("HOME", folder).env("TMPDIR", folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// The best picture up to 1080 lines that there is room for, with the best sound; what is nearest to it where nothing is
/// known of sizes, which `--max-filesize` then watches.
fn formats() -> String {
    let below = |bytes: u64| format!("[filesize<?{bytes}][filesize_approx<?{bytes}]");
    let (picture, sound) = (below(MAX_PICTURE_BYTES), below(MAX_SOUND_BYTES));
    format!(
        "bv*[height<=1080]{picture}+ba{sound}/b[height<=1080]{picture}/bv*{picture}+ba{sound}/b{picture}/bv*+ba/b"
    )
}

async fn run(mut command: Command, configuration: String) -> std::io::Result<Output> {
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    let told = async move {
        if let Some(mut stdin) = stdin {
            // A program that ends without reading says itself why.
            drop(stdin.write_all(configuration.as_bytes()).await);
        }
    };
    tokio::join!(told, child.wait_with_output()).1
}

fn slow() -> StepError {
    Failure::new(FailureCode::FetchFailed, SLOW).into()
}

fn last_error(stderr: &str) -> &str {
    let mut lines = stderr.lines().rev();
    lines.find(|line| line.starts_with("ERROR:")).unwrap_or_default()
}

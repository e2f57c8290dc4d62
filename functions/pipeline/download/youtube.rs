//! A YouTube video, by the program yt-dlp.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::failure::{Failure, FailureCode};
use domain::program;
use domain::youtube::YoutubeId;
use edge::step::StepError;
use edge::{App, fetch};
use serde::Deserialize;
use steps::outputs;
use store::Source;
use tokio::process::Command;

/// Less than the function's own 15 minutes, so that a slow download is told as one.
const TIME_LIMIT: Duration = Duration::from_secs(13 * 60);

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
    let folder = tempfile::tempdir().map_err(StepError::transient)?;
    let printed = run(app, folder.path(), id).await?;
    let source = outputs::put_file(app, key, Path::new(&printed.filepath)).await?;
    Ok((source, printed.title))
}

async fn run(app: &App, folder: &Path, id: &YoutubeId) -> Result<Printed, StepError> {
    let url = match &app.config.local.youtube_url {
        Some(base) => format!("{}/watch?v={}", base.trim_end_matches('/'), id.as_str()),
        None => id.to_string(),
    };
    let child = Command::new(app.config.tool("yt-dlp"))
        .args(["--no-playlist", "--no-progress", "--no-mtime", "--no-cache-dir", "--restrict-filenames"])
        .args(["--format", "bv*[height<=1080]+ba/b[height<=1080]/bv*+ba/b"])
        .args(["--max-filesize", &fetch::MAX_BYTES.to_string(), "--socket-timeout", "30", "--retries", "3"])
        .args(["--print", "after_move:%(.{title,filepath})j", "--no-simulate"])
        .arg("--ffmpeg-location")
        .arg(app.config.tools_root.join("bin"))
        .args(["--output", "video.%(ext)s", "--paths"])
        .arg(folder)
        .arg("--")
        .arg(url)
        .env_clear()
        .envs(program::environment(std::env::vars_os()))
        .env("HOME", folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output =
        tokio::time::timeout(TIME_LIMIT, child).await.map_err(|_| slow())?.map_err(StepError::transient)?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    if let Some(printed) = stdout.lines().rev().find_map(|line| serde_json::from_str(line).ok()) {
        return Ok(printed);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    tracing::info!(status = ?output.status.code(), stderr = last_line(&stderr), "yt-dlp gave no file");
    Err(explain(&stdout, &stderr).into())
}

/// yt-dlp tells apart by words alone what its callers must tell apart.
fn explain(stdout: &str, stderr: &str) -> Failure {
    let says = |words: &[&str]| words.iter().any(|word| stderr.contains(word) || stdout.contains(word));
    if says(&["larger than max-filesize"]) {
        fetch::too_large()
    } else if says(&["Sign in to confirm", "HTTP Error 429", "HTTP Error 403"]) {
        let detail =
            "YouTube refuses downloads from this service at the moment. Retry later, or upload the file.";
        Failure::new(FailureCode::YoutubeBlocked, detail)
    } else if says(&[
        "Video unavailable",
        "Private video",
        "HTTP Error 404",
        "HTTP Error 410",
        "has been removed",
    ]) {
        let detail = "This YouTube video is private, removed or does not exist. Check the link.";
        Failure::new(FailureCode::YoutubeUnavailable, detail)
    } else {
        Failure::new(
            FailureCode::FetchFailed,
            "The video could not be downloaded from YouTube. Retry, or upload the file.",
        )
    }
}

fn slow() -> StepError {
    Failure::new(
        FailureCode::FetchFailed,
        "The download from YouTube took longer than 13 minutes. Upload the file instead.",
    )
    .into()
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().next_back().unwrap_or_default()
}

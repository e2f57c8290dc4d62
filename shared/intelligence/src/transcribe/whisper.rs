//! Speech recognition by whisper.cpp's command line program and a model file of the operator's choice.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::pcm::{Pcm, Span};
use crate::{
    ProviderError,
    error::off_thread,
    process::{RunError, command, run},
};

/// An installed whisper.cpp with its model.
pub(super) struct Whisper {
    cli: PathBuf,
    model: PathBuf,
}

impl Whisper {
    /// `None` unless both the program and the model file exist.
    pub(super) async fn find(cli: &Path, model: &Path) -> Option<Self> {
        if !model.is_file() {
            return None;
        }
        let mut command = command(cli);
        command.arg("--help");
        match run(command, b"", Duration::from_secs(10)).await {
            Err(RunError::Missing) => None,
            Ok(_) | Err(RunError::Failed { .. } | RunError::TimedOut(_) | RunError::Io(_)) => {
                Some(Self { cli: cli.to_owned(), model: model.to_owned() })
            }
        }
    }

    pub(super) fn name(&self) -> String {
        let model = self.model.file_stem().unwrap_or_default().to_string_lossy();
        format!("whisper.cpp {model}")
    }

    /// The words of each stretch, or `None` when `limit` was too short.
    pub(super) async fn hear(
        &self,
        pcm: &Path,
        turns: &[Span],
        limit: Duration,
    ) -> Result<Option<Vec<String>>, ProviderError> {
        let failed = |what: &str| ProviderError::down(format!("whisper-cli {what}"));
        let scratch =
            tempfile::tempdir().map_err(|error| failed("got no temporary folder").caused_by(error))?;
        let files: Vec<PathBuf> = (0..turns.len()).map(|n| scratch.path().join(format!("{n}.wav"))).collect();
        let (pcm, spans, targets) = (pcm.to_owned(), turns.to_vec(), files.clone());
        off_thread(move || {
            cut(&pcm, &spans, &targets)
                .map_err(|error| ProviderError::bad_input("the sound cannot be read").caused_by(error))
        })
        .await?;
        let mut command = command(&self.cli);
        // The model is loaded once for all files; each gets a text file beside it.
        command.arg("-m").arg(&self.model);
        command.args(["-l", "auto", "-t", "1", "-np", "-nt", "-otxt"]).args(&files);
        match run(command, b"", limit).await {
            Ok(_) => {}
            Err(RunError::TimedOut(_)) => return Ok(None),
            Err(error) => return Err(failed("failed; check that the model fits it").caused_by(error)),
        }
        let mut words = Vec::with_capacity(files.len());
        for file in files {
            let text = tokio::fs::read_to_string(file.with_extension("wav.txt"))
                .await
                .map_err(|error| failed("wrote no text").caused_by(error))?;
            words.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        Ok(Some(words))
    }
}

/// Writes each span as a WAV file.
fn cut(pcm: &Path, spans: &[Span], files: &[PathBuf]) -> io::Result<()> {
    let mut pcm = Pcm::open(pcm)?;
    for (span, file) in spans.iter().zip(files) {
        std::fs::write(file, pcm.wav(*span)?)?;
    }
    Ok(())
}

//! Speech recognition by CMU PocketSphinx's batch program: one process, hence one load of the model, for many
//! stretches of one file. English only, and no match for a neural recogniser.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use super::pcm::{RATE, Span};
use crate::{
    ProviderError,
    process::{RunError, command, run},
};

/// Frames a second of PocketSphinx's front end, the unit of its control files.
const FRAME: u64 = RATE / 100;

/// An installed PocketSphinx with its model.
pub(super) struct PocketSphinx {
    program: PathBuf,
    model: PathBuf,
}

impl PocketSphinx {
    /// `None` unless both the program and the model's folder (`en-us/ en-us.lm.bin cmudict-en-us.dict`) exist.
    pub(super) async fn find(program: &Path, model: &Path) -> Option<Self> {
        if !model.join("en-us.lm.bin").is_file() {
            return None;
        }
        match run(command(program), b"", Duration::from_secs(10)).await {
            Err(RunError::Missing) => None,
            // Without arguments it prints its options and ends with an error.
            Ok(_) | Err(RunError::Failed { .. } | RunError::TimedOut(_) | RunError::Io(_)) => {
                Some(Self { program: program.to_owned(), model: model.to_owned() })
            }
        }
    }

    pub(super) fn name(&self) -> String {
        "pocketsphinx en-us".to_owned()
    }

    /// The words of each stretch, or `None` when `limit` was too short.
    pub(super) async fn hear(
        &self,
        pcm: &Path,
        turns: &[Span],
        limit: Duration,
    ) -> Result<Option<Vec<String>>, ProviderError> {
        let failed = |what: &str| ProviderError::down(format!("pocketsphinx_batch {what}"));
        let scratch =
            tempfile::tempdir().map_err(|error| failed("got no temporary folder").caused_by(error))?;
        let pcm = std::path::absolute(pcm).map_err(|error| failed("got no path").caused_by(error))?;
        let (folder, file) = (pcm.parent().unwrap_or(&pcm), pcm.file_name().unwrap_or_default());
        let mut control = String::new();
        for (number, turn) in turns.iter().enumerate() {
            let (start, end) = (turn.start / FRAME, turn.end / FRAME);
            // The file's name is not in here, because a control file cannot quote: the extension carries it.
            let _ = writeln!(control, "/ {start} {end} {number}");
        }
        let control_file = scratch.path().join("control");
        let hypotheses = scratch.path().join("hypotheses");
        tokio::fs::write(&control_file, control)
            .await
            .map_err(|error| failed("got no control file").caused_by(error))?;
        let mut command = command(&self.program);
        command.args(["-adcin", "yes", "-logfn", "/dev/null", "-cepdir"]).arg(folder);
        command.arg("-cepext").arg(file);
        command.arg("-ctl").arg(&control_file).arg("-hyp").arg(&hypotheses);
        command.arg("-hmm").arg(self.model.join("en-us")).arg("-lm").arg(self.model.join("en-us.lm.bin"));
        command.arg("-dict").arg(self.model.join("cmudict-en-us.dict"));
        match run(command, b"", limit).await {
            Ok(_) => {}
            Err(RunError::TimedOut(_)) => return Ok(None),
            Err(error) => return Err(failed("failed; check its model folder").caused_by(error)),
        }
        let text = tokio::fs::read_to_string(&hypotheses)
            .await
            .map_err(|error| failed("wrote no result").caused_by(error))?;
        Ok(Some(parse(&text, turns.len())))
    }
}

/// Lines of `the words (number score)`; a stretch without a line has no words.
fn parse(hypotheses: &str, count: usize) -> Vec<String> {
    let mut words = vec![String::new(); count];
    for line in hypotheses.lines() {
        let Some((text, tail)) = line.rsplit_once('(') else { continue };
        let number = tail.split_whitespace().next().and_then(|number| number.parse::<usize>().ok());
        if let Some(slot) = number.and_then(|number| words.get_mut(number)) {
            *slot = text.trim().to_owned();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_matched_by_number() {
        let text = "the slope of a line (1 -16721)\n (0 -55)\nnonsense\nlost (9 -1)\n";
        assert_eq!(parse(text, 3), ["", "the slope of a line", ""]);
    }
}

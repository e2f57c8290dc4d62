//! Which models there are, and whether a folder has them as they should be. A model is its hash: a file that is another
//! than `models.json` names is never loaded.
#![warn(missing_docs)]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use aws_lc_rs::digest::{Context, SHA256};
use serde::Deserialize;

/// A model that this project fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Sentences into vectors.
    MiniLm,
    /// Where somebody speaks.
    SileroVad,
    /// Speech into words.
    Whisper,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MiniLm, Self::SileroVad, Self::Whisper];

    /// Its name in `models.json`, and its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::MiniLm => "minilm",
            Self::SileroVad => "silero-vad",
            Self::Whisper => "whisper",
        }
    }

    /// What a person calls it: `Whisper base`.
    pub fn title(self) -> &'static str {
        entry(self).map_or(self.name(), |entry| entry.title.as_str())
    }

    /// Whether `folder` has every file of it as it should be. Reads all of them, some 0.1 s for a hundred megabytes: once
    /// for each process that loads it.
    ///
    /// # Errors
    /// When a file is missing or another one.
    pub fn verify(self, folder: &Path) -> Result<(), ModelMissing> {
        let missing = |path, problem| ModelMissing { model: self, path, problem };
        let entry = entry(self).ok_or_else(|| missing("models.json".into(), Problem::Unnamed))?;
        for file in &entry.files {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            let path = folder.join(name);
            match sha256(&path) {
                Ok(found) if found == file.sha256 => {}
                Ok(found) => return Err(missing(path, Problem::Another(found))),
                Err(error) => return Err(missing(path, Problem::Unreadable(error))),
            }
        }
        Ok(())
    }
}

/// Why a model cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {} {problem}; fetch it again with infra/models/fetch.py, or make the layers again", model.title(), path.display())]
pub struct ModelMissing {
    model: Model,
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot be read ({0})")]
    Unreadable(std::io::Error),
    #[error("is another file, of sha256 {0}")]
    Another(String),
    #[error("does not name it")]
    Unnamed,
}

#[derive(Deserialize)]
struct Registry {
    models: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    title: String,
    files: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    path: String,
    sha256: String,
}

static REGISTRY: LazyLock<Option<Registry>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../models.json")).ok());

fn entry(model: Model) -> Option<&'static Entry> {
    REGISTRY.as_ref()?.models.iter().find(|entry| entry.name == model.name())
}

/// In hexadecimal digits.
///
/// # Errors
/// When the file cannot be read.
pub fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut bytes = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            return Ok(hex::encode(context.finish()));
        }
        context.update(&bytes[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_named_with_its_files_in_its_folder() {
        for model in Model::ALL {
            let entry = entry(model).unwrap();
            assert!(!entry.files.is_empty());
            for file in &entry.files {
                assert_eq!(Path::new(&file.path).parent(), Some(Path::new(model.name())));
                assert_eq!(file.sha256.len(), 64);
            }
        }
        assert_eq!(REGISTRY.as_ref().unwrap().models.len(), Model::ALL.len());
    }

    #[test]
    fn another_file_is_refused_and_named() {
        let root = tempfile::tempdir().unwrap();
        let missing = Model::SileroVad.verify(&root.path().join("silero-vad")).unwrap_err().to_string();
        assert!(missing.contains("silero-vad/model.onnx cannot be read"), "{missing}");
        std::fs::create_dir(root.path().join("silero-vad")).unwrap();
        std::fs::write(root.path().join("silero-vad/model.onnx"), "abc").unwrap();
        let other = Model::SileroVad.verify(&root.path().join("silero-vad")).unwrap_err().to_string();
        // What `sha256sum` says of these three letters.
        assert!(
            other.contains("sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            "{other}"
        );
    }
}

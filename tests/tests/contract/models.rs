//! `infra/models/fetch.py`: a model is there as its hash says, or not at all, and one line says why.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::house::root;

const NAME: &str = "silero-vad";
const FILE: &str = "silero-vad/model.onnx";

fn fetch(folder: &Path, mirror: &Path, name: &str) -> Output {
    let mut command = Command::new(root().join(".local/venv/bin/python"));
    command.arg("-B").arg(root().join("infra/models/fetch.py")).arg(folder).arg(name);
    command.env("MODELS_MIRROR", mirror).output().unwrap()
}

/// The last line of what it says, and whether that is all but the announcement.
fn said(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(text.lines().count() <= 2, "{text}");
    text.lines().last().unwrap_or_default().to_owned()
}

/// A mirror that has the model's one file.
fn mirror() -> (TempDir, PathBuf) {
    let mirror = tempfile::tempdir().unwrap();
    let fetched = root().join(".local/models").join(FILE);
    let stored = mirror.path().join(::models::sha256(&fetched).unwrap());
    std::fs::copy(fetched, &stored).unwrap();
    (mirror, stored)
}

#[test]
fn what_a_mirror_has_is_checked_and_fetched_once() {
    let ((mirror, stored), folder) = (mirror(), tempfile::tempdir().unwrap());
    let output = fetch(folder.path(), mirror.path(), NAME);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(said(&output), "  fetching Silero VAD 6: 1 MB, once");
    ::models::Model::SileroVad.verify(&folder.path().join(NAME)).unwrap();

    std::fs::remove_file(stored).unwrap();
    let again = fetch(folder.path(), mirror.path(), NAME);
    assert!(again.status.success() && again.stderr.is_empty(), "{again:?}");
    let missing = fetch(tempfile::tempdir().unwrap().path(), mirror.path(), NAME);
    assert!(
        !missing.status.success() && said(&missing).contains("does not have silero-vad/model.onnx"),
        "{missing:?}"
    );
}

#[test]
fn another_file_is_not_put_in_its_place() {
    let ((mirror, stored), folder) = (mirror(), tempfile::tempdir().unwrap());
    let mut bytes = std::fs::read(&stored).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&stored, bytes).unwrap();
    let output = fetch(folder.path(), mirror.path(), NAME);
    assert!(
        !output.status.success() && said(&output).contains("somebody changed it on its way"),
        "{output:?}"
    );
    assert!(!folder.path().join(FILE).exists());
}

#[test]
fn a_model_that_nobody_knows_is_said_to_be_none() {
    let output = fetch(tempfile::tempdir().unwrap().path(), Path::new("/nowhere"), "ears");
    assert_eq!(said(&output), "error: no model is called ears; there are whisper, silero-vad, minilm");
}

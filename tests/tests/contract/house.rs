//! What the project's files say, read as they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// The project's directory.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file's text; the path is from the project's directory.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A Rust file without its white space: what is looked for in it is found however it is laid out.
pub(crate) fn code(path: &str) -> String {
    text(path).split_whitespace().collect()
}

pub(crate) fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path} is not JSON: {error}"))
}

/// A YAML file as JSON; the path is from the project's directory.
pub(crate) fn yaml(path: &str) -> Value {
    tests::yaml::read(&root().join(path))
}

/// Names of the files in a directory that end in `.{extension}`, without it, sorted.
pub(crate) fn stems(directory: &str, extension: &str) -> Vec<String> {
    let entries =
        std::fs::read_dir(root().join(directory)).unwrap_or_else(|error| panic!("{directory}: {error}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut stems: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    stems.sort();
    stems
}

/// The functions, by name, each with its file as a path from the project's directory.
pub(crate) fn bins() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Manifest {
        bin: Vec<Bin>,
    }
    #[derive(Deserialize)]
    struct Bin {
        name: String,
        path: String,
    }
    let manifest: Manifest = toml::from_str(&text("functions/Cargo.toml")).unwrap();
    manifest.bin.into_iter().map(|bin| (bin.name, format!("functions/{}", bin.path))).collect()
}

/// `keys-revoke` as `KeysRevoke`.
pub(crate) fn logical_id(bin: &str) -> String {
    bin.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// One of the two public contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contract {
    Videos,
    Jobs,
}

impl Contract {
    pub(crate) const ALL: [Self; 2] = [Self::Videos, Self::Jobs];

    /// The contract's API in the template.
    pub(crate) fn api(self) -> &'static str {
        match self {
            Self::Videos => "VideosApi",
            Self::Jobs => "JobsApi",
        }
    }

    /// The contract's document.
    pub(crate) fn document(self) -> &'static str {
        match self {
            Self::Videos => "infra/openapi/videos.yaml",
            Self::Jobs => "infra/openapi/jobs.yaml",
        }
    }

    /// The stage of the contract's API.
    pub(crate) fn stage(self) -> &'static str {
        match self {
            Self::Videos => "live",
            Self::Jobs => "v1",
        }
    }

    /// What comes before the template's paths in the public ones: the Jobs API's stage is part of its URL.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Videos => "",
            Self::Jobs => "/v1",
        }
    }
}

/// A path and a method of a contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    pub(crate) contract: Contract,
    /// In upper case.
    pub(crate) method: String,
    /// The public path, such as `/v1/api/keys/{keyPrefix}`.
    pub(crate) path: String,
}

impl Route {
    /// The path as the template and the events have it.
    pub(crate) fn resource(&self) -> &str {
        self.path.trim_start_matches(self.contract.prefix())
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Fails with all complaints at once.
#[track_caller]
pub(crate) fn settle(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

use std::io;
use std::path::{Path, PathBuf};

/// Why a local stack did not start, in words that say what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// Somebody listens on the port already.
    #[error("port {0} is in use: stop what listens there, or take another one with `PORT={next} make run`", next = .0.saturating_add(1))]
    PortTaken(u16),
    /// Another stack holds the state directory.
    #[error("a local stack already runs on {}: stop it first (its address is in stack.json)", .0.display())]
    AlreadyRunning(PathBuf),
    /// A program the functions call is not installed.
    #[error("{0} is not installed: run `make setup`, which installs it or says how")]
    ToolMissing(&'static str),
    /// The Python environment with the emulator is absent.
    #[error("{} does not exist: run `make setup`", .0.display())]
    VenvMissing(PathBuf),
    /// A function has not been built.
    #[error("{} does not exist: run `make build`", .0.display())]
    NotBuilt(PathBuf),
    /// `template.yaml` says something that cannot be packaged.
    #[error("template.yaml: {0}")]
    Template(String),
    /// The emulator stopped or never answered.
    #[error("the AWS emulator did not start: {reason}; its log is {}", .log.display())]
    Emulator {
        /// What was seen.
        reason: String,
        /// Where to read on.
        log: PathBuf,
    },
    /// The emulator refused a call.
    #[error("{action} was refused by the emulator ({status}): {message}")]
    Refused {
        /// The AWS action.
        action: String,
        /// The HTTP status.
        status: u16,
        /// Its own words.
        message: String,
    },
    /// CloudFormation could not create or update the stack.
    #[error("template.yaml does not deploy: {0}")]
    Deploy(String),
    /// The emulator's answer is not what AWS would send.
    #[error("{action}: unexpected answer: {detail}")]
    Answer {
        /// The AWS action.
        action: String,
        /// What is odd about it.
        detail: String,
    },
    /// The local issuer's key cannot be made, read or used.
    #[error("the local issuer's key: {0}")]
    Issuer(String),
    /// A plan is unknown, or an account cannot be put on it.
    #[error("plan: {0}")]
    Plan(String),
    /// Reading, writing or starting something failed.
    #[error("{what}: {source}")]
    Io {
        /// The file or program.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
}

impl StackError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(path.display().to_string())
    }

    pub(crate) fn answer(action: &str, detail: impl ToString) -> Self {
        Self::Answer { action: action.to_owned(), detail: detail.to_string() }
    }
}

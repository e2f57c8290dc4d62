//! What can go wrong with a model.

use std::path::{Path, PathBuf};

/// Why a model cannot be used. None of these passes by itself: another file is needed.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file is not there, ends early, or is of another format.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file lacks a part that every model of its kind has.
    #[error("the model has no {0}")]
    Misses(String),
    /// A part is of another shape than the parts beside it ask for.
    #[error("{name} is {found:?}, not {wanted:?}")]
    Shape {
        /// The part.
        name: String,
        /// Its dimensions.
        found: Vec<usize>,
        /// What they have to be.
        wanted: Vec<usize>,
    },
    /// Matrices that do not fit each other: a mistake in this crate.
    #[error("a calculation: {0}")]
    Calculation(String),
}

impl ModelError {
    pub(crate) fn unreadable(path: &Path, source: std::io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), source }
    }

    pub(crate) fn misses(name: &str) -> Self {
        Self::Misses(name.to_owned())
    }

    pub(crate) fn shape(name: &str, found: &[usize], wanted: &[usize]) -> Self {
        Self::Shape { name: name.to_owned(), found: found.to_vec(), wanted: wanted.to_vec() }
    }
}

impl From<rten_gemm::GemmError> for ModelError {
    fn from(error: rten_gemm::GemmError) -> Self {
        Self::Calculation(error.to_string())
    }
}

impl From<rten_tensor::errors::FromDataError> for ModelError {
    fn from(error: rten_tensor::errors::FromDataError) -> Self {
        Self::Calculation(format!("{error:?}"))
    }
}

//! Turning frames and sound into words, and words into answers: four narrow traits, one file a provider.
#![warn(missing_docs)]

pub mod answer;
pub mod describe;
pub mod embed;
mod error;
pub mod index;
mod process;
mod providers;
mod terms;
pub mod transcribe;

pub use error::{ProviderError, ProviderErrorKind};
pub use providers::{BuiltinConfig, Providers};

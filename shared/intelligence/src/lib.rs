//! Turning frames and sound into words, and words into answers: four narrow traits, one file a provider.
#![warn(missing_docs)]

pub mod answer;
mod at_a_time;
mod aws;
pub mod describe;
pub mod embed;
mod error;
pub mod index;
mod meter;
mod openai;
mod process;
mod providers;
mod retry;
mod retry_after;
mod terms;
pub mod transcribe;

pub use aws::AwsConfig;
pub use error::{ProviderError, ProviderErrorKind};
pub use meter::Meter;
pub use openai::OpenAiConfig;
pub use providers::{BuiltinConfig, Providers};
pub use retry::Budget;

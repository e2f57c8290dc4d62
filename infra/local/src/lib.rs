//! Brings the very same `template.yaml` up on this machine: emulator, deployment, front.
//!
//! Nothing here is a second implementation of the product. The functions are the binaries that `make build`
//! makes, deployed through CloudFormation to an AWS emulator; the front adds what the emulator lacks, which is
//! one address for both APIs and response streaming.

mod account;
mod aws;
mod deploy;
mod emulator;
mod error;
mod front;
mod issuer;
mod options;
mod package;
mod plan;
mod secrets;
mod stack;
mod stack_file;
mod tools;
mod wire;

pub use account::{Account, StackFront};
pub use deploy::Outputs;
pub use error::StackError;
pub use issuer::Issuer;
pub use options::StackOptions;
pub use secrets::WebhookSecrets;
pub use stack::Stack;
pub use stack_file::StackFile;

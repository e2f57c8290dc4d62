//! What every function does first and last: who calls, how often, what is answered, what is logged.
//!
//! An HTTP function is a [`serve`] of its handler behind a [`Door`]; a pipeline step is a [`step::serve`], a queue's
//! consumer a [`queue::serve`].
#![warn(missing_docs)]

mod app;
mod aws;
mod body;
mod call;
mod caller;
pub mod clock;
pub mod config;
pub mod fetch;
pub mod file_name;
pub mod idempotency;
pub mod ids;
mod job;
mod jwks;
mod limiter;
mod problem;
pub mod queue;
pub mod refusals;
pub mod removal;
mod reply;
pub mod runs;
mod scratch;
mod secrets;
mod serve;
pub mod signature;
pub mod sse;
pub mod step;
pub mod telemetry;

pub use lambda_runtime::Error;

pub use app::App;
pub use call::Call;
pub use caller::{Caller, Door};
pub use job::Job;
pub use problem::{Contract, Problem};
pub use reply::Reply;
pub use secrets::Secret;
pub use serve::{serve, serve_streaming};

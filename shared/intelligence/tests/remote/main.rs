//! The providers behind a network against a server in this process that speaks their protocols, and checks what it is
//! sent.
#![expect(clippy::unwrap_used, reason = "a panic here is a failed test with a line number")]

mod aws;
mod openai;
mod server;
mod sound;

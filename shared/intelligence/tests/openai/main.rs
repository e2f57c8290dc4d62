//! The provider `openai` against a server in this process that speaks the protocol, and checks what it is sent.
#![expect(clippy::unwrap_used, reason = "a panic here is a failed test with a line number")]

mod answer;
mod describe;
mod embed;
mod server;
mod transcribe;

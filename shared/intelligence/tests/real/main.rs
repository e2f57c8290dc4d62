//! The builtin provider with the real programs and the real model, on inputs made here.
#![expect(clippy::unwrap_used, reason = "a panic here is a failed test with a line number")]

mod describe;
mod index;
mod inputs;
mod minilm;
mod transcribe;

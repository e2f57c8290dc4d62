//! The product from outside: the real binaries behind the real template in the emulator, real ffmpeg, Tesseract and
//! yt-dlp, and clients that know nothing but the references.
#![expect(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

mod access;
mod billing;
mod chat;
mod endings;
mod fetching;
mod idempotency;
mod inputs;
mod redelivery;
mod replay;
mod replies;
mod sdk;
mod upload;
mod webhooks;

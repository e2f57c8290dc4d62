//! The product from outside: the real binaries behind the real template in the emulator, real ffmpeg, Tesseract and
//! yt-dlp, and clients that know nothing but the references.
#![expect(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

mod access;
mod api_keys;
mod billing;
mod callbacks;
mod chat;
mod costs;
mod credit;
mod endings;
mod exports;
mod fetching;
mod health;
mod idempotency;
mod inputs;
mod modes;
mod observability;
mod paging;
mod progress;
mod raw;
mod redelivery;
mod redescriptions;
mod replay;
mod replies;
mod reservations;
mod retries;
mod sdk;
mod search;
mod signatures;
mod signing_keys;
mod strangers;
mod stripe_peers;
mod tokens;
mod upload;
mod webhooks;

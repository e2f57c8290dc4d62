//! The rules of FrameIQ, and nothing else: no AWS, no HTTP, no async, no clock.
#![warn(missing_docs)]
#![deny(clippy::wildcard_enum_match_arm)]

pub mod analysis;
pub mod answer;
pub mod api_key;
pub mod api_version;
pub mod billing;
pub mod callback;
pub mod camera_raw;
pub mod captions;
pub mod cost;
pub mod failure;
pub mod ids;
pub mod library;
pub mod metering;
pub mod plan;
pub mod prices;
pub mod problem;
pub mod processing_mode;
pub mod program;
pub mod provider;
pub mod stage;
pub mod time;
pub mod vectors;
pub mod video;
pub mod youtube;

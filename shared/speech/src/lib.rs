//! Sound into words.
#![warn(missing_docs)]

mod activity;
mod ears;
mod error;
mod matrix;
mod whisper;
mod window;

pub use activity::{Listening, Stretch, VoiceActivity};
pub use ears::{Ears, HearError, Said, Sound};
pub use error::ModelError;
pub use whisper::{Heard, Listened, Passage, Whisper, Word};
pub use window::{Window, windows};

//! What of a video is worked out: everything, or only what is said, or only what is seen.

use serde::{Deserialize, Serialize};

/// `processingMode` in the Jobs contract. Chosen when a job is made, and never changed. The price is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessingMode {
    /// What is said, without scenes: no picture is looked at.
    Transcript,
    /// What is seen, without a transcript: no speech is recognised.
    Vision,
    /// Both. Words that are none of these mean it too: clients in the field send others.
    #[default]
    #[serde(other)]
    All,
}

impl ProcessingMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::All, Self::Transcript, Self::Vision];

    /// Whether scenes are looked for and described.
    pub fn describes(self) -> bool {
        match self {
            Self::All | Self::Vision => true,
            Self::Transcript => false,
        }
    }

    /// Whether speech is written down.
    pub fn transcribes(self) -> bool {
        match self {
            Self::All | Self::Transcript => true,
            Self::Vision => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<ProcessingMode> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn unknown_words_mean_all() {
        assert_eq!(read("\"transcript\""), Some(ProcessingMode::Transcript));
        assert_eq!(read("\"vision\""), Some(ProcessingMode::Vision));
        for word in ["all", "", "Vision", "TRANSCRIPT", "fast", "quality", " vision"] {
            assert_eq!(read(&format!("\"{word}\"")), Some(ProcessingMode::All), "{word:?}");
        }
        for no_word in ["5", "[]", "true", "[\"vision\"]"] {
            assert_eq!(read(no_word), None, "{no_word}");
        }
        assert_eq!(ProcessingMode::default(), ProcessingMode::All);
    }

    #[test]
    fn is_read_as_it_is_written() {
        let written = ProcessingMode::ALL.map(|mode| serde_json::to_string(&mode).unwrap());
        assert_eq!(written, ["\"all\"", "\"transcript\"", "\"vision\""]);
        for (mode, json) in ProcessingMode::ALL.into_iter().zip(written) {
            assert_eq!(read(&json), Some(mode));
            assert!(mode.describes() || mode.transcribes(), "a job that works nothing out");
        }
    }
}

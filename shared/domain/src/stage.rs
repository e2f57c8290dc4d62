//! The stages of processing that both contracts show, and how far along they are.

use serde::{Deserialize, Serialize};

/// A stage as the reference names it. Transcription runs beside `Describe` and counts inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The source is being fetched and pinned.
    Download,
    /// Segments are being decoded into features, frames and audio.
    Extract,
    /// Scenes are being described, speech transcribed.
    Describe,
    /// The search index is being written.
    Index,
}

impl Stage {
    /// All stages in the order in which they run.
    pub const ALL: [Self; 4] = [Self::Download, Self::Extract, Self::Describe, Self::Index];

    /// Share of the whole in percent. The reference's example (100, 100, 60 gives 73) fixes the first three.
    pub fn weight(self) -> u32 {
        match self {
            Self::Download | Self::Extract => 20,
            Self::Describe => 55,
            Self::Index => 5,
        }
    }

    /// The name that is published and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Extract => "extract",
            Self::Describe => "describe",
            Self::Index => "index",
        }
    }
}

/// The whole video's progress in percent, from each stage's own; stages not begun are left out.
pub fn overall_progress(stages: impl IntoIterator<Item = (Stage, u8)>) -> u8 {
    let weighted: u32 =
        stages.into_iter().map(|(stage, percent)| stage.weight() * u32::from(percent.min(100))).sum();
    (weighted / 100).min(100) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_the_whole() {
        assert_eq!(Stage::ALL.map(Stage::weight).iter().sum::<u32>(), 100);
    }

    #[test]
    fn agrees_with_the_reference_example() {
        let stages = [(Stage::Download, 100), (Stage::Extract, 100), (Stage::Describe, 60)];
        assert_eq!(overall_progress(stages), 73);
    }

    #[test]
    fn ends_at_a_hundred() {
        assert_eq!(overall_progress(Stage::ALL.map(|stage| (stage, 100))), 100);
        assert_eq!(overall_progress([]), 0);
    }
}

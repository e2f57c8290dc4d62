//! What is known about a video once it has been looked at: the vocabulary that extraction, description,
//! search and both contracts share.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::time::Seconds;

/// An sRGB colour, written `#3b82f6`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Rgb(pub u8, pub u8, pub u8);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl From<Rgb> for String {
    fn from(color: Rgb) -> Self {
        color.to_string()
    }
}

impl TryFrom<String> for Rgb {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 3];
        let digits = text.strip_prefix('#').ok_or("a colour starts with #")?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| "a colour has six hex digits")?;
        Ok(Self(bytes[0], bytes[1], bytes[2]))
    }
}

/// One continuous shot, with what was measured on its frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Position in the video's list of scenes, from 0.
    pub ordinal: u32,
    /// First frame of the shot.
    pub start: Seconds,
    /// First frame of the next shot, or the end of the video.
    pub end: Seconds,
    /// When the keyframe that stands for the shot is displayed.
    pub keyframe_at: Seconds,
    /// The colour a person would name first.
    pub main_color: Rgb,
    /// Mean luma, 0 (black) to 1 (white).
    pub brightness: f32,
    /// Mean absolute luma change between neighbouring frames, 0 to 1. A still image is below 0.002.
    pub motion: f32,
    /// When the picture is black, for 2 s or more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub black: Vec<Stretch>,
    /// When the picture stands still, for 2 s or more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<Stretch>,
}

/// A part of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// From when on.
    pub start: Seconds,
    /// Until when.
    pub end: Seconds,
}

/// Something seen in a frame, in fractions of its width and height.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// What it is, in lower case (`person`, `bar chart`, `text`).
    pub name: String,
    /// Left edge, 0 to 1.
    #[serde(serialize_with = "four_decimals")]
    pub x: f32,
    /// Top edge, 0 to 1.
    #[serde(serialize_with = "four_decimals")]
    pub y: f32,
    /// Width, 0 to 1.
    #[serde(serialize_with = "four_decimals")]
    pub width: f32,
    /// Height, 0 to 1.
    #[serde(serialize_with = "four_decimals")]
    pub height: f32,
    /// How sure the provider is, 0 to 1.
    #[serde(serialize_with = "four_decimals")]
    pub confidence: f32,
}

/// A ten-thousandth of a frame is less than a pixel, and nobody is surer than that.
fn four_decimals<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((f64::from(*value) * 1e4).round() / 1e4)
}

/// Who said what about which frame, so that every sentence can be traced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Provider, e.g. `builtin`.
    pub provider: String,
    /// Model or program with its version, e.g. `tesseract 5.3.0`.
    pub model: String,
    /// Version of the prompt or of the rules that turn measurements into words.
    pub prompt_version: String,
}

/// What is said about one scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// A sentence or two for people.
    pub text: String,
    /// Lines of text seen on the keyframe, top to bottom.
    pub on_screen_text: Vec<String>,
    /// Boxes on the keyframe.
    pub detections: Vec<Detection>,
    /// Where the words come from.
    pub provenance: Provenance,
}

/// What came of asking for a description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Described {
    /// It was given.
    Seen(Description),
    /// A content policy forbids it, and would forbid it again.
    Refused {
        /// Whose.
        refused_by: Provenance,
    },
}

impl Described {
    /// The description, if there is one.
    pub fn seen(&self) -> Option<&Description> {
        match self {
            Self::Seen(description) => Some(description),
            Self::Refused { .. } => None,
        }
    }

    /// Who was asked.
    pub fn provenance(&self) -> &Provenance {
        match self {
            Self::Seen(description) => &description.provenance,
            Self::Refused { refused_by } => refused_by,
        }
    }
}

impl From<Description> for Described {
    fn from(description: Description) -> Self {
        Self::Seen(description)
    }
}

/// A stretch of speech by one speaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// Ordinal of the speaker in this video, from 0.
    pub speaker: u32,
    /// When the speech starts.
    pub start: Seconds,
    /// When it ends.
    pub end: Seconds,
    /// The words.
    pub text: String,
}

/// The whole soundtrack, transcribed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// In order of time; they do not overlap.
    pub utterances: Vec<Utterance>,
    /// Where the words come from.
    pub provenance: Provenance,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_without_stretches_are_stored_without_and_read_so() {
        let stored = r##"{"ordinal":0,"start":0.0,"end":8.0,"keyframe_at":4.0,"main_color":"#3b82f6","brightness":0.5,"motion":0.25}"##;
        let scene: Scene = serde_json::from_str(stored).unwrap();
        assert!(scene.black.is_empty() && scene.frozen.is_empty());
        assert_eq!(serde_json::to_string(&scene).unwrap(), stored);
    }

    #[test]
    fn descriptions_are_stored_as_before_there_were_refusals() {
        let provenance = Provenance {
            provider: "aws".to_owned(),
            model: "nova".to_owned(),
            prompt_version: "aws-describe-1".to_owned(),
        };
        let description = Description {
            text: "A board.".to_owned(),
            on_screen_text: vec![],
            detections: vec![],
            provenance: provenance.clone(),
        };
        let stored = serde_json::to_string(&description).unwrap();
        let seen = Described::from(description);
        let refused = Described::Refused { refused_by: provenance };
        assert_eq!(serde_json::to_string(&seen).unwrap(), stored);
        for described in [seen, refused] {
            let stored = serde_json::to_string(&described).unwrap();
            assert_eq!(serde_json::from_str::<Described>(&stored).unwrap(), described);
        }
    }

    #[test]
    fn colours_are_six_hex_digits() {
        let blue: Rgb = serde_json::from_str("\"#3b82f6\"").unwrap();
        assert_eq!(blue, Rgb(0x3b, 0x82, 0xf6));
        assert_eq!(serde_json::to_string(&blue).unwrap(), "\"#3b82f6\"");
        for bad in ["3b82f6", "#3b82f", "#3b82f6a", "#3b82fg"] {
            assert!(Rgb::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}

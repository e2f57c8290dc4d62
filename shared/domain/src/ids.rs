//! Names of things. Each is its own type, so that none is passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::time::Seconds;

/// The text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an id: an id is a UUID such as 550e8400-e29b-41d4-a716-446655440000")]
pub struct NotAnId;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            /// Takes the hyphenated form only: the one that is published and stored.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if text.len() != 36 {
                    return Err(NotAnId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }
    };
}

uuid_id! {
    /// A video, which the Jobs contract calls a job. UUIDv7, so ids sort by creation time.
    VideoId
}
uuid_id! {
    /// A chat session about one video.
    SessionId
}
uuid_id! {
    /// One message of a chat session. UUIDv7, so ids sort by creation time.
    MessageId
}

impl VideoId {
    /// The id of the scene that ends at `end`; the same video gives the same id at every run.
    pub fn scene_id(self, ordinal: u32, end: Seconds) -> String {
        let id = Uuid::new_v5(&self.0, format!("scene/{ordinal}").as_bytes());
        // With the decimal point that JSON has too, so that the id ends as `endTs` reads.
        format!("scene_{id}_{:?}", f64::from(end))
    }

    /// The id of a speaker; the same video gives the same id at every run.
    pub fn speaker_id(self, ordinal: u32) -> Uuid {
        Uuid::new_v5(&self.0, format!("speaker/{ordinal}").as_bytes())
    }
}

/// The request that work was asked for by: the id that the gateway gave it, which its caller was told as `X-Request-Id`.
/// Every line that is logged on the way carries it as `trace.id`. A name for reading logs and nothing else: a caller may
/// choose it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceId(pub String);

impl TraceId {
    /// The most characters that an id has: it goes into headers, rows, and every line.
    const MAX_CHARS: usize = 128;

    /// The request that somebody else's text names: its visible ASCII characters, as far as an id may go.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(char::is_ascii_graphic).take(Self::MAX_CHARS).collect())
    }
}

/// An account: the `sub` of its session tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub String);

impl UserId {
    /// The most bytes that an id has: it goes into keys of the table.
    const MAX_BYTES: usize = 255;

    /// The account that somebody else's text names; `None` for text that is no id.
    pub fn new(text: String) -> Option<Self> {
        (1..=Self::MAX_BYTES).contains(&text.len()).then_some(Self(text))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which run of the pipeline over a video: 1 at first, one more at every retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempt(pub u32);

impl Attempt {
    /// The first run.
    pub const FIRST: Self = Self(1);

    /// The run after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Which set of stage outputs of a video: retries share one, a re-description starts another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl Generation {
    /// The first set.
    pub const FIRST: Self = Self(1);

    /// The set after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_the_published_form() {
        let text = "550e8400-e29b-41d4-a716-446655440000";
        assert_eq!(text.parse::<VideoId>().unwrap().to_string(), text);
        for bad in ["", "abc", "550e8400e29b41d4a716446655440000", "{550e8400-e29b-41d4-a716-44665544000}"] {
            assert_eq!(bad.parse::<VideoId>(), Err(NotAnId), "{bad}");
        }
    }

    #[test]
    fn a_user_is_known_by_a_short_text() {
        assert_eq!(UserId::new("user_1".to_owned()), Some(UserId("user_1".to_owned())));
        assert_eq!(UserId::new("u".repeat(255)).map(|user| user.0.len()), Some(255));
        for bad in [String::new(), "u".repeat(256)] {
            assert_eq!(UserId::new(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn a_request_is_known_by_a_short_text_that_can_be_seen() {
        let id = "7f3c1a52-9d4e-4b1f-8a6c-2e5d7b9f0a31";
        assert_eq!(TraceId::new(id).0, id);
        assert_eq!(TraceId::new("a b\n\u{1b}[31m\"é\u{7f}\\").0, "ab[31m\"\\");
        assert_eq!(TraceId::new(&"x".repeat(129)).0.len(), 128);
    }

    #[test]
    fn results_of_a_second_run_carry_the_same_ids() {
        let video: VideoId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        let id = video.scene_id(0, Seconds::new(45.8));
        assert_eq!(id, video.scene_id(0, Seconds::new(45.8)));
        assert!(id.starts_with("scene_") && id.ends_with("_45.8"), "{id}");
        assert!(video.scene_id(0, Seconds::new(4.0)).ends_with("_4.0"));
        assert_ne!(video.speaker_id(0), video.speaker_id(1));
    }
}

//! YouTube addresses, in all the forms in which people paste them; what lets a download in, and why one is refused.

mod access;
mod refusal;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

pub use access::{Access, AccessError};
pub use refusal::{Had, Refusal, SLOW, wrongly_set_up};

/// The largest picture that is downloaded, in bytes. It is merged with its sound into a file as large as both, and all three
/// are on the function's disk at a time: `EphemeralStorage` of `PipelineDownload` in template.yaml.
pub const MAX_PICTURE_BYTES: u64 = 4_000_000_000;
/// The largest sound: twelve hours, the longest video there, at 185 kbit/s.
pub const MAX_SOUND_BYTES: u64 = 1_000_000_000;

/// The id of a YouTube video: 6 to 16 of `[A-Za-z0-9_-]`. Whether it exists is the download's business.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct YoutubeId(String);

/// The text is not the address of one YouTube video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the address of a YouTube video: use one like https://www.youtube.com/watch?v=abc123")]
pub struct NotAYoutubeUrl;

impl YoutubeId {
    /// The id alone, such as `abc123`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(id: &str) -> Result<Self, NotAYoutubeUrl> {
        let fits = (6..=16).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if fits { Ok(Self(id.to_owned())) } else { Err(NotAYoutubeUrl) }
    }
}

/// The canonical watch address, without playlists, times and trackers.
impl fmt::Display for YoutubeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://www.youtube.com/watch?v={}", self.0)
    }
}

impl FromStr for YoutubeId {
    type Err = NotAYoutubeUrl;

    fn from_str(text: &str) -> Result<Self, NotAYoutubeUrl> {
        let url = Url::parse(text.trim()).map_err(|_| NotAYoutubeUrl)?;
        let plain =
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        let host = url.host_str().ok_or(NotAYoutubeUrl)?;
        if !plain || url.port().is_some() {
            return Err(NotAYoutubeUrl);
        }
        let mut path = url.path_segments().ok_or(NotAYoutubeUrl)?;
        let first = path.next().unwrap_or_default();
        match host {
            "youtu.be" | "www.youtu.be" => Self::new(first),
            "youtube.com" | "www.youtube.com" | "m.youtube.com" | "music.youtube.com" => match first {
                "watch" => {
                    let id = url.query_pairs().find(|(name, _)| name == "v").ok_or(NotAYoutubeUrl)?.1;
                    Self::new(&id)
                }
                "shorts" | "live" | "embed" => Self::new(path.next().unwrap_or_default()),
                _ => Err(NotAYoutubeUrl),
            },
            _ => Err(NotAYoutubeUrl),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_every_form_people_paste() {
        for text in [
            "https://www.youtube.com/watch?v=abc123",
            "http://youtube.com/watch?v=abc123&t=42s&list=PL1",
            "https://www.youtube.com/watch?list=PL1&v=abc123",
            "https://m.youtube.com/watch?v=abc123",
            "https://music.youtube.com/watch?v=abc123",
            "https://youtu.be/abc123?si=x",
            "https://www.youtube.com/shorts/abc123",
            "https://www.youtube.com/live/abc123?feature=share",
            "https://www.youtube.com/embed/abc123",
        ] {
            let id: YoutubeId = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(id.to_string(), "https://www.youtube.com/watch?v=abc123", "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_video() {
        for text in [
            "",
            "abc123",
            "ftp://youtube.com/watch?v=abc123",
            "https://www.youtube.com/watch",
            "https://www.youtube.com/watch?v=abc",
            "https://www.youtube.com/watch?v=abc%2F123",
            "https://www.youtube.com/playlist?list=PL1",
            "https://www.youtube.com/@channel",
            "https://www.youtube.com:8443/watch?v=abc123",
            "https://user@www.youtube.com/watch?v=abc123",
            "https://youtube.com.example.org/watch?v=abc123",
            "https://example.org/watch?v=abc123",
            "https://youtu.be/",
            "https://www.youtube.com/embed/12345678901234567",
        ] {
            assert_eq!(text.parse::<YoutubeId>(), Err(NotAYoutubeUrl), "{text}");
        }
    }
}

//! What a recorder wrote beside the pictures. A file may claim anything; what cannot be is dropped.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::{Timestamp, civil::date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// The label of a frame as editors and recorders count, SMPTE ST 12-1: `01:00:00:00`, and `01:00:00;00` where labels
/// are dropped to keep pace with the clock. Its text is its stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timecode {
    /// 0 to 23.
    pub hours: u8,
    /// 0 to 59.
    pub minutes: u8,
    /// 0 to 59.
    pub seconds: u8,
    /// 0 to 239: frames within the second.
    pub frames: u8,
    /// Whether the first labels of most minutes are left out, as with 29.97 frames a second.
    pub drop_frame: bool,
}

/// A text that is no timecode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a timecode such as 01:00:00:00")]
pub struct NotATimecode;

/// No recorder counts more frames in a second. The video's own rate is no bound: slow motion is labelled by the rate it
/// is played at, and a variable rate has a mean that says nothing.
const MOST_FRAMES: u8 = 240;

impl FromStr for Timecode {
    type Err = NotATimecode;

    fn from_str(text: &str) -> Result<Self, NotATimecode> {
        let drop_frame = text.contains([';', '.']);
        let mut fields = text.split([':', ';', '.']).map(|field| {
            let is_number = matches!(field.len(), 1..=3) && field.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| field.parse::<u8>().ok()).flatten().ok_or(NotATimecode)
        });
        let mut below = |limit: u8| {
            fields
                .next()
                .ok_or(NotATimecode)?
                .and_then(|value| if value < limit { Ok(value) } else { Err(NotATimecode) })
        };
        let (hours, minutes, seconds, frames) = (below(24)?, below(60)?, below(60)?, below(MOST_FRAMES)?);
        if fields.next().is_some() {
            return Err(NotATimecode);
        }
        Ok(Self { hours, minutes, seconds, frames, drop_frame })
    }
}

impl fmt::Display for Timecode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hours, minutes, seconds, frames, drop_frame } = self;
        let mark = if *drop_frame { ';' } else { ':' };
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}{mark}{frames:02}")
    }
}

impl TryFrom<String> for Timecode {
    type Error = NotATimecode;

    fn try_from(text: String) -> Result<Self, NotATimecode> {
        text.parse()
    }
}

impl From<Timecode> for String {
    fn from(timecode: Timecode) -> Self {
        timecode.to_string()
    }
}

/// Tags of the file or of one stream, as ffprobe lists them. Their names differ in case between containers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Tags(BTreeMap<String, serde_json::Value>);

impl Tags {
    fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.next()?.1.as_str().map(str::trim)
    }

    pub(super) fn timecode(&self) -> Option<Timecode> {
        self.get("timecode")?.parse().ok()
    }

    /// When the recording was made. A clock that was never set counts from 1904 or 1970, and says nothing.
    pub(super) fn created_at(&self) -> Option<Timestamp> {
        let told: Timestamp = self.get("creation_time")?.parse().ok()?;
        let year = |year| date(year, 1, 1).to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
        (year(1971)? <= told && told < year(2100)?).then_some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(name: &str, value: &str) -> Tags {
        Tags(BTreeMap::from([(name.to_owned(), value.into())]))
    }

    #[test]
    fn a_timecode_is_read_as_it_is_written() {
        for (text, drop_frame) in [("00:00:00:00", false), ("23:59:59:24", false), ("10:11:12;13", true)] {
            let timecode: Timecode = text.parse().unwrap();
            assert_eq!((timecode.to_string().as_str(), timecode.drop_frame), (text, drop_frame));
            let stored = serde_json::to_string(&timecode).unwrap();
            assert_eq!(serde_json::from_str::<Timecode>(&stored).unwrap(), timecode);
        }
        assert_eq!("1:2:3.4".parse::<Timecode>().unwrap().to_string(), "01:02:03;04");
    }

    #[test]
    fn what_cannot_be_a_timecode_is_none() {
        let long = "0".repeat(1 << 20);
        for text in [
            "",
            ":::",
            "24:00:00:00",
            "00:60:00:00",
            "00:00:60:00",
            "00:00:00:240",
            "00:00:00",
            "00:00:00:00:00",
            "-1:00:00:00",
            "+1:00:00:00",
            "aa:00:00:00",
            "00:00:00:\u{0661}",
            "99999999999:0:0:0",
            &long,
        ] {
            assert_eq!(text.parse::<Timecode>(), Err(NotATimecode), "{}", &text[..text.len().min(20)]);
        }
        assert!(serde_json::from_str::<Timecode>("\"<script>\"").is_err());
        assert_eq!(tags("timecode", "01:00:00").timecode(), None);
        assert_eq!(tags("TIMECODE", " 01:00:00:24 ").timecode(), "01:00:00:24".parse().ok());
    }

    #[test]
    fn a_time_of_creation_is_one_that_can_be() {
        let told = tags("creation_time", "2024-02-29T12:34:56.000000Z").created_at();
        assert_eq!(told, Some("2024-02-29T12:34:56Z".parse().unwrap()));
        for text in [
            "",
            "now",
            "1904-01-01T00:00:00Z",
            "1970-01-01T00:00:00.000000Z",
            "2023-02-29T00:00:00Z",
            "2100-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "-009999-01-01T00:00:00Z",
            "2024-02-29",
            "'; DROP TABLE",
        ] {
            assert_eq!(tags("creation_time", text).created_at(), None, "{text}");
        }
        assert_eq!(Tags(BTreeMap::from([("creation_time".into(), 7.into())])).created_at(), None);
    }
}

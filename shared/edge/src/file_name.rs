//! What users call their files: shown as they are, stored as a tame form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::problem::Problem;

/// The longest name, in characters.
const MAX_CHARS: usize = 255;
/// What is escaped in a header's extended parameter (RFC 8187); a few more could stay.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// A name that can be shown.
///
/// # Errors
/// An empty or overlong name, or one with control characters.
pub fn check(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_CHARS || name.chars().any(char::is_control) {
        let detail = format!(
            "fileName is the file's name with its extension, at most {MAX_CHARS} characters, such as video.mp4."
        );
        return Err(Problem::invalid(detail));
    }
    Ok(name.to_owned())
}

/// The last part of a URL's path, decoded; `video` if there is none.
pub fn of_url(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let decoded = percent_encoding::percent_decode_str(last).decode_utf8_lossy();
    check(&decoded).unwrap_or_else(|_| "video".to_owned())
}

/// The same name in letters that need no escaping anywhere: it becomes part of an object's key.
pub fn object_safe(name: &str) -> String {
    let tame = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    name.chars().map(tame).collect()
}

/// The `Content-Disposition` of a file that is to be saved under this name (RFC 6266): first in letters that every
/// client reads, then in full.
pub fn attachment(name: &str) -> String {
    let (tame, full) = (object_safe(name), utf8_percent_encode(name, ESCAPED));
    format!("attachment; filename=\"{tame}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_can_be_shown() {
        assert_eq!(check(" Camera A Take 8.R3D ").unwrap(), "Camera A Take 8.R3D");
        assert!(check(&"ß".repeat(255)).is_ok());
        for bad in ["", "  ", "a\nb.mp4", &"x".repeat(256)] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn keys_need_no_escaping() {
        assert_eq!(object_safe("../Ä b?.mp4"), "..___b_.mp4");
    }

    #[test]
    fn no_name_breaks_out_of_its_header() {
        assert_eq!(
            attachment("Ä \"b\";\r\n.srt"),
            "attachment; filename=\"___b____.srt\"; filename*=UTF-8''%C3%84%20%22b%22%3B%0D%0A.srt"
        );
    }

    #[test]
    fn urls_end_in_names() {
        for (url, name) in [
            ("https://a.example/rushes/A003_C008.R3D?sig=1", "A003_C008.R3D"),
            ("https://a.example/my%20clip.mp4", "my clip.mp4"),
            ("https://a.example/", "video"),
        ] {
            assert_eq!(of_url(&url.parse().unwrap()), name);
        }
    }
}

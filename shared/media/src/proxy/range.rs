//! The `Range` header, as far as RFC 9110 section 14 asks of a server with one representation.

use std::ops::Range;

use http::HeaderValue;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Requested {
    /// No range, or one that may be ignored (several ranges, another unit, bad syntax).
    Whole,
    /// These bytes; never empty.
    Part(Range<u64>),
    /// A range that begins after the end.
    Beyond,
}

pub(super) fn requested(header: Option<&HeaderValue>, len: u64) -> Requested {
    let Some((first, last)) = header.and_then(|value| value.to_str().ok()).and_then(bounds) else {
        return Requested::Whole;
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), _) if first >= len => Requested::Beyond,
        (Ok(first), Err(_)) if last.is_empty() => Requested::Part(first..len),
        (Ok(first), Ok(last)) if last >= first => Requested::Part(first..last.saturating_add(1).min(len)),
        (Err(_), Ok(0)) if first.is_empty() => Requested::Beyond,
        (Err(_), Ok(suffix)) if first.is_empty() && len > 0 => {
            Requested::Part(len.saturating_sub(suffix)..len)
        }
        _ => Requested::Whole,
    }
}

fn bounds(text: &str) -> Option<(&str, &str)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    (!last.contains(',')).then_some((first.trim(), last.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let cases = [
            ("bytes=0-", Requested::Part(0..100)),
            ("bytes=10-19", Requested::Part(10..20)),
            ("bytes=90-1000", Requested::Part(90..100)),
            ("bytes=-5", Requested::Part(95..100)),
            ("bytes=-500", Requested::Part(0..100)),
            ("bytes=100-", Requested::Beyond),
            ("bytes=-0", Requested::Beyond),
            ("bytes=5-4", Requested::Whole),
            ("bytes=0-1,5-6", Requested::Whole),
            ("bytes=0-18446744073709551615", Requested::Part(0..100)),
            ("lines=1-2", Requested::Whole),
            ("bytes=a-b", Requested::Whole),
        ];
        for (text, expected) in cases {
            assert_eq!(requested(Some(&HeaderValue::from_static(text)), 100), expected, "{text}");
        }
        assert_eq!(requested(None, 100), Requested::Whole);
        assert_eq!(requested(Some(&HeaderValue::from_static("bytes=-1")), 0), Requested::Whole);
    }
}

//! When a server wants to be asked again.

use std::time::Duration;

/// The value of `Retry-After`: seconds, or a date (RFC 9110, 10.2.3), which is compared with the answer's own `Date`:
/// clocks differ.
pub(crate) fn parse(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let then = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(date?).ok()?;
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_come_back_are_seconds_or_dates() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let after = |value: &str| parse(value, Some(date)).map(|wait| wait.as_millis());
        assert_eq!(after("7"), Some(7_000));
        assert_eq!(after("0.25"), Some(250));
        assert_eq!(after("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30_000));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        assert_eq!(parse(date, None), None);
        for bad in ["-1", "soon", "NaN", "1e300"] {
            assert_eq!(after(bad), None, "{bad}");
        }
    }
}

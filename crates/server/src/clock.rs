//! Time as the API writes and reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Nanoseconds since 1970 by this machine's clock.
pub fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Seconds since 1970 by this machine's clock.
pub fn now_s() -> i64 {
    now_ns() / 1_000_000_000
}

/// RFC 3339 in UTC with nine fraction digits.
pub fn text_of_ns(time_ns: i64) -> String {
    let Ok(time) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(time_ns)) else { return time_ns.to_string() };
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let nanos = time.nanosecond();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// RFC 3339 in UTC with seven fraction digits, as .NET and MDE's API write times.
pub fn ticks_text_of_ns(time_ns: i64) -> String {
    let mut text = text_of_ns(time_ns);
    if text.ends_with('Z') {
        text.truncate(text.len() - 3);
        text.push('Z');
    }
    text
}

/// Microseconds since 1970 of an RFC 3339 text, `None` for any other text.
pub fn us_of_text(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).ok()
}

/// An RFC 3339 text in this machine's time zone, with its offset; `None` for any other text.
pub fn local_text(text: &str) -> Option<String> {
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.with_timezone(&chrono::Local).format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        assert_eq!(text_of_ns(1_795_478_461_000_000_001), "2026-11-24T00:01:01.000000001Z");
        assert_eq!(ticks_text_of_ns(1_795_478_461_000_000_199), "2026-11-24T00:01:01.0000001Z");
        assert_eq!(us_of_text("2026-11-24T00:01:01.000001999Z"), Some(1_795_478_461_000_001));
        assert_eq!(us_of_text("2026-11-24T09:01:01+09:00"), Some(1_795_478_461_000_000));
        assert_eq!(us_of_text("yesterday"), None);
    }
}

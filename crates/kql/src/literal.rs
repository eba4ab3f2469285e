//! Constants as text → values: times in ticks of 100 ns, identifiers in one spelling. The binder uses the same functions
//! for `todatetime("…")` and its like, so that a constant and a conversion never differ.

mod datetime;

pub use datetime::{DATETIME_TICKS_MAX, civil_from_days, days_from_civil, parse_datetime};

/// Ticks of 100 ns in a second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks in a minute.
pub const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
/// Ticks in an hour.
pub const TICKS_PER_HOUR: i64 = 60 * TICKS_PER_MINUTE;
/// Ticks in a day.
pub const TICKS_PER_DAY: i64 = 24 * TICKS_PER_HOUR;

/// Nanoseconds of a unit: `d`, `hours`, `ms`, `tick`…
pub(crate) fn timespan_unit(name: &str) -> Option<i64> {
    Some(match name {
        "d" | "day" | "days" => TICKS_PER_DAY * 100,
        "h" | "hr" | "hrs" | "hour" | "hours" => TICKS_PER_HOUR * 100,
        "m" | "min" | "minute" | "minutes" => TICKS_PER_MINUTE * 100,
        "s" | "sec" | "second" | "seconds" => TICKS_PER_SECOND * 100,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        "tick" | "ticks" => 100,
        _ => return None,
    })
}

/// `1d`, `1.5 hours`, `1.02:03:04.5`, `02:03`, `-1d`; a number alone counts days. `None` when it is none of these, or
/// too long for 64 bits of ticks.
pub fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (text, is_negative) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (rest.trim_start(), text.starts_with('-')),
        None => (text, false),
    };
    let ticks = if text.contains(':') { parse_clock(text)? } else { parse_amount(text)? };
    i64::try_from(if is_negative { -ticks } else { ticks }).ok()
}

/// `1.5h`, `15 seconds`, `2`.
fn parse_amount(text: &str) -> Option<i128> {
    let split = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let nanos = if unit.is_empty() { timespan_unit("d")? } else { timespan_unit(unit)? };
    let (whole, fraction) = number.trim_end().split_once('.').unwrap_or((number.trim_end(), ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut total = if whole.is_empty() { 0 } else { parse_digits(whole)?.checked_mul(i128::from(nanos))? };
    let mut share = i128::from(nanos);
    for digit in fraction.bytes() {
        // Digits beyond the tick are cut off, exactly.
        total += share * i128::from(digit.is_ascii_digit().then(|| digit - b'0')?) / 10;
        share /= 10;
    }
    Some(total / 100)
}

/// `[d.]hh:mm[:ss[.fffffff]]`.
fn parse_clock(text: &str) -> Option<i128> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    let (days, hours) = match first.split_once('.') {
        Some((days, hours)) => (parse_digits(days)?, parse_digits(hours)?),
        None => (0, parse_digits(first)?),
    };
    let minutes = parse_digits(parts.next()?)?;
    let ticks = match parts.next() {
        Some(seconds) => parse_seconds(seconds)?,
        None => 0,
    };
    if parts.next().is_some() || hours > 23 || minutes > 59 {
        return None;
    }
    let clock = hours * i128::from(TICKS_PER_HOUR) + minutes * i128::from(TICKS_PER_MINUTE) + i128::from(ticks);
    days.checked_mul(i128::from(TICKS_PER_DAY))?.checked_add(clock)
}

/// `04`, `04.5`: ticks; digits beyond the seventh are cut off.
fn parse_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds = i64::try_from(parse_digits(whole)?).ok().filter(|seconds| *seconds < 60)?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut ticks = 0;
    for place in 0..7 {
        ticks = ticks * 10 + fraction.as_bytes().get(place).map_or(0, |digit| i64::from(digit - b'0'));
    }
    Some(seconds * TICKS_PER_SECOND + ticks)
}

fn parse_digits(text: &str) -> Option<i128> {
    let is_number = !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// `74be27de-1e4e-49d9-b579-fe0b331d3642`, with or without dashes or braces; lower case with dashes comes out.
pub fn parse_guid(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let has_dashes = text.len() == 36 && [8, 13, 18, 23].iter().all(|at| text.as_bytes()[*at] == b'-');
    let digits: String = if has_dashes { text.replace('-', "") } else { text.to_owned() };
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timespans_are_ticks() {
        let check = |text: &str, ticks: Option<i64>| assert_eq!(parse_timespan(text), ticks, "{text}");
        check("1d", Some(TICKS_PER_DAY));
        check("-1.5h", Some(-TICKS_PER_HOUR * 3 / 2));
        check("15 seconds", Some(15 * TICKS_PER_SECOND));
        check("2", Some(2 * TICKS_PER_DAY));
        check("1.02:03:04.5", Some(TICKS_PER_DAY + 2 * TICKS_PER_HOUR + 3 * TICKS_PER_MINUTE + 45_000_000));
        check("10:00", Some(10 * TICKS_PER_HOUR));
        check("0.1microseconds", Some(1));
        check("99 nanos", Some(0));
        check("24:00", None);
        check("1x", None);
        check("", None);
        check("999999999999d", None);
    }

    #[test]
    fn guids_have_one_spelling() {
        let wanted = Some("74be27de-1e4e-49d9-b579-fe0b331d3642".to_owned());
        assert_eq!(parse_guid("74BE27DE-1e4e-49d9-b579-fe0b331d3642"), wanted);
        assert_eq!(parse_guid("{74be27de1e4e49d9b579fe0b331d3642}"), wanted);
        assert_eq!(parse_guid("74be27de"), None);
        assert_eq!(parse_guid("ä4be27de1e4e49d9b579fe0b331d364"), None);
    }
}

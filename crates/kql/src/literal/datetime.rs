//! Points in time as text → ticks of 100 ns since 0001-01-01, UTC.

use super::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, parse_seconds};

/// The last tick of the year 9999.
pub const DATETIME_TICKS_MAX: i64 = 3_155_378_975_999_999_999;

/// ISO 8601 (`2026-01-31`, `2026-01-31T10:00:05.1234567Z`, `2026-01-31 10:00+09:00`, `2026-01`), RFC 822
/// (`Sat, 31 Jan 2026 10:00:05 GMT`, two-digit years too) and `1/31/2026 10:00`. Without a zone it is UTC.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.split_once(", ").map_or(text, |(weekday, rest)| if is_alphabetic(weekday) { rest } else { text });
    let (date, clock) = match text.find(['T', ' ']) {
        Some(at) if is_numeric_date(&text[..at]) => (&text[..at], &text[at + 1..]),
        Some(_) => split_after_year(text)?,
        None => (text, ""),
    };
    let days = parse_date(date)?;
    let ticks = days.checked_mul(TICKS_PER_DAY)?.checked_add(parse_clock_and_zone(clock.trim())?)?;
    (0..=DATETIME_TICKS_MAX).contains(&ticks).then_some(ticks)
}

fn is_alphabetic(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_numeric_date(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'/'))
        && text.bytes().any(|byte| matches!(byte, b'-' | b'/'))
}

/// `8 Nov 2014 15:05:02 GMT` or `08-Nov-14 15:05` → date and clock.
fn split_after_year(text: &str) -> Option<(&str, &str)> {
    let wanted = if text.split(' ').next()?.contains('-') { 1 } else { 3 };
    match text.match_indices(' ').nth(wanted - 1) {
        Some((at, _)) => Some((&text[..at], &text[at + 1..])),
        None => Some((text, "")),
    }
}

/// Days since 0001-01-01.
fn parse_date(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split(['-', '/', ' ']).collect();
    let (year, month, day) = match parts[..] {
        [year, month] if year.len() == 4 => (number(year)?, number(month)?, 1),
        [year, month, day] if year.len() == 4 => (number(year)?, number(month)?, number(day)?),
        [month, day, year] if text.contains('/') && year.len() == 4 => (number(year)?, number(month)?, number(day)?),
        [day, month, year] if is_alphabetic(month) => (full_year(year)?, month_number(month)?, number(day)?),
        _ => return None,
    };
    days_from_civil(year, month, day)
}

/// Two digits mean 1930 to 2029, as .NET's invariant culture reads them.
fn full_year(text: &str) -> Option<i64> {
    let year = number(text)?;
    Some(match text.len() {
        2 if year < 30 => 2000 + year,
        2 => 1900 + year,
        4 => year,
        _ => return None,
    })
}

fn month_number(name: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = name.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| name.get(..3) == Some(month))?;
    i64::try_from(at + 1).ok()
}

fn number(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Days from 0001-01-01 to a day of the Gregorian calendar, years 1 to 9999.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const LENGTH: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let at = usize::try_from(month - 1).ok()?;
    let length = LENGTH[at] + i64::from(is_leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    let years = year - 1;
    let leap_day = i64::from(is_leap && month > 2);
    Some(years * 365 + years / 4 - years / 100 + years / 400 + BEFORE[at] + leap_day + day - 1)
}

/// Year, month and day of a day counted from 0001-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, so that leap days end a year; eras have 400 years. (Howard Hinnant, "chrono-compatible
    // low-level date algorithms".)
    let shifted = days + 306;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// `10:00`, `10:00:05.5Z`, `10:00 GMT`, `10:00+09:00`, `10:00:00 PM`, or nothing: ticks of the day, in UTC.
fn parse_clock_and_zone(text: &str) -> Option<i64> {
    let split = text.find(|character: char| !(character.is_ascii_digit() || matches!(character, ':' | '.')));
    let (clock, rest) = text.split_at(split.unwrap_or(text.len()));
    let (rest, half) = match rest.trim() {
        "AM" | "am" => ("", Some(0)),
        "PM" | "pm" => ("", Some(12)),
        rest => (rest, None),
    };
    let offset = parse_zone(rest)?;
    let mut parts = clock.split(':');
    let mut hours = match parts.next()? {
        "" if text.is_empty() => return Some(0),
        hours => number(hours)?,
    };
    if let Some(half) = half {
        hours = (1..=12).contains(&hours).then_some(hours % 12 + half)?;
    }
    let minutes = number(parts.next()?)?;
    let ticks = parts.next().map_or(Some(0), parse_seconds)?;
    // 24:00 is the end of the day in ISO 8601.
    let is_midnight = hours == 24 && minutes == 0 && ticks == 0;
    if parts.next().is_some() || (hours > 23 && !is_midnight) || minutes > 59 {
        return None;
    }
    Some(hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE + ticks - offset)
}

/// Ticks east of Greenwich.
fn parse_zone(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z" | "GMT" | "UTC") {
        return Some(0);
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text.get(1..)?.replace(':', "");
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number(&digits)?, 0),
        4 => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        let last = days_from_civil(9999, 12, 31).expect("a day");
        for days in 0..=last {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), Some(days), "{year}-{month}-{day}");
        }
    }

    #[test]
    fn datetimes_are_ticks() {
        let check = |text: &str, ticks: Option<i64>| assert_eq!(parse_datetime(text), ticks, "{text}");
        let day = 639_054_144_000_000_000;
        check("0001-01-01", Some(0));
        check("1970-01-01", Some(621_355_968_000_000_000));
        check("2026-01-31", Some(day));
        check("1/31/2026", Some(day));
        check("2026-01-31T10:00:05.1234567Z", Some(day + 10 * TICKS_PER_HOUR + 51_234_567));
        check("2026-01-31 10:00+09:00", Some(day + TICKS_PER_HOUR));
        check("2026-01-31 10:00 PM", Some(day + 22 * TICKS_PER_HOUR));
        check("Sat, 31 Jan 2026 10:00:05 GMT", Some(day + 10 * TICKS_PER_HOUR + 50_000_000));
        check("Saturday, 31-Jan-26 10:00:05 GMT", Some(day + 10 * TICKS_PER_HOUR + 50_000_000));
        check("2026-01", Some(day - 30 * TICKS_PER_DAY));
        check("9999-12-31T23:59:59.9999999", Some(DATETIME_TICKS_MAX));
        check("2026-02-29", None);
        check("2024-02-29", Some(638_447_616_000_000_000));
        check("yesterday", None);
        check("", None);
        check("2026-01-31 25:00", None);
        check("日本", None);
        check("2026-01-31 10:00+日", None);
    }
}

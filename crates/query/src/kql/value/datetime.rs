//! Datetimes: ticks of 100 ns since 0001-01-01 in the proleptic Gregorian calendar, printed and read as Kusto does.

use super::timespan::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, digits, fraction_ticks};

/// The last tick: 9999-12-31T23:59:59.9999999.
pub const TICKS_MAX: i64 = 3_155_378_975_999_999_999;

/// A datetime by the fields of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// 1 to 9999.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// Ticks since midnight.
    pub clock: i64,
}

impl Civil {
    /// The fields of a tick count.
    pub fn from_ticks(ticks: i64) -> Civil {
        let clock = ticks.rem_euclid(TICKS_PER_DAY);
        // Days since 0000-03-01, so that a leap day is the last of its year.
        let days = ticks.div_euclid(TICKS_PER_DAY) + 306;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Civil { year, month, day: day_of_year - (153 * shifted + 2) / 5 + 1, clock }
    }

    /// The tick count; none when a field is outside of the calendar.
    pub fn to_ticks(self) -> Option<i64> {
        let Civil { year, month, day, clock } = self;
        let valid = (1..=9_999).contains(&year) && (1..=12).contains(&month) && (0..TICKS_PER_DAY).contains(&clock);
        if !valid || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some((era * 146_097 + day_of_era - 306) * TICKS_PER_DAY + clock)
    }
}

/// Days of a month.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `2024-01-01T00:00:00.0000000Z`
pub fn format_datetime(ticks: i64) -> String {
    let Civil { year, month, day, clock } = Civil::from_ticks(ticks);
    let (hour, minute) = (clock / TICKS_PER_HOUR, clock / TICKS_PER_MINUTE % 60);
    let (second, fraction) = (clock / TICKS_PER_SECOND % 60, clock % TICKS_PER_SECOND);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:07}Z")
}

/// Reads ISO 8601 in its usual variants, RFC 822 and RFC 850, and month/day/year with a clock of 12 or 24 hours.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    // Everything below cuts by bytes.
    if !text.is_ascii() {
        return None;
    }
    let first = text.chars().next()?;
    let ticks = if first.is_ascii_digit() { parse_numeric(text) } else { parse_named(text) };
    ticks.filter(|ticks| (0..=TICKS_MAX).contains(ticks))
}

fn parse_numeric(text: &str) -> Option<i64> {
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(idx) => (&text[..idx], text[idx + 1..].trim()),
        None => (text.strip_suffix('Z').unwrap_or(text), ""),
    };
    let (year, month, day) = if date.contains('/') {
        let mut fields = date.splitn(3, '/');
        let [month, day, year] = [fields.next()?, fields.next()?, fields.next()?];
        if month.len() == 4 { (month, day, year) } else { (year, month, day) }
    } else if date.contains('-') {
        let mut fields = date.splitn(3, '-');
        (fields.next()?, fields.next()?, fields.next().unwrap_or("1"))
    } else if date.len() == 8 {
        (&date[..4], &date[4..6], &date[6..])
    } else if date.len() == 4 && rest.is_empty() {
        (date, "1", "1")
    } else {
        return parse_named(text);
    };
    let Some(month) = digits(month) else { return parse_named(text) };
    if year.len() != 4 {
        return None;
    }
    with_clock(digits(year)?, month, digits(day)?, rest)
}

/// `Sat, 8 Nov 14 15:05:02 GMT`, `Saturday, 08-Nov-14 15:05:02 GMT`, `8 Nov 2014`, `Nov 8, 2014 15:05`.
fn parse_named(text: &str) -> Option<i64> {
    let text = text.split_once(',').filter(|(day, _)| is_weekday(day)).map_or(text, |(_, rest)| rest).trim();
    let mut fields = text.splitn(4, [' ', '-']).map(str::trim);
    let (first, second, third) = (fields.next()?, fields.next()?, fields.next()?);
    let (month, day) = match month_of(first) {
        Some(month) => (month, second.trim_end_matches(',')),
        None => (month_of(second)?, first),
    };
    let year = match (digits(third)?, third.len()) {
        (year, 2) if year < 50 => 2_000 + year,
        (year, 2) => 1_900 + year,
        (year, _) => year,
    };
    with_clock(year, month, digits(day)?, fields.next().unwrap_or(""))
}

fn is_weekday(text: &str) -> bool {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    text.get(..3).is_some_and(|head| days.contains(&head.to_ascii_lowercase().as_str()))
}

fn month_of(text: &str) -> Option<i64> {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let head = text.get(..3)?.to_ascii_lowercase();
    months.iter().position(|month| *month == head).map(|idx| idx as i64 + 1)
}

fn with_clock(year: i64, month: i64, day: i64, clock: &str) -> Option<i64> {
    let (clock, offset) = split_zone(clock)?;
    let (clock, plus_hours) = match clock.to_ascii_uppercase() {
        upper if upper.ends_with("AM") => (clock[..clock.len() - 2].trim(), Some(0)),
        upper if upper.ends_with("PM") => (clock[..clock.len() - 2].trim(), Some(12)),
        _ => (clock, None),
    };
    let mut ticks = 0;
    if !clock.is_empty() {
        let mut fields = clock.splitn(3, ':');
        let mut hour = digits(fields.next()?)?;
        if let Some(plus_hours) = plus_hours {
            hour = (1..=12).contains(&hour).then_some(hour % 12 + plus_hours)?;
        }
        let minute = fields.next().map_or(Some(0), digits)?;
        let (second, fraction) = fields.next().map_or(("0", ""), |text| text.split_once('.').unwrap_or((text, "")));
        let second = digits(second)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        ticks =
            hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE + second * TICKS_PER_SECOND + fraction_ticks(fraction)?;
    }
    Some(Civil { year, month, day, clock: ticks }.to_ticks()? - offset)
}

/// The clock without its zone, and the zone in ticks east of UTC.
fn split_zone(text: &str) -> Option<(&str, i64)> {
    for name in ["Z", "z", "GMT", "UTC", "UT"] {
        if let Some(clock) = text.strip_suffix(name) {
            return Some((clock.trim(), 0));
        }
    }
    let Some(idx) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let zone: String = text[idx + 1..].chars().filter(|symbol| *symbol != ':').collect();
    let (hours, minutes) = match zone.len() {
        1 | 2 => (digits(&zone)?, 0),
        4 => (digits(&zone[..2])?, digits(&zone[2..])?),
        _ => return None,
    };
    if hours > 14 || minutes > 59 {
        return None;
    }
    let ticks = hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE;
    Some((text[..idx].trim(), if text[idx..].starts_with('-') { -ticks } else { ticks }))
}

//! Datetimes and timespans: ticks of 100 ns, civil dates, reading and writing.

pub const TICKS_PER_MICROSECOND: i64 = 10;
pub const TICKS_PER_SECOND: i64 = 10_000_000;
pub const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
pub const TICKS_PER_HOUR: i64 = 60 * TICKS_PER_MINUTE;
pub const TICKS_PER_DAY: i64 = 24 * TICKS_PER_HOUR;
/// 1970-01-01.
pub const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
/// The last tick of 9999.
pub const DATETIME_MAX: i64 = 3_155_378_975_999_999_999;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    /// Ticks since midnight.
    pub time: i64,
}

pub fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

pub fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 0001-01-01 to the first of January.
fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

impl Civil {
    pub fn from_ticks(ticks: i64) -> Self {
        let mut days = ticks.div_euclid(TICKS_PER_DAY);
        let mut year = days / 366 + 1;
        while days_before_year(year + 1) <= days {
            year += 1;
        }
        days -= days_before_year(year);
        let mut month = 1;
        while days >= month_days(year, month) {
            days -= month_days(year, month);
            month += 1;
        }
        Self { year, month, day: days + 1, time: ticks.rem_euclid(TICKS_PER_DAY) }
    }

    /// `None` outside of 0001 to 9999, or for a date that does not exist.
    pub fn ticks(self) -> Option<i64> {
        let Self { year, month, day, time } = self;
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=month_days(year, month)).contains(&day)
            && (0..TICKS_PER_DAY).contains(&time);
        exists.then(|| {
            let months: i64 = (1..month).map(|month| month_days(year, month)).sum();
            (days_before_year(year) + months + day - 1) * TICKS_PER_DAY + time
        })
    }

    pub fn day_of_year(self) -> i64 {
        (1..self.month).map(|month| month_days(self.year, month)).sum::<i64>() + self.day
    }

    /// Months later, the day cut to what the month has.
    pub fn add_months(self, n_months: i64) -> Self {
        let months = self.year * 12 + self.month - 1 + n_months;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        Self { year, month, day: self.day.min(month_days(year, month)), time: self.time }
    }
}

/// 0 is Sunday. 0001-01-01 was a Monday.
pub fn day_of_week(ticks: i64) -> i64 {
    (ticks.div_euclid(TICKS_PER_DAY) + 1).rem_euclid(7)
}

/// `2026-01-31T10:00:00.0000000Z`.
pub fn datetime_text(ticks: i64) -> String {
    let civil = Civil::from_ticks(ticks);
    let seconds = civil.time / TICKS_PER_SECOND;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        civil.year,
        civil.month,
        civil.day,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        civil.time % TICKS_PER_SECOND
    )
}

/// `[-][d.]hh:mm:ss[.fffffff]`.
pub fn timespan_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let unit = |size: i64| ticks / size.unsigned_abs();
    let days = match unit(TICKS_PER_DAY) {
        0 => String::new(),
        days => format!("{days}."),
    };
    let fraction = match ticks % TICKS_PER_SECOND.unsigned_abs() {
        0 => String::new(),
        fraction => format!(".{fraction:07}"),
    };
    let (hours, minutes, seconds) =
        (unit(TICKS_PER_HOUR) % 24, unit(TICKS_PER_MINUTE) % 60, unit(TICKS_PER_SECOND) % 60);
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

/// Reads the ISO forms that the generator writes: date, optional time, fraction, `Z`.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('Z');
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let mut parts = date.split('-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    if parts.next().is_some() {
        return None;
    }
    Civil { year, month, day, time: clock(time)? }.ticks()
}

/// `[-][d.]hh:mm[:ss[.fffffff]]`.
pub fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (head, rest) = text.split_once(':')?;
    let (days, hours) = match head.split_once('.') {
        Some((days, hours)) => (days.parse::<i64>().ok()?, hours),
        None => (0, head),
    };
    let ticks = days.checked_mul(TICKS_PER_DAY)?.checked_add(clock(&format!("{hours}:{rest}"))?)?;
    Some(if is_negative { -ticks } else { ticks })
}

fn clock(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0), |part| digits(part, 2))?;
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 || fraction.len() > 7 {
        return None;
    }
    let fraction = if fraction.is_empty() { 0 } else { digits(&format!("{fraction:0<7}"), 7)? };
    Some((hours * 3600 + minutes * 60 + seconds) * TICKS_PER_SECOND + fraction)
}

fn digits(text: &str, length: usize) -> Option<i64> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

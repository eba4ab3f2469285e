//! Times as events write them: RFC 3339 of the log itself, `2019-07-19 14:50:20.871` of Sysmon, and their mixtures.

/// Before this (1995-01-01), a time is an unset field (1601, 1970), not a time: no Windows that writes such events is
/// older.
const TIME_NS_MIN: i64 = 788_918_400 * NS;
/// After this (2200-01-01) too.
const TIME_NS_MAX: i64 = 7_258_118_400 * NS;
const NS: i64 = 1_000_000_000;

/// Nanoseconds since 1970-01-01 UTC. `None` for what is no time, and for times that mean "not set", such as 1601.
///
/// ```
/// assert_eq!(winlog::parse_time_ns("2019-07-19 14:50:20.871"), winlog::parse_time_ns("2019-07-19T14:50:20.871000Z"));
/// assert_eq!(winlog::parse_time_ns("1601-01-01T00:00:00Z"), None);
/// ```
pub fn parse_time_ns(text: &str) -> Option<i64> {
    let bytes = text.trim().as_bytes();
    let year = digits(bytes, 0, 4)?;
    let (month, day) = (digits(bytes, 5, 2)?, digits(bytes, 8, 2)?);
    let (hour, minute, second) = (digits(bytes, 11, 2)?, digits(bytes, 14, 2)?, digits(bytes, 17, 2)?);
    let separators = [bytes[4], bytes[7], bytes[10], bytes[13], bytes[16]];
    if !matches!(separators, [b'-', b'-', b'T' | b't' | b' ', b':', b':']) {
        return None;
    }
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction_ns, rest) = fraction(&bytes[19..]);
    let offset_s = offset_seconds(rest)?;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_s;
    let time_ns = seconds.checked_mul(NS)?.checked_add(fraction_ns)?;
    (TIME_NS_MIN..TIME_NS_MAX).contains(&time_ns).then_some(time_ns)
}

fn digits(bytes: &[u8], start: usize, len: usize) -> Option<i64> {
    let mut number = 0;
    for byte in bytes.get(start..start + len)? {
        number = number * 10 + i64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    Some(number)
}

/// Nanoseconds after the point, digits beyond the ninth dropped, and what follows them.
fn fraction(bytes: &[u8]) -> (i64, &[u8]) {
    let Some(rest) = bytes.strip_prefix(b".").or_else(|| bytes.strip_prefix(b",")) else { return (0, bytes) };
    let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut ns = 0;
    for byte in &rest[..len.min(9)] {
        ns = ns * 10 + i64::from(byte - b'0');
    }
    ns *= 10_i64.pow(9 - len.min(9) as u32);
    (ns, &rest[len..])
}

/// `Z`, ` UTC`, nothing (all such texts are UTC), or `+09:00`.
fn offset_seconds(bytes: &[u8]) -> Option<i64> {
    match bytes.trim_ascii_start() {
        b"" | b"Z" | b"z" | b"UTC" => Some(0),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let hours = digits(rest, 0, 2)?;
            let minutes = digits(rest, if rest.get(2) == Some(&b':') { 3 } else { 2 }, 2)?;
            let seconds = hours * 3_600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// Days since 1970-01-01 of the proleptic Gregorian calendar; years count from March, so that a leap day is the last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// RFC 3339 in UTC with what digits are needed; empty for 0, which means no time.
pub(crate) fn format_time_ns(time_ns: i64) -> String {
    if time_ns == 0 {
        return String::new();
    }
    let mut text = time_text_of_ns(time_ns);
    let digits = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    text.truncate(digits.len().max("2000-01-01T00:00:00".len()));
    text.push('Z');
    text
}

/// RFC 3339 in UTC with nine fraction digits.
pub fn time_text_of_ns(time_ns: i64) -> String {
    let mut text = String::with_capacity(30);
    push_time(&mut text, time_ns.div_euclid(NS), (time_ns.rem_euclid(NS), 9));
    text
}

/// RFC 3339 in UTC: seconds since 1970, and the fraction with its number of digits.
pub(crate) fn push_time(text: &mut String, seconds: i64, (fraction, n_fraction_digits): (i64, u32)) {
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    for (number, n_digits, separator) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (second / 3_600, 2, ':'),
        (second / 60 % 60, 2, ':'),
        (second % 60, 2, '.'),
        (fraction, n_fraction_digits, 'Z'),
    ] {
        for place in (0..n_digits).rev() {
            text.push(char::from(b'0' + (number / 10_i64.pow(place) % 10) as u8));
        }
        text.push(separator);
    }
}

/// The inverse of `days_from_civil`.
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_one_moment() {
        let expected = Some(1_563_547_820_871_000_000);
        for text in [
            "2019-07-19 14:50:20.871",
            "2019-07-19T14:50:20.871000000Z",
            "2019-07-19 14:50:20.871000 UTC",
            "2019-07-19T23:50:20.871+09:00",
            "2019-07-19T09:20:20,871-0530",
            "2019-07-19T14:50:20.8710000009Z",
        ] {
            assert_eq!(parse_time_ns(text), expected, "{text}");
        }
        assert_eq!(parse_time_ns("2020-02-29T00:00:00Z"), Some(1_582_934_400_000_000_000));
    }

    #[test]
    fn written_and_read_again() {
        for text in ["2020-02-29T23:59:59Z", "1999-12-31T00:00:00.1234567Z", "2026-11-24T17:50:34.000000001Z"] {
            assert_eq!(parse_time_ns(text).map(format_time_ns).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "-", "1601-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31 23:59:59", "2019-13-01T00:00:00Z"]
        {
            assert_eq!(parse_time_ns(text), None, "{text}");
        }
        for text in [
            "2019-07-19",
            "2019-07-19T14:50",
            "２019-07-19T14:50:20Z",
            "2019-07-19T14:50:20 JST",
            "2019/07/19 14:50:20",
        ] {
            assert_eq!(parse_time_ns(text), None, "{text}");
        }
    }
}

//! ISO 8601 ranges of time as Graph takes them: `P30D`, `start/end`, `P30D/end`, `start/P30D`, or a start.

use crate::clock::us_of_text;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

/// Both ends, microseconds since 1970.
pub fn range(text: &str, now_us: i64) -> Option<(i64, i64)> {
    let (one, other) = match text.split_once('/') {
        None => {
            return match duration_us(text) {
                Some(duration_us) => Some((now_us.checked_sub(duration_us)?, i64::MAX)),
                None => Some((instant_us(text)?, i64::MAX)),
            };
        }
        Some(ends) => ends,
    };
    let (from_us, to_us) = match (duration_us(one), duration_us(other)) {
        (None, None) => (instant_us(one)?, instant_us(other)?),
        (Some(duration_us), None) => {
            let to_us = instant_us(other)?;
            (to_us.checked_sub(duration_us)?, to_us)
        }
        (None, Some(duration_us)) => {
            let from_us = instant_us(one)?;
            (from_us, from_us.checked_add(duration_us)?)
        }
        (Some(_), Some(_)) => return None,
    };
    (from_us <= to_us).then_some((from_us, to_us))
}

/// A time, or a day, which begins at midnight in UTC.
fn instant_us(text: &str) -> Option<i64> {
    us_of_text(text).or_else(|| us_of_text(&format!("{text}T00:00:00Z"))).or_else(|| us_of_text(&format!("{text}Z")))
}

/// `P1DT2H`. Years have 365 days and months 30, as nothing says which they are.
fn duration_us(text: &str) -> Option<i64> {
    let (days, time) =
        text.strip_prefix('P')?.split_once('T').map_or((&text[1..], None), |(days, time)| (days, Some(time)));
    if days.is_empty() && time.is_none_or(str::is_empty) || time.is_some_and(str::is_empty) {
        return None;
    }
    let of_days = sum(days, &[('Y', 365 * DAY_US), ('M', 30 * DAY_US), ('W', 7 * DAY_US), ('D', DAY_US)])?;
    let of_time = sum(time.unwrap_or_default(), &[('H', 3_600 * SECOND_US), ('M', 60 * SECOND_US), ('S', SECOND_US)])?;
    of_days.checked_add(of_time)
}

/// Numbers, each followed by its unit, in the order of the units.
fn sum(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut total) = (text, 0_i64);
    for (unit, unit_us) in units {
        let Some((number, after)) = rest.split_once(*unit) else { continue };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            // The letter may belong to a later unit of the same name.
            return None;
        }
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*unit_us)?)?;
        rest = after;
    }
    rest.is_empty().then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let now_us = us_of_text("2026-11-24T12:00:00Z").unwrap();
        let at = |text: &str| us_of_text(text).unwrap();
        for (text, expect) in [
            ("P30D", Some((at("2026-10-25T12:00:00Z"), i64::MAX))),
            ("PT90M", Some((at("2026-11-24T10:30:00Z"), i64::MAX))),
            ("P1W", Some((at("2026-11-17T12:00:00Z"), i64::MAX))),
            ("P1DT1H", Some((at("2026-11-23T11:00:00Z"), i64::MAX))),
            ("2026-11-01", Some((at("2026-11-01T00:00:00Z"), i64::MAX))),
            ("2026-11-01T00:00:00Z/2026-11-02", Some((at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z")))),
            ("P1D/2026-11-02", Some((at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z")))),
            ("2026-11-01/PT1S", Some((at("2026-11-01T00:00:00Z"), at("2026-11-01T00:00:01Z")))),
            ("2026-11-02/2026-11-01", None),
            ("P1D/P1D", None),
            ("P", None),
            ("PT", None),
            ("P1H", None),
            ("P1X", None),
            ("P99999999999999999D", None),
            ("yesterday", None),
            ("/", None),
        ] {
            assert_eq!(range(text, now_us), expect, "{text}");
        }
    }
}

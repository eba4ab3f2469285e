//! Functions of datetimes and timespans.

use super::scope::{Env, Result};
use super::time::{
    Civil, DATETIME_MAX, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MICROSECOND, TICKS_PER_MINUTE, TICKS_PER_SECOND,
    UNIX_EPOCH, day_of_week,
};
use super::value::Value;

pub fn call(env: &Env, name: &str, arguments: &[Value]) -> Option<Result<Value>> {
    let datetime = |ticks: Option<i64>| Ok(Value::Datetime(ticks.filter(|ticks| (0..=DATETIME_MAX).contains(ticks))));
    Some(match (name, arguments) {
        ("now", []) => datetime(Some(env.now)),
        ("now", [Value::Timespan(offset)]) => datetime(offset.map(|offset| env.now + offset)),
        ("ago", [Value::Timespan(offset)]) => datetime(offset.map(|offset| env.now - offset)),
        ("startofday" | "startofweek" | "startofmonth" | "startofyear", [Value::Datetime(ticks)]) => {
            datetime(ticks.and_then(|ticks| start_of(&name[7..], ticks, 0)))
        }
        ("startofday" | "startofweek" | "startofmonth" | "startofyear", [Value::Datetime(ticks), offset]) => {
            datetime(ticks.zip(offset.as_i64()).and_then(|(ticks, offset)| start_of(&name[7..], ticks, offset)))
        }
        ("endofday" | "endofweek" | "endofmonth" | "endofyear", [Value::Datetime(ticks)]) => {
            // The year 9999 ends with the last datetime there is.
            datetime(ticks.map(|ticks| start_of(&name[5..], ticks, 1).map_or(DATETIME_MAX, |next| next - 1)))
        }
        ("dayofweek", [Value::Datetime(ticks)]) => {
            Ok(Value::Timespan(ticks.map(|ticks| day_of_week(ticks) * TICKS_PER_DAY)))
        }
        (
            "dayofmonth" | "dayofyear" | "hourofday" | "monthofyear" | "getmonth" | "getyear",
            [Value::Datetime(ticks)],
        ) => Ok(Value::Int(ticks.and_then(|ticks| i32::try_from(simple_part(name, ticks)).ok()))),
        ("datetime_part", [part, Value::Datetime(ticks)]) => {
            let part = part.as_str()?.to_lowercase();
            Ok(Value::Int(ticks.and_then(|ticks| i32::try_from(part_of(&part, ticks)?).ok())))
        }
        ("datetime_add", [unit, amount, Value::Datetime(ticks)]) => {
            let unit = unit.as_str()?.to_lowercase();
            datetime(ticks.zip(amount.as_i64()).and_then(|(ticks, amount)| add(&unit, amount, ticks)))
        }
        ("datetime_diff", [unit, Value::Datetime(left), Value::Datetime(right)]) => {
            let unit = unit.as_str()?.to_lowercase();
            Ok(Value::Long(left.zip(*right).and_then(|(left, right)| diff(&unit, left, right))))
        }
        ("make_datetime", [year, month, day]) => {
            let civil = || Some(Civil { year: year.as_i64()?, month: month.as_i64()?, day: day.as_i64()?, time: 0 });
            datetime(civil().and_then(Civil::ticks))
        }
        ("unixtime_seconds_todatetime", [value]) => datetime(match value {
            Value::Real(seconds) => seconds.map(|seconds| UNIX_EPOCH + (seconds * TICKS_PER_SECOND as f64) as i64),
            other => other.as_i64().and_then(|value| value.checked_mul(TICKS_PER_SECOND)?.checked_add(UNIX_EPOCH)),
        }),
        ("format_datetime", [Value::Datetime(ticks), format]) => {
            let format = format.as_str()?;
            Ok(Value::String(ticks.map(|ticks| formatted(ticks, format)).unwrap_or_default()))
        }
        _ => return None,
    })
}

fn start_of(unit: &str, ticks: i64, offset: i64) -> Option<i64> {
    let midnight = ticks - ticks.rem_euclid(TICKS_PER_DAY);
    let civil = Civil { time: 0, ..Civil::from_ticks(ticks) };
    match unit {
        "day" => Some(midnight + offset * TICKS_PER_DAY),
        "week" => Some(midnight + (offset * 7 - day_of_week(ticks)) * TICKS_PER_DAY),
        "month" => Civil { day: 1, ..civil }.add_months(offset).ticks(),
        _ => Civil { day: 1, month: 1, ..civil }.add_months(offset * 12).ticks(),
    }
}

fn simple_part(name: &str, ticks: i64) -> i64 {
    let civil = Civil::from_ticks(ticks);
    match name {
        "dayofmonth" => civil.day,
        "dayofyear" => civil.day_of_year(),
        "hourofday" => civil.time / TICKS_PER_HOUR,
        "getyear" => civil.year,
        _ => civil.month,
    }
}

fn part_of(part: &str, ticks: i64) -> Option<i64> {
    let civil = Civil::from_ticks(ticks);
    Some(match part {
        "year" => civil.year,
        "quarter" => (civil.month + 2) / 3,
        "month" => civil.month,
        "week_of_year" => iso_week(ticks),
        "day" => civil.day,
        "dayofyear" => civil.day_of_year(),
        "hour" => civil.time / TICKS_PER_HOUR,
        "minute" => civil.time / TICKS_PER_MINUTE % 60,
        "second" => civil.time / TICKS_PER_SECOND % 60,
        "millisecond" => civil.time / (1000 * TICKS_PER_MICROSECOND) % 1000,
        "microsecond" => civil.time / TICKS_PER_MICROSECOND % 1_000_000,
        "nanosecond" => civil.time % TICKS_PER_SECOND * 100,
        _ => return None,
    })
}

/// ISO 8601: the week of the year that has its Thursday.
fn iso_week(ticks: i64) -> i64 {
    let monday_first = (day_of_week(ticks) + 6) % 7;
    let thursday = Civil::from_ticks((ticks + (3 - monday_first) * TICKS_PER_DAY).clamp(0, DATETIME_MAX));
    (thursday.day_of_year() - 1) / 7 + 1
}

/// Ticks of the units that always last the same.
fn unit_ticks(unit: &str) -> Option<i64> {
    Some(match unit {
        "week" => 7 * TICKS_PER_DAY,
        "day" => TICKS_PER_DAY,
        "hour" => TICKS_PER_HOUR,
        "minute" => TICKS_PER_MINUTE,
        "second" => TICKS_PER_SECOND,
        "millisecond" => 1000 * TICKS_PER_MICROSECOND,
        "microsecond" => TICKS_PER_MICROSECOND,
        _ => return None,
    })
}

fn add(unit: &str, amount: i64, ticks: i64) -> Option<i64> {
    let months = match unit {
        "year" => 12,
        "quarter" => 3,
        "month" => 1,
        other => return ticks.checked_add(amount.checked_mul(unit_ticks(other)?)?),
    };
    Civil::from_ticks(ticks).add_months(amount * months).ticks()
}

/// How many borders of the unit lie between the two.
fn diff(unit: &str, left: i64, right: i64) -> Option<i64> {
    let (from, to) = (Civil::from_ticks(right), Civil::from_ticks(left));
    let count = |ticks: i64| -> Option<i64> {
        let shift = if unit == "week" { TICKS_PER_DAY } else { 0 };
        Some((ticks + shift).div_euclid(unit_ticks(unit)?))
    };
    Some(match unit {
        "year" => to.year - from.year,
        "quarter" => (to.year * 4 + (to.month - 1) / 3) - (from.year * 4 + (from.month - 1) / 3),
        "month" => (to.year * 12 + to.month) - (from.year * 12 + from.month),
        _ => count(left)? - count(right)?,
    })
}

/// Runs of `y M d H h m s f t` and plain separators.
fn formatted(ticks: i64, format: &str) -> String {
    let civil = Civil::from_ticks(ticks);
    let (hours, minutes, seconds) =
        (civil.time / TICKS_PER_HOUR, civil.time / TICKS_PER_MINUTE % 60, civil.time / TICKS_PER_SECOND % 60);
    let letters: Vec<char> = format.chars().collect();
    let mut result = String::new();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let width = letters[at..].iter().take_while(|other| **other == letter).count();
        at += width;
        let padded = |value: i64| format!("{value:0width$}");
        result.push_str(&match letter {
            'y' if width == 2 => padded(civil.year % 100),
            'y' => padded(civil.year),
            'M' => padded(civil.month),
            'd' => padded(civil.day),
            'H' => padded(hours),
            'h' => padded((hours + 11) % 12 + 1),
            'm' => padded(minutes),
            's' => padded(seconds),
            'f' => format!("{:07}", civil.time % TICKS_PER_SECOND)[..width].to_owned(),
            't' => (if hours < 12 { "AM" } else { "PM" }).to_owned(),
            other => other.to_string().repeat(width),
        });
    }
    result
}

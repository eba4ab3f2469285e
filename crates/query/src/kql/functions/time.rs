//! Datetimes and timespans: the query's clock, bins, parts, sums and formats.

use datafusion::logical_expr::{Expr, lit};

use super::call::CallError;
use super::context::QueryContext;
use super::convert::{real_of, to_long};
use super::entry::{Function, Parameter, Returns};
use super::scratch::Scratch;
use crate::kql::types::{KqlType, Typed, Types};
use crate::kql::value::{Civil, TICKS_MAX, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, Value};

const DATE: &[Parameter] = &[Parameter::datetime("date")];
const DATE_OFFSET: &[Parameter] = &[Parameter::datetime("date"), Parameter::long("offset").opt()];
const NUMBER: &[Parameter] = &[Parameter::required("count", Types::NUMBER)];
/// Ticks from 0001-01-01 to 1970-01-01.
const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
const BINNED: Types = Types::SUMMABLE;
const WEEK: i64 = 7 * TICKS_PER_DAY;

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::plan(
        "now",
        &[Parameter::timespan("offset").opt()],
        KqlType::DateTime,
        ["The time of the query, the same everywhere in it, plus an offset.", "now() - now()", "00:00:00"],
        |context, arguments| instant(context, arguments, 1),
    ),
    Function::plan(
        "ago",
        &[Parameter::timespan("before")],
        KqlType::DateTime,
        ["The time of the query less a timespan.", "now() - ago(1h)", "01:00:00"],
        |context, arguments| instant(context, arguments, -1),
    ),
    Function::rows(
        "bin",
        &[Parameter::required("value", BINNED), Parameter::required("size", BINNED)],
        KqlType::Long,
        ["The value rounded down to a multiple of the size.", "bin(datetime(2024-01-01 10:37), 1h)", "2024-01-01T10:00:00.0000000Z"],
        |_, values| bin_at(&values[0], &values[1], None),
    )
    .returning(Returns::From(bin_type))
    .also(&["floor"]),
    Function::rows(
        "bin_at",
        &[Parameter::required("value", BINNED), Parameter::required("size", BINNED), Parameter::required("fixed", BINNED)],
        KqlType::Long,
        ["The value rounded down to bins of which one begins at a fixed point.", "bin_at(6.5, 2.5, 7)", "4.5"],
        |_, values| bin_at(&values[0], &values[1], Some(&values[2])),
    )
    .returning(Returns::From(bin_type)),
    Function::rows("startofday", DATE_OFFSET, KqlType::DateTime, ["The day's begin, days later.", "startofday(datetime(2024-03-05 10:00), 1)", "2024-03-06T00:00:00.0000000Z"], |_, values| {
        shifted(values, start_of_day, TICKS_PER_DAY)
    }),
    Function::rows("endofday", DATE_OFFSET, KqlType::DateTime, ["The day's last tick, days later.", "endofday(datetime(2024-03-05))", "2024-03-05T23:59:59.9999999Z"], |_, values| {
        shifted(values, |ticks| start_of_day(ticks) + TICKS_PER_DAY - 1, TICKS_PER_DAY)
    }),
    Function::rows("startofweek", DATE_OFFSET, KqlType::DateTime, ["The begin of the week (Sunday), weeks later.", "startofweek(datetime(2024-03-05))", "2024-03-03T00:00:00.0000000Z"], |_, values| {
        shifted(values, start_of_week, WEEK)
    }),
    Function::rows("endofweek", DATE_OFFSET, KqlType::DateTime, ["The week's last tick, weeks later.", "endofweek(datetime(2024-03-05))", "2024-03-09T23:59:59.9999999Z"], |_, values| {
        shifted(values, |ticks| start_of_week(ticks) + WEEK - 1, WEEK)
    }),
    Function::rows("startofmonth", DATE_OFFSET, KqlType::DateTime, ["The month's begin, months later.", "startofmonth(datetime(2024-03-05), -1)", "2024-02-01T00:00:00.0000000Z"], |_, values| {
        months(values, 1, 0)
    }),
    Function::rows("endofmonth", DATE_OFFSET, KqlType::DateTime, ["The month's last tick, months later.", "endofmonth(datetime(2024-02-05))", "2024-02-29T23:59:59.9999999Z"], |_, values| {
        months(values, 1, 1)
    }),
    Function::rows("startofyear", DATE_OFFSET, KqlType::DateTime, ["The year's begin, years later.", "startofyear(datetime(2024-03-05))", "2024-01-01T00:00:00.0000000Z"], |_, values| {
        months(values, 12, 0)
    }),
    Function::rows("endofyear", DATE_OFFSET, KqlType::DateTime, ["The year's last tick, years later.", "endofyear(datetime(2024-03-05))", "2024-12-31T23:59:59.9999999Z"], |_, values| {
        months(values, 12, 1)
    }),
    Function::rows("dayofweek", DATE, KqlType::TimeSpan, ["Days since Sunday, as a timespan.", "dayofweek(datetime(2024-03-05))", "2.00:00:00"], |_, values| {
        of_date(values, |ticks| Value::TimeSpan(start_of_day(ticks) - start_of_week(ticks)))
    }),
    Function::rows("dayofmonth", DATE, KqlType::Int, ["1 to 31.", "dayofmonth(datetime(2024-03-05))", "5"], |_, values| part(values, "day")),
    Function::rows("dayofyear", DATE, KqlType::Int, ["1 to 366.", "dayofyear(datetime(2024-03-01))", "61"], |_, values| part(values, "dayofyear")),
    Function::rows("hourofday", DATE, KqlType::Int, ["0 to 23.", "hourofday(datetime(2024-03-05 17:30))", "17"], |_, values| part(values, "hour")),
    Function::rows("monthofyear", DATE, KqlType::Int, ["1 to 12.", "monthofyear(datetime(2024-03-05))", "3"], |_, values| part(values, "month")).also(&["getmonth"]),
    Function::rows("getyear", DATE, KqlType::Int, ["The year.", "getyear(datetime(2024-03-05))", "2024"], |_, values| part(values, "year")),
    Function::rows("week_of_year", DATE, KqlType::Int, ["The week by ISO 8601, 1 to 53.", "week_of_year(datetime(2020-12-31))", "53"], |_, values| {
        part(values, "week_of_year")
    })
    .also(&["weekofyear"]),
    Function::rows(
        "datetime_part",
        &[Parameter::text("part"), Parameter::datetime("date")],
        KqlType::Int,
        ["A field of a datetime: year, quarter, month, week_of_year, day, dayofyear, hour, minute, second, millisecond, microsecond, nanosecond.", "datetime_part('quarter', datetime(2024-05-01))", "2"],
        |_, values| part(&values[1..], values[0].as_str()),
    )
    .also(&["datepart"]),
    Function::rows(
        "datetime_add",
        &[Parameter::text("period"), Parameter::long("amount"), Parameter::datetime("date")],
        KqlType::DateTime,
        ["A datetime some periods later: year, quarter, month, week, day, hour, minute, second, millisecond, microsecond, nanosecond.", "datetime_add('month', 1, datetime(2024-01-31))", "2024-02-29T00:00:00.0000000Z"],
        add,
    ),
    Function::rows(
        "datetime_diff",
        &[Parameter::text("period"), Parameter::datetime("later"), Parameter::datetime("earlier")],
        KqlType::Long,
        ["How many borders of a period lie between two datetimes.", "datetime_diff('day', datetime(2024-03-05 01:00), datetime(2024-03-04 23:00))", "1"],
        difference,
    ),
    Function::rows(
        "datetime_utc_to_local",
        &[Parameter::datetime("date"), Parameter::text("zone")],
        KqlType::DateTime,
        ["The datetime in a time zone. Only UTC is known; other zones give null.", "datetime_utc_to_local(datetime(2024-01-01), 'UTC')", "2024-01-01T00:00:00.0000000Z"],
        |_, values| if values[1].as_str().eq_ignore_ascii_case("utc") { values[0].clone() } else { Value::Null },
    ),
    Function::rows(
        "format_datetime",
        &[Parameter::datetime("date"), Parameter::text("format")],
        KqlType::String,
        ["A datetime in a format of y, M, d, H, h, m, s, f, F and tt.", "format_datetime(datetime(2024-03-05 17:30:01), 'yyyy-MM-dd hh:mm tt')", "2024-03-05 05:30 PM"],
        |_, values| match &values[0] {
            Value::DateTime(ticks) => Value::Text(format_date(*ticks, values[1].as_str())),
            _ => Value::text(""),
        },
    ),
    Function::rows(
        "format_timespan",
        &[Parameter::timespan("timespan"), Parameter::text("format")],
        KqlType::String,
        ["A timespan in a format of d, H, h, m, s, f and F.", "format_timespan(1d + 2h, 'd.hh:mm')", "1.02:00"],
        |_, values| match &values[0] {
            Value::TimeSpan(ticks) => Value::Text(format_span(*ticks, values[1].as_str())),
            _ => Value::text(""),
        },
    ),
    Function::rows(
        "make_datetime",
        &[
            Parameter::long("year"),
            Parameter::long("month"),
            Parameter::long("day"),
            Parameter::long("hour").opt(),
            Parameter::long("minute").opt(),
            Parameter::real("second").opt(),
        ],
        KqlType::DateTime,
        ["A datetime of its fields; null when there is no such.", "make_datetime(2024, 2, 29, 12, 30)", "2024-02-29T12:30:00.0000000Z"],
        make,
    ),
    Function::rows(
        "make_timespan",
        &[Parameter::long("first"), Parameter::long("second"), Parameter::real("third").opt(), Parameter::real("fourth").opt()],
        KqlType::TimeSpan,
        ["A timespan of hours and minutes, of hours, minutes and seconds, or of days before them.", "make_timespan(1, 12, 30, 55.5)", "1.12:30:55.5000000"],
        make_span,
    ),
    Function::rows("unixtime_seconds_todatetime", NUMBER, KqlType::DateTime, ["Seconds since 1970 as a datetime.", "unixtime_seconds_todatetime(0)", "1970-01-01T00:00:00.0000000Z"], |_, values| {
        unix(values, TICKS_PER_SECOND)
    }),
    Function::rows("unixtime_milliseconds_todatetime", NUMBER, KqlType::DateTime, ["Milliseconds since 1970 as a datetime.", "unixtime_milliseconds_todatetime(1)", "1970-01-01T00:00:00.0010000Z"], |_, values| {
        unix(values, 10_000)
    }),
    Function::rows("unixtime_microseconds_todatetime", NUMBER, KqlType::DateTime, ["Microseconds since 1970 as a datetime.", "unixtime_microseconds_todatetime(1)", "1970-01-01T00:00:00.0000010Z"], |_, values| {
        unix(values, 10)
    }),
    Function::rows("unixtime_nanoseconds_todatetime", NUMBER, KqlType::DateTime, ["Nanoseconds since 1970 as a datetime.", "unixtime_nanoseconds_todatetime(100)", "1970-01-01T00:00:00.0000001Z"], |_, values| {
        let nanos = match &values[0] {
            Value::Real(nanos) => Some(*nanos as i64),
            other => other.as_long(),
        };
        let ticks = nanos.and_then(|nanos| nanos.div_euclid(100).checked_add(UNIX_EPOCH));
        bounded(ticks)
    }),
];

fn instant(context: &QueryContext, arguments: &[Typed], sign: i64) -> Result<Expr, CallError> {
    let Some(offset) = arguments.first() else { return Ok(lit(context.now)) };
    match &offset.constant {
        Some(Value::TimeSpan(ticks)) => {
            let then = ticks.checked_mul(sign).and_then(|ticks| context.now.checked_add(ticks));
            Ok(lit(datafusion::scalar::ScalarValue::Int64(then.filter(|then| (0..=TICKS_MAX).contains(then)))))
        }
        Some(_) => Ok(lit(datafusion::scalar::ScalarValue::Int64(None))),
        None => Ok(lit(context.now) + offset.expr.clone() * lit(sign)),
    }
}

fn bounded(ticks: Option<i64>) -> Value {
    ticks.filter(|ticks| (0..=TICKS_MAX).contains(ticks)).map_or(Value::Null, Value::DateTime)
}

fn bin_type(arguments: &[Typed]) -> KqlType {
    let ty = |idx: usize| arguments.get(idx).map_or(KqlType::Long, |typed| typed.ty);
    match (ty(0), ty(1)) {
        (time @ (KqlType::DateTime | KqlType::TimeSpan), _) => time,
        (KqlType::Int | KqlType::Long, KqlType::Int | KqlType::Long) => KqlType::Long,
        _ => KqlType::Real,
    }
}

fn bin_at(value: &Value, size: &Value, fixed: Option<&Value>) -> Value {
    if fixed.is_some_and(Value::is_null) {
        return Value::Null;
    }
    let is_real = [Some(value), Some(size)].into_iter().flatten().any(|value| matches!(value, Value::Real(_)));
    if is_real && !matches!(value, Value::DateTime(_) | Value::TimeSpan(_)) {
        let (Some(number), Some(step)) = (real_of(value), real_of(size)) else { return Value::Null };
        let origin = fixed.and_then(real_of).unwrap_or(0.0);
        return if step > 0.0 { Value::Real(((number - origin) / step).floor() * step + origin) } else { Value::Null };
    }
    let (Some(number), Some(step)) = (value.as_long(), size.as_long().or_else(|| to_long(size))) else {
        return Value::Null;
    };
    let origin = fixed.and_then(Value::as_long).unwrap_or(0);
    let Some(offset) = number.checked_sub(origin).filter(|_| step > 0) else { return Value::Null };
    let binned = offset.div_euclid(step).checked_mul(step).and_then(|offset| offset.checked_add(origin));
    match value {
        Value::DateTime(_) => bounded(binned),
        Value::TimeSpan(_) => binned.map_or(Value::Null, Value::TimeSpan),
        _ => binned.map_or(Value::Null, Value::Long),
    }
}

fn of_date(values: &[Value], work_out: impl Fn(i64) -> Value) -> Value {
    match &values[0] {
        Value::DateTime(ticks) => work_out(*ticks),
        _ => Value::Null,
    }
}

fn start_of_day(ticks: i64) -> i64 {
    ticks - ticks.rem_euclid(TICKS_PER_DAY)
}

/// 0001-01-01 was a Monday.
fn start_of_week(ticks: i64) -> i64 {
    start_of_day(ticks) - (ticks.div_euclid(TICKS_PER_DAY) + 1).rem_euclid(7) * TICKS_PER_DAY
}

fn shifted(values: &[Value], to: fn(i64) -> i64, step: i64) -> Value {
    let offset = values.get(1).map_or(Some(0), Value::as_long);
    of_date(values, |ticks| {
        bounded(offset.and_then(|offset| offset.checked_mul(step)).and_then(|offset| to(ticks).checked_add(offset)))
    })
}

/// The begin of a month or year (`unit` months), `offset` units later; its last tick when `ahead` is 1.
fn months(values: &[Value], unit: i64, ahead: i64) -> Value {
    let Some(offset) = values.get(1).map_or(Some(0), Value::as_long) else { return Value::Null };
    of_date(values, |ticks| {
        let Civil { year, month, .. } = Civil::from_ticks(ticks);
        let month = if unit == 12 { 1 } else { month };
        let begin = offset
            .checked_add(ahead)
            .and_then(|units| units.checked_mul(unit))
            .and_then(|months| add_months(Civil { year, month, day: 1, clock: 0 }, months));
        // The last tick of the calendar has no month behind it.
        match begin {
            Some(begin) => bounded(begin.checked_sub(ahead)),
            None if ahead == 1 && year == 9_999 && offset == 0 => Value::DateTime(TICKS_MAX),
            None => Value::Null,
        }
    })
}

fn add_months(civil: Civil, months: i64) -> Option<i64> {
    let count = (civil.year * 12 + civil.month - 1).checked_add(months)?;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    (civil.day.saturating_sub(3)..=civil.day)
        .rev()
        .find_map(|day| Civil { year, month, day, clock: civil.clock }.to_ticks())
}

fn iso_week(ticks: i64) -> i64 {
    // The week belongs to the year that has its Thursday.
    let monday = ticks.div_euclid(TICKS_PER_DAY).rem_euclid(7);
    let thursday = Civil::from_ticks(start_of_day(ticks) + (3 - monday) * TICKS_PER_DAY);
    (day_of_year(thursday) - 1) / 7 + 1
}

fn day_of_year(civil: Civil) -> i64 {
    let first = Civil { month: 1, day: 1, clock: 0, ..civil }.to_ticks().unwrap_or(0);
    let today = Civil { clock: 0, ..civil }.to_ticks().unwrap_or(0);
    (today - first) / TICKS_PER_DAY + 1
}

fn part(values: &[Value], name: &str) -> Value {
    of_date(values, |ticks| {
        let civil = Civil::from_ticks(ticks);
        let clock = civil.clock;
        let number = match name.to_ascii_lowercase().as_str() {
            "year" => civil.year,
            "quarter" => (civil.month - 1) / 3 + 1,
            "month" => civil.month,
            "week_of_year" | "weekofyear" | "week" => iso_week(ticks),
            "day" => civil.day,
            "dayofyear" => day_of_year(civil),
            "hour" => clock / TICKS_PER_HOUR,
            "minute" => clock / TICKS_PER_MINUTE % 60,
            "second" => clock / TICKS_PER_SECOND % 60,
            "millisecond" => clock % TICKS_PER_SECOND / 10_000,
            "microsecond" => clock % TICKS_PER_SECOND / 10,
            "nanosecond" => clock % TICKS_PER_SECOND * 100,
            _ => return Value::Null,
        };
        i32::try_from(number).map_or(Value::Null, Value::Int)
    })
}

/// Ticks of a period of fixed length.
fn period(name: &str) -> Option<i64> {
    Some(match name.to_ascii_lowercase().as_str() {
        "week" => WEEK,
        "day" => TICKS_PER_DAY,
        "hour" => TICKS_PER_HOUR,
        "minute" => TICKS_PER_MINUTE,
        "second" => TICKS_PER_SECOND,
        "millisecond" => 10_000,
        "microsecond" => 10,
        _ => return None,
    })
}

fn period_months(name: &str) -> Option<i64> {
    match name.to_ascii_lowercase().as_str() {
        "year" => Some(12),
        "quarter" => Some(3),
        "month" => Some(1),
        _ => None,
    }
}

fn add(_: &mut Scratch, values: &[Value]) -> Value {
    let (Some(amount), Value::DateTime(ticks)) = (values[1].as_long(), &values[2]) else { return Value::Null };
    let name = values[0].as_str();
    if let Some(months) = period_months(name) {
        let months = amount.checked_mul(months);
        return bounded(months.and_then(|months| add_months(Civil::from_ticks(*ticks), months)));
    }
    if name.eq_ignore_ascii_case("nanosecond") {
        return bounded(ticks.checked_add(amount / 100));
    }
    bounded(period(name).and_then(|step| amount.checked_mul(step)).and_then(|more| ticks.checked_add(more)))
}

fn difference(_: &mut Scratch, values: &[Value]) -> Value {
    let (Value::DateTime(left), Value::DateTime(right)) = (&values[1], &values[2]) else { return Value::Null };
    let name = values[0].as_str();
    if let Some(months) = period_months(name) {
        let count = |ticks: i64| {
            let civil = Civil::from_ticks(ticks);
            (civil.year * 12 + civil.month - 1).div_euclid(months)
        };
        return Value::Long(count(*left) - count(*right));
    }
    if name.eq_ignore_ascii_case("week") {
        return Value::Long((start_of_week(*left) - start_of_week(*right)) / WEEK);
    }
    if name.eq_ignore_ascii_case("nanosecond") {
        return left.checked_sub(*right).and_then(|ticks| ticks.checked_mul(100)).map_or(Value::Null, Value::Long);
    }
    period(name).map_or(Value::Null, |step| Value::Long(left.div_euclid(step) - right.div_euclid(step)))
}

fn make(_: &mut Scratch, values: &[Value]) -> Value {
    let number = |idx: usize, default: i64| values.get(idx).map_or(Some(default), Value::as_long);
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute)) =
        (number(0, 1), number(1, 1), number(2, 1), number(3, 0), number(4, 0))
    else {
        return Value::Null;
    };
    let second = values.get(5).map_or(Some(0.0), Value::as_real).unwrap_or(-1.0);
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0.0..60.0).contains(&second) {
        return Value::Null;
    }
    let clock = hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE + (second * TICKS_PER_SECOND as f64).round() as i64;
    bounded(Civil { year, month, day, clock }.to_ticks())
}

fn make_span(_: &mut Scratch, values: &[Value]) -> Value {
    let number = |idx: usize| values.get(idx).map(|value| value.as_real().unwrap_or(f64::NAN));
    let (days, hours, minutes, seconds) = match (number(0), number(1), number(2), number(3)) {
        (Some(hours), Some(minutes), None, None) => (0.0, hours, minutes, 0.0),
        (Some(hours), Some(minutes), Some(seconds), None) => (0.0, hours, minutes, seconds),
        (Some(days), Some(hours), Some(minutes), Some(seconds)) => (days, hours, minutes, seconds),
        _ => return Value::Null,
    };
    let fits = (0.0..1e7).contains(&days) && (0.0..24.0).contains(&hours);
    if !fits || !(0.0..60.0).contains(&minutes) || !(0.0..60.0).contains(&seconds) {
        return Value::Null;
    }
    let whole = days as i64 * TICKS_PER_DAY + hours as i64 * TICKS_PER_HOUR + minutes as i64 * TICKS_PER_MINUTE;
    Value::TimeSpan(whole + (seconds * TICKS_PER_SECOND as f64).round() as i64)
}

fn unix(values: &[Value], step: i64) -> Value {
    let ticks = match &values[0] {
        // What is below a tick is cut off; a number that is no time becomes one that `bounded` refuses.
        Value::Real(count) => Some((*count * step as f64) as i64),
        other => other.as_long().and_then(|count| count.checked_mul(step)),
    };
    bounded(ticks.and_then(|ticks| ticks.checked_add(UNIX_EPOCH)))
}

/// Runs of the same letter, and everything between them.
fn format_runs(format: &str, field: impl Fn(char, usize) -> Option<String>) -> String {
    let chars: Vec<char> = format.chars().collect();
    let mut text = String::new();
    let mut at = 0;
    while let Some(char) = chars.get(at).copied() {
        let length = chars[at..].iter().take_while(|next| **next == char).count();
        match field(char, length) {
            Some(part) => text.push_str(&part),
            None => text.extend(std::iter::repeat_n(char, length)),
        }
        at += length;
    }
    text
}

fn padded(number: i64, length: usize) -> String {
    format!("{number:0length$}")
}

fn fraction(ticks: i64, length: usize, trimmed: bool) -> String {
    let digits = format!("{:07}", ticks % TICKS_PER_SECOND);
    let cut = &digits[..length.min(7)];
    if trimmed { cut.trim_end_matches('0').to_owned() } else { cut.to_owned() }
}

fn format_date(ticks: i64, format: &str) -> String {
    let Civil { year, month, day, clock } = Civil::from_ticks(ticks);
    let hour = clock / TICKS_PER_HOUR;
    format_runs(format, |letter, length| {
        Some(match letter {
            'y' if length <= 2 => padded(year % 100, length),
            'y' => padded(year, length),
            'M' => padded(month, length.min(2)),
            'd' => padded(day, length.min(2)),
            'H' => padded(hour, length.min(2)),
            'h' => padded(if hour % 12 == 0 { 12 } else { hour % 12 }, length.min(2)),
            'm' => padded(clock / TICKS_PER_MINUTE % 60, length.min(2)),
            's' => padded(clock / TICKS_PER_SECOND % 60, length.min(2)),
            'f' => fraction(clock, length, false),
            'F' => fraction(clock, length, true),
            't' => if hour < 12 { "AM" } else { "PM" }.chars().take(length).collect(),
            _ => return None,
        })
    })
}

fn format_span(ticks: i64, format: &str) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.saturating_abs();
    let text = format_runs(format, |letter, length| {
        Some(match letter {
            'd' => padded(ticks / TICKS_PER_DAY, length),
            'H' | 'h' => padded(ticks / TICKS_PER_HOUR % 24, length.min(2)),
            'm' => padded(ticks / TICKS_PER_MINUTE % 60, length.min(2)),
            's' => padded(ticks / TICKS_PER_SECOND % 60, length.min(2)),
            'f' => fraction(ticks, length, false),
            'F' => fraction(ticks, length, true),
            _ => return None,
        })
    });
    format!("{sign}{text}")
}

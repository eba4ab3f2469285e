//! Conversions: the `to…` functions and their synonyms. What cannot be converted is null, for strings "".

use super::entry::{Function, Parameter};
use super::scratch::Scratch;
use crate::kql::types::{KqlType, Types};
use crate::kql::value::{
    Json, TICKS_MAX, TICKS_PER_DAY, Value, parse_datetime, parse_guid, parse_long, parse_real, parse_timespan,
};

const ANY: &[Parameter] = &[Parameter::any("value")];

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows(
        "tostring",
        ANY,
        KqlType::String,
        ["The value as text; null gives \"\".", "tostring(1d)", "1.00:00:00"],
        |_, values| Value::Text(values[0].print()),
    ),
    Function::rows(
        "tobool",
        ANY,
        KqlType::Bool,
        ["`true`, `false` or a number as a flag.", "tobool('true')", "True"],
        |_, values| to_bool(&values[0]),
    )
    .also(&["toboolean"]),
    Function::rows(
        "toint",
        ANY,
        KqlType::Int,
        ["A number or text as an int; reals are cut.", "toint('42')", "42"],
        |_, values| to_long(&values[0]).and_then(|long| i32::try_from(long).ok()).map_or(Value::Null, Value::Int),
    ),
    Function::rows(
        "tolong",
        ANY,
        KqlType::Long,
        ["A number or text as a long; reals are cut.", "tolong('0x10')", "16"],
        |_, values| to_long(&values[0]).map_or(Value::Null, Value::Long),
    ),
    Function::rows("toreal", ANY, KqlType::Real, ["A number or text as a real.", "todouble('1.5')", "1.5"], to_real)
        .also(&["todouble"]),
    Function::rows(
        "todecimal",
        ANY,
        KqlType::Decimal,
        ["A number or text as a decimal, kept as a real.", "todecimal('1.5')", "1.5"],
        to_real,
    ),
    Function::rows(
        "todatetime",
        ANY,
        KqlType::DateTime,
        [
            "Text in ISO 8601, RFC 822 or RFC 850 as a datetime.",
            "todatetime('2024-02-29 12:00')",
            "2024-02-29T12:00:00.0000000Z",
        ],
        |_, values| to_datetime(&values[0]),
    ),
    Function::rows(
        "totimespan",
        ANY,
        KqlType::TimeSpan,
        ["Text such as `1.02:03:04` or `5m` as a timespan.", "totimespan('00:05:00')", "00:05:00"],
        |_, values| to_timespan(&values[0]),
    )
    .also(&["totime"]),
    Function::rows(
        "toguid",
        ANY,
        KqlType::Guid,
        ["Text as a guid.", "toguid('70fc66f7-8279-44fc-9092-d364d70fce44')", "70fc66f7-8279-44fc-9092-d364d70fce44"],
        |_, values| parse_guid(values[0].as_str()).map_or(Value::Null, Value::Guid),
    ),
    Function::rows(
        "todynamic",
        ANY,
        KqlType::Dynamic,
        ["Text as JSON; what is no JSON stays a string.", "parse_json('{\"a\": [1]}').a[0]", "1"],
        |_, values| to_dynamic(&values[0]),
    )
    .also(&["parse_json", "parsejson", "toobject"]),
    Function::rows(
        "dynamic_to_json",
        &[Parameter::required("value", Types::DYNAMIC)],
        KqlType::String,
        [
            "A dynamic as JSON text with sorted properties.",
            "dynamic_to_json(dynamic({\"b\": 1, \"a\": \"x\"}))",
            "{\"a\":\"x\",\"b\":1}",
        ],
        |_, values| {
            values[0].as_json().map_or_else(|| Value::text("null"), |json| Value::Text(sorted(json).to_string()))
        },
    ),
    Function::rows(
        "gettype",
        ANY,
        KqlType::String,
        ["The name of the value's type, of a dynamic what it holds.", "gettype(dynamic([1]))", "array"],
        |_, values| Value::text(type_name(&values[0])),
    ),
];

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Dynamic(Json::Null) => "null",
        Value::Bool(_) | Value::Dynamic(Json::Bool(_)) => "bool",
        Value::Int(_) => "int",
        Value::Long(_) => "long",
        Value::Real(_) => "real",
        Value::Text(_) | Value::Dynamic(Json::String(_)) => "string",
        Value::DateTime(_) => "datetime",
        Value::TimeSpan(_) => "timespan",
        Value::Guid(_) => "guid",
        Value::Dynamic(Json::Number(number)) => {
            // The reference has `int` for `parse_json('1')`.
            match number.as_i64() {
                None => "real",
                Some(long) if i32::try_from(long).is_ok() => "int",
                Some(_) => "long",
            }
        }
        Value::Dynamic(Json::Array(_)) => "array",
        Value::Dynamic(Json::Object(_)) => "dictionary",
    }
}

fn sorted(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> =
                members.iter().map(|(name, json)| (name.clone(), sorted(json))).collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            Json::Object(members.into_iter().collect())
        }
        Json::Array(members) => Json::Array(members.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

fn to_bool(value: &Value) -> Value {
    let text = match value {
        Value::Bool(_) => return value.clone(),
        Value::Dynamic(Json::Bool(flag)) => return Value::Bool(*flag),
        Value::Text(text) | Value::Dynamic(Json::String(text)) => text,
        other => return to_long(other).map_or(Value::Null, |long| Value::Bool(long != 0)),
    };
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => parse_long(text).map_or(Value::Null, |long| Value::Bool(long != 0)),
    }
}

fn cut(real: f64) -> Option<i64> {
    // 2^63 is a real number exactly; what is below it fits.
    (real.abs() < 9_223_372_036_854_775_808.0).then_some(real as i64)
}

/// A value as a long, as `tolong` reads it.
pub fn to_long(value: &Value) -> Option<i64> {
    match value {
        Value::Real(real) => cut(*real),
        Value::Text(text) | Value::Dynamic(Json::String(text)) => {
            let text = text.trim();
            parse_long(text).or_else(|| parse_real(text).and_then(cut))
        }
        Value::Dynamic(Json::Number(number)) => number.as_i64().or_else(|| number.as_f64().and_then(cut)),
        Value::Dynamic(Json::Bool(flag)) => Some(i64::from(*flag)),
        Value::Null | Value::Guid(_) | Value::Dynamic(_) => None,
        Value::Bool(_) | Value::Int(_) | Value::Long(_) | Value::DateTime(_) | Value::TimeSpan(_) => value.as_long(),
    }
}

fn to_real(_: &mut Scratch, values: &[Value]) -> Value {
    real_of(&values[0]).map_or(Value::Null, Value::Real)
}

/// A value as a real, as `toreal` reads it.
pub fn real_of(value: &Value) -> Option<f64> {
    match value {
        Value::Text(text) | Value::Dynamic(Json::String(text)) => {
            let text = text.trim();
            parse_real(text).or_else(|| parse_long(text).map(|long| long as f64))
        }
        Value::Dynamic(Json::Number(number)) => number.as_f64(),
        Value::Dynamic(Json::Bool(flag)) => Some(f64::from(u8::from(*flag))),
        Value::DateTime(ticks) | Value::TimeSpan(ticks) => Some(*ticks as f64),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Null | Value::Guid(_) | Value::Dynamic(_) => None,
        Value::Int(_) | Value::Long(_) | Value::Real(_) => value.as_real(),
    }
}

fn to_datetime(value: &Value) -> Value {
    let ticks = match value {
        Value::DateTime(ticks) => Some(*ticks),
        Value::Text(text) | Value::Dynamic(Json::String(text)) => parse_datetime(text),
        Value::Int(_) | Value::Long(_) => value.as_long(),
        _ => None,
    };
    ticks.filter(|ticks| (0..=TICKS_MAX).contains(ticks)).map_or(Value::Null, Value::DateTime)
}

fn to_timespan(value: &Value) -> Value {
    let ticks = match value {
        Value::TimeSpan(ticks) => Some(*ticks),
        Value::Text(text) | Value::Dynamic(Json::String(text)) => parse_timespan(text),
        // A number is a number of days, as in a literal without unit.
        Value::Int(_) | Value::Long(_) => value.as_long().and_then(|days| days.checked_mul(TICKS_PER_DAY)),
        Value::Real(real) => cut(real * TICKS_PER_DAY as f64),
        _ => None,
    };
    ticks.map_or(Value::Null, Value::TimeSpan)
}

/// Text as JSON, everything else as the JSON of itself.
pub fn to_dynamic(value: &Value) -> Value {
    match value {
        Value::Text(text) if text.trim().is_empty() => Value::Null,
        Value::Text(text) => match serde_json::from_str(text) {
            Ok(json) => Value::dynamic(json),
            Err(_) => Value::Dynamic(Json::String(text.clone())),
        },
        other => Value::dynamic(other.to_json()),
    }
}

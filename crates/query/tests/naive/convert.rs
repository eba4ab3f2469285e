//! Conversions between types: what doesn't convert is null.

use kql::syntax::DataType;

use super::json;
use super::time;
use super::value::{Json, Value};

/// `tostring`: null is the empty string.
pub fn to_text(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    match value {
        Value::String(text) => text.clone(),
        Value::Guid(Some(text)) => text.clone(),
        // Not in the reference; the engine writes it as .NET does.
        Value::Bool(Some(value)) => (if *value { "True" } else { "False" }).to_owned(),
        Value::Int(Some(value)) => value.to_string(),
        Value::Long(Some(value)) => value.to_string(),
        Value::Real(Some(value)) => real_text(*value),
        Value::Datetime(Some(ticks)) => time::datetime_text(*ticks),
        Value::Timespan(Some(ticks)) => time::timespan_text(*ticks),
        Value::Dynamic(json) => json_text(json),
        _ => String::new(),
    }
}

/// The text of a string literal.
pub fn constant_text(expr: &kql::syntax::Expr) -> super::scope::Result<String> {
    match expr {
        kql::syntax::Expr::Literal { literal: kql::syntax::Literal::String { value, .. }, .. } => Ok(value.clone()),
        other => Err(format!("a text is needed, not {other:?}")),
    }
}

fn real_text(value: f64) -> String {
    format!("{value:?}")
}

/// Text of a dynamic value: a string without its quotes, the rest as JSON.
pub fn json_text(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Real(value) => real_text(*value),
        other => other.to_string(),
    }
}

/// A scalar inside a dynamic value.
pub fn to_json(value: &Value) -> Json {
    if value.is_null() {
        return Json::Null;
    }
    match value {
        Value::Dynamic(json) => json.clone(),
        Value::Bool(Some(value)) => Json::Bool(*value),
        Value::Int(Some(value)) => Json::Long(i64::from(*value)),
        Value::Long(Some(value)) => Json::Long(*value),
        Value::Real(Some(value)) => Json::Real(*value),
        other => Json::String(to_text(other)),
    }
}

/// The scalar that a dynamic value holds; arrays, bags and null stay dynamic.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Bool(value) => Value::Bool(Some(*value)),
        Json::Long(value) => Value::Long(Some(*value)),
        Json::Real(value) => Value::Real(Some(*value)),
        Json::String(text) => Value::String(text.clone()),
        other => Value::Dynamic(other.clone()),
    }
}

/// `tolong(x)` and the like.
pub fn convert(value: &Value, to: DataType) -> Value {
    let value = match value {
        Value::Dynamic(json) if to == DataType::String => return Value::String(json_text(json)),
        Value::Dynamic(json) if to != DataType::Dynamic => &from_json(json),
        other => other,
    };
    match to {
        DataType::String => Value::String(to_text(value)),
        DataType::Dynamic => to_dynamic(value),
        DataType::Long => Value::Long(to_long(value)),
        DataType::Int => Value::Int(to_long(value).and_then(|value| i32::try_from(value).ok())),
        DataType::Real | DataType::Decimal => Value::Real(to_real(value)),
        DataType::Bool => Value::Bool(to_bool(value)),
        DataType::Datetime => Value::Datetime(match value {
            Value::Datetime(ticks) => *ticks,
            Value::String(text) => time::parse_datetime(text),
            _ => None,
        }),
        DataType::Timespan => Value::Timespan(match value {
            Value::Timespan(ticks) => *ticks,
            Value::String(text) => time::parse_timespan(text),
            _ => None,
        }),
        DataType::Guid => Value::Guid(match value {
            Value::Guid(guid) => guid.clone(),
            Value::String(text) => is_guid(text).then(|| text.to_lowercase()),
            _ => None,
        }),
    }
}

fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// `todynamic`, `parse_json`: a text that is no JSON is kept as a string.
fn to_dynamic(value: &Value) -> Value {
    Value::Dynamic(match value {
        Value::String(text) if text.is_empty() => Json::Null,
        Value::String(text) => json::parse(text).unwrap_or_else(|| Json::String(text.clone())),
        other => to_json(other),
    })
}

fn to_long(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(value) => value.map(i64::from),
        Value::Real(value) => value.filter(|value| value.abs() < 9.2e18).map(|value| value as i64),
        Value::Int(_) | Value::Long(_) | Value::Timespan(_) | Value::Datetime(_) => value.as_i64(),
        // The reference does not say what becomes of a fraction in a text; it is cut off, as that of a real is.
        Value::String(text) => text.trim().parse().ok().or_else(|| to_long(&Value::Real(text.trim().parse().ok()))),
        _ => None,
    }
}

fn to_real(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => value.map(|value| f64::from(u8::from(value))),
        Value::Int(_) | Value::Long(_) | Value::Real(_) => value.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => *value,
        Value::Int(_) | Value::Long(_) => value.as_i64().map(|value| value != 0),
        Value::Real(value) => value.map(|value| value != 0.0),
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            digits => digits.parse::<i64>().ok().map(|value| value != 0),
        },
        _ => None,
    }
}

/// The type that both of two have: the wider number, otherwise the one that is not dynamic null.
pub fn common_type(left: DataType, right: DataType) -> DataType {
    match (left, right) {
        (DataType::Real, DataType::Int | DataType::Long) | (DataType::Int | DataType::Long, DataType::Real) => {
            DataType::Real
        }
        (DataType::Int, DataType::Long) | (DataType::Long, DataType::Int) => DataType::Long,
        (left, right) if left == right => left,
        _ => DataType::Dynamic,
    }
}

/// Widens a number, or wraps into dynamic.
pub fn widen(value: &Value, to: DataType) -> Value {
    match (value.data_type(), to) {
        (from, to) if from == to => value.clone(),
        (_, DataType::Dynamic) => Value::Dynamic(to_json(value)),
        (_, to) => convert(value, to),
    }
}

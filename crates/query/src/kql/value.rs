//! One value of KQL, and its way from and to Arrow. How values are printed and read as text is in the submodules.

mod columns;
mod datetime;
mod guid;
mod number;
mod timespan;

use std::cmp::Ordering;

use datafusion::scalar::ScalarValue;

pub use columns::{Builder, Column, array};
pub use datetime::{Civil, TICKS_MAX, format_datetime, parse_datetime};
pub use guid::parse_guid;
pub use number::{format_real, parse_long, parse_real};
pub use timespan::{
    TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, format_timespan, parse_timespan,
};

use super::types::KqlType;

/// JSON, properties in order.
pub type Json = serde_json::Value;

/// A value of KQL. A string is never null: its null is `Text("")`.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The null of any type but string.
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i32),
    /// `long`
    Long(i64),
    /// `real`, `decimal`
    Real(f64),
    /// `string`
    Text(String),
    /// `datetime` in ticks since 0001-01-01.
    DateTime(i64),
    /// `timespan` in ticks.
    TimeSpan(i64),
    /// `guid`, lower case with dashes.
    Guid(String),
    /// `dynamic`; JSON null is `Null`.
    Dynamic(Json),
}

impl Value {
    /// Text from anything that can be turned into a string.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// A dynamic; JSON null becomes the null value.
    pub fn dynamic(json: Json) -> Value {
        if json.is_null() { Value::Null } else { Value::Dynamic(json) }
    }

    /// What a function gives back for "no value" of a type: "" for strings, else null.
    pub fn null_of(ty: KqlType) -> Value {
        if ty == KqlType::String { Value::Text(String::new()) } else { Value::Null }
    }

    /// Whether it is null; an empty string is not.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text of a string or guid, "" for anything else.
    pub fn as_str(&self) -> &str {
        match self {
            Value::Text(text) | Value::Guid(text) => text,
            Value::Dynamic(Json::String(text)) => text,
            _ => "",
        }
    }

    /// The integer of an int or long, or ticks.
    pub fn as_long(&self) -> Option<i64> {
        match self {
            Value::Int(int) => Some(i64::from(*int)),
            Value::Long(long) | Value::DateTime(long) | Value::TimeSpan(long) => Some(*long),
            Value::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        }
    }

    /// Any number as a real.
    pub fn as_real(&self) -> Option<f64> {
        match self {
            Value::Real(real) => Some(*real),
            Value::Int(int) => Some(f64::from(*int)),
            Value::Long(long) => Some(*long as f64),
            _ => None,
        }
    }

    /// The flag of a bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The JSON of a dynamic.
    pub fn as_json(&self) -> Option<&Json> {
        match self {
            Value::Dynamic(json) => Some(json),
            _ => None,
        }
    }

    /// Printed as `tostring` does; null gives "".
    pub fn print(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
            Value::Int(int) => int.to_string(),
            Value::Long(long) => long.to_string(),
            Value::Real(real) => format_real(*real),
            Value::Text(text) | Value::Guid(text) => text.clone(),
            Value::DateTime(ticks) => format_datetime(*ticks),
            Value::TimeSpan(ticks) => format_timespan(*ticks),
            Value::Dynamic(Json::String(text)) => text.clone(),
            Value::Dynamic(json) => json.to_string(),
        }
    }

    /// As a member of a dynamic: numbers and flags stay, times and guids become text.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Int(int) => Json::from(*int),
            Value::Long(long) => Json::from(*long),
            Value::Real(real) => {
                serde_json::Number::from_f64(*real).map_or_else(|| Json::String(format_real(*real)), Json::Number)
            }
            Value::Text(text) | Value::Guid(text) => Json::String(text.clone()),
            Value::DateTime(_) | Value::TimeSpan(_) => Json::String(self.print()),
            Value::Dynamic(json) => json.clone(),
        }
    }

    /// As the Arrow scalar of a type. A value of another type gives the type's null.
    pub fn to_scalar(&self, ty: KqlType) -> ScalarValue {
        match ty {
            KqlType::Bool => ScalarValue::Boolean(self.as_bool()),
            KqlType::Int => ScalarValue::Int32(self.as_long().and_then(|long| i32::try_from(long).ok())),
            KqlType::Long | KqlType::DateTime | KqlType::TimeSpan => ScalarValue::Int64(self.as_long()),
            KqlType::Real | KqlType::Decimal => ScalarValue::Float64(self.as_real()),
            KqlType::String => ScalarValue::Utf8(Some(self.as_str().to_owned())),
            KqlType::Guid => ScalarValue::Utf8((!self.is_null()).then(|| self.as_str().to_owned())),
            KqlType::Dynamic => ScalarValue::Utf8((!self.is_null()).then(|| self.to_json().to_string())),
        }
    }

    /// From the Arrow scalar of a type; a scalar that does not fit gives null.
    pub fn from_scalar(scalar: &ScalarValue, ty: KqlType) -> Value {
        match scalar.to_array() {
            Ok(array) => Column::new(&array, ty).map_or(Value::Null, |column| column.value(0)),
            Err(_) => Value::null_of(ty),
        }
    }

    /// Order of two values of one type: null first, NaN after every number, text by code point. Dynamics are ordered by
    /// their kind (bool, number, string, array, bag), then by content.
    pub fn compare(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Less,
            (_, Value::Null) => Ordering::Greater,
            (Value::Text(left) | Value::Guid(left), Value::Text(right) | Value::Guid(right)) => left.cmp(right),
            (Value::Dynamic(left), Value::Dynamic(right)) => compare_json(left, right),
            _ => match (self.as_long(), other.as_long()) {
                (Some(left), Some(right)) => left.cmp(&right),
                _ => compare_real(self.as_real().unwrap_or(f64::NAN), other.as_real().unwrap_or(f64::NAN)),
            },
        }
    }
}

fn compare_real(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

/// Order of JSON values: by kind, then by content.
pub fn compare_json(left: &Json, right: &Json) -> Ordering {
    match (left, right) {
        (Json::Bool(left), Json::Bool(right)) => left.cmp(right),
        (Json::Number(left), Json::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => compare_real(left.as_f64().unwrap_or(f64::NAN), right.as_f64().unwrap_or(f64::NAN)),
        },
        (Json::String(left), Json::String(right)) => left.cmp(right),
        (Json::Array(left), Json::Array(right)) => {
            let unequal =
                left.iter().zip(right).map(|(left, right)| compare_json(left, right)).find(|order| order.is_ne());
            unequal.unwrap_or_else(|| left.len().cmp(&right.len()))
        }
        (Json::Object(_), Json::Object(_)) => left.to_string().cmp(&right.to_string()),
        _ => kind_rank(left).cmp(&kind_rank(right)),
    }
}

fn kind_rank(json: &Json) -> u8 {
    match json {
        Json::Null => 0,
        Json::Bool(_) => 1,
        Json::Number(_) => 2,
        Json::String(_) => 3,
        Json::Array(_) => 4,
        Json::Object(_) => 5,
    }
}

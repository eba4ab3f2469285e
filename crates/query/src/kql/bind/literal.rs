//! Constants of the syntax tree as values.

use ::kql::syntax::{DataType, Dynamic, Literal};
use datafusion::logical_expr::lit;

use crate::kql::types::{KqlType, Typed};
use crate::kql::value::{Json, Value, parse_real};

/// The type of a type's name in the tree.
pub(crate) fn type_of(data_type: DataType) -> KqlType {
    match data_type {
        DataType::Bool => KqlType::Bool,
        DataType::Datetime => KqlType::DateTime,
        DataType::Decimal => KqlType::Decimal,
        DataType::Dynamic => KqlType::Dynamic,
        DataType::Guid => KqlType::Guid,
        DataType::Int => KqlType::Int,
        DataType::Long => KqlType::Long,
        DataType::Real => KqlType::Real,
        DataType::String => KqlType::String,
        DataType::Timespan => KqlType::TimeSpan,
    }
}

/// A literal as a constant.
pub(crate) fn constant(literal: &Literal) -> Typed {
    let ty = type_of(literal.data_type());
    match literal {
        // `lit` of the text itself: no copy through a value.
        Literal::String { value, .. } => {
            Typed { expr: lit(value.clone()), ty, constant: Some(Value::Text(value.clone())) }
        }
        _ => Typed::constant(value(literal), ty),
    }
}

/// A literal as a value.
pub(crate) fn value(literal: &Literal) -> Value {
    match literal {
        Literal::Bool(value) => value.map_or(Value::Null, Value::Bool),
        Literal::Int(value) => value.map_or(Value::Null, Value::Int),
        Literal::Long(value) => value.map_or(Value::Null, Value::Long),
        Literal::Real(value) => value.map_or(Value::Null, Value::Real),
        Literal::Decimal(digits) => digits.as_deref().and_then(parse_real).map_or(Value::Null, Value::Real),
        Literal::Datetime(ticks) => ticks.map_or(Value::Null, Value::DateTime),
        Literal::Timespan(ticks) => ticks.map_or(Value::Null, Value::TimeSpan),
        Literal::Guid(text) => text.clone().map_or(Value::Null, Value::Guid),
        Literal::String { value, .. } => Value::Text(value.clone()),
        Literal::Dynamic(dynamic) => Value::dynamic(json(dynamic)),
    }
}

/// What is inside `dynamic(…)`; of a property written twice the last counts.
pub(crate) fn json(dynamic: &Dynamic) -> Json {
    match dynamic {
        Dynamic::Null => Json::Null,
        Dynamic::Bool(flag) => Json::Bool(*flag),
        Dynamic::Long(long) => Json::from(*long),
        Dynamic::Real(real) => Value::Real(*real).to_json(),
        Dynamic::String(text) => Json::String(text.clone()),
        Dynamic::Array(items) => Json::Array(items.iter().map(json).collect()),
        Dynamic::Object(properties) => {
            Json::Object(properties.iter().map(|(name, item)| (name.clone(), json(item))).collect())
        }
        Dynamic::Scalar(literal) => value(literal).to_json(),
    }
}

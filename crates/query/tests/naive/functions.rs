//! Scalar functions, each written from its page of the reference. Texts, times, arrays have files of their own.

use kql::syntax::DataType;

use super::convert::{self, common_type, convert, widen};
use super::scope::{Env, Result};
use super::value::{Json, Value};
use super::{arithmetic, arrays, strings, times};

/// Calls a function of the language.
pub fn call(env: &Env, name: &str, arguments: &[Value]) -> Result<Value> {
    if let Some(to) = conversion(name) {
        return Ok(convert(&arguments[0], to));
    }
    let found = logic(name, arguments)
        .or_else(|| number(name, arguments))
        .or_else(|| strings::call(name, arguments))
        .or_else(|| times::call(env, name, arguments))
        .or_else(|| arrays::call(name, arguments));
    found.unwrap_or_else(|| Err(format!("no function {name} of {} arguments", arguments.len())))
}

fn conversion(name: &str) -> Option<DataType> {
    Some(match name {
        "tostring" => DataType::String,
        "tolong" => DataType::Long,
        "toint" => DataType::Int,
        "toreal" | "todouble" => DataType::Real,
        "tobool" | "toboolean" => DataType::Bool,
        "todatetime" => DataType::Datetime,
        "totimespan" => DataType::Timespan,
        "toguid" => DataType::Guid,
        "todynamic" | "parse_json" | "parsejson" => DataType::Dynamic,
        _ => return None,
    })
}

fn logic(name: &str, arguments: &[Value]) -> Option<Result<Value>> {
    let bool_value = |value: bool| Ok(Value::Bool(Some(value)));
    Some(match (name, arguments) {
        ("isnull", [value]) => bool_value(value.is_null()),
        ("isnotnull", [value]) => bool_value(!value.is_null()),
        ("isempty", [value]) => bool_value(value.is_empty()),
        ("isnotempty" | "notempty", [value]) => bool_value(!value.is_empty()),
        ("not", [Value::Bool(value)]) => Ok(Value::Bool(value.map(|value| !value))),
        ("iff" | "iif", [condition, yes, no]) => {
            let to = common_type(yes.data_type(), no.data_type());
            Ok(widen(if is_true(condition) { yes } else { no }, to))
        }
        ("case", branches) if branches.len() % 2 == 1 => Ok(case(branches)),
        ("coalesce", values) => {
            let to = values.iter().map(Value::data_type).reduce(common_type)?;
            let first = values.iter().find(|value| !value.is_empty() || (!value.is_null() && to != DataType::String));
            Ok(first.map_or_else(|| Value::null(to), |value| widen(value, to)))
        }
        _ => return None,
    })
}

fn is_true(value: &Value) -> bool {
    *value == Value::Bool(Some(true))
}

fn case(branches: &[Value]) -> Value {
    let (otherwise, pairs) = branches.split_last().expect("an odd number of arguments");
    let results = pairs.iter().skip(1).step_by(2).chain([otherwise]);
    let to = results.map(Value::data_type).reduce(common_type).expect("at least one result");
    let found = pairs.chunks(2).find(|pair| is_true(&pair[0])).map_or(otherwise, |pair| &pair[1]);
    widen(found, to)
}

fn number(name: &str, arguments: &[Value]) -> Option<Result<Value>> {
    Some(match (name, arguments) {
        ("bin" | "floor", [value, size]) => arithmetic::bin(value, size),
        ("bin_at", [value, size, origin]) => bin_at(value, size, origin),
        ("abs", [Value::Int(value)]) => Ok(Value::Long(value.map(|value| i64::from(value).abs()))),
        ("abs", [Value::Long(value)]) => Ok(Value::Long(value.and_then(i64::checked_abs))),
        ("abs", [Value::Real(value)]) => Ok(Value::Real(value.map(f64::abs))),
        ("abs", [Value::Timespan(value)]) => Ok(Value::Timespan(value.and_then(i64::checked_abs))),
        ("sign", [value]) => Ok(Value::Real(value.as_f64().map(sign))),
        ("ceiling", [value]) => Ok(Value::Real(value.as_f64().map(f64::ceil))),
        ("sqrt", [value]) => Ok(Value::Real(value.as_f64().filter(|value| *value >= 0.0).map(f64::sqrt))),
        ("pow", [base, exponent]) => Ok(Value::Real(base.as_f64().zip(exponent.as_f64()).map(|(x, y)| x.powf(y)))),
        ("round", [value]) => Ok(Value::Real(value.as_f64().map(f64::round))),
        ("round", [value, places]) => Ok(Value::Real(value.as_f64().zip(places.as_i64()).map(|(value, places)| {
            let scale = 10f64.powi(i32::try_from(places).unwrap_or(0));
            (value * scale).round() / scale
        }))),
        ("max_of" | "min_of", values) => extreme(values, name == "max_of"),
        ("binary_and", [left, right]) => Ok(bits(left, right, |left, right| left & right)),
        ("binary_or", [left, right]) => Ok(bits(left, right, |left, right| left | right)),
        ("binary_xor", [left, right]) => Ok(bits(left, right, |left, right| left ^ right)),
        ("binary_not", [value]) => Ok(Value::Long(value.as_i64().map(|value| !value))),
        ("binary_shift_left", [left, right]) => Ok(bits(left, right, |left, right| left << right)),
        ("binary_shift_right", [left, right]) => Ok(bits(left, right, |left, right| left >> right)),
        ("tohex", [value]) => Ok(Value::String(value.as_i64().map(|value| format!("{value:x}")).unwrap_or_default())),
        ("gettype", [value]) => Ok(Value::string(type_name(value))),
        _ => return None,
    })
}

/// The multiples of the size are counted from the origin.
fn bin_at(value: &Value, size: &Value, origin: &Value) -> Result<Value> {
    let distance = arithmetic::arithmetic(kql::syntax::BinaryOp::Subtract, value, origin)?;
    let binned = arithmetic::bin(&distance, size)?;
    arithmetic::arithmetic(kql::syntax::BinaryOp::Add, origin, &binned)
}

fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

fn bits(left: &Value, right: &Value, operate: fn(i64, i64) -> i64) -> Value {
    Value::Long(left.as_i64().zip(right.as_i64()).map(|(left, right)| operate(left, right)))
}

/// The largest or smallest; nulls don't count.
fn extreme(values: &[Value], is_max: bool) -> Result<Value> {
    let to = values.iter().map(Value::data_type).reduce(common_type).ok_or("no argument")?;
    let mut found = Value::null(to);
    for value in values.iter().filter(|value| !value.is_null()) {
        let order = if found.is_null() { None } else { value.compare(&found) };
        if order.is_none_or(|order| if is_max { order.is_gt() } else { order.is_lt() }) {
            found = widen(value, to);
        }
    }
    Ok(found)
}

fn type_name(value: &Value) -> String {
    let name = match value {
        Value::Dynamic(Json::Array(_)) => "array",
        Value::Dynamic(Json::Object(_)) => "dictionary",
        Value::Dynamic(Json::Long(value)) if i32::try_from(*value).is_ok() => "int",
        Value::Dynamic(json) if *json != Json::Null => convert::from_json(json).data_type().name(),
        other if other.is_null() => "null",
        other => other.data_type().name(),
    };
    name.to_owned()
}

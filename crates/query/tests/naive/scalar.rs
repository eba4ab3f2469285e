//! Expressions, evaluated in one row.

use kql::syntax::{Argument, BinaryOp, Call, DataType, Dynamic, Expr, ListOp, Literal, UnaryOp};

use super::convert;
use super::functions;
use super::json;
use super::operators;
use super::regex::Regex;
use super::scope::{Binding, Env, Result, Row};
use super::text::{self, Ends};
use super::value::{Json, Table, Value};

/// The value of an expression.
pub fn eval(env: &Env, expr: &Expr, row: Row) -> Result<Value> {
    match expr {
        Expr::Literal { literal, .. } => Ok(constant(literal)),
        Expr::Name(name) => match (row.get(&name.text), env.get(&name.text)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(Binding::Scalar(value))) => Ok(value.clone()),
            _ => Err(format!("no scalar named {}", name.text)),
        },
        Expr::Call(call) => eval_call(env, call, row),
        Expr::Member { base, name, .. } => match &**base {
            Expr::Name(side) if side.text.starts_with('$') => {
                row.side(&side.text, &name.text).cloned().ok_or_else(|| format!("no column {}", name.text))
            }
            Expr::Name(step) if row.step(&step.text, &name.text).is_some() => {
                row.step(&step.text, &name.text).cloned().ok_or_else(|| "a step".to_owned())
            }
            base => Ok(member(&eval(env, base, row)?, &name.text)),
        },
        Expr::Index { base, index, .. } => Ok(element(&eval(env, base, row)?, &eval(env, index, row)?)),
        Expr::Unary { op: UnaryOp::Plus, operand, .. } => eval(env, operand, row),
        Expr::Unary { op: UnaryOp::Minus, operand, .. } => negate(eval(env, operand, row)?),
        Expr::Binary { op, left, right, .. } => binary(*op, &eval(env, left, row)?, &eval(env, right, row)?),
        Expr::And { operands, .. } => fold_logic(env, operands, row, false),
        Expr::Or { operands, .. } => fold_logic(env, operands, row, true),
        Expr::List { op, left, items, .. } => {
            let left = eval(env, left, row)?;
            let items = list_items(env, items, row)?;
            Ok(Value::Bool(in_list(*op, &left, &items)?))
        }
        Expr::Between { is_negated, value, low, high, .. } => {
            let value = eval(env, value, row)?;
            let low = eval(env, low, row)?;
            let high = between_end(&low, eval(env, high, row)?);
            let inside = and(
                truth(&binary(BinaryOp::GreaterOrEqual, &value, &low)?),
                truth(&binary(BinaryOp::LessOrEqual, &value, &high)?),
            );
            Ok(Value::Bool(inside.map(|inside| inside != *is_negated)))
        }
        Expr::ToScalar { pipeline, .. } => {
            let table = operators::pipeline(env, pipeline)?;
            Ok(first_value(&table))
        }
        other => Err(format!("not a scalar: {other:?}")),
    }
}

/// First column of the first row, or the column's null.
fn first_value(table: &Table) -> Value {
    match table.rows.first() {
        Some(row) => row[0].clone(),
        None => Value::null(table.columns[0].data_type),
    }
}

/// `datetime between (a .. 1d)`: the timespan counts from `a`.
fn between_end(low: &Value, high: Value) -> Value {
    match (low, &high) {
        (Value::Datetime(Some(low)), Value::Timespan(Some(length))) => Value::Datetime(low.checked_add(*length)),
        _ => high,
    }
}

pub fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Int(value) => Value::Int(*value),
        Literal::Long(value) => Value::Long(*value),
        Literal::Real(value) => Value::Real(*value),
        Literal::Decimal(value) => Value::Real(value.as_ref().and_then(|digits| digits.parse().ok())),
        Literal::Datetime(value) => Value::Datetime(*value),
        Literal::Timespan(value) => Value::Timespan(*value),
        Literal::Guid(value) => Value::Guid(value.clone()),
        Literal::String { value, .. } => Value::String(value.clone()),
        Literal::Dynamic(value) => Value::Dynamic(dynamic(value)),
    }
}

fn dynamic(value: &Dynamic) -> Json {
    match value {
        Dynamic::Null => Json::Null,
        Dynamic::Bool(value) => Json::Bool(*value),
        Dynamic::Long(value) => Json::Long(*value),
        Dynamic::Real(value) => Json::Real(*value),
        Dynamic::String(value) => Json::String(value.clone()),
        Dynamic::Array(items) => Json::Array(items.iter().map(dynamic).collect()),
        Dynamic::Object(fields) => {
            Json::object(fields.iter().map(|(name, value)| (name.clone(), dynamic(value))).collect())
        }
        Dynamic::Scalar(literal) => convert::to_json(&constant(literal)),
    }
}

fn eval_call(env: &Env, call: &Call, row: Row) -> Result<Value> {
    let name = call.name.text.as_str();
    if let Some(Binding::Function(function, outer)) = env.get(name) {
        return operators::call_function(env, function, outer, &call.arguments, row)?.scalar();
    }
    if matches!(name, "prev" | "next" | "row_number") {
        return neighbour(env, call, row);
    }
    if name == "column_ifexists" {
        return column_or(env, &call.arguments, row);
    }
    let mut values = Vec::new();
    for argument in &call.arguments {
        values.push(match &argument.value {
            Expr::TypeOf { data_type, .. } => Value::null(*data_type),
            other => eval(env, other, row)?,
        });
    }
    functions::call(env, name, &values)
}

/// `prev(x, n)`, `next(x, n)`: the value n rows away, null where there is no row. `row_number()` counts from 1.
fn neighbour(env: &Env, call: &Call, row: Row) -> Result<Value> {
    let Some((rows, index)) = row.window else {
        return match call.arguments.first() {
            Some(argument) => Ok(Value::null(eval(env, &argument.value, row)?.data_type())),
            None => Ok(Value::Long(None)),
        };
    };
    let Some(argument) = call.arguments.first() else { return Ok(Value::Long(Some(index as i64 + 1))) };
    let distance = match call.arguments.get(1) {
        Some(distance) => eval(env, &distance.value, row)?.as_i64().ok_or("a distance is a number")?,
        None => 1,
    };
    let at = if call.name.text == "prev" { index as i64 - distance } else { index as i64 + distance };
    match usize::try_from(at).ok().and_then(|at| rows.get(at)) {
        Some(values) => eval(env, &argument.value, Row { values, ..row }),
        None => Ok(Value::null(eval(env, &argument.value, row)?.data_type())),
    }
}

fn column_or(env: &Env, arguments: &[Argument], row: Row) -> Result<Value> {
    let name = eval(env, &arguments[0].value, row)?;
    match name.as_str().and_then(|name| row.get(name)) {
        Some(value) => Ok(value.clone()),
        None => eval(env, &arguments[1].value, row),
    }
}

/// The dynamic value behind a path's base; a string is read as JSON.
fn as_json(value: &Value) -> Json {
    match value {
        Value::Dynamic(json) => json.clone(),
        Value::String(text) => json::parse(text).unwrap_or(Json::Null),
        _ => Json::Null,
    }
}

fn member(base: &Value, name: &str) -> Value {
    Value::Dynamic(as_json(base).get(name).cloned().unwrap_or(Json::Null))
}

fn element(base: &Value, index: &Value) -> Value {
    let json = as_json(base);
    let found = match (&json, index) {
        (Json::Array(items), index) => index.as_i64().and_then(|index| {
            let index = if index < 0 { index + items.len() as i64 } else { index };
            usize::try_from(index).ok().and_then(|index| items.get(index))
        }),
        (json, index) => index.as_str().and_then(|name| json.get(name)),
    };
    Value::Dynamic(found.cloned().unwrap_or(Json::Null))
}

/// A truth of three values.
pub fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => *value,
        Value::Dynamic(Json::Bool(value)) => Some(*value),
        _ => None,
    }
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// `and` (`decisive` false) and `or` (`decisive` true).
fn fold_logic(env: &Env, operands: &[Expr], row: Row, decisive: bool) -> Result<Value> {
    let mut result = Some(!decisive);
    for operand in operands {
        match truth(&eval(env, operand, row)?) {
            Some(value) if value == decisive => return Ok(Value::Bool(Some(decisive))),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(Value::Bool(result))
}

fn negate(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Int(value) => Value::Int(value.and_then(i32::checked_neg)),
        Value::Long(value) => Value::Long(value.and_then(i64::checked_neg)),
        Value::Real(value) => Value::Real(value.map(|value| -value)),
        Value::Timespan(value) => Value::Timespan(value.and_then(i64::checked_neg)),
        other => return Err(format!("can't negate {other:?}")),
    })
}

pub fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value> {
    match op {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            super::arithmetic::arithmetic(op, left, right)
        }
        BinaryOp::Equal => Ok(Value::Bool(equal(left, right)?)),
        BinaryOp::NotEqual => Ok(Value::Bool(equal(left, right)?.map(|equal| !equal))),
        BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
            if left.is_null() || right.is_null() {
                return Ok(Value::Bool(None));
            }
            let order = left.compare(right).ok_or_else(|| format!("can't compare {left:?} with {right:?}"))?;
            Ok(Value::Bool(Some(match op {
                BinaryOp::Less => order.is_lt(),
                BinaryOp::LessOrEqual => order.is_le(),
                BinaryOp::Greater => order.is_gt(),
                _ => order.is_ge(),
            })))
        }
        _ => string_operator(op, &convert::to_text(left), &convert::to_text(right)),
    }
}

/// Two nulls: null. One: false.
pub fn equal(left: &Value, right: &Value) -> Result<Option<bool>> {
    if let (Value::Dynamic(json), Value::String(text)) | (Value::String(text), Value::Dynamic(json)) = (left, right) {
        return Ok(Some(convert::json_text(json) == *text));
    }
    match (left.is_null(), right.is_null()) {
        (true, true) => Ok(None),
        (true, false) | (false, true) => Ok(Some(false)),
        (false, false) => match (left, right) {
            (Value::Dynamic(left), Value::Dynamic(right)) => Ok(Some(left == right)),
            _ => left
                .compare(right)
                .map(|order| Some(order.is_eq()))
                .ok_or_else(|| format!("can't compare {left:?} with {right:?}")),
        },
    }
}

fn string_operator(op: BinaryOp, left: &str, right: &str) -> Result<Value> {
    let answer = match op {
        BinaryOp::EqualIgnoreCase => text::equal_ignore_case(left, right),
        BinaryOp::NotEqualIgnoreCase => !text::equal_ignore_case(left, right),
        BinaryOp::Has => text::has(left, right, Ends::Both, false),
        BinaryOp::NotHas => !text::has(left, right, Ends::Both, false),
        BinaryOp::HasCs => text::has(left, right, Ends::Both, true),
        BinaryOp::NotHasCs => !text::has(left, right, Ends::Both, true),
        BinaryOp::HasPrefix => text::has(left, right, Ends::Start, false),
        BinaryOp::NotHasPrefix => !text::has(left, right, Ends::Start, false),
        BinaryOp::HasPrefixCs => text::has(left, right, Ends::Start, true),
        BinaryOp::NotHasPrefixCs => !text::has(left, right, Ends::Start, true),
        BinaryOp::HasSuffix => text::has(left, right, Ends::End, false),
        BinaryOp::NotHasSuffix => !text::has(left, right, Ends::End, false),
        BinaryOp::HasSuffixCs => text::has(left, right, Ends::End, true),
        BinaryOp::NotHasSuffixCs => !text::has(left, right, Ends::End, true),
        BinaryOp::Contains => text::contains(left, right, false),
        BinaryOp::NotContains => !text::contains(left, right, false),
        BinaryOp::ContainsCs => text::contains(left, right, true),
        BinaryOp::NotContainsCs => !text::contains(left, right, true),
        BinaryOp::StartsWith => text::starts_with(left, right, false),
        BinaryOp::NotStartsWith => !text::starts_with(left, right, false),
        BinaryOp::StartsWithCs => text::starts_with(left, right, true),
        BinaryOp::NotStartsWithCs => !text::starts_with(left, right, true),
        BinaryOp::EndsWith => text::ends_with(left, right, false),
        BinaryOp::NotEndsWith => !text::ends_with(left, right, false),
        BinaryOp::EndsWithCs => text::ends_with(left, right, true),
        BinaryOp::NotEndsWithCs => !text::ends_with(left, right, true),
        BinaryOp::MatchesRegex => Regex::new(right)?.find(left).is_some(),
        other => return Err(format!("operator {other:?}")),
    };
    Ok(Value::Bool(Some(answer)))
}

/// The values between the parentheses: constants, arrays' elements, a table's first column.
fn list_items(env: &Env, items: &[Expr], row: Row) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    for item in items {
        if let Some(table) = operators::as_table(env, item)? {
            values.extend(table.rows.iter().map(|row| row[0].clone()));
            continue;
        }
        match eval(env, item, row)? {
            Value::Dynamic(Json::Array(elements)) => values.extend(elements.iter().map(convert::from_json)),
            other => values.push(other),
        }
    }
    Ok(values)
}

fn in_list(op: ListOp, left: &Value, items: &[Value]) -> Result<Option<bool>> {
    let text = convert::to_text(left);
    let texts: Vec<String> = items.iter().map(convert::to_text).collect();
    let is_in = || -> Result<bool> {
        for item in items {
            if left.data_type() != DataType::Dynamic && equal(left, item)? == Some(true) {
                return Ok(true);
            }
            if left.data_type() == DataType::Dynamic && *left == Value::Dynamic(convert::to_json(item)) {
                return Ok(true);
            }
        }
        Ok(false)
    };
    Ok(Some(match op {
        ListOp::In => is_in()?,
        ListOp::NotIn => !is_in()?,
        ListOp::InIgnoreCase => texts.iter().any(|item| text::equal_ignore_case(&text, item)),
        ListOp::NotInIgnoreCase => !texts.iter().any(|item| text::equal_ignore_case(&text, item)),
        ListOp::HasAny => texts.iter().any(|item| text::has(&text, item, Ends::Both, false)),
        ListOp::HasAll => texts.iter().all(|item| text::has(&text, item, Ends::Both, false)),
    }))
}

//! `+ - * / %` and `bin`: whole numbers stay whole, times are ticks, what can't be computed is null.

use kql::syntax::{BinaryOp, DataType};

use super::scope::Result;
use super::time::DATETIME_MAX;
use super::value::Value;

pub fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Result<Value> {
    let types = (left.data_type(), right.data_type());
    let (ints, reals) = ((left.as_i64(), right.as_i64()), (left.as_f64(), right.as_f64()));
    match types {
        (DataType::Real, DataType::Int | DataType::Long | DataType::Real)
        | (DataType::Int | DataType::Long, DataType::Real) => {
            Ok(Value::Real(both(reals).map(|(left, right)| real(op, left, right))))
        }
        (DataType::Int | DataType::Long, DataType::Int | DataType::Long) => {
            Ok(Value::Long(both(ints).and_then(|(left, right)| whole(op, left, right))))
        }
        (DataType::Timespan, DataType::Timespan) => match op {
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Modulo => {
                Ok(Value::Timespan(both(ints).and_then(|(left, right)| whole(op, left, right))))
            }
            BinaryOp::Divide => Ok(Value::Real(both(reals).map(|(left, right)| left / right))),
            _ => no_operator(op, types),
        },
        (DataType::Datetime, DataType::Timespan) if matches!(op, BinaryOp::Add | BinaryOp::Subtract) => {
            Ok(Value::Datetime(both(ints).and_then(|(left, right)| in_range(whole(op, left, right)?))))
        }
        (DataType::Timespan, DataType::Datetime) if op == BinaryOp::Add => {
            Ok(Value::Datetime(both(ints).and_then(|(left, right)| in_range(whole(op, left, right)?))))
        }
        (DataType::Datetime, DataType::Datetime) if op == BinaryOp::Subtract => {
            Ok(Value::Timespan(both(ints).map(|(left, right)| left - right)))
        }
        (DataType::Timespan, DataType::Int | DataType::Long) if matches!(op, BinaryOp::Multiply | BinaryOp::Divide) => {
            Ok(Value::Timespan(both(ints).and_then(|(left, right)| whole(op, left, right))))
        }
        (DataType::Int | DataType::Long, DataType::Timespan) if op == BinaryOp::Multiply => {
            Ok(Value::Timespan(both(ints).and_then(|(left, right)| whole(op, left, right))))
        }
        (DataType::Timespan, DataType::Real) if matches!(op, BinaryOp::Multiply | BinaryOp::Divide) => {
            Ok(Value::Timespan(both(reals).map(|(left, right)| real(op, left, right) as i64)))
        }
        (DataType::Real, DataType::Timespan) if op == BinaryOp::Multiply => {
            Ok(Value::Timespan(both(reals).map(|(left, right)| (left * right) as i64)))
        }
        _ => no_operator(op, types),
    }
}

fn no_operator(op: BinaryOp, types: (DataType, DataType)) -> Result<Value> {
    Err(format!("no {op:?} of {types:?}"))
}

fn both<T>(pair: (Option<T>, Option<T>)) -> Option<(T, T)> {
    Some((pair.0?, pair.1?))
}

fn in_range(ticks: i64) -> Option<i64> {
    (0..=DATETIME_MAX).contains(&ticks).then_some(ticks)
}

/// Division by zero is null; the remainder is never negative. What overflow gives is not said; it is null, as in the engine.
fn whole(op: BinaryOp, left: i64, right: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Subtract => left.checked_sub(right),
        BinaryOp::Multiply => left.checked_mul(right),
        BinaryOp::Divide => left.checked_div(right),
        _ => left.checked_rem_euclid(right),
    }
}

fn real(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide => left / right,
        _ => left.rem_euclid(right),
    }
}

/// The multiple of `size` at or below the value. A size that is null, zero or negative gives null.
pub fn bin(value: &Value, size: &Value) -> Result<Value> {
    let whole = || -> Option<i64> {
        let (value, size) = (i128::from(value.as_i64()?), i128::from(size.as_i64()?));
        if size > 0 { i64::try_from(value.div_euclid(size) * size).ok() } else { None }
    };
    Ok(match (value.data_type(), size.data_type()) {
        (DataType::Datetime, DataType::Timespan) => Value::Datetime(whole()),
        (DataType::Timespan, DataType::Timespan) => Value::Timespan(whole()),
        (DataType::Int | DataType::Long, DataType::Int | DataType::Long) => Value::Long(whole()),
        (DataType::Int | DataType::Long | DataType::Real, DataType::Int | DataType::Long | DataType::Real) => {
            let real = || -> Option<f64> {
                let (value, size) = (value.as_f64()?, size.as_f64()?);
                (size > 0.0).then(|| (value / size).floor() * size)
            };
            Value::Real(real())
        }
        types => return Err(format!("no bin of {types:?}")),
    })
}

//! `summarize` and its aggregates. Nulls don't count, except in `count()`.

use kql::syntax::{Argument, BinaryOp, Call, DataType, Expr, NamedExpr, Target};

use super::convert::{to_json, widen};
use super::operators::{evaluate_column, name_of};
use super::scalar::{eval, truth};
use super::scope::{Env, Result, Row};
use super::value::{Column, Json, Table, Value};
use super::{arithmetic, functions};

/// A group: its keys, and the rows in it.
struct Group {
    keys: Vec<Value>,
    rows: Vec<Vec<Value>>,
}

pub fn summarize(env: &Env, table: &Table, aggregates: &[NamedExpr], by: &[NamedExpr]) -> Result<Table> {
    let mut columns = Vec::new();
    let mut key_values = Vec::new();
    for (index, key) in by.iter().enumerate() {
        let (data_type, values) = evaluate_column(env, table, &key.expr)?;
        columns.push(Column::new(key_name(key, index + 1), data_type));
        key_values.push(values);
    }
    let groups = group(table, &key_values, by.is_empty());
    let empty = Group { keys: Vec::new(), rows: Vec::new() };
    let mut rows: Vec<Vec<Value>> = groups.iter().map(|group| group.keys.clone()).collect();
    for (index, aggregate) in aggregates.iter().enumerate() {
        columns.extend(result_columns(env, table, aggregate, index + 1, &result(env, table, aggregate, &empty)?)?);
        for (group, row) in groups.iter().zip(&mut rows) {
            row.extend(result(env, table, aggregate, group)?);
        }
    }
    make_unique(&mut columns);
    Ok(Table { columns, rows, is_sorted: false })
}

/// `bin(x, 1h)` as a key is named as its column.
fn key_name(key: &NamedExpr, index: usize) -> String {
    match (&key.target, &key.expr) {
        (None, Expr::Call(call)) if matches!(call.name.text.as_str(), "bin" | "floor" | "startofday" | "tostring") => {
            match &call.arguments[0].value {
                Expr::Name(name) => name.text.clone(),
                _ => name_of(key, index),
            }
        }
        _ => name_of(key, index),
    }
}

fn group(table: &Table, key_values: &[Vec<Value>], is_whole: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut names: Vec<Vec<String>> = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        let keys: Vec<Value> = key_values.iter().map(|values| values[index].clone()).collect();
        let name: Vec<String> = keys.iter().map(Value::key).collect();
        match names.iter().position(|other| *other == name) {
            Some(at) => groups[at].rows.push(row.clone()),
            None => {
                names.push(name);
                groups.push(Group { keys, rows: vec![row.clone()] });
            }
        }
    }
    if is_whole && groups.is_empty() {
        groups.push(Group { keys: Vec::new(), rows: Vec::new() });
    }
    groups
}

/// A name that occurs again gets a number.
pub fn make_unique(columns: &mut [Column]) {
    for index in 0..columns.len() {
        let (before, rest) = columns.split_at_mut(index);
        let name = rest[0].name.clone();
        let mut number = 0;
        while before.iter().any(|other| other.name == rest[0].name) {
            number += 1;
            rest[0].name = format!("{name}{number}");
        }
    }
}

fn result_columns(
    env: &Env,
    table: &Table,
    aggregate: &NamedExpr,
    index: usize,
    values: &[Value],
) -> Result<Vec<Column>> {
    let Expr::Call(call) = &aggregate.expr else {
        return Ok(vec![Column::new(name_of(aggregate, index), values[0].data_type())]);
    };
    let mut names = match extreme_arguments(table, call) {
        Some(exprs) => {
            exprs.iter().enumerate().map(|(at, (name, _))| name.clone().unwrap_or(format!("Column{at}"))).collect()
        }
        None => vec![default_name(call)],
    };
    let _ = env;
    match &aggregate.target {
        Some(Target::Name(name)) => names[0] = name.text.clone(),
        Some(Target::Tuple(targets)) => {
            for (name, target) in names.iter_mut().zip(targets) {
                *name = target.text.clone();
            }
        }
        None => {}
    }
    Ok(names.into_iter().zip(values).map(|(name, value)| Column::new(name, value.data_type())).collect())
}

fn default_name(call: &Call) -> String {
    let argument = match call.arguments.first().map(|argument| &argument.value) {
        Some(Expr::Name(name)) => name.text.as_str(),
        _ => "",
    };
    match call.name.text.as_str() {
        "make_set" | "makeset" | "make_set_if" => format!("set_{argument}"),
        "make_list" | "makelist" | "make_list_if" => format!("list_{argument}"),
        "any" | "take_any" | "arg_max" | "arg_min" => argument.to_owned(),
        "count" | "countif" => format!("{}_", call.name.text),
        name => format!("{name}_{argument}"),
    }
}

/// The key and the values of `arg_max(key, a, *)`, with names; `None` for other aggregates.
fn extreme_arguments(table: &Table, call: &Call) -> Option<Vec<(Option<String>, Picked)>> {
    if !matches!(call.name.text.as_str(), "arg_max" | "arg_min") {
        return None;
    }
    let mut picked: Vec<(Option<String>, Picked)> = Vec::new();
    for Argument { value, .. } in &call.arguments {
        match value {
            Expr::Star { .. } => {
                for (at, column) in table.columns.iter().enumerate() {
                    if !picked.iter().any(|(name, _)| name.as_ref() == Some(&column.name)) {
                        picked.push((Some(column.name.clone()), Picked::Column(at)));
                    }
                }
            }
            Expr::Name(name) => picked.push((Some(name.text.clone()), Picked::Expr(value.clone()))),
            _ => picked.push((None, Picked::Expr(value.clone()))),
        }
    }
    Some(picked)
}

enum Picked {
    Column(usize),
    Expr(Expr),
}

impl Picked {
    fn value(&self, env: &Env, row: Row) -> Result<Value> {
        match self {
            Self::Column(at) => Ok(row.values[*at].clone()),
            Self::Expr(expr) => eval(env, expr, row),
        }
    }
}

/// The values of one aggregate in a group; several for `arg_max`. An expression of aggregates is computed from them.
fn result(env: &Env, table: &Table, aggregate: &NamedExpr, group: &Group) -> Result<Vec<Value>> {
    match &aggregate.expr {
        Expr::Call(call) => match extreme_arguments(table, call) {
            Some(picked) => arg_extreme(env, table, &picked, group, call.name.text == "arg_max"),
            None => Ok(vec![computed(env, table, &aggregate.expr, group)?]),
        },
        Expr::Binary { .. } => Ok(vec![computed(env, table, &aggregate.expr, group)?]),
        other => Err(format!("not an aggregate: {other:?}")),
    }
}

fn arg_extreme(
    env: &Env,
    table: &Table,
    picked: &[(Option<String>, Picked)],
    group: &Group,
    is_max: bool,
) -> Result<Vec<Value>> {
    let nulls = table.null_row();
    let mut best: Option<(Value, &Vec<Value>)> = None;
    for row in &group.rows {
        let key = picked[0].1.value(env, Row::new(&table.columns, row))?;
        if key.is_null() {
            continue;
        }
        let order = best.as_ref().and_then(|(other, _)| key.compare(other));
        if order.is_none_or(|order| if is_max { order.is_gt() } else { order.is_lt() }) {
            best = Some((key, row));
        }
    }
    let row = best.map_or(&nulls, |(_, row)| row);
    picked.iter().map(|(_, picked)| picked.value(env, Row::new(&table.columns, row))).collect()
}

fn computed(env: &Env, table: &Table, expr: &Expr, group: &Group) -> Result<Value> {
    match expr {
        Expr::Call(call) if is_aggregate(&call.name.text) => aggregate(env, table, call, group),
        Expr::Call(call) => {
            let values: Result<Vec<Value>> =
                call.arguments.iter().map(|argument| computed(env, table, &argument.value, group)).collect();
            functions::call(env, &call.name.text, &values?)
        }
        Expr::Binary { op, left, right, .. } => {
            super::scalar::binary(*op, &computed(env, table, left, group)?, &computed(env, table, right, group)?)
        }
        other => eval(env, other, Row::NONE),
    }
}

fn is_aggregate(name: &str) -> bool {
    let plain = name.strip_suffix("_if").or_else(|| name.strip_suffix("if")).unwrap_or(name);
    matches!(
        plain,
        "count"
            | "sum"
            | "avg"
            | "min"
            | "max"
            | "dcount"
            | "make_set"
            | "make_list"
            | "makeset"
            | "makelist"
            | "any"
            | "take_any"
            | "count_distinct"
            | "stdev"
            | "variance"
            | "percentile"
    )
}

/// An aggregate over all rows of a table.
pub fn whole(env: &Env, table: &Table, call: &Call) -> Result<Value> {
    aggregate(env, table, call, &Group { keys: Vec::new(), rows: table.rows.clone() })
}

fn aggregate(env: &Env, table: &Table, call: &Call, group: &Group) -> Result<Value> {
    let name = call.name.text.as_str();
    let plain = name.strip_suffix("_if").or_else(|| name.strip_suffix("if")).unwrap_or(name);
    let mut arguments: Vec<&Expr> = call.arguments.iter().map(|argument| &argument.value).collect();
    let mut rows: Vec<&Vec<Value>> = group.rows.iter().collect();
    if plain != name {
        let condition = if plain == "count" { arguments.remove(0) } else { arguments.remove(1) };
        let mut kept = Vec::new();
        for row in rows {
            if truth(&eval(env, condition, Row::new(&table.columns, row))?) == Some(true) {
                kept.push(row);
            }
        }
        rows = kept;
    }
    if plain == "count" {
        return Ok(Value::Long(Some(rows.len() as i64)));
    }
    let data_type = eval(env, arguments[0], Row::new(&table.columns, &table.null_row()))?.data_type();
    let mut values = Vec::new();
    for row in rows {
        let value = eval(env, arguments[0], Row::new(&table.columns, row))?;
        if !value.is_null() {
            values.push(widen(&value, data_type));
        }
    }
    let option = arguments.get(1).map(|argument| eval(env, argument, Row::NONE)).transpose()?;
    over(plain, data_type, &values, option.as_ref())
}

/// An aggregate of values that are not null.
pub fn over(name: &str, data_type: DataType, values: &[Value], option: Option<&Value>) -> Result<Value> {
    let reals = || values.iter().filter_map(Value::as_f64);
    let count = values.len() as f64;
    match name {
        "count" => Ok(Value::Long(Some(values.len() as i64))),
        "sum" => sum(data_type, values),
        "avg" => Ok(match data_type {
            DataType::Timespan | DataType::Datetime if values.is_empty() => Value::null(data_type),
            DataType::Timespan => Value::Timespan(Some((reals().sum::<f64>() / count) as i64)),
            DataType::Datetime => Value::Datetime(Some((reals().sum::<f64>() / count) as i64)),
            _ => Value::Real((!values.is_empty()).then(|| reals().sum::<f64>() / count)),
        }),
        "min" | "max" => {
            let mut best = Value::null(data_type);
            for (index, value) in values.iter().enumerate() {
                let order = if index == 0 { None } else { value.compare(&best) };
                if order.is_none_or(|order| if name == "max" { order.is_gt() } else { order.is_lt() }) {
                    best = value.clone();
                }
            }
            Ok(best)
        }
        "dcount" | "count_distinct" => Ok(Value::Long(Some(unique(values).len() as i64))),
        "make_set" | "makeset" => {
            Ok(Value::Dynamic(Json::Array(unique(&members(values)).iter().map(to_json).collect())))
        }
        "make_list" | "makelist" => Ok(Value::Dynamic(Json::Array(values.iter().map(to_json).collect()))),
        "any" | "take_any" => Ok(values.first().cloned().unwrap_or_else(|| Value::null(data_type))),
        "variance" | "stdev" => {
            let mean = reals().sum::<f64>() / count;
            let variance = match values.len() {
                0 => None,
                1 => Some(0.0),
                _ => Some(reals().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)),
            };
            Ok(Value::Real(if name == "stdev" { variance.map(f64::sqrt) } else { variance }))
        }
        "percentile" => Ok(percentile(data_type, values, option.and_then(Value::as_f64).unwrap_or(50.0))),
        _ => Err(format!("aggregate {name}")),
    }
}

fn sum(data_type: DataType, values: &[Value]) -> Result<Value> {
    if values.is_empty() {
        return Ok(match data_type {
            DataType::Int => Value::Long(Some(0)),
            DataType::Long => Value::Long(Some(0)),
            DataType::Real => Value::Real(Some(0.0)),
            other => Value::null(other),
        });
    }
    let mut total = match data_type {
        DataType::Int => Value::Long(Some(0)),
        DataType::Long => Value::Long(Some(0)),
        DataType::Real => Value::Real(Some(0.0)),
        _ => Value::Timespan(Some(0)),
    };
    for value in values {
        total = arithmetic::arithmetic(BinaryOp::Add, &total, value)?;
    }
    Ok(total)
}

/// A set of arrays is a set of their members.
fn members(values: &[Value]) -> Vec<Value> {
    let mut members = Vec::new();
    for value in values {
        match value {
            Value::Dynamic(Json::Array(items)) => members.extend(items.iter().cloned().map(Value::Dynamic)),
            other => members.push(other.clone()),
        }
    }
    members
}

fn unique(values: &[Value]) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !kept.iter().any(|other| other.key() == value.key()) {
            kept.push(value.clone());
        }
    }
    kept
}

/// Nearest rank.
fn percentile(data_type: DataType, values: &[Value], percent: f64) -> Value {
    let mut values = values.to_vec();
    values.sort_by(|left, right| left.compare(right).unwrap_or(std::cmp::Ordering::Equal));
    let rank = (percent * values.len() as f64 / 100.0).ceil().max(1.0) as usize;
    values.get(rank - 1).cloned().unwrap_or_else(|| Value::null(data_type))
}

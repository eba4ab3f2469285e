//! `make-series`: a value for each bin of an axis, for each group.

use kql::syntax::{Expr, MakeSeries};

use super::aggregate;
use super::convert::to_json;
use super::operators::{evaluate_column, name_of};
use super::scalar::{eval, truth};
use super::scope::{Env, Result, Row};
use super::time;
use super::value::{Column, Json, Table, Value};

pub fn make_series(env: &Env, table: &Table, spec: &MakeSeries) -> Result<Table> {
    let bound = |expr: &Option<Expr>| -> Result<i64> {
        let expr = expr.as_ref().ok_or("make-series needs from, to and step here")?;
        eval(env, expr, Row::NONE)?.as_i64().ok_or_else(|| "a bound is null".to_owned())
    };
    let (from, to, step) = (bound(&spec.from)?, bound(&spec.to)?, bound(&spec.step)?);
    let bins: Vec<i64> = (0..).map(|index| from + index * step).take_while(|at| *at < to).collect();
    let (axis_type, axis) = evaluate_column(env, table, &spec.on.expr)?;
    let mut columns = Vec::new();
    let mut keys = Vec::new();
    for (index, key) in spec.by.iter().enumerate() {
        let (data_type, values) = evaluate_column(env, table, &key.expr)?;
        columns.push(Column::new(name_of(key, index + 1), data_type));
        keys.push(values);
    }
    let mut groups: Vec<(Vec<Value>, Vec<usize>)> = Vec::new();
    for index in 0..table.rows.len() {
        let inside = axis[index].as_i64().is_some_and(|at| at >= from && at < to);
        if !inside {
            continue;
        }
        let key: Vec<Value> = keys.iter().map(|values| values[index].clone()).collect();
        match groups.iter_mut().find(|(other, _)| other.iter().map(Value::key).eq(key.iter().map(Value::key))) {
            Some((_, rows)) => rows.push(index),
            None => groups.push((key, vec![index])),
        }
    }
    let mut rows: Vec<Vec<Value>> = groups.iter().map(|(key, _)| key.clone()).collect();
    for (index, item) in spec.series.iter().enumerate() {
        columns.push(Column::new(name_of(&item.aggregate, index + 1), kql::syntax::DataType::Dynamic));
        let default =
            item.default.as_ref().map_or(Ok(Value::Long(Some(0))), |default| eval(env, default, Row::NONE))?;
        for ((_, members), row) in groups.iter().zip(&mut rows) {
            let mut points = Vec::new();
            for bin in &bins {
                let is_in = |index: &&usize| axis[**index].as_i64().is_some_and(|at| at >= *bin && at < bin + step);
                let rows: Vec<usize> = members.iter().filter(is_in).copied().collect();
                points.push(point(env, table, &item.aggregate.expr, &rows, &default)?);
            }
            row.push(Value::Dynamic(Json::Array(points)));
        }
    }
    columns.push(Column::new(name_of(&spec.on, 1), kql::syntax::DataType::Dynamic));
    let tick = |at: &i64| match axis_type {
        kql::syntax::DataType::Datetime => Json::String(time::datetime_text(*at)),
        _ => Json::Long(*at),
    };
    let axis = Value::Dynamic(Json::Array(bins.iter().map(tick).collect()));
    rows.iter_mut().for_each(|row| row.push(axis.clone()));
    Ok(Table { columns, rows, is_sorted: false })
}

fn point(env: &Env, table: &Table, expr: &Expr, rows: &[usize], default: &Value) -> Result<Json> {
    let Expr::Call(call) = expr else { return Err("make-series takes aggregates".to_owned()) };
    if rows.is_empty() {
        return Ok(to_json(default));
    }
    let mut values = Vec::new();
    let mut data_type = kql::syntax::DataType::Long;
    for index in rows {
        let row = Row::new(&table.columns, &table.rows[*index]);
        let Some(argument) = call.arguments.first() else {
            values.push(Value::Long(Some(1)));
            continue;
        };
        let value = eval(env, &argument.value, row)?;
        data_type = value.data_type();
        if call.name.text == "countif" {
            values.extend((truth(&value) == Some(true)).then(|| value.clone()));
        } else if !value.is_null() {
            values.push(value);
        }
    }
    let name = if call.name.text == "countif" { "count" } else { call.name.text.as_str() };
    Ok(to_json(&aggregate::over(name, data_type, &values, None)?))
}

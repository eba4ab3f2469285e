//! `evaluate`: `pivot`, `bag_unpack`, `narrow`.

use std::collections::BTreeMap;

use kql::syntax::{Argument, DataType, Evaluate, Expr, Name};

use super::convert::{from_json, to_text};
use super::operators::select;
use super::scope::{Env, Result};
use super::value::{Column, Json, Table, Value};
use super::{aggregate, operators};

pub fn evaluate(env: &Env, table: &Table, spec: &Evaluate) -> Result<Table> {
    match spec.call.name.text.as_str() {
        "pivot" => pivot(env, table, &spec.call.arguments),
        "bag_unpack" => bag_unpack(table, &spec.call.arguments),
        other => Err(format!("plugin {other}")),
    }
}

fn place(table: &Table, argument: &Argument) -> Result<usize> {
    match &argument.value {
        Expr::Name(Name { text, .. }) => table.position(text).ok_or_else(|| format!("no column {text}")),
        other => Err(format!("a column is needed, not {other:?}")),
    }
}

/// Rows by all columns that are neither the pivot's nor in its aggregate; a column for each value.
fn pivot(env: &Env, table: &Table, arguments: &[Argument]) -> Result<Table> {
    let [pivot, rest @ ..] = arguments else { return Err("pivot needs a column".to_owned()) };
    let pivot = place(table, pivot)?;
    let aggregate = rest.first().map(|argument| &argument.value);
    let used: Vec<usize> = match aggregate {
        Some(Expr::Call(call)) => {
            call.arguments.iter().map(|argument| place(table, argument)).collect::<Result<_>>()?
        }
        Some(other) => return Err(format!("no aggregate {other:?}")),
        None => Vec::new(),
    };
    let keys: Vec<usize> = (0..table.columns.len()).filter(|at| *at != pivot && !used.contains(at)).collect();
    let texts: Vec<String> = table.rows.iter().map(|row| to_text(&row[pivot])).collect();
    let mut names = texts.clone();
    names.sort();
    names.dedup();
    let mut result = select(table, &keys);
    result = operators::unique(&result);
    result.is_sorted = false;
    let heads = result.rows.clone();
    for name in &names {
        let mut data_type = DataType::Long;
        for (head, row) in heads.iter().zip(&mut result.rows) {
            let is_member = |at: &usize| {
                texts[*at] == *name
                    && keys.iter().zip(head).all(|(key, value)| table.rows[*at][*key].key() == value.key())
            };
            let members: Vec<Vec<Value>> =
                (0..table.rows.len()).filter(is_member).map(|at| table.rows[at].clone()).collect();
            let members = Table { rows: members, ..table.clone() };
            let value = match aggregate {
                Some(Expr::Call(call)) => aggregate::whole(env, &members, call)?,
                _ => Value::Long(Some(members.rows.len() as i64)),
            };
            data_type = value.data_type();
            row.push(value);
        }
        result.columns.push(Column::new(name, data_type));
    }
    Ok(result)
}

/// A column for each property of the bags, by name, behind the other columns.
fn bag_unpack(table: &Table, arguments: &[Argument]) -> Result<Table> {
    let [bag] = arguments else { return Err("bag_unpack of another form".to_owned()) };
    let bag = place(table, bag)?;
    let mut types: BTreeMap<String, DataType> = BTreeMap::new();
    for row in &table.rows {
        let Value::Dynamic(Json::Object(fields)) = &row[bag] else { continue };
        for (name, value) in fields {
            let data_type = from_json(value).data_type();
            if types.insert(name.clone(), data_type).is_some_and(|before| before != data_type) {
                return Err("properties of several types".to_owned());
            }
        }
    }
    let kept: Vec<usize> = (0..table.columns.len()).filter(|at| *at != bag).collect();
    let mut result = select(table, &kept);
    for (name, data_type) in types {
        result.columns.push(Column::new(&name, data_type));
        for (row, source) in result.rows.iter_mut().zip(&table.rows) {
            let found = match &source[bag] {
                Value::Dynamic(json) => json.get(&name).map(from_json),
                _ => None,
            };
            row.push(found.unwrap_or_else(|| Value::null(data_type)));
        }
    }
    Ok(result)
}

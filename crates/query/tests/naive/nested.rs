//! `top-nested` and `partition`: the same over each value of a key.

use kql::syntax::{DataType, Partition, SortOrder, TopNested};

use super::aggregate;
use super::operators::{evaluate_column, run};
use super::scalar::eval;
use super::scope::{Env, Result, Row};
use super::value::{Column, Table, Value, sort_order};

/// For each value of a level, ranked by its aggregate, the values of the next level among its rows.
pub fn top_nested(env: &Env, table: &Table, levels: &[TopNested]) -> Result<Table> {
    let (columns, rows) = level(env, table, levels)?;
    Ok(Table { columns, rows, is_sorted: false })
}

fn level(env: &Env, table: &Table, levels: &[TopNested]) -> Result<(Vec<Column>, Vec<Vec<Value>>)> {
    let Some((first, rest)) = levels.split_first() else { return Ok((Vec::new(), vec![Vec::new()])) };
    if first.others.is_some() {
        return Err("top-nested with others".to_owned());
    }
    let count = match &first.count {
        Some(count) => eval(env, count, Row::NONE)?.as_i64().ok_or("a count is a number")?,
        None => i64::MAX,
    };
    let by = std::slice::from_ref(&first.by.expr);
    let mut ranked = aggregate::summarize(env, table, by, std::slice::from_ref(&first.of))?;
    let is_descending = first.by.order != Some(SortOrder::Ascending);
    ranked.rows.sort_by(|left, right| sort_order(&left[1], &right[1], is_descending, !is_descending));
    ranked.rows.truncate(usize::try_from(count).unwrap_or(0));
    let (_, values) = evaluate_column(env, table, &first.of.expr)?;
    let none = Table { rows: Vec::new(), ..table.clone() };
    let mut columns = ranked.columns;
    columns.extend(level(env, &none, rest)?.0);
    let mut rows = Vec::new();
    for head in ranked.rows {
        let members = table.rows.iter().zip(&values).filter(|(_, value)| value.key() == head[0].key());
        let members = Table { rows: members.map(|(row, _)| row.clone()).collect(), ..table.clone() };
        let (_, tails) = level(env, &members, rest)?;
        rows.extend(tails.into_iter().map(|tail| [head.clone(), tail].concat()));
    }
    Ok((columns, rows))
}

/// The body over the rows of each value of the key, one result behind the other.
pub fn partition(env: &Env, table: &Table, spec: &Partition) -> Result<Table> {
    let (data_type, keys) = evaluate_column(env, table, &spec.by.expr)?;
    if spec.body.source.is_some() || data_type == DataType::Dynamic {
        return Err("partition of another form".to_owned());
    }
    let mut values: Vec<String> = Vec::new();
    for key in &keys {
        if !values.contains(&key.key()) {
            values.push(key.key());
        }
    }
    let none = Table { rows: Vec::new(), ..table.clone() };
    let mut result = run(env, none, &spec.body.operators, true)?;
    result.rows.clear();
    result.is_sorted = false;
    for value in values {
        let members = table.rows.iter().zip(&keys).filter(|(_, key)| key.key() == value);
        let members = Table { rows: members.map(|(row, _)| row.clone()).collect(), ..table.clone() };
        result.rows.extend(run(env, members, &spec.body.operators, true)?.rows);
    }
    Ok(result)
}

//! `search` over the rows of a table, and `find` over tables.

use kql::syntax::{BinaryOp, Expr, Find, FindColumns, Search};

use super::convert::{constant_text, to_text};
use super::operators::{as_table, select, union};
use super::scalar::{eval, truth};
use super::scope::{Env, Result, Row};
use super::text::{self, Ends};
use super::value::{Column, Table, Value};

/// The rows in which a text is found.
pub fn search(env: &Env, table: &Table, spec: &Search) -> Result<Table> {
    if !spec.tables.is_empty() {
        return Err("search in tables".to_owned());
    }
    let mut result = Table { rows: Vec::new(), ..table.clone() };
    for row in &table.rows {
        if found(env, &table.columns, row, &spec.predicate, spec.is_case_sensitive)? {
            result.rows.push(row.clone());
        }
    }
    result.is_sorted = false;
    result.columns.insert(0, Column::new("$table", kql::syntax::DataType::String));
    result.rows.iter_mut().for_each(|row| row.insert(0, Value::string("")));
    Ok(result)
}

fn found(env: &Env, columns: &[Column], row: &[Value], predicate: &Expr, is_cs: bool) -> Result<bool> {
    match predicate {
        Expr::Literal { .. } => {
            let wanted = constant_text(predicate)?;
            Ok(row.iter().zip(columns).any(|(value, column)| {
                column.name != "$table"
                    && matches!(value, Value::String(_) | Value::Dynamic(_))
                    && fits(value, &wanted, is_cs)
            }))
        }
        Expr::And { operands, .. } => {
            for operand in operands {
                if !found(env, columns, row, operand, is_cs)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Expr::Or { operands, .. } => {
            for operand in operands {
                if found(env, columns, row, operand, is_cs)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Expr::Binary { op: BinaryOp::Search, left, right, .. } => {
            let value = eval(env, left, Row::new(columns, row))?;
            Ok(fits(&value, &constant_text(right)?, is_cs))
        }
        other => Ok(truth(&eval(env, other, Row::new(columns, row))?) == Some(true)),
    }
}

/// A term, with `*` its beginning, its end, or any part.
fn fits(value: &Value, wanted: &str, is_cs: bool) -> bool {
    let text = to_text(value);
    let inner = wanted.trim_matches('*');
    match (wanted.starts_with('*'), wanted.ends_with('*')) {
        (true, true) => text::contains(&text, inner, is_cs),
        (false, true) => text::has(&text, inner, Ends::Start, is_cs),
        (true, false) => text::has(&text, inner, Ends::End, is_cs),
        (false, false) => text::has(&text, inner, Ends::Both, is_cs),
    }
}

/// `find in (A, B) where … project …`, without the source's name, which is not the same everywhere.
pub fn find(env: &Env, spec: &Find) -> Result<Table> {
    let mut tables = Vec::new();
    for table in &spec.tables {
        tables.push(as_table(env, table)?.ok_or("not a table")?);
    }
    let table = union(&tables, false);
    let Some(FindColumns::Project { columns, packs_rest: false }) = &spec.columns else {
        return Err("find of another form".to_owned());
    };
    let places: Option<Vec<usize>> = columns.iter().map(|(name, _)| table.position(&name.text)).collect();
    let places = places.ok_or("no such column")?;
    let mut rows = Vec::new();
    for row in &table.rows {
        if found(env, &table.columns, row, &spec.predicate, false)? {
            rows.push(row.clone());
        }
    }
    let mut result = select(&Table { rows, ..table }, &places);
    let source = spec.with_source.as_ref().map_or("source_", |name| name.text.as_str());
    result.columns.insert(0, Column::new(source, kql::syntax::DataType::String));
    result.rows.iter_mut().for_each(|row| row.insert(0, Value::string("")));
    Ok(result)
}

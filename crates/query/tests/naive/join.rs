//! `join` in all its kinds, and `lookup`. A null never equals anything.

use kql::syntax::{BinaryOp, Expr, Join, JoinCondition, JoinKind};

use super::aggregate::make_unique;
use super::operators::{as_table, select};
use super::scalar::equal;
use super::scope::{Env, Result};
use super::value::{Column, Table, Value};

/// Places of the keys, left and right.
type Keys = Vec<(usize, usize)>;

pub fn join(env: &Env, left: &Table, spec: &Join) -> Result<Table> {
    let right = as_table(env, &spec.right)?.ok_or("the right side is no table")?;
    let keys = keys(left, &right, &spec.on)?;
    let mut left = left.clone();
    left.is_sorted = false;
    let kind = spec.kind.unwrap_or(JoinKind::InnerUnique);
    if kind == JoinKind::InnerUnique {
        unique_keys(&mut left, &keys);
    }
    match kind {
        JoinKind::LeftSemi | JoinKind::LeftAnti => {
            let wanted = kind == JoinKind::LeftSemi;
            let mut rows = Vec::new();
            for row in &left.rows {
                if any_match(row, &right.rows, &keys)? == wanted {
                    rows.push(row.clone());
                }
            }
            Ok(Table { rows, ..left })
        }
        JoinKind::RightSemi | JoinKind::RightAnti => {
            let swapped: Keys = keys.iter().map(|(left, right)| (*right, *left)).collect();
            let wanted = kind == JoinKind::RightSemi;
            let mut rows = Vec::new();
            for row in &right.rows {
                if any_match(row, &left.rows, &swapped)? == wanted {
                    rows.push(row.clone());
                }
            }
            Ok(Table { rows, columns: right.columns, is_sorted: false })
        }
        _ => {
            let keeps_left = matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter);
            let keeps_right = matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter);
            pairs(&left, &right, &keys, keeps_left, keeps_right)
        }
    }
}

/// `join`, without the right side's keys.
pub fn lookup(env: &Env, left: &Table, spec: &Join) -> Result<Table> {
    let right = as_table(env, &spec.right)?.ok_or("the right side is no table")?;
    let keys = keys(left, &right, &spec.on)?;
    let keeps_left = spec.kind != Some(JoinKind::Inner);
    let mut joined = pairs(left, &right, &keys, keeps_left, false)?;
    let n_left = left.columns.len();
    let places: Vec<usize> = (0..joined.columns.len())
        .filter(|at| *at < n_left || !keys.iter().any(|(_, right)| right + n_left == *at))
        .collect();
    joined = select(&joined, &places);
    let mut columns = left.columns.clone();
    let kept = (0..right.columns.len()).filter(|at| !keys.iter().any(|(_, right)| right == at));
    columns.extend(kept.map(|at| right.columns[at].clone()));
    make_unique(&mut columns);
    Ok(Table { columns, ..joined })
}

fn keys(left: &Table, right: &Table, on: &[JoinCondition]) -> Result<Keys> {
    let place = |table: &Table, name: &str| table.position(name).ok_or_else(|| format!("no column {name}"));
    let mut keys = Vec::new();
    for condition in on {
        match condition {
            JoinCondition::Column(name) => keys.push((place(left, &name.text)?, place(right, &name.text)?)),
            JoinCondition::Expr(Expr::Binary { op: BinaryOp::Equal, left: first, right: second, .. }) => {
                let (first, second) = (side(first)?, side(second)?);
                let (left_name, right_name) =
                    if first.0 == "$left" { (first.1, second.1) } else { (second.1, first.1) };
                keys.push((place(left, left_name)?, place(right, right_name)?));
            }
            JoinCondition::Expr(other) => return Err(format!("join on {other:?}")),
        }
    }
    Ok(keys)
}

fn side(expr: &Expr) -> Result<(&str, &str)> {
    match expr {
        Expr::Member { base, name, .. } => match &**base {
            Expr::Name(side) => Ok((&side.text, &name.text)),
            other => Err(format!("join on {other:?}")),
        },
        other => Err(format!("join on {other:?}")),
    }
}

/// One row for each key; which one is not said, so queries must not depend on it.
fn unique_keys(left: &mut Table, keys: &Keys) {
    let mut seen = Vec::new();
    left.rows.retain(|row| {
        let key: Vec<String> = keys.iter().map(|(at, _)| row[*at].key()).collect();
        let is_new = !seen.contains(&key);
        seen.push(key);
        is_new
    });
}

fn is_match(left: &[Value], right: &[Value], keys: &Keys) -> Result<bool> {
    for (left_at, right_at) in keys {
        if equal(&left[*left_at], &right[*right_at])? != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any_match(row: &[Value], others: &[Vec<Value>], keys: &Keys) -> Result<bool> {
    for other in others {
        if is_match(row, other, keys)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn pairs(left: &Table, right: &Table, keys: &Keys, keeps_left: bool, keeps_right: bool) -> Result<Table> {
    let mut columns: Vec<Column> = left.columns.iter().chain(&right.columns).cloned().collect();
    make_unique(&mut columns);
    let mut rows = Vec::new();
    let mut is_right_matched = vec![false; right.rows.len()];
    for left_row in &left.rows {
        let mut is_left_matched = false;
        for (right_row, is_right_matched) in right.rows.iter().zip(&mut is_right_matched) {
            if is_match(left_row, right_row, keys)? {
                is_left_matched = true;
                *is_right_matched = true;
                rows.push([left_row.clone(), right_row.clone()].concat());
            }
        }
        if !is_left_matched && keeps_left {
            rows.push([left_row.clone(), right.null_row()].concat());
        }
    }
    for (right_row, is_matched) in right.rows.iter().zip(is_right_matched) {
        if !is_matched && keeps_right {
            rows.push([left.null_row(), right_row.clone()].concat());
        }
    }
    Ok(Table { columns, rows, is_sorted: false })
}

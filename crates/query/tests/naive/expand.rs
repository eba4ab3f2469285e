//! `mv-expand`, `mv-apply` and `parse`: operators that look into one value.

use kql::syntax::{DataType, MvApply, MvExpand, MvExpandItem, MvExpandKind, Parse, ParseKind, ParsePart};

use super::convert::{convert, to_json, to_text};
use super::operators::{evaluate_column, name_of, run};
use super::regex::Regex;
use super::scalar::eval;
use super::scope::{Env, Result, Row};
use super::value::{Column, Json, Table, Value};

pub fn mv_expand(env: &Env, table: &Table, spec: &MvExpand) -> Result<Table> {
    let limit = spec.limit.as_ref().map(|limit| eval(env, limit, Row::NONE)).transpose()?;
    let limit = limit.and_then(|limit| limit.as_i64()).unwrap_or(i64::MAX);
    let expanded = expand(
        env,
        table,
        &spec.items,
        spec.kind.unwrap_or(MvExpandKind::Bag),
        spec.item_index.as_ref().map(|name| name.text.as_str()),
    )?;
    let mut rows = Vec::new();
    for group in expanded.groups {
        rows.extend(group.into_iter().take(usize::try_from(limit).unwrap_or(0)));
    }
    Ok(Table { columns: expanded.columns, rows, is_sorted: false })
}

/// The rows that each input row becomes.
struct Expanded {
    columns: Vec<Column>,
    groups: Vec<Vec<Vec<Value>>>,
}

fn expand(
    env: &Env,
    table: &Table,
    items: &[MvExpandItem],
    kind: MvExpandKind,
    index_name: Option<&str>,
) -> Result<Expanded> {
    let mut columns = table.columns.clone();
    let mut places = Vec::new();
    let mut arrays = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let (_, values) = evaluate_column(env, table, &item.value.expr)?;
        let column = Column::new(name_of(&item.value, index + 1), item.to_type.unwrap_or(DataType::Dynamic));
        let place = columns.iter().position(|other| other.name == column.name).unwrap_or(columns.len());
        if place == columns.len() {
            columns.push(column);
        } else {
            columns[place] = column;
        }
        places.push(place);
        arrays.push(values);
    }
    let index_place = index_name.map(|name| {
        let place = columns.iter().position(|other| other.name == name).unwrap_or(columns.len());
        if place == columns.len() {
            columns.push(Column::new(name, DataType::Long));
        } else {
            columns[place] = Column::new(name, DataType::Long);
        }
        place
    });
    let mut groups = Vec::new();
    for (row_index, row) in table.rows.iter().enumerate() {
        let lists: Vec<Vec<Json>> = arrays.iter().map(|values| elements(&to_json(&values[row_index]), kind)).collect();
        let length = lists.iter().map(Vec::len).max().unwrap_or(0);
        let mut group = Vec::new();
        for index in 0..length {
            let mut new = row.clone();
            new.resize(columns.len(), Value::Long(None));
            if let Some(place) = index_place {
                new[place] = Value::Long(Some(index as i64));
            }
            for (place, list) in places.iter().zip(&lists) {
                let value = Value::Dynamic(list.get(index).cloned().unwrap_or(Json::Null));
                new[*place] = element(&value, columns[*place].data_type);
            }
            group.push(new);
        }
        groups.push(group);
    }
    Ok(Expanded { columns, groups })
}

/// An element of another kind is null, and a text is not read as a number; numbers are converted.
fn element(value: &Value, to: DataType) -> Value {
    match (value, to) {
        (Value::Dynamic(Json::Bool(_)), DataType::Bool | DataType::String | DataType::Dynamic) => convert(value, to),
        (Value::Dynamic(Json::Bool(_)), _) => Value::null(to),
        (Value::Dynamic(Json::String(_)), DataType::Int | DataType::Long | DataType::Real) => Value::null(to),
        _ => convert(value, to),
    }
}

/// The elements of an array, the properties of a bag: none gives no row. Any other value is its only element, null too.
fn elements(json: &Json, kind: MvExpandKind) -> Vec<Json> {
    match json {
        Json::Array(items) => items.clone(),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, value)| match kind {
                MvExpandKind::Bag => Json::Object(vec![(name.clone(), value.clone())]),
                MvExpandKind::Array => Json::Array(vec![Json::String(name.clone()), value.clone()]),
            })
            .collect(),
        other => vec![other.clone()],
    }
}

pub fn mv_apply(env: &Env, table: &Table, spec: &MvApply) -> Result<Table> {
    let index_name = spec.item_index.as_ref().map(|name| name.text.as_str());
    let expanded = expand(env, table, &spec.items, MvExpandKind::Bag, index_name)?;
    let inner =
        |rows| run(env, Table { columns: expanded.columns.clone(), rows, is_sorted: false }, &spec.on.operators, true);
    let shape = inner(Vec::new())?;
    // Columns that the expansion or the inner pipeline makes take the place of the outer ones.
    let made: Vec<String> = spec.items.iter().enumerate().map(|(at, item)| name_of(&item.value, at + 1)).collect();
    let is_outer = |column: &Column| shape.position(&column.name).is_none() && !made.contains(&column.name);
    let kept: Vec<usize> = (0..table.columns.len()).filter(|at| is_outer(&table.columns[*at])).collect();
    let columns = kept.iter().map(|at| &table.columns[*at]).chain(&shape.columns).cloned().collect();
    let mut result = Table { columns, ..Table::default() };
    for (row, group) in table.rows.iter().zip(expanded.groups.clone()) {
        // No element, no subtable.
        if group.is_empty() {
            continue;
        }
        let answer = inner(group)?;
        let outer: Vec<Value> = kept.iter().map(|at| row[*at].clone()).collect();
        let rows = answer.rows.into_iter().map(|inner| [outer.clone(), inner].concat());
        result.rows.extend(rows);
    }
    Ok(result)
}

/// A piece of a pattern of `parse`, ready to match.
enum Piece {
    Text(Vec<char>),
    Skip,
    Column { at: usize, data_type: DataType },
}

pub fn parse(env: &Env, mut table: Table, spec: &Parse, drops: bool) -> Result<Table> {
    let kind = spec.kind.unwrap_or(ParseKind::Simple);
    let regex = if kind == ParseKind::Regex { Some(whole_pattern(env, spec)?) } else { None };
    let (_, texts) = evaluate_column(env, &table, &spec.expr)?;
    let mut pieces = Vec::new();
    let mut n_columns = 0;
    let mut places = Vec::new();
    for part in &spec.pattern {
        pieces.push(match part {
            ParsePart::Star { .. } => Piece::Skip,
            ParsePart::Text(text) => Piece::Text(to_text(&eval(env, text, Row::NONE)?).chars().collect()),
            ParsePart::Column { name, data_type } => {
                let data_type = data_type.unwrap_or(DataType::String);
                places.push(place_for(&mut table, Column::new(&name.text, data_type)));
                n_columns += 1;
                Piece::Column { at: n_columns - 1, data_type }
            }
        });
    }
    let mut rows = Vec::new();
    for (mut row, text) in std::mem::take(&mut table.rows).into_iter().zip(texts) {
        let letters: Vec<char> = to_text(&text).chars().collect();
        let mut found: Vec<Value> = places.iter().map(|at| Value::null(table.columns[*at].data_type)).collect();
        let nulls = found.clone();
        let is_match = match &regex {
            Some(regex) => match_groups(regex, &text, &mut found),
            None => match_pieces(&pieces, &letters, kind, &mut found),
        };
        for (at, value) in places.iter().zip(if is_match { found } else { nulls }) {
            row[*at] = value;
        }
        if is_match || !drops {
            rows.push(row);
        }
    }
    table.rows = rows;
    Ok(table)
}

/// The pattern of `kind=regex` as one expression: a group for each column, which are strings.
fn whole_pattern(env: &Env, spec: &Parse) -> Result<Regex> {
    let mut pattern = "^".to_owned();
    for part in &spec.pattern {
        match part {
            ParsePart::Star { .. } => pattern.push_str("(?:.*?)"),
            ParsePart::Text(text) => pattern.push_str(&format!("(?:{})", to_text(&eval(env, text, Row::NONE)?))),
            ParsePart::Column { data_type: None | Some(DataType::String), .. } => pattern.push_str("(.*?)"),
            ParsePart::Column { .. } => return Err("parse kind=regex with types".to_owned()),
        }
    }
    Regex::new(&(pattern + "$"))
}

fn match_groups(regex: &Regex, text: &Value, found: &mut [Value]) -> bool {
    let Some(groups) = regex.find(&to_text(text)) else { return false };
    for (value, group) in found.iter_mut().zip(&groups.groups[1..]) {
        *value = Value::string(group.clone().unwrap_or_default());
    }
    true
}

fn place_for(table: &mut Table, column: Column) -> usize {
    let null = Value::null(column.data_type);
    match table.position(&column.name) {
        Some(at) => {
            table.columns[at] = column;
            at
        }
        None => {
            table.columns.push(column);
            table.rows.iter_mut().for_each(|row| row.push(null.clone()));
            table.columns.len() - 1
        }
    }
}

/// Each column takes as little as the rest of the pattern allows; the last one takes what is left.
fn match_pieces(pieces: &[Piece], text: &[char], kind: ParseKind, found: &mut Vec<Value>) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    match first {
        Piece::Text(expected) => text.starts_with(expected) && match_pieces(rest, &text[expected.len()..], kind, found),
        Piece::Skip => (0..=text.len()).any(|length| match_pieces(rest, &text[length..], kind, found)),
        Piece::Column { at, data_type } => (0..=text.len()).any(|length| {
            let taken: String = text[..length].iter().collect();
            let value = convert(&Value::string(taken.clone()), *data_type);
            let fits = match data_type {
                DataType::String => true,
                DataType::Int | DataType::Long => taken.trim().parse::<i64>().is_ok() || kind == ParseKind::Relaxed,
                _ => !value.is_null() || kind == ParseKind::Relaxed,
            };
            fits && {
                found[*at] = value;
                match_pieces(rest, &text[length..], kind, found)
            }
        }),
    }
}

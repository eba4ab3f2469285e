//! Random joins, look-ups and unions.

use kql::syntax::DataType;

use super::pipeline::Builder;
use super::{Piece, Shape};

/// Types of keys; a null key never matches, as a null equals nothing.
const KEY_TYPES: &[DataType] = &[DataType::String, DataType::Int, DataType::Long, DataType::Bool, DataType::Datetime];

/// A table to join with, its columns renamed so that none but the key is on both sides.
struct Right {
    text: String,
    shape: Shape,
}

fn right(builder: &mut Builder, key: (&str, DataType), key_name: &str) -> Option<Right> {
    let (source, shape) = builder.rng.pick(&builder.context.tables).clone();
    let candidates = shape.names(key.1);
    if candidates.is_empty() {
        return None;
    }
    let column = builder.rng.pick(&candidates).clone();
    let mut columns = vec![(key_name.to_owned(), key.1)];
    let mut items = vec![format!("{key_name} = {column}")];
    for (index, (name, data_type)) in shape.columns.iter().enumerate() {
        if builder.rng.one_in(2) {
            let new = format!(
                "{}_r{}",
                &name[..1].to_lowercase(),
                ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"].get(index)?
            );
            items.push(format!("{new} = {name}"));
            columns.push((new, *data_type));
        }
    }
    let has_new_names =
        columns.iter().skip(1).all(|column| builder.shape.columns.iter().all(|other| other.0 != column.0));
    has_new_names.then(|| Right {
        text: format!("{source} | project {}", items.join(", ")),
        shape: Shape { columns, unique: None },
    })
}

fn key(builder: &mut Builder) -> Option<(String, DataType)> {
    let data_type = *builder.rng.pick(KEY_TYPES);
    let names = builder.shape.names(data_type);
    if names.is_empty() { None } else { Some((builder.rng.pick(&names).clone(), data_type)) }
}

/// Another condition now and then, on columns that both sides have under different names.
fn with_second_key(builder: &mut Builder, right: Right, on: String) -> (Right, String) {
    let others = right.shape.columns[1..].iter().filter(|column| KEY_TYPES.contains(&column.1));
    let pairs: Vec<(String, String)> = others
        .flat_map(|(name, data_type)| {
            let lefts = builder.shape.names(*data_type);
            lefts.into_iter().map(|left| (left, name.clone())).collect::<Vec<_>>()
        })
        .collect();
    if pairs.is_empty() || !builder.rng.one_in(3) {
        return (right, on);
    }
    let (left, name) = builder.rng.pick(&pairs).clone();
    let condition = match builder.rng.below(2) {
        0 => format!("$left.{left} == $right.{name}"),
        _ => format!("$right.{name} == $left.{left}"),
    };
    (right, format!("{on}, {condition}"))
}

pub fn join(builder: &mut Builder) {
    let Some((left_key, data_type)) = key(builder) else { return };
    let is_same_name = builder.rng.one_in(2);
    let right_key = if is_same_name { left_key.clone() } else { "j_key".to_owned() };
    let has_name = |name: &str| builder.shape.columns.iter().any(|column| column.0 == name);
    if (!is_same_name && has_name(&right_key)) || (is_same_name && has_name(&format!("{left_key}1"))) {
        return;
    }
    let Some(right) = right(builder, (&left_key, data_type), &right_key) else { return };
    let on = if is_same_name { left_key.clone() } else { format!("$left.{left_key} == $right.{right_key}") };
    let (right, on) = with_second_key(builder, right, on);
    builder.is_ordered = false;
    if builder.rng.one_in(4) {
        let kind = *builder.rng.pick(&["", "kind=inner ", "kind=leftouter "]);
        builder.operators.push(Piece::plain(format!("lookup {kind}({}) on {on}", right.text)));
        let is_key = |name: &str| on.contains(&format!("$right.{name}"));
        builder.shape.columns.extend(right.shape.columns.into_iter().skip(1).filter(|column| !is_key(&column.0)));
        builder.shape.unique = None;
        return;
    }
    let kinds: &[&str] = &[
        "inner",
        "inner",
        "leftouter",
        "rightouter",
        "fullouter",
        "leftsemi",
        "rightsemi",
        "leftanti",
        "rightanti",
        "innerunique",
        "",
    ];
    // Which row stands for a key is not said; with two keys the left side is not made unique beforehand.
    let n_kinds = if on.contains(", ") { kinds.len() - 2 } else { kinds.len() };
    let kind = *builder.rng.pick(&kinds[..n_kinds]);
    if matches!(kind, "" | "innerunique") && !on.contains(", ") {
        builder.operators.push(Piece::plain(format!("distinct {left_key}")));
        builder.shape = Shape { columns: vec![(left_key.clone(), data_type)], unique: None };
    }
    let words = if kind.is_empty() { String::new() } else { format!("kind={kind} ") };
    builder.operators.push(Piece::plain(format!("join {words}({}) on {on}", right.text)));
    match kind {
        "leftsemi" | "leftanti" => {}
        "rightsemi" | "rightanti" => builder.shape = right.shape,
        _ => {
            for (name, data_type) in right.shape.columns {
                let is_taken = builder.shape.columns.iter().any(|column| column.0 == name);
                builder.shape.columns.push((if is_taken { format!("{name}1") } else { name }, data_type));
            }
            builder.shape.unique = None;
        }
    }
}

pub fn union(builder: &mut Builder) {
    let (source, shape) = builder.rng.pick(&builder.context.tables).clone();
    let is_inner = builder.rng.one_in(4);
    let same: Vec<(String, DataType)> =
        shape.columns.iter().filter(|column| builder.shape.columns.contains(column)).cloned().collect();
    let clashes = shape
        .columns
        .iter()
        .any(|(name, of)| builder.shape.columns.iter().any(|(other, other_of)| name == other && of != other_of));
    if clashes || (is_inner && same.is_empty()) {
        return;
    }
    if is_inner {
        builder.shape.columns.retain(|column| same.contains(column));
    } else {
        for (name, data_type) in &shape.columns {
            builder.shape.set(name, *data_type);
        }
    }
    builder.shape.unique = None;
    builder.is_ordered = false;
    builder.operators.push(Piece::plain(format!("union {}{source}", if is_inner { "kind=inner " } else { "" })));
}

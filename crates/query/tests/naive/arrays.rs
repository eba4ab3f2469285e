//! Functions of arrays and property bags.

use std::cmp::Ordering;

use super::convert::{self, to_json, to_text};
use super::scope::Result;
use super::time;
use super::value::{Json, Value};

pub fn call(name: &str, arguments: &[Value]) -> Option<Result<Value>> {
    let dynamic = |json: Json| Ok(Value::Dynamic(json));
    Some(match (name, arguments) {
        ("array_length" | "arraylength", [value]) => Ok(Value::Long(array(value).map(|items| items.len() as i64))),
        ("pack_array", values) => dynamic(Json::Array(values.iter().map(to_json).collect())),
        ("bag_pack" | "pack" | "pack_dictionary", values) => dynamic(pack(values)),
        ("bag_keys", [value]) => dynamic(keys(value)),
        ("bag_has_key", [Value::Dynamic(bag), key]) => {
            Ok(Value::Bool(matches!(bag, Json::Object(_)).then(|| bag.get(&to_text(key)).is_some())))
        }
        ("bag_merge", bags) => dynamic(merge(bags)),
        ("array_concat", arrays) => dynamic(concat(arrays)),
        ("array_reverse", [value]) => dynamic(match array(value) {
            Some(items) => Json::Array(items.iter().rev().cloned().collect()),
            None => Json::Null,
        }),
        ("array_slice", [value, start, end]) => dynamic(slice(value, start.as_i64()?, end.as_i64()?)),
        ("array_index_of", [value, item]) => Ok(Value::Long(
            array(value).map(|items| items.iter().position(|other| *other == to_json(item)).map_or(-1, |at| at as i64)),
        )),
        ("array_sort_asc" | "array_sort_desc", [value]) => dynamic(sort(value, name == "array_sort_desc")),
        ("array_sum", [value]) => Ok(Value::Real(sum(value))),
        ("strcat_array", [value, delimiter]) => Ok(Value::String(match array(value) {
            Some(items) => items.iter().map(convert::json_text).collect::<Vec<String>>().join(&to_text(delimiter)),
            None => String::new(),
        })),
        ("set_has_element", [value, item]) => Ok(Value::Bool(array(value).map(|items| items.contains(&to_json(item))))),
        ("set_union" | "set_intersect" | "set_difference", sets) => dynamic(set_operation(name, sets)),
        ("range", [from, to]) => range(from, to, &Value::Long(Some(1))),
        ("range", [from, to, step]) => range(from, to, step),
        _ => return None,
    })
}

fn array(value: &Value) -> Option<&[Json]> {
    match value {
        Value::Dynamic(Json::Array(items)) => Some(items),
        _ => None,
    }
}

fn pack(values: &[Value]) -> Json {
    Json::object(values.chunks(2).map(|pair| (to_text(&pair[0]), to_json(&pair[1]))).collect())
}

fn keys(value: &Value) -> Json {
    match value {
        Value::Dynamic(Json::Object(fields)) => {
            Json::Array(fields.iter().map(|(name, _)| Json::String(name.clone())).collect())
        }
        _ => Json::Null,
    }
}

/// What an earlier bag says wins.
fn merge(bags: &[Value]) -> Json {
    let mut merged: Vec<(String, Json)> = Vec::new();
    for bag in bags {
        let Value::Dynamic(Json::Object(fields)) = bag else { continue };
        for (name, value) in fields {
            if !merged.iter().any(|(other, _)| other == name) {
                merged.push((name.clone(), value.clone()));
            }
        }
    }
    Json::Object(merged)
}

fn concat(arrays: &[Value]) -> Json {
    let parts: Option<Vec<&[Json]>> = arrays.iter().map(array).collect();
    parts.map_or(Json::Null, |parts| Json::Array(parts.concat()))
}

/// Both ends included; negative ones count from the end.
fn slice(value: &Value, start: i64, end: i64) -> Json {
    let Some(items) = array(value) else { return Json::Null };
    let length = items.len() as i64;
    let from_end = |index: i64| if index < 0 { index + length } else { index };
    let (start, end) = (from_end(start).max(0), from_end(end).min(length - 1));
    if start > end {
        return Json::Array(Vec::new());
    }
    Json::Array(items[start as usize..=end as usize].to_vec())
}

/// Numbers or strings; nulls last.
fn sort(value: &Value, is_descending: bool) -> Json {
    let Some(items) = array(value) else { return Json::Null };
    let mut items = items.to_vec();
    items.sort_by(|left, right| match (left, right) {
        (Json::Null, Json::Null) => Ordering::Equal,
        (Json::Null, _) => Ordering::Greater,
        (_, Json::Null) => Ordering::Less,
        _ => {
            let order = convert::from_json(left).compare(&convert::from_json(right)).unwrap_or(Ordering::Equal);
            if is_descending { order.reverse() } else { order }
        }
    });
    Json::Array(items)
}

fn sum(value: &Value) -> Option<f64> {
    array(value)?.iter().map(|item| Value::Dynamic(item.clone()).as_f64()).sum()
}

fn set_operation(name: &str, sets: &[Value]) -> Json {
    let parts: Option<Vec<&[Json]>> = sets.iter().map(array).collect();
    let Some(parts) = parts else { return Json::Null };
    let candidates = if name == "set_union" { parts.concat() } else { parts[0].to_vec() };
    let mut kept: Vec<Json> = Vec::new();
    for item in candidates {
        let fits = match name {
            "set_intersect" => parts[1..].iter().all(|part| part.contains(&item)),
            "set_difference" => !parts[1..].iter().any(|part| part.contains(&item)),
            _ => true,
        };
        if fits && !kept.contains(&item) {
            kept.push(item);
        }
    }
    Json::Array(kept)
}

/// `range(from, to, step)`: of whole numbers or times.
fn range(from: &Value, to: &Value, step: &Value) -> Result<Value> {
    let mut items = Vec::new();
    let (Some(mut at), Some(to), Some(step)) = (from.as_i64(), to.as_i64(), step.as_i64()) else {
        return Ok(Value::Dynamic(Json::Null));
    };
    while step != 0 && ((step > 0 && at <= to) || (step < 0 && at >= to)) {
        items.push(match from {
            Value::Datetime(_) => Json::String(time::datetime_text(at)),
            Value::Timespan(_) => Json::String(time::timespan_text(at)),
            _ => Json::Long(at),
        });
        at += step;
    }
    Ok(Value::Dynamic(Json::Array(items)))
}

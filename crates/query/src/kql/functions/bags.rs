//! Property bags, JSON paths, and access to members of dynamics.

use super::arrays::array;
use super::convert::to_dynamic;
use super::entry::{Function, Parameter};
use crate::kql::types::KqlType;
use crate::kql::value::{Json, Value};

const BAG: &[Parameter] = &[Parameter::dynamic("bag")];
/// Steps of a JSON path.
const STEPS_MAX: usize = 128;

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows(
        "bag_pack",
        &[Parameter::any("name").many(), Parameter::any("value").many()],
        KqlType::Dynamic,
        ["A bag of names and values.", "bag_pack('a', 1, 'b', 'x')", "{\"a\":1,\"b\":\"x\"}"],
        |_, values| {
            let members = values.chunks_exact(2).map(|pair| (pair[0].print(), pair[1].to_json()));
            Value::Dynamic(Json::Object(members.collect()))
        },
    )
    .also(&["pack", "pack_dictionary"]),
    Function::rows(
        "bag_keys",
        BAG,
        KqlType::Dynamic,
        ["The names of a bag's members as an array.", "bag_keys(dynamic({'a': 1, 'b': 2}))", "[\"a\",\"b\"]"],
        |_, values| match values[0].as_json() {
            Some(Json::Object(members)) => {
                Value::Dynamic(members.keys().map(|name| Json::from(name.as_str())).collect())
            }
            _ => Value::Null,
        },
    ),
    Function::rows(
        "bag_has_key",
        &[Parameter::dynamic("bag"), Parameter::text("key")],
        KqlType::Bool,
        ["Whether the bag has a member of this name or path.", "bag_has_key(dynamic({'a': 1}), 'a')", "True"],
        |_, values| {
            let key = values[1].as_str();
            match values[0].as_json() {
                Some(json) if key.starts_with('$') => Value::Bool(at_path(json, key).is_some()),
                Some(Json::Object(members)) => Value::Bool(members.contains_key(key)),
                _ => Value::Null,
            }
        },
    ),
    Function::rows(
        "bag_merge",
        &[Parameter::dynamic("bag"), Parameter::dynamic("more").many()],
        KqlType::Dynamic,
        [
            "The members of all bags; of one name the leftmost stays.",
            "bag_merge(dynamic({'a': 1}), dynamic({'a': 2, 'b': 3}))",
            "{\"a\":1,\"b\":3}",
        ],
        |_, values| {
            let mut merged = serde_json::Map::new();
            for (name, json) in values.iter().filter_map(|value| value.as_json().and_then(Json::as_object)).flatten() {
                if !merged.contains_key(name) {
                    merged.insert(name.clone(), json.clone());
                }
            }
            Value::Dynamic(Json::Object(merged))
        },
    ),
    Function::rows(
        "bag_remove_keys",
        &[Parameter::dynamic("bag"), Parameter::dynamic("keys")],
        KqlType::Dynamic,
        ["The bag without some members.", "bag_remove_keys(dynamic({'a': 1, 'b': 2}), dynamic(['a']))", "{\"b\":2}"],
        |_, values| {
            let Some(bag) = values[0].as_json().and_then(Json::as_object) else { return Value::Null };
            let mut bag = bag.clone();
            for key in array(&values[1]).into_iter().flatten().filter_map(Json::as_str) {
                remove(&mut bag, key);
            }
            Value::Dynamic(Json::Object(bag))
        },
    ),
    Function::rows(
        "bag_set_key",
        &[Parameter::dynamic("bag"), Parameter::text("key"), Parameter::any("value")],
        KqlType::Dynamic,
        ["The bag with another value for a name.", "bag_set_key(dynamic({'a': 1}), 'b', 2)", "{\"a\":1,\"b\":2}"],
        |_, values| {
            let mut bag = values[0].as_json().and_then(Json::as_object).cloned().unwrap_or_default();
            bag.insert(values[1].as_str().to_owned(), values[2].to_json());
            Value::Dynamic(Json::Object(bag))
        },
    ),
    Function::rows(
        "bag_zip",
        &[Parameter::dynamic("keys"), Parameter::dynamic("values")],
        KqlType::Dynamic,
        ["A bag of an array of names and one of values.", "bag_zip(dynamic(['a']), dynamic([1]))", "{\"a\":1}"],
        |_, values| {
            let members = array(&values[1]).map(Vec::as_slice).unwrap_or_default();
            let names = array(&values[0]).into_iter().flatten().enumerate();
            let bag = names.map(|(at, name)| {
                (Value::dynamic(name.clone()).print(), members.get(at).cloned().unwrap_or(Json::Null))
            });
            Value::Dynamic(Json::Object(bag.collect()))
        },
    ),
    Function::rows(
        "bag_without_empty",
        BAG,
        KqlType::Dynamic,
        [
            "The bag without members that are null or empty; `pack_all(true)` is made of it.",
            "bag_without_empty(dynamic({'a': '', 'b': 2}))",
            "{\"b\":2}",
        ],
        |_, values| {
            let Some(bag) = values[0].as_json().and_then(Json::as_object) else { return Value::Null };
            let full = bag.iter().filter(|(_, json)| !json.is_null() && json.as_str() != Some(""));
            Value::Dynamic(Json::Object(full.map(|(name, json)| (name.clone(), json.clone())).collect()))
        },
    ),
    Function::rows(
        "treepath",
        &[Parameter::dynamic("value")],
        KqlType::Dynamic,
        ["The paths of everything in a dynamic.", "treepath(dynamic({'a': {'b': 1}}))", "[\"['a']\",\"['a']['b']\"]"],
        |_, values| {
            let mut paths = Vec::new();
            if let Some(json) = values[0].as_json() {
                tree_paths(json, "", &mut paths);
            }
            Value::Dynamic(Json::Array(paths))
        },
    ),
    Function::rows(
        "extract_json",
        &[Parameter::text("path"), Parameter::any("json"), Parameter::any("type").opt()],
        KqlType::String,
        ["The value at a path such as `$.a[0].b`, as text.", "extractjson('$.a[0]', '{\"a\": [7]}')", "7"],
        |_, values| {
            let json = to_dynamic(&values[1]);
            match json.as_json().and_then(|json| at_path(json, values[0].as_str())) {
                Some(json) => Value::Text(Value::dynamic(json.clone()).print()),
                None => Value::text(""),
            }
        },
    )
    .also(&["extractjson"]),
];

/// A property by name or a member by index; negative ones count from the end.
pub fn member<'a>(json: &'a Json, key: &Value) -> Option<&'a Json> {
    match (json, key) {
        (Json::Object(members), Value::Text(name)) => members.get(name),
        (Json::Array(members), Value::Int(_) | Value::Long(_)) => {
            let at = key.as_long()?;
            let at = if at < 0 { at + members.len() as i64 } else { at };
            members.get(usize::try_from(at).ok()?)
        }
        _ => None,
    }
}

fn remove(bag: &mut serde_json::Map<String, Json>, key: &str) {
    let Some(steps) = key.strip_prefix("$.").and_then(steps) else {
        bag.shift_remove(key);
        return;
    };
    let Some((last, parents)) = steps.split_last() else { return };
    let mut at = bag;
    for step in parents {
        let Some(Json::Object(inner)) = at.get_mut(step.as_str()) else { return };
        at = inner;
    }
    at.shift_remove(last.as_str());
}

/// What a JSON path leads to: `$`, names after points or in brackets, indices in brackets.
pub fn at_path<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    let mut at = json;
    for step in steps(path.strip_prefix('$').unwrap_or(path))? {
        at = match at {
            Json::Object(members) => members.get(&step)?,
            Json::Array(members) => members.get(step.parse::<usize>().ok()?)?,
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return None,
        };
    }
    Some(at)
}

fn steps(path: &str) -> Option<Vec<String>> {
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('.').unwrap_or(path);
    while !rest.is_empty() && steps.len() < STEPS_MAX {
        if let Some(bracket) = rest.strip_prefix('[') {
            let (key, after) = bracket.split_once(']')?;
            steps.push(key.trim_matches(|quote| quote == '\'' || quote == '"').to_owned());
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    Some(steps)
}

fn tree_paths(json: &Json, at: &str, paths: &mut Vec<Json>) {
    match json {
        Json::Object(members) => {
            for (name, inner) in members {
                let path = format!("{at}['{name}']");
                paths.push(Json::from(path.as_str()));
                tree_paths(inner, &path, paths);
            }
        }
        Json::Array(members) => {
            let path = format!("{at}[0]");
            if let Some(first) = members.first() {
                paths.push(Json::from(path.as_str()));
                tree_paths(first, &path, paths);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Not a function of the table: the first of several bags' members under their names, for `make_bag`.
pub fn merge_into(bag: &mut serde_json::Map<String, Json>, value: &Value) {
    for (name, json) in value.as_json().and_then(Json::as_object).into_iter().flatten() {
        if !bag.contains_key(name) {
            bag.insert(name.clone(), json.clone());
        }
    }
}

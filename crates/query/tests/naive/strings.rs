//! Functions of strings.

use kql::syntax::DataType;

use super::convert::{convert, to_text};
use super::json;
use super::regex::{Match, Regex};
use super::scope::Result;
use super::text::{self, Ends};
use super::value::{Json, Value};

pub fn call(name: &str, arguments: &[Value]) -> Option<Result<Value>> {
    let text = |index: usize| to_text(&arguments[index]);
    let string = |text: String| Ok(Value::String(text));
    Some(match (name, arguments.len()) {
        ("strlen", 1) => Ok(Value::Long(Some(text(0).chars().count() as i64))),
        ("string_size", 1) => Ok(Value::Long(Some(text(0).len() as i64))),
        ("toupper", 1) => string(text(0).to_uppercase()),
        ("tolower", 1) => string(text(0).to_lowercase()),
        ("reverse", 1) => string(text(0).chars().rev().collect()),
        ("strcat", _) => string(arguments.iter().map(to_text).collect()),
        ("strcat_delim", 2..) => string(arguments[1..].iter().map(to_text).collect::<Vec<String>>().join(&text(0))),
        ("strrep", 2) => string(text(0).repeat(count(&arguments[1]))),
        ("substring", 2 | 3) => Ok(Value::String(substring(&text(0), &arguments[1..]))),
        ("indexof", 2) => Ok(Value::Long(Some(index_of(&text(0), &text(1))))),
        ("strcmp", 2) => Ok(Value::Long(Some(text(0).cmp(&text(1)) as i64))),
        ("split", 2 | 3) => Ok(split(&text(0), &text(1), arguments.get(2))),
        ("replace_string", 3) => string(text(0).replace(&text(1), &text(2))),
        ("replace_regex" | "replace", 3) => replace_regex(name, &text(0), &text(1), &text(2)),
        ("trim" | "trim_start" | "trim_end", 2) => trim(name, &text(0), &text(1)),
        ("countof", 2) => Ok(Value::Long(Some(count_of(&text(0), &text(1))))),
        ("countof", 3) => Regex::new(&text(1)).map(|regex| Value::Long(Some(regex.find_all(&text(0)).len() as i64))),
        ("extract", 3) => extract(&text(0), &arguments[1], &text(2)).map(Value::String),
        ("extract", 4) => extract(&text(0), &arguments[1], &text(2)).map(|found| typed(&found, &arguments[3])),
        ("extract_all", 2) => extract_all(&text(0), &text(1)),
        ("has_any_index", 2) => Ok(has_any_index(&text(0), &arguments[1])),
        ("base64_encode_tostring", 1) => string(base64(text(0).as_bytes())),
        ("isascii", 1) => Ok(Value::Bool(Some(text(0).is_ascii()))),
        ("translate", 3) => string(translate(&text(0), &text(1), &text(2))),
        ("extractjson" | "extract_json", 2) => string(extract_json(&text(0), &text(1))),
        ("extractjson" | "extract_json", 3) => Ok(typed(&extract_json(&text(0), &text(1)), &arguments[2])),
        _ => return None,
    })
}

fn count(value: &Value) -> usize {
    value.as_i64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

/// From 0; a negative start counts from the end.
fn substring(text: &str, bounds: &[Value]) -> String {
    let letters: Vec<char> = text.chars().collect();
    let Some(start) = bounds[0].as_i64() else { return String::new() };
    let start = if start < 0 { (start + letters.len() as i64).max(0) } else { start } as usize;
    let length = bounds.get(1).map_or(usize::MAX, count);
    letters.iter().skip(start).take(length).collect()
}

/// Place of the first occurrence, in characters; -1 when there is none.
fn index_of(text: &str, part: &str) -> i64 {
    text.find(part).map_or(-1, |at| text[..at].chars().count() as i64)
}

fn split(text: &str, delimiter: &str, index: Option<&Value>) -> Value {
    let mut parts: Vec<Json> = if delimiter.is_empty() {
        vec![Json::String(text.to_owned())]
    } else {
        text.split(delimiter).map(|part| Json::String(part.to_owned())).collect()
    };
    if let Some(index) = index.and_then(Value::as_i64) {
        parts = usize::try_from(index).ok().and_then(|index| parts.get(index).cloned()).into_iter().collect();
    }
    Value::Dynamic(Json::Array(parts))
}

/// `replace(regex, rewrite, text)` is the older order of `replace_regex(text, regex, rewrite)`.
fn replace_regex(name: &str, first: &str, second: &str, third: &str) -> Result<Value> {
    let (text, pattern, rewrite) = if name == "replace" { (third, first, second) } else { (first, second, third) };
    let mut result = String::new();
    let letters: Vec<char> = text.chars().collect();
    let mut from = 0;
    for found in Regex::new(pattern)?.find_all(text) {
        result.extend(&letters[from..found.start]);
        result.push_str(&rewritten(rewrite, &found));
        from = found.end;
    }
    result.extend(&letters[from..]);
    Ok(Value::String(result))
}

/// `\1` is a group.
fn rewritten(rewrite: &str, found: &Match) -> String {
    let mut result = String::new();
    let mut letters = rewrite.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next().and_then(|digit| digit.to_digit(10)) {
                Some(group) => {
                    result.push_str(found.groups.get(group as usize).and_then(Option::as_deref).unwrap_or(""))
                }
                None => result.push('\\'),
            },
            (letter, false) => result.push(letter),
        }
    }
    result
}

fn trim(name: &str, pattern: &str, text: &str) -> Result<Value> {
    let mut letters: Vec<char> = text.chars().collect();
    let collect = |letters: &[char]| letters.iter().collect::<String>();
    if name != "trim_end"
        && let Some(found) = Regex::new(&format!("^(?:{pattern})"))?.find(&collect(&letters))
    {
        letters.drain(..found.end);
    }
    if name != "trim_start"
        && let Some(found) = Regex::new(&format!("(?:{pattern})$"))?.find(&collect(&letters))
    {
        letters.truncate(found.start);
    }
    Ok(Value::String(collect(&letters)))
}

/// Plain occurrences may overlap.
fn count_of(text: &str, part: &str) -> i64 {
    text.char_indices().filter(|(at, _)| text[*at..].starts_with(part)).count() as i64
}

fn extract(pattern: &str, group: &Value, text: &str) -> Result<String> {
    let found = Regex::new(pattern)?.find(text);
    let group = found.and_then(|found| found.groups.get(count(group)).cloned().flatten());
    Ok(group.unwrap_or_default())
}

fn typed(found: &str, of: &Value) -> Value {
    if found.is_empty() && of.data_type() != DataType::String {
        return Value::null(of.data_type());
    }
    convert(&Value::string(found), of.data_type())
}

/// One group: an array of strings; several: an array of arrays. Null without a match.
fn extract_all(pattern: &str, text: &str) -> Result<Value> {
    let mut rows = Vec::new();
    for found in Regex::new(pattern)?.find_all(text) {
        let groups: Vec<Json> =
            found.groups[1..].iter().map(|group| Json::String(group.clone().unwrap_or_default())).collect();
        rows.push(if groups.len() == 1 { groups[0].clone() } else { Json::Array(groups) });
    }
    Ok(Value::Dynamic(if rows.is_empty() { Json::Null } else { Json::Array(rows) }))
}

/// Place of the first element that `has` finds; -1 when none.
fn has_any_index(text: &str, list: &Value) -> Value {
    let Value::Dynamic(Json::Array(items)) = list else { return Value::Long(None) };
    let found = items.iter().position(|item| text::has(text, &super::convert::json_text(item), Ends::Both, false));
    Value::Long(Some(found.map_or(-1, |at| at as i64)))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut result = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * index) & 63) as usize];
            result.push(if index <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    result
}

/// Each character of the first list becomes the one at its place in the second, whose last one goes on.
fn translate(from: &str, to: &str, text: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    let translated = |letter: char| match from.chars().position(|other| other == letter) {
        Some(at) => to.get(at).or(to.last()).copied(),
        None => Some(letter),
    };
    text.chars().filter_map(translated).collect()
}

/// Paths of names only: `$.a.b`.
fn extract_json(path: &str, text: &str) -> String {
    let Some(root) = json::parse(text) else { return String::new() };
    let mut at = Some(&root);
    for name in path.trim_start_matches('$').split('.').filter(|name| !name.is_empty()) {
        at = at.and_then(|json| json.get(name));
    }
    at.map(super::convert::json_text).unwrap_or_default()
}

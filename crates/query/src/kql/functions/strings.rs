//! Strings: parts, places, replacements, joining.

use super::entry::{Function, Parameter};
use super::scratch::Scratch;
use super::terms::{self, Ends, fold};
use super::udf::CELL_BYTES_MAX;
use crate::kql::types::{KqlType, Types};
use crate::kql::value::{Json, Value};

const TEXT: &[Parameter] = &[Parameter::text("text")];
const FORMATTED: Types = Types::ANY;
/// Matches that one call gives at most.
const MATCHES_MAX: usize = 65_536;

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows("strlen", TEXT, KqlType::Long, ["Length in characters.", "strlen('年輪')", "2"], |_, values| {
        Value::Long(values[0].as_str().chars().count() as i64)
    }),
    Function::rows(
        "string_size",
        TEXT,
        KqlType::Long,
        ["Length in bytes of UTF-8.", "string_size('年輪')", "6"],
        |_, values| Value::Long(values[0].as_str().len() as i64),
    ),
    Function::rows("tolower", TEXT, KqlType::String, ["In lower case.", "tolower('ABC')", "abc"], |_, values| {
        Value::Text(values[0].as_str().to_lowercase())
    }),
    Function::rows("toupper", TEXT, KqlType::String, ["In upper case.", "toupper('abc')", "ABC"], |_, values| {
        Value::Text(values[0].as_str().to_uppercase())
    }),
    Function::rows(
        "strcat",
        &[Parameter::required("value", FORMATTED), Parameter::repeated("more", FORMATTED)],
        KqlType::String,
        ["The values as text, one after the other.", "strcat('a', 1, true)", "a1True"],
        |scratch, values| scratch.joined(values.iter().map(Value::print), ""),
    ),
    Function::rows(
        "strcat_delim",
        &[
            Parameter::text("delimiter"),
            Parameter::required("value", FORMATTED),
            Parameter::repeated("more", FORMATTED),
        ],
        KqlType::String,
        ["The values as text with a delimiter between them.", "strcat_delim('-', 1, 'a')", "1-a"],
        |scratch, values| scratch.joined(values[1..].iter().map(Value::print), values[0].as_str()),
    ),
    Function::rows(
        "strcat_array",
        &[Parameter::dynamic("array"), Parameter::text("delimiter")],
        KqlType::String,
        [
            "The members of an array as text with a delimiter between them.",
            "strcat_array(dynamic([1, \"a\"]), '->')",
            "1->a",
        ],
        |scratch, values| {
            let members = values[0].as_json().and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            let texts = members.iter().map(|json| Value::dynamic(json.clone()).print());
            scratch.joined(texts, values[1].as_str())
        },
    ),
    Function::rows(
        "strrep",
        &[Parameter::any("value"), Parameter::long("times"), Parameter::text("delimiter").opt()],
        KqlType::String,
        ["The value repeated, 1,024 times at most.", "strrep('ab', 2, '-')", "ab-ab"],
        |scratch, values| {
            let times = values[1].as_long().unwrap_or(0).clamp(0, 1_024);
            let text = values[0].print();
            let delimiter = values.get(2).map_or("", Value::as_str);
            if (text.len() + delimiter.len()).saturating_mul(times as usize) > CELL_BYTES_MAX {
                return scratch.too_long();
            }
            Value::Text(vec![text; times as usize].join(delimiter))
        },
    ),
    Function::rows(
        "substring",
        &[Parameter::text("text"), Parameter::long("start"), Parameter::long("length").opt()],
        KqlType::String,
        [
            "Characters from a start (negative: from the end), to the end or of a length.",
            "substring('abcdef', 1, 3)",
            "bcd",
        ],
        substring,
    ),
    Function::rows(
        "split",
        &[Parameter::text("text"), Parameter::text("delimiter"), Parameter::long("index").opt()],
        KqlType::Dynamic,
        [
            "The parts between delimiters as an array; with an index an array of that part alone.",
            "split('a_b_c', '_')[1]",
            "b",
        ],
        split,
    ),
    Function::rows(
        "reverse",
        &[Parameter::any("value")],
        KqlType::String,
        ["The characters from the end to the start.", "reverse('abc')", "cba"],
        |_, values| Value::Text(values[0].print().chars().rev().collect()),
    ),
    Function::rows(
        "replace_string",
        &[Parameter::text("text"), Parameter::text("lookup"), Parameter::text("rewrite")],
        KqlType::String,
        ["Every occurrence replaced.", "replace_string('a.b.c', '.', '-')", "a-b-c"],
        |scratch, values| {
            let (text, lookup, rewrite) = (values[0].as_str(), values[1].as_str(), values[2].as_str());
            if lookup.is_empty() { values[0].clone() } else { replaced(scratch, text, lookup, rewrite) }
        },
    ),
    Function::rows(
        "replace_strings",
        &[Parameter::text("text"), Parameter::dynamic("lookups"), Parameter::dynamic("rewrites")],
        KqlType::String,
        [
            "Every occurrence of each of the texts replaced, one after the other.",
            "replace_strings('a b', dynamic(['a', 'b']), dynamic(['1', '2']))",
            "1 2",
        ],
        |scratch, values| {
            let list = |idx: usize| values[idx].as_json().and_then(Json::as_array).cloned().unwrap_or_default();
            let rewrites = list(2);
            let mut text = values[0].clone();
            for (lookup_idx, lookup) in list(1).iter().enumerate() {
                let rewrite = rewrites.get(lookup_idx).or(rewrites.last()).and_then(Json::as_str).unwrap_or_default();
                if let Some(lookup) = lookup.as_str().filter(|lookup| !lookup.is_empty()) {
                    text = replaced(scratch, text.as_str(), lookup, rewrite);
                }
            }
            text
        },
    ),
    Function::rows(
        "replace_regex",
        &[Parameter::text("text"), Parameter::regex("regex"), Parameter::text("rewrite")],
        KqlType::String,
        [
            "Every match of a regular expression replaced; `\\1` stands for a group.",
            r"replace_regex('a1b2', @'([a-z])(\d)', @'\2\1')",
            "1a2b",
        ],
        replace_regex,
    ),
    Function::rows(
        "regex_quote",
        &[Parameter::text("text")],
        KqlType::String,
        ["The text with what has a meaning in a regular expression escaped.", "regex_quote('a.b')", r"a\.b"],
        |_, values| Value::Text(regex::escape(values[0].as_str())),
    ),
    Function::rows(
        "replace",
        &[Parameter::regex("regex"), Parameter::text("rewrite"), Parameter::text("text")],
        KqlType::String,
        ["The older form of `replace_regex`: expression, replacement, text.", "replace('b+', 'x', 'abbc')", "axc"],
        |scratch, values| replace_regex(scratch, &[values[2].clone(), values[0].clone(), values[1].clone()]),
    ),
    Function::rows(
        "trim",
        &[Parameter::regex("regex"), Parameter::text("text")],
        KqlType::String,
        ["Matches of an expression removed from both ends.", "trim('--', '--a--')", "a"],
        |scratch, values| trim(scratch, values, true, true),
    ),
    Function::rows(
        "trim_start",
        &[Parameter::regex("regex"), Parameter::text("text")],
        KqlType::String,
        ["Matches removed from the start.", r"trim_start(@'\s+', '  a ')", "a "],
        |scratch, values| trim(scratch, values, true, false),
    ),
    Function::rows(
        "trim_end",
        &[Parameter::regex("regex"), Parameter::text("text")],
        KqlType::String,
        ["Matches removed from the end.", "trim_end('.com', 'bing.com')", "bing"],
        |scratch, values| trim(scratch, values, false, true),
    ),
    Function::rows(
        "indexof",
        &[
            Parameter::any("text"),
            Parameter::any("lookup"),
            Parameter::long("start").opt(),
            Parameter::long("length").opt(),
            Parameter::long("occurrence").opt(),
        ],
        KqlType::Long,
        ["Where a text occurs, from 0; -1 when it does not.", "indexof('abcabc', 'c', 3)", "5"],
        |_, values| {
            index_of(values, |text, lookup| text.match_indices(lookup).map(|(at, _)| at).take(MATCHES_MAX).collect())
        },
    ),
    Function::rows(
        "indexof_regex",
        &[
            Parameter::text("text"),
            Parameter::regex("regex"),
            Parameter::long("start").opt(),
            Parameter::long("length").opt(),
            Parameter::long("occurrence").opt(),
        ],
        KqlType::Long,
        ["Where a regular expression matches, from 0; -1 when it does not.", r"indexof_regex('abc123', @'\d')", "3"],
        |scratch, values| {
            let Some(regex) = scratch.regex(values[1].as_str()).cloned() else { return Value::Null };
            index_of(values, |text, _| regex.find_iter(text).map(|found| found.start()).take(MATCHES_MAX).collect())
        },
    ),
    Function::rows(
        "countof",
        &[Parameter::text("text"), Parameter::text("search"), Parameter::text("kind").opt()],
        KqlType::Long,
        [
            "How often a text, or with the kind 'regex' an expression, occurs; texts may overlap.",
            "countof('aaa', 'aa')",
            "2",
        ],
        count_of,
    ),
    Function::rows(
        "extract",
        &[Parameter::regex("regex"), Parameter::long("group"), Parameter::text("text"), Parameter::text("type").opt()],
        KqlType::String,
        ["A group (0: everything) of the first match; \"\" without one.", r"extract(@'x=(\d+)', 1, 'x=45')", "45"],
        |scratch, values| {
            let Some(regex) = scratch.regex(values[0].as_str()) else { return Value::text("") };
            let group = usize::try_from(values[1].as_long().unwrap_or(0)).unwrap_or(usize::MAX);
            let captures = regex.captures(values[2].as_str());
            Value::text(captures.and_then(|found| found.get(group)).map_or("", |found| found.as_str()))
        },
    ),
    Function::rows(
        "extract_all",
        &[Parameter::regex("regex"), Parameter::any("groups_or_text"), Parameter::text("text").opt()],
        KqlType::Dynamic,
        [
            "All matches as an array; with several groups an array of arrays.",
            r"extract_all(@'(\d)', 'a1b2')",
            "[\"1\",\"2\"]",
        ],
        extract_all,
    )
    .also(&["extractall"]),
    Function::rows(
        "has_any_index",
        &[Parameter::text("text"), Parameter::dynamic("values")],
        KqlType::Long,
        [
            "The index of the first value that the text has as a term; -1 without one.",
            "has_any_index('a b', dynamic(['x', 'b']))",
            "1",
        ],
        |_, values| {
            let text = fold(values[0].as_str());
            let needles = values[1].as_json().and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            let found = needles
                .iter()
                .position(|needle| needle.as_str().is_some_and(|needle| terms::has(&text, &fold(needle), Ends::Both)));
            Value::Long(found.map_or(-1, |at| at as i64))
        },
    ),
    Function::rows(
        "isascii",
        TEXT,
        KqlType::Bool,
        ["Whether all characters are ASCII.", "isascii('abc')", "True"],
        |_, values| Value::Bool(values[0].as_str().is_ascii()),
    ),
    Function::rows(
        "isutf8",
        TEXT,
        KqlType::Bool,
        ["Whether the text is valid UTF-8; here it always is.", "isutf8('年')", "True"],
        |_, _| Value::Bool(true),
    ),
    Function::rows(
        "translate",
        &[Parameter::text("search"), Parameter::text("replacement"), Parameter::text("text")],
        KqlType::String,
        ["Each character of `search` replaced by the one at its place.", "translate('abc', '123', 'cab')", "312"],
        translate,
    ),
    Function::rows(
        "strcmp",
        &[Parameter::text("left"), Parameter::text("right")],
        KqlType::Long,
        ["-1, 0 or 1: the order of two texts.", "strcmp('a', 'b')", "-1"],
        |_, values| Value::Long(values[0].as_str().cmp(values[1].as_str()) as i64),
    ),
    Function::rows(
        "unicode_codepoints_from_string",
        TEXT,
        KqlType::Dynamic,
        ["The code points of the characters.", "unicode_codepoints_from_string('aé')", "[97,233]"],
        |_, values| Value::Dynamic(values[0].as_str().chars().map(|char| Json::from(u32::from(char))).collect()),
    )
    .also(&["to_utf8"]),
    Function::rows(
        "unicode_codepoints_to_string",
        &[
            Parameter::required("codepoint", Types::of(&[KqlType::Dynamic, KqlType::Long])),
            Parameter::repeated("more", Types::of(&[KqlType::Dynamic, KqlType::Long])),
        ],
        KqlType::String,
        ["The text of code points.", "unicode_codepoints_to_string(72, 105)", "Hi"],
        string_of_codes,
    )
    .also(&["make_string"]),
];

fn replaced(scratch: &mut Scratch, text: &str, lookup: &str, rewrite: &str) -> Value {
    // Each occurrence of a short text by a long one must not fill the memory before it is thrown away.
    let grows = text.matches(lookup).count().saturating_mul(rewrite.len());
    if grows > CELL_BYTES_MAX { scratch.too_long() } else { scratch.fits(text.replace(lookup, rewrite)) }
}

fn substring(_: &mut Scratch, values: &[Value]) -> Value {
    let text = values[0].as_str();
    let n_chars = text.chars().count() as i64;
    let start = match values[1].as_long() {
        Some(start) if start < 0 => (n_chars + start).max(0),
        Some(start) => start,
        None => return Value::text(""),
    };
    let length = values.get(2).map_or(i64::MAX, |length| length.as_long().unwrap_or(0));
    let part = text.chars().skip(usize::try_from(start).unwrap_or(usize::MAX));
    Value::Text(part.take(usize::try_from(length).unwrap_or(0)).collect())
}

fn split(_: &mut Scratch, values: &[Value]) -> Value {
    let (text, delimiter) = (values[0].as_str(), values[1].as_str());
    let parts: Vec<Json> = match delimiter.is_empty() {
        true => vec![Json::from(text)],
        false => text.split(delimiter).map(Json::from).collect(),
    };
    match values.get(2).and_then(Value::as_long) {
        None => Value::Dynamic(Json::Array(parts)),
        Some(idx) => {
            let part = usize::try_from(idx).ok().and_then(|idx| parts.get(idx)).cloned();
            Value::Dynamic(Json::Array(part.into_iter().collect()))
        }
    }
}

/// `\1` of KQL as the `${1}` of the regex crate, whose own `$` stands for itself here.
fn rewrite_of(rewrite: &str) -> String {
    let mut made = String::new();
    let mut chars = rewrite.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek().copied()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                chars.next();
                made.push_str(&format!("${{{digit}}}"));
            }
            ('\\', Some('\\')) => {
                chars.next();
                made.push('\\');
            }
            ('$', Some(digit)) if digit.is_ascii_digit() => made.push('$'),
            ('$', _) => made.push_str("$$"),
            (char, _) => made.push(char),
        }
    }
    made
}

fn replace_regex(scratch: &mut Scratch, values: &[Value]) -> Value {
    let text = values[0].as_str();
    let Some(regex) = scratch.regex(values[1].as_str()).cloned() else { return values[0].clone() };
    let rewrite = rewrite_of(values[2].as_str());
    if text.len().saturating_mul(rewrite.len().max(1)) > CELL_BYTES_MAX * 64 {
        return scratch.too_long();
    }
    scratch.fits(regex.replace_all(text, rewrite.as_str()).into_owned())
}

fn trim(scratch: &mut Scratch, values: &[Value], start: bool, end: bool) -> Value {
    let mut text = values[1].as_str();
    let pattern = values[0].as_str();
    if start && let Some(regex) = scratch.regex(&format!("^(?:{pattern})")) {
        text = regex.find(text).map_or(text, |found| &text[found.end()..]);
    }
    if end && let Some(regex) = scratch.regex(&format!("(?:{pattern})$")) {
        text = regex.find(text).map_or(text, |found| &text[..found.start()]);
    }
    Value::text(text)
}

fn index_of(values: &[Value], find: impl Fn(&str, &str) -> Vec<usize>) -> Value {
    let (text, lookup) = (values[0].print(), values[1].print());
    let number = |idx: usize, default: i64| values.get(idx).and_then(Value::as_long).unwrap_or(default);
    let n_chars = text.chars().count() as i64;
    let (mut start, length, occurrence) = (number(2, 0), number(3, -1), number(4, 1));
    if start < 0 {
        start = (n_chars + start).max(0);
    }
    if length < -1 || occurrence < 1 {
        return Value::Null;
    }
    // Overlapping occurrences do not count here; places are in characters.
    let places = find(&text, &lookup).into_iter().map(|at| text[..at].chars().count() as i64);
    let n_lookup = lookup.chars().count() as i64;
    let mut left = occurrence;
    for at in places {
        // The length counts from where the search for this occurrence begins, as in Microsoft's examples.
        let end = if length == -1 { i64::MAX } else { start.saturating_add(length) };
        if at < start || at.saturating_add(n_lookup) > end {
            continue;
        }
        left -= 1;
        if left == 0 {
            return Value::Long(at);
        }
        start = at + 1;
    }
    Value::Long(-1)
}

fn count_of(scratch: &mut Scratch, values: &[Value]) -> Value {
    let (text, search) = (values[0].as_str(), values[1].as_str());
    if values.get(2).is_some_and(|kind| kind.as_str() == "regex") {
        return scratch.regex(search).map_or(Value::Null, |regex| Value::Long(regex.find_iter(text).count() as i64));
    }
    let Some(first) = search.chars().next() else { return Value::Long(0) };
    let mut n_found = 0;
    let mut rest = text;
    while let Some(at) = rest.find(search) {
        n_found += 1;
        rest = &rest[at + first.len_utf8()..];
    }
    Value::Long(n_found)
}

fn extract_all(scratch: &mut Scratch, values: &[Value]) -> Value {
    let (groups, text) = match values {
        [_, groups, text] => (groups.as_json().and_then(Json::as_array).cloned(), text.as_str()),
        [_, text] => (None, text.as_str()),
        _ => return Value::Null,
    };
    let Some(regex) = scratch.regex(values[0].as_str()) else { return Value::Null };
    let wanted: Vec<usize> = match &groups {
        Some(groups) => groups.iter().filter_map(Json::as_u64).filter_map(|idx| usize::try_from(idx).ok()).collect(),
        None => (1..regex.captures_len()).collect(),
    };
    let mut matches = Vec::new();
    for captures in regex.captures_iter(text).take(MATCHES_MAX) {
        let part = |idx: &usize| Json::from(captures.get(*idx).map_or("", |found| found.as_str()));
        matches.push(match wanted.as_slice() {
            [] => part(&0),
            [only] => part(only),
            several => several.iter().map(part).collect(),
        });
    }
    if matches.is_empty() { Value::Null } else { Value::Dynamic(Json::Array(matches)) }
}

fn translate(_: &mut Scratch, values: &[Value]) -> Value {
    let search: Vec<char> = values[0].as_str().chars().collect();
    let replacement: Vec<char> = values[1].as_str().chars().collect();
    // A list that is shorter goes on with its last letter; an empty one takes the letters out.
    let one = |char: char| match search.iter().position(|wanted| *wanted == char) {
        Some(at) => replacement.get(at).or(replacement.last()).copied(),
        None => Some(char),
    };
    Value::Text(values[2].as_str().chars().filter_map(one).collect())
}

fn string_of_codes(scratch: &mut Scratch, values: &[Value]) -> Value {
    let mut text = String::new();
    let mut add = |code: i64| text.extend(u32::try_from(code).ok().and_then(char::from_u32));
    for value in values {
        match value {
            Value::Dynamic(Json::Array(codes)) => codes.iter().filter_map(Json::as_i64).for_each(&mut add),
            Value::Dynamic(Json::Number(code)) => code.as_i64().into_iter().for_each(&mut add),
            other => other.as_long().into_iter().for_each(&mut add),
        }
    }
    scratch.fits(text)
}

//! Rows from JSON, and rules from text.

use std::collections::BTreeMap;

use detect::{Platform, RuleSet, RuleText};
use schema::row::Nanos;
use schema::{Row, Type};
use serde_json::Value;

/// A row with the members of a JSON object as its columns.
pub fn row(json: &Value) -> Row {
    let mut row = Row::new();
    for (name, value) in json.as_object().expect("an object") {
        let column = schema::tables::column(name).unwrap_or_else(|| panic!("no column {name}"));
        match (column.ty, value) {
            (Type::String, Value::String(text)) => row.set(column, text.as_str()),
            (Type::Int | Type::Long, Value::Number(number)) => row.set(column, number.as_i64().expect("an integer")),
            (Type::Bool, Value::Bool(flag)) => row.set(column, *flag),
            (Type::DateTime, Value::Number(number)) => row.set(column, Nanos(number.as_i64().expect("an integer"))),
            (ty, value) => panic!("{name} is {ty:?}, not {value}"),
        };
    }
    row
}

/// The rules of one text.
pub fn rules(text: &str) -> RuleSet {
    RuleSet::load(&[RuleText { file: "rule.yml".to_owned(), text: text.to_owned() }])
}

/// A rule with that log source and selection.
pub fn rule(logsource: &str, selection: &str) -> String {
    format!("title: t\nlogsource: {{{logsource}}}\ndetection:\n  selection:\n    {selection}\n  condition: selection\n")
}

/// Whether a row fulfils a rule's selection.
pub fn hits(platform: Platform, logsource: &str, selection: &str, json: &Value) -> bool {
    let rules = rules(&rule(logsource, selection));
    assert_eq!(rules.problems(), []);
    !rules.matches(&row(json), platform).is_empty()
}

/// Fields of a row.
pub fn fields(platform: Platform, json: &Value) -> BTreeMap<String, String> {
    RuleSet::fields_of(&row(json), platform)
}

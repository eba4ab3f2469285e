//! The language as data: each operator, statement, plugin and difference does what is said of it.

use std::fmt::Write;

use query::kql::functions;
use query::kql::reference::{DIFFERENCES, Entry, INVOKED, MISSING, PLUGINS, SOURCES, STATEMENTS, TABULAR};

use crate::functions::Empty;

fn entries() -> impl Iterator<Item = &'static Entry> {
    [TABULAR, SOURCES, STATEMENTS, PLUGINS, INVOKED].into_iter().flatten()
}

#[test]
fn examples_give_what_they_say() {
    let empty = Empty::new();
    let mut differences = String::new();
    let mut expect = |query: &str, expected: &str, is_code: bool| {
        let got = empty.cells(query);
        let got = if is_code { got.split(':').next().unwrap_or_default() } else { got.as_str() };
        if got != expected {
            writeln!(differences, "{query}\n  expected {expected}\n  got      {got}\n").expect("text");
        }
    };
    for entry in entries() {
        let is_code = entry.result.starts_with("KQL");
        assert!(entry.is_supported || is_code, "{}: what is refused has a code", entry.name);
        assert!(entry.example.contains(entry.name), "{}: the example is about something else", entry.name);
        expect(entry.example, entry.result, is_code);
    }
    for difference in DIFFERENCES.iter().filter(|difference| !difference.example.is_empty()) {
        expect(difference.example, difference.result, false);
    }
    empty.close();
    assert!(differences.is_empty(), "{differences}");
}

/// What the parser knows is described, so that `docs/kql/operators.md` is whole.
#[test]
fn every_operator_is_described() {
    let names: Vec<&str> = entries().flat_map(|entry| entry.aliases.iter().copied().chain([entry.name])).collect();
    for operator in kql::operators().iter().chain(kql::SOURCES) {
        assert!(names.contains(operator), "{operator} has no entry in crates/query/src/kql/reference/operators.rs");
    }
}

#[test]
fn what_is_missing_is_missing() {
    for missing in MISSING {
        for name in missing.names {
            let is_there = functions::find(name).is_some()
                || functions::find_aggregate(name).is_some()
                || PLUGINS.iter().any(|plugin| plugin.name == *name);
            assert!(!is_there, "{name} is there: take it out of crates/query/src/kql/reference/missing.rs");
        }
    }
}

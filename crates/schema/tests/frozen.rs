//! `frozen.txt` is the compatibility promise: a line may be added, never removed, changed or moved.
//! Stored files and older sensors rely on it. `UPDATE=1 cargo test -p schema` adds what is new.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use schema::{ACTIONS, TABLES, col};

#[test]
fn declarations_only_grow() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen.txt");
    let frozen = std::fs::read_to_string(&path).unwrap_or_default();
    let current = current();
    if let Err(line) = grown(&frozen, &current) {
        panic!("removed, changed or moved: `{line}`. Stored data and older sensors need it as it was.");
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &current).expect("frozen.txt can be written");
        return;
    }
    assert!(frozen == current, "new declarations: run `UPDATE=1 cargo test -p schema` and commit tests/frozen.txt");
}

/// One line per fact: columns in wire order, table columns in their order, actions by name.
fn current() -> String {
    let mut lines = String::new();
    for column in col::ALL.iter() {
        let alias = column.alias_of.map(|target| format!(" as {}", target.name)).unwrap_or_default();
        writeln!(lines, "column {} {} {}{alias}", column.wire, column.name, column.ty.kql_name()).expect("string");
    }
    for table in TABLES {
        for column in table.columns {
            writeln!(lines, "table {} {}", table.name, column.name).expect("string");
        }
    }
    let mut actions: Vec<_> = ACTIONS.iter().collect();
    actions.sort_by_key(|action| action.name);
    for action in actions {
        writeln!(lines, "action {} {}", action.name, action.table).expect("string");
    }
    lines
}

/// Ok when every frozen line is in `current`, in the same order; else the first line that is not.
fn grown<'a>(frozen: &'a str, current: &str) -> Result<(), &'a str> {
    let positions: HashMap<&str, usize> = current.lines().enumerate().map(|(idx, line)| (line, idx)).collect();
    let mut next = 0;
    for line in frozen.lines() {
        match positions.get(line) {
            Some(idx) if *idx >= next => next = idx + 1,
            Some(_) | None => return Err(line),
        }
    }
    Ok(())
}

#[test]
fn removal_change_and_reorder_are_noticed() {
    let frozen = "column 1 A string\ncolumn 2 B int\n";
    assert_eq!(grown(frozen, "column 1 A string\ncolumn 2 B int\ncolumn 3 C int\n"), Ok(()));
    assert_eq!(grown(frozen, "column 1 A string\n"), Err("column 2 B int"));
    assert_eq!(grown(frozen, "column 1 A string\ncolumn 2 B long\n"), Err("column 2 B int"));
    assert_eq!(grown("table T A\ntable T B\n", "table T B\ntable T A\n"), Err("table T B"));
}

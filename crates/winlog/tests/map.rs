//! Documents of events and the rows that they become: `tests/map/*.md`. `UPDATE=1` writes the rows; read them before
//! you commit them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use schema::{Row, Value};
use winlog::{Normaliser, parse};

fn documents() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/map");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the documents").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// The events of a block, which follow each other.
fn events(block: &str) -> Vec<winlog::Event> {
    let texts = block.split_inclusive("</Event>").filter(|text| !text.trim().is_empty());
    texts.map(|text| parse(text.trim()).unwrap_or_else(|error| panic!("{error} in {text}"))).collect()
}

/// All events of all documents.
pub fn samples() -> Vec<winlog::Event> {
    let mut samples = Vec::new();
    for path in documents() {
        let document = std::fs::read_to_string(&path).expect("a document");
        for block in document.split("```xml\n").skip(1) {
            let (block, _) = block.split_once("\n```\n").expect("the end of the events");
            samples.extend(events(block));
        }
    }
    samples
}

fn cell(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("{text:?}").trim_matches('"').replace("\\\\", "\\").replace("\\\"", "\""),
        Value::Int(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Time(time_ns) => {
            format!("{}.{:09}", time_ns.div_euclid(1_000_000_000), time_ns.rem_euclid(1_000_000_000))
        }
    }
}

fn row_text(row: &Row) -> String {
    let mut cells: Vec<(&str, String)> = Vec::new();
    for (column, value) in row.values() {
        match (column.name, value) {
            // One member per line: readable, and no test depends on their order.
            ("AdditionalFields", Value::Str(text)) => {
                let fields: serde_json::Value = serde_json::from_str(text).expect("AdditionalFields is JSON");
                let mut members: Vec<String> = fields
                    .as_object()
                    .expect("an object")
                    .iter()
                    .map(|(name, value)| format!("\n  {name} = {value}"))
                    .collect();
                members.sort();
                cells.push((column.name, members.concat()));
            }
            (name, value) => cells.push((name, cell(value))),
        }
    }
    cells.sort();
    let mut text = String::new();
    for (name, value) in cells {
        let blank = if value.starts_with('\n') { "" } else { " " };
        writeln!(text, "{name}:{blank}{value}").expect("a string");
    }
    text
}

/// What a block becomes, with the sum at the end.
fn rows_text(block: &str) -> String {
    let mut normaliser = Normaliser::new();
    let mut rows = Vec::new();
    for event in events(block) {
        normaliser.push(event, 0);
        rows.extend(normaliser.take());
    }
    rows.extend(normaliser.finish());
    let texts: Vec<String> = rows.iter().map(|normalised| row_text(&normalised.row)).collect();
    let tally = normaliser.tally();
    assert_eq!(tally.events, tally.rows + tally.merged + tally.n_rejected(), "{block}");
    assert_eq!(tally.rows as usize, rows.len());
    let mut text = texts.join("---\n");
    if tally.merged > 0 || tally.n_rejected() > 0 {
        writeln!(
            text,
            "=== {} events, {} rows, {} merged, rejected {:?}",
            tally.events, tally.rows, tally.merged, tally.rejected
        )
        .expect("a string");
    }
    text
}

#[test]
fn events_become_the_rows_beside_them() {
    let mut wrong = Vec::new();
    for path in documents() {
        let document = std::fs::read_to_string(&path).expect("a document");
        let mut updated = String::new();
        let mut rest = document.as_str();
        while let Some((before, after)) = rest.split_once("```xml\n") {
            let (block, after) = after.split_once("\n```\n").expect("the end of the events");
            let (between, after) = after.split_once("```rows\n").expect("rows after the events");
            let (expected, after) = after.split_once("```\n").expect("the end of the rows");
            let actual = rows_text(block);
            if actual != expected {
                let title = before.lines().rev().find(|line| line.starts_with("## ")).unwrap_or_default();
                wrong.push(format!("{} {title}\n{actual}", path.display()));
            }
            write!(updated, "{before}```xml\n{block}\n```\n{between}```rows\n{actual}```\n").expect("a string");
            rest = after;
        }
        updated.push_str(rest);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, updated).expect("a document can be written");
        }
    }
    assert!(std::env::var_os("UPDATE").is_some() || wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mapping_has_a_sample() {
    let seen: BTreeSet<(String, u32)> = samples().into_iter().map(|event| (event.provider, event.event_id)).collect();
    let missing: Vec<_> =
        winlog::mapped().filter(|(provider, id)| !seen.contains(&((*provider).to_owned(), *id))).collect();
    assert!(missing.is_empty(), "no sample for {missing:?}");
}

#[test]
fn every_action_is_declared() {
    for event in samples() {
        let row = winlog::row(&event);
        let name = row.text(&schema::col::ACTION_TYPE).expect("an action");
        assert!(schema::action::action(name).is_some(), "{name} is no action");
    }
}

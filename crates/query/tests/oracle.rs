//! Microsoft's own binder, run under node, gives the examples of the tables the columns that we give them: the same
//! names and types. Where it does not, a line here says why.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use query::kql::reference::{Entry, MISSING, PLUGINS, SOURCES, TABULAR};
use query::kql::{Request, functions};

use crate::documents::root;
use crate::functions::{Empty, examples};
use crate::kql_documents::NOW_NS;

/// What is not the same, by a part of the query, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("make_timespan(1, 12, 30, 55.5)", "the reference takes fractions of a second, the binder wants whole ones"),
    ("jaccard_index(", "the reference says real, the binder dynamic"),
    ("bag_without_empty(", "ours"),
    ("series_decompose_anomalies(", "a bag where it is no column of its own"),
    ("series_stats(", "the same"),
    ("series_fit_line(", "the same"),
    ("series_fit_2lines(", "the same"),
    ("column_ifexists('a', 0)", "Column1 here"),
    ("columnifexists('a', 0)", "Column1 here"),
    ("estimate_data_size(", "the binder wants columns"),
    ("| consume", "no columns there"),
    ("evaluate bag_unpack(", "the columns come from the rows"),
    ("evaluate pivot(", "the same"),
];

#[test]
fn examples_have_the_columns_of_microsofts_binder() {
    let empty = Empty::new();
    let mut queries: Vec<String> = examples().into_iter().map(|example| example.query).collect();
    let entries = [TABULAR, SOURCES, PLUGINS].into_iter().flatten();
    let supported = entries.filter(|entry: &&Entry| entry.is_supported && !entry.result.starts_with("KQL"));
    queries.extend(supported.map(|entry| entry.example.to_owned()));
    queries.retain(|query| !DIFFERENT.iter().any(|(part, _)| query.contains(part)));
    let theirs = ask(&queries);
    let mut differences = String::new();
    for (query, theirs) in queries.iter().zip(theirs) {
        let ours = match empty.engine.run_kql(&empty.snapshot, Request::new(query, NOW_NS)) {
            Ok(answer) => answer.columns.clone(),
            Err(_) => panic!("{query} is refused"),
        };
        let ours: Vec<String> = ours.iter().map(|column| format!("{}: {}", column.name, column.ty)).collect();
        let ours = ours.join(" | ");
        if ours != theirs {
            differences.push_str(&format!("{query}\n  ours   {ours}\n  theirs {theirs}\n\n"));
        }
    }
    empty.close();
    assert!(differences.is_empty(), "{differences}");
}

/// `docs/kql/functions.md` lists what Kusto has and we have not: all of it.
#[test]
fn every_name_is_there_or_listed() {
    let missing: Vec<&str> = MISSING.iter().flat_map(|missing| missing.names.iter().copied()).collect();
    let sources: Vec<&str> = SOURCES.iter().chain(PLUGINS).map(|entry| entry.name).collect();
    let unknown: Vec<String> = run("names.js", &[])
        .into_iter()
        .filter(|name| functions::find(name).is_none() && functions::find_aggregate(name).is_none())
        .filter(|name| !missing.contains(&name.as_str()) && !sources.contains(&name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "neither there nor in crates/query/src/kql/reference/missing.rs: {unknown:?}");
}

/// A line for each query.
fn ask(queries: &[String]) -> Vec<String> {
    let lines = run("columns.js", (queries.join("\0") + "\0").as_bytes());
    assert_eq!(lines.len(), queries.len(), "an answer for each query");
    lines
}

/// The lines of a script of the oracle.
fn run(script: &str, text: &[u8]) -> Vec<String> {
    let folder = root().join("crates/kql/oracle");
    install(&folder);
    let mut command = Command::new("node");
    command.arg(script).current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("node is needed to compare our binder with Microsoft's: {error}. Install Node.js 18 or later.")
    });
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(text).expect("node reads");
    drop(input);
    let output = child.wait_with_output().expect("node ends");
    assert!(output.status.success(), "node failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Fetches the binder, once.
fn install(folder: &Path) {
    if folder.join("node_modules/@kusto/language-service-next").exists() {
        return;
    }
    let npm = Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(folder).status();
    assert!(npm.is_ok_and(|status| status.success()), "npm ci in {} failed", folder.display());
}

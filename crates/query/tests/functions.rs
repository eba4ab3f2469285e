//! Every entry of the function table: its example gives what it says, under each of its names.

use std::fmt::Write;

use query::kql::Request;
use query::kql::functions::{AGGREGATES, EXAMPLE_ROWS, FAMILIES, FORMS, OPERATORS};
use query::kql::value::Column;
use query::{Engine, kql::Refusal};
use store::{Options, Snapshot, Store};

use crate::kql_documents::NOW_NS;

/// What gives another value at every call, or none that a text could name: its example says what is always true of it.
const SHAPES: &[&str] = &["rand", "new_guid"];

/// The engine over a store without rows.
pub struct Empty {
    store: Store,
    pub snapshot: Snapshot,
    pub engine: Engine,
    _dir: tempfile::TempDir,
}

impl Empty {
    /// A new one.
    pub fn new() -> Empty {
        let dir = tempfile::tempdir().expect("make directory");
        let store = Store::open(&Options { dir: dir.path().to_owned() }).expect("open store");
        let snapshot = store.snapshot();
        Empty { store, snapshot, engine: Engine::new(1).expect("engine"), _dir: dir }
    }

    /// The cells of an answer, `, ` between them and `; ` between rows; or why there is none, the code first.
    pub fn cells(&self, text: &str) -> String {
        let answer = match self.engine.run_kql(&self.snapshot, Request::new(text, NOW_NS)) {
            Ok(answer) => answer,
            Err(Refusal::Diagnostics(diagnostics)) => {
                let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
                return errors.map(|error| format!("{}: {}", error.code, error.message)).collect::<Vec<_>>().join(" ");
            }
            Err(Refusal::Failed(error)) => return error.to_string(),
        };
        let columns = answer.columns.clone();
        let batches = match answer.collect() {
            Ok((batches, _)) => batches,
            Err(error) => return error.to_string(),
        };
        let mut rows = Vec::new();
        for batch in &batches {
            for row_idx in 0..batch.num_rows() {
                let cells = columns.iter().zip(batch.columns()).map(|(column, array)| {
                    Column::new(array, column.ty).expect("the type's Arrow form").value(row_idx).print()
                });
                rows.push(cells.collect::<Vec<_>>().join(", "));
            }
        }
        rows.join("; ")
    }

    /// Closes the store.
    pub fn close(self) {
        self.store.close();
    }
}

/// A name and its aliases, the example as a query, and what it gives.
pub struct Example {
    pub names: Vec<&'static str>,
    pub query: String,
    pub result: &'static str,
}

/// All of them.
pub fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for (_, functions) in FAMILIES {
        for function in *functions {
            let names = [&[function.name], function.aliases].concat();
            examples.push(Example { names, query: function.example_query(), result: function.example_result });
        }
    }
    for function in OPERATORS.iter().flat_map(|operators| operators.iter()) {
        let names = vec![function.name];
        examples.push(Example { names, query: function.example_query(), result: function.example_result });
    }
    for form in FORMS {
        let query = format!("print result = {}", form.example);
        examples.push(Example { names: vec![form.name], query, result: form.example_result });
    }
    for aggregate in AGGREGATES {
        let names = [&[aggregate.name], aggregate.aliases].concat();
        let query = format!("{EXAMPLE_ROWS} | summarize {}", aggregate.example);
        examples.push(Example { names, query, result: aggregate.example_result });
    }
    examples
}

/// The text with a called name in the place of another one.
fn renamed(text: &str, from: &str, to: &str) -> String {
    let mut renamed = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let is_inside = rest[..at].chars().next_back().is_some_and(|char| char.is_alphanumeric() || char == '_');
        let is_call = rest[at + from.len()..].starts_with('(') && !is_inside;
        renamed.push_str(&rest[..at]);
        renamed.push_str(if is_call { to } else { from });
        rest = &rest[at + from.len()..];
    }
    renamed + rest
}

#[test]
fn examples_give_what_they_say() {
    let empty = Empty::new();
    let mut differences = String::new();
    for example in examples() {
        let shown = example.names.iter().find(|name| example.query.contains(**name) || **name == "[]");
        let Some(shown) = shown else {
            writeln!(differences, "{}: no example\n", example.names[0]).expect("text");
            continue;
        };
        for name in &example.names {
            let query = renamed(&example.query, shown, name);
            let got = empty.cells(&query);
            if got != example.result {
                writeln!(differences, "{query}\n  expected {}\n  got      {got}\n", example.result).expect("text");
            }
        }
    }
    empty.close();
    assert!(differences.is_empty(), "{differences}");
}

/// A shape is a true sentence: an example that names a value of theirs would hold only by chance.
#[test]
fn examples_of_random_functions_are_true_sentences() {
    for example in examples().iter().filter(|example| SHAPES.contains(&example.names[0])) {
        assert_eq!(example.result, "True", "{}", example.query);
    }
}

#[test]
fn names_are_given_once() {
    let mut names: Vec<&str> = query::kql::functions::names();
    for aggregate in AGGREGATES {
        names.push(aggregate.name);
        names.extend(aggregate.aliases);
    }
    names.sort_unstable();
    let twice: Vec<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn whole_numbers_stay_whole_when_rounded() {
    let empty = Empty::new();
    assert_eq!(
        empty.cells("print gettype(round(7)), round(7, 2), round(1250, -2), round(int(-1250), -2)"),
        "long, 7, 1300, -1300"
    );
    empty.close();
}

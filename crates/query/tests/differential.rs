//! Random queries, answered by the engine and by the naive evaluator: they must agree. `make test` runs a fixed number
//! with a fixed seed; `cargo xtask fuzz kql` runs as many as wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use kql::syntax::DataType;
use query::Engine;
use query::kql::value::{Column as EngineColumn, Value as EngineValue};
use query::kql::{KqlType, Refusal, Request};
use store::Snapshot;

use crate::naive::fixture::{self, Fixture};
use crate::naive::generate::{self, Generated, Rng, Shape};
use crate::naive::value::{Json, Table, Value};
use crate::naive::{self, Binding, Env};

/// Queries of `make test`, in a debug build.
const QUERIES: usize = 1_000;
const SEED: u64 = 20_260_110;
/// 2026-01-10T12:34:56.7891234Z.
const NOW_TICKS: i64 = 639_036_560_967_891_234;
/// Findings that are minimised and shown.
const FINDINGS_SHOWN: u64 = 10;
/// Queries between two lines of progress.
const PROGRESS_EVERY: u64 = 5_000;
/// Steps of minimising.
const STEPS_MAX: usize = 200;

/// Code of the diagnostic for an operator that is still missing.
const NOT_YET: &str = "KQL139";
/// Rows of an answer that are shown.
const ROWS_SHOWN: usize = 12;

/// How the two answers compare.
#[derive(Debug, PartialEq)]
enum Verdict {
    Same,
    /// The evaluator has no answer: a gap of the generator.
    NoOracle(String),
    /// The engine says that it doesn't have the operator yet.
    NotYet(String),
    /// The engine refused or failed.
    Refused(String),
    Different(String),
}

impl Verdict {
    /// What must stay the same while a query is made smaller.
    fn kind(&self) -> String {
        match self {
            Self::Same => "same".to_owned(),
            Self::NoOracle(why) => format!("no oracle {}", why.get(..25).unwrap_or(why)),
            Self::NotYet(_) => "not yet".to_owned(),
            Self::Refused(why) => format!("refused {}", why.split(':').next().unwrap_or_default()),
            Self::Different(_) => "different".to_owned(),
        }
    }
}

impl Verdict {
    fn explained(&self) -> String {
        match self {
            Self::Same => "the same".to_owned(),
            Self::NoOracle(why) => format!("the evaluator has no answer: {why}"),
            Self::NotYet(why) | Self::Refused(why) => format!("the engine refused: {why}"),
            Self::Different(answers) => answers.clone(),
        }
    }
}

struct Arena {
    engine: Engine,
    snapshot: Snapshot,
    env: Env,
    stored: Vec<(String, Shape)>,
    prelude: Vec<String>,
}

impl Arena {
    fn new(fixture: &Fixture) -> Self {
        let mut env = Env::default();
        env.now = NOW_TICKS;
        for (name, table) in &fixture.tables {
            env.bind(name, Binding::Table(Rc::new(table.clone())));
        }
        Self {
            engine: Engine::new(1).expect("engine"),
            snapshot: fixture.store.snapshot(),
            env,
            stored: fixture.views.iter().map(|view| (view.name.clone(), view.shape.clone())).collect(),
            prelude: fixture.views.iter().map(|view| view.definition.clone()).collect(),
        }
    }

    fn text(&self, generated: &Generated) -> String {
        let body = generated.text();
        let uses_store = generated.tables.is_empty();
        let prelude: String = self.prelude.iter().filter(|_| uses_store).map(|view| format!("{view};\n")).collect();
        prelude + &body
    }

    fn verdict(&self, generated: &Generated, is_printed: bool) -> Verdict {
        let text = self.text(generated);
        let (tree, diagnostics) = kql::parse(&text);
        if let Some(error) = diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
            return Verdict::NoOracle(format!("{}: {}", error.code, error.message));
        }
        let expected = match naive::query(&self.env, &tree) {
            Ok(expected) => expected,
            Err(error) => return Verdict::NoOracle(error),
        };
        let text = if is_printed { tree.to_kql() } else { text };
        match self.answer(&text) {
            Ok(got) => compare(&expected, &got, generated),
            Err(error) if error.starts_with(NOT_YET) => Verdict::NotYet(error),
            Err(error) => Verdict::Refused(error),
        }
    }

    fn answer(&self, text: &str) -> Result<Table, String> {
        let now_ns = i64::try_from((i128::from(NOW_TICKS) - 621_355_968_000_000_000) * 100).expect("now");
        let answer =
            self.engine.run_kql(&self.snapshot, Request::new(text, now_ns)).map_err(|refusal| match refusal {
                Refusal::Diagnostics(found) => {
                    let errors = found.iter().filter(|diagnostic| diagnostic.is_error());
                    let line = |diagnostic: &kql::Diagnostic| {
                        format!("{}: {} at `{}`", diagnostic.code, diagnostic.message, &text[diagnostic.span.range()])
                    };
                    errors.map(line).collect::<Vec<String>>().join("; ")
                }
                Refusal::Failed(error) => format!("failed: {error}"),
            })?;
        let columns = answer.columns.clone();
        let (batches, outcome) = answer.collect().map_err(|error| format!("failed: {error}"))?;
        if let Some(cap) = outcome.caps.first() {
            return Err(format!("cap: {}", cap.name));
        }
        let mut table = Table::default();
        for column in &columns {
            let data_type = DataType::from_name(column.ty.name()).expect("a type of KQL");
            table.columns.push(naive::value::Column::new(&column.name, data_type));
        }
        for batch in &batches {
            let arrays: Vec<EngineColumn> = columns
                .iter()
                .zip(batch.columns())
                .map(|(column, array)| EngineColumn::new(array, column.ty).expect("the type's Arrow form"))
                .collect();
            for row in 0..batch.num_rows() {
                let value =
                    |(array, column): (&EngineColumn, &query::kql::AnswerColumn)| convert(&array.value(row), column.ty);
                table.rows.push(arrays.iter().zip(&columns).map(value).collect());
            }
        }
        Ok(table)
    }

    /// A smaller query with the same kind of verdict.
    fn minimise(&self, generated: Generated, is_printed: bool) -> (Generated, Verdict) {
        let mut best = generated;
        let mut verdict = self.verdict(&best, is_printed);
        for _ in 0..STEPS_MAX {
            let smaller = best.smaller().into_iter().find_map(|smaller| {
                let found = self.verdict(&smaller, is_printed);
                (found.kind() == verdict.kind()).then_some((smaller, found))
            });
            let Some((smaller, found)) = smaller else { break };
            best = smaller;
            verdict = found;
        }
        (best, verdict)
    }
}

fn convert(value: &EngineValue, ty: KqlType) -> Value {
    let null = Value::null(DataType::from_name(ty.name()).expect("a type of KQL"));
    match value {
        EngineValue::Null => null,
        EngineValue::Bool(value) => Value::Bool(Some(*value)),
        EngineValue::Int(value) => Value::Int(Some(*value)),
        EngineValue::Long(value) => Value::Long(Some(*value)),
        EngineValue::Real(value) => Value::Real(Some(*value)),
        EngineValue::Text(text) => Value::String(text.clone()),
        EngineValue::DateTime(ticks) => Value::Datetime(Some(*ticks)),
        EngineValue::TimeSpan(ticks) => Value::Timespan(Some(*ticks)),
        EngineValue::Guid(guid) => Value::Guid(Some(guid.clone())),
        EngineValue::Dynamic(json) => Value::Dynamic(naive::json::parse(&json.to_string()).expect("JSON")),
    }
}

fn compare(expected: &Table, got: &Table, generated: &Generated) -> Verdict {
    if expected.columns != got.columns {
        return Verdict::Different(format!("columns: expected {:?}, got {:?}", expected.columns, got.columns));
    }
    let (mut expected, mut got) = (expected.clone(), got.clone());
    if generated.has_bags {
        sort_arrays(&mut expected);
        sort_arrays(&mut got);
    }
    let is_same = expected.rows.len() == got.rows.len()
        && if generated.is_ordered {
            expected.rows.iter().zip(&got.rows).all(|(left, right)| same_row(left, right))
        } else {
            same_rows(&expected.rows, &got.rows)
        };
    if is_same {
        Verdict::Same
    } else {
        Verdict::Different(format!("expected\n{}got\n{}", lines(&expected), lines(&got)))
    }
}

/// `make_set` and `make_list` say nothing of the order of their elements.
fn sort_arrays(table: &mut Table) {
    for value in table.rows.iter_mut().flatten() {
        if let Value::Dynamic(Json::Array(items)) = value {
            items.sort_by_key(Json::to_string);
        }
    }
}

/// The same rows in any order.
fn same_rows(expected: &[Vec<Value>], got: &[Vec<Value>]) -> bool {
    let mut rest: Vec<&Vec<Value>> = got.iter().collect();
    expected.iter().all(|row| match rest.iter().position(|other| same_row(row, other)) {
        Some(at) => {
            rest.swap_remove(at);
            true
        }
        None => false,
    })
}

fn same_row(left: &[Value], right: &[Value]) -> bool {
    left.iter().zip(right).all(|(left, right)| match (left, right) {
        (Value::Real(Some(left)), Value::Real(Some(right))) => close(*left, *right),
        (Value::Dynamic(left), Value::Dynamic(right)) => same_json(left, right),
        _ => left == right,
    })
}

fn same_json(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Real(left), Json::Real(right)) => close(*left, *right),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_json(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            let same =
                |(left, right): (&(String, Json), &(String, Json))| left.0 == right.0 && same_json(&left.1, &right.1);
            left.len() == right.len() && left.iter().zip(right).all(same)
        }
        _ => left == right,
    }
}

/// Within 1e-9 of each other, relatively.
fn close(left: f64, right: f64) -> bool {
    left == right || (left.is_nan() && right.is_nan()) || (left - right).abs() <= 1e-9 * left.abs().max(right.abs())
}

fn lines(table: &Table) -> String {
    let names: Vec<String> =
        table.columns.iter().map(|column| format!("{}:{}", column.name, column.data_type.name())).collect();
    let mut text = format!("  {}\n", names.join(" | "));
    let mut rows: Vec<String> =
        table.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<String>>().join(" | ")).collect();
    rows.sort();
    let n_rows = rows.len();
    for row in rows.into_iter().take(ROWS_SHOWN) {
        text.push_str(&format!("  {row}\n"));
    }
    if n_rows > ROWS_SHOWN {
        text.push_str(&format!("  … {n_rows} rows\n"));
    }
    text
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Dynamic(json) => json.to_string(),
        other if other.is_null() => "null".to_owned(),
        other => naive::convert::to_text(other),
    }
}

/// How many queries had an operator or a function.
#[derive(Default)]
struct Exercised {
    operators: BTreeMap<String, u64>,
    functions: BTreeMap<String, u64>,
    comparisons: BTreeMap<String, u64>,
}

impl Exercised {
    fn count(&mut self, text: &str) {
        let is_word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '!' | '~');
        let (mut operators, mut functions, mut comparisons) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut before = ' ';
        for piece in text.split_inclusive(|char: char| !is_word(char)) {
            let word = piece.trim_end_matches(|char: char| !is_word(char));
            let is_name = word.starts_with(|char: char| char.is_ascii_lowercase() || char == '!');
            if is_name && before == '|' {
                operators.insert(word.to_owned());
            } else if is_name && piece.ends_with('(') && !matches!(word, "on" | "by" | "with" | "and" | "or" | "not") {
                functions.insert(word.to_owned());
            } else if is_name && TEXT_OPERATORS.contains(&word.trim_start_matches('!')) {
                comparisons.insert(word.to_owned());
            }
            if let Some(last) = piece.chars().rev().find(|char| !char.is_whitespace()) {
                before = last;
            }
        }
        for (found, counts) in
            [(operators, &mut self.operators), (functions, &mut self.functions), (comparisons, &mut self.comparisons)]
        {
            found.into_iter().for_each(|name| *counts.entry(name).or_default() += 1);
        }
    }
}

impl std::fmt::Display for Exercised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let families =
            [("operators", &self.operators), ("functions", &self.functions), ("comparisons", &self.comparisons)];
        for (family, counts) in families {
            let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            writeln!(f, "{family}: {}", counts.join(", "))?;
        }
        Ok(())
    }
}

/// Operators between two values that are words.
const TEXT_OPERATORS: &[&str] = &[
    "has",
    "has_cs",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
    "contains",
    "contains_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "in",
    "in~",
    "has_any",
    "has_all",
    "between",
    "matches",
];

/// A number from the environment, which `cargo xtask fuzz kql` sets.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn engine_and_evaluator_agree() {
    let dir = tempfile::tempdir().expect("make directory");
    let seed = setting("NENRIN_FUZZ_SEED", SEED);
    let n_queries = setting("NENRIN_FUZZ_QUERIES", QUERIES as u64);
    let n_shown = usize::try_from(setting("NENRIN_FUZZ_SHOWN", FINDINGS_SHOWN)).expect("a small number");
    let first = setting("NENRIN_FUZZ_FIRST", 0);
    let fixture = fixture::open(dir.path(), &mut Rng::new(seed));
    let arena = Arena::new(&fixture);
    let mut findings = Vec::new();
    let mut n_done = 0;
    let mut n_not_yet = 0;
    let mut exercised = Exercised::default();
    for index in first..first + n_queries {
        let mut rng = Rng::new(seed ^ index.wrapping_mul(0x9E37_79B9));
        let generated = generate::query(&mut rng, &arena.stored);
        let is_printed = index % 2 == 1;
        exercised.count(&generated.text());
        let verdict = arena.verdict(&generated, is_printed);
        match verdict {
            Verdict::Same => {}
            Verdict::NotYet(_) => n_not_yet += 1,
            Verdict::NoOracle(_) | Verdict::Refused(_) | Verdict::Different(_) => {
                let is_shown = findings.len() < n_shown;
                let (query, verdict) =
                    if is_shown { arena.minimise(generated, is_printed) } else { (generated, verdict) };
                let explained = verdict.explained();
                let finding = format!("--- query {index} of seed {seed}\n{}\n{explained}\n", arena.text(&query));
                if is_shown {
                    eprintln!("{finding}");
                }
                findings.push(finding);
            }
        }
        n_done += 1;
        if n_done % PROGRESS_EVERY == 0 {
            eprintln!("{n_done} queries, {} differences", findings.len());
        }
    }
    if std::env::var_os("NENRIN_FUZZ_COUNTS").is_some() {
        eprintln!("{exercised}");
    }
    eprintln!("{n_done} queries, {} differences, {n_not_yet} with an operator that is not there yet", findings.len());
    let shown: String = findings.iter().take(n_shown).cloned().collect();
    assert!(findings.is_empty(), "{shown}\n{} of {n_queries} queries differ (seed {seed})", findings.len());
}

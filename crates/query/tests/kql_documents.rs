//! The documents in `tests/kql/`: rows, queries, and what Kusto's reference says they answer. `UPDATE=1` writes what
//! they answer now; read the difference before you commit it.
//!
//! A document has ` ```rows TABLE ` blocks (a header and lines, cells between bars, an empty cell is not set), and
//! cases: a ` ```kql ` block and behind it an ` ```expect ` block (lines in any order), ` ```expect ordered ` or
//! ` ```expect-error `.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use prost::Message;
use query::Engine;
use query::kql::value::{Column, Value, parse_datetime};
use query::kql::{Refusal, Request};
use schema::row::Nanos;
use schema::{Row, Type};
use store::{Append, Options, Snapshot, Store};

/// 2026-01-10T00:00:00Z.
pub const NOW_NS: i64 = 1_767_999_600_000_000_000 + 3_600_000_000_000;
const EPOCH_TICKS: i64 = query::kql::frame::UNIX_EPOCH_TICKS;

/// A block of a document: what stands behind the three ticks, its lines, and where they are.
pub struct Block {
    pub info: String,
    pub body: String,
    pub start: usize,
    pub end: usize,
}

/// The blocks of a document.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut at = 0;
    let mut open: Option<(String, usize)> = None;
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        match (&open, line.trim_end().strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), next)),
            (Some((info, start)), Some("")) => {
                blocks.push(Block { info: info.clone(), body: text[*start..at].to_owned(), start: *start, end: at });
                open = None;
            }
            _ => {}
        }
        at = next;
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The cells of a line; a bar inside of one is written `\|`.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    for part in line.split('|') {
        let last = cells.last_mut().expect("never empty");
        last.push_str(part);
        match last.strip_suffix('\\') {
            Some(before) => *last = format!("{before}|"),
            None => cells.push(String::new()),
        }
    }
    cells.pop();
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Rows of a block, by device.
fn rows(block: &Block, table: &str) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut lines = block.body.lines();
    let header = cells(lines.next().expect("a header"));
    let mut by_device: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for line in lines {
        let mut row = Row::new();
        let mut device = "d1".to_owned();
        row.set(&schema::col::EVENT_TABLE, table);
        let cells = cells(line);
        assert!(cells.len() <= header.len(), "more cells than columns: {line}");
        for (name, cell) in header.iter().zip(&cells) {
            let column = schema::tables::column(name).unwrap_or_else(|| panic!("no column {name}"));
            match (column.ty, cell.as_str()) {
                (_, "") => {}
                (Type::String, "\"\"") => drop(row.set(column, "")),
                (Type::String, text) => {
                    if column.name == "DeviceId" {
                        device = text.to_owned();
                    }
                    row.set(column, text);
                }
                (Type::Int | Type::Long, text) => drop(row.set(column, text.parse::<i64>().expect("a number"))),
                (Type::Bool, text) => drop(row.set(column, text == "true")),
                (Type::DateTime, text) => {
                    let ticks = parse_datetime(text).unwrap_or_else(|| panic!("no time: {text}"));
                    row.set(column, Nanos((ticks - EPOCH_TICKS) * 100));
                }
            }
        }
        by_device.entry(device).or_default().push(row.encode_to_vec());
    }
    by_device
}

/// A store with all rows of a document: those of the first block in files, the others fresh.
pub fn store_of(dir: &Path, blocks: &[Block]) -> Store {
    let store = Store::open(&Options { dir: dir.to_owned() }).expect("open store");
    let mut next_seq: BTreeMap<String, u64> = BTreeMap::new();
    for (idx, block) in blocks.iter().filter(|block| block.info.starts_with("rows ")).enumerate() {
        let table = block.info.trim_start_matches("rows ").trim();
        for (device, records) in rows(block, table) {
            let seq = next_seq.entry(device.clone()).or_insert(1);
            let n_records = records.len() as u64;
            let append =
                Append { device, tenant: "t1".to_owned(), epoch: 1, first_seq: *seq, received_ns: NOW_NS, records };
            store.append_wait(append).expect("append");
            *seq += n_records;
        }
        if idx == 0 {
            store.flush().expect("flush");
        }
    }
    store
}

/// The columns and rows of an answer, or why there is none.
pub fn answer(engine: &Engine, snapshot: &Snapshot, text: &str, is_ordered: bool) -> String {
    let request = Request::new(text, NOW_NS);
    let answer = match engine.run_kql(snapshot, request) {
        Ok(answer) => answer,
        Err(Refusal::Diagnostics(diagnostics)) => {
            let mut out = String::new();
            for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
                let found = &text[diagnostic.span.range()];
                writeln!(out, "{} `{found}`: {} {}", diagnostic.code, diagnostic.message, diagnostic.hint)
                    .expect("text");
            }
            return out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
        }
        Err(Refusal::Failed(error)) => return format!("{error}\n"),
    };
    let columns = answer.columns.clone();
    let warnings = answer.warnings.clone();
    let chart = answer.visualization.clone();
    let mut out =
        columns.iter().map(|column| format!("{}: {}", column.name, column.ty)).collect::<Vec<_>>().join(" | ");
    out.push('\n');
    let (batches, outcome) = match answer.collect() {
        Ok(collected) => collected,
        Err(error) => return format!("{error}\n"),
    };
    let mut lines = Vec::new();
    for batch in &batches {
        let arrays: Vec<Column> = columns
            .iter()
            .zip(batch.columns())
            .map(|(column, array)| Column::new(array, column.ty).expect("the type's Arrow form"))
            .collect();
        for row_idx in 0..batch.num_rows() {
            let cells: Vec<String> = arrays.iter().map(|array| cell(&array.value(row_idx))).collect();
            lines.push(cells.join(" | ").trim_end().to_owned());
        }
    }
    if !is_ordered {
        lines.sort();
    }
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
    for cap in outcome.caps {
        writeln!(out, "cap {}: {}", cap.name, cap.message).expect("text");
    }
    for warning in warnings {
        writeln!(out, "warning {}: {}", warning.code, warning.message).expect("text");
    }
    if let Some(chart) = chart {
        writeln!(out, "render {} {:?}", chart.chart, chart.properties).expect("text");
    }
    out
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Dynamic(json) => json.to_string(),
        other => other.print().replace('\n', "\\n"),
    }
}

/// Runs a document; gives what differs.
fn check(path: &Path, engine: &Engine) -> String {
    let text = std::fs::read_to_string(path).expect("read document");
    let blocks = blocks(&text);
    let dir = tempfile::tempdir().expect("make directory");
    let store = store_of(dir.path(), &blocks);
    let snapshot = store.snapshot();
    let is_update = std::env::var_os("UPDATE").is_some();
    let mut updated = text.clone();
    let mut differences = String::new();
    for pair in blocks.windows(2).rev() {
        if pair[0].info != "kql" || !pair[1].info.starts_with("expect") {
            continue;
        }
        let got = answer(engine, &snapshot, pair[0].body.trim_end(), pair[1].info == "expect ordered");
        if got != pair[1].body {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            write!(differences, "--- {name}\n{}\nexpected\n{}got\n{got}\n", pair[0].body, pair[1].body).expect("text");
            updated.replace_range(pair[1].start..pair[1].end, &got);
        }
    }
    store.close();
    if is_update && updated != text {
        std::fs::write(path, updated).expect("write document");
        return String::new();
    }
    differences
}

#[test]
fn documents() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kql");
    let mut paths: Vec<_> = std::fs::read_dir(dir).expect("list").map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    let engine = Engine::new(2).expect("engine");
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut differences = String::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "md")) {
        if path.to_string_lossy().contains(&only) {
            differences.push_str(&check(path, &engine));
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

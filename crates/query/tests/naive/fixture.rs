//! A store with random events, and the same rows as tables of the evaluator.

use std::collections::BTreeMap;
use std::path::Path;

use kql::syntax::DataType;
use prost::Message;
use schema::Row;
use schema::row::Nanos;
use store::{Append, Options, Store};

use super::generate::{Rng, Shape};
use super::time::{TICKS_PER_DAY, UNIX_EPOCH};
use super::value::{Column, Table, Value};

/// The store, and what is in it.
pub struct Fixture {
    pub store: Store,
    pub tables: Vec<(String, Table)>,
    pub views: Vec<View>,
}

/// A `let` that gives a table of the store the names that the generator uses.
pub struct View {
    pub name: String,
    pub definition: String,
    pub shape: Shape,
}

/// Columns of the tables: the stored name, the generator's, the type.
const COLUMNS: &[(&str, &str, DataType)] = &[
    ("InitiatingProcessId", "id", DataType::Long),
    ("Timestamp", "d_x", DataType::Datetime),
    ("DeviceId", "s_d", DataType::String),
    ("ActionType", "s_x", DataType::String),
    ("FileName", "s_y", DataType::String),
    ("InitiatingProcessCommandLine", "s_z", DataType::String),
    ("FileSize", "l_x", DataType::Long),
];

const NAMES: &[&str] = &[
    "",
    "cmd.exe",
    "CMD.EXE",
    "powershell.exe",
    "İstanbul.exe",
    "年輪",
    "straße",
    "bash",
    "a b",
    "foo-bar",
    "rundll32.exe",
];
const COMMANDS: &[&str] = &[
    "",
    "cmd.exe /c whoami",
    "powershell -enc QQ==",
    "bash -c 'x=1;y=22'",
    "needle in hay",
    "k=5;v=abc;",
    "ÉLAN 年輪 test",
];
const ROWS: usize = 40;

pub fn open(dir: &Path, rng: &mut Rng) -> Fixture {
    let store = Store::open(&Options { dir: dir.to_owned() }).expect("open store");
    let mut fixture = Fixture { store, tables: Vec::new(), views: Vec::new() };
    let mut next_seq: BTreeMap<String, u64> = BTreeMap::new();
    for (index, (table, view)) in [("DeviceProcessEvents", "P"), ("DeviceFileEvents", "F")].into_iter().enumerate() {
        let rows = rows(rng, table);
        // Half of the rows are in files, half only in the log.
        for (part, rows) in rows.chunks(ROWS / 2).enumerate() {
            append(&fixture.store, table, rows, &mut next_seq);
            if part == 0 && index == 0 {
                fixture.store.flush().expect("flush");
            }
        }
        let columns = COLUMNS.iter().map(|column| Column::new(column.0, column.2)).collect();
        fixture.tables.push((table.to_owned(), Table { columns, rows, is_sorted: false }));
        let items: Vec<String> = COLUMNS.iter().map(|(stored, name, _)| format!("{name} = {stored}")).collect();
        let columns = COLUMNS.iter().map(|(_, name, data_type)| ((*name).to_owned(), *data_type)).collect();
        fixture.views.push(View {
            name: view.to_owned(),
            definition: format!("let {view} = {table} | project {}", items.join(", ")),
            shape: Shape { columns, unique: Some("id".to_owned()) },
        });
    }
    fixture
}

fn rows(rng: &mut Rng, table: &str) -> Vec<Vec<Value>> {
    let actions: &[&str] = if table == "DeviceProcessEvents" {
        &["ProcessCreated", "OpenProcess"]
    } else {
        &["FileCreated", "FileDeleted"]
    };
    (0..ROWS)
        .map(|index| {
            let microseconds = 10 * rng.below(30 * 86_400_000_000 / 10) as i64;
            let tick = UNIX_EPOCH + 20_440 * TICKS_PER_DAY + microseconds * 10;
            let process = if rng.one_in(6) { None } else { Some(rng.below(5000) as i64) };
            vec![
                Value::Long(Some(index as i64 + 1)),
                Value::Datetime(Some(tick)),
                Value::string(*rng.pick(&["d1", "d2", "D3"])),
                Value::string(*rng.pick(actions)),
                Value::string(*rng.pick(NAMES)),
                Value::string(*rng.pick(COMMANDS)),
                Value::Long(process),
            ]
        })
        .collect()
}

fn append(store: &Store, table: &str, rows: &[Vec<Value>], next_seq: &mut BTreeMap<String, u64>) {
    let mut by_device: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for values in rows {
        let mut row = Row::new();
        row.set(&schema::col::EVENT_TABLE, table);
        for ((name, _, _), value) in COLUMNS.iter().zip(values) {
            let column = schema::tables::column(name).unwrap_or_else(|| panic!("no column {name}"));
            match value {
                Value::String(text) if text.is_empty() => {}
                Value::String(text) => drop(row.set(column, text.as_str())),
                Value::Long(Some(number)) => drop(row.set(column, *number)),
                Value::Datetime(Some(ticks)) => drop(row.set(column, Nanos((ticks - UNIX_EPOCH) * 100))),
                other => assert!(other.is_null(), "{other:?}"),
            }
        }
        let device = super::convert::to_text(&values[2]);
        by_device.entry(device).or_default().push(row.encode_to_vec());
    }
    for (device, records) in by_device {
        let seq = next_seq.entry(device.clone()).or_insert(1);
        let n_records = records.len() as u64;
        let append = Append { device, tenant: "t1".to_owned(), epoch: 1, first_seq: *seq, received_ns: 0, records };
        store.append_wait(append).expect("append");
        *seq += n_records;
    }
}

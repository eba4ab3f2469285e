//! Stores with known rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use prost::Message;
use schema::row::Nanos;
use schema::{Row, col};

use super::tested::{Append, Options, Snapshot, Store, arrow_schema};

pub const EPOCH: u64 = 0xfeed_0000_0000_0001;
/// 2026-11-24T00:00:00Z.
pub const DAY_NS: i64 = 1_795_478_400_000_000_000;

pub fn open(dir: &Path) -> Store {
    Store::open(&Options { dir: dir.to_owned() }).unwrap()
}

pub fn record(time_ns: i64, command: &str) -> Vec<u8> {
    row(time_ns, command).encode_to_vec()
}

pub fn row(time_ns: i64, command: &str) -> Row {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(time_ns))
        .set(&col::ACTION_TYPE, "ProcessCreated")
        .set(&col::EVENT_TABLE, "DeviceProcessEvents")
        .set(&col::PROCESS_COMMAND_LINE, command)
        .set(&col::PROCESS_ID, 7);
    row
}

/// Records `first_seq..first_seq + n` of a device; each command line names its number.
pub fn batch(device: &str, first_seq: u64, n_records: u64) -> Append {
    let seqs = first_seq..first_seq + n_records;
    Append {
        device: device.to_owned(),
        tenant: "default".to_owned(),
        epoch: EPOCH,
        first_seq,
        received_ns: DAY_NS,
        records: seqs.map(|seq| record(DAY_NS + seq as i64 * 1_000_001, &format!("run {seq}"))).collect(),
    }
}

fn batches_of(snapshot: &Snapshot) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    for file in &snapshot.files {
        let file = std::fs::File::open(snapshot.file_path(file)).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            batches.push(batch.unwrap());
        }
    }
    for fresh in &snapshot.fresh {
        batches.push(fresh.project(&arrow_schema()).unwrap());
    }
    batches
}

/// How often each event id is stored.
pub fn event_counts(snapshot: &Snapshot) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for batch in batches_of(snapshot) {
        let ids = batch.column_by_name("EventId").unwrap().as_string::<i32>();
        for id in ids.iter().flatten() {
            *counts.entry(id.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

pub fn id(device: &str, seq: u64) -> String {
    format!("{device}:{EPOCH:016x}:{seq}")
}

/// Exactly the events `1..=n` of a device, each once.
pub fn assert_exactly(snapshot: &Snapshot, device: &str, n_events: u64) {
    let counts = event_counts(snapshot);
    for seq in 1..=n_events {
        assert_eq!(counts.get(&id(device, seq)), Some(&1), "event {seq} of {device}");
    }
    assert_eq!(counts.len() as u64, n_events, "nothing invented");
}

/// A copy of a store's directory as a crash would leave it: the files without the lock's holder.
pub fn crash_copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            crash_copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A small generator with a seed, so that a failure can be run again.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A row that sets some columns and not others.
pub fn random_record(random: &mut Random, time_ns: i64) -> Vec<u8> {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(time_ns)).set(&col::ACTION_TYPE, "FileCreated");
    if random.below(2) == 0 {
        row.set(&col::FILE_NAME, format!("file{}", random.below(20)));
    }
    if random.below(50) == 0 {
        row.set(&col::SHA256, format!("{:064x}", random.below(8)));
    }
    if random.below(3) == 0 {
        row.set(&col::PROCESS_ID, random.below(1 << 20) as i64);
    }
    row.encode_to_vec()
}

/// Every row of a snapshot with all its columns as text, sorted.
pub fn all_rows(snapshot: &Snapshot) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in batches_of(snapshot) {
        let schema = batch.schema();
        // Times as numbers: to write them, Arrow would need a database of time zones.
        let number = |column: &ArrayRef| match column.data_type() {
            DataType::Timestamp(..) => arrow::compute::cast(column, &DataType::Int64).unwrap(),
            _ => Arc::clone(column),
        };
        let columns: Vec<ArrayRef> = batch.columns().iter().map(number).collect();
        for row_idx in 0..batch.num_rows() {
            let mut text = String::new();
            for (field, column) in schema.fields().iter().zip(&columns) {
                if column.is_valid(row_idx) {
                    let value = arrow::util::display::array_value_to_string(column, row_idx).unwrap();
                    text.push_str(&format!("{}={value};", field.name()));
                }
            }
            rows.push(text);
        }
    }
    rows.sort();
    rows
}

/// Each file is sorted as the merge and the queries expect.
pub fn assert_sorted(snapshot: &Snapshot) {
    for file in &snapshot.files {
        let open = std::fs::File::open(snapshot.file_path(file)).unwrap();
        let mut last = (String::new(), i64::MIN, i64::MIN);
        for batch in ParquetRecordBatchReaderBuilder::try_new(open).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let devices = batch["DeviceId"].as_string::<i32>();
            let times = batch["Timestamp"].as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
            let seqs = batch["StreamSeq"].as_primitive::<arrow::datatypes::Int64Type>();
            for row_idx in 0..batch.num_rows() {
                let key = (devices.value(row_idx).to_owned(), times.value(row_idx), seqs.value(row_idx));
                assert!(last <= key, "{}: {last:?} before {key:?}", file.path);
                last = key;
            }
        }
    }
}

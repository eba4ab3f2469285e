//! Stores with known rows.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use prost::Message;
use schema::row::Nanos;
use schema::{Row, col};
use store::{Append, Options, Snapshot, Store};

pub const EPOCH: u64 = 0xfeed_0000_0000_0001;
/// 2026-11-24T00:00:00Z.
pub const DAY_NS: i64 = 1_795_478_400_000_000_000;

pub fn open(dir: &Path) -> Store {
    Store::open(&Options { dir: dir.to_owned() }).unwrap()
}

pub fn record(time_ns: i64, command: &str) -> Vec<u8> {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(time_ns))
        .set(&col::ACTION_TYPE, "ProcessCreated")
        .set(&col::EVENT_TABLE, "DeviceProcessEvents")
        .set(&col::PROCESS_COMMAND_LINE, command)
        .set(&col::PROCESS_ID, 7);
    row.encode_to_vec()
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
        batches.push(fresh.project(&store::arrow_schema()).unwrap());
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

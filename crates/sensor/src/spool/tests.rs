//! Tests of the spool: what goes in comes out or is counted, whatever happens to the disk or the process.

mod crash;
mod damage;
mod full;
mod kill;
mod queue;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prost::Message;
use schema::{Row, col};

use super::faults::Faults;
use super::{Disk, Spool, SpoolLimits, Tuning};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A row whose number a test can recognise.
fn row(number: u64) -> Row {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, schema::row::Nanos(number as i64 * 1_000))
        .set(&col::ACTION_TYPE, "ProcessCreated")
        .set(&col::PROCESS_COMMAND_LINE, format!("row {number} {}", "x".repeat((number % 37) as usize)));
    row
}

fn rows(numbers: std::ops::RangeInclusive<u64>) -> Vec<Row> {
    numbers.map(row).collect()
}

/// A directory in memory where there is one: these tests open thousands of spools, and what an fsync does on a real
/// disk is not what they look at.
fn memory_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("dir")
}

fn open(dir: &Path, bytes_max: u64) -> Spool {
    Spool::open(dir, SpoolLimits { bytes_max }).expect("open spool")
}

/// A spool with small segments and breakable disk.
fn open_small(dir: &Path, bytes_max: u64, faults: &Faults) -> Result<Spool, super::Error> {
    let tuning = Tuning { segment_bytes: Some(2_000), disk: Disk { faults: faults.clone() } };
    Spool::open_with(dir, SpoolLimits { bytes_max }, tuning)
}

fn flush(spool: &Spool) {
    assert!(spool.flush(TIMEOUT).expect("flush"), "flush took too long");
}

/// Everything after `after` with its numbers, in batches of a few rows.
fn drain(spool: &Spool, after: u64) -> Vec<(u64, Row)> {
    let mut rows = Vec::new();
    let mut after = after;
    while let Some(batch) = spool.next_batch(after, 1_000, 7).expect("next batch") {
        assert!(batch.first_seq > after && !batch.records.is_empty() && batch.records.len() <= 7);
        for (record, seq) in batch.records.iter().zip(batch.first_seq..) {
            rows.push((seq, Row::decode(record.as_slice()).expect("row")));
        }
        after = batch.last_seq();
    }
    rows
}

/// Like `drain`, with the losses that the first round finds.
fn drain_all(spool: &Spool, after: u64) -> Vec<(u64, Row)> {
    let _ = drain(spool, after);
    flush(spool);
    drain(spool, after)
}

fn numbers(rows: &[(u64, Row)]) -> Vec<u64> {
    rows.iter().filter_map(|(_, row)| number(row)).collect()
}

fn number(row: &Row) -> Option<u64> {
    row.text(&col::PROCESS_COMMAND_LINE)?.split(' ').nth(1)?.parse().ok()
}

/// Reason, count, first and last missing number.
type LossRow = (String, Option<i64>, Option<(u64, u64)>);

/// What the `EventsLost` rows say.
fn losses(rows: &[(u64, Row)]) -> Vec<LossRow> {
    let loss = |row: &Row| {
        let reason = row.text(&col::GAP_REASON)?.to_owned();
        let additional: serde_json::Value = serde_json::from_str(row.text(&col::ADDITIONAL_FIELDS)?).ok()?;
        let range = additional["seqFrom"].as_u64().zip(additional["seqTo"].as_u64());
        Some((reason, row.number(&col::LOST_COUNT), range))
    };
    rows.iter().filter_map(|(_, row)| loss(row)).collect()
}

/// Every number from `after + 1` to the last is there once or explained by a gap, and never both.
#[track_caller]
fn check_complete(rows: &[(u64, Row)], after: u64) {
    let gaps: Vec<_> = losses(rows).into_iter().filter_map(|(_, _, range)| range).collect();
    let is_explained = |seq: u64| gaps.iter().any(|(from, to)| (*from..=*to).contains(&seq));
    let mut expected = after + 1;
    for (seq, _) in rows {
        for missing in expected..*seq {
            assert!(is_explained(missing), "{missing} is missing");
        }
        assert!(*seq >= expected, "{seq} is there twice");
        assert!(!is_explained(*seq), "{seq} is there and declared lost");
        expected = seq + 1;
    }
}

/// The largest `n` for which rows 1 to n were reported as durable.
#[derive(Debug, Default)]
struct Reported(AtomicU64);

impl Reported {
    fn set(&self, number: u64) {
        self.0.store(number, Ordering::SeqCst);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

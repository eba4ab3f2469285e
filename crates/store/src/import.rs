//! Rows that are in no sensor's stream go straight to column files: a bench's events, or another system's history.

use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use crate::columns::{arrow_schema, conform, union_schema};
use crate::files::{FileMeta, sort, write_sorted};
use crate::limits::{IMPORT_ROWS, IMPORT_WRITERS_MAX};
use crate::store::now_ns;
use crate::{Error, Store};

/// Columns that every row needs: what the server otherwise sets.
const REQUIRED: [&str; 9] = [
    "Timestamp",
    "DeviceId",
    "TenantId",
    "IngestionTime",
    "EventId",
    "StreamEpoch",
    "StreamSeq",
    "EventTable",
    "ActionType",
];

impl Store {
    /// Writes batches of the columns of `arrow_schema` (any subset that has the required ones) to column files and
    /// commits them as one transaction: all are durable and visible when this returns, or none. Returns their number.
    ///
    /// This is the fastest way in, because nothing is encoded, logged or decoded again. The price: nothing is
    /// deduplicated, so the caller must not import the same rows twice. The rows of a device that also has a sensor
    /// need a stream epoch of their own.
    ///
    /// # Errors
    /// When a batch lacks a required column, has an unknown one, or a file can't be written.
    pub fn import(&self, batches: impl IntoIterator<Item = RecordBatch>) -> Result<u64, Error> {
        let _one_at_a_time = self.shared.importing.lock().expect("no panic under the lock");
        let version = self.shared.table.read().expect("no panic under the lock").next_version();
        let table_dir = self.shared.dir.join("events");
        let name = format!("i{version:012}");
        let (n_rows, files) = write_parallel(&table_dir, &name, batches)?;
        if files.is_empty() {
            return Ok(0);
        }
        self.shared.add_keys_of(&files)?;
        self.shared.table.write().expect("no panic under the lock").import(&files, now_ns() / 1_000_000)?;
        self.shared.wake_followers();
        Ok(n_rows)
    }
}

/// Rows of one file per day, and the number in its name.
type Chunk = (usize, Vec<RecordBatch>);

/// Sorts and writes on threads of their own while the caller's thread makes the next batches. Each writer holds one
/// chunk; one more waits.
fn write_parallel(
    table_dir: &Path,
    name: &str,
    batches: impl IntoIterator<Item = RecordBatch>,
) -> Result<(u64, Vec<FileMeta>), Error> {
    let n_writers = std::thread::available_parallelism().map_or(1, NonZero::get).min(IMPORT_WRITERS_MAX);
    let (sender, receiver) = sync_channel::<Chunk>(1);
    let receiver = Mutex::new(receiver);
    std::thread::scope(|scope| {
        let mut writers = Vec::new();
        for _ in 0..n_writers {
            writers.push(scope.spawn(|| write_chunks(table_dir, name, &receiver)));
        }
        let sent = send_chunks(batches, &sender);
        drop(sender);
        let mut files = Vec::new();
        for writer in writers {
            files.extend(writer.join().unwrap_or_else(|_| Err(Error::Columns("import thread panicked".to_owned())))?);
        }
        files.sort_by(|a: &FileMeta, b| a.path.cmp(&b.path));
        Ok((sent?, files))
    })
}

/// Collects batches into chunks. A chunk that nobody takes means that all writers have failed, and they say why.
fn send_chunks(batches: impl IntoIterator<Item = RecordBatch>, sender: &SyncSender<Chunk>) -> Result<u64, Error> {
    let mut chunk = Vec::new();
    let (mut n_chunks, mut n_chunk_rows, mut n_rows) = (0, 0, 0);
    for batch in batches {
        check(&batch)?;
        n_chunk_rows += batch.num_rows();
        n_rows += batch.num_rows() as u64;
        if batch.num_rows() > 0 {
            chunk.push(batch);
        }
        if n_chunk_rows >= IMPORT_ROWS {
            if sender.send((n_chunks, std::mem::take(&mut chunk))).is_err() {
                return Ok(n_rows);
            }
            (n_chunks, n_chunk_rows) = (n_chunks + 1, 0);
        }
    }
    if !chunk.is_empty() {
        drop(sender.send((n_chunks, chunk)));
    }
    Ok(n_rows)
}

fn write_chunks(table_dir: &Path, name: &str, receiver: &Mutex<Receiver<Chunk>>) -> Result<Vec<FileMeta>, Error> {
    let mut files = Vec::new();
    loop {
        let next = receiver.lock().expect("no panic under the lock").recv();
        let Ok((number, chunk)) = next else { return Ok(files) };
        files.extend(write_sorted(table_dir, &sort(&concat(&chunk)?)?, &format!("{name}-{number:06}"))?);
    }
}

fn check(batch: &RecordBatch) -> Result<(), Error> {
    for name in REQUIRED {
        let column = batch.column_by_name(name).ok_or_else(|| Error::BadBatch(format!("no column {name}")))?;
        if column.null_count() > 0 {
            return Err(Error::BadBatch(format!("rows without {name}")));
        }
    }
    let known = arrow_schema();
    for field in batch.schema_ref().fields() {
        let is_known = known.field_with_name(field.name()).is_ok_and(|known| known.data_type() == field.data_type());
        if !is_known {
            return Err(Error::BadBatch(format!("column {} of type {}", field.name(), field.data_type())));
        }
    }
    Ok(())
}

fn concat(batches: &[RecordBatch]) -> Result<RecordBatch, Error> {
    let schema = union_schema(batches.iter());
    let mut conformed = Vec::with_capacity(batches.len());
    for batch in batches {
        conformed.push(conform(batch, &schema)?);
    }
    Ok(concat_batches(&schema, &conformed)?)
}

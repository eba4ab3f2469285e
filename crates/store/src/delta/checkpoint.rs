//! Checkpoints: the table's state as one Parquet file, so that a start reads it instead of every commit since the
//! first. The actions are those of the commits; Arrow's JSON reader and writer turn them into columns and back.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow_json::{LineDelimitedWriter, ReaderBuilder};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value as Json, json};

use super::Listing;
use crate::Error;
use crate::limits::CHECKPOINTS_KEPT;
use crate::step::step;
use crate::wal::sync_dir;

/// Actions that are decoded into one record batch.
const BATCH_ACTIONS: usize = 4_096;

/// The file of a checkpoint.
pub(super) fn path(log_dir: &Path, version: u64) -> PathBuf {
    log_dir.join(format!("{version:020}.checkpoint.parquet"))
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn long(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn int(name: &str) -> Field {
    Field::new(name, DataType::Int32, true)
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, true)
}

fn map(name: &str) -> Field {
    let entry = Fields::from(vec![Field::new("key", DataType::Utf8, false), text("value")]);
    let entries = Field::new("key_value", DataType::Struct(entry), false);
    Field::new(name, DataType::Map(Arc::new(entries), false), true)
}

fn record(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(Fields::from(fields)), true)
}

/// The columns of a checkpoint as the protocol names them ("Checkpoint Schema").
fn schema() -> SchemaRef {
    let columns = Field::new("partitionColumns", DataType::List(Arc::new(text("element"))), true);
    let fields = vec![
        record("txn", vec![text("appId"), long("version"), long("lastUpdated")]),
        record(
            "add",
            vec![
                text("path"),
                map("partitionValues"),
                long("size"),
                long("modificationTime"),
                flag("dataChange"),
                text("stats"),
                map("tags"),
            ],
        ),
        record(
            "remove",
            vec![
                text("path"),
                long("deletionTimestamp"),
                flag("dataChange"),
                flag("extendedFileMetadata"),
                map("partitionValues"),
                long("size"),
            ],
        ),
        record(
            "metaData",
            vec![
                text("id"),
                text("name"),
                text("description"),
                record("format", vec![text("provider"), map("options")]),
                text("schemaString"),
                columns,
                map("configuration"),
                long("createdTime"),
            ],
        ),
        record("protocol", vec![int("minReaderVersion"), int("minWriterVersion")]),
    ];
    Arc::new(Schema::new(fields))
}

/// Writes a checkpoint, reads it back, points `_last_checkpoint` at it and deletes the log before the oldest of those
/// that are kept.
pub(super) fn write(log_dir: &Path, version: u64, actions: &[Json]) -> Result<(), Error> {
    let path = path(log_dir, version);
    let temporary = path.with_extension("parquet.tmp");
    write_parquet(&temporary, actions)?;
    step("checkpoint written");
    if read(&temporary)?.len() != actions.len() {
        let reason = "read back, it has not the actions that were written".to_owned();
        return Err(Error::Corrupt { path: temporary, reason });
    }
    std::fs::rename(&temporary, &path).map_err(|error| Error::io("rename", &path, error))?;
    step("checkpoint renamed");
    sync_dir(log_dir)?;
    write_pointer(log_dir, version, actions)?;
    clean_up(log_dir)
}

fn write_parquet(path: &Path, actions: &[Json]) -> Result<(), Error> {
    let schema = schema();
    let file = File::create(path).map_err(|error| Error::io("create", path, error))?;
    step("checkpoint created");
    let level = ZstdLevel::try_new(3).unwrap_or_default();
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))?;
    let mut decoder = ReaderBuilder::new(schema).with_batch_size(BATCH_ACTIONS).build_decoder()?;
    for part in actions.chunks(BATCH_ACTIONS) {
        decoder.serialize(part)?;
        if let Some(batch) = decoder.flush()? {
            writer.write(&batch)?;
        }
    }
    let file = writer.into_inner()?;
    file.sync_all().map_err(|error| Error::io("fsync", path, error))
}

/// `_last_checkpoint` is where other readers start.
fn write_pointer(log_dir: &Path, version: u64, actions: &[Json]) -> Result<(), Error> {
    let path = log_dir.join("_last_checkpoint");
    let temporary = log_dir.join("_last_checkpoint.tmp");
    let n_files = actions.iter().filter(|action| action.get("add").is_some()).count();
    let pointer = json!({"version": version, "size": actions.len(), "numOfAddFiles": n_files});
    std::fs::write(&temporary, pointer.to_string()).map_err(|error| Error::io("write", &temporary, error))?;
    let file = File::open(&temporary).map_err(|error| Error::io("open", &temporary, error))?;
    file.sync_all().map_err(|error| Error::io("fsync", &temporary, error))?;
    std::fs::rename(&temporary, &path).map_err(|error| Error::io("rename", &path, error))?;
    step("checkpoint pointed at");
    sync_dir(log_dir)
}

/// Deletes commits and checkpoints that lie before the oldest checkpoint kept. That one and all commits after it stay:
/// for a reader that began with an old pointer, and for us when the newest checkpoint is damaged.
fn clean_up(log_dir: &Path) -> Result<(), Error> {
    let listing = Listing::read(log_dir)?;
    let Some(&oldest) = listing.checkpoints.iter().nth_back(CHECKPOINTS_KEPT - 1) else { return Ok(()) };
    // A reader that lists the directory meanwhile must not find a later commit whose predecessor is gone, except
    // before a checkpoint: ascending order leaves no hole above the oldest checkpoint.
    for version in listing.commits.range(..oldest) {
        remove(&log_dir.join(format!("{version:020}.json")))?;
        step("old commit removed");
    }
    for version in listing.checkpoints.range(..oldest) {
        remove(&path(log_dir, *version))?;
        step("old checkpoint removed");
    }
    sync_dir(log_dir)
}

fn remove(path: &Path) -> Result<(), Error> {
    std::fs::remove_file(path).map_err(|error| Error::io("remove", path, error))
}

/// The actions of a checkpoint.
pub(super) fn read(path: &Path) -> Result<Vec<Json>, Error> {
    let corrupt = |reason: String| Error::Corrupt { path: path.to_owned(), reason };
    let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    let mut lines = LineDelimitedWriter::new(Vec::new());
    for batch in reader.map_err(|error| corrupt(error.to_string()))? {
        let batch = batch.map_err(|error| corrupt(error.to_string()))?;
        lines.write(&batch).map_err(|error| corrupt(error.to_string()))?;
    }
    lines.finish().map_err(|error| corrupt(error.to_string()))?;
    let mut actions = Vec::new();
    for line in lines.into_inner().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        actions.push(serde_json::from_slice(line).map_err(|error| corrupt(error.to_string()))?);
    }
    Ok(actions)
}

/// A line for each checkpoint that can't be read.
pub(crate) fn check_checkpoints(table_dir: &Path) -> Result<Vec<String>, Error> {
    let log_dir = table_dir.join("_delta_log");
    let mut problems = Vec::new();
    for version in Listing::read(&log_dir)?.checkpoints {
        if let Err(error) = read(&path(&log_dir, version)) {
            problems.push(error.to_string());
        }
    }
    Ok(problems)
}

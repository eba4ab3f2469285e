//! The log of the Delta table: which Parquet files are the table. JSON commits only.
//!
//! Source: Delta Transaction Log Protocol, `github.com/delta-io/delta/blob/master/PROTOCOL.md`. We are the only
//! writer (the store's lock), so a commit is: write `N.json` under a temporary name, fsync, hard-link it to its
//! place (fails when it exists), fsync the directory.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::Error;
use crate::columns::arrow_schema;
use crate::files::FileMeta;
use crate::wal::sync_dir;

/// `txn` application id under which a commit says up to which log segment its files go.
const WAL_APP: &str = "nenrin/wal";
const READER_VERSION: i64 = 1;
const WRITER_VERSION: i64 = 2;

/// The state of the table after all commits.
#[derive(Debug, Default)]
pub(crate) struct Table {
    dir: PathBuf,
    next_version: u64,
    files: BTreeMap<String, FileMeta>,
    /// Log segments up to this one are in the files.
    pub(crate) flushed_segment: u64,
}

impl Table {
    /// Reads the log of the table, creating an empty table when there is none.
    pub(crate) fn open(dir: &Path, now_ms: i64) -> Result<Self, Error> {
        let log_dir = dir.join("_delta_log");
        std::fs::create_dir_all(&log_dir).map_err(|error| Error::io("create", &log_dir, error))?;
        let mut table = Self { dir: dir.to_owned(), ..Self::default() };
        loop {
            let path = table.commit_path(table.next_version);
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(error) => return Err(Error::io("read", &path, error)),
            };
            table.apply(&path, &text)?;
            table.next_version += 1;
        }
        if table.next_version == 0 {
            table.commit(&[protocol_action(), metadata_action(now_ms)], now_ms, "CREATE TABLE")?;
        }
        Ok(table)
    }

    fn commit_path(&self, version: u64) -> PathBuf {
        self.dir.join("_delta_log").join(format!("{version:020}.json"))
    }

    /// Live files, by path.
    pub(crate) fn files(&self) -> impl Iterator<Item = &FileMeta> {
        self.files.values()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Adds files, and says which log segment they reach, in one atomic commit.
    pub(crate) fn add(&mut self, files: &[FileMeta], flushed_segment: u64, now_ms: i64) -> Result<(), Error> {
        let mut actions = vec![json!({"txn": {"appId": WAL_APP, "version": flushed_segment, "lastUpdated": now_ms}})];
        for file in files {
            actions.push(add_action(file, now_ms));
        }
        self.commit(&actions, now_ms, "WRITE")
    }

    /// Takes files out of the table; the caller deletes them after.
    pub(crate) fn remove(&mut self, paths: &[String], now_ms: i64) -> Result<(), Error> {
        let mut actions = Vec::new();
        for path in paths {
            actions.push(json!({"remove": {"path": path, "deletionTimestamp": now_ms, "dataChange": true}}));
        }
        self.commit(&actions, now_ms, "DELETE")
    }

    fn commit(&mut self, actions: &[Json], now_ms: i64, operation: &str) -> Result<(), Error> {
        let mut text =
            json!({"commitInfo": {"timestamp": now_ms, "operation": operation, "engineInfo": "nenrin"}}).to_string();
        for action in actions {
            text.push('\n');
            text.push_str(&action.to_string());
        }
        text.push('\n');
        let path = self.commit_path(self.next_version);
        let temporary = path.with_extension("json.tmp");
        let io = |action: &'static str| {
            let path = path.clone();
            move |error| Error::io(action, path, error)
        };
        let mut file: File =
            OpenOptions::new().write(true).create(true).truncate(true).open(&temporary).map_err(io("create"))?;
        file.write_all(text.as_bytes()).map_err(io("write"))?;
        file.sync_all().map_err(io("fsync"))?;
        std::fs::hard_link(&temporary, &path).map_err(io("commit"))?;
        sync_dir(&self.dir.join("_delta_log"))?;
        std::fs::remove_file(&temporary).map_err(io("remove"))?;
        self.apply(&path, &text)?;
        self.next_version += 1;
        Ok(())
    }

    fn apply(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let corrupt = |reason: String| Error::Corrupt { path: path.to_owned(), reason };
        for line in text.lines().filter(|line| !line.is_empty()) {
            let action: Json = serde_json::from_str(line).map_err(|error| corrupt(error.to_string()))?;
            if let Some(protocol) = action.get("protocol") {
                check_protocol(path, protocol)?;
            } else if let Some(add) = action.get("add") {
                let file = FileMeta::from_add(add).ok_or_else(|| corrupt("add action".to_owned()))?;
                self.files.insert(file.path.clone(), file);
            } else if let Some(removed) = action.pointer("/remove/path").and_then(Json::as_str) {
                self.files.remove(removed);
            } else if action.pointer("/txn/appId").and_then(Json::as_str) == Some(WAL_APP) {
                let version = action.pointer("/txn/version").and_then(Json::as_u64);
                self.flushed_segment = version.ok_or_else(|| corrupt("txn action".to_owned()))?;
            }
        }
        Ok(())
    }
}

fn check_protocol(path: &Path, protocol: &Json) -> Result<(), Error> {
    let found = protocol.get("minReaderVersion").and_then(Json::as_i64).unwrap_or(i64::MAX);
    if found > READER_VERSION {
        return Err(Error::NewerFormat {
            path: path.to_owned(),
            found: u32::try_from(found).unwrap_or(u32::MAX),
            known: READER_VERSION as u32,
        });
    }
    Ok(())
}

fn protocol_action() -> Json {
    json!({"protocol": {"minReaderVersion": READER_VERSION, "minWriterVersion": WRITER_VERSION}})
}

fn metadata_action(now_ms: i64) -> Json {
    let mut fields = Vec::new();
    for field in arrow_schema().fields() {
        let ty = match field.data_type() {
            arrow::datatypes::DataType::Utf8 => "string",
            arrow::datatypes::DataType::Int32 => "integer",
            arrow::datatypes::DataType::Int64 => "long",
            arrow::datatypes::DataType::Boolean => "boolean",
            _ => "timestamp",
        };
        fields.push(json!({"name": field.name(), "type": ty, "nullable": true, "metadata": {}}));
    }
    fields.push(json!({"name": "day", "type": "date", "nullable": true, "metadata": {}}));
    let schema = json!({"type": "struct", "fields": fields}).to_string();
    json!({"metaData": {
        "id": uuid_from(now_ms), "name": "events", "format": {"provider": "parquet", "options": {}},
        "schemaString": schema, "partitionColumns": ["day"],
        "configuration": {}, "createdTime": now_ms}})
}

/// The protocol wants a GUID that differs between tables; time and process id do that.
fn uuid_from(now_ms: i64) -> String {
    let high = now_ms.cast_unsigned();
    let low = u64::from(std::process::id());
    format!("{:08x}-{:04x}-4000-8000-{low:012x}", high >> 16 & 0xffff_ffff, high & 0xffff)
}

fn add_action(file: &FileMeta, now_ms: i64) -> Json {
    let mut min_values = json!({"DeviceId": file.device_min});
    let mut max_values = json!({"DeviceId": file.device_max});
    if let Some(time) = file.time_min_text() {
        min_values["Timestamp"] = time.into();
    }
    if let Some(time) = file.time_max_text() {
        max_values["Timestamp"] = time.into();
    }
    let stats = json!({"numRecords": file.n_rows, "minValues": min_values, "maxValues": max_values});
    json!({"add": {
        "path": file.path, "partitionValues": {"day": file.day}, "size": file.size_bytes,
        "modificationTime": now_ms, "dataChange": true, "stats": stats.to_string(),
        "tags": {"time_min_us": file.time_min_us.to_string(), "time_max_us": file.time_max_us.to_string(),
                 "ingested_max_us": file.ingested_max_us.to_string(), "crc32c": file.crc32c.to_string()}}})
}

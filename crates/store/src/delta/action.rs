//! The actions of the Delta protocol that we write and those that we refuse.

use std::path::Path;

use serde_json::{Value as Json, json};

use crate::Error;
use crate::columns::arrow_schema;
use crate::files::FileMeta;

const READER_VERSION: i64 = 1;
const WRITER_VERSION: i64 = 2;

/// Why an action can't be applied; the caller knows the file.
#[derive(Debug)]
pub(super) enum Refused {
    Corrupt(String),
    Newer(i64, i64),
}

impl Refused {
    pub(super) fn corrupt(reason: String) -> Self {
        Refused::Corrupt(reason)
    }

    pub(super) fn into_error(self, path: &Path) -> Error {
        let path = path.to_owned();
        match self {
            Refused::Corrupt(reason) => Error::Corrupt { path, reason },
            Refused::Newer(found, known) => Error::NewerFormat {
                path,
                found: u32::try_from(found).unwrap_or(u32::MAX),
                known: u32::try_from(known).unwrap_or(u32::MAX),
            },
        }
    }
}

/// Refuses a table whose protocol is newer than ours: its log may hold actions that change what the files mean
/// (deletion vectors, column mapping), and a writer that ignores a feature breaks it for the others.
pub(super) fn check_protocol(protocol: &Json) -> Result<(), Refused> {
    for (name, known) in [("minReaderVersion", READER_VERSION), ("minWriterVersion", WRITER_VERSION)] {
        let found = protocol.get(name).and_then(Json::as_i64);
        let found = found.ok_or_else(|| Refused::Corrupt(format!("protocol action without {name}")))?;
        if found > known {
            return Err(Refused::Newer(found, known));
        }
    }
    Ok(())
}

pub(super) fn protocol() -> Json {
    json!({"protocol": {"minReaderVersion": READER_VERSION, "minWriterVersion": WRITER_VERSION}})
}

pub(super) fn metadata(now_ms: i64) -> Json {
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

pub(super) fn transaction(app: &str, version: u64, now_ms: i64) -> Json {
    json!({"txn": {"appId": app, "version": version, "lastUpdated": now_ms}})
}

/// `data_change` is false when the rows were in the table before, in other files.
pub(super) fn add(file: &FileMeta, data_change: bool) -> Json {
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
        "modificationTime": file.written_ms, "dataChange": data_change, "stats": stats.to_string(),
        "tags": {"time_min_us": file.time_min_us.to_string(), "time_max_us": file.time_max_us.to_string(),
                 "ingested_max_us": file.ingested_max_us.to_string(), "crc32c": file.crc32c.to_string()}}})
}

pub(super) fn remove(file: &FileMeta, data_change: bool, now_ms: i64) -> Json {
    json!({"remove": {
        "path": file.path, "deletionTimestamp": now_ms, "dataChange": data_change, "extendedFileMetadata": true,
        "partitionValues": {"day": file.day}, "size": file.size_bytes}})
}

//! Column files: sorted Parquet, one per day and flush.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array};
use arrow::compute::{SortColumn, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde_json::Value as Json;
use time::OffsetDateTime;

use crate::Error;
use crate::limits::{DICTIONARY_BYTES_MAX, PAGE_ROWS, ROW_GROUP_ROWS, ZSTD_LEVEL};
use crate::step::step;
use crate::store::now_ns;
use crate::wal::sync_dir;

/// Columns with many different values that hunters look up by equality: a bloom filter skips whole row groups.
const BLOOM_COLUMNS: [&str; 7] =
    ["SHA256", "SHA1", "MD5", "RemoteIP", "RemoteUrl", "ProcessUniqueId", "InitiatingProcessUniqueId"];
/// Columns whose smallest and largest value are kept per page: rows are sorted by them, so that a device, a time or an
/// event is in few pages. Of the others every page holds nearly the whole range.
const PAGE_STATISTICS_COLUMNS: [&str; 3] = ["DeviceId", "Timestamp", "StreamSeq"];
/// Numbers that differ little from row to row.
const DELTA_COLUMNS: [&str; 3] = ["Timestamp", "StreamSeq", "ReportId"];
/// Texts that share most of their beginning with the row before.
const PREFIX_COLUMNS: [&str; 1] = ["EventId"];
pub(crate) const DAY_US: i64 = 86_400_000_000;
/// 0001-01-01T00:00:00Z, the first day that every reader of Delta can name.
const TIME_MIN_US: i64 = -719_162 * DAY_US;
/// The last microsecond of 9999-12-31.
const TIME_MAX_US: i64 = 2_932_897 * DAY_US - 1;

/// What the table knows of a column file without opening it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileMeta {
    /// Path below the table's directory.
    pub path: String,
    /// UTC day of every row, `YYYY-MM-DD` (years beyond 1 to 9999: the nearest day within).
    pub day: String,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// Rows.
    pub n_rows: u64,
    /// Smallest `Timestamp`, microseconds since 1970.
    pub time_min_us: i64,
    /// Largest `Timestamp`, microseconds since 1970.
    pub time_max_us: i64,
    /// Newest `IngestionTime`, microseconds since 1970: what retention counts from.
    pub ingested_max_us: i64,
    /// Smallest `DeviceId`.
    pub device_min: String,
    /// Largest `DeviceId`.
    pub device_max: String,
    /// CRC32C of the whole file: Parquet's own parts are not all covered by checksums.
    pub crc32c: u32,
    /// When the file was written, milliseconds since 1970.
    pub written_ms: i64,
}

impl FileMeta {
    pub(crate) fn from_add(add: &Json) -> Option<Self> {
        let stats: Json = serde_json::from_str(add.get("stats")?.as_str()?).ok()?;
        let tag = |name: &str| add.get("tags")?.get(name)?.as_str()?.parse::<i64>().ok();
        Some(Self {
            path: add.get("path")?.as_str()?.to_owned(),
            day: add.pointer("/partitionValues/day")?.as_str()?.to_owned(),
            size_bytes: add.get("size")?.as_u64()?,
            n_rows: stats.get("numRecords")?.as_u64()?,
            time_min_us: tag("time_min_us")?,
            time_max_us: tag("time_max_us")?,
            ingested_max_us: tag("ingested_max_us")?,
            device_min: stats.pointer("/minValues/DeviceId")?.as_str()?.to_owned(),
            device_max: stats.pointer("/maxValues/DeviceId")?.as_str()?.to_owned(),
            crc32c: u32::try_from(tag("crc32c")?).ok()?,
            written_ms: add.get("modificationTime")?.as_i64()?,
        })
    }

    /// The lower bound as Delta's statistics have it; none when it is before what a Delta date can say.
    pub(crate) fn time_min_text(&self) -> Option<String> {
        text_of_us(self.time_min_us.min(TIME_MAX_US))
    }

    /// The upper bound as Delta's statistics have it; none when it is after what a Delta date can say.
    pub(crate) fn time_max_text(&self) -> Option<String> {
        text_of_us(self.time_max_us.saturating_add(999).max(TIME_MIN_US))
    }
}

/// Delta's statistics have milliseconds: the minimum is rounded down, the maximum up.
fn text_of_us(time_us: i64) -> Option<String> {
    if !(TIME_MIN_US..=TIME_MAX_US).contains(&time_us) {
        return None;
    }
    let time = date_time(time_us);
    let (hour, minute, second) = time.time().as_hms();
    Some(format!("{}T{hour:02}:{minute:02}:{second:02}.{:03}Z", day_of_us(time_us), time.millisecond()))
}

/// The UTC day of an instant as `YYYY-MM-DD`. Instants that no Delta date can name (a device with a mad clock) go to
/// the first or last day that can be named; their rows keep their own time.
pub(crate) fn day_of_us(time_us: i64) -> String {
    let (year, month, day) = date_time(time_us).to_calendar_date();
    format!("{year:04}-{:02}-{day:02}", u8::from(month))
}

/// The number of that day since 1970.
fn day_number(time_us: i64) -> i64 {
    time_us.clamp(TIME_MIN_US, TIME_MAX_US).div_euclid(DAY_US)
}

fn date_time(time_us: i64) -> OffsetDateTime {
    let nanos = i128::from(time_us.clamp(TIME_MIN_US, TIME_MAX_US)) * 1_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).expect("years 1 to 9999 are in range")
}

/// Writes sorted rows as one file per day. All files and their directories are durable when this returns.
pub(crate) fn write_sorted(table_dir: &Path, sorted: &RecordBatch, name: &str) -> Result<Vec<FileMeta>, Error> {
    let times = column::<TimestampMicrosecondArray>(sorted, "Timestamp")?;
    let mut rows_by_day: std::collections::BTreeMap<i64, Vec<u32>> = std::collections::BTreeMap::new();
    for row_idx in 0..sorted.num_rows() {
        rows_by_day.entry(day_number(times.value(row_idx))).or_default().push(row_idx as u32);
    }
    let mut files = Vec::with_capacity(rows_by_day.len());
    for (day, rows) in rows_by_day {
        let is_whole = rows.len() == sorted.num_rows();
        let part = if is_whole { sorted.clone() } else { take_record_batch(sorted, &UInt32Array::from(rows))? };
        let day = day_of_us(day * DAY_US);
        let mut writer = FileWriter::create(table_dir, &day, name, &part.schema(), part.num_rows())?;
        writer.write(&part)?;
        files.push(writer.finish()?);
    }
    sync_dir(table_dir)?;
    Ok(files)
}

/// The columns that rows are sorted by, in every file.
pub(crate) const SORT_COLUMNS: [&str; 3] = ["DeviceId", "Timestamp", "StreamSeq"];

pub(crate) fn sort(batch: &RecordBatch) -> Result<RecordBatch, Error> {
    let mut keys = Vec::new();
    for name in SORT_COLUMNS {
        let values = batch.column_by_name(name).ok_or_else(|| Error::Columns(format!("no column {name}")))?;
        keys.push(SortColumn { values: Arc::clone(values), options: None });
    }
    let indices = lexsort_to_indices(&keys, None)?;
    Ok(take_record_batch(batch, &indices)?)
}

fn column<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a A, Error> {
    batch
        .column_by_name(name)
        .and_then(|array| array.as_any().downcast_ref::<A>())
        .ok_or_else(|| Error::Columns(format!("no column {name} of the right type")))
}

/// A column file that is being written, of one day, from sorted rows.
pub(crate) struct FileWriter {
    writer: ArrowWriter<File>,
    dir: PathBuf,
    full_path: PathBuf,
    meta: FileMeta,
}

impl FileWriter {
    pub(crate) fn create(
        table_dir: &Path,
        day: &str,
        name: &str,
        schema: &SchemaRef,
        n_rows: usize,
    ) -> Result<Self, Error> {
        let path = format!("day={day}/{name}.parquet");
        let full_path = table_dir.join(&path);
        let dir = table_dir.join(format!("day={day}"));
        std::fs::create_dir_all(&dir).map_err(|error| Error::io("create", &dir, error))?;
        step("day created");
        let file = File::create(&full_path).map_err(|error| Error::io("create", &full_path, error))?;
        step("file created");
        let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties(schema, n_rows)))?;
        let meta = FileMeta {
            path,
            day: day.to_owned(),
            size_bytes: 0,
            n_rows: 0,
            time_min_us: i64::MAX,
            time_max_us: i64::MIN,
            ingested_max_us: i64::MIN,
            device_min: String::new(),
            device_max: String::new(),
            crc32c: 0,
            written_ms: now_ns() / 1_000_000,
        };
        Ok(Self { writer, dir, full_path, meta })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let n_rows = batch.num_rows();
        if n_rows == 0 {
            return Ok(());
        }
        self.writer.write(batch)?;
        let times = column::<TimestampMicrosecondArray>(batch, "Timestamp")?;
        let ingested = column::<TimestampMicrosecondArray>(batch, "IngestionTime")?;
        let devices = column::<StringArray>(batch, "DeviceId")?;
        let meta = &mut self.meta;
        if meta.n_rows == 0 {
            // Rows are sorted by device first.
            devices.value(0).clone_into(&mut meta.device_min);
        }
        devices.value(n_rows - 1).clone_into(&mut meta.device_max);
        meta.n_rows += n_rows as u64;
        // A row without a time could be of any.
        meta.time_min_us = meta.time_min_us.min(arrow::compute::min(times).unwrap_or(i64::MIN));
        meta.time_max_us = meta.time_max_us.max(arrow::compute::max(times).unwrap_or(i64::MAX));
        meta.ingested_max_us = meta.ingested_max_us.max(arrow::compute::max(ingested).unwrap_or(i64::MAX));
        Ok(())
    }

    /// The file and its directory are durable when this returns.
    pub(crate) fn finish(self) -> Result<FileMeta, Error> {
        let (full_path, mut meta) = (self.full_path, self.meta);
        let file = self.writer.into_inner()?;
        step("file written");
        file.sync_all().map_err(|error| Error::io("fsync", &full_path, error))?;
        sync_dir(&self.dir)?;
        step("file durable");
        meta.size_bytes = file.metadata().map_err(|error| Error::io("stat", &full_path, error))?.len();
        meta.crc32c = file_crc32c(&full_path)?;
        Ok(meta)
    }
}

/// CRC32C of a file, read in pieces.
pub(crate) fn file_crc32c(path: &Path) -> Result<u32, Error> {
    let io = |error| Error::io("read", path, error);
    let mut file = File::open(path).map_err(io)?;
    let mut piece = vec![0; 1 << 20];
    let mut crc = 0;
    loop {
        let n_bytes = file.read(&mut piece).map_err(io)?;
        if n_bytes == 0 {
            return Ok(crc);
        }
        crc = crc32c::crc32c_append(crc, &piece[..n_bytes]);
    }
}

fn properties(schema: &Schema, n_rows: usize) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default();
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES_MAX)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for field in schema.fields() {
        let name = field.name().as_str();
        let column = || ColumnPath::from(name);
        if PAGE_STATISTICS_COLUMNS.contains(&name) {
            builder = builder.set_column_statistics_enabled(column(), EnabledStatistics::Page);
        }
        if BLOOM_COLUMNS.contains(&name) {
            let n_values = n_rows.min(ROW_GROUP_ROWS) as u64;
            builder = builder.set_column_bloom_filter_enabled(column(), true);
            builder = builder.set_column_bloom_filter_max_ndv(column(), n_values);
        }
        let encoding = match name {
            name if DELTA_COLUMNS.contains(&name) => Some(Encoding::DELTA_BINARY_PACKED),
            name if PREFIX_COLUMNS.contains(&name) => Some(Encoding::DELTA_BYTE_ARRAY),
            _ => None,
        };
        if let Some(encoding) = encoding {
            // A dictionary would be tried first otherwise, and is as large as the column.
            builder = builder.set_column_dictionary_enabled(column(), false).set_column_encoding(column(), encoding);
        }
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for (time_us, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400_000_000, "2000-02-29"),
            (1_795_478_400_000_000, "2026-11-24"),
            (4_107_542_400_000_000, "2100-03-01"),
            (TIME_MIN_US, "0001-01-01"),
            (TIME_MIN_US - 1, "0001-01-01"),
            (i64::MIN, "0001-01-01"),
            (TIME_MAX_US, "9999-12-31"),
            (TIME_MAX_US + 1, "9999-12-31"),
            (i64::MAX, "9999-12-31"),
        ] {
            assert_eq!(day_of_us(time_us), day);
        }
        assert_eq!(text_of_us(1_795_478_461_001_999).as_deref(), Some("2026-11-24T00:01:01.001Z"));
        assert_eq!(text_of_us(TIME_MAX_US + 1), None);
        assert_eq!(day_number(i64::MIN), TIME_MIN_US / DAY_US);
    }
}

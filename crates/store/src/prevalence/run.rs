//! A run: one sorted Parquet file of entries. Its name holds its number and the CRC32C of its bytes, so that a damaged
//! file is found without any list of files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::kind::Kind;
use super::sighting::{Devices, Entry, FileFacts, Sighting};
use crate::Error;
use crate::files::file_crc32c;
use crate::limits::{PREVALENCE_BATCH_ROWS, PREVALENCE_GROUP_ROWS};
use crate::step::step;
use crate::wal::sync_dir;

/// Columns of a run, in this order.
const KIND: usize = 0;
const KEY: usize = 1;

/// The schema of a run. `DeviceCount` is exact while `DevicesComplete`; `Devices` has those that are known.
fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let time = |name: &str| Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false);
    Arc::new(Schema::new(vec![
        text("Kind", false),
        text("Key", false),
        text("TenantId", false),
        time("FirstSeen"),
        time("LastSeen"),
        Field::new("DeviceCount", DataType::Int64, false),
        Field::new("DevicesComplete", DataType::Boolean, false),
        Field::new("Devices", DataType::List(Arc::new(text("item", true))), false),
        text("SHA1", true),
        text("SHA256", true),
        text("MD5", true),
        Field::new("FileSize", DataType::Int64, true),
    ]))
}

/// A file that is in use. It is deleted when a merge has replaced it and nobody reads it any more.
#[derive(Debug)]
pub(crate) struct RunFile {
    pub(crate) path: PathBuf,
    pub(crate) number: u64,
    pub(crate) n_rows: u64,
    pub(crate) size_bytes: u64,
    crc32c: u32,
    metadata: ArrowReaderMetadata,
    is_replaced: AtomicBool,
}

impl Drop for RunFile {
    fn drop(&mut self) {
        if self.is_replaced.load(Ordering::Relaxed)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            // Harmless: what it says is in the merged file too, and saying it twice changes nothing.
            tracing::warn!(path = %self.path.display(), %error, "merged prevalence file stays until the next merge");
        }
    }
}

impl RunFile {
    /// Opens a file by its name, and reads its footer.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let (number, crc32c) = parts_of_name(path).ok_or_else(|| corrupt(path, "its name is not one of ours"))?;
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let size_bytes = file.metadata().map_err(|error| Error::io("stat", path, error))?.len();
        let metadata =
            ArrowReaderMetadata::load(&file, Default::default()).map_err(|error| corrupt(path, &error.to_string()))?;
        let known = schema();
        let is_ours = metadata.schema().fields().len() == known.fields().len()
            && metadata
                .schema()
                .fields()
                .iter()
                .zip(known.fields())
                .all(|(found, known)| found.name() == known.name() && found.data_type() == known.data_type());
        if !is_ours {
            return Err(corrupt(path, "its columns are not those of this version"));
        }
        let n_rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        let is_replaced = AtomicBool::new(false);
        Ok(Self { path: path.to_owned(), number, n_rows, size_bytes, crc32c, metadata, is_replaced })
    }

    /// A merge has written what this file says to another one.
    pub(crate) fn set_replaced(&self) {
        self.is_replaced.store(true, Ordering::Relaxed);
    }

    /// Refuses a file whose bytes are not those that were written.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        if file_crc32c(&self.path)? == self.crc32c {
            return Ok(());
        }
        Err(corrupt(&self.path, "it has changed since it was written (checksum)"))
    }

    fn builder(&self) -> Result<ParquetRecordBatchReaderBuilder<File>, Error> {
        let file = File::open(&self.path).map_err(|error| Error::io("open", &self.path, error))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        Ok(builder.with_batch_size(PREVALENCE_BATCH_ROWS))
    }

    /// All entries, in order.
    pub(crate) fn entries(&self) -> Result<Entries, Error> {
        let reader = self.builder()?.build().map_err(|error| corrupt(&self.path, &error.to_string()))?;
        Ok(Entries::new(self.path.clone(), reader))
    }

    /// The entries of some keys of a kind, given sorted: of the row groups that may have one, and of the rows that do.
    pub(crate) fn find(&self, kind: Kind, keys: &[String]) -> Result<Entries, Error> {
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
            return Ok(Entries { path: self.path.clone(), reader: None, batch: Vec::new().into_iter() });
        };
        let metadata = self.metadata.metadata();
        let mut groups = Vec::new();
        for (group_idx, group) in metadata.row_groups().iter().enumerate() {
            let (min, max) = bounds(group, KEY);
            // Bounds may be shorter than the values, and are then below or above them.
            let after_min = keys.partition_point(|key| min.is_some_and(|min| key.as_bytes() < min));
            let may_have = keys[after_min..].first().is_some_and(|key| max.is_none_or(|max| key.as_bytes() <= max));
            let (kind_min, kind_max) = bounds(group, KIND);
            let is_kind = kind_min.is_none_or(|min| min <= kind.name().as_bytes())
                && kind_max.is_none_or(|max| max >= kind.name().as_bytes());
            if may_have && is_kind {
                groups.push(group_idx);
            }
        }
        let mask = ProjectionMask::leaves(self.metadata.parquet_schema(), [KIND, KEY]);
        let (wanted, kind) = (keys.to_vec(), kind.name());
        let (first, last) = (first.clone(), last.clone());
        let predicate = ArrowPredicateFn::new(mask, move |batch: RecordBatch| {
            let (kinds, found) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            let mut hits = Vec::with_capacity(batch.num_rows());
            for row_idx in 0..batch.num_rows() {
                let key = found.value(row_idx);
                let is_near = key >= first.as_str() && key <= last.as_str() && kinds.value(row_idx) == kind;
                hits.push(is_near && wanted.binary_search_by(|wanted| wanted.as_str().cmp(key)).is_ok());
            }
            Ok(BooleanArray::from(hits))
        });
        let filter = RowFilter::new(vec![Box::new(predicate)]);
        let builder = self.builder()?.with_row_groups(groups).with_row_filter(filter);
        let reader = builder.build().map_err(|error| corrupt(&self.path, &error.to_string()))?;
        Ok(Entries::new(self.path.clone(), reader))
    }
}

fn bounds(group: &RowGroupMetaData, column: usize) -> (Option<&[u8]>, Option<&[u8]>) {
    let statistics = group.column(column).statistics();
    (statistics.and_then(|it| it.min_bytes_opt()), statistics.and_then(|it| it.max_bytes_opt()))
}

fn corrupt(path: &Path, reason: &str) -> Error {
    let next = "move it away and delete `state.json` beside it, then restart: prevalence is made anew from the events";
    Error::Corrupt { path: path.to_owned(), reason: format!("{reason}; {next}") }
}

/// Number and checksum out of `000000000012-0a1b2c3d.parquet`.
pub(super) fn parts_of_name(path: &Path) -> Option<(u64, u32)> {
    let (number, crc32c) = path.file_name()?.to_str()?.strip_suffix(".parquet")?.split_once('-')?;
    Some((number.parse().ok()?, u32::from_str_radix(crc32c, 16).ok()?))
}

/// Entries out of a file, one decoded batch at a time.
pub(crate) struct Entries {
    path: PathBuf,
    reader: Option<ParquetRecordBatchReader>,
    batch: std::vec::IntoIter<Entry>,
}

impl Entries {
    fn new(path: PathBuf, reader: ParquetRecordBatchReader) -> Self {
        Self { path, reader: Some(reader), batch: Vec::new().into_iter() }
    }

    /// The next one, `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            if let Some(entry) = self.batch.next() {
                return Ok(Some(entry));
            }
            let Some(batch) = self.reader.as_mut().and_then(Iterator::next) else { return Ok(None) };
            let batch = batch.map_err(|error| corrupt(&self.path, &error.to_string()))?;
            let entries = decoded(&batch).ok_or_else(|| corrupt(&self.path, "it has a kind that is unknown"))?;
            self.batch = entries.into_iter();
        }
    }
}

fn decoded(batch: &RecordBatch) -> Option<Vec<Entry>> {
    let text = |column: usize| batch.column(column).as_string::<i32>();
    let time = |column: usize| batch.column(column).as_primitive::<TimestampMicrosecondType>();
    let optional = |column: usize, row_idx: usize| {
        let column = text(column);
        column.is_valid(row_idx).then(|| column.value(row_idx).to_owned())
    };
    let (lists, sizes) = (batch.column(7).as_list::<i32>(), batch.column(11).as_primitive::<Int64Type>());
    let mut entries = Vec::with_capacity(batch.num_rows());
    for row_idx in 0..batch.num_rows() {
        let devices = lists.value(row_idx);
        let ids = devices.as_string::<i32>().iter().flatten().map(str::to_owned).collect();
        entries.push(Entry {
            kind: Kind::of_name(text(KIND).value(row_idx))?,
            key: text(KEY).value(row_idx).to_owned(),
            tenant: text(2).value(row_idx).to_owned(),
            sighting: Sighting {
                first_us: time(3).value(row_idx),
                last_us: time(4).value(row_idx),
                devices: Devices::new(ids),
                facts: FileFacts {
                    sha1: optional(8, row_idx),
                    sha256: optional(9, row_idx),
                    md5: optional(10, row_idx),
                    size: sizes.is_valid(row_idx).then(|| sizes.value(row_idx)),
                },
            },
        });
    }
    Some(entries)
}

fn encoded(entries: &[Entry]) -> Result<RecordBatch, Error> {
    let text = |value: &dyn Fn(&Entry) -> Option<String>| -> ArrayRef {
        let mut builder = StringBuilder::new();
        for entry in entries {
            builder.append_option(value(entry));
        }
        Arc::new(builder.finish())
    };
    let time = |value: &dyn Fn(&Entry) -> i64| -> ArrayRef {
        let mut builder = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        for entry in entries {
            builder.append_value(value(entry));
        }
        Arc::new(builder.finish())
    };
    let (mut counts, mut complete, mut sizes) = (Int64Builder::new(), BooleanBuilder::new(), Int64Builder::new());
    let mut devices = ListBuilder::new(StringBuilder::new());
    for entry in entries {
        let sighting = &entry.sighting;
        counts.append_value(sighting.devices.count().cast_signed());
        complete.append_value(sighting.devices.is_exact());
        sizes.append_option(sighting.facts.size);
        for id in sighting.devices.ids() {
            devices.values().append_value(id);
        }
        devices.append(true);
    }
    let columns: Vec<ArrayRef> = vec![
        text(&|entry| Some(entry.kind.name().to_owned())),
        text(&|entry| Some(entry.key.clone())),
        text(&|entry| Some(entry.tenant.clone())),
        time(&|entry| entry.sighting.first_us),
        time(&|entry| entry.sighting.last_us),
        Arc::new(counts.finish()),
        Arc::new(complete.finish()),
        Arc::new(devices.finish()),
        text(&|entry| entry.sighting.facts.sha1.clone()),
        text(&|entry| entry.sighting.facts.sha256.clone()),
        text(&|entry| entry.sighting.facts.md5.clone()),
        Arc::new(sizes.finish()),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

/// A run that is being written, from sorted entries.
pub(crate) struct RunWriter {
    dir: PathBuf,
    number: u64,
    temporary: PathBuf,
    writer: ArrowWriter<File>,
    pending: Vec<Entry>,
    last_kind: Option<Kind>,
}

impl RunWriter {
    pub(crate) fn create(dir: &Path, number: u64) -> Result<Self, Error> {
        let temporary = dir.join(format!("{number:012}.tmp"));
        let file = File::create(&temporary).map_err(|error| Error::io("create", &temporary, error))?;
        step("prevalence created");
        let writer = ArrowWriter::try_new(file, schema(), Some(properties()))?;
        Ok(Self { dir: dir.to_owned(), number, temporary, writer, pending: Vec::new(), last_kind: None })
    }

    pub(crate) fn push(&mut self, entry: Entry) -> Result<(), Error> {
        let is_new_kind = self.last_kind.is_some_and(|kind| kind != entry.kind);
        self.last_kind = Some(entry.kind);
        if is_new_kind || self.pending.len() == PREVALENCE_BATCH_ROWS {
            self.write_pending()?;
        }
        if is_new_kind {
            // A row group has keys of one kind only, so that its bounds say which.
            self.writer.flush()?;
        }
        self.pending.push(entry);
        Ok(())
    }

    fn write_pending(&mut self) -> Result<(), Error> {
        self.writer.write(&encoded(&self.pending)?)?;
        self.pending.clear();
        Ok(())
    }

    /// The run is durable under its name when this returns.
    pub(crate) fn finish(mut self) -> Result<RunFile, Error> {
        self.write_pending()?;
        let file = self.writer.into_inner()?;
        file.sync_all().map_err(|error| Error::io("fsync", &self.temporary, error))?;
        step("prevalence written");
        let crc32c = file_crc32c(&self.temporary)?;
        let path = self.dir.join(format!("{:012}-{crc32c:08x}.parquet", self.number));
        std::fs::rename(&self.temporary, &path).map_err(|error| Error::io("rename", &path, error))?;
        sync_dir(&self.dir)?;
        step("prevalence durable");
        RunFile::open(&path)
    }
}

fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(3).unwrap_or_default();
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(PREVALENCE_GROUP_ROWS))
        // Keys do not repeat: a dictionary would only be tried and thrown away.
        .set_column_dictionary_enabled(ColumnPath::from("Key"), false)
        .build()
}

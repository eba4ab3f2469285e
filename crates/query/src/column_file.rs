//! Column files that stay known: footer, page index and bloom filters of a file are read once and kept within a limit
//! of bytes, and so are unpacked columns (see `blocks`). Files never change, so what is kept is never wrong; a file that
//! was deleted is simply not asked for again.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::{RecordBatch, RecordBatchOptions, RecordBatchReader, new_empty_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use datafusion::parquet::basic::{Encoding, EncodingMask};
use datafusion::parquet::bloom_filter::Sbbf;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use datafusion::parquet::file::reader::{ChunkReader, Length};

use crate::Error;
use crate::blocks::{Blocks, Keep, Piece, blocks_of, pick, rows_of};
use crate::limits::FILE_CACHE_BYTES_MAX;

/// Files opened so far.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// How text columns come out of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As text.
    Plain,
    /// As codes and a dictionary where they are stored so: what is asked of a text is asked once per different text.
    Coded,
}

/// A column file whose footer and page index are known.
#[derive(Debug)]
pub(crate) struct ColumnFile {
    /// Tells open files apart.
    id: u64,
    path: PathBuf,
    /// Places of the columns, by name: asked for each row group of each question.
    places: HashMap<String, usize>,
    plain: ArrowReaderMetadata,
    coded: ArrowReaderMetadata,
    blooms: Mutex<Blooms>,
    unpacked: Arc<Blocks>,
}

impl Drop for ColumnFile {
    fn drop(&mut self) {
        self.unpacked.forget(self.id);
    }
}

/// By row group and column; `None` where the file has none.
type Blooms = HashMap<(usize, usize), Option<Arc<Sbbf>>>;

impl ColumnFile {
    fn open(path: &Path, unpacked: Arc<Blocks>) -> Result<Self, Error> {
        let file = ReadAt::open(path)?;
        let options = ArrowReaderOptions::new()
            .with_column_index_policy(PageIndexPolicy::Optional)
            .with_offset_index_policy(PageIndexPolicy::Optional);
        let plain = ArrowReaderMetadata::load(&file, options.clone()).map_err(|error| failed(path, &error))?;
        let fields: Vec<Field> = plain.schema().fields().iter().map(|field| coded(field)).collect();
        let options = options.with_schema(Arc::new(Schema::new(fields)));
        let coded = ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options)
            .map_err(|error| failed(path, &error))?;
        let id = OPENED.fetch_add(1, Ordering::Relaxed);
        let fields = plain.schema().fields().iter().enumerate();
        let places = fields.map(|(idx, field)| (field.name().clone(), idx)).collect();
        Ok(Self { id, path: path.to_owned(), places, plain, coded, blooms: Mutex::default(), unpacked })
    }

    pub(crate) fn metadata(&self) -> &Arc<ParquetMetaData> {
        self.plain.metadata()
    }

    pub(crate) fn n_row_groups(&self) -> usize {
        self.metadata().num_row_groups()
    }

    pub(crate) fn n_rows(&self, row_group: usize) -> usize {
        usize::try_from(self.metadata().row_group(row_group).num_rows()).unwrap_or(0)
    }

    /// The place of a column in the file, `None` when no row of the file has it.
    pub(crate) fn column_idx(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// Rows of a row group in one batch, in their order. Columns that the file does not have are left out.
    pub(crate) fn read(
        &self,
        row_group: usize,
        rows: &[Range<usize>],
        columns: &[&str],
        form: Form,
        keep: Keep,
    ) -> Result<RecordBatch, Error> {
        let n_rows: usize = rows.iter().map(ExactSizeIterator::len).sum();
        let mut fields = Vec::with_capacity(columns.len());
        let mut arrays = Vec::with_capacity(columns.len());
        for (column, pieces) in self.pieces(row_group, rows, columns, keep)? {
            let field = self.plain.schema().field(column);
            let mut array = match n_rows {
                0 => new_empty_array(field.data_type()),
                _ => pick(&pieces, rows)?,
            };
            if form == Form::Plain && array.data_type() != field.data_type() {
                array = cast(&array, field.data_type())?;
            }
            fields.push(field.clone().with_data_type(array.data_type().clone()));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
    }

    /// The blocks of each column that have one of the rows, from memory or from the file.
    fn pieces(
        &self,
        row_group: usize,
        rows: &[Range<usize>],
        columns: &[&str],
        keep: Keep,
    ) -> Result<Vec<(usize, Vec<Piece>)>, Error> {
        let wanted = blocks_of(rows);
        let mut found = Vec::with_capacity(columns.len());
        // Columns of which the same blocks are missing are read together.
        let mut missing: BTreeMap<(bool, Vec<usize>), Vec<usize>> = BTreeMap::new();
        for column in columns.iter().filter_map(|name| self.column_idx(name)) {
            let (pieces, unknown) = self.unpacked.known((self.id, row_group, column), &wanted);
            if !unknown.is_empty() {
                missing.entry((self.is_coded(row_group, column), unknown)).or_default().push(found.len());
            }
            found.push((column, pieces));
        }
        let n_rows_all = self.n_rows(row_group);
        for ((is_coded, blocks), places) in missing {
            let indices: Vec<usize> = places.iter().map(|place| found[*place].0).collect();
            let batch = self.unpack(row_group, &rows_of(&blocks, n_rows_all), &indices, is_coded)?;
            for place in places {
                let (column, pieces) = &mut found[place];
                let name = self.plain.schema().field(*column).name();
                let array = batch
                    .column_by_name(name)
                    .ok_or_else(|| failed(&self.path, &ParquetError::General(format!("column {name} was not read"))))?;
                pieces.extend(self.unpacked.add((self.id, row_group, *column), &blocks, array, n_rows_all, keep));
                pieces.sort_by_key(Piece::start);
            }
        }
        Ok(found)
    }

    /// Whether all texts of the column are codes in the file.
    fn is_coded(&self, row_group: usize, column: usize) -> bool {
        let chunk = self.metadata().row_group(row_group).column(column);
        let is_text = self.plain.schema().field(column).data_type() == &DataType::Utf8;
        let only_codes =
            |mask: &EncodingMask| mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY);
        is_text && chunk.dictionary_page_offset().is_some() && chunk.page_encoding_stats_mask().is_some_and(only_codes)
    }

    /// Reads rows from the file.
    fn unpack(
        &self,
        row_group: usize,
        rows: &[Range<usize>],
        columns: &[usize],
        is_coded: bool,
    ) -> Result<RecordBatch, Error> {
        let metadata = if is_coded { &self.coded } else { &self.plain };
        let mask = ProjectionMask::leaves(metadata.parquet_schema(), columns.iter().copied());
        let n_rows: usize = rows.iter().map(ExactSizeIterator::len).sum();
        let selection = RowSelection::from_consecutive_ranges(rows.iter().cloned(), self.n_rows(row_group));
        let mut reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(ReadAt::open(&self.path)?, metadata.clone())
                .with_row_groups(vec![row_group])
                .with_projection(mask)
                .with_batch_size(n_rows.max(1))
                .with_row_selection(selection)
                .build()
                .map_err(|error| failed(&self.path, &error))?;
        let Some(batch) = reader.next() else { return Ok(RecordBatch::new_empty(reader.schema())) };
        let batch = batch?;
        if batch.num_rows() != n_rows {
            let reason = format!("{} rows were read, not {n_rows}", batch.num_rows());
            return Err(failed(&self.path, &ParquetError::General(reason)));
        }
        Ok(batch)
    }

    /// Could the column of the row group hold the text? True when nothing is known.
    pub(crate) fn may_hold(&self, row_group: usize, column: usize, text: &str) -> Result<bool, Error> {
        let chunk = self.metadata().row_group(row_group).column(column);
        if chunk.bloom_filter_offset().is_none() {
            return Ok(true);
        }
        let key = (row_group, column);
        let known = self.blooms.lock().expect("no panic under the lock").get(&key).cloned();
        let bloom = match known {
            Some(bloom) => bloom,
            None => {
                let file = ReadAt::open(&self.path)?;
                let bloom = Sbbf::read_from_column_chunk(chunk, &file).map_err(|error| failed(&self.path, &error))?;
                let bloom = bloom.map(Arc::new);
                self.blooms.lock().expect("no panic under the lock").insert(key, bloom.clone());
                bloom
            }
        };
        Ok(bloom.is_none_or(|bloom| bloom.check(text.as_bytes())))
    }

    fn memory_bytes(&self) -> usize {
        // The two Arrow schemas and the path are small against these.
        let blooms = self.blooms.lock().expect("no panic under the lock");
        let of_blooms: usize = blooms.values().flatten().map(|bloom| bloom.num_blocks() * 32).sum();
        self.metadata().memory_size() + of_blooms
    }
}

/// Text columns as dictionaries.
fn coded(field: &Field) -> Field {
    match field.data_type() {
        DataType::Utf8 => {
            field.clone().with_data_type(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))
        }
        _ => field.clone(),
    }
}

fn failed(path: &Path, error: &ParquetError) -> Error {
    Error::Engine(format!("read {}: {error}", path.display()))
}

/// Reads a file at given places; many threads may do so at once.
pub(crate) struct ReadAt {
    file: Arc<File>,
    len: u64,
}

impl ReadAt {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let io = |error| Error::Engine(format!("open {}: {error}", path.display()));
        let file = File::open(path).map_err(io)?;
        let len = file.metadata().map_err(io)?.len();
        Ok(Self { file: Arc::new(file), len })
    }

    pub(crate) fn bytes(&self, range: Range<u64>) -> ParquetResult<bytes::Bytes> {
        let len = usize::try_from(range.end.saturating_sub(range.start))
            .map_err(|_| ParquetError::General("range larger than memory".to_owned()))?;
        let mut bytes = vec![0; len];
        self.file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    }
}

impl Length for ReadAt {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for ReadAt {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(Box::new(std::io::BufReader::new(Cursor { file: Arc::clone(&self.file), at: start })))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<bytes::Bytes> {
        self.bytes(start..start + length as u64)
    }
}

/// A place in a file that moves on, without moving the file's own.
struct Cursor {
    file: Arc<File>,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_bytes = self.file.read_at(buffer, self.at)?;
        self.at += n_bytes as u64;
        Ok(n_bytes)
    }
}

/// The column files that were used last.
#[derive(Debug, Default)]
pub(crate) struct FileCache {
    kept: Mutex<Kept>,
    unpacked: Arc<Blocks>,
}

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<PathBuf, (u64, Arc<ColumnFile>)>,
    /// Counts uses: what has the smallest number was not used for longest.
    clock: u64,
}

impl FileCache {
    /// A file, opened now or before.
    pub(crate) fn open(&self, path: &Path) -> Result<Arc<ColumnFile>, Error> {
        if let Some(file) = self.kept.lock().expect("no panic under the lock").used(path) {
            return Ok(file);
        }
        let file = Arc::new(ColumnFile::open(path, Arc::clone(&self.unpacked))?);
        let mut kept = self.kept.lock().expect("no panic under the lock");
        let clock = kept.clock;
        kept.files.insert(path.to_owned(), (clock, Arc::clone(&file)));
        kept.evict(FILE_CACHE_BYTES_MAX);
        Ok(file)
    }
}

impl Kept {
    fn used(&mut self, path: &Path) -> Option<Arc<ColumnFile>> {
        self.clock += 1;
        let (last_used, file) = self.files.get_mut(path)?;
        *last_used = self.clock;
        Some(Arc::clone(file))
    }

    /// Runs when a file was opened, which costs more than looking at all that are there.
    fn evict(&mut self, bytes_max: usize) {
        let mut ages: Vec<(u64, usize, PathBuf)> = Vec::with_capacity(self.files.len());
        for (path, (last_used, file)) in &self.files {
            ages.push((*last_used, file.memory_bytes(), path.clone()));
        }
        let mut n_bytes: usize = ages.iter().map(|(_, bytes, _)| bytes).sum();
        if n_bytes <= bytes_max {
            return;
        }
        ages.sort();
        for (_, bytes, path) in ages {
            if n_bytes <= bytes_max {
                break;
            }
            self.files.remove(&path);
            n_bytes -= bytes;
        }
    }
}

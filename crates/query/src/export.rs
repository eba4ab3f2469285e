//! A whole range of a timeline with all columns, part by part: as many rows as there are, in bounded memory, found in the
//! same way as those of a page.

use std::io::Write;

use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use schema::{EVENT_COLUMNS, Row};
use store::Snapshot;

use crate::limits::EXPORT_ROWS;
use crate::matcher::{Beyond, Matcher};
use crate::{Cursor, Direction, Engine, Error, Filter, Order};

/// Rows of a row group; what our own column files have at most.
const ROW_GROUP_ROWS: usize = 100_000;

/// An export that goes on. It sees one snapshot: rows that arrive meanwhile are not in it.
pub struct Export {
    snapshot: Snapshot,
    filter: Filter,
    order: Order,
    /// Where the next part begins.
    last: Option<Cursor>,
    /// Where it ends, this row left out.
    stop: Option<Cursor>,
    is_done: bool,
}

/// Some rows of an export, in its order.
pub struct Chunk {
    /// The rows.
    pub rows: Vec<Row>,
}

impl Export {
    /// Begins an export of what the pages of `filter` show in this order; of the part beyond the cursor when there is one.
    pub fn new(snapshot: Snapshot, filter: Filter, order: Order, bound: Option<(Cursor, Direction)>) -> Self {
        let (mut last, mut stop) = (None, None);
        match (bound, order) {
            (Some((cursor, Direction::Older)), Order::Descending)
            | (Some((cursor, Direction::Newer)), Order::Ascending) => last = Some(cursor),
            (Some((cursor, Direction::Newer)), Order::Descending)
            | (Some((cursor, Direction::Older)), Order::Ascending) => stop = Some(cursor),
            (None, Order::Descending | Order::Ascending) => {}
        }
        Self { snapshot, filter, order, last, stop, is_done: false }
    }

    /// Whether a row is at the end or beyond it.
    fn is_over(&self, row: &Row) -> bool {
        let Some(stop) = &self.stop else { return false };
        match self.order {
            Order::Descending => Cursor::of(row) <= *stop,
            Order::Ascending => Cursor::of(row) >= *stop,
        }
    }
}

impl Engine {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// `Limit` for a cap, `Engine` otherwise.
    pub fn export_next(&self, export: &mut Export) -> Result<Option<Chunk>, Error> {
        if export.is_done {
            return Ok(None);
        }
        let direction = match export.order {
            Order::Descending => Direction::Older,
            Order::Ascending => Direction::Newer,
        };
        let beyond = export.last.clone().map(|cursor| Beyond { cursor, direction, inclusive: false });
        let matcher = Matcher::new(&export.filter, beyond)?;
        let walk = self.walk(&export.snapshot);
        let found = walk.find(&matcher, direction, EXPORT_ROWS)?;
        let columns: Vec<&str> = EVENT_COLUMNS.iter().map(|column| column.name).collect();
        let mut rows = walk.rows(&found, &columns)?;
        export.is_done = found.len() < EXPORT_ROWS;
        export.last = rows.last().map(Cursor::of);
        if let Some(n_rows) = rows.iter().position(|row| export.is_over(row)) {
            rows.truncate(n_rows);
            export.is_done = true;
        }
        Ok((!rows.is_empty()).then_some(Chunk { rows }))
    }
}

/// A Parquet file of exported rows: the columns of the store.
pub struct EventsFile<W: Write + Send> {
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> EventsFile<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// When `output` can't be written.
    pub fn new(output: W) -> Result<Self, Error> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(output, store::arrow_schema(), Some(properties)).map_err(broken)?;
        Ok(Self { writer })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When the output can't be written.
    pub fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        let batch = store::batch_as_stored(&chunk.rows).map_err(broken)?;
        self.writer.write(&batch).map_err(broken)
    }

    /// Writes the footer. A file without it can't be read.
    ///
    /// # Errors
    /// When the output can't be written.
    pub fn finish(self) -> Result<(), Error> {
        self.writer.close().map(drop).map_err(broken)
    }
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Engine(format!("write Parquet: {error}"))
}

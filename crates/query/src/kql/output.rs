//! Answers in the forms that programs and people read: JSON cells, text cells, CSV lines, a Parquet file.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;

use super::answer::AnswerColumn;
use super::frame::UNIX_EPOCH_TICKS;
use super::types::KqlType;
use super::value::{Column, Json, Value, format_timespan};
use crate::Error;

/// The rows of a batch as JSON cells: numbers and flags as such, times as text, dynamics as what they hold.
///
/// # Errors
/// When a column has another Arrow type than `KqlType::arrow` says, which is a bug of the planner.
pub fn json_rows(columns: &[AnswerColumn], batch: &RecordBatch) -> Result<Vec<Vec<Json>>, Error> {
    rows(columns, batch, |value| value.to_json())
}

/// The rows of a batch as `tostring` prints them.
///
/// # Errors
/// As for `json_rows`.
pub fn text_rows(columns: &[AnswerColumn], batch: &RecordBatch) -> Result<Vec<Vec<String>>, Error> {
    rows(columns, batch, |value| value.print())
}

fn rows<T>(columns: &[AnswerColumn], batch: &RecordBatch, of: impl Fn(&Value) -> T) -> Result<Vec<Vec<T>>, Error> {
    let mut readers = Vec::with_capacity(columns.len());
    for (column, array) in columns.iter().zip(batch.columns()) {
        readers.push(Column::new(array, column.ty)?);
    }
    let row = |row_idx| readers.iter().map(|reader| of(&reader.value(row_idx))).collect();
    Ok((0..batch.num_rows()).map(row).collect())
}

/// A line of CSV (RFC 4180), with its line end.
pub fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (cell_idx, cell) in cells.into_iter().enumerate() {
        if cell_idx > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line.push_str("\r\n");
    line
}

/// A Parquet file being written: datetimes become timestamps in microseconds, timespans their text, dynamics JSON text.
pub struct ParquetFile<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
    types: Vec<KqlType>,
}

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// When `output` can't be written.
    pub fn new(output: W, columns: &[AnswerColumn]) -> Result<Self, Error> {
        let fields: Vec<Field> =
            columns.iter().map(|column| Field::new(&column.name, parquet_type(column.ty), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let writer = ArrowWriter::try_new(output, Arc::clone(&schema), Some(properties)).map_err(broken)?;
        Ok(Self { writer, schema, types: columns.iter().map(|column| column.ty).collect() })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When the output can't be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let arrays = batch.columns().iter().zip(&self.types).map(|(array, ty)| parquet_array(array, *ty)).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(broken)?;
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

fn parquet_type(ty: KqlType) -> DataType {
    match ty {
        KqlType::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        KqlType::TimeSpan => DataType::Utf8,
        KqlType::Bool
        | KqlType::Int
        | KqlType::Long
        | KqlType::Real
        | KqlType::Decimal
        | KqlType::String
        | KqlType::Guid
        | KqlType::Dynamic => ty.arrow(),
    }
}

fn parquet_array(array: &ArrayRef, ty: KqlType) -> ArrayRef {
    let Some(ticks) = array.as_any().downcast_ref::<Int64Array>() else { return Arc::clone(array) };
    if ty == KqlType::DateTime {
        let micros = ticks.unary::<_, arrow::datatypes::TimestampMicrosecondType>(|ticks| {
            ticks.saturating_sub(UNIX_EPOCH_TICKS).div_euclid(10)
        });
        let micros: TimestampMicrosecondArray = micros.with_timezone("UTC");
        return Arc::new(micros);
    }
    if ty == KqlType::TimeSpan {
        return Arc::new(ticks.iter().map(|ticks| ticks.map(format_timespan)).collect::<StringArray>());
    }
    Arc::clone(array)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_needs_it() {
        assert_eq!(csv_line(["a", "b,c", "say \"no\"", "x\ny", ""]), "a,\"b,c\",\"say \"\"no\"\"\",\"x\ny\",\r\n");
    }
}

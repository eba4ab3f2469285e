//! Merges sorted column files row by row, in bounded memory: each input has one decoded batch at a time.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::row::{RowConverter, Rows, SortField};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::Error;
use crate::columns::{arrow_schema, conform};
use crate::files::SORT_COLUMNS;
use crate::limits::{COMPACT_BATCH_ROWS, COMPACT_OUTPUT_ROWS};

/// One input: what is left of its current batch, and its reader.
struct Input {
    reader: ParquetRecordBatchReader,
    /// The current batch is `batches[batch_idx]` of the merge, with its keys beside it.
    batch_idx: usize,
    keys: Rows,
    row_idx: usize,
}

/// The rows of several sorted files in the order of `SORT_COLUMNS`; equal keys in the order of the inputs.
pub(crate) struct Merge {
    schema: SchemaRef,
    converter: RowConverter,
    /// Inputs that still have rows, in their order.
    inputs: Vec<Input>,
    /// Batches that rows of the next output may come from.
    batches: Vec<RecordBatch>,
}

impl Merge {
    /// Opens the files. A file with a column that this version does not know is refused: rewriting it would lose the
    /// column.
    pub(crate) fn open(paths: &[impl AsRef<Path>]) -> Result<Self, Error> {
        let mut readers = Vec::with_capacity(paths.len());
        let mut schemas = Vec::with_capacity(paths.len());
        for path in paths {
            let file = File::open(path).map_err(|error| Error::io("open", path.as_ref(), error))?;
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(COMPACT_BATCH_ROWS);
            check_columns(path.as_ref(), builder.schema())?;
            schemas.push(Arc::clone(builder.schema()));
            readers.push(builder.build()?);
        }
        let schema = common_schema(&schemas);
        let mut fields = Vec::new();
        for name in SORT_COLUMNS {
            let field = schema.field_with_name(name)?;
            fields.push(SortField::new(field.data_type().clone()));
        }
        let mut merge = Self { schema, converter: RowConverter::new(fields)?, inputs: Vec::new(), batches: Vec::new() };
        for reader in readers {
            let keys = merge.converter.empty_rows(0, 0);
            let mut input = Input { reader, batch_idx: 0, keys, row_idx: 0 };
            if merge.fill(&mut input)? {
                merge.inputs.push(input);
            }
        }
        Ok(merge)
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Loads the next batch of an input; false at its end.
    fn fill(&mut self, input: &mut Input) -> Result<bool, Error> {
        for batch in input.reader.by_ref() {
            let batch = conform(&batch?, &self.schema)?;
            if batch.num_rows() == 0 {
                continue;
            }
            let mut columns = Vec::with_capacity(SORT_COLUMNS.len());
            for name in SORT_COLUMNS {
                columns.push(Arc::clone(&batch[name]));
            }
            input.keys = self.converter.convert_columns(&columns)?;
            input.row_idx = 0;
            input.batch_idx = self.batches.len();
            self.batches.push(batch);
            return Ok(true);
        }
        Ok(false)
    }

    /// The next rows in order, `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        let mut picked: Vec<(usize, usize)> = Vec::with_capacity(COMPACT_OUTPUT_ROWS);
        // Every batch that ran out stays in memory until the output is made, so their number ends an output too.
        let batches_max = self.inputs.len() * 2 + COMPACT_OUTPUT_ROWS / COMPACT_BATCH_ROWS;
        while picked.len() < COMPACT_OUTPUT_ROWS && self.batches.len() <= batches_max && !self.inputs.is_empty() {
            let input_idx = self.pick_run(&mut picked);
            if self.inputs[input_idx].row_idx == self.inputs[input_idx].keys.num_rows() {
                let mut input = self.inputs.remove(input_idx);
                if self.fill(&mut input)? {
                    self.inputs.insert(input_idx, input);
                }
            }
        }
        if picked.is_empty() {
            return Ok(None);
        }
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let output = interleave_record_batch(&batches, &picked)?;
        self.drop_used_batches();
        Ok(Some(output))
    }

    /// Takes rows of the input with the smallest key as long as no other input has a smaller one.
    fn pick_run(&mut self, picked: &mut Vec<(usize, usize)>) -> usize {
        let key = |input_idx: usize| {
            let input = &self.inputs[input_idx];
            (input.keys.row(input.row_idx), input_idx)
        };
        let mut first = 0;
        for input_idx in 1..self.inputs.len() {
            if key(input_idx) < key(first) {
                first = input_idx;
            }
        }
        let bound = (0..self.inputs.len()).filter(|input_idx| *input_idx != first).map(key).min();
        let input = &self.inputs[first];
        let mut row_idx = input.row_idx;
        while row_idx < input.keys.num_rows() && picked.len() < COMPACT_OUTPUT_ROWS {
            if bound.is_some_and(|bound| bound < (input.keys.row(row_idx), first)) {
                break;
            }
            picked.push((input.batch_idx, row_idx));
            row_idx += 1;
        }
        self.inputs[first].row_idx = row_idx;
        first
    }

    /// Only the current batch of each input is needed further.
    fn drop_used_batches(&mut self) {
        let mut kept = Vec::with_capacity(self.inputs.len());
        for input in &mut self.inputs {
            kept.push(self.batches[input.batch_idx].clone());
            input.batch_idx = kept.len() - 1;
        }
        self.batches = kept;
    }
}

fn check_columns(path: &Path, schema: &Schema) -> Result<(), Error> {
    let known = arrow_schema();
    for field in schema.fields() {
        let is_known = known.field_with_name(field.name()).is_ok_and(|known| known.data_type() == field.data_type());
        if !is_known {
            let reason = format!("column {} is not one of this version, the file is left as it is", field.name());
            return Err(Error::Corrupt { path: path.to_owned(), reason });
        }
    }
    Ok(())
}

/// The columns that any of the files has, in table order.
fn common_schema(schemas: &[SchemaRef]) -> SchemaRef {
    let mut fields = Vec::new();
    for field in arrow_schema().fields() {
        if schemas.iter().any(|schema| schema.column_with_name(field.name()).is_some()) {
            fields.push(Arc::clone(field));
        }
    }
    Arc::new(Schema::new(fields))
}

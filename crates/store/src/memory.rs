//! Fresh rows as Arrow batches, queryable before they are in a file.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;

use crate::Error;
use crate::columns::{conform, union_schema};
use crate::limits::{MEMORY_SMALL_BATCHES_MAX, MEMORY_SMALL_ROWS};

/// Some fresh rows; the batch holds only the columns that they use.
#[derive(Clone, Debug)]
pub struct MemoryBatch {
    batch: RecordBatch,
    /// Smallest `Timestamp`, microseconds since 1970.
    pub time_min_us: i64,
    /// Largest `Timestamp`, microseconds since 1970.
    pub time_max_us: i64,
    /// The device when all rows are of one.
    pub device: Option<String>,
}

impl MemoryBatch {
    pub(crate) fn new(batch: RecordBatch) -> Self {
        let times = batch
            .column_by_name("Timestamp")
            .and_then(|array| array.as_any().downcast_ref::<TimestampMicrosecondArray>());
        let time_min_us = times.and_then(arrow::compute::min).unwrap_or(i64::MIN);
        let time_max_us = times.and_then(arrow::compute::max).unwrap_or(i64::MAX);
        let devices = batch.column_by_name("DeviceId").and_then(|array| array.as_any().downcast_ref::<StringArray>());
        let device = devices.and_then(only_value);
        Self { batch, time_min_us, time_max_us, device }
    }

    /// Rows in the batch.
    pub fn n_rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// The columns of `schema`, nulls where the rows have none.
    ///
    /// # Errors
    /// When Arrow refuses the schema.
    pub fn project(&self, schema: &SchemaRef) -> Result<RecordBatch, Error> {
        conform(&self.batch, schema)
    }

    /// Those of the named columns that a row has.
    ///
    /// # Errors
    /// When Arrow refuses the columns.
    pub fn select(&self, names: &[&str]) -> Result<RecordBatch, Error> {
        let schema = self.batch.schema_ref();
        let indices: Vec<usize> = names.iter().filter_map(|name| Some(schema.column_with_name(name)?.0)).collect();
        Ok(self.batch.project(&indices)?)
    }

    pub(crate) fn batch(&self) -> &RecordBatch {
        &self.batch
    }
}

fn only_value(array: &StringArray) -> Option<String> {
    let first = (!array.is_empty() && array.is_valid(0)).then(|| array.value(0))?;
    array.iter().all(|value| value == Some(first)).then(|| first.to_owned())
}

/// The rows since the last flush began, and those that a flush is writing right now.
#[derive(Debug, Default)]
pub(crate) struct MemoryTable {
    batches: Vec<Arc<MemoryBatch>>,
    flushing: Vec<Arc<MemoryBatch>>,
}

impl MemoryTable {
    pub(crate) fn n_rows(&self) -> usize {
        self.all().map(|batch| batch.n_rows()).sum()
    }

    pub(crate) fn n_rows_unflushed(&self) -> usize {
        self.batches.iter().map(|batch| batch.n_rows()).sum()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<MemoryBatch>> {
        self.flushing.iter().chain(&self.batches)
    }

    pub(crate) fn push(&mut self, batch: RecordBatch) -> Result<(), Error> {
        self.batches.push(Arc::new(MemoryBatch::new(batch)));
        let mut n_small = 0;
        for batch in self.batches.iter().rev() {
            if batch.n_rows() >= MEMORY_SMALL_ROWS {
                break;
            }
            n_small += 1;
        }
        if n_small < MEMORY_SMALL_BATCHES_MAX {
            return Ok(());
        }
        let small = self.batches.split_off(self.batches.len() - n_small);
        let merged = merge(&small)?;
        self.batches.push(Arc::new(MemoryBatch::new(merged)));
        Ok(())
    }

    /// Takes what there is for a flush; it stays visible until `end_flush`.
    pub(crate) fn begin_flush(&mut self) -> Vec<Arc<MemoryBatch>> {
        self.flushing.append(&mut self.batches);
        self.flushing.clone()
    }

    pub(crate) fn end_flush(&mut self) {
        self.flushing.clear();
    }
}

/// All rows in one batch, in the order given.
pub(crate) fn merge(batches: &[Arc<MemoryBatch>]) -> Result<RecordBatch, Error> {
    let schema = union_schema(batches.iter().map(|batch| batch.batch()));
    let mut conformed = Vec::with_capacity(batches.len());
    for batch in batches {
        conformed.push(conform(batch.batch(), &schema)?);
    }
    Ok(concat_batches(&schema, &conformed)?)
}

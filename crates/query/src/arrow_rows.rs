//! Arrow batches of a result back to sparse rows.

use arrow::array::{
    Array, AsArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, TimeUnit};
use schema::row::Nanos;
use schema::{Column, EVENT_COLUMNS, Row, col};

/// The rows of the batches, in order; result columns that are no event columns are left out.
pub(crate) fn rows(batches: &[RecordBatch]) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in batches {
        let start = rows.len();
        rows.resize_with(start + batch.num_rows(), Row::new);
        let part = &mut rows[start..];
        for column in EVENT_COLUMNS.iter() {
            if let Some(array) = batch.column_by_name(column.name) {
                fill(part, column, array.as_ref());
            }
        }
        for row in part {
            restore_nanos(row);
        }
    }
    rows
}

/// Files hold microseconds; the rest of the time stamp is in a column of its own.
fn restore_nanos(row: &mut Row) {
    let (Some(time_ns), Some(rest)) = (row.number(&col::TIMESTAMP), row.number(&col::TIMESTAMP_NANOS)) else {
        return;
    };
    row.set(&col::TIMESTAMP, Nanos(time_ns + rest));
}

fn fill(rows: &mut [Row], column: &'static Column, array: &dyn Array) {
    for (row_idx, row) in rows.iter_mut().enumerate() {
        if array.is_null(row_idx) {
            continue;
        }
        match array.data_type() {
            DataType::Utf8 => {
                row.set(column, array.as_string::<i32>().value(row_idx));
            }
            DataType::Int32 => {
                row.set(column, i64::from(value::<Int32Array>(array).value(row_idx)));
            }
            DataType::Int64 => {
                row.set(column, value::<Int64Array>(array).value(row_idx));
            }
            DataType::Boolean => {
                row.set(column, value::<BooleanArray>(array).value(row_idx));
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let time_us = value::<TimestampMicrosecondArray>(array).value(row_idx);
                row.set(column, Nanos(time_us.saturating_mul(1_000)));
            }
            other => unreachable!("the events table has no {other} column"),
        }
    }
}

fn value<A: 'static>(array: &dyn Array) -> &A {
    array.as_any().downcast_ref().expect("the data type was matched")
}

/// Text column of a small result.
pub(crate) fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// Number column of a small result.
pub(crate) fn long_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a Int64Array> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

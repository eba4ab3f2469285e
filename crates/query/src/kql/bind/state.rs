//! Small tables that the caller holds, such as alerts: rows to one batch in the form that plans compute with.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::Schema;
use schema::{Column, Row, Table, Type, Value, col};

use super::{Bind, Binder};
use crate::kql::answer::TimeRange;
use crate::kql::frame::UNIX_EPOCH_TICKS;

impl Binder<'_> {
    /// The caller's rows of a small table, `None` when there is none.
    pub(super) fn state_rows(&self, table: &'static Table) -> Bind<Option<RecordBatch>> {
        let request = self.host.request;
        let Some(rows) = request.state_rows.get(table.name) else { return Ok(None) };
        let range = request.default_range.filter(|_| !self.is_bounded);
        let rows: Vec<&Row> = rows.iter().filter(|row| range.is_none_or(|range| is_within(row, range))).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let arrays: Vec<ArrayRef> = table.columns.iter().map(|column| array(column, &rows)).collect();
        let fields: Vec<arrow::datatypes::Field> = table
            .columns
            .iter()
            .zip(&arrays)
            .map(|(column, array)| arrow::datatypes::Field::new(column.name, array.data_type().clone(), true))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(Some(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?))
    }
}

fn is_within(row: &Row, range: TimeRange) -> bool {
    let time_us = row.number(&col::TIMESTAMP).map(|nanos| nanos.div_euclid(1_000));
    time_us.is_some_and(|time_us| (range.from_us..=range.to_us).contains(&time_us))
}

fn array(column: &'static Column, rows: &[&Row]) -> ArrayRef {
    let values = rows.iter().map(|row| row.get(column));
    let number = |value: Option<&Value>| match value {
        Some(Value::Int(number)) => Some(*number),
        Some(Value::Time(nanos)) => Some(nanos.div_euclid(100) + UNIX_EPOCH_TICKS),
        _ => None,
    };
    match column.ty {
        Type::String => Arc::new(StringArray::from_iter(values.map(|value| match value {
            Some(Value::Str(text)) => Some(text.as_str()),
            _ => None,
        }))),
        Type::Bool => Arc::new(BooleanArray::from_iter(values.map(|value| match value {
            Some(Value::Bool(flag)) => Some(*flag),
            _ => None,
        }))),
        Type::Int => {
            Arc::new(Int32Array::from_iter(values.map(|value| number(value).and_then(|it| it.try_into().ok()))))
        }
        Type::Long | Type::DateTime => Arc::new(Int64Array::from_iter(values.map(number))),
    }
}

//! Rows to Arrow columns. Only the columns that a batch uses are built; a scan fills the others with nulls.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::TimestampMicrosecondBuilder;
use arrow::array::{ArrayRef, BooleanBuilder, Int32Builder, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use prost::Message;
use schema::row::Nanos;
use schema::{Column, EVENT_COLUMNS, Row, Type, Value, col};

use crate::Error;
use crate::wal::LoggedBatch;

/// The Arrow type of a KQL type. Delta knows only microseconds; the rest of an event's time is in `TimestampNanos`.
pub fn arrow_type(ty: Type) -> DataType {
    match ty {
        Type::String => DataType::Utf8,
        Type::Int => DataType::Int32,
        Type::Long => DataType::Int64,
        Type::Bool => DataType::Boolean,
        Type::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// The schema of the wide table `events`, all columns nullable, without the partition column.
pub fn arrow_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let mut fields = Vec::new();
        for column in EVENT_COLUMNS.iter() {
            fields.push(Field::new(column.name, arrow_type(column.ty), true));
        }
        Arc::new(Schema::new(fields))
    });
    Arc::clone(&SCHEMA)
}

/// Builds the rows of a logged batch, with everything that only the server may say.
/// A record that is no row becomes an `EventsLost` row under its own number: nothing vanishes.
pub(crate) fn rows_of(batch: &LoggedBatch) -> Vec<Row> {
    let epoch = format!("{:016x}", batch.epoch);
    let mut rows = Vec::with_capacity(batch.records.len());
    for (idx, record) in batch.records.iter().enumerate() {
        let mut row = Row::decode(record.as_slice()).unwrap_or_else(|_| undecodable(batch.received_ns));
        let seq = batch.first_seq + idx as u64;
        stamp(&mut row, batch, &epoch, seq);
        rows.push(row);
    }
    rows
}

fn undecodable(received_ns: i64) -> Row {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(received_ns))
        .set(&col::ACTION_TYPE, "EventsLost")
        .set(&col::EVENT_TABLE, "DeviceEvents")
        .set(&col::GAP_REASON, "decode_error")
        .set(&col::LOST_COUNT, 1)
        .set(&col::FIRST_SEEN, Nanos(received_ns))
        .set(&col::LAST_SEEN, Nanos(received_ns));
    row
}

/// Sets what the server alone may say; a sensor's own idea of it is overwritten.
fn stamp(row: &mut Row, batch: &LoggedBatch, epoch: &str, seq: u64) {
    let time_ns = match row.get(&col::TIMESTAMP) {
        Some(Value::Time(nanos)) => *nanos,
        _ => batch.received_ns,
    };
    let action = row.text(&col::ACTION_TYPE).and_then(schema::action::action);
    let group = action.map_or(schema::EventGroup::Other, |action| action.group);
    row.set(&col::TIMESTAMP, Nanos(time_ns))
        .set(&col::TIMESTAMP_NANOS, time_ns.rem_euclid(1_000))
        .set(&col::DEVICE_ID, batch.device.as_str())
        .set(&col::TENANT_ID, batch.tenant.as_str())
        .set(&col::INGESTION_TIME, Nanos(batch.received_ns))
        .set(&col::EVENT_GROUP, group.name())
        .set(&col::EVENT_ID, format!("{}:{epoch}:{seq}", batch.device))
        .set(&col::STREAM_EPOCH, epoch)
        .set(&col::STREAM_SEQ, seq.cast_signed())
        .set(&col::REPORT_ID, seq.cast_signed());
    if row.text(&col::EVENT_TABLE).and_then(schema::tables::table).is_none_or(|table| !table.in_events) {
        row.set(&col::EVENT_TABLE, action.map_or("DeviceEvents", |action| action.table));
    }
}

/// Rows as a batch for `Store::import`, with the columns that the server sets otherwise: `first_seq` is the number of
/// the first row in the stream `epoch` of the device.
///
/// # Errors
/// When Arrow refuses the columns.
pub fn batch_of_rows(
    rows: Vec<Row>,
    device: &str,
    tenant: &str,
    epoch: u64,
    first_seq: u64,
    received_ns: i64,
) -> Result<RecordBatch, Error> {
    let origin = LoggedBatch {
        device: device.to_owned(),
        tenant: tenant.to_owned(),
        epoch,
        first_seq,
        received_ns,
        records: vec![],
    };
    let epoch = format!("{epoch:016x}");
    let mut rows = rows;
    for (idx, row) in rows.iter_mut().enumerate() {
        stamp(row, &origin, &epoch, first_seq + idx as u64);
    }
    record_batch(&rows)
}

enum Builder {
    Text(StringBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Flag(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
}

impl Builder {
    fn new(ty: Type, n_nulls: usize) -> Self {
        let mut builder = match ty {
            Type::String => Builder::Text(StringBuilder::new()),
            Type::Int => Builder::Int(Int32Builder::new()),
            Type::Long => Builder::Long(Int64Builder::new()),
            Type::Bool => Builder::Flag(BooleanBuilder::new()),
            Type::DateTime => Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        };
        builder.pad(n_nulls);
        builder
    }

    fn len(&self) -> usize {
        use arrow::array::ArrayBuilder;
        match self {
            Builder::Text(it) => it.len(),
            Builder::Int(it) => it.len(),
            Builder::Long(it) => it.len(),
            Builder::Flag(it) => it.len(),
            Builder::Time(it) => it.len(),
        }
    }

    fn pad(&mut self, len: usize) {
        while self.len() < len {
            match self {
                Builder::Text(it) => it.append_null(),
                Builder::Int(it) => it.append_null(),
                Builder::Long(it) => it.append_null(),
                Builder::Flag(it) => it.append_null(),
                Builder::Time(it) => it.append_null(),
            }
        }
    }

    fn push(&mut self, value: &Value) {
        match (self, value) {
            (Builder::Text(it), Value::Str(text)) => it.append_value(text),
            // `Row` keeps an int column within 32 bits.
            (Builder::Int(it), Value::Int(number)) => it.append_option(i32::try_from(*number).ok()),
            (Builder::Long(it), Value::Int(number)) => it.append_value(*number),
            (Builder::Flag(it), Value::Bool(flag)) => it.append_value(*flag),
            (Builder::Time(it), Value::Time(nanos)) => it.append_value(nanos.div_euclid(1_000)),
            (it, _) => {
                let len = it.len() + 1;
                it.pad(len);
            }
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Builder::Text(mut it) => Arc::new(it.finish()),
            Builder::Int(mut it) => Arc::new(it.finish()),
            Builder::Long(mut it) => Arc::new(it.finish()),
            Builder::Flag(mut it) => Arc::new(it.finish()),
            Builder::Time(mut it) => Arc::new(it.finish()),
        }
    }
}

/// One record batch with the columns that at least one row sets, in table order.
pub(crate) fn record_batch(rows: &[Row]) -> Result<RecordBatch, Error> {
    let mut builders: HashMap<u32, (&'static Column, Builder)> = HashMap::new();
    for (row_idx, row) in rows.iter().enumerate() {
        for (column, value) in row.values() {
            let (_, builder) =
                builders.entry(column.wire).or_insert_with(|| (*column, Builder::new(column.ty, row_idx)));
            builder.pad(row_idx);
            builder.push(value);
        }
    }
    let mut fields = Vec::with_capacity(builders.len());
    let mut arrays = Vec::with_capacity(builders.len());
    for column in EVENT_COLUMNS.iter() {
        if let Some((column, mut builder)) = builders.remove(&column.wire) {
            builder.pad(rows.len());
            fields.push(Field::new(column.name, arrow_type(column.ty), true));
            arrays.push(builder.finish());
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// The batch with exactly the columns of `schema`: missing ones are null, others are left out.
pub(crate) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Error> {
    let mut arrays = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        match batch.column_by_name(field.name()) {
            Some(array) => arrays.push(Arc::clone(array)),
            None => arrays.push(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
        }
    }
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
}

/// The columns that any of the batches has, in table order.
pub(crate) fn union_schema<'a>(batches: impl Iterator<Item = &'a RecordBatch> + Clone) -> SchemaRef {
    let mut fields = Vec::new();
    for field in arrow_schema().fields() {
        if batches.clone().any(|batch| batch.column_by_name(field.name()).is_some()) {
            fields.push(Arc::clone(field));
        }
    }
    Arc::new(Schema::new(fields))
}

//! Rows to Arrow columns. Only the columns that a batch uses are built; a scan fills the others with nulls.

use std::sync::{Arc, LazyLock};

use arrow::array::TimestampMicrosecondBuilder;
use arrow::array::{ArrayRef, BooleanBuilder, Int32Builder, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use schema::record::{Field, ValueRef, read_fields};
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
            fields.push(ArrowField::new(column.name, arrow_type(column.ty), true));
        }
        Arc::new(Schema::new(fields))
    });
    Arc::clone(&SCHEMA)
}

/// Builds the columns of a logged batch, with everything that only the server may say.
/// A record that is no row becomes an `EventsLost` row under its own number: nothing vanishes.
pub(crate) fn columns_of(batch: &LoggedBatch) -> Result<RecordBatch, Error> {
    let mut builders = Builders::new();
    let stamp = Stamp::new(batch);
    let mut fields: Vec<Field> = Vec::new();
    for (row_idx, record) in batch.records.iter().enumerate() {
        let seq = batch.first_seq + row_idx as u64;
        if read_fields(record, &mut fields).is_ok() {
            stamp.push(&fields, seq, &mut builders, row_idx);
        } else {
            let mut row = undecodable(batch.received_ns);
            stamp_row(&mut row, batch, &stamp.epoch, seq);
            builders.push_row(&row, row_idx);
        }
    }
    builders.finish(batch.records.len())
}

/// What the server says about all rows of a batch; a sensor's own idea of it is overwritten.
struct Stamp<'a> {
    batch: &'a LoggedBatch,
    epoch: String,
    /// Beginning of the event ids.
    id_prefix: String,
}

impl<'a> Stamp<'a> {
    fn new(batch: &'a LoggedBatch) -> Self {
        let epoch = format!("{:016x}", batch.epoch);
        Self { batch, id_prefix: format!("{}:{epoch}:", batch.device), epoch }
    }

    /// Does for fields what `stamp_row` does for a row.
    fn push(&self, fields: &[Field], seq: u64, builders: &mut Builders, row_idx: usize) {
        let batch = self.batch;
        let find = |wanted: &'static Column| {
            let idx = fields.binary_search_by_key(&wanted.wire, |(column, _)| column.wire).ok()?;
            Some(fields[idx].1)
        };
        let text = |wanted| match find(wanted) {
            Some(ValueRef::Str(text)) => Some(text),
            _ => None,
        };
        let time_ns = match find(&col::TIMESTAMP) {
            Some(ValueRef::Time(nanos)) => nanos,
            _ => batch.received_ns,
        };
        let action = text(&col::ACTION_TYPE).and_then(schema::action::action);
        let group = action.map_or(schema::EventGroup::Other, |action| action.group);
        let table = text(&col::EVENT_TABLE).filter(|name| is_event_table(name));
        let table = table.unwrap_or_else(|| action.map_or("DeviceEvents", |action| action.table));
        for (column, value) in fields.iter().filter(|(column, _)| !is_stamped(column)) {
            builders.push(column, *value, row_idx);
        }
        let id = format!("{}{seq}", self.id_prefix);
        let seq = ValueRef::Int(seq.cast_signed());
        for (column, value) in [
            (&col::TIMESTAMP, ValueRef::Time(time_ns)),
            (&col::TIMESTAMP_NANOS, ValueRef::Int(time_ns.rem_euclid(1_000))),
            (&col::DEVICE_ID, ValueRef::Str(&batch.device)),
            (&col::TENANT_ID, ValueRef::Str(&batch.tenant)),
            (&col::INGESTION_TIME, ValueRef::Time(batch.received_ns)),
            (&col::EVENT_GROUP, ValueRef::Str(group.name())),
            (&col::EVENT_ID, ValueRef::Str(&id)),
            (&col::STREAM_EPOCH, ValueRef::Str(&self.epoch)),
            (&col::STREAM_SEQ, seq),
            (&col::REPORT_ID, seq),
            (&col::EVENT_TABLE, ValueRef::Str(table)),
        ] {
            builders.push(column, value, row_idx);
        }
    }
}

/// Columns that `Stamp::push` sets.
fn is_stamped(column: &Column) -> bool {
    static STAMPED: LazyLock<Vec<bool>> = LazyLock::new(|| {
        let mut stamped = vec![false; n_wires()];
        for column in [
            &col::TIMESTAMP,
            &col::TIMESTAMP_NANOS,
            &col::DEVICE_ID,
            &col::TENANT_ID,
            &col::INGESTION_TIME,
            &col::EVENT_GROUP,
            &col::EVENT_ID,
            &col::STREAM_EPOCH,
            &col::STREAM_SEQ,
            &col::REPORT_ID,
            &col::EVENT_TABLE,
        ] {
            stamped[column.wire as usize] = true;
        }
        stamped
    });
    STAMPED[column.wire as usize]
}

fn is_event_table(name: &str) -> bool {
    schema::tables::table(name).is_some_and(|table| table.in_events)
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

/// Sets what the server alone may say; what was there before is overwritten.
fn stamp_row(row: &mut Row, batch: &LoggedBatch, epoch: &str, seq: u64) {
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
    if row.text(&col::EVENT_TABLE).is_none_or(|name| !is_event_table(name)) {
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
        stamp_row(row, &origin, &epoch, first_seq + idx as u64);
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

    fn push(&mut self, value: ValueRef) {
        match (self, value) {
            (Builder::Text(it), ValueRef::Str(text)) => it.append_value(text),
            // An int column is within 32 bits.
            (Builder::Int(it), ValueRef::Int(number)) => it.append_option(i32::try_from(number).ok()),
            (Builder::Long(it), ValueRef::Int(number)) => it.append_value(number),
            (Builder::Flag(it), ValueRef::Bool(flag)) => it.append_value(flag),
            (Builder::Time(it), ValueRef::Time(nanos)) => it.append_value(nanos.div_euclid(1_000)),
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

/// The columns of a batch that is being built, by wire number: this runs once per value of every row, and hashing would
/// be most of its time.
struct Builders(Vec<Option<Builder>>);

impl Builders {
    fn new() -> Self {
        let mut builders = Vec::new();
        builders.resize_with(n_wires(), || None);
        Self(builders)
    }

    fn push(&mut self, column: &Column, value: ValueRef, row_idx: usize) {
        let builder = self.0[column.wire as usize].get_or_insert_with(|| Builder::new(column.ty, row_idx));
        builder.pad(row_idx);
        builder.push(value);
    }

    fn push_row(&mut self, row: &Row, row_idx: usize) {
        for (column, value) in row.values() {
            let value = match value {
                Value::Str(text) => ValueRef::Str(text),
                Value::Int(number) => ValueRef::Int(*number),
                Value::Bool(flag) => ValueRef::Bool(*flag),
                Value::Time(nanos) => ValueRef::Time(*nanos),
            };
            self.push(column, value, row_idx);
        }
    }

    /// The columns that at least one row sets, in table order.
    fn finish(mut self, n_rows: usize) -> Result<RecordBatch, Error> {
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for (column, field) in EVENT_COLUMNS.iter().zip(arrow_schema().fields()) {
            if let Some(mut builder) = self.0[column.wire as usize].take() {
                builder.pad(n_rows);
                fields.push(Arc::clone(field));
                arrays.push(builder.finish());
            }
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
    }
}

/// One record batch of rows.
pub(crate) fn record_batch(rows: &[Row]) -> Result<RecordBatch, Error> {
    let mut builders = Builders::new();
    for (row_idx, row) in rows.iter().enumerate() {
        builders.push_row(row, row_idx);
    }
    builders.finish(rows.len())
}

/// Stored rows as one batch with all columns of `arrow_schema`.
///
/// # Errors
/// When Arrow refuses the columns.
pub fn batch_as_stored(rows: &[Row]) -> Result<RecordBatch, Error> {
    conform(&record_batch(rows)?, &arrow_schema())
}

/// One more than the greatest wire number of an event column.
fn n_wires() -> usize {
    static N_WIRES: LazyLock<usize> =
        LazyLock::new(|| EVENT_COLUMNS.iter().map(|column| column.wire as usize + 1).max().unwrap_or(0));
    *N_WIRES
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

#[cfg(test)]
mod tests {
    use prost::Message;
    use schema::sample::{Options, Sample};

    use super::*;

    /// The way over rows, which `Store::import` still takes.
    fn over_rows(batch: &LoggedBatch) -> RecordBatch {
        let epoch = format!("{:016x}", batch.epoch);
        let mut rows = Vec::new();
        for (idx, record) in batch.records.iter().enumerate() {
            let mut row = Row::decode(record.as_slice()).unwrap_or_else(|_| undecodable(batch.received_ns));
            stamp_row(&mut row, batch, &epoch, batch.first_seq + idx as u64);
            rows.push(row);
        }
        record_batch(&rows).unwrap()
    }

    #[test]
    fn columns_are_those_of_the_rows() {
        let mut n_rows = 0;
        for (batch_idx, sample) in
            Sample::new(Options { n_events: 3_000, n_devices: 5, ..Options::default() }).enumerate()
        {
            let mut records: Vec<Vec<u8>> = Vec::new();
            for (idx, mut row) in sample.rows.into_iter().enumerate() {
                if idx % 7 == 1 {
                    // What only the server may say.
                    row.set(&col::DEVICE_ID, "forged").set(&col::EVENT_TABLE, "AlertInfo").set(&col::STREAM_SEQ, 9);
                }
                let mut bytes = row.encode_to_vec();
                match idx % 11 {
                    3 => bytes.truncate(bytes.len() / 2),
                    5 => bytes.clear(),
                    _ => {}
                }
                records.push(bytes);
            }
            n_rows += records.len();
            let batch = LoggedBatch {
                device: sample.device,
                tenant: "t".to_owned(),
                epoch: 7,
                first_seq: batch_idx as u64 * 1_000 + 1,
                received_ns: sample.received_ns,
                records,
            };
            assert_eq!(columns_of(&batch).unwrap(), over_rows(&batch));
        }
        assert_eq!(n_rows, 3_000);
    }
}

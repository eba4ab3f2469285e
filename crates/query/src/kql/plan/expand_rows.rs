//! The rows of `mv-expand`, and numbers for rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;

use crate::kql::exec::{BATCH_ROWS, Expansion, RowOperator, Run};
use crate::kql::types::KqlType;
use crate::kql::value::{Column, Json, Value, array};

/// One of the values that are expanded side by side.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The dynamic column.
    pub(super) source: String,
    /// The column of its members.
    pub(super) id: String,
    pub(super) ty: KqlType,
}

/// The operator.
#[derive(Debug)]
pub(super) struct Expand {
    pub(super) items: Vec<Item>,
    /// A bag's members are `[name, value]`, not bags of one.
    pub(super) is_array_kind: bool,
    /// The column of the member's number.
    pub(super) index: Option<String>,
    /// Rows out of one row.
    pub(super) limit: usize,
    pub(super) expansion: Arc<Expansion>,
}

impl RowOperator for Expand {
    fn name(&self) -> &'static str {
        "Expand"
    }

    fn details(&self) -> String {
        format!("{:?} array={} index={:?} limit={}", self.items, self.is_array_kind, self.index, self.limit)
    }

    fn reads(&self) -> Vec<String> {
        self.items.iter().map(|item| item.source.clone()).collect()
    }

    fn keeps_input(&self) -> bool {
        true
    }

    fn drops(&self) -> Vec<String> {
        self.reads()
    }

    fn columns(&self) -> Schema {
        let mut fields: Vec<Field> =
            self.items.iter().map(|item| Field::new(item.id.clone(), item.ty.arrow(), true)).collect();
        fields.extend(self.index.iter().map(|id| Field::new(id.clone(), DataType::Int64, true)));
        Schema::new(fields)
    }

    fn is_per_partition(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut sources = Vec::with_capacity(self.items.len());
        for item in &self.items {
            sources.push(input.index_of(&item.source)?);
        }
        Ok(Box::new(Expanding {
            types: self.items.iter().map(|item| item.ty).collect(),
            sources,
            kept: self.kept(input),
            is_array_kind: self.is_array_kind,
            has_index: self.index.is_some(),
            limit: self.limit,
            expansion: Arc::clone(&self.expansion),
            output: Arc::clone(output),
            batch: None,
            row_idx: 0,
            members: Vec::new(),
            member_idx: 0,
            n_members: 0,
        }))
    }
}

struct Expanding {
    types: Vec<KqlType>,
    sources: Vec<usize>,
    kept: Vec<usize>,
    is_array_kind: bool,
    has_index: bool,
    limit: usize,
    expansion: Arc<Expansion>,
    output: SchemaRef,
    batch: Option<(RecordBatch, Vec<Column>)>,
    /// The row that is next, or that is being expanded.
    row_idx: usize,
    /// Members of the row that is being expanded, by item.
    members: Vec<Vec<Json>>,
    member_idx: usize,
    n_members: usize,
}

impl Expanding {
    /// Takes up the next row; false at the end of the batch.
    fn open_row(&mut self) -> bool {
        let Some((batch, columns)) = &self.batch else { return false };
        if self.row_idx >= batch.num_rows() {
            return false;
        }
        self.members.clear();
        for column in columns {
            self.members.push(members(column.value(self.row_idx), self.is_array_kind));
        }
        self.n_members = self.members.iter().map(Vec::len).max().unwrap_or(0).min(self.limit);
        self.member_idx = 0;
        true
    }
}

impl Run for Expanding {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let mut columns = Vec::with_capacity(self.sources.len());
        for source in &self.sources {
            columns.push(Column::new(batch.column(*source), KqlType::Dynamic)?);
        }
        self.batch = Some((batch, columns));
        self.row_idx = 0;
        if !self.open_row() {
            self.batch = None;
        }
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        let mut rows: Vec<u64> = Vec::new();
        let mut numbers: Vec<i64> = Vec::new();
        let mut values: Vec<Vec<Value>> = vec![Vec::new(); self.types.len()];
        while self.batch.is_some() && rows.len() < BATCH_ROWS {
            if self.member_idx >= self.n_members {
                self.row_idx += 1;
                if !self.open_row() {
                    break;
                }
                continue;
            }
            rows.push(self.row_idx as u64);
            numbers.push(i64::try_from(self.member_idx).unwrap_or(i64::MAX));
            for (item_idx, values) in values.iter_mut().enumerate() {
                let member = self.members[item_idx].get_mut(self.member_idx).map(Json::take).unwrap_or_default();
                values.push(cast(member, self.types[item_idx]));
            }
            self.member_idx += 1;
        }
        let Some((batch, _)) = &self.batch else { return Ok(None) };
        if rows.is_empty() {
            self.batch = None;
            return Ok(None);
        }
        self.expansion.take(rows.len())?;
        let rows = UInt64Array::from(rows);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.output.fields().len());
        for idx in &self.kept {
            arrays.push(take(batch.column(*idx), &rows, None)?);
        }
        for (values, ty) in values.iter().zip(&self.types) {
            arrays.push(array(values, *ty));
        }
        if self.has_index {
            arrays.push(Arc::new(Int64Array::from(numbers)));
        }
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.output), arrays)?))
    }
}

/// The members of a value: one null for null, none of an empty array or bag, itself when it is neither.
fn members(value: Value, is_array_kind: bool) -> Vec<Json> {
    match value {
        Value::Dynamic(Json::Array(members)) => members,
        Value::Dynamic(Json::Object(properties)) => {
            let mut members = Vec::with_capacity(properties.len());
            for (name, value) in properties {
                members.push(match is_array_kind {
                    true => Json::Array(vec![Json::String(name), value]),
                    false => Json::Object([(name, value)].into_iter().collect()),
                });
            }
            members
        }
        Value::Dynamic(other) => vec![other],
        _ => vec![Json::Null],
    }
}

/// A member as a value of a type: cast, not converted.
pub(super) fn cast(json: Json, ty: KqlType) -> Value {
    match (ty, json) {
        (KqlType::Dynamic, json) => Value::dynamic(json),
        (KqlType::String, Json::String(text)) => Value::Text(text),
        (KqlType::String, Json::Null) => Value::null_of(KqlType::String),
        (KqlType::String, json) => Value::text(json.to_string()),
        (KqlType::Bool, Json::Bool(flag)) => Value::Bool(flag),
        (KqlType::Long, Json::Number(number)) => {
            number.as_i64().or_else(|| number.as_f64().map(|real| real as i64)).map_or(Value::Null, Value::Long)
        }
        (KqlType::Int, Json::Number(number)) => {
            number.as_i64().and_then(|long| i32::try_from(long).ok()).map_or(Value::Null, Value::Int)
        }
        (KqlType::Real | KqlType::Decimal, Json::Number(number)) => number.as_f64().map_or(Value::Null, Value::Real),
        // Inside JSON times and guids are texts.
        (KqlType::DateTime, Json::String(text)) => {
            crate::kql::value::parse_datetime(&text).map_or(Value::Null, Value::DateTime)
        }
        (KqlType::TimeSpan, Json::String(text)) => {
            crate::kql::value::parse_timespan(&text).map_or(Value::Null, Value::TimeSpan)
        }
        (KqlType::Guid, Json::String(text)) => crate::kql::value::parse_guid(&text).map_or(Value::Null, Value::Guid),
        (_, _) => Value::Null,
    }
}

/// Numbers the rows of its input.
#[derive(Debug)]
pub(super) struct Number {
    pub(super) id: String,
}

impl RowOperator for Number {
    fn name(&self) -> &'static str {
        "Number"
    }

    fn details(&self) -> String {
        self.id.clone()
    }

    fn reads(&self) -> Vec<String> {
        Vec::new()
    }

    fn keeps_input(&self) -> bool {
        true
    }

    fn columns(&self) -> Schema {
        Schema::new(vec![Field::new(self.id.clone(), DataType::Int64, true)])
    }

    fn is_per_partition(&self) -> bool {
        false
    }

    fn start(&self, _input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Numbering { n_rows: 0, output: Arc::clone(output), ready: None }))
    }
}

struct Numbering {
    n_rows: i64,
    output: SchemaRef,
    ready: Option<RecordBatch>,
}

impl Run for Numbering {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let end = self.n_rows + i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        let numbers: Int64Array = (self.n_rows..end).collect();
        self.n_rows = end;
        let mut arrays = batch.columns().to_vec();
        arrays.push(Arc::new(numbers));
        self.ready = Some(RecordBatch::try_new(Arc::clone(&self.output), arrays)?);
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.ready.take())
    }
}

//! The rows of `make-series`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::Result;

use crate::kql::exec::{Expansion, RowOperator, Run, cap_reached};
use crate::kql::types::KqlType;
use crate::kql::value::{Column, Json, Value};
use crate::limits::{HUNT_MEMORY_BYTES_MAX, SERIES_STEPS_MAX};

/// Steps made between two looks at the clock.
const STEPS_UNCHECKED_MAX: usize = 1 << 16;

/// The steps of a series: known, or as far as there is data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) from: Option<i64>,
    /// Included.
    pub(super) to: Option<i64>,
    pub(super) step: i64,
}

/// The operator. Its input has a row for each key and step.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) keys: Vec<Field>,
    /// The same in the input.
    pub(super) key_ids: Vec<String>,
    pub(super) axis_id: String,
    pub(super) axis_type: KqlType,
    pub(super) axis: Axis,
    /// Values in a bag `{"v": value}`, and the arrays' columns.
    pub(super) sources: Vec<(String, String)>,
    pub(super) defaults: Vec<Json>,
    pub(super) is_nonempty: bool,
    pub(super) out_axis: String,
    pub(super) expansion: Arc<Expansion>,
}

impl RowOperator for Series {
    fn name(&self) -> &'static str {
        "Series"
    }

    fn details(&self) -> String {
        format!("{} {:?} {:?} {:?}", self.axis_id, self.axis, self.sources, self.defaults)
    }

    fn reads(&self) -> Vec<String> {
        let mut ids = self.key_ids.clone();
        ids.push(self.axis_id.clone());
        ids.extend(self.sources.iter().map(|(source, _)| source.clone()));
        ids
    }

    fn keeps_input(&self) -> bool {
        false
    }

    fn columns(&self) -> Schema {
        let mut fields = self.keys.clone();
        fields.extend(self.sources.iter().map(|(_, id)| Field::new(id.clone(), DataType::Utf8, true)));
        fields.push(Field::new(self.out_axis.clone(), DataType::Utf8, true));
        Schema::new(fields)
    }

    fn is_per_partition(&self) -> bool {
        false
    }

    fn start(&self, input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut keys = Vec::with_capacity(self.keys.len());
        for id in &self.key_ids {
            keys.push(input.index_of(id)?);
        }
        let mut sources = Vec::with_capacity(self.sources.len());
        for (source, _) in &self.sources {
            sources.push(input.index_of(source)?);
        }
        Ok(Box::new(Collecting {
            keys,
            axis_idx: input.index_of(&self.axis_id)?,
            axis_type: self.axis_type,
            axis: self.axis,
            sources,
            defaults: self.defaults.clone(),
            is_nonempty: self.is_nonempty,
            expansion: Arc::clone(&self.expansion),
            input: Arc::clone(input),
            output: Arc::clone(output),
            batches: Vec::new(),
            n_bytes: 0,
            ready: None,
        }))
    }
}

struct Collecting {
    keys: Vec<usize>,
    axis_idx: usize,
    axis_type: KqlType,
    axis: Axis,
    sources: Vec<usize>,
    defaults: Vec<Json>,
    is_nonempty: bool,
    expansion: Arc<Expansion>,
    input: SchemaRef,
    output: SchemaRef,
    batches: Vec<RecordBatch>,
    n_bytes: usize,
    ready: Option<RecordBatch>,
}

/// The rows of one key: the first of them, and the row of each step.
struct Steps {
    first_row: u64,
    rows: BTreeMap<i64, usize>,
}

impl Run for Collecting {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.n_bytes += batch.get_array_memory_size();
        self.batches.push(batch);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let whole = concat_batches(&self.input, &self.batches)?;
        self.batches.clear();
        let groups = self.groups(&whole)?;
        let mut columns = Vec::with_capacity(self.sources.len());
        for idx in &self.sources {
            columns.push(Column::new(whole.column(*idx), KqlType::Dynamic)?);
        }
        let mut series: Vec<Vec<String>> = vec![Vec::new(); self.sources.len()];
        let mut axes: Vec<String> = Vec::new();
        let mut n_bytes = 0;
        for steps in &groups {
            let Some((first, last)) = self.bounds(steps) else { continue };
            let distance = i128::from(last) - i128::from(first);
            let count = usize::try_from(distance / i128::from(self.axis.step) + 1).unwrap_or(usize::MAX);
            if count > SERIES_STEPS_MAX {
                let message = format!("a series has {count} steps, more than {SERIES_STEPS_MAX}");
                return Err(cap_reached("SERIES_STEPS_MAX", message));
            }
            self.expansion.take(count)?;
            for (source_idx, series) in series.iter_mut().enumerate() {
                let mut items = Vec::with_capacity(count);
                for number in 0..count {
                    if number % STEPS_UNCHECKED_MAX == 0 {
                        self.expansion.check()?;
                    }
                    let at = first + self.axis.step * i64::try_from(number).unwrap_or(0);
                    items.push(match steps.rows.get(&at) {
                        Some(row_idx) => unwrap_value(columns[source_idx].value(*row_idx)),
                        None => self.defaults[source_idx].clone(),
                    });
                }
                series.push(Json::Array(items).to_string());
            }
            let items = (0..count).map(|number| {
                let at = first + self.axis.step * i64::try_from(number).unwrap_or(0);
                axis_value(at, self.axis_type).to_json()
            });
            axes.push(Json::Array(items.collect()).to_string());
            n_bytes +=
                series.iter().filter_map(|series| series.last()).chain(axes.last()).map(String::len).sum::<usize>();
            if n_bytes > HUNT_MEMORY_BYTES_MAX {
                let message = format!("series are larger than {HUNT_MEMORY_BYTES_MAX} bytes");
                return Err(cap_reached("HUNT_MEMORY_BYTES_MAX", message));
            }
        }
        let first_rows: UInt64Array =
            groups.iter().filter(|steps| self.bounds(steps).is_some()).map(|steps| Some(steps.first_row)).collect();
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.output.fields().len());
        for idx in &self.keys {
            arrays.push(take(whole.column(*idx), &first_rows, None)?);
        }
        arrays.extend(series.into_iter().map(|series| Arc::new(StringArray::from(series)) as ArrayRef));
        arrays.push(Arc::new(StringArray::from(axes)));
        self.ready = Some(RecordBatch::try_new(Arc::clone(&self.output), arrays)?);
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.ready.take())
    }

    fn bytes(&self) -> usize {
        self.n_bytes
    }
}

impl Collecting {
    /// The rows of each key, in the order of the keys.
    fn groups(&self, whole: &RecordBatch) -> Result<Vec<Steps>> {
        let axis = Column::new(whole.column(self.axis_idx), self.axis_type)?;
        let keys: Vec<ArrayRef> = self.keys.iter().map(|idx| Arc::clone(whole.column(*idx))).collect();
        let rows = match keys.is_empty() {
            true => None,
            false => {
                let fields = keys.iter().map(|array| SortField::new(array.data_type().clone())).collect();
                Some(RowConverter::new(fields)?.convert_columns(&keys)?)
            }
        };
        let mut groups: BTreeMap<Option<OwnedRow>, Steps> = BTreeMap::new();
        for row_idx in 0..whole.num_rows() {
            let key = rows.as_ref().map(|rows| rows.row(row_idx).owned());
            let steps = groups.entry(key).or_insert_with(|| Steps { first_row: row_idx as u64, rows: BTreeMap::new() });
            if let Some(at) = axis.value(row_idx).as_long() {
                steps.rows.insert(at, row_idx);
            }
        }
        if groups.is_empty() && self.is_nonempty {
            return Ok(vec![Steps { first_row: 0, rows: BTreeMap::new() }]);
        }
        Ok(groups.into_values().collect())
    }

    /// First and last step of a series; none when there is neither data nor a given axis.
    fn bounds(&self, steps: &Steps) -> Option<(i64, i64)> {
        let first = self.axis.from.or_else(|| steps.rows.keys().next().copied())?;
        let last = self.axis.to.or_else(|| steps.rows.keys().next_back().copied())?;
        (last >= first).then_some((first, last))
    }
}

fn unwrap_value(value: Value) -> Json {
    match value {
        Value::Dynamic(Json::Object(mut bag)) => bag.remove("v").unwrap_or(Json::Null),
        _ => Json::Null,
    }
}

fn axis_value(at: i64, ty: KqlType) -> Value {
    match ty {
        KqlType::DateTime => Value::DateTime(at),
        KqlType::TimeSpan => Value::TimeSpan(at),
        _ => Value::Long(at),
    }
}

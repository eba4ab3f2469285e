//! The rows of `scan`. Each row is held against the steps from the last to the first, as Kusto's reference describes.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use ::kql::syntax::ScanOutput;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::physical_expr::PhysicalExpr;

use crate::kql::exec::{RowOperator, Run, schema_of};
use crate::kql::types::KqlType;
use crate::kql::value::{Column, Value, array};

/// Where an expression finds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Column of the row.
    Row(usize),
    /// Column of a step's row.
    Step(usize, usize),
}

/// An expression over the row and the rows of the steps.
#[derive(Clone)]
pub(super) struct Compiled {
    pub(super) physical: Arc<dyn PhysicalExpr>,
    /// What it reads, in the order of the sources.
    pub(super) schema: SchemaRef,
    pub(super) sources: Vec<(Place, KqlType)>,
    pub(super) ty: KqlType,
    pub(super) text: String,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Compiled {
    fn value(&self, row: &[Value], rows: Option<&Match>, defaults: &[Value]) -> Result<Value> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.sources.len());
        for (place, ty) in &self.sources {
            let value = match place {
                Place::Row(column_idx) => &row[*column_idx],
                Place::Step(step_idx, column_idx) => {
                    let of_step = rows.and_then(|rows| rows.rows[*step_idx].as_ref());
                    of_step.map_or(&defaults[*column_idx], |row| &row[*column_idx])
                }
            };
            arrays.push(array(std::slice::from_ref(value), *ty));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?;
        let result = self.physical.evaluate(&batch)?.into_array(1)?;
        Ok(Column::new(&result, self.ty)?.value(0))
    }
}

/// A step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) condition: Compiled,
    /// Columns of the row and their new values.
    pub(super) assignments: Vec<(usize, Compiled)>,
    pub(super) is_optional: bool,
    pub(super) output: ScanOutput,
}

/// The operator.
#[derive(Clone, Debug)]
pub(super) struct ScanRows {
    /// The input's columns, then the keys of partitions.
    pub(super) reads: Vec<(String, KqlType)>,
    pub(super) n_input: usize,
    pub(super) outputs: Vec<(String, KqlType)>,
    pub(super) has_match_id: bool,
    /// Of each column of a row: what a step without a row gives, and a declared column that is not assigned.
    pub(super) defaults: Vec<Value>,
    pub(super) steps: Vec<Step>,
}

impl RowOperator for ScanRows {
    fn name(&self) -> &'static str {
        "Scan"
    }

    fn details(&self) -> String {
        format!("{:?} {:?}", self.outputs, self.steps)
    }

    fn reads(&self) -> Vec<String> {
        self.reads.iter().map(|(id, _)| id.clone()).collect()
    }

    fn keeps_input(&self) -> bool {
        false
    }

    fn columns(&self) -> Schema {
        schema_of(&self.outputs)
    }

    fn is_per_partition(&self) -> bool {
        false
    }

    fn start(&self, _input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>> {
        let output = Arc::clone(output);
        Ok(Box::new(Scanning {
            operator: self.clone(),
            output,
            states: HashMap::new(),
            keys: Vec::new(),
            n_matches: 0,
            made: Vec::new(),
            n_bytes: 0,
        }))
    }
}

/// A row of values: the input's columns and the declared ones.
type Row = Vec<Value>;

/// The rows of a sequence so far, by step.
#[derive(Clone)]
struct Match {
    id: i64,
    rows: Vec<Option<Row>>,
    /// The last row of a step with `output=last`, until the sequence goes on.
    pending: Option<Row>,
}

/// The sequences of one partition: at each step at most one.
type State = Vec<Option<Match>>;

struct Scanning {
    operator: ScanRows,
    output: SchemaRef,
    states: HashMap<String, State>,
    /// The partitions in the order in which they came.
    keys: Vec<String>,
    n_matches: i64,
    made: Vec<(Row, i64)>,
    n_bytes: usize,
}

impl Scanning {
    fn row(&mut self, key: String, row: &Row) -> Result<()> {
        let n_steps = self.operator.steps.len();
        if !self.states.contains_key(&key) {
            self.n_bytes += key.len() + n_steps * 64 + row.len() * 32;
            self.keys.push(key.clone());
        }
        let mut state = self.states.remove(&key).unwrap_or_else(|| vec![None; n_steps]);
        for step_idx in (0..n_steps).rev() {
            self.hold(&mut state, step_idx, row)?;
        }
        self.states.insert(key, state);
        Ok(())
    }

    /// A row against a step.
    fn hold(&mut self, state: &mut State, step_idx: usize, row: &Row) -> Result<()> {
        let before = self.before(state, step_idx);
        if let Some(before) = before
            && self.fits(step_idx, row, state[before].as_ref())?
        {
            let Some(mut sequence) = state[before].take() else { return Ok(()) };
            if let Some(pending) = sequence.pending.take() {
                self.made.push((pending, sequence.id));
            }
            let made = self.assigned(step_idx, row, Some(&sequence))?;
            self.give(step_idx, &made, &mut sequence);
            sequence.rows[step_idx] = Some(made);
            state[step_idx] = Some(sequence);
            return Ok(());
        }
        if step_idx != 0 && state[step_idx].is_none() {
            return Ok(());
        }
        if !self.fits(step_idx, row, state[step_idx].as_ref())? {
            return Ok(());
        }
        let made = self.assigned(step_idx, row, state[step_idx].as_ref())?;
        let mut sequence = match state[step_idx].take() {
            Some(sequence) => sequence,
            None => Match { id: 0, rows: vec![None; self.operator.steps.len()], pending: None },
        };
        if step_idx == 0 {
            sequence.id = self.n_matches;
            self.n_matches += 1;
        }
        self.give(step_idx, &made, &mut sequence);
        sequence.rows[step_idx] = Some(made);
        state[step_idx] = Some(sequence);
        Ok(())
    }

    /// The step before that has a sequence; steps that may be left out are passed over.
    fn before(&self, state: &State, step_idx: usize) -> Option<usize> {
        for before in (0..step_idx).rev() {
            if state[before].is_some() {
                return Some(before);
            }
            if !self.operator.steps[before].is_optional {
                return None;
            }
        }
        None
    }

    fn fits(&self, step_idx: usize, row: &Row, rows: Option<&Match>) -> Result<bool> {
        let condition = &self.operator.steps[step_idx].condition;
        Ok(condition.value(row, rows, &self.operator.defaults)?.as_bool() == Some(true))
    }

    fn assigned(&self, step_idx: usize, row: &Row, rows: Option<&Match>) -> Result<Row> {
        let mut made = row.clone();
        for (column_idx, value) in &self.operator.steps[step_idx].assignments {
            made[*column_idx] = value.value(row, rows, &self.operator.defaults)?;
        }
        Ok(made)
    }

    fn give(&mut self, step_idx: usize, made: &Row, sequence: &mut Match) {
        match self.operator.steps[step_idx].output {
            ScanOutput::All => self.made.push((made.clone(), sequence.id)),
            ScanOutput::Last => sequence.pending = Some(made.clone()),
            ScanOutput::None => {}
        }
    }
}

impl Run for Scanning {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let mut columns = Vec::with_capacity(self.operator.reads.len());
        for (id, ty) in &self.operator.reads {
            let array =
                batch.column_by_name(id).ok_or_else(|| exec_datafusion_err!("the plan lost the column {id}"))?;
            columns.push(Column::new(array, *ty)?);
        }
        let n_input = self.operator.n_input;
        for row_idx in 0..batch.num_rows() {
            let mut row: Row = columns[..n_input].iter().map(|column| column.value(row_idx)).collect();
            row.extend(self.operator.defaults[n_input..].iter().cloned());
            let key: Vec<String> = columns[n_input..].iter().map(|column| column.value(row_idx).print()).collect();
            self.row(key.join("\u{0}"), &row)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        for key in std::mem::take(&mut self.keys) {
            for sequence in self.states.remove(&key).into_iter().flatten().flatten() {
                if let Some(pending) = sequence.pending {
                    self.made.push((pending, sequence.id));
                }
            }
        }
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        if self.made.is_empty() {
            return Ok(None);
        }
        let made = std::mem::take(&mut self.made);
        let n_columns = self.operator.defaults.len();
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.operator.outputs.len());
        for (column_idx, (_, ty)) in self.operator.outputs.iter().take(n_columns).enumerate() {
            let values: Vec<Value> = made.iter().map(|(row, _)| row[column_idx].clone()).collect();
            arrays.push(array(&values, *ty));
        }
        if self.operator.has_match_id {
            let ids: Vec<Value> = made.iter().map(|(_, id)| Value::Long(*id)).collect();
            arrays.push(array(&ids, KqlType::Long));
        }
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.output), arrays)?))
    }

    fn bytes(&self) -> usize {
        self.n_bytes
    }
}

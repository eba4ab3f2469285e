//! Some rows of many: `take`, `sample`, `sample-distinct`. What is taken is the same each time over the same data.

use std::collections::HashMap;
use std::sync::Arc;

use ::kql::syntax::{Expr as Tree, NamedExpr};
use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlanBuilder;

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::exec::{OperatorNode, RowOperator, Run};
use crate::kql::frame::{Frame, RowOrder};

impl<'t> Binder<'t> {
    pub(super) fn take(&mut self, count: &'t Tree, input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let n_rows = self.count_of_rows(count, env)?;
        self.first_rows(input, n_rows)
    }

    /// The first rows, in the order of the frame or else in that of the files.
    pub(crate) fn first_rows(&mut self, mut input: Frame, n_rows: usize) -> Bind<Frame> {
        let plan = std::mem::take(&mut input.plan);
        if let Some(group) = &input.group {
            let operator = FirstPerKey { keys: group.keys.clone(), n_rows, keeps_null: true };
            input.plan = OperatorNode::plan(Arc::new(operator), plan)?;
            return Ok(input);
        }
        input.plan = match input.order {
            RowOrder::Sorted => LogicalPlanBuilder::from(plan).limit(0, Some(n_rows))?.build()?,
            RowOrder::None | RowOrder::Serialized => OperatorNode::plan(Arc::new(Take { n_rows }), plan)?,
        };
        Ok(input)
    }

    /// Any rows will do, so the first ones are taken.
    pub(super) fn sample(&mut self, count: &'t Tree, input: Frame, env: &Env<'t>) -> Bind<Frame> {
        self.take(count, input, env)
    }

    pub(super) fn sample_distinct(
        &mut self,
        count: &'t Tree,
        of: &'t NamedExpr,
        input: Frame,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let n_rows = self.count_of_rows(count, env)?;
        let distinct = self.distinct(std::slice::from_ref(of), input, env)?;
        // The values of a set come in any order: sorted, they are the same each time.
        let Some(column) = distinct.columns.first() else { return Ok(distinct) };
        let keys = vec![datafusion::logical_expr::SortExpr::new(column.raw(), true, true)];
        self.sorted(distinct, keys, Some(n_rows))
    }
}

/// The first rows of its input.
#[derive(Debug)]
struct Take {
    n_rows: usize,
}

impl RowOperator for Take {
    fn name(&self) -> &'static str {
        "Take"
    }

    fn details(&self) -> String {
        self.n_rows.to_string()
    }

    fn reads(&self) -> Vec<String> {
        Vec::new()
    }

    fn keeps_input(&self) -> bool {
        true
    }

    fn columns(&self) -> Schema {
        Schema::empty()
    }

    fn is_per_partition(&self) -> bool {
        false
    }

    fn start(&self, _input: &SchemaRef, _output: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Taking { n_left: self.n_rows, ready: None }))
    }
}

struct Taking {
    n_left: usize,
    ready: Option<RecordBatch>,
}

impl Run for Taking {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let n_rows = batch.num_rows().min(self.n_left);
        self.n_left -= n_rows;
        self.ready = Some(batch.slice(0, n_rows));
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.ready.take())
    }

    fn is_done(&self) -> bool {
        self.n_left == 0
    }
}

/// Of the rows with the same keys only the first ones.
#[derive(Debug)]
pub(super) struct FirstPerKey {
    pub(super) keys: Vec<String>,
    /// How many of each.
    pub(super) n_rows: usize,
    /// A null is a key like others; for a join it matches nothing.
    pub(super) keeps_null: bool,
}

impl RowOperator for FirstPerKey {
    fn name(&self) -> &'static str {
        "FirstPerKey"
    }

    fn details(&self) -> String {
        format!("{} of {}", self.n_rows, self.keys.join(", "))
    }

    fn reads(&self) -> Vec<String> {
        self.keys.clone()
    }

    fn keeps_input(&self) -> bool {
        true
    }

    fn columns(&self) -> Schema {
        Schema::empty()
    }

    fn is_per_partition(&self) -> bool {
        false
    }

    fn start(&self, input: &SchemaRef, _output: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut columns = Vec::with_capacity(self.keys.len());
        let mut fields = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let idx = input.index_of(key)?;
            columns.push(idx);
            fields.push(SortField::new(input.field(idx).data_type().clone()));
        }
        let converter = RowConverter::new(fields)?;
        Ok(Box::new(Deduplicating {
            columns,
            converter,
            n_rows: self.n_rows,
            keeps_null: self.keeps_null,
            seen: HashMap::new(),
            n_bytes: 0,
            ready: None,
        }))
    }
}

struct Deduplicating {
    columns: Vec<usize>,
    converter: RowConverter,
    n_rows: usize,
    keeps_null: bool,
    seen: HashMap<OwnedRow, usize>,
    n_bytes: usize,
    ready: Option<RecordBatch>,
}

impl Run for Deduplicating {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let arrays: Vec<_> = self.columns.iter().map(|idx| Arc::clone(batch.column(*idx))).collect();
        let rows = self.converter.convert_columns(&arrays)?;
        let mut keep = Vec::with_capacity(batch.num_rows());
        for row_idx in 0..batch.num_rows() {
            if !self.keeps_null && arrays.iter().any(|array| array.is_null(row_idx)) {
                keep.push(false);
                continue;
            }
            let row = rows.row(row_idx).owned();
            let n_bytes = row.as_ref().len() + 64;
            let count = self.seen.entry(row).or_insert(0);
            if *count == 0 {
                self.n_bytes += n_bytes;
            }
            keep.push(*count < self.n_rows);
            *count += 1;
        }
        self.ready = Some(filter_record_batch(&batch, &BooleanArray::from(keep))?);
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.ready.take())
    }

    fn bytes(&self) -> usize {
        self.n_bytes
    }
}

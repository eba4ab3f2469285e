//! Some rows of many: `take`, `sample`, `sample-distinct`. What is taken is the same each time over the same data.

use std::sync::Arc;

use ::kql::syntax::{Expr as Tree, NamedExpr};
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
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

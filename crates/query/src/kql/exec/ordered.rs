//! Rows as they come, right above a sort: the sort is asked for here, so that DataFusion does not drop it when nothing
//! above needs it. Order means something in KQL: `sort by x | summarize make_list(y)`.

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Result;

use super::{RowOperator, Run};

/// The operator.
#[derive(Debug)]
pub(crate) struct Ordered {
    /// The sort's keys, columns of the plan.
    pub(crate) keys: Vec<String>,
}

impl RowOperator for Ordered {
    fn name(&self) -> &'static str {
        "Ordered"
    }

    fn details(&self) -> String {
        self.keys.join(", ")
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

    fn is_order(&self) -> bool {
        true
    }

    fn start(&self, _input: &SchemaRef, _output: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Passing(None)))
    }
}

struct Passing(Option<RecordBatch>);

impl Run for Passing {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.0 = Some(batch);
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.0.take())
    }
}

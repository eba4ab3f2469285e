//! All partitions of a plan as one stream, the first partition's rows first: what makes `take` and the order of an
//! answer the same each time. Sorted inputs are merged by DataFusion itself and never come here.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::stream::{RecordBatchReceiverStream, RecordBatchStreamAdapter};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::StreamExt;

/// Batches that a partition may be ahead of its turn, when partitions run side by side.
const AHEAD_BATCHES_MAX: usize = 32;

/// The plan.
#[derive(Debug)]
pub(crate) struct InOrderExec {
    input: Arc<dyn ExecutionPlan>,
    /// Whether a partition starts only when the one before has ended: less work when few rows are wanted.
    is_lazy: bool,
    properties: Arc<PlanProperties>,
}

impl InOrderExec {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, is_lazy: bool) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self { input, is_lazy, properties: Arc::new(properties) }
    }

    /// One stream out of the plan's partitions, in order.
    pub(crate) fn over(input: Arc<dyn ExecutionPlan>, is_lazy: bool) -> Arc<dyn ExecutionPlan> {
        match input.properties().partitioning.partition_count() {
            1 => input,
            _ => Arc::new(Self::new(input, is_lazy)),
        }
    }

    fn partition(&self, idx: usize, context: &Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if self.is_lazy {
            return self.input.execute(idx, Arc::clone(context));
        }
        let mut builder = RecordBatchReceiverStream::builder(self.input.schema(), AHEAD_BATCHES_MAX);
        let sender = builder.tx();
        let input = Arc::clone(&self.input);
        let context = Arc::clone(context);
        builder.spawn(async move {
            let mut stream = input.execute(idx, context)?;
            while let Some(batch) = stream.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
            Ok(())
        });
        Ok(builder.build())
    }
}

impl DisplayAs for InOrderExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "InOrderExec")
    }
}

impl ExecutionPlan for InOrderExec {
    fn name(&self) -> &'static str {
        "InOrderExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(children.swap_remove(0), self.is_lazy)))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let n_partitions = self.input.properties().partitioning.partition_count();
        let schema = self.input.schema();
        if self.is_lazy {
            let plan = Self::new(Arc::clone(&self.input), true);
            let streams =
                futures::stream::iter(0..n_partitions).flat_map(move |idx| match plan.partition(idx, &context) {
                    Ok(stream) => stream,
                    Err(error) => failed(plan.input.schema(), error),
                });
            return Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(schema, streams))));
        }
        let mut streams = Vec::with_capacity(n_partitions);
        for idx in 0..n_partitions {
            streams.push(self.partition(idx, &context)?);
        }
        let stream = futures::stream::iter(streams).flatten();
        Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(schema, stream))))
    }
}

/// A stream that only fails.
fn failed(schema: arrow::datatypes::SchemaRef, error: datafusion::error::DataFusionError) -> SendableRecordBatchStream {
    let stream = futures::stream::once(async move { Err::<RecordBatch, _>(error) });
    Box::pin(RecordBatchStreamAdapter::new(schema, stream))
}

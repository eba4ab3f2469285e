//! The physical plan of a [`RowOperator`], and the planner that makes it.

use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::context::QueryPlanner as PlannerOfQueries;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{Distribution, EquivalenceProperties, OrderingRequirements, PhysicalExpr};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;

use super::{InOrderExec, OperatorNode, RowOperator, Run};

/// An operator over a plan.
#[derive(Debug)]
struct OperatorExec {
    operator: Arc<dyn RowOperator>,
    input: Arc<dyn ExecutionPlan>,
    /// The order of the input's rows, when a sort below gave it one that the operator must see.
    ordering: Option<OrderingRequirements>,
    properties: Arc<PlanProperties>,
}

impl OperatorExec {
    fn new(
        operator: Arc<dyn RowOperator>,
        input: Arc<dyn ExecutionPlan>,
        ordering: Option<OrderingRequirements>,
    ) -> Self {
        let schema: SchemaRef = Arc::new(operator.output(&input.schema()));
        let n_partitions =
            if operator.is_per_partition() { input.properties().partitioning.partition_count() } else { 1 };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(n_partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self { operator, input, ordering, properties: Arc::new(properties) }
    }
}

impl DisplayAs for OperatorExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.operator.name(), self.operator.details())
    }
}

impl ExecutionPlan for OperatorExec {
    fn name(&self) -> &'static str {
        self.operator.name()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let distribution = if self.operator.is_per_partition() {
            Distribution::UnspecifiedDistribution
        } else {
            Distribution::SinglePartition
        };
        InputDistributionRequirements::new(vec![distribution])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        vec![self.ordering.clone()]
    }

    // The rows do come out in the order of the input, but the properties do not say in which: a sort that was moved below
    // would not be seen from above, and no other sort may take the place of an `Ordered`'s own.
    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false]
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
        Ok(Arc::new(Self::new(Arc::clone(&self.operator), children.swap_remove(0), self.ordering.clone())))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let given = Arc::new(self.operator.given(&self.input.schema()));
        let run = self.operator.start(&self.input.schema(), &given)?;
        let reservation = MemoryConsumer::new(self.operator.name()).register(context.memory_pool());
        let input = Some(self.input.execute(partition, context)?);
        let worker = Worker { run, input, reservation, schema: Arc::clone(&schema) };
        let stream = futures::stream::try_unfold(worker, |mut worker| async move {
            Ok(worker.next().await?.map(|batch| (batch, worker)))
        });
        Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(schema, stream))))
    }
}

/// An operator, its input, and its memory.
struct Worker {
    run: Box<dyn Run>,
    /// `None` once it has ended.
    input: Option<SendableRecordBatchStream>,
    reservation: MemoryReservation,
    schema: SchemaRef,
}

impl Worker {
    /// A batch with nulls in the places of columns that are not handed on.
    fn placed(&self, batch: RecordBatch) -> Result<RecordBatch> {
        if batch.num_columns() == self.schema.fields().len() {
            return Ok(RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec())?);
        }
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for field in self.schema.fields() {
            columns.push(match batch.column_by_name(field.name()) {
                Some(column) => Arc::clone(column),
                None => new_null_array(field.data_type(), batch.num_rows()),
            });
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            while let Some(batch) = self.run.pull()? {
                if batch.num_rows() > 0 {
                    return self.placed(batch).map(Some);
                }
                tokio::task::consume_budget().await;
            }
            if self.run.is_done() {
                self.input = None;
            }
            let Some(input) = &mut self.input else { return Ok(None) };
            match input.next().await {
                Some(batch) => self.run.push(batch?)?,
                None => {
                    self.input = None;
                    self.run.end()?;
                    // Its results are pulled in the next turn, and then there is no input to ask.
                }
            }
            self.reservation.try_resize(self.run.bytes())?;
        }
    }
}

/// Plans operators.
#[derive(Debug)]
pub(crate) struct OperatorPlanner;

#[async_trait]
impl ExtensionPlanner for OperatorPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _planning_ctx: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<OperatorNode>() else { return Ok(None) };
        let mut input = Arc::clone(&physical_inputs[0]);
        let ordering = input.properties().output_ordering().cloned().map(OrderingRequirements::from);
        if !node.operator.is_per_partition() && ordering.is_none() && keeps_partitions(&input) {
            input = InOrderExec::over(input, true);
        }
        Ok(Some(Arc::new(OperatorExec::new(Arc::clone(&node.operator), input, ordering))))
    }
}

/// Whether the plan's partitions are those of its files: then reading one after the other gives a stable order.
pub(super) fn keeps_partitions(plan: &Arc<dyn ExecutionPlan>) -> bool {
    const KEEPING: &[&str] =
        &["DataSourceExec", "EventsScan", "FilterExec", "ProjectionExec", "UnionExec", "EmptyExec"];
    let is_keeping = KEEPING.contains(&plan.name()) || plan.downcast_ref::<OperatorExec>().is_some();
    is_keeping && plan.children().into_iter().all(keeps_partitions)
}

/// DataFusion's planner with our operators.
#[derive(Debug)]
pub(crate) struct QueryPlanner;

#[async_trait]
impl PlannerOfQueries for QueryPlanner {
    async fn create_physical_plan(
        &self,
        logical_plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(OperatorPlanner)]);
        planner.create_physical_plan(logical_plan, session).await
    }
}

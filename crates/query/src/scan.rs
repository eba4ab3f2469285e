//! The scan of column files in KQL's plans. It takes the filters above it, asks them of dictionaries, cheapest column
//! first, and reads the other columns only of the rows that are left.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{and_kleene, filter_record_batch, prep_null_mask_filter};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::DynamicFilterTracking;
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use store::MemoryBatch;

use crate::Error;
use crate::blocks::Keep;
use crate::column_file::{ColumnFile, FileCache, Form};
use crate::limits::SCAN_ROWS_MAX;
use crate::truth::truth;

/// Something to scan.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Row groups of a file, all when `None`.
    File(PathBuf, Option<Vec<usize>>),
    /// Rows that are in no file yet.
    Fresh(Arc<MemoryBatch>),
}

/// The plan.
#[derive(Clone, Debug)]
pub(crate) struct EventsScan {
    cache: Arc<FileCache>,
    /// By partition.
    parts: Arc<Vec<Vec<Part>>>,
    /// Columns that filters may name.
    table: SchemaRef,
    filters: Vec<Arc<dyn PhysicalExpr>>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl EventsScan {
    /// Of the columns of `schema`, without filters.
    pub(crate) fn new(cache: Arc<FileCache>, parts: Vec<Vec<Part>>, schema: SchemaRef) -> Self {
        let n_partitions = parts.len();
        let metrics = ExecutionPlanMetricsSet::new();
        let properties = properties(&schema, n_partitions);
        Self { cache, parts: Arc::new(parts), table: schema, filters: Vec::new(), metrics, properties }
    }
}

fn properties(schema: &SchemaRef, n_partitions: usize) -> Arc<PlanProperties> {
    let properties = PlanProperties::new(
        EquivalenceProperties::new(Arc::clone(schema)),
        Partitioning::UnknownPartitioning(n_partitions),
        EmissionType::Incremental,
        Boundedness::Bounded,
    );
    Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative))
}

impl DisplayAs for EventsScan {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let n_parts: usize = self.parts.iter().map(Vec::len).sum();
        let names: Vec<&str> =
            self.properties.eq_properties.schema().fields().iter().map(|it| it.name().as_str()).collect();
        write!(f, "EventsScan: parts={n_parts}, columns=[{}]", names.join(", "))?;
        for filter in &self.filters {
            write!(f, ", filter={filter}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for EventsScan {
    fn name(&self) -> &'static str {
        "EventsScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut recursion = TreeNodeRecursion::Continue;
        for filter in &self.filters {
            recursion = recursion.visit_sibling(|| f(filter))?;
        }
        Ok(recursion)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    /// Filters that change while the query runs stay above: each would have to be asked again and again.
    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let mut answers = Vec::with_capacity(result.parent_filters.len());
        let mut with_filters = self.clone();
        for parent in result.parent_filters {
            let is_static = matches!(DynamicFilterTracking::classify(&parent.filter), DynamicFilterTracking::Static);
            let is_constant = is_static && !is_volatile(&parent.filter);
            if is_constant {
                with_filters.filters.push(parent.filter);
            }
            answers.push(if is_constant { PushedDown::Yes } else { PushedDown::No });
        }
        let propagation = FilterPushdownPropagation::with_parent_pushdown_result(answers);
        if with_filters.filters.len() == self.filters.len() {
            return Ok(propagation);
        }
        Ok(propagation.with_updated_node(Arc::new(with_filters)))
    }

    /// Columns that only filters read are not given.
    fn try_swapping_with_projection(&self, projection: &ProjectionExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let schema = self.schema();
        let mut used = vec![false; schema.fields().len()];
        for expr in projection.expr() {
            for column in collect_columns(&expr.expr) {
                used[column.index()] = true;
            }
        }
        if used.iter().all(|used| *used) {
            return Ok(None);
        }
        let kept: Vec<usize> = (0..used.len()).filter(|idx| used[*idx]).collect();
        let narrow: SchemaRef = Arc::new(schema.project(&kept)?);
        let mut expressions = Vec::with_capacity(projection.expr().len());
        for expr in projection.expr() {
            let moved = reassign_expr_columns(Arc::clone(&expr.expr), &narrow)?;
            expressions.push(ProjectionExpr { expr: moved, alias: expr.alias.clone() });
        }
        let scan = Self { properties: properties(&narrow, self.parts.len()), ..self.clone() };
        Ok(Some(Arc::new(ProjectionExec::try_new(expressions, Arc::new(scan))?)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let work = Work {
            scan: self.clone(),
            parts: self.parts[partition].iter().cloned().collect(),
            groups: VecDeque::new(),
            passing: VecDeque::new(),
            ready: VecDeque::new(),
            batch_rows: context.session_config().batch_size(),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let stream = futures::stream::try_unfold(work, |mut work| async move {
            loop {
                match work.step()? {
                    Step::Batch(batch) => return Ok(Some((batch, work))),
                    // A row group without a row of the answer takes its time too, and a query can be cancelled in it.
                    Step::Worked => tokio::task::yield_now().await,
                    Step::Ended => return Ok(None),
                }
            }
        });
        Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream))))
    }
}

/// One partition at work.
struct Work {
    scan: EventsScan,
    parts: VecDeque<Part>,
    /// Rows of row groups, to be filtered.
    groups: VecDeque<(Arc<ColumnFile>, usize, Range<usize>)>,
    passing: VecDeque<Passing>,
    ready: VecDeque<RecordBatch>,
    batch_rows: usize,
    metrics: BaselineMetrics,
}

/// Rows of a row group that passed the filters.
struct Passing {
    file: Arc<ColumnFile>,
    row_group: usize,
    rows: Vec<Range<usize>>,
}

enum Step {
    Batch(RecordBatch),
    Worked,
    Ended,
}

impl Work {
    fn step(&mut self) -> Result<Step> {
        let elapsed = self.metrics.elapsed_compute().clone();
        let _timer = elapsed.timer();
        if let Some(batch) = self.ready.pop_front() {
            self.metrics.output_rows().add(batch.num_rows());
            return Ok(Step::Batch(batch));
        }
        if let Some(passing) = self.passing.pop_front() {
            self.read(&passing).map_err(external)?;
            return Ok(Step::Worked);
        }
        if let Some((file, row_group, rows)) = self.groups.pop_front() {
            let rows = self.filtered(&file, row_group, rows).map_err(external)?;
            // Few rows first: often no more are wanted.
            let (first, rest) = split(rows, self.batch_rows);
            for rows in [first, rest].into_iter().filter(|rows| !rows.is_empty()) {
                self.passing.push_back(Passing { file: Arc::clone(&file), row_group, rows });
            }
            return Ok(Step::Worked);
        }
        match self.parts.pop_front() {
            None => Ok(Step::Ended),
            Some(Part::Fresh(fresh)) => {
                let batch = self.fresh(&fresh)?;
                self.metrics.output_rows().add(batch.num_rows());
                Ok(Step::Batch(batch))
            }
            Some(Part::File(path, row_groups)) => {
                let file = self.scan.cache.open(&path).map_err(external)?;
                let row_groups = row_groups.unwrap_or_else(|| (0..file.n_row_groups()).collect());
                for row_group in row_groups {
                    let n_rows = file.n_rows(row_group);
                    for start in (0..n_rows).step_by(SCAN_ROWS_MAX) {
                        let rows = start..n_rows.min(start + SCAN_ROWS_MAX);
                        self.groups.push_back((Arc::clone(&file), row_group, rows));
                    }
                }
                Ok(Step::Worked)
            }
        }
    }

    fn fresh(&self, fresh: &MemoryBatch) -> Result<RecordBatch> {
        let project =
            |schema: &SchemaRef| fresh.project(schema).map_err(|error| DataFusionError::External(Box::new(error)));
        let batch = project(&self.scan.schema())?;
        if self.scan.filters.is_empty() {
            return Ok(batch);
        }
        let table = project(&self.scan.table)?;
        let mut passes = BooleanArray::from(vec![true; table.num_rows()]);
        for filter in &self.scan.filters {
            passes = and_kleene(&passes, &truth(filter, &table)?)?;
        }
        Ok(filter_record_batch(&batch, &passes)?)
    }

    /// Those of the rows that pass all filters.
    fn filtered(&self, file: &ColumnFile, row_group: usize, rows: Range<usize>) -> Result<Vec<Range<usize>>, Error> {
        let mut rows = vec![rows];
        for (_, names, filter) in by_cost(&self.scan.filters, file, row_group) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let read = file.read(row_group, &rows, &names, Form::Coded, Keep::IfRoom)?;
            let batch = with_missing(&read, &names, &self.scan.table)?;
            let passes = truth(filter, &batch)?;
            if passes.true_count() == 0 {
                return Ok(Vec::new());
            }
            if passes.true_count() < batch.num_rows() {
                // Null is not true.
                let passes = if passes.null_count() > 0 { prep_null_mask_filter(&passes) } else { passes };
                rows = kept(&rows, passes.values());
            }
        }
        Ok(rows)
    }

    /// Reads the columns of the answer.
    fn read(&mut self, passing: &Passing) -> Result<(), Error> {
        let schema = self.scan.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let read = passing.file.read(passing.row_group, &passing.rows, &names, Form::Plain, Keep::IfRoom)?;
        let batch = conformed(&read, &schema)?;
        for start in (0..batch.num_rows()).step_by(self.batch_rows.max(1)) {
            self.ready.push_back(batch.slice(start, self.batch_rows.min(batch.num_rows() - start)));
        }
        Ok(())
    }
}

/// The rows whose flag is set; there is a flag for each row of the ranges.
fn kept(rows: &[Range<usize>], flags: &BooleanBuffer) -> Vec<Range<usize>> {
    let mut kept: Vec<Range<usize>> = Vec::new();
    let mut ranges = rows.iter();
    let Some(mut range) = ranges.next() else { return kept };
    // Flags of the rows before the range.
    let mut before = 0;
    for (mut start, end) in flags.set_slices() {
        while start < end {
            while start >= before + range.len() {
                before += range.len();
                let Some(next) = ranges.next() else { return kept };
                range = next;
            }
            let part_end = end.min(before + range.len());
            kept.push(range.start + (start - before)..range.start + (part_end - before));
            start = part_end;
        }
    }
    kept
}

/// The first `n_rows` rows, and the others.
fn split(rows: Vec<Range<usize>>, n_rows: usize) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let mut left = n_rows;
    for range in rows {
        let middle = range.start + range.len().min(left);
        left -= middle - range.start;
        first.extend((range.start < middle).then_some(range.start..middle));
        rest.extend((middle < range.end).then_some(middle..range.end));
    }
    (first, rest)
}

fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

type Costed<'a> = (i64, Vec<String>, &'a Arc<dyn PhysicalExpr>);

/// Filters by how many bytes have to be unpacked for them, with the columns that they read.
fn by_cost<'a>(filters: &'a [Arc<dyn PhysicalExpr>], file: &ColumnFile, row_group: usize) -> Vec<Costed<'a>> {
    let mut costed = Vec::with_capacity(filters.len());
    for filter in filters {
        let mut names: Vec<String> = collect_columns(filter).iter().map(|column| column.name().to_owned()).collect();
        names.sort();
        let columns = names.iter().filter_map(|name| file.column_idx(name));
        let bytes = columns.map(|column| file.metadata().row_group(row_group).column(column).uncompressed_size()).sum();
        costed.push((bytes, names, filter));
    }
    costed.sort_by_key(|(bytes, ..)| *bytes);
    costed
}

/// The named columns, null where the file has none.
fn with_missing(batch: &RecordBatch, names: &[&str], table: &Schema) -> Result<RecordBatch> {
    let mut fields = Vec::with_capacity(names.len());
    let mut arrays = Vec::with_capacity(names.len());
    for name in names {
        let field = table.field_with_name(name)?.clone();
        let array = match batch.column_by_name(name) {
            Some(array) => Arc::clone(array),
            None => new_null_array(field.data_type(), batch.num_rows()),
        };
        fields.push(field.with_data_type(array.data_type().clone()).with_nullable(true));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
}

/// The batch with the columns of the schema, in their order and of their types.
fn conformed(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let mut arrays = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let array = match batch.column_by_name(field.name()) {
            Some(array) if array.data_type() == field.data_type() => Arc::clone(array),
            Some(array) => arrow::compute::cast(array, field.data_type())?,
            None => new_null_array(field.data_type(), batch.num_rows()),
        };
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges that have one")]
mod tests {
    use super::*;

    #[test]
    fn flags_of_ranges() {
        let check = |rows: &[Range<usize>], flags: &[u8], expect: &[Range<usize>]| {
            let flags = BooleanBuffer::from_iter(flags.iter().map(|flag| *flag == 1));
            assert_eq!(kept(rows, &flags), expect, "{rows:?} {flags:?}");
        };
        check(&[], &[], &[]);
        check(&[5..8], &[1, 0, 1], &[5..6, 7..8]);
        check(&[5..7, 9..12], &[0, 1, 1, 0, 1], &[6..7, 9..10, 11..12]);
        check(&[5..7, 9..12], &[1, 1, 1, 1, 1], &[5..7, 9..12]);
        check(&[0..1, 3..4, 7..9], &[0, 0, 0, 1], &[8..9]);
    }

    #[test]
    fn first_rows_and_the_others() {
        assert_eq!(split(vec![0..3, 5..9], 4), (vec![0..3, 5..6], vec![6..9]));
        assert_eq!(split(vec![0..3, 5..9], 3), (vec![0..3], vec![5..9]));
        assert_eq!(split(vec![0..3], 9), (vec![0..3], vec![]));
    }
}

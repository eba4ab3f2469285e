//! Running: from a request to a stream of batches, within the request's caps.

use std::sync::Arc;
use std::time::Instant;

use ::kql::{Diagnostic, Severity, Span};
use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use futures::StreamExt;
use store::Snapshot;
use tokio::sync::mpsc::{Sender, channel};

use super::answer::{
    Analysis, Answer, AnswerColumn, CapHit, Limits, Message, Outcome, Refusal, Request, Visualization,
};
use super::bind::{Bind, Binder, Host, Stop};
use super::exec::{CapReached, Expansion, InOrderExec, QueryPlanner, cap_reached};
use super::frame::{Frame, project};
use super::memory::QueryPool;
use super::types::KqlType;
use crate::distinct::DistinctTexts;
use crate::limits::BINDER_STACK_BYTES;
use crate::merged_union::MergedUnion;
use crate::{Engine, Error};

/// Batches of an answer that wait for its reader.
const WAITING_BATCHES_MAX: usize = 4;

/// A query that was understood: its plan, and what is known about its answer.
struct Planned {
    plan: LogicalPlan,
    columns: Vec<AnswerColumn>,
    is_open: bool,
    warnings: Vec<Diagnostic>,
    visualization: Option<Visualization>,
    state: SessionState,
}

impl Engine {
    /// Starts a query. Blocks while the query is understood, which includes running what other parts depend on
    /// (`toscalar`, `in (table)`, `bag_unpack`).
    ///
    /// # Errors
    /// When the text has errors, or a part that had to run failed.
    pub fn run_kql(&self, snapshot: &Snapshot, request: Request) -> Result<Answer, Refusal> {
        let started = Instant::now();
        let planned = plan(self, Some(snapshot), &request)?;
        let fields: Vec<Field> =
            planned.columns.iter().map(|column| Field::new(column.name.clone(), column.ty.arrow(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let (sender, messages) = channel(WAITING_BATCHES_MAX);
        let pump =
            Pump { sender, schema: Arc::clone(&schema), limits: request.limits, started, outcome: Outcome::default() };
        let runtime = self.runtime.as_ref().expect("only drop takes it");
        let task = runtime.spawn(pump.run(planned.state, planned.plan));
        Ok(Answer {
            columns: planned.columns,
            schema,
            warnings: planned.warnings,
            visualization: planned.visualization,
            messages,
            task: task.abort_handle(),
            outcome: None,
        })
    }

    /// What is wrong with a query and what its columns are; nothing is run.
    pub fn analyze_kql(&self, text: &str, now_ns: i64) -> Analysis {
        match plan(self, None, &Request::new(text, now_ns)) {
            Ok(planned) => {
                Analysis { diagnostics: planned.warnings, columns: (!planned.is_open).then_some(planned.columns) }
            }
            Err(Refusal::Diagnostics(diagnostics)) => Analysis { diagnostics, columns: None },
            Err(Refusal::Failed(error)) => {
                let diagnostic = Diagnostic::error("KQL190", Span::new(0, 0), format!("{error}."), "");
                Analysis { diagnostics: vec![diagnostic], columns: None }
            }
        }
    }

    /// The plans of a query as text: as bound, as optimised, and as run.
    ///
    /// # Errors
    /// As for `run_kql`.
    pub fn explain_kql(&self, snapshot: &Snapshot, request: Request) -> Result<String, Refusal> {
        let planned = plan(self, Some(snapshot), &request)?;
        let optimised = local(planned.state.clone()).optimize(&planned.plan).map_err(error_of)?;
        let runtime = self.runtime.as_ref().expect("only drop takes it");
        let state = local(planned.state);
        let wanted = planned.plan.clone();
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        runtime.spawn(async move { drop(sender.send(state.create_physical_plan(&wanted).await)) });
        let physical = receiver.recv().map_err(|_| panicked())?.map_err(error_of)?;
        Ok(format!(
            "bound\n{}\n\noptimised\n{}\n\nrun\n{}",
            planned.plan.display_indent(),
            optimised.display_indent(),
            displayable(physical.as_ref()).indent(false)
        ))
    }
}

impl Engine {
    /// What may stand at a byte of a query: where the word begins, and the candidates.
    pub fn complete_kql(&self, text: &str, at: usize) -> (usize, Vec<String>) {
        super::complete::candidates(text, at, |rows| {
            let columns = self.analyze_kql(rows, 0).columns?;
            Some(columns.into_iter().map(|column| column.name).collect())
        })
    }
}

fn panicked() -> Error {
    Error::Engine("query thread panicked".to_owned())
}

/// Understands a query on a thread with a large stack: trees are deep. Without a snapshot nothing is run.
fn plan(engine: &Engine, snapshot: Option<&Snapshot>, request: &Request) -> Result<Planned, Refusal> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("kql".to_owned())
            .stack_size(BINDER_STACK_BYTES)
            .spawn_scoped(scope, || plan_here(engine, snapshot, request))
            .map_err(|error| Error::Engine(format!("start thread: {error}")))?;
        thread.join().unwrap_or_else(|_| Err(panicked().into()))
    })
}

fn plan_here(engine: &Engine, snapshot: Option<&Snapshot>, request: &Request) -> Result<Planned, Refusal> {
    let is_analysis = snapshot.is_none();
    let (query, mut diagnostics) = ::kql::parse(&request.text);
    if diagnostics.iter().any(Diagnostic::is_error) && !is_analysis {
        return Err(Refusal::Diagnostics(diagnostics));
    }
    let state = session(engine, &request.limits)?;
    let host = Host {
        engine,
        state: state.clone(),
        snapshot: snapshot.cloned(),
        request,
        expansion: Expansion::new(request.limits.expanded_rows),
        is_analysis,
        deadline: Instant::now() + request.limits.wall_time,
    };
    let mut binder = Binder::new(&host, super::time::TimeNames::of(&query));
    let bound = answer_of(&mut binder, &query);
    diagnostics.append(&mut binder.diagnostics);
    for warning in binder.context.warnings() {
        diagnostics.push(Diagnostic::warning("KQL191", query.span, warning, ""));
    }
    diagnostics.sort_by_key(|diagnostic| (diagnostic.severity != Severity::Error, diagnostic.span));
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Refusal::Diagnostics(diagnostics));
    }
    match bound {
        Ok((plan, columns, is_open)) => Ok(Planned {
            plan,
            columns,
            is_open,
            warnings: diagnostics,
            visualization: binder.visualization.take(),
            state,
        }),
        Err(Stop::Failed(error)) => Err(Refusal::Failed(error)),
        Err(Stop::Reported) => Err(Refusal::Failed(Error::Engine("the query was refused without a reason".to_owned()))),
    }
}

/// The query's table with KQL's names, everything in its plain form.
fn answer_of<'t>(
    binder: &mut Binder<'t>,
    query: &'t ::kql::syntax::Query,
) -> Bind<(LogicalPlan, Vec<AnswerColumn>, bool)> {
    let frame: Frame = binder.query(query)?;
    let mut expressions = Vec::new();
    let mut columns = Vec::new();
    for (idx, column) in frame.shown().enumerate() {
        let typed = column.bound().typed;
        let expr = match typed.ty {
            KqlType::String => super::frame::not_null_text(typed.expr),
            _ => typed.expr,
        };
        expressions.push(expr.alias(format!("answer{idx}")));
        columns.push(AnswerColumn { name: column.name.clone(), ty: typed.ty });
    }
    Ok((project(frame.plan, expressions)?, columns, frame.is_open))
}

/// DataFusion's settings for one query: its own memory cap, our operators.
fn session(engine: &Engine, limits: &Limits) -> Result<SessionState, Error> {
    let state = engine.context.state();
    let runtime = state.runtime_env();
    let pool = QueryPool::new(Arc::clone(&runtime.memory_pool), limits.memory_bytes);
    let runtime = RuntimeEnvBuilder::from_runtime_env(runtime).with_memory_pool(Arc::new(pool)).build_arc()?;
    let mut config = state.config().clone();
    config.options_mut().optimizer.enable_round_robin_repartition = false;
    // It puts constants under the names of other columns when an aggregate's rows are known beforehand, and our tables
    // always have a filter, so that it never spares a scan.
    let rules = state.physical_optimizers().iter().filter(|rule| rule.name() != "aggregate_statistics");
    let rules = rules.cloned().collect();
    Ok(SessionStateBuilder::new_from_existing(state)
        .with_physical_optimizer_rules(rules)
        .with_config(config)
        .with_runtime_env(runtime)
        .with_query_planner(Arc::new(QueryPlanner))
        .build())
}

/// With what only our own engine runs.
fn local(state: SessionState) -> SessionState {
    SessionStateBuilder::new_from_existing(state)
        .with_optimizer_rule(Arc::new(MergedUnion))
        .with_optimizer_rule(Arc::new(DistinctTexts))
        .build()
}

/// Runs a part of a query while the rest is being understood.
pub(crate) fn collect(host: &Host, plan: LogicalPlan, n_rows_max: usize) -> Result<Vec<RecordBatch>, Error> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let runtime = host.engine.runtime.as_ref().expect("only drop takes it");
    let state = host.state.clone();
    let left = host.deadline.saturating_duration_since(Instant::now());
    let task = runtime.spawn(async move {
        let result = tokio::time::timeout(left, held(state, plan, n_rows_max)).await;
        drop(sender.send(result));
    });
    let result = receiver.recv();
    task.abort();
    match result.map_err(|_| panicked())? {
        Ok(batches) => batches.map_err(error_of),
        Err(_) => Err(wall_time(&host.request.limits)),
    }
}

async fn held(state: SessionState, plan: LogicalPlan, n_rows_max: usize) -> Result<Vec<RecordBatch>, DataFusionError> {
    let physical = state.create_physical_plan(&plan).await?;
    let mut stream = InOrderExec::over(physical, false).execute(0, state.task_ctx())?;
    let mut batches = Vec::new();
    let mut n_rows = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        n_rows += batch.num_rows();
        if n_rows > n_rows_max {
            let message = format!("a part of the query that must be held has more than {n_rows_max} rows");
            return Err(cap_reached("HELD_ROWS_MAX", message));
        }
        batches.push(batch);
    }
    Ok(batches)
}

fn wall_time(limits: &Limits) -> Error {
    Error::Limit(format!("wall time cap of {} s reached (HUNT_WALL_TIME_MAX)", limits.wall_time.as_secs()))
}

/// DataFusion's error as ours; a named cap stays one.
pub(crate) fn error_of(error: DataFusionError) -> Error {
    if let DataFusionError::External(source) = error.find_root()
        && let Some(cap) = source.downcast_ref::<CapReached>()
    {
        return Error::Limit(format!("{} ({})", cap.message, cap.cap));
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(reason) => {
            Error::Limit(format!("memory cap reached: {reason} (HUNT_MEMORY_BYTES_MAX)"))
        }
        _ => Error::from(error),
    }
}

/// Takes the batches of a plan to the answer.
struct Pump {
    sender: Sender<Message>,
    schema: SchemaRef,
    limits: Limits,
    started: Instant,
    outcome: Outcome,
}

impl Pump {
    async fn run(mut self, state: SessionState, plan: LogicalPlan) {
        let left = self.limits.wall_time.saturating_sub(self.started.elapsed());
        let mut physical = None;
        let result = tokio::time::timeout(left, self.pump(state, plan, &mut physical)).await;
        self.outcome.n_rows_scanned = physical.as_ref().map_or(0, n_rows_scanned);
        self.outcome.elapsed = self.started.elapsed();
        let result = match result {
            Ok(result) => result,
            Err(_) => Err(wall_time(&self.limits)),
        };
        let outcome = Box::new(std::mem::take(&mut self.outcome));
        let message = match result {
            Ok(()) => Message::Ended(outcome),
            Err(error) => Message::Failed(error, outcome),
        };
        // A reader that is gone does not want it.
        drop(self.sender.send(message).await);
    }

    async fn pump(
        &mut self,
        state: SessionState,
        plan: LogicalPlan,
        running: &mut Option<Arc<dyn ExecutionPlan>>,
    ) -> Result<(), Error> {
        let state = local(state);
        let physical = state.create_physical_plan(&plan).await.map_err(error_of)?;
        *running = Some(Arc::clone(&physical));
        let is_sorted = physical.properties().output_ordering().is_some();
        let physical = if is_sorted { merged(physical) } else { InOrderExec::over(physical, false) };
        let mut stream = physical.execute(0, state.task_ctx()).map_err(error_of)?;
        let mut n_bytes = 0;
        while let Some(batch) = stream.next().await {
            let mut batch = batch.map_err(error_of)?;
            if batch.num_rows() == 0 {
                continue;
            }
            let room = self.limits.result_rows - usize::try_from(self.outcome.n_rows).unwrap_or(usize::MAX);
            let is_full = batch.num_rows() > room;
            if is_full {
                batch = batch.slice(0, room);
                let message = format!("The answer was cut at {} rows.", self.limits.result_rows);
                self.outcome.caps.push(CapHit { name: "RESULT_ROWS_MAX", message });
            }
            n_bytes += batch.get_array_memory_size().min(sliced_bytes(&batch));
            if n_bytes > self.limits.result_bytes {
                let message = format!("The answer was cut at {} bytes.", self.limits.result_bytes);
                self.outcome.caps.push(CapHit { name: "RESULT_BYTES_MAX", message });
                return Ok(());
            }
            self.outcome.n_rows += batch.num_rows() as u64;
            let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let named =
                RecordBatch::try_new_with_options(Arc::clone(&self.schema), batch.columns().to_vec(), &options)?;
            if named.num_rows() > 0 && self.sender.send(Message::Batch(named)).await.is_err() || is_full {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn sliced_bytes(batch: &RecordBatch) -> usize {
    let bytes = batch.columns().iter().map(|array| array.to_data().get_slice_memory_size().unwrap_or(usize::MAX));
    bytes.fold(0, usize::saturating_add)
}

/// One sorted stream out of sorted partitions.
fn merged(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
    let ordering = plan.properties().output_ordering().cloned();
    match ordering {
        Some(ordering) if plan.properties().partitioning.partition_count() > 1 => {
            Arc::new(SortPreservingMergeExec::new(ordering, plan))
        }
        _ => plan,
    }
}

/// Rows that the leaves of a plan gave.
fn n_rows_scanned(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let children = plan.children();
    if children.is_empty() {
        let n_rows = plan.metrics().and_then(|metrics| metrics.output_rows());
        return n_rows.unwrap_or(0) as u64;
    }
    children.into_iter().map(n_rows_scanned).sum()
}

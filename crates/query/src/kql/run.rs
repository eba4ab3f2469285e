//! Running: from a request to a stream of batches, within the request's caps.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use ::kql::{Diagnostic, Severity, Span};
use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{AnalyzerRule, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use futures::StreamExt;
use store::Snapshot;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::{AbortHandle, JoinHandle};

use super::answer::{
    Analysis, Answer, AnswerColumn, CapHit, Limits, Message, Outcome, Refusal, Request, Visualization,
};
use super::bind::{Bind, Binder, Host, Stop};
use super::deadline::{Checkpoint, Deadline, with_checkpoints};
use super::exec::{CapReached, Expansion, InOrderExec, QueryPlanner, cap_reached};
use super::frame::{Frame, project};
use super::functions::QueryContext;
use super::memory::QueryPool;
use super::types::KqlType;
use crate::distinct::DistinctTexts;
use crate::limits::{ANALYSIS_TIME_MAX, BINDER_STACK_BYTES};
use crate::merged_union::MergedUnion;
use crate::{Engine, Error};

/// Batches of an answer that wait for its reader.
const WAITING_BATCHES_MAX: usize = 4;

/// The part of a query's memory that a sort keeps for merging.
const MERGE_MEMORY_PART: usize = 8;

/// A query that was understood: its plan, and what is known about its answer.
struct Planned {
    plan: LogicalPlan,
    columns: Vec<AnswerColumn>,
    is_open: bool,
    warnings: Vec<Diagnostic>,
    visualization: Option<Visualization>,
    state: SessionState,
    context: QueryContext,
}

impl Engine {
    /// Starts a query. Blocks while the query is understood, which includes running what other parts depend on
    /// (`toscalar`, `in (table)`, `bag_unpack`).
    ///
    /// # Errors
    /// When the text has errors, or a part that had to run failed.
    pub fn run_kql(&self, snapshot: &Snapshot, request: Request) -> Result<Answer, Refusal> {
        let started = Instant::now();
        let deadline = Deadline::new(started, request.limits.wall_time, request.cancel.clone());
        let planned = plan(self, Some(snapshot), &request, &deadline)?;
        let fields: Vec<Field> =
            planned.columns.iter().map(|column| Field::new(column.name.clone(), column.ty.arrow(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let (sender, messages) = channel(WAITING_BATCHES_MAX);
        let progress = Arc::new(Progress::default());
        let pump = Pump {
            sender: sender.clone(),
            schema: Arc::clone(&schema),
            limits: request.limits,
            progress: Arc::clone(&progress),
            n_bytes: 0,
        };
        let guide = Guide { sender, deadline: deadline.clone(), started, progress, context: planned.context };
        let runtime = self.runtime.as_ref().expect("only drop takes it");
        let task = runtime.spawn(guide.run(pump.run(planned.state, planned.plan)));
        Ok(Answer {
            columns: planned.columns,
            schema,
            warnings: planned.warnings,
            visualization: planned.visualization,
            messages,
            task: task.abort_handle(),
            deadline,
            outcome: None,
        })
    }

    /// What is wrong with a query and what its columns are; nothing is run.
    pub fn analyze_kql(&self, text: &str, now_ns: i64) -> Analysis {
        let request = Request::new(text, now_ns);
        let deadline = Deadline::new(Instant::now(), ANALYSIS_TIME_MAX, request.cancel.clone());
        match plan(self, None, &request, &deadline) {
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
        let deadline = Deadline::new(Instant::now(), request.limits.wall_time, request.cancel.clone());
        let planned = plan(self, Some(snapshot), &request, &deadline)?;
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
fn plan(
    engine: &Engine,
    snapshot: Option<&Snapshot>,
    request: &Request,
    deadline: &Deadline,
) -> Result<Planned, Refusal> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("kql".to_owned())
            .stack_size(BINDER_STACK_BYTES)
            .spawn_scoped(scope, || plan_here(engine, snapshot, request, deadline))
            .map_err(|error| Error::Engine(format!("start thread: {error}")))?;
        thread.join().unwrap_or_else(|_| Err(panicked().into()))
    })
}

fn plan_here(
    engine: &Engine,
    snapshot: Option<&Snapshot>,
    request: &Request,
    deadline: &Deadline,
) -> Result<Planned, Refusal> {
    let is_analysis = snapshot.is_none();
    let (query, mut diagnostics) = ::kql::parse(&request.text);
    if diagnostics.iter().any(Diagnostic::is_error) && !is_analysis {
        return Err(Refusal::Diagnostics(diagnostics));
    }
    let state = session(engine, &request.limits, deadline)?;
    let host = Host {
        engine,
        state: state.clone(),
        snapshot: snapshot.cloned(),
        request,
        expansion: Expansion::new(request.limits.expanded_rows, deadline.clone()),
        is_analysis,
        deadline: deadline.clone(),
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
            context: binder.context.clone(),
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
fn session(engine: &Engine, limits: &Limits, deadline: &Deadline) -> Result<SessionState, Error> {
    let state = engine.context.state();
    let runtime = state.runtime_env();
    let pool = QueryPool::new(Arc::clone(&runtime.memory_pool), limits.memory_bytes);
    let runtime = RuntimeEnvBuilder::from_runtime_env(runtime).with_memory_pool(Arc::new(pool)).build_arc()?;
    let mut config = state.config().clone();
    config.options_mut().optimizer.enable_round_robin_repartition = false;
    // What a sort sets aside for merging what it spilled; with the usual 10 MB a small cap would end every sort.
    let reserved = &mut config.options_mut().execution.sort_spill_reservation_bytes;
    *reserved = (*reserved).min(limits.memory_bytes / MERGE_MEMORY_PART);
    // It puts constants under the names of other columns when an aggregate's rows are known beforehand, and our tables
    // always have a filter, so that it never spares a scan.
    let rules = state.physical_optimizers().iter().filter(|rule| rule.name() != "aggregate_statistics");
    let rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> = rules.cloned().collect();
    let checkpoint = Checkpoint(deadline.clone());
    let physical: Arc<dyn PhysicalOptimizerRule + Send + Sync> = Arc::new(checkpoint.clone());
    let logical: Arc<dyn OptimizerRule + Send + Sync> = Arc::new(checkpoint.clone());
    let analyzing: Arc<dyn AnalyzerRule + Send + Sync> = Arc::new(checkpoint);
    let rules = with_checkpoints(&rules, &physical);
    let analyzer_rules = with_checkpoints(&state.analyzer().rules, &analyzing);
    let optimizer_rules = with_checkpoints(state.optimizers(), &logical);
    Ok(SessionStateBuilder::new_from_existing(state)
        .with_analyzer_rules(analyzer_rules)
        .with_optimizer_rules(optimizer_rules)
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
    host.deadline.check().map_err(error_of)?;
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let runtime = host.engine.runtime.as_ref().expect("only drop takes it");
    let part = runtime.spawn(held(host.state.clone(), plan, n_rows_max));
    let abort = part.abort_handle();
    let deadline = host.deadline.clone();
    runtime.spawn(async move { drop(sender.send(within(&deadline, part).await)) });
    let result = receiver.recv();
    abort.abort();
    result.map_err(|_| panicked())?
}

/// The result of a task, or the error of the deadline as soon as that has come, whatever the task is at.
async fn within<T>(deadline: &Deadline, task: JoinHandle<Result<T, DataFusionError>>) -> Result<T, Error> {
    let abort = task.abort_handle();
    let result = tokio::select! {
        result = task => result.map_err(|_| panicked())?,
        () = tokio::time::sleep(deadline.left()) => Err(deadline.error()),
        () = deadline.cancel().cancelled() => Err(deadline.error()),
    };
    abort.abort();
    result.map_err(error_of)
}

/// The physical plan, made on a thread where it holds up nobody: big plans take their time, and can't be interrupted.
async fn planned(state: SessionState, plan: LogicalPlan) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let handle = tokio::runtime::Handle::current();
    let task = tokio::task::spawn_blocking(move || handle.block_on(state.create_physical_plan(&plan)));
    task.await.map_err(|error| DataFusionError::External(Box::new(error)))?
}

async fn held(state: SessionState, plan: LogicalPlan, n_rows_max: usize) -> Result<Vec<RecordBatch>, DataFusionError> {
    let task = state.task_ctx();
    let physical = planned(state, plan).await?;
    let mut stream = InOrderExec::over(physical, false).execute(0, task)?;
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

/// What the parts of a running query know of its answer.
#[derive(Default)]
struct Progress {
    running: OnceLock<Arc<dyn ExecutionPlan>>,
    outcome: Mutex<Outcome>,
}

impl Progress {
    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees that a query ends in time, and says how it ended.
struct Guide {
    sender: Sender<Message>,
    deadline: Deadline,
    started: Instant,
    progress: Arc<Progress>,
    context: QueryContext,
}

impl Guide {
    async fn run(self, pumping: impl Future<Output = Result<(), DataFusionError>> + Send + 'static) {
        let task = tokio::spawn(pumping);
        let abort = AbortOnDrop(task.abort_handle());
        let result = within(&self.deadline, task).await;
        // What it left behind: a rule of the planner, a function in the middle of a batch.
        self.deadline.end();
        drop(abort);
        let mut outcome = self.progress.outcome().clone();
        outcome.n_rows_scanned = self.progress.running.get().map_or(0, n_rows_scanned);
        outcome.elapsed = self.started.elapsed();
        outcome.caps.extend(self.context.caps());
        let message = match result {
            Ok(()) => Message::Ended(Box::new(outcome)),
            Err(error) => Message::Failed(error, Box::new(outcome)),
        };
        // A reader that is gone does not want it.
        drop(self.sender.send(message).await);
    }
}

/// Ends a task together with the one that waits for it.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes the batches of a plan to the answer.
struct Pump {
    sender: Sender<Message>,
    schema: SchemaRef,
    limits: Limits,
    progress: Arc<Progress>,
    n_bytes: usize,
}

impl Pump {
    async fn run(mut self, state: SessionState, plan: LogicalPlan) -> Result<(), DataFusionError> {
        let task = state.task_ctx();
        let physical = planned(local(state), plan).await?;
        drop(self.progress.running.set(Arc::clone(&physical)));
        let is_sorted = physical.properties().output_ordering().is_some();
        let physical = if is_sorted { merged(physical) } else { InOrderExec::over(physical, false) };
        let mut stream = physical.execute(0, task)?;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            if batch.num_rows() > 0 && !self.give(batch).await? {
                break;
            }
        }
        Ok(())
    }

    /// Hands a batch on, cut to the caps; false when there is no need for more.
    async fn give(&mut self, batch: RecordBatch) -> Result<bool, DataFusionError> {
        let given = usize::try_from(self.progress.outcome().n_rows).unwrap_or(usize::MAX);
        let room = self.limits.result_rows.saturating_sub(given);
        let is_full = batch.num_rows() > room;
        let batch = if is_full { batch.slice(0, room) } else { batch };
        if is_full {
            self.cut("RESULT_ROWS_MAX", format!("The answer was cut at {} rows.", self.limits.result_rows));
        }
        self.n_bytes += batch.get_array_memory_size().min(sliced_bytes(&batch));
        if self.n_bytes > self.limits.result_bytes {
            self.cut("RESULT_BYTES_MAX", format!("The answer was cut at {} bytes.", self.limits.result_bytes));
            return Ok(false);
        }
        self.progress.outcome().n_rows += batch.num_rows() as u64;
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let named = RecordBatch::try_new_with_options(Arc::clone(&self.schema), batch.columns().to_vec(), &options)?;
        let is_gone = named.num_rows() > 0 && self.sender.send(Message::Batch(named)).await.is_err();
        Ok(!is_gone && !is_full)
    }

    fn cut(&self, name: &'static str, message: String) {
        self.progress.outcome().caps.push(CapHit { name, message });
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

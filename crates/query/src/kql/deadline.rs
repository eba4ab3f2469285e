//! When a query must end before its end: its time is up, who asked called it off, or nobody reads the answer any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::config::ConfigOptions;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{AnalyzerRule, OptimizerConfig, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use tokio::sync::Notify;

use super::exec::cap_reached;

/// Calls a query off, from wherever and whenever: while it is understood, planned, or run.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    is_set: AtomicBool,
    set: Notify,
}

impl Cancel {
    /// Calls it off.
    pub fn cancel(&self) {
        self.0.is_set.store(true, Ordering::Relaxed);
        self.0.set.notify_waiters();
    }

    /// Whether it was called off.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_set.load(Ordering::Relaxed)
    }

    /// Waits until it is called off.
    pub(super) async fn cancelled(&self) {
        let mut set = std::pin::pin!(self.0.set.notified());
        // Listening before looking: nothing is missed in between.
        set.as_mut().enable();
        if !self.is_cancelled() {
            set.await;
        }
    }

    /// Something that calls the query off when it is dropped, for callers that may be dropped while they wait.
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(Some(self.clone()))
    }
}

/// See [`Cancel::on_drop`].
#[derive(Debug)]
pub struct CancelOnDrop(Option<Cancel>);

impl CancelOnDrop {
    /// The query may go on.
    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancel) = &self.0 {
            cancel.cancel();
        }
    }
}

/// The end of one query's time. Clones are of the same query.
#[derive(Clone, Debug)]
pub struct Deadline {
    at: Instant,
    wall_time: Duration,
    /// The caller's.
    cancel: Cancel,
    /// Nobody wants the answer any more.
    is_over: Arc<AtomicBool>,
}

impl Deadline {
    pub(super) fn new(started: Instant, wall_time: Duration, cancel: Cancel) -> Self {
        Self { at: started + wall_time, wall_time, cancel, is_over: Arc::default() }
    }

    /// What is left.
    pub(super) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// The caller's way to call it off.
    pub(super) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// What still runs for the query may stop.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// An error once the query must stop.
    ///
    /// # Errors
    /// That one.
    pub fn check(&self) -> Result<()> {
        let must_stop = self.is_called_off() || Instant::now() >= self.at;
        if must_stop { Err(self.error()) } else { Ok(()) }
    }

    fn is_called_off(&self) -> bool {
        self.cancel.is_cancelled() || self.is_over.load(Ordering::Relaxed)
    }

    /// Why it must stop.
    pub(super) fn error(&self) -> DataFusionError {
        if self.is_called_off() {
            return cap_reached("CANCELLED", "the query was called off");
        }
        let message = format!("wall time cap of {} s reached", self.wall_time.as_secs_f64());
        cap_reached("HUNT_WALL_TIME_MAX", message)
    }
}

/// Looks at the clock between the rules of a planner: rules can't be interrupted, but a plan goes through dozens.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint(pub(super) Deadline);

impl AnalyzerRule for Checkpoint {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        self.0.check().map(|()| plan)
    }

    fn name(&self) -> &str {
        "kql_deadline"
    }
}

impl OptimizerRule for Checkpoint {
    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        self.0.check().map(|()| Transformed::no(plan))
    }

    fn name(&self) -> &str {
        "kql_deadline"
    }
}

impl PhysicalOptimizerRule for Checkpoint {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        self.0.check().map(|()| plan)
    }

    fn name(&self) -> &str {
        "kql_deadline"
    }

    fn schema_check(&self) -> bool {
        false
    }
}

/// Rules between two looks at the clock; each look walks the plan once.
const RULES_UNCHECKED_MAX: usize = 4;

/// The rules with looks at the clock in between.
pub(super) fn with_checkpoints<R: ?Sized>(rules: &[Arc<R>], checkpoint: &Arc<R>) -> Vec<Arc<R>> {
    let mut checked = Vec::with_capacity(rules.len() + rules.len() / RULES_UNCHECKED_MAX + 1);
    for rules in rules.chunks(RULES_UNCHECKED_MAX) {
        checked.push(Arc::clone(checkpoint));
        checked.extend(rules.iter().cloned());
    }
    checked
}

//! What a query shares with its functions: its clock, when it must end, and what they have to say about the answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::Result;

use crate::kql::CapHit;
use crate::kql::deadline::Deadline;

/// Warnings of one query at most; more of them say nothing new.
const WARNINGS_MAX: usize = 32;

/// One query's clock and flags. Clones share the flags.
#[derive(Debug, Clone, Default)]
pub struct QueryContext {
    /// `now()` in ticks, the same in the whole query.
    pub now: i64,
    approximate: Arc<AtomicBool>,
    warnings: Arc<Mutex<Vec<String>>>,
    caps: Arc<Mutex<Vec<CapHit>>>,
    deadline: Option<Deadline>,
}

impl QueryContext {
    /// A context with its clock at `now` ticks.
    pub fn new(now: i64) -> QueryContext {
        QueryContext { now, ..QueryContext::default() }
    }

    /// The same with an end.
    pub fn until(self, deadline: Deadline) -> QueryContext {
        QueryContext { deadline: Some(deadline), ..self }
    }

    /// An error once the query must stop.
    ///
    /// # Errors
    /// That one.
    pub fn check(&self) -> Result<()> {
        self.deadline.as_ref().map_or(Ok(()), Deadline::check)
    }

    /// A cap that changed values of the answer, once each.
    pub fn hit(&self, name: &'static str, message: String) {
        let mut caps = self.caps.lock().unwrap_or_else(PoisonError::into_inner);
        if !caps.iter().any(|cap| cap.name == name) {
            caps.push(CapHit { name, message });
        }
    }

    /// The caps so far.
    pub fn caps(&self) -> Vec<CapHit> {
        self.caps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a result is an estimate (dcount above its exact limit, percentiles of many values).
    pub fn is_approximate(&self) -> bool {
        self.approximate.load(Ordering::Relaxed)
    }

    /// Marks the answer as an estimate.
    pub fn mark_approximate(&self) {
        self.approximate.store(true, Ordering::Relaxed);
    }

    /// Adds a warning to the answer, once.
    pub fn warn(&self, message: &str) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.len() < WARNINGS_MAX && !warnings.iter().any(|warning| warning == message) {
            warnings.push(message.to_owned());
        }
    }

    /// The warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

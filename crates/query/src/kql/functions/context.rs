//! What a query shares with its functions: its clock, and what they have to say about the answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Warnings of one query at most; more of them say nothing new.
const WARNINGS_MAX: usize = 32;

/// One query's clock and flags. Clones share the flags.
#[derive(Debug, Clone, Default)]
pub struct QueryContext {
    /// `now()` in ticks, the same in the whole query.
    pub now: i64,
    approximate: Arc<AtomicBool>,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl QueryContext {
    /// A context with its clock at `now` ticks.
    pub fn new(now: i64) -> QueryContext {
        QueryContext { now, ..QueryContext::default() }
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

//! What a query is asked with, and what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use kql::Diagnostic;
use schema::Row;
use tokio::sync::mpsc::Receiver;

use super::deadline::{Cancel, Deadline};
use super::types::KqlType;
use crate::Error;
use crate::limits::{EXPANDED_ROWS_MAX, HUNT_MEMORY_BYTES_MAX, HUNT_WALL_TIME_MAX, RESULT_BYTES_MAX, RESULT_ROWS_MAX};

/// A query and everything its answer depends on beside the data.
#[derive(Clone, Debug)]
pub struct Request {
    /// KQL.
    pub text: String,
    /// Values of `declare query_parameters`: name, and the value as a KQL literal. A value that is no literal of the
    /// parameter's type is taken as its text.
    pub parameters: Vec<(String, String)>,
    /// The range of `Timestamp` when the query names no condition on time; `None` for everything stored.
    pub default_range: Option<TimeRange>,
    /// What `now()` is, nanoseconds since 1970.
    pub now_ns: i64,
    /// Caps.
    pub limits: Limits,
    /// Which rows may be seen.
    pub access: Access,
    /// Calls the query off at any time.
    pub cancel: Cancel,
    /// Rows of tables that are not events, by the table's name.
    pub state_rows: Arc<BTreeMap<&'static str, Vec<Row>>>,
}

impl Request {
    /// A query with the usual caps over everything stored.
    pub fn new(text: impl Into<String>, now_ns: i64) -> Self {
        Self {
            text: text.into(),
            parameters: Vec::new(),
            default_range: None,
            now_ns,
            limits: Limits::default(),
            access: Access::default(),
            cancel: Cancel::default(),
            state_rows: Arc::default(),
        }
    }
}

/// A range of time, both ends included, microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// Earliest.
    pub from_us: i64,
    /// Latest.
    pub to_us: i64,
}

/// Caps of one query. Each is at most what `limits.rs` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `HUNT_WALL_TIME_MAX`
    pub wall_time: Duration,
    /// `HUNT_MEMORY_BYTES_MAX`
    pub memory_bytes: usize,
    /// `RESULT_ROWS_MAX`
    pub result_rows: usize,
    /// `RESULT_BYTES_MAX`
    pub result_bytes: usize,
    /// `EXPANDED_ROWS_MAX`
    pub expanded_rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_time: HUNT_WALL_TIME_MAX,
            memory_bytes: HUNT_MEMORY_BYTES_MAX,
            result_rows: RESULT_ROWS_MAX,
            result_bytes: RESULT_BYTES_MAX,
            expanded_rows: EXPANDED_ROWS_MAX,
        }
    }
}

/// Which rows a person may see: a filter of the plan, whatever the query's text says. `None` is no restriction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Rows of this tenant only.
    pub tenant: Option<String>,
    /// Rows of these devices only.
    pub devices: Option<Vec<String>>,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerColumn {
    /// As KQL names it.
    pub name: String,
    /// KQL's type; the Arrow form is `KqlType::arrow`.
    pub ty: KqlType,
}

/// `render`: a hint for who shows the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visualization {
    /// `timechart`, `piechart`…
    pub chart: String,
    /// `title`, `xcolumn`… in the order written.
    pub properties: Vec<(String, String)>,
}

/// What `analyze` finds without running anything.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// Columns of the answer; `None` when the query has errors, or when they depend on the data.
    pub columns: Option<Vec<AnswerColumn>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The query has errors; at least one of the diagnostics is.
    #[error("{}", first_error(.0))]
    Diagnostics(Vec<Diagnostic>),
    /// It was understood, and then failed or was stopped.
    #[error(transparent)]
    Failed(#[from] Error),
}

fn first_error(diagnostics: &[Diagnostic]) -> String {
    let error = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
    error.map(|error| format!("{}: {}", error.code, error.message)).unwrap_or_default()
}

/// A cap that changed the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapHit {
    /// The name in `limits.rs`.
    pub name: &'static str,
    /// What it did, a sentence.
    pub message: String,
}

/// What is known once the last batch was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Caps that cut the answer. An error beside them is in the stream.
    pub caps: Vec<CapHit>,
    /// Rows given.
    pub n_rows: u64,
    /// Rows read from files and memory.
    pub n_rows_scanned: u64,
    /// From the request to the last batch.
    pub elapsed: Duration,
}

/// What the query's task sends: batches, then the outcome.
pub(super) enum Message {
    Batch(RecordBatch),
    Failed(Error, Box<Outcome>),
    Ended(Box<Outcome>),
}

/// A running query. Dropping it stops the query.
#[derive(Debug)]
pub struct Answer {
    /// Columns, in order.
    pub columns: Vec<AnswerColumn>,
    /// Arrow schema of the batches, with KQL's names.
    pub schema: SchemaRef,
    /// Warnings of parser and binder.
    pub warnings: Vec<Diagnostic>,
    /// `render`.
    pub visualization: Option<Visualization>,
    pub(super) messages: Receiver<Message>,
    pub(super) task: tokio::task::AbortHandle,
    pub(super) deadline: Deadline,
    pub(super) outcome: Option<Outcome>,
}

impl Answer {
    /// The next batch; waits for it. Not for async code.
    ///
    /// # Errors
    /// When the query failed or was stopped; the batches before are right, but not all.
    pub fn next_batch(&mut self) -> Option<Result<RecordBatch, Error>> {
        let message = self.messages.blocking_recv();
        self.take(message)
    }

    /// The next batch.
    ///
    /// # Errors
    /// As for `next_batch`.
    pub async fn next_batch_async(&mut self) -> Option<Result<RecordBatch, Error>> {
        let message = self.messages.recv().await;
        self.take(message)
    }

    fn take(&mut self, message: Option<Message>) -> Option<Result<RecordBatch, Error>> {
        match message {
            Some(Message::Batch(batch)) => Some(Ok(batch)),
            Some(Message::Failed(error, outcome)) => {
                self.outcome = Some(*outcome);
                Some(Err(error))
            }
            Some(Message::Ended(outcome)) => {
                self.outcome = Some(*outcome);
                None
            }
            None if self.outcome.is_some() => None,
            None => {
                self.outcome = Some(Outcome::default());
                Some(Err(Error::Engine("query thread panicked".to_owned())))
            }
        }
    }

    /// All batches at once, and the outcome. Not for async code.
    ///
    /// # Errors
    /// As for `next_batch`.
    pub fn collect(mut self) -> Result<(Vec<RecordBatch>, Outcome), Error> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next_batch() {
            batches.push(batch?);
        }
        Ok((batches, self.outcome()))
    }

    /// Caps and figures; empty before the last batch was taken.
    pub fn outcome(&self) -> Outcome {
        self.outcome.clone().unwrap_or_default()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.deadline.end();
        self.task.abort();
    }
}

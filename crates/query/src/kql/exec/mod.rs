//! Operators that DataFusion lacks: one logical node and one physical plan for all of them. An operator is a
//! [`RowOperator`], plain data; running, it is a [`Run`] that is fed batches and asked for batches.

mod in_order;
mod node;
mod ordered;
mod plan;

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::error::DataFusionError;

use super::deadline::Deadline;
use super::types::KqlType;

pub(crate) use in_order::InOrderExec;
pub(crate) use node::OperatorNode;
pub(crate) use ordered::Ordered;
pub(crate) use plan::QueryPlanner;

/// Rows of a batch that an operator hands on.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// An operator as the plan holds it.
pub(crate) trait RowOperator: Debug + Send + Sync {
    /// Its name in `explain`.
    fn name(&self) -> &'static str;

    /// What distinguishes it from others of its kind; two nodes are equal when name and details are.
    fn details(&self) -> String;

    /// Input columns that it reads, beside those that it hands on.
    fn reads(&self) -> Vec<String>;

    /// Whether the output is the input's columns and then new ones.
    fn keeps_input(&self) -> bool;

    /// Input columns that are not handed on, when it keeps the input.
    fn drops(&self) -> Vec<String> {
        Vec::new()
    }

    /// Columns of the output; of the new ones only when it keeps the input's.
    fn columns(&self) -> Schema;

    /// Whether each partition can be worked on alone.
    fn is_per_partition(&self) -> bool;

    /// Whether it only asks for the order of the sort below: filters and limits may go through it.
    fn is_order(&self) -> bool {
        false
    }

    /// Begins to work on one stream of batches.
    fn start(&self, input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>>;

    /// Input columns that are handed on.
    fn kept(&self, input: &Schema) -> Vec<usize> {
        let drops = self.drops();
        (0..input.fields().len()).filter(|idx| !drops.contains(input.field(*idx).name())).collect()
    }

    /// Columns of the batches that a run gives, given the input's.
    fn given(&self, input: &Schema) -> Schema {
        let own = self.columns();
        if !self.keeps_input() {
            return own;
        }
        let mut fields: Vec<_> = self.kept(input).into_iter().map(|idx| Arc::clone(&input.fields()[idx])).collect();
        fields.extend(own.fields().iter().cloned());
        Schema::new(fields)
    }

    /// Columns of the output: the input's in their places, then new ones. Those that are not handed on are null, and
    /// nobody reads them; DataFusion moves sorts through an operator by the places of columns.
    fn output(&self, input: &Schema) -> Schema {
        let mut fields: Vec<_> =
            input.fields().iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(true))).collect();
        fields.extend(self.columns().fields().iter().cloned());
        Schema::new(fields)
    }
}

/// An operator at work. After each `push`, and after `end`, it is pulled until it gives nothing more.
pub(crate) trait Run: Send {
    /// The next batch of the input.
    fn push(&mut self, batch: RecordBatch) -> Result<()>;

    /// There is no more input.
    fn end(&mut self) -> Result<()> {
        Ok(())
    }

    /// The next batch of the output, `None` when more input is needed first.
    fn pull(&mut self) -> Result<Option<RecordBatch>>;

    /// Whether no more input is wanted.
    fn is_done(&self) -> bool {
        false
    }

    /// Bytes that it holds.
    fn bytes(&self) -> usize {
        0
    }
}

/// A schema of columns of our own.
pub(crate) fn schema_of(columns: &[(String, KqlType)]) -> Schema {
    let fields: Vec<Field> = columns.iter().map(|(id, ty)| Field::new(id, ty.arrow(), true)).collect();
    Schema::new(fields)
}

/// A cap that stopped a query, as an error inside DataFusion.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CapReached {
    /// The name of the constant in `limits.rs`.
    pub(crate) cap: &'static str,
    /// What was too much, in words.
    pub(crate) message: String,
}

/// How many rows the query's operators may still make out of nothing or out of few.
#[derive(Debug)]
pub(crate) struct Expansion {
    n_rows: AtomicU64,
    n_rows_max: u64,
    deadline: Deadline,
}

impl Expansion {
    pub(crate) fn new(n_rows_max: u64, deadline: Deadline) -> Arc<Self> {
        Arc::new(Self { n_rows: AtomicU64::new(0), n_rows_max, deadline })
    }

    /// An error once the query must stop, for loops that make many rows at once.
    pub(crate) fn check(&self) -> Result<()> {
        self.deadline.check()
    }

    /// Counts rows about to be made.
    pub(crate) fn take(&self, n_rows: usize) -> Result<()> {
        self.check()?;
        let before = self.n_rows.fetch_add(n_rows as u64, Ordering::Relaxed);
        if before.saturating_add(n_rows as u64) <= self.n_rows_max {
            return Ok(());
        }
        let message = format!("operators of the query make more than {} rows", self.n_rows_max);
        Err(cap_reached("EXPANDED_ROWS_MAX", message))
    }
}

/// The error of a cap.
pub(crate) fn cap_reached(cap: &'static str, message: impl Into<String>) -> DataFusionError {
    DataFusionError::External(Box::new(CapReached { cap, message: message.into() }))
}

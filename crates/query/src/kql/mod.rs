//! KQL over the store: text and limits in, batches with KQL's names and types out. The syntax tree is `kql`'s; here are
//! names, types, plans, and how an answer is run.

mod answer;
pub mod frame;
pub mod functions;
pub mod types;
pub mod value;

pub use ::kql::Diagnostic;
pub use answer::{
    Access, Analysis, Answer, AnswerColumn, CapHit, External, Limits, Outcome, Refusal, Request, TimeRange,
    Visualization,
};
pub use arrow::array::RecordBatch as Batch;
pub use types::KqlType;

use store::Snapshot;

use crate::{Engine, Error};

impl Engine {
    /// Begins a query. Blocks until it is understood; its rows come with the answer.
    ///
    /// # Errors
    /// When the query has errors or can't be run.
    pub fn run_kql(&self, _snapshot: &Snapshot, _request: Request) -> Result<Answer, Refusal> {
        Err(Refusal::Failed(Error::Engine("no planner yet".to_owned())))
    }

    /// What is wrong with a query and what its columns are; nothing is run.
    pub fn analyze_kql(&self, _text: &str, _now_ns: i64) -> Analysis {
        Analysis::default()
    }

    /// The plan of a query as text.
    ///
    /// # Errors
    /// When the query has errors.
    pub fn explain_kql(&self, _snapshot: &Snapshot, _request: Request) -> Result<String, Refusal> {
        Err(Refusal::Failed(Error::Engine("no planner yet".to_owned())))
    }

    /// What may stand at a byte of a query: where the word begins, and the candidates.
    pub fn complete_kql(&self, _text: &str, at: usize) -> (usize, Vec<String>) {
        (at, Vec::new())
    }
}

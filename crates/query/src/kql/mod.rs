//! KQL over the store: text and limits in, batches with KQL's names and types out. The syntax tree is `kql`'s; here are
//! names, types, plans, and how an answer is run.

mod answer;
mod bind;
mod complete;
mod deadline;
mod exec;
pub mod frame;
pub mod functions;
mod memory;
mod output;
mod plan;
pub mod reference;
mod run;
mod source;
mod time;
pub mod types;
pub mod value;

pub use ::kql::Diagnostic;
pub use answer::{
    Access, Analysis, Answer, AnswerColumn, CapHit, Limits, Outcome, Refusal, Request, TimeRange, Visualization,
};
pub use arrow::array::RecordBatch as Batch;
pub use complete::is_whole;
pub use deadline::{Cancel, CancelOnDrop, Deadline};
pub use output::{ParquetFile, csv_line, json_rows, text_rows};
pub(crate) use source::is_event_source;
pub use types::KqlType;

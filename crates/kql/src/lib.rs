//! KQL, the Kusto Query Language: text → syntax tree and diagnostics, and back to text. Parsing never fails; what is not
//! understood becomes an error node and a diagnostic. No dependencies, no I/O, and no idea which tables or functions
//! exist: that is the binder's, in `query`.

mod diagnostic;
mod span;
pub mod syntax;

pub use diagnostic::{Diagnostic, Severity};
pub use span::Span;

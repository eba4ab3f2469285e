//! KQL, the Kusto Query Language: text → syntax tree and diagnostics, and back to text. Parsing never fails; what is not
//! understood becomes an error node and a diagnostic. No dependencies, no I/O, and no idea which tables or functions
//! exist: that is the binder's, in `query`.

pub mod code;
mod complete;
mod diagnostic;
mod lexer;
pub mod limits;
pub mod literal;
mod parser;
mod print;
mod span;
mod suggest;
pub mod syntax;

pub use complete::{CHARTS, Completion, Expected, SOURCES, complete, infix_operators, operators, types};
pub use diagnostic::{Diagnostic, Severity};
pub use parser::parse;
pub use span::Span;
pub use suggest::did_you_mean;

//! The project's tasks: one module each. `main.rs` has the table of them.

pub mod bench;
pub mod codegen;
pub mod command;
pub mod fuzz;
pub mod kernel;
pub mod scenario;
pub mod tidy;

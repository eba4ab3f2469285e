//! A naive evaluator of KQL, the engine's opponent in the differential test: the syntax tree over rows of values, one row
//! at a time, written from the language reference. It knows neither DataFusion nor Arrow nor the engine's functions, and
//! is allowed to be slow.

mod aggregate;
mod arithmetic;
mod arrays;
mod cases;
pub mod convert;
mod expand;
pub mod fixture;
mod functions;
pub mod generate;
mod join;
pub mod json;
mod nested;
mod operators;
mod plugins;
mod regex;
mod scalar;
mod scan;
mod scope;
mod search;
mod series;
mod strings;
mod text;
pub mod time;
mod times;
pub mod value;

pub use operators::query;
pub use scope::{Binding, Env};

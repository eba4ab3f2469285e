//! The rules against rows.

mod bad_rules;
mod fields;
mod starter;
mod support;

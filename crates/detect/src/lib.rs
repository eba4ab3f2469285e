//! Sigma rules over rows: reads rules, maps their log sources and fields to our tables and columns, and says which rules
//! a row fulfils. No I/O but reading rule files. It does not know alerts, HTTP, users or where rows come from.
//!
//! A rule that is broken, or that asks for something that is not recorded, is left out and named with the reason
//! ([`Problem`]); the others load.

mod condition;
mod event;
mod fields;
pub mod limits;
mod problem;
mod read;
mod rule;
mod ruleset;
mod sources;
mod starter;

pub use problem::{Problem, ProblemKind};
pub use read::{Fingerprint, RuleText, fingerprint, read_folder};
pub use rule::{Rule, Severity};
pub use ruleset::RuleSet;
pub use sources::Platform;
pub use starter::starter_rules;

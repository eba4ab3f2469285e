//! The aggregates of `summarize`, `make-series` and `top-nested`.

use super::entry::Aggregate;

/// Every aggregate.
pub const AGGREGATES: &[Aggregate] = &[];

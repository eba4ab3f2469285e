//! Every cap of a query, with its reason.

use std::time::Duration;

/// Rows of one timeline page at most; what MDE's own timeline allows.
pub const PAGE_ROWS_MAX: usize = 1_000;
/// Rows of a page when the request names none.
pub const PAGE_ROWS_DEFAULT: usize = 200;
/// Wall time of one query; a timeline that takes longer is of no use to a person.
pub const WALL_TIME_MAX: Duration = Duration::from_secs(30);
/// Memory of all running queries together.
pub const MEMORY_BYTES_MAX: usize = 1 << 30;
/// Histogram buckets at most: more than a screen is wide helps nobody.
pub const BUCKETS_MAX: usize = 2_000;
/// Bytes of a search text.
pub const SEARCH_BYTES_MAX: usize = 1_024;
/// Terms of a search text; each is a filter over all searched columns.
pub const SEARCH_TERMS_MAX: usize = 16;
/// Gaps listed in an answer; the count of all is given beside them.
pub const GAPS_MAX: usize = 500;
/// Ancestors that a tree follows: deeper than any real process chain, and a guard against a forged loop.
pub const TREE_ANCESTORS_MAX: usize = 64;
/// Children listed per level of a tree; the number of all is given beside them.
pub const TREE_CHILDREN_MAX: usize = 200;

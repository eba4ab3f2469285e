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
/// Footers, page indexes and bloom filters of column files that are kept: about 30,000,000 events' worth of page
/// indexes, and those of a smaller part of a larger store.
pub const FILE_CACHE_BYTES_MAX: usize = 192 << 20;
/// Unpacked blocks of columns that are kept: what a handful of people look at, and the columns of some hunts. What the
/// peers of our bench keep is larger.
pub const BLOCK_CACHE_BYTES_MAX: usize = 512 << 20;
/// Rows of such a block: those of a page of the files, so that none is unpacked for two blocks.
pub const BLOCK_ROWS: usize = store::limits::PAGE_ROWS;
/// Rows of a row group that a scan works on at once; our own row groups have fewer.
pub const SCAN_ROWS_MAX: usize = 65_536;
/// How long a block was not used before a scan of everything may take its place.
pub const BLOCK_IDLE_MIN: Duration = Duration::from_secs(20);
/// Values of a list that are asked of each row group's bloom filters; with more, one of them is nearly always there.
pub const PRUNED_LIST_MAX: usize = 1_000;
/// Parts of a timeline that are looked into before asking again whether there are enough rows.
pub const WALK_ROUND_MAX: usize = 16;
/// Starts and ends of processes that a tree holds at once; a device with more is asked step by step.
pub const TREE_ROWS_MAX: usize = 1_000_000;
/// Histogram buckets at most: more than a screen is wide helps nobody.
pub const BUCKETS_MAX: usize = 2_000;
/// Bytes of a search text.
pub const SEARCH_BYTES_MAX: usize = 1_024;
/// Terms of a search text; each is a filter over all searched columns.
pub const SEARCH_TERMS_MAX: usize = 16;
/// Rows that an export reads at once: some 40 MB with all columns, and few scans for a large range.
pub const EXPORT_ROWS: usize = 20_000;
/// Gaps listed in an answer; the count of all is given beside them.
pub const GAPS_MAX: usize = 500;
/// Ancestors that a tree follows: deeper than any real process chain, and a guard against a forged loop.
pub const TREE_ANCESTORS_MAX: usize = 64;
/// Events of one process that are counted under its script runs; a shell that did more has the first of them counted.
pub const SCRIPT_RUN_EVENTS_MAX: usize = 20_000;
/// Script runs listed under a process.
pub const SCRIPT_RUNS_MAX: usize = 100;
/// Children listed per level of a tree; the number of all is given beside them.
pub const TREE_CHILDREN_MAX: usize = 200;

/// Bytes of column files that are checked to say why a query failed: a few seconds' reading.
pub const DAMAGE_BYTES_MAX: u64 = 4 << 30;
/// Wall time of one hunting query; what MDE gives.
pub const HUNT_WALL_TIME_MAX: Duration = Duration::from_secs(600);
/// Time to understand a query that is not run: its writer waits at the keyboard.
pub const ANALYSIS_TIME_MAX: Duration = Duration::from_secs(10);
/// Memory of one hunting query: two may run at their limit at the same time.
pub const HUNT_MEMORY_BYTES_MAX: usize = MEMORY_BYTES_MAX / 2;
/// Rows of an answer; what MDE gives.
pub const RESULT_ROWS_MAX: usize = 100_000;
/// Bytes of an answer: what a browser can still show.
pub const RESULT_BYTES_MAX: usize = 64 << 20;
/// Rows that `range`, `mv-expand` and their like make in one query.
pub const EXPANDED_ROWS_MAX: u64 = 20_000_000;
/// Steps of one series of `make-series`; what Kusto gives.
pub const SERIES_STEPS_MAX: usize = 1_048_576;
/// Rows that a query may hold while it is understood: `toscalar`, `in (table)` that is looked into, `bag_unpack`.
pub const HELD_ROWS_MAX: usize = 1_000_000;
/// Operators of a query after its `let`s are put in: each costs planning time, and `let`s can double them.
pub const OPERATORS_MAX: usize = 2_000;
/// Files that `FileProfile` looks up when the query does not say; what MDE does.
pub const FILE_PROFILES_DEFAULT: usize = 100;
/// Files that `FileProfile` looks up at most; what MDE does.
pub const FILE_PROFILES_MAX: usize = 1_000;
/// Tables of one `union` or `search`: each is planned with all its columns, and there are some twenty.
pub const UNION_TABLES_MAX: usize = 256;
/// Diagnostics of one query: nobody reads more, and each looks for the closest name.
pub const DIAGNOSTICS_MAX: usize = 200;
/// Functions and tables of the query's own inside each other.
pub const CALLS_DEEP_MAX: usize = 64;
/// Values of one `in`, `has_any`, `has_all`.
pub const LIST_VALUES_MAX: usize = 1_000_000;
/// Columns of a table in the middle of a query: `bag_unpack` and `pivot` can make any number.
pub const COLUMNS_MAX: usize = 2_000;
/// Bytes of the texts that one function makes out of one batch of rows: some 16 KB for each row.
pub const BATCH_TEXT_BYTES_MAX: usize = 128 << 20;
/// Conditions of all `and`s of a query: DataFusion hangs them under each other and goes down to the last one.
pub const CONDITIONS_MAX: usize = 10_000;
/// Stack of the threads that plan and run queries: `CONDITIONS_MAX` levels of some KB each. Only what is used is there.
pub const QUERY_STACK_BYTES: usize = 256 << 20;
/// Stack of the thread that understands a query; the parser limits how deep it can go.
pub const BINDER_STACK_BYTES: usize = 64 << 20;

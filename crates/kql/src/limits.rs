//! The limits of a query's text. Each is a named constant with its reason; beyond it there is a diagnostic.

/// Longest text. A million-term `in` list fits several times; spans are 32 bits wide.
pub const TEXT_BYTES_MAX: usize = 64 << 20;

/// How deep brackets may nest: parentheses, subqueries, functions, JSON. The parser recurses this deep, and needs up to
/// 13 KiB of stack a level when it is not optimised; threads have 2 MiB. Queries that people write stay under 40.
pub const DEPTH_MAX: u32 = 100;

/// How tall the tree may get: brackets, and chains such as `a + b + c` that nest to the left. Everything that walks the
/// tree (dropping it too) recurses this deep. `and`/`or` chains and lists do not nest.
pub const HEIGHT_MAX: u32 = 250;

/// Operators in one pipeline: plans nest once per operator. Queries that people write stay under 100.
pub const PIPELINE_OPERATORS_MAX: usize = 1_000;

/// Diagnostics of one text; more of them help nobody.
pub const DIAGNOSTICS_MAX: usize = 100;

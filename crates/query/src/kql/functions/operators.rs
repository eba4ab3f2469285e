//! The operators of expressions, as entries like functions.

use super::entry::Function;

/// One list per kind of operator.
pub const OPERATORS: &[&[Function]] = &[];

//! Pieces that several operators share.

use super::{Column, Expr, Name, NamePattern};
use crate::Span;

/// `name = expr`, `(a, b) = expr`, or the expression alone; default names are the binder's.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedExpr {
    /// Left of `=`.
    pub target: Option<Target>,
    /// Right of `=`.
    pub expr: Expr,
    /// All of it.
    pub span: Span,
}

/// Where a result goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// `name =`.
    Name(Name),
    /// `(a, b) =`, for functions with several results.
    Tuple(Vec<Name>),
}

/// `expr asc nulls last`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered {
    /// What to sort by (`name = expr` occurs in `top-nested` only).
    pub expr: NamedExpr,
    /// `asc` or `desc`; when `None`, `desc` applies.
    pub order: Option<SortOrder>,
    /// `nulls first` or `nulls last`; when `None`, first for `asc` and last for `desc`.
    pub nulls: Option<Nulls>,
    /// All of it.
    pub span: Span,
}

/// Direction of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortOrder {
    /// `asc`.
    Ascending,
    /// `desc`.
    Descending,
}

/// Where nulls are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// `nulls first`.
    First,
    /// `nulls last`.
    Last,
}

/// One entry of `project-reorder`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reorder {
    /// Which columns.
    pub pattern: NamePattern,
    /// How the columns of a pattern are sorted among themselves.
    pub order: Option<ReorderOrder>,
}

/// Sorting of column names in `project-reorder`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReorderOrder {
    /// `asc`.
    Ascending,
    /// `desc`.
    Descending,
    /// `granny-asc`: numbers inside names by value.
    GrannyAscending,
    /// `granny-desc`.
    GrannyDescending,
}

/// `name = value` of an operator or clause: `kind=…`, `hint.strategy=…`, `title="…"`, `pair_delimiter=" "`.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Lower case as written, dots included: `hint.strategy`.
    pub name: Name,
    /// A literal or a name; lists for properties such as `ycolumns = a, b`.
    pub values: Vec<Expr>,
    /// All of it.
    pub span: Span,
}

/// `: (*, a: string)` behind a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSchema {
    /// `*` first: the input's columns stay.
    pub keeps_input: bool,
    /// The declared columns.
    pub columns: Vec<Column>,
    /// All of it.
    pub span: Span,
}

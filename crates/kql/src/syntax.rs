//! The syntax tree: what was written, with a span on every node, before anything is known about tables and types.
//!
//! Parentheses and comments are not kept; `and`/`or` chains are one node with many operands. Where the text could not be
//! understood there is an error node ([`Expr::Error`], [`OperatorKind::Error`], [`Statement::Error`]) and a diagnostic
//! that explains it; a tree without error diagnostics has no error node.

mod expr;
mod literal;
mod name;
mod operator;
mod parts;
mod statement;

pub use expr::{Argument, BinaryOp, Call, Expr, ListOp, UnaryOp};
pub use literal::{DataType, Dynamic, Literal};
pub use name::{Column, Name, NamePattern};
pub use operator::{
    Evaluate, ExternalData, Find, FindColumns, Fork, ForkBranch, Join, JoinCondition, JoinKind, MakeSeries,
    MakeSeriesItem, MvApply, MvExpand, MvExpandItem, MvExpandKind, Operator, OperatorKind, Parse, ParseKind, ParsePart,
    Partition, Render, Scan, ScanOutput, ScanStep, Search, TopNested, Union, UnionKind,
};
pub use parts::{NamedExpr, Nulls, Ordered, PluginSchema, Property, Reorder, ReorderOrder, SortOrder, Target};
pub use statement::{Body, Function, Let, LetValue, Parameter, ParameterType, Pipeline, Query, Statement};

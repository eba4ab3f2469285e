//! Queries, statements, pipelines.

use super::{Column, DataType, Expr, Name, Operator};
use crate::Span;

/// A whole text.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// In the order written. Empty for a text of comments and blanks; that there is nothing to
    /// answer, here or after `let`s alone, is for the binder to say.
    pub statements: Vec<Statement>,
    /// The whole text.
    pub span: Span,
}

/// What stands between two semicolons.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `let name = …`.
    Let(Let),
    /// `declare query_parameters (a: string = "x", …)`.
    QueryParameters {
        /// The parameters.
        parameters: Vec<Parameter>,
        /// All of it.
        span: Span,
    },
    /// `set name = value`, `set name`.
    Set {
        /// The option.
        name: Name,
        /// Its value: a literal or a name.
        value: Option<Expr>,
        /// All of it.
        span: Span,
    },
    /// A tabular expression: what the query answers.
    Pipeline(Pipeline),
    /// Not understood, or not supported (`alias`, `declare pattern`, `restrict`); a diagnostic says why.
    Error {
        /// What was skipped.
        span: Span,
    },
}

impl Statement {
    /// Where the statement is.
    pub fn span(&self) -> Span {
        match self {
            Self::Let(statement) => statement.span,
            Self::Pipeline(pipeline) => pipeline.span,
            Self::QueryParameters { span, .. } | Self::Set { span, .. } | Self::Error { span } => *span,
        }
    }
}

/// `let name = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// What is defined.
    pub name: Name,
    /// Its meaning.
    pub value: LetValue,
    /// All of it.
    pub span: Span,
}

/// What a `let` gives a name to.
#[derive(Clone, Debug, PartialEq)]
pub enum LetValue {
    /// A scalar, or a table: `T | where …` is an [`Expr::Pipeline`], a lone name can be either.
    Expr(Expr),
    /// `(a: string, T: (*)) { … }`, and `view () { … }`.
    Function(Box<Function>),
}

/// A function of the query's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// `view` was written.
    pub is_view: bool,
    /// In the order written.
    pub parameters: Vec<Parameter>,
    /// Between the braces.
    pub body: Body,
    /// All of it.
    pub span: Span,
}

/// Statements and a last expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// `let` and other statements before the result.
    pub statements: Vec<Statement>,
    /// The result: scalar or table. Missing only beside an error diagnostic.
    pub result: Option<Expr>,
    /// Braces included.
    pub span: Span,
}

/// A parameter of a function or query.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub parameter_type: ParameterType,
    /// `= value`; scalars only.
    pub default: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// Type of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterType {
    /// `a: string`.
    Scalar(DataType),
    /// `T: (a: string, *)`: a table with at least these columns; `T: (*)` is any table.
    Table {
        /// The named columns.
        columns: Vec<Column>,
        /// `*` was written: more columns are allowed.
        is_open: bool,
    },
}

/// A source and operators: `T | where x | take 5`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// What flows in. `None` when the first operator makes its own rows: `print`, `range`, `union`, `search`, `find`,
    /// `evaluate`; it is then the first of `operators`.
    pub source: Option<Expr>,
    /// In the order written.
    pub operators: Vec<Operator>,
    /// All of it.
    pub span: Span,
}

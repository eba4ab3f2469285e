//! Expressions. A pipeline is an expression too, because KQL allows `(T | where x)` wherever the meaning asks for a table,
//! and whether a name means a value or a table is the binder's to know.

use super::{ExternalData, Literal, Name, NamePattern, Pipeline, PluginSchema};
use crate::Span;
use crate::syntax::{Column, DataType};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal {
        /// Its value.
        literal: Literal,
        /// Where it is.
        span: Span,
    },
    /// A column, a `let`, a parameter or a table; `$left`, `$right`, `$table` too.
    Name(Name),
    /// A name with `*`, where tables or columns are listed: `union Device*`.
    Pattern(NamePattern),
    /// `*`: all columns, in `arg_max(x, *)`, `count(*)`, `* has "x"`, `distinct *`.
    Star {
        /// Where it is.
        span: Span,
    },
    /// `f(a, name = b)`.
    Call(Call),
    /// `base.name`: a property of a dynamic value, `$left.column`, or `database("x").Table`.
    Member {
        /// The left side.
        base: Box<Expr>,
        /// The right side; a bracketed name (`a.['b c']`) is one too.
        name: Name,
        /// Both.
        span: Span,
    },
    /// `cluster("c").database("d")`, `database("d").f(x)`: a call on something.
    Method {
        /// The left side.
        base: Box<Expr>,
        /// The call.
        call: Call,
        /// Both.
        span: Span,
    },
    /// `base[index]`: `a['b']`, `a[0]`, `a[-1]`, `a[i + 1]`.
    Index {
        /// The left side.
        base: Box<Expr>,
        /// Inside the brackets.
        index: Box<Expr>,
        /// Both.
        span: Span,
    },
    /// `-a`, `+a`.
    Unary {
        /// The sign. `not(x)` is a call.
        op: UnaryOp,
        /// What it applies to.
        operand: Box<Expr>,
        /// Both.
        span: Span,
    },
    /// Arithmetic, comparison and string operators.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Where the operator is.
        op_span: Span,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
        /// All of it.
        span: Span,
    },
    /// `a and b and c`: two or more operands.
    And {
        /// In the order written.
        operands: Vec<Expr>,
        /// All of it.
        span: Span,
    },
    /// `a or b or c`: two or more operands.
    Or {
        /// In the order written.
        operands: Vec<Expr>,
        /// All of it.
        span: Span,
    },
    /// `a in (…)`, `a has_any (…)`: one value against a list, a dynamic array, or the first column of a table.
    List {
        /// The operator.
        op: ListOp,
        /// Where the operator is.
        op_span: Span,
        /// Left operand.
        left: Box<Expr>,
        /// Between the parentheses; one [`Expr::Pipeline`] for a subquery.
        items: Vec<Expr>,
        /// All of it.
        span: Span,
    },
    /// `a between (low .. high)`, `a !between (low .. high)`.
    Between {
        /// `!between`.
        is_negated: bool,
        /// Left operand.
        value: Box<Expr>,
        /// Lower end, included.
        low: Box<Expr>,
        /// Upper end, included.
        high: Box<Expr>,
        /// All of it.
        span: Span,
    },
    /// `typeof(*, a: string)`: the result of a plugin, as its argument.
    SchemaOf {
        /// The columns.
        schema: PluginSchema,
        /// All of it.
        span: Span,
    },
    /// `typeof(string)`.
    TypeOf {
        /// The type.
        data_type: DataType,
        /// All of it.
        span: Span,
    },
    /// A pipeline: in parentheses, or as the value of `let` or an argument. Always has an operator or no source;
    /// a lone expression is itself.
    Pipeline(Box<Pipeline>),
    /// `materialize(T | …)`, kept once for the whole query.
    Materialize {
        /// The table.
        pipeline: Box<Pipeline>,
        /// All of it.
        span: Span,
    },
    /// `toscalar(T | …)`: first column of the first row.
    ToScalar {
        /// The table.
        pipeline: Box<Pipeline>,
        /// All of it.
        span: Span,
    },
    /// `totable(expr)`.
    ToTable {
        /// The table or scalar.
        pipeline: Box<Pipeline>,
        /// All of it.
        span: Span,
    },
    /// `datatable(a: string, b: long) ["x", 1]`.
    DataTable {
        /// The columns.
        columns: Vec<Column>,
        /// The values, row by row. Signs are folded into the literals; other expressions are for the binder to refuse.
        values: Vec<Expr>,
        /// All of it.
        span: Span,
    },
    /// `externaldata(a: string) [@"https://…"] with (format = "csv")`.
    ExternalData(Box<ExternalData>),
    /// What could not be understood; a diagnostic says why.
    Error {
        /// What was skipped; empty when something is missing.
        span: Span,
    },
}

impl Expr {
    /// Where the expression is.
    pub fn span(&self) -> Span {
        match self {
            Self::Name(name) => name.span,
            Self::Pattern(pattern) => pattern.span,
            Self::Call(call) => call.span,
            Self::Pipeline(pipeline) => pipeline.span,
            Self::ExternalData(data) => data.span,
            Self::Literal { span, .. }
            | Self::Star { span }
            | Self::Member { span, .. }
            | Self::Method { span, .. }
            | Self::Index { span, .. }
            | Self::Unary { span, .. }
            | Self::Binary { span, .. }
            | Self::And { span, .. }
            | Self::Or { span, .. }
            | Self::List { span, .. }
            | Self::Between { span, .. }
            | Self::TypeOf { span, .. }
            | Self::SchemaOf { span, .. }
            | Self::Materialize { span, .. }
            | Self::ToScalar { span, .. }
            | Self::ToTable { span, .. }
            | Self::DataTable { span, .. }
            | Self::Error { span } => *span,
        }
    }
}

/// A function call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function's name.
    pub name: Name,
    /// In the order written.
    pub arguments: Vec<Argument>,
    /// Name to closing parenthesis.
    pub span: Span,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `name =`, when given.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`.
    Minus,
    /// `+`.
    Plus,
}

/// Operators with two operands; those on lists are [`ListOp`], `and` and `or` have nodes of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Modulo,
    /// `==`.
    Equal,
    /// `!=`, `<>`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `=~`.
    EqualIgnoreCase,
    /// `!~`.
    NotEqualIgnoreCase,
    /// `has`.
    Has,
    /// `!has`.
    NotHas,
    /// `has_cs`.
    HasCs,
    /// `!has_cs`.
    NotHasCs,
    /// `hasprefix`.
    HasPrefix,
    /// `!hasprefix`.
    NotHasPrefix,
    /// `hasprefix_cs`.
    HasPrefixCs,
    /// `!hasprefix_cs`.
    NotHasPrefixCs,
    /// `hassuffix`.
    HasSuffix,
    /// `!hassuffix`.
    NotHasSuffix,
    /// `hassuffix_cs`.
    HasSuffixCs,
    /// `!hassuffix_cs`.
    NotHasSuffixCs,
    /// `contains`.
    Contains,
    /// `!contains`, `notcontains`.
    NotContains,
    /// `contains_cs`, `containscs`.
    ContainsCs,
    /// `!contains_cs`, `notcontainscs`.
    NotContainsCs,
    /// `startswith`.
    StartsWith,
    /// `!startswith`.
    NotStartsWith,
    /// `startswith_cs`.
    StartsWithCs,
    /// `!startswith_cs`.
    NotStartsWithCs,
    /// `endswith`.
    EndsWith,
    /// `!endswith`.
    NotEndsWith,
    /// `endswith_cs`.
    EndsWithCs,
    /// `!endswith_cs`.
    NotEndsWithCs,
    /// `matches regex`.
    MatchesRegex,
    /// `like`.
    Like,
    /// `!like`, `notlike`.
    NotLike,
    /// `likecs`.
    LikeCs,
    /// `!likecs`, `notlikecs`.
    NotLikeCs,
    /// `column: "text"`, in `search` only.
    Search,
}

/// Operators with a list on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListOp {
    /// `in`.
    In,
    /// `!in`.
    NotIn,
    /// `in~`.
    InIgnoreCase,
    /// `!in~`.
    NotInIgnoreCase,
    /// `has_any`.
    HasAny,
    /// `has_all`.
    HasAll,
}

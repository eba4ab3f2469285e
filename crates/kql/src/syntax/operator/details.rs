//! The parts of the operators that have many.

use crate::Span;
use crate::syntax::{
    Call, Column, DataType, Expr, Name, NamePattern, NamedExpr, Ordered, Pipeline, PluginSchema, Property,
};

/// `join` and `lookup`.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// `kind=`; when `None`, `innerunique` for `join` and `leftouter` for `lookup`.
    pub kind: Option<JoinKind>,
    /// The right side: a name, or an [`Expr::Pipeline`].
    pub right: Expr,
    /// Behind `on`; several are joined by `and`. Empty when `on` was left out, which the binder refuses.
    pub on: Vec<JoinCondition>,
}

/// One condition of a join.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinCondition {
    /// `on DeviceId`: a column that both sides have.
    Column(Name),
    /// `on $left.a == $right.b`; which side is which is the binder's, the order is as written.
    Expr(Expr),
}

/// The kinds of `join`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// The left side's keys made unique, then inner.
    InnerUnique,
    /// `inner`.
    Inner,
    /// `leftouter`.
    LeftOuter,
    /// `rightouter`.
    RightOuter,
    /// `fullouter`.
    FullOuter,
    /// `leftsemi`.
    LeftSemi,
    /// `rightsemi`.
    RightSemi,
    /// `leftanti`, `anti`, `leftantisemi`.
    LeftAnti,
    /// `rightanti`, `rightantisemi`.
    RightAnti,
}

/// `union kind=… withsource=… isfuzzy=… A, B*, (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Union {
    /// `kind=`; `Outer` when `None`.
    pub kind: Option<UnionKind>,
    /// `withsource=name`.
    pub with_source: Option<Name>,
    /// `isfuzzy=true`: tables that don't exist are left out.
    pub is_fuzzy: bool,
    /// Names, patterns, calls and pipelines.
    pub tables: Vec<Expr>,
}

/// Which columns a union has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnionKind {
    /// Those of any.
    Outer,
    /// Those of all.
    Inner,
}

/// One level of `top-nested`.
#[derive(Clone, Debug, PartialEq)]
pub struct TopNested {
    /// How many; all when missing.
    pub count: Option<Expr>,
    /// Values of what.
    pub of: NamedExpr,
    /// `with others = value`.
    pub others: Option<Expr>,
    /// The aggregate that ranks.
    pub by: Ordered,
    /// All of the level.
    pub span: Span,
}

/// `mv-expand`.
#[derive(Clone, Debug, PartialEq)]
pub struct MvExpand {
    /// `kind=` or `bagexpansion=`; `Bag` when `None`.
    pub kind: Option<MvExpandKind>,
    /// `with_itemindex=name`.
    pub item_index: Option<Name>,
    /// What is expanded, side by side.
    pub items: Vec<MvExpandItem>,
    /// `limit n`.
    pub limit: Option<Expr>,
}

/// How property bags are expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MvExpandKind {
    /// Each property becomes a bag of one.
    Bag,
    /// Each property becomes `[name, value]`.
    Array,
}

/// `name = expr to typeof(type)`.
#[derive(Clone, Debug, PartialEq)]
pub struct MvExpandItem {
    /// The value, with the column's name when given.
    pub value: NamedExpr,
    /// `to typeof(…)`.
    pub to_type: Option<DataType>,
}

/// `mv-apply … on (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct MvApply {
    /// `with_itemindex=name`.
    pub item_index: Option<Name>,
    /// What is expanded, side by side.
    pub items: Vec<MvExpandItem>,
    /// `limit n`.
    pub limit: Option<Expr>,
    /// Runs over the values of each row. Its source is `None` unless it begins with `union`, `range`… of its own.
    pub on: Pipeline,
}

/// `parse` and `parse-where`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    /// `kind=`; `Simple` when `None`.
    pub kind: Option<ParseKind>,
    /// `flags=`, the letters of regular expressions.
    pub flags: Option<String>,
    /// The text.
    pub expr: Expr,
    /// Behind `with`.
    pub pattern: Vec<ParsePart>,
}

/// How the pattern is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParseKind {
    /// Texts are texts; a column that doesn't convert makes the whole row not fit.
    Simple,
    /// Texts are regular expressions.
    Regex,
    /// Texts are texts; a column that doesn't convert is null.
    Relaxed,
}

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsePart {
    /// `*`: anything.
    Star {
        /// Where it is.
        span: Span,
    },
    /// A text that must be there: a string literal or the name of a `let`.
    Text(Expr),
    /// `name: type`, `string` when no type is given.
    Column {
        /// The column.
        name: Name,
        /// Its type, when given.
        data_type: Option<DataType>,
    },
}

/// `make-series`.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeSeries {
    /// `kind=nonempty`: one series of defaults when there is no row.
    pub is_nonempty: bool,
    /// The series.
    pub series: Vec<MakeSeriesItem>,
    /// The axis.
    pub on: NamedExpr,
    /// `from`.
    pub from: Option<Expr>,
    /// `to`, excluded; included when the older `in range(from, to, step)` was written.
    pub to: Option<Expr>,
    /// `step`. Missing only beside an error diagnostic.
    pub step: Option<Expr>,
    /// `in range(…)` was written.
    pub is_in_range: bool,
    /// The group keys.
    pub by: Vec<NamedExpr>,
}

/// `name = aggregate default = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeSeriesItem {
    /// The aggregate.
    pub aggregate: NamedExpr,
    /// The value of empty bins; 0 when missing.
    pub default: Option<Expr>,
}

/// `evaluate plugin(…) : (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluate {
    /// The plugin and its arguments.
    pub call: Call,
    /// The declared result.
    pub schema: Option<PluginSchema>,
}

/// `render`.
#[derive(Clone, Debug, PartialEq)]
pub struct Render {
    /// `timechart`, `piechart`… Unknown kinds are kept.
    pub chart: Name,
    /// `kind=` without parentheses, and `with (…)`.
    pub properties: Vec<Property>,
}

/// `partition by x (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// The key.
    pub by: NamedExpr,
    /// What runs for each value; its source is `None` in the `(…)` form, a table in the older `{…}` form.
    pub body: Pipeline,
    /// `{…}` was written.
    pub is_braced: bool,
}

/// `scan`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// `with_match_id=name`.
    pub match_id: Option<Name>,
    /// `partition by`.
    pub partition_by: Vec<NamedExpr>,
    /// `order by`.
    pub order_by: Vec<Ordered>,
    /// `declare (…)`.
    pub declare: Vec<Column>,
    /// `with (step …)`.
    pub steps: Vec<ScanStep>,
}

/// `step name optional output=all: condition => a = x, b = y;`
#[derive(Clone, Debug, PartialEq)]
pub struct ScanStep {
    /// The step's name.
    pub name: Name,
    /// `optional`.
    pub is_optional: bool,
    /// `output=`; `All` when `None`.
    pub output: Option<ScanOutput>,
    /// When a row belongs to the step.
    pub condition: Expr,
    /// Behind `=>`.
    pub assignments: Vec<NamedExpr>,
    /// All of it.
    pub span: Span,
}

/// Which rows of a step come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScanOutput {
    /// All.
    All,
    /// The last one before the next step.
    Last,
    /// None.
    None,
}

/// `search kind=… in (A, B*) predicate`.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// `kind=case_sensitive`.
    pub is_case_sensitive: bool,
    /// `in (…)`; empty for all tables or the input.
    pub tables: Vec<Expr>,
    /// A string literal stands for "any column has it" (with `*` as wildcard); `column: "x"` is `BinaryOp::Search`.
    pub predicate: Expr,
}

/// `find withsource=… in (A, B*) where predicate project …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// `withsource=name`; `source_` when `None`.
    pub with_source: Option<Name>,
    /// `in (…)`; empty for all tables or the input.
    pub tables: Vec<Expr>,
    /// Behind `where`, or alone.
    pub predicate: Expr,
    /// `project …`; `Smart` when `None`.
    pub columns: Option<FindColumns>,
    /// `project-away …`.
    pub project_away: Vec<NamePattern>,
}

/// What `find` shows.
#[derive(Clone, Debug, PartialEq)]
pub enum FindColumns {
    /// `project-smart`.
    Smart,
    /// `project a, b: string, pack(*)`.
    Project {
        /// Columns and the types wanted.
        columns: Vec<(Name, Option<DataType>)>,
        /// `pack(*)`: the other columns as one bag.
        packs_rest: bool,
    },
}

/// `fork name = (…) (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fork {
    /// At least one.
    pub branches: Vec<ForkBranch>,
}

/// One consumer of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkBranch {
    /// `name =`.
    pub name: Option<Name>,
    /// What it does with the rows; no source.
    pub pipeline: Pipeline,
}

/// `externaldata(a: string) [@"https://…"] with (format = "csv")`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalData {
    /// The columns.
    pub columns: Vec<Column>,
    /// Addresses: string literals or names of `let`s.
    pub locations: Vec<Expr>,
    /// `with (…)`.
    pub properties: Vec<Property>,
    /// All of it.
    pub span: Span,
}

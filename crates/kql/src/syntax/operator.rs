//! The tabular operators.

mod details;

pub use details::{
    Evaluate, ExternalData, Find, FindColumns, Fork, ForkBranch, Join, JoinCondition, JoinKind, MakeSeries,
    MakeSeriesItem, MvApply, MvExpand, MvExpandItem, MvExpandKind, Parse, ParseKind, ParsePart, Partition, Render,
    Scan, ScanOutput, ScanStep, Search, TopNested, Union, UnionKind,
};

use super::{Column, Expr, Name, NamePattern, NamedExpr, Ordered, Pipeline, Property, Reorder};
use crate::Span;

/// One step of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// Which one, with its parts.
    pub kind: OperatorKind,
    /// The operator's own words, `project-away` for example: for messages about the operator as such.
    pub keyword_span: Span,
    /// `hint.…` and other properties that no field of the kind holds.
    pub hints: Vec<Property>,
    /// Keyword to the end, without the pipe before it.
    pub span: Span,
}

/// The tabular operators.
#[derive(Clone, Debug, PartialEq)]
pub enum OperatorKind {
    /// `where predicate`, `filter predicate`.
    Where {
        /// What must be true of a row.
        predicate: Expr,
    },
    /// `extend a = x, y`.
    Extend {
        /// The new columns.
        columns: Vec<NamedExpr>,
    },
    /// `project a, b = x`.
    Project {
        /// The result's columns.
        columns: Vec<NamedExpr>,
    },
    /// `project-away a, b*`.
    ProjectAway {
        /// What goes.
        columns: Vec<NamePattern>,
    },
    /// `project-keep a, b*`.
    ProjectKeep {
        /// What stays.
        columns: Vec<NamePattern>,
    },
    /// `project-rename new = old, …`.
    ProjectRename {
        /// New name and old name, a plain name each.
        columns: Vec<NamedExpr>,
    },
    /// `project-reorder a, b* asc`.
    ProjectReorder {
        /// What comes first.
        columns: Vec<Reorder>,
    },
    /// `summarize a = count() by b, bin(c, 1h)`. Either list may be empty, not both.
    Summarize {
        /// The aggregates.
        aggregates: Vec<NamedExpr>,
        /// The group keys.
        by: Vec<NamedExpr>,
    },
    /// `distinct a, b`; `distinct *` is one [`Expr::Star`].
    Distinct {
        /// The columns.
        columns: Vec<NamedExpr>,
    },
    /// `count`, `count as name`.
    Count {
        /// `as name`.
        name: Option<Name>,
    },
    /// `take n`, `limit n`.
    Take {
        /// How many.
        count: Expr,
    },
    /// `sample n`.
    Sample {
        /// How many.
        count: Expr,
    },
    /// `sample-distinct n of x`.
    SampleDistinct {
        /// How many.
        count: Expr,
        /// Values of what.
        of: NamedExpr,
    },
    /// `sort by a, b asc`, `order by …`.
    Sort {
        /// The keys, most important first.
        by: Vec<Ordered>,
    },
    /// `top n by a desc`.
    Top {
        /// How many.
        count: Expr,
        /// The key or keys.
        by: Vec<Ordered>,
    },
    /// `top-hitters n of x by y`.
    TopHitters {
        /// How many.
        count: Expr,
        /// Values of what.
        of: NamedExpr,
        /// The weight; one per row when missing.
        by: Option<NamedExpr>,
    },
    /// `top-nested n of x by agg, top-nested …`: the levels, outermost first.
    TopNested {
        /// At least one.
        levels: Vec<TopNested>,
    },
    /// `join kind=… (…) on …`.
    Join(Box<Join>),
    /// `lookup kind=… (…) on …`: `kind` is `LeftOuter` or `Inner`.
    Lookup(Box<Join>),
    /// `union …`; without an input when it is the first operator of a pipeline that has no source.
    Union(Box<Union>),
    /// `mv-expand …`, `mvexpand …`.
    MvExpand(Box<MvExpand>),
    /// `mv-apply … on (…)`, `mvapply …`.
    MvApply(Box<MvApply>),
    /// `parse …`: rows that don't fit get nulls.
    Parse(Box<Parse>),
    /// `parse-where …`: rows that don't fit go.
    ParseWhere(Box<Parse>),
    /// `parse-kv x as (a: string, …) with (pair_delimiter = ",", …)`.
    ParseKv {
        /// The text.
        expr: Expr,
        /// Keys and their types.
        columns: Vec<Column>,
        /// `with (…)`.
        properties: Vec<Property>,
    },
    /// `make-series …`.
    MakeSeries(Box<MakeSeries>),
    /// `evaluate plugin(…)`.
    Evaluate(Box<Evaluate>),
    /// `invoke f(…)`; a dotted function (`database("x").f()`) is an [`Expr::Method`].
    Invoke {
        /// The function; the input is its first argument.
        function: Expr,
    },
    /// `render timechart with (…)`.
    Render(Box<Render>),
    /// `as name`.
    As {
        /// The name for what flows through.
        name: Name,
    },
    /// `serialize a = x`.
    Serialize {
        /// New columns, often none.
        columns: Vec<NamedExpr>,
    },
    /// `partition by x (…)`.
    Partition(Box<Partition>),
    /// `scan …`.
    Scan(Box<Scan>),
    /// `search …`.
    Search(Box<Search>),
    /// `find …`.
    Find(Box<Find>),
    /// `getschema`.
    GetSchema,
    /// `print a = x, y`.
    Print {
        /// The columns.
        columns: Vec<NamedExpr>,
    },
    /// `range x from a to b step c`.
    Range {
        /// The column.
        name: Name,
        /// First value.
        from: Expr,
        /// Upper limit.
        to: Expr,
        /// Distance; 1 or 1d when missing.
        step: Option<Expr>,
    },
    /// `consume`.
    Consume,
    /// `fork (…) (…)`.
    Fork(Fork),
    /// `facet by a, b with (…)`.
    Facet {
        /// The columns.
        by: Vec<NamedExpr>,
        /// What else to do with the rows.
        with: Option<Box<Pipeline>>,
    },
    /// `reduce by x with threshold = 0.1`.
    Reduce {
        /// The text.
        by: NamedExpr,
        /// `with …`.
        properties: Vec<Property>,
    },
    /// `assert-schema (a: string)`.
    AssertSchema {
        /// What the columns must be.
        columns: Vec<Column>,
    },
    /// Known to Kusto, understood only as far as its end, and refused with a diagnostic: `graph-match`, `macro-expand`…
    Unsupported {
        /// The operator's name.
        name: String,
    },
    /// Not understood; a diagnostic says why.
    Error,
}

impl OperatorKind {
    /// The name a person would use; `where` for `filter`, `take` for `limit`.
    pub fn name(&self) -> &str {
        match self {
            Self::Where { .. } => "where",
            Self::Extend { .. } => "extend",
            Self::Project { .. } => "project",
            Self::ProjectAway { .. } => "project-away",
            Self::ProjectKeep { .. } => "project-keep",
            Self::ProjectRename { .. } => "project-rename",
            Self::ProjectReorder { .. } => "project-reorder",
            Self::Summarize { .. } => "summarize",
            Self::Distinct { .. } => "distinct",
            Self::Count { .. } => "count",
            Self::Take { .. } => "take",
            Self::Sample { .. } => "sample",
            Self::SampleDistinct { .. } => "sample-distinct",
            Self::Sort { .. } => "sort",
            Self::Top { .. } => "top",
            Self::TopHitters { .. } => "top-hitters",
            Self::TopNested { .. } => "top-nested",
            Self::Join(_) => "join",
            Self::Lookup(_) => "lookup",
            Self::Union(_) => "union",
            Self::MvExpand(_) => "mv-expand",
            Self::MvApply(_) => "mv-apply",
            Self::Parse(_) => "parse",
            Self::ParseWhere(_) => "parse-where",
            Self::ParseKv { .. } => "parse-kv",
            Self::MakeSeries(_) => "make-series",
            Self::Evaluate(_) => "evaluate",
            Self::Invoke { .. } => "invoke",
            Self::Render(_) => "render",
            Self::As { .. } => "as",
            Self::Serialize { .. } => "serialize",
            Self::Partition(_) => "partition",
            Self::Scan(_) => "scan",
            Self::Search(_) => "search",
            Self::Find(_) => "find",
            Self::GetSchema => "getschema",
            Self::Print { .. } => "print",
            Self::Range { .. } => "range",
            Self::Consume => "consume",
            Self::Fork(_) => "fork",
            Self::Facet { .. } => "facet",
            Self::Reduce { .. } => "reduce",
            Self::AssertSchema { .. } => "assert-schema",
            Self::Unsupported { name } => name,
            Self::Error => "operator",
        }
    }
}

//! The small operators: `distinct`, `count`, `sort`, `top`, `getschema`, `render` and their like.

use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{Column as TreeColumn, Expr as Tree, Name, NamedExpr, Nulls, Ordered, Property, Render, SortOrder};
use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, SortExpr};

use super::columns::default_name;
use super::summarize::Output;
use crate::kql::answer::Visualization;
use crate::kql::bind::{At, Bind, Binder, Bound, Env, schema_of, type_of};
use crate::kql::frame::{Column, Encoding, Frame, RowOrder, not_null_text, project, reference};
use crate::kql::types::{KqlType, Typed};

/// An expression in the form in which equal values are equal: a string's null is "".
pub(crate) fn key(bound: &Bound) -> Expr {
    match bound.typed.ty {
        KqlType::String if bound.typed.constant.is_none() => not_null_text(bound.typed.expr.clone()),
        _ => bound.stored.clone().unwrap_or_else(|| bound.typed.expr.clone()),
    }
}

impl<'t> Binder<'t> {
    /// A column of the frame in the form of a key, under a new name.
    pub(crate) fn key_column(&mut self, name: impl Into<String>, bound: &Bound) -> (Column, Expr) {
        let id = self.id();
        let mut column = Column::plain(name, bound.typed.ty, id.clone());
        if bound.stored.is_some() {
            column.encoding = Encoding::Micros;
        }
        (column, key(bound).alias(id))
    }

    pub(super) fn distinct(&mut self, columns: &'t [NamedExpr], input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let mut made: Vec<(Option<String>, Bound)> = Vec::new();
        for named in columns {
            if matches!(named.expr, Tree::Star { .. }) {
                made.extend(input.shown().map(|column| (Some(column.name.clone()), column.bound())));
            } else {
                made.extend(self.named_columns(named, &input, env)?);
            }
        }
        let mut taken: Vec<String> = made.iter().filter_map(|(name, _)| name.clone()).collect();
        let mut keys = Vec::new();
        let mut result: Vec<Column> = Vec::new();
        for (name, bound) in made {
            let name = name.unwrap_or_else(|| super::columns::free_name("Column", &mut taken));
            if result.iter().any(|column| column.name == name) {
                continue;
            }
            let (column, expr) = self.key_column(name, &bound);
            keys.push(expr);
            result.push(column);
        }
        let is_open = input.is_open && result.is_empty();
        keys.extend(input.group_columns());
        let plan = project(input.plan, keys)?;
        let plan = LogicalPlanBuilder::from(plan).distinct()?.build()?;
        Ok(Frame { is_open, group: input.group, ..Frame::new(plan, result) })
    }

    pub(super) fn count(&mut self, name: Option<&'t Name>, input: Frame) -> Bind<Frame> {
        let name = name.map_or("Count", |name| name.text.as_str());
        self.aggregates = Some(Vec::new());
        let typed = self.counted();
        let calls = self.aggregates.take().unwrap_or_default();
        self.grouped(input, Vec::new(), vec![Output::new(name, typed?)], calls)
    }

    /// `count()` as an aggregate.
    pub(crate) fn counted(&mut self) -> Bind<Typed> {
        match crate::kql::functions::find_aggregate("count") {
            Some(count) => self.aggregated(count, Vec::new(), Span::default(), &[]),
            None => self.refuse("KQL139", Span::default(), "`count` is not supported.", ""),
        }
    }

    /// Sort keys: descending unless said otherwise, nulls last then, and a string's null sorted as "".
    pub(crate) fn sort_keys(&mut self, by: &'t [Ordered], input: &Frame, env: &Env<'t>) -> Bind<Vec<SortExpr>> {
        let mut keys = Vec::new();
        for ordered in by {
            let bound = self.expr(&ordered.expr.expr, At::rows(env, input))?;
            let is_ascending = ordered.order == Some(SortOrder::Ascending);
            let nulls_first = match ordered.nulls {
                Some(Nulls::First) => true,
                Some(Nulls::Last) => false,
                None => is_ascending,
            };
            keys.push(SortExpr::new(key(&bound), is_ascending, nulls_first));
        }
        Ok(keys)
    }

    pub(super) fn sort(&mut self, by: &'t [Ordered], mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let keys = self.sort_keys(by, &input, env)?;
        self.apply_windows(&mut input)?;
        self.sorted(input, keys, None)
    }

    pub(super) fn top(&mut self, count: &'t Tree, by: &'t [Ordered], mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let n_rows = self.count_of_rows(count, env)?;
        let keys = self.sort_keys(by, &input, env)?;
        self.apply_windows(&mut input)?;
        self.sorted(input, keys, Some(n_rows))
    }

    /// The frame in that order; its first rows only when a number is given.
    pub(crate) fn sorted(&mut self, mut input: Frame, keys: Vec<SortExpr>, n_rows: Option<usize>) -> Bind<Frame> {
        // Keys become columns of the plan: then the order is visible to what comes above.
        let mut expressions = Vec::new();
        let mut sorts: Vec<SortExpr> = Vec::new();
        for key in input.group.iter().flat_map(|group| &group.keys) {
            sorts.push(SortExpr::new(reference(key), true, true));
        }
        for sort in keys {
            // A second name for a column would be taken for the first one by DataFusion, in one of two nodes.
            if matches!(sort.expr, Expr::Column(_)) {
                sorts.push(sort);
                continue;
            }
            let id = self.id();
            expressions.push(sort.expr.alias(id.clone()));
            sorts.push(SortExpr::new(reference(&id), sort.asc, sort.nulls_first));
        }
        input.add(expressions)?;
        let keys: Vec<String> =
            sorts.iter().flat_map(|sort| sort.expr.column_refs()).map(|column| column.name.clone()).collect();
        let plan = LogicalPlanBuilder::from(std::mem::take(&mut input.plan)).sort(sorts)?.build()?;
        input.plan = crate::kql::exec::OperatorNode::plan(Arc::new(crate::kql::exec::Ordered { keys }), plan)?;
        input.order = RowOrder::Sorted;
        match n_rows {
            Some(n_rows) => self.first_rows(input, n_rows),
            None => Ok(input),
        }
    }

    pub(super) fn get_schema(&mut self, input: Frame) -> Bind<Frame> {
        let mut names = Vec::new();
        let mut ordinals = Vec::new();
        let mut data_types = Vec::new();
        let mut types = Vec::new();
        for (idx, column) in input.shown().enumerate() {
            names.push(column.name.clone());
            ordinals.push(i32::try_from(idx).unwrap_or(i32::MAX));
            data_types.push(dotnet_type(column.ty));
            types.push(column.ty.name());
        }
        let columns = vec![
            Column::plain("ColumnName", KqlType::String, self.id()),
            Column::plain("ColumnOrdinal", KqlType::Int, self.id()),
            Column::plain("DataType", KqlType::String, self.id()),
            Column::plain("ColumnType", KqlType::String, self.id()),
        ];
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(names)),
            Arc::new(Int32Array::from(ordinals)),
            Arc::new(StringArray::from(data_types)),
            Arc::new(StringArray::from(types)),
        ];
        let batch = RecordBatch::try_new(Arc::new(schema_of(&columns)), arrays)?;
        let plan = self.values(&columns, vec![batch])?;
        Ok(Frame::new(plan, columns))
    }

    /// Reads everything and answers nothing.
    pub(super) fn consume(&mut self, mut input: Frame) -> Bind<Frame> {
        input.filter(datafusion::logical_expr::lit(false))?;
        Ok(input)
    }

    pub(super) fn assert_schema(&mut self, columns: &'t [TreeColumn], input: Frame, span: Span) -> Bind<Frame> {
        let fits = input.shown().count() == columns.len()
            && input
                .shown()
                .zip(columns)
                .all(|(column, wanted)| column.name == wanted.name.text && column.ty == type_of(wanted.data_type));
        if fits || input.is_open {
            return Ok(input);
        }
        let found: Vec<String> = input.shown().map(|column| format!("{}: {}", column.name, column.ty)).collect();
        self.refuse(
            "KQL126",
            span,
            "The columns are not those that are asserted.",
            format!("They are {}.", found.join(", ")),
        )
    }

    pub(super) fn render(&mut self, render: &'t Render, input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let mut properties = Vec::new();
        for property in &render.properties {
            properties.push((property.name.text.clone(), self.property_text(property, env)));
        }
        self.visualization = Some(Visualization { chart: render.chart.text.clone(), properties });
        Ok(input)
    }

    /// A property's values as text: names as they are, constants printed.
    pub(crate) fn property_text(&mut self, property: &'t Property, env: &Env<'t>) -> String {
        let mut texts = Vec::new();
        for value in &property.values {
            let text = match default_name(value) {
                Some(name) => name,
                None => match self.typed(value, At::nowhere(env)) {
                    Ok(typed) => typed.constant.map(|value| value.print()).unwrap_or_default(),
                    Err(_) => String::new(),
                },
            };
            texts.push(text);
        }
        texts.join(",")
    }
}

/// The name of .NET that `getschema` shows.
fn dotnet_type(ty: KqlType) -> &'static str {
    match ty {
        KqlType::Bool => "System.SByte",
        KqlType::Int => "System.Int32",
        KqlType::Long => "System.Int64",
        KqlType::Real => "System.Double",
        KqlType::Decimal => "System.Data.SqlTypes.SqlDecimal",
        KqlType::String => "System.String",
        KqlType::DateTime => "System.DateTime",
        KqlType::TimeSpan => "System.TimeSpan",
        KqlType::Guid => "System.Guid",
        KqlType::Dynamic => "System.Object",
    }
}

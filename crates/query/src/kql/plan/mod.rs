//! The tabular operators: each takes a frame and gives one.

mod cells;
mod columns;
mod evaluate;
mod expand;
mod expand_rows;
mod join;
mod nested;
mod parse;
mod parse_rows;
mod partition;
mod profile;
mod profile_rows;
mod rows;
mod scan;
mod scan_rows;
mod search;
mod series;
mod series_rows;
mod simple;
mod summarize;
mod take;
mod union;
mod window;

use ::kql::syntax::{Operator, OperatorKind};

use super::bind::{Bind, Binder, Env, Meaning};
use super::frame::Frame;
use crate::limits::COLUMNS_MAX;

pub(crate) use evaluate::PLUGINS;
pub(crate) use summarize::AggregateCall;
pub(crate) use union::add_aliases;
pub(crate) use window::{Window, WindowKind};

impl<'t> Binder<'t> {
    /// One operator. `as` adds to the names that the next operators see.
    pub(crate) fn step(&mut self, operator: &'t Operator, input: Option<Frame>, env: &mut Env<'t>) -> Bind<Frame> {
        let span = operator.keyword_span;
        let n_made = match &operator.kind {
            OperatorKind::Print { columns } | OperatorKind::Extend { columns } | OperatorKind::Project { columns } => {
                columns.len()
            }
            OperatorKind::Summarize { aggregates, by } => aggregates.len() + by.len(),
            _ => 0,
        };
        if n_made > COLUMNS_MAX {
            return self.too_wide(span);
        }
        let input = match (input, &operator.kind) {
            (Some(input), kind) if input.group.is_some() && !works_in_groups(kind) => {
                return self.not_in_group(span, kind.name());
            }
            (input, OperatorKind::Union(union)) => return self.union(union, input, span, env),
            (input, OperatorKind::Search(search)) => return self.search(search, input, span, env),
            (input, OperatorKind::Find(find)) => return self.find(find, input, span, env),
            (input, OperatorKind::Evaluate(evaluate)) => return self.evaluate(evaluate, input, span, env),
            (_, OperatorKind::Print { columns }) => return self.print(columns, env),
            (_, OperatorKind::Range { name, from, to, step }) => {
                return self.range(name, from, to, step.as_ref(), span, env);
            }
            (Some(input), _) => input,
            // What should have given the rows has an error of its own.
            (None, _) if self.has_errors() => return Err(super::bind::Stop::Reported),
            (None, _) => {
                let message = format!("`{}` needs rows to work on.", operator.kind.name());
                return self.refuse("KQL105", span, message, "Put a table and a pipe before it.");
            }
        };
        self.step_with_input(operator, input, env)
    }

    fn step_with_input(&mut self, operator: &'t Operator, input: Frame, env: &mut Env<'t>) -> Bind<Frame> {
        let span = operator.keyword_span;
        match &operator.kind {
            OperatorKind::Where { predicate } => self.where_(predicate, input, env),
            OperatorKind::Extend { columns } => self.extend(columns, input, env),
            OperatorKind::Project { columns } => self.project(columns, input, env),
            OperatorKind::ProjectAway { columns } => self.project_away(columns, input),
            OperatorKind::ProjectKeep { columns } => self.project_keep(columns, input),
            OperatorKind::ProjectRename { columns } => self.project_rename(columns, input),
            OperatorKind::ProjectReorder { columns } => self.project_reorder(columns, input),
            OperatorKind::Summarize { aggregates, by } => self.summarize(aggregates, by, input, env),
            OperatorKind::Distinct { columns } => self.distinct(columns, input, env),
            OperatorKind::Count { name } => self.count(name.as_ref(), input),
            OperatorKind::Take { count } => self.take(count, input, env),
            OperatorKind::Sample { count } => self.sample(count, input, env),
            OperatorKind::SampleDistinct { count, of } => self.sample_distinct(count, of, input, env),
            OperatorKind::Sort { by } => self.sort(by, input, env),
            OperatorKind::Top { count, by } => self.top(count, by, input, env),
            OperatorKind::TopHitters { count, of, by } => self.top_hitters(count, of, by.as_ref(), input, env),
            OperatorKind::TopNested { levels } => self.top_nested(levels, input, env),
            OperatorKind::Join(join) => self.join(join, false, input, span, env),
            OperatorKind::Lookup(join) => self.join(join, true, input, span, env),
            OperatorKind::MvExpand(expand) => self.mv_expand(expand, input, span, env),
            OperatorKind::MvApply(apply) => self.mv_apply(apply, input, span, env),
            OperatorKind::Parse(parse) => self.parse(parse, false, input, span, env),
            OperatorKind::ParseWhere(parse) => self.parse(parse, true, input, span, env),
            OperatorKind::ParseKv { expr, columns, properties } => self.parse_kv(expr, columns, properties, input, env),
            OperatorKind::MakeSeries(series) => self.make_series(series, input, span, env),
            OperatorKind::Invoke { function } => self.invoke(function, input, env),
            OperatorKind::Render(render) => self.render(render, input, env),
            OperatorKind::As { name } => {
                // The rows that flow on and those that the name gives must not share names in a plan.
                let named = self.renewed(&input)?;
                *env = env.with(name.text.clone(), Meaning::Frame(Box::new(named)));
                Ok(input)
            }
            OperatorKind::Serialize { columns } => self.serialize(columns, input, env),
            OperatorKind::Partition(partition) => self.partition(partition, input, span, env),
            OperatorKind::Scan(scan) => self.scan(scan, input, span, env),
            OperatorKind::GetSchema => self.get_schema(input),
            OperatorKind::Consume => self.consume(input),
            OperatorKind::AssertSchema { columns } => self.assert_schema(columns, input, span),
            OperatorKind::Fork(_) | OperatorKind::Facet { .. } | OperatorKind::Reduce { .. } => self.refuse(
                "KQL139",
                span,
                format!("`{}` is not supported.", operator.kind.name()),
                "Write its parts as queries of their own.",
            ),
            OperatorKind::Unsupported { name } => {
                self.refuse("KQL139", span, format!("`{name}` is not supported."), "")
            }
            OperatorKind::Error
            | OperatorKind::Union(_)
            | OperatorKind::Search(_)
            | OperatorKind::Find(_)
            | OperatorKind::Evaluate(_)
            | OperatorKind::Print { .. }
            | OperatorKind::Range { .. } => Err(super::bind::Stop::Reported),
        }
    }
}

/// Whether an operator keeps groups of rows apart, inside `mv-apply` and `partition`.
fn works_in_groups(kind: &OperatorKind) -> bool {
    matches!(
        kind,
        OperatorKind::Where { .. }
            | OperatorKind::Extend { .. }
            | OperatorKind::Project { .. }
            | OperatorKind::ProjectAway { .. }
            | OperatorKind::ProjectKeep { .. }
            | OperatorKind::ProjectRename { .. }
            | OperatorKind::ProjectReorder { .. }
            | OperatorKind::Summarize { .. }
            | OperatorKind::Distinct { .. }
            | OperatorKind::Count { .. }
            | OperatorKind::Take { .. }
            | OperatorKind::Sample { .. }
            | OperatorKind::Sort { .. }
            | OperatorKind::Top { .. }
            | OperatorKind::MvExpand(_)
            | OperatorKind::Parse(_)
            | OperatorKind::ParseWhere(_)
            | OperatorKind::ParseKv { .. }
            | OperatorKind::Serialize { .. }
            | OperatorKind::Render(_)
    )
}

//! `top-nested` and `top-hitters`: the largest groups, level by level.

use ::kql::Span;
use ::kql::syntax::{Expr as Tree, NamedExpr, SortOrder, Target, TopNested};
use datafusion::common::JoinType;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, SortExpr, lit, when};

use super::columns::default_name;
use crate::kql::bind::{At, Bind, Binder, Bound, Env};
use crate::kql::frame::{Column, Frame, Group, project, reference};
use crate::kql::types::Typed;

impl<'t> Binder<'t> {
    /// Each level keeps the largest values inside of each path of the levels before; the answer has a row for each path.
    pub(super) fn top_nested(&mut self, levels: &'t [TopNested], mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let mut path: Vec<Column> = Vec::new();
        let mut answer: Option<Frame> = None;
        for (idx, level) in levels.iter().enumerate() {
            let value = self.expr(&level.of.expr, At::rows(env, &input))?;
            let name = match &level.of.target {
                Some(Target::Name(name)) => name.text.clone(),
                _ => default_name(&level.of.expr).unwrap_or_else(|| format!("Column{}", idx + 1)),
            };
            let (column, expr) = self.key_column(name.clone(), &value);
            input.add(vec![expr])?;
            let ranked = self.ranked(level, &path, &column, &input, env)?;
            let kept = self.first_of_level(level, &ranked, path.len(), env)?;
            let mapped;
            (input, mapped) = self.restricted(level, input, &path, column, &kept, env)?;
            path.push(mapped);
            // With "others" the groups are new ones: counted again.
            let counted = match level.others {
                Some(_) => {
                    let (last, before) = path.split_last().expect("just pushed");
                    self.ranked(level, before, last, &input, env)?
                }
                None => kept,
            };
            answer = Some(match answer {
                None => counted,
                Some(before) => self.with_level(before, counted, idx)?,
            });
        }
        match answer {
            Some(answer) => Ok(Frame::new(answer.plan, answer.columns)),
            None => self.refuse("KQL154", Span::default(), "`top-nested` has no level.", ""),
        }
    }

    /// The values of a level inside of each path, with the aggregate that ranks them.
    fn ranked(
        &mut self,
        level: &'t TopNested,
        path: &[Column],
        column: &Column,
        input: &Frame,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let mut keys: Vec<(Option<String>, Bound)> = Vec::new();
        for (idx, column) in path.iter().enumerate() {
            keys.push((Some(format!("path{idx}")), column.bound()));
        }
        keys.push((Some(column.name.clone()), column.bound()));
        self.aggregates = Some(Vec::new());
        let outputs = self.outputs(&level.by.expr, &[], input, env);
        let calls = self.aggregates.take().unwrap_or_default();
        let mut outputs = outputs?;
        outputs.truncate(1);
        if level.by.expr.target.is_none() {
            outputs[0].rename(format!("aggregated_{}", column.name));
        }
        self.grouped(input.clone(), keys, outputs, calls)
    }

    fn first_of_level(&mut self, level: &'t TopNested, ranked: &Frame, n_path: usize, env: &Env<'t>) -> Bind<Frame> {
        let Some(count) = &level.count else { return Ok(ranked.clone()) };
        let n_rows = self.count_of_rows(count, env)?;
        let mut frame = self.renewed(ranked)?;
        let keys: Vec<String> = frame.columns[..n_path].iter().map(|column| column.id.clone()).collect();
        let is_ascending = level.by.order == Some(SortOrder::Ascending);
        let (by, value) = (&frame.columns[n_path + 1], &frame.columns[n_path]);
        let sorts = vec![
            SortExpr::new(by.raw(), is_ascending, is_ascending),
            // Equal aggregates: the same ones each time.
            SortExpr::new(value.raw(), true, true),
        ];
        frame.group = (!keys.is_empty()).then_some(Group { keys, carried: Vec::new() });
        let mut first = self.sorted(frame, sorts, Some(n_rows))?;
        first.group = None;
        Ok(first)
    }

    /// The input's rows whose value is kept; or all of them, with `others` in the place of the values that are not.
    fn restricted(
        &mut self,
        level: &'t TopNested,
        input: Frame,
        path: &[Column],
        column: Column,
        kept: &Frame,
        env: &Env<'t>,
    ) -> Bind<(Frame, Column)> {
        if level.count.is_none() {
            return Ok((input, column));
        }
        let kept = self.renewed(kept)?;
        let mark = self.id();
        let mut right = Vec::new();
        let mut right_keys = Vec::new();
        for key in &kept.columns[..=path.len()] {
            right.push(key.raw());
            right_keys.push(key.raw());
        }
        right.push(lit(true).alias(mark.clone()));
        let right = project(kept.plan, right)?;
        let mut left_keys: Vec<Expr> = path.iter().map(Column::raw).collect();
        left_keys.push(column.raw());
        let join_type = if level.others.is_some() { JoinType::Left } else { JoinType::LeftSemi };
        let plan = LogicalPlanBuilder::from(input.plan)
            .join_with_expr_keys(right, join_type, (left_keys, right_keys), None)?
            .build()?;
        let mut input = Frame { plan, ..Frame::new(Self::one_row(), input.columns) };
        let Some(others) = &level.others else { return Ok((input, column)) };
        let others = self.typed(others, At::nowhere(env))?;
        let others = self.converted(others, column.ty, level.span)?;
        let value = when(reference(&mark).is_not_null(), column.bound().typed.expr).otherwise(others.expr)?;
        let (mapped, expr) = self.key_column(column.name.clone(), &Bound::of(Typed::new(value, column.ty)));
        input.add(vec![expr])?;
        Ok((input, mapped))
    }

    /// The paths so far with those of the next level behind them.
    fn with_level(&mut self, before: Frame, level: Frame, n_levels: usize) -> Bind<Frame> {
        let level = self.renewed(&level)?;
        // Before: value, aggregate, value, aggregate…; the level: path, value, aggregate.
        let left_keys: Vec<Expr> = before.columns.iter().step_by(2).map(Column::raw).collect();
        let right_keys: Vec<Expr> = level.columns[..n_levels].iter().map(Column::raw).collect();
        let plan = LogicalPlanBuilder::from(before.plan)
            .join_with_expr_keys(level.plan, JoinType::Inner, (left_keys, right_keys), None)?
            .build()?;
        let mut columns = before.columns;
        columns.extend(level.columns.into_iter().skip(n_levels));
        Ok(Frame::new(plan, columns))
    }

    pub(super) fn top_hitters(
        &mut self,
        count: &'t Tree,
        of: &'t NamedExpr,
        by: Option<&'t NamedExpr>,
        input: Frame,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let n_rows = self.count_of_rows(count, env)?;
        let keys = self.named_columns(of, &input, env)?;
        self.aggregates = Some(Vec::new());
        let output = match by {
            None => {
                let name = default_name(&of.expr).unwrap_or_default();
                self.counted().map(|typed| (format!("approximate_count_{name}"), typed))
            }
            Some(by) => self.summed(by, &input, env),
        };
        let calls = self.aggregates.take().unwrap_or_default();
        let (name, typed) = output?;
        let frame = self.grouped(input, keys, vec![super::summarize::Output::new(name, typed)], calls)?;
        let Some(by) = frame.columns.last() else { return Ok(frame) };
        let sorts = vec![SortExpr::new(by.raw(), false, false), SortExpr::new(frame.columns[0].raw(), true, true)];
        self.sorted(frame, sorts, Some(n_rows))
    }

    fn summed(&mut self, by: &'t NamedExpr, input: &Frame, env: &Env<'t>) -> Bind<(String, Typed)> {
        let calls = self.aggregates.take();
        let value = self.typed(&by.expr, At::rows(env, input));
        self.aggregates = calls;
        let name = default_name(&by.expr).unwrap_or_default();
        let Some(sum) = crate::kql::functions::find_aggregate("sum") else {
            return self.refuse("KQL139", by.span, "`sum` is not supported.", "");
        };
        let typed = self.aggregated(sum, vec![value?], by.span, &[])?;
        Ok((format!("approximate_sum_{name}"), typed))
    }
}

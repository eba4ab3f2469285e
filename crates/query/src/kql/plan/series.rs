//! `make-series`: one row for each key, with arrays of a value over equal steps.

use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{BinaryOp, MakeSeries, Target};

use super::columns::default_name;
use super::series_rows::{Axis, Series};
use crate::kql::bind::{At, Bind, Binder, Bound, Env, joined};
use crate::kql::exec::OperatorNode;
use crate::kql::frame::{Column, Frame, project};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::{Json, Value};

impl<'t> Binder<'t> {
    pub(super) fn make_series(
        &mut self,
        series: &'t MakeSeries,
        mut input: Frame,
        span: Span,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let axis = self.expr(&series.on.expr, At::rows(env, &input))?;
        let axis_name = match &series.on.target {
            Some(Target::Name(name)) => name.text.clone(),
            _ => default_name(&series.on.expr).unwrap_or_else(|| "Column1".to_owned()),
        };
        let range = self.series_axis(series, &axis, span, env)?;
        let mut conditions = Vec::new();
        if let Some(from) = &range.from {
            conditions.push(self.compared(BinaryOp::GreaterOrEqual, &axis, from, span)?.expr);
        }
        if let Some(to) = &range.to {
            let op = if series.is_in_range { BinaryOp::LessOrEqual } else { BinaryOp::Less };
            conditions.push(self.compared(op, &axis, to, span)?.expr);
        }
        let (bin, axis_of_rows) = self.series_bin(&range, &axis, span)?;
        let mut keys: Vec<(Option<String>, Bound)> = Vec::new();
        for named in &series.by {
            keys.extend(self.named_columns(named, &input, env)?);
        }
        let n_keys = keys.len();
        keys.push((Some(axis_name.clone()), bin));
        let mut outputs = Vec::new();
        let mut defaults = Vec::new();
        self.aggregates = Some(Vec::new());
        for item in &series.series {
            let made = self.outputs(&item.aggregate, &[], &input, env);
            let made = match made {
                Ok(made) => made,
                Err(stop) => {
                    self.aggregates = None;
                    return Err(stop);
                }
            };
            outputs.extend(made.into_iter().take(1));
            defaults.push(match &item.default {
                Some(tree) => self.constant(tree, At::nowhere(env))?.0.to_json(),
                None => Json::from(0),
            });
        }
        let calls = self.aggregates.take().unwrap_or_default();
        if !conditions.is_empty() {
            input.filter(crate::kql::bind::filtering(joined(conditions, true)))?;
        }
        let grouped = self.grouped(input, keys, outputs, calls)?;
        self.series_of(grouped, n_keys, axis_of_rows, defaults, series.is_nonempty, span)
    }

    fn series_axis(&mut self, series: &'t MakeSeries, axis: &Bound, span: Span, env: &Env<'t>) -> Bind<AxisRange> {
        let at = At::nowhere(env);
        let from = series.from.as_ref().map(|tree| self.expr(tree, at)).transpose()?;
        let to = series.to.as_ref().map(|tree| self.expr(tree, at)).transpose()?;
        let step = match &series.step {
            Some(tree) => self.expr(tree, at)?,
            None => return self.refuse("KQL157", span, "`make-series` needs a step.", "Write `step 1h`."),
        };
        let is_real = axis.typed.ty == KqlType::Real || step.typed.ty == KqlType::Real;
        let fits = match axis.typed.ty {
            KqlType::DateTime | KqlType::TimeSpan => step.typed.ty == KqlType::TimeSpan,
            KqlType::Int | KqlType::Long | KqlType::Real => step.typed.ty.is_numeric(),
            _ => false,
        };
        if !fits || is_real {
            let message = format!("A series over {} cannot have steps of {}.", axis.typed.ty, step.typed.ty);
            return self.refuse("KQL157", span, message, "Times have steps of time, whole numbers of numbers.");
        }
        for bound in [from.as_ref(), to.as_ref(), Some(&step)].into_iter().flatten() {
            if bound.typed.constant.is_none() && !self.host.is_analysis {
                return self.refuse(
                    "KQL135",
                    span,
                    "Beginning, end and step must be constants.",
                    "Use `let` or `toscalar`.",
                );
            }
        }
        Ok(AxisRange { from, to, step, is_inclusive: series.is_in_range })
    }

    /// The beginning of each row's step, and the axis that all series share.
    fn series_bin(&mut self, range: &AxisRange, axis: &Bound, span: Span) -> Bind<(Bound, Axis)> {
        let long = |bound: &Option<Bound>| bound.as_ref().and_then(|bound| bound.typed.constant.as_ref()?.as_long());
        let step = range.step.typed.constant.as_ref().and_then(Value::as_long).unwrap_or(1);
        if step <= 0 {
            return self.refuse("KQL157", span, "The step must be larger than 0.", "");
        }
        let bin = match &range.from {
            Some(from) => {
                let arguments = vec![axis.typed.clone(), range.step.typed.clone(), from.typed.clone()];
                self.apply("bin_at", arguments, span)?
            }
            None => self.apply("bin", vec![axis.typed.clone(), range.step.typed.clone()], span)?,
        };
        // The end is excluded unless the older form was written.
        let to = long(&range.to).map(|to| if range.is_inclusive { to } else { to.saturating_sub(1) });
        Ok((Bound::of(bin), Axis { from: long(&range.from), to, step }))
    }

    fn series_of(
        &mut self,
        grouped: Frame,
        n_keys: usize,
        axis: Axis,
        defaults: Vec<Json>,
        is_nonempty: bool,
        span: Span,
    ) -> Bind<Frame> {
        let (keys, rest) = grouped.columns.split_at(n_keys);
        let Some((axis_column, values)) = rest.split_first() else {
            return self.refuse("KQL157", span, "`make-series` needs an axis.", "");
        };
        let mut expressions = Vec::new();
        let mut key_ids = Vec::new();
        for column in keys {
            let id = self.id();
            expressions.push(column.raw().alias(id.clone()));
            key_ids.push(id);
        }
        let axis_id = self.id();
        expressions.push(axis_column.bound().typed.expr.alias(axis_id.clone()));
        let mut sources = Vec::new();
        let mut columns: Vec<Column> = keys.to_vec();
        for column in values {
            let text = self.apply(
                "bag_pack",
                vec![Typed::constant(Value::text("v"), KqlType::String), column.bound().typed],
                span,
            )?;
            let (source, id) = (self.id(), self.id());
            expressions.push(text.expr.alias(source.clone()));
            sources.push((source, id.clone()));
            columns.push(Column::plain(column.name.clone(), KqlType::Dynamic, id));
        }
        let out_axis = self.id();
        columns.push(Column::plain(axis_column.name.clone(), KqlType::Dynamic, out_axis.clone()));
        let plan = project(grouped.plan, expressions)?;
        let mut fields = Vec::new();
        for (column, id) in keys.iter().zip(&key_ids) {
            let field = plan.schema().field_with_unqualified_name(id)?.as_ref().clone();
            fields.push(field.with_name(column.id.clone()));
        }
        let operator = Series {
            keys: fields,
            key_ids,
            axis_id,
            axis_type: axis_column.ty,
            axis,
            sources,
            defaults,
            is_nonempty: is_nonempty && keys.is_empty(),
            out_axis,
            expansion: Arc::clone(&self.host.expansion),
        };
        let plan = OperatorNode::plan(Arc::new(operator), plan)?;
        Ok(Frame::new(plan, columns))
    }
}

/// Beginning, end and step of an axis.
struct AxisRange {
    from: Option<Bound>,
    to: Option<Bound>,
    step: Bound,
    /// The end belongs to it.
    is_inclusive: bool,
}

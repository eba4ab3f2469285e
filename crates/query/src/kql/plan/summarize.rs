//! `summarize`: groups, aggregates, and the names that their columns get.

use ::kql::Span;
use ::kql::syntax::{Argument, Call, Expr as Tree, NamedExpr, Target};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

use super::columns::{default_name, free_name, free_suffix, named_by};
use crate::kql::bind::{At, Bind, Binder, Bound, Env, Stop};
use crate::kql::frame::{Column, Frame, project, reference};
use crate::kql::functions::{self, Aggregate};
use crate::kql::types::Typed;

/// An aggregate of the engine, computed once under its own name.
#[derive(Clone, Debug)]
pub(crate) struct AggregateCall {
    id: String,
    expr: Expr,
}

/// A result column: its name, whether the query gave it, and its value.
pub(crate) struct Output {
    name: Option<String>,
    typed: Typed,
}

impl Output {
    pub(crate) fn new(name: impl Into<String>, typed: Typed) -> Self {
        Self { name: Some(name.into()), typed }
    }

    pub(crate) fn rename(&mut self, name: impl Into<String>) {
        self.name = Some(name.into());
    }
}

impl<'t> Binder<'t> {
    pub(super) fn summarize(
        &mut self,
        aggregates: &'t [NamedExpr],
        by: &'t [NamedExpr],
        mut input: Frame,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let mut keys: Vec<(Option<String>, Bound)> = Vec::new();
        let mut is_broken = false;
        for named in by {
            let bound = self.named_columns(named, &input, env);
            match self.recover(bound)? {
                Some(columns) => keys.extend(columns),
                None => is_broken = true,
            }
        }
        let key_names: Vec<String> = keys.iter().filter_map(|(name, _)| name.clone()).collect();
        let mut outputs = Vec::new();
        self.aggregates = Some(Vec::new());
        for named in aggregates {
            let output = self.outputs(named, &key_names, &input, env);
            match self.recover(output) {
                Ok(Some(output)) => outputs.extend(output),
                Ok(None) => is_broken = true,
                Err(stop) => {
                    self.aggregates = None;
                    return Err(stop);
                }
            }
        }
        let calls = self.aggregates.take().unwrap_or_default();
        if is_broken {
            return Err(Stop::Reported);
        }
        self.apply_windows(&mut input)?;
        let mut frame = self.grouped(input, keys, outputs, calls)?;
        // `arg_max(Timestamp, *)` takes second names along.
        if aggregates.iter().any(|named| has_star(&named.expr)) {
            super::union::add_aliases(&mut frame);
        }
        Ok(frame)
    }

    /// The columns of one item of `summarize`.
    pub(crate) fn outputs(
        &mut self,
        named: &'t NamedExpr,
        keys: &[String],
        input: &Frame,
        env: &Env<'t>,
    ) -> Bind<Vec<Output>> {
        let mut outputs = match &named.expr {
            Tree::Call(call) if env.get(&call.name.text).is_none() => match call.name.text.as_str() {
                "arg_max" | "argmax" | "arg_min" | "argmin" => self.extreme(call, keys, input, env)?,
                "take_any" | "any" | "anyif" | "take_anyif" => self.any(call, keys, input, env)?,
                "percentiles" => self.percentiles(call, input, env)?,
                _ => vec![self.output(&named.expr, input, env)?],
            },
            _ => vec![self.output(&named.expr, input, env)?],
        };
        match &named.target {
            None => {}
            Some(Target::Name(name)) => outputs[0].name = Some(name.text.clone()),
            Some(Target::Tuple(names)) => {
                if names.len() > outputs.len() {
                    let message = format!("There are {} names for {} columns.", names.len(), outputs.len());
                    return self.refuse("KQL128", named.span, message, "");
                }
                for (output, name) in outputs.iter_mut().zip(names) {
                    output.name = Some(name.text.clone());
                }
            }
        }
        Ok(outputs)
    }

    fn output(&mut self, tree: &'t Tree, input: &Frame, env: &Env<'t>) -> Bind<Output> {
        let typed = self.typed(tree, At::rows(env, input))?;
        let known: Vec<&str> = self.aggregates.iter().flatten().map(|aggregate| aggregate.id.as_str()).collect();
        let is_outside = typed.expr.column_refs().iter().any(|column| !known.contains(&column.name.as_str()));
        if is_outside {
            return self.refuse(
                "KQL127",
                tree.span(),
                "A column stands outside of an aggregate.",
                "Put it behind `by`, or into `take_any(…)`.",
            );
        }
        Ok(Output { name: aggregate_name(tree), typed })
    }

    /// A call that is an aggregate; `None` when it is not the name of one.
    pub(crate) fn aggregate_call(&mut self, call: &'t Call, at: At<'_, 't>) -> Bind<Option<Bound>> {
        let Some(aggregate) = functions::find_aggregate(&call.name.text) else { return Ok(None) };
        let Some(outer) = self.aggregates.take() else {
            return self.refuse(
                "KQL129",
                call.span,
                format!("`{}` is an aggregate.", call.name.text),
                "Use it in `summarize`, and not inside another aggregate.",
            );
        };
        let arguments = match call.arguments.as_slice() {
            [Argument { value: Tree::Star { .. }, .. }] => Ok(Vec::new()),
            arguments => self.arguments(arguments, at),
        };
        self.aggregates = Some(outer);
        let spans: Vec<Span> = call.arguments.iter().map(|argument| argument.value.span()).collect();
        let typed = self.aggregated(aggregate, arguments?, call.span, &spans)?;
        Ok(Some(Bound::of(typed)))
    }

    /// An aggregate over bound arguments: an expression over the results of the engine's aggregates.
    pub(crate) fn aggregated(
        &mut self,
        aggregate: &'static Aggregate,
        arguments: Vec<Typed>,
        span: Span,
        spans: &[Span],
    ) -> Bind<Typed> {
        let typed = match functions::call_aggregate(&self.context, aggregate, arguments) {
            Ok(typed) => typed,
            Err(error) => return self.refuse_call(&error, span, spans),
        };
        let expr = typed.expr.transform_up(|node| {
            if !matches!(node, Expr::AggregateFunction(_)) {
                return Ok(Transformed::no(node));
            }
            let known = self.aggregates.iter().flatten().find(|call| call.expr == node);
            let id = match known {
                Some(call) => call.id.clone(),
                None => {
                    let id = self.id();
                    let call = AggregateCall { id: id.clone(), expr: node };
                    self.aggregates.get_or_insert_default().push(call);
                    id
                }
            };
            Ok(Transformed::yes(reference(&id)))
        })?;
        Ok(Typed::new(expr.data, typed.ty))
    }

    /// `arg_max(x, a, *)`: the row's columns where `x` is largest.
    fn extreme(&mut self, call: &'t Call, keys: &[String], input: &Frame, env: &Env<'t>) -> Bind<Vec<Output>> {
        let canonical = if call.name.text.contains("max") { "arg_max" } else { "arg_min" };
        let Some((first, rest)) = call.arguments.split_first() else {
            return self.refuse("KQL120", call.span, format!("`{canonical}` takes at least one argument."), "");
        };
        let by = self.expr(&first.value, At::rows(env, input))?;
        let by_name = default_name(&first.value).unwrap_or_else(|| canonical.replace("arg_", "").to_owned() + "_");
        let mut wanted = self.row_columns(rest, keys, Some(&by_name), input, env)?;
        let mut arguments = vec![by.typed.clone()];
        arguments.extend(wanted.iter().map(|(_, typed)| typed.clone()));
        let Some(aggregate) = functions::find_aggregate(canonical) else {
            return self.refuse("KQL139", call.span, format!("`{canonical}` is not supported."), "");
        };
        let spans: Vec<Span> = call.arguments.iter().map(|argument| argument.value.span()).collect();
        let row = self.aggregated(aggregate, arguments, call.span, &spans)?;
        if let Some(old) = call.name.text.strip_prefix("arg").filter(|old| !old.starts_with('_')) {
            // The old spelling has names of its own: `max_a`, `max_a_b`.
            for (name, _) in &mut wanted {
                *name = format!("{old}_{by_name}_{name}");
            }
            wanted.insert(0, (format!("{old}_{by_name}"), by.typed));
        } else {
            wanted.insert(0, (by_name, by.typed));
        }
        Ok(fields(&row, wanted, 0))
    }

    /// Columns named one by one, or `*` for those that are no group key.
    fn row_columns(
        &mut self,
        arguments: &'t [Argument],
        keys: &[String],
        by: Option<&str>,
        input: &Frame,
        env: &Env<'t>,
    ) -> Bind<Vec<(String, Typed)>> {
        let mut columns: Vec<(String, Typed)> = Vec::new();
        for argument in arguments {
            if matches!(argument.value, Tree::Star { .. }) {
                for column in input.shown() {
                    let is_taken = keys.contains(&column.name)
                        || by == Some(column.name.as_str())
                        || columns.iter().any(|(name, _)| *name == column.name);
                    if !is_taken {
                        columns.push((column.name.clone(), column.bound().typed));
                    }
                }
                continue;
            }
            let typed = self.typed(&argument.value, At::rows(env, input))?;
            let name = default_name(&argument.value).unwrap_or_else(|| format!("arg{}", columns.len() + 1));
            columns.push((name, typed));
        }
        Ok(columns)
    }

    /// `take_any(a, b)`, `take_any(*)`: all from one row.
    fn any(&mut self, call: &'t Call, keys: &[String], input: &Frame, env: &Env<'t>) -> Bind<Vec<Output>> {
        let is_plain = call.arguments.len() <= 1
            && !matches!(call.arguments.first(), Some(argument) if matches!(argument.value, Tree::Star { .. }));
        let is_if = call.name.text.ends_with("if");
        let Some(aggregate) = functions::find_aggregate(&call.name.text).filter(|_| is_plain || is_if) else {
            let prefix = if call.name.text == "any" { "any_" } else { "" };
            let columns = self.row_columns(&call.arguments, keys, None, input, env)?;
            let Some(aggregate) = functions::find_aggregate("arg_min") else {
                return self.refuse("KQL139", call.span, "`take_any` is not supported.", "");
            };
            if columns.is_empty() {
                return self.refuse("KQL120", call.span, "`take_any` takes at least one column.", "");
            }
            // The values must be those of one row: of the one that is smallest as a whole.
            let values: Vec<Typed> = columns.iter().map(|(_, typed)| typed.clone()).collect();
            let mut arguments = vec![self.apply("pack_array", values.clone(), call.span)?];
            arguments.extend(values);
            let row = self.aggregated(aggregate, arguments, call.span, &[])?;
            let columns = columns.into_iter().map(|(name, typed)| (format!("{prefix}{name}"), typed)).collect();
            return Ok(fields(&row, columns, 1));
        };
        let outer = self.aggregates.take();
        let arguments = self.arguments(&call.arguments, At::rows(env, input));
        self.aggregates = outer;
        let typed = self.aggregated(aggregate, arguments?, call.span, &[])?;
        Ok(vec![Output { name: named_after(aggregate, call), typed }])
    }

    /// `percentiles(x, 50, 95)`: a column for each.
    fn percentiles(&mut self, call: &'t Call, input: &Frame, env: &Env<'t>) -> Bind<Vec<Output>> {
        let Some(aggregate) = functions::find_aggregate("percentile") else {
            return self.refuse("KQL139", call.span, "`percentiles` is not supported.", "");
        };
        let outer = self.aggregates.take();
        let arguments = self.arguments(&call.arguments, At::rows(env, input));
        self.aggregates = outer;
        let arguments = arguments?;
        let Some((value, percents)) = arguments.split_first().filter(|(_, percents)| !percents.is_empty()) else {
            return self.refuse("KQL120", call.span, "`percentiles` takes a value and percentages.", "");
        };
        let of = call.arguments.first().and_then(|argument| default_name(&argument.value)).unwrap_or_default();
        let mut outputs = Vec::with_capacity(percents.len());
        for percent in percents {
            let typed = self.aggregated(aggregate, vec![value.clone(), percent.clone()], call.span, &[])?;
            let shown = percent.constant.as_ref().map(|value| value.print().replace('.', "_")).unwrap_or_default();
            outputs.push(Output { name: Some(format!("percentile_{of}_{shown}")), typed });
        }
        Ok(outputs)
    }

    /// The groups and their aggregates as a frame: keys first.
    pub(crate) fn grouped(
        &mut self,
        input: Frame,
        keys: Vec<(Option<String>, Bound)>,
        outputs: Vec<Output>,
        calls: Vec<AggregateCall>,
    ) -> Bind<Frame> {
        let mut taken: Vec<String> = keys.iter().filter_map(|(name, _)| name.clone()).collect();
        taken.extend(outputs.iter().filter_map(|output| output.name.clone()));
        let mut names: Vec<String> = Vec::new();
        let mut group = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        for (name, bound) in &keys {
            let name = unique_name(name.clone(), &mut names, &mut taken);
            let (column, expr) = self.key_column(name, bound);
            group.push(expr);
            columns.push(column);
        }
        let mut aggregates: Vec<Expr> = calls.into_iter().map(|call| call.expr.alias(call.id)).collect();
        let inner = input.group.clone().map(|mut inner| {
            group.extend(inner.keys.iter().map(|key| reference(key)));
            for column in &mut inner.carried {
                let value = reference(&column.id);
                column.id = self.id();
                let first = datafusion::functions_aggregate::expr_fn::first_value(value, Vec::new());
                aggregates.push(first.alias(column.id.clone()));
            }
            inner
        });
        let mut expressions: Vec<Expr> = columns.iter().map(Column::raw).collect();
        for output in outputs {
            let name = unique_name(output.name, &mut names, &mut taken);
            let (column, expr) = self.compute(name, &Bound::of(output.typed));
            expressions.push(expr);
            columns.push(column);
        }
        let plan = match (group.is_empty(), aggregates.is_empty()) {
            (true, true) => LogicalPlanBuilder::from(input.plan).limit(0, Some(1))?.build()?,
            // Without aggregates this is `distinct`.
            (false, true) => {
                let plan = project(input.plan, group)?;
                LogicalPlanBuilder::from(plan).distinct()?.build()?
            }
            // DataFusion moves a filter without columns below an aggregate without groups, which then answers one row
            // where there must be none. It moves nothing below a limit.
            (true, false) => {
                LogicalPlanBuilder::from(input.plan).aggregate(group, aggregates)?.limit(0, Some(1))?.build()?
            }
            (false, false) => LogicalPlanBuilder::from(input.plan).aggregate(group, aggregates)?.build()?,
        };
        let mut frame = Frame::new(plan, columns);
        frame.group = inner;
        expressions.extend(frame.group_columns());
        frame.plan = project(std::mem::take(&mut frame.plan), expressions)?;
        Ok(frame)
    }
}

fn unique_name(name: Option<String>, names: &mut Vec<String>, taken: &mut Vec<String>) -> String {
    let name = match name {
        None => free_name("Column", taken),
        Some(name) if names.contains(&name) => free_suffix(&name, taken),
        Some(name) => name,
    };
    names.push(name.clone());
    name
}

/// The columns of a row that `arg_max` or `arg_min` found, the first of them at a place.
fn fields(row: &Typed, columns: Vec<(String, Typed)>, first: usize) -> Vec<Output> {
    let mut outputs = Vec::with_capacity(columns.len());
    for (idx, (name, typed)) in columns.into_iter().enumerate() {
        let place = format!("c{}", idx + first);
        let field = datafusion::functions::core::expr_ext::FieldAccessor::field(row.expr.clone(), place);
        outputs.push(Output { name: Some(name), typed: Typed::new(field, typed.ty) });
    }
    outputs
}

/// Whether an argument of a call is `*`.
fn has_star(tree: &Tree) -> bool {
    matches!(tree, Tree::Call(call) if call.arguments.iter().any(|argument| matches!(argument.value, Tree::Star { .. })))
}

/// The name of an aggregate's column: `count_`, `dcount_DeviceId`.
fn named_after(aggregate: &Aggregate, call: &Call) -> Option<String> {
    let arguments = &call.arguments;
    let of = arguments.first().and_then(|argument| default_name(&argument.value)).unwrap_or_default();
    let pattern = functions::aggregate_naming(&call.name.text).unwrap_or(aggregate.column_name);
    let mut name = pattern.replace("{}", &of);
    if aggregate.name == "percentile" {
        let percent = match arguments.get(1).map(|argument| &argument.value) {
            Some(Tree::Literal { literal, .. }) => crate::kql::bind::value_of(literal).print().replace('.', "_"),
            _ => String::new(),
        };
        name = format!("percentile_{of}_{percent}");
    }
    (!name.is_empty()).then_some(name)
}

/// The name of an expression of aggregates, when it is one aggregate or has that of its first argument.
fn aggregate_name(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Call(call) => match functions::find_aggregate(&call.name.text) {
            Some(aggregate) => named_after(aggregate, call),
            None => {
                let naming = functions::naming(&call.name.text)?;
                Some(named_by(naming, &aggregate_name(&call.arguments.first()?.value)?))
            }
        },
        other => default_name(other),
    }
}

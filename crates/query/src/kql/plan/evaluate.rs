//! `evaluate`: plugins whose columns depend on the data run their input first.

use std::collections::BTreeMap;

use ::kql::Span;
use ::kql::syntax::{Argument, Call, Evaluate, Expr as Tree, PluginSchema};
use datafusion::logical_expr::when;

use super::columns::free_suffix;
use super::summarize::Output;
use crate::kql::bind::{At, Bind, Binder, Bound, Env, of_json, type_of};
use crate::kql::frame::{Column, Frame, project};
use crate::kql::functions;
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::{Json, Value};
use crate::limits::{COLUMNS_MAX, HELD_ROWS_MAX};

/// The plugins of `evaluate`.
pub(crate) const PLUGINS: [&str; 5] = ["bag_unpack", "ipv4_lookup", "narrow", "pivot", "sliding_window_counts"];

impl<'t> Binder<'t> {
    pub(super) fn evaluate(
        &mut self,
        evaluate: &'t Evaluate,
        input: Option<Frame>,
        span: Span,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let call = &evaluate.call;
        let Some(input) = input else {
            return self.refuse(
                "KQL105",
                span,
                "The plugin needs rows to work on.",
                "Put a table and a pipe before it.",
            );
        };
        match call.name.text.as_str() {
            "bag_unpack" => self.bag_unpack(call, evaluate.schema.as_ref(), input, env),
            "pivot" => self.pivot(call, evaluate.schema.as_ref(), input, env),
            "narrow" => self.narrow(input, span),
            "ipv4_lookup" => self.ipv4_lookup(call, input, env),
            "sliding_window_counts" => self.sliding_window_counts(call, input, env),
            other => self.refuse(
                "KQL155",
                call.name.span,
                format!("The plugin `{other}` is not supported."),
                format!("There are `{}`.", PLUGINS.join("`, `")),
            ),
        }
    }

    /// Columns that the query declares behind the plugin, else those that the plugin's argument does.
    fn declared(&self, call: &'t Call, schema: Option<&'t PluginSchema>) -> Option<&'t PluginSchema> {
        let argument = call.arguments.iter().find_map(|argument| match &argument.value {
            Tree::SchemaOf { schema, .. } => Some(schema),
            _ => None,
        });
        schema.or(argument)
    }

    /// The rows now, so that their columns can depend on them.
    pub(crate) fn held(&mut self, frame: &Frame) -> Bind<Frame> {
        let mut expressions = Vec::new();
        let mut columns = Vec::new();
        for column in frame.columns.iter() {
            let id = self.id();
            expressions.push(column.bound().typed.expr.alias(id.clone()));
            columns.push(Column { is_alias: column.is_alias, ..Column::plain(column.name.clone(), column.ty, id) });
        }
        let plan = project(frame.plan.clone(), expressions)?;
        let batches = self.run(plan, HELD_ROWS_MAX)?;
        let plan = self.values(&columns, batches)?;
        Ok(Frame { order: frame.order, ..Frame::new(plan, columns) })
    }

    fn bag_unpack(
        &mut self,
        call: &'t Call,
        schema: Option<&'t PluginSchema>,
        input: Frame,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let Some(Tree::Name(bag)) = call.arguments.first().map(|argument| &argument.value) else {
            return self.refuse("KQL120", call.span, "`bag_unpack` takes a column.", "");
        };
        let prefix = match option_of(call, 1, "OutputColumnPrefix") {
            Some(Tree::SchemaOf { .. }) | None => String::new(),
            Some(tree) => self.constant(tree, At::nowhere(env))?.0.print(),
        };
        let conflict = match option_of(call, 2, "columnsConflict") {
            Some(Tree::SchemaOf { .. }) | None => "error".to_owned(),
            Some(tree) => self.constant(tree, At::nowhere(env))?.0.print(),
        };
        let ignored = match option_of(call, 3, "ignoredProperties") {
            Some(Tree::SchemaOf { .. }) | None => Vec::new(),
            Some(tree) => match self.constant(tree, At::nowhere(env))?.0 {
                Value::Dynamic(Json::Array(names)) => names.iter().map(|name| of_json(name).0.print()).collect(),
                _ => Vec::new(),
            },
        };
        let Some(column) = input.column(&bag.text).cloned() else {
            if input.is_open {
                return Ok(input);
            }
            return self.unknown_name(bag, At::rows(env, &input));
        };
        let mut properties: Vec<(String, KqlType)> = Vec::new();
        let mut frame = input;
        match self.declared(call, schema) {
            Some(declared) => {
                for wanted in &declared.columns {
                    let is_input = frame.column(&wanted.name.text).is_some() && wanted.name.text != bag.text;
                    if !is_input {
                        let name = wanted.name.text.strip_prefix(prefix.as_str()).unwrap_or(&wanted.name.text);
                        properties.push((name.to_owned(), type_of(wanted.data_type)));
                    }
                }
            }
            None if self.host.is_analysis || self.has_errors() => {
                frame.columns.retain(|other| other.name != bag.text);
                frame.is_open = true;
                return Ok(frame);
            }
            None => {
                frame = self.held(&frame)?;
                properties = self.properties_of(&frame, &bag.text)?;
            }
        }
        properties.retain(|(name, _)| !ignored.contains(name));
        let column = frame.column(&bag.text).cloned().unwrap_or(column);
        self.unpacked(call, frame, column, properties, &prefix, &conflict)
    }

    /// Names of the bags' properties in alphabetical order, each with the type that all its values have.
    fn properties_of(&mut self, frame: &Frame, name: &str) -> Bind<Vec<(String, KqlType)>> {
        let Some(column) = frame.column(name) else { return Ok(Vec::new()) };
        let bag = self.converted(column.bound().typed, KqlType::Dynamic, Span::default())?;
        let plan = project(frame.plan.clone(), vec![bag.expr.alias("bag")])?;
        let batches = self.run(plan, HELD_ROWS_MAX)?;
        let mut found: BTreeMap<String, Option<KqlType>> = BTreeMap::new();
        for batch in &batches {
            let bags = crate::kql::value::Column::new(batch.column(0), KqlType::Dynamic)?;
            for row_idx in 0..batch.num_rows() {
                let Value::Dynamic(Json::Object(properties)) = bags.value(row_idx) else { continue };
                for (name, json) in properties {
                    let ty = property_type(&json);
                    let known = found.entry(name).or_insert(ty);
                    *known = match (*known, ty) {
                        (Some(left), Some(right)) => Some(common_type(left, right)),
                        (left, right) => left.or(right),
                    };
                }
                if found.len() > COLUMNS_MAX {
                    let message = format!("The bags have more than {COLUMNS_MAX} properties (COLUMNS_MAX).");
                    return self.refuse(
                        "KQL184",
                        Span::default(),
                        message,
                        "Name the wanted ones behind the plugin: `: (a: string)`.",
                    );
                }
            }
        }
        Ok(found.into_iter().map(|(name, ty)| (name, ty.unwrap_or(KqlType::Dynamic))).collect())
    }

    fn unpacked(
        &mut self,
        call: &'t Call,
        mut frame: Frame,
        bag: Column,
        properties: Vec<(String, KqlType)>,
        prefix: &str,
        conflict: &str,
    ) -> Bind<Frame> {
        let value = self.converted(bag.bound().typed, KqlType::Dynamic, call.span)?;
        let mut columns: Vec<Column> = frame.columns.iter().filter(|column| column.name != bag.name).cloned().collect();
        let mut expressions = Vec::new();
        for (name, ty) in properties {
            let shown = format!("{prefix}{name}");
            let clash = columns.iter().position(|column| column.name == shown);
            if clash.is_some() && conflict == "error" {
                return self.refuse(
                    "KQL156",
                    call.span,
                    format!("A property and a column are both called `{shown}`."),
                    "Give a prefix as the second argument, or project the column away.",
                );
            }
            if clash.is_some() && conflict == "keep_source" {
                continue;
            }
            let key = Typed::constant(Value::Text(name), KqlType::String);
            let item = self.operator("[]", vec![value.clone(), key], call.span, &[])?;
            let typed = self.converted(item.typed, ty, call.span)?;
            let (column, expr) = self.compute(shown, &Bound::of(typed));
            expressions.push(expr);
            match clash {
                Some(idx) => columns[idx] = column,
                None => columns.push(column),
            }
        }
        frame.add(expressions)?;
        frame.columns = columns;
        self.check_width(&frame, call.span)?;
        Ok(frame)
    }

    /// A column for each value of one, with an aggregate of the rows that have it.
    fn pivot(&mut self, call: &'t Call, schema: Option<&'t PluginSchema>, input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let arguments: Vec<&'t Tree> = call
            .arguments
            .iter()
            .map(|argument| &argument.value)
            .filter(|tree| !matches!(tree, Tree::SchemaOf { .. }))
            .collect();
        let Some(Tree::Name(by)) = arguments.first() else {
            return self.refuse("KQL120", call.span, "`pivot` takes a column.", "");
        };
        let (aggregate, keys) = match arguments.get(1) {
            Some(Tree::Call(aggregate)) => (Some(aggregate), &arguments[2..]),
            _ => (None, &arguments[1..]),
        };
        if self.host.is_analysis || self.has_errors() {
            let declared = self.declared(call, schema).is_some();
            return Ok(Frame {
                is_open: true,
                columns: if declared { Vec::new() } else { input.columns.clone() },
                ..input
            });
        }
        let frame = self.held(&input)?;
        let Some(column) = frame.column(&by.text).cloned() else {
            return self.unknown_name(by, At::rows(env, &frame));
        };
        let mut used = std::collections::BTreeSet::from([by.text.clone()]);
        if let Some(aggregate) = aggregate {
            used.extend(
                aggregate.arguments.iter().filter_map(|argument| super::columns::default_name(&argument.value)),
            );
        }
        let mut group: Vec<(Option<String>, Bound)> = Vec::new();
        if keys.is_empty() {
            let rest = frame.shown().filter(|column| !used.contains(&column.name));
            group.extend(rest.map(|column| (Some(column.name.clone()), column.bound())));
        }
        for key in keys {
            group.push((super::columns::default_name(key), self.expr(key, At::rows(env, &frame))?));
        }
        let values = self.distinct_texts(&frame, &column)?;
        let mut taken: Vec<String> = group.iter().filter_map(|(name, _)| name.clone()).collect();
        let mut outputs = Vec::with_capacity(values.len());
        self.aggregates = Some(Vec::new());
        for value in values {
            let output = self.pivoted(aggregate, &column, &value, &frame, env);
            match output {
                Ok(typed) => {
                    let name = if taken.contains(&value) { free_suffix(&value, &mut taken) } else { value };
                    taken.push(name.clone());
                    outputs.push(Output::new(name, typed));
                }
                Err(stop) => {
                    self.aggregates = None;
                    return Err(stop);
                }
            }
        }
        let calls = self.aggregates.take().unwrap_or_default();
        let result = self.grouped(frame, group, outputs, calls)?;
        self.check_width(&result, call.span)?;
        Ok(result)
    }

    /// The different values of a column as text, sorted.
    fn distinct_texts(&mut self, frame: &Frame, column: &Column) -> Bind<Vec<String>> {
        let text = self.converted(column.bound().typed, KqlType::String, Span::default())?;
        let plan = project(frame.plan.clone(), vec![crate::kql::frame::not_null_text(text.expr).alias("text")])?;
        let plan = datafusion::logical_expr::LogicalPlanBuilder::from(plan).distinct()?.build()?;
        let batches = self.run(plan, COLUMNS_MAX)?;
        let mut texts = Vec::new();
        for batch in &batches {
            let array = crate::kql::value::Column::new(batch.column(0), KqlType::String)?;
            texts.extend((0..batch.num_rows()).map(|row_idx| array.text(row_idx).to_owned()));
        }
        texts.sort_unstable();
        Ok(texts)
    }

    /// The aggregate of the rows whose value is this one.
    fn pivoted(
        &mut self,
        aggregate: Option<&'t Call>,
        column: &Column,
        value: &str,
        frame: &Frame,
        env: &Env<'t>,
    ) -> Bind<Typed> {
        let span = aggregate.map_or(Span::default(), |call| call.span);
        let text = self.converted(column.bound().typed, KqlType::String, span)?;
        let value = Bound::of(Typed::constant(Value::text(value), KqlType::String));
        let is_here = self.compared(::kql::syntax::BinaryOp::Equal, &Bound::of(text), &value, span)?;
        let name = aggregate.map_or("count", |call| call.name.text.as_str());
        if name == "count" {
            let Some(entry) = functions::find_aggregate("countif") else {
                return self.refuse("KQL139", span, "`countif` is not supported.", "");
            };
            return self.aggregated(entry, vec![is_here], span, &[]);
        }
        let Some(entry) = functions::find_aggregate(name) else {
            return self.refuse("KQL103", span, format!("There is no aggregate `{name}`."), "");
        };
        let calls = self.aggregates.take();
        let arguments = aggregate.map(|call| self.arguments(&call.arguments, At::rows(env, frame)));
        self.aggregates = calls;
        let mut arguments = arguments.transpose()?.unwrap_or_default();
        if let Some(first) = arguments.first_mut() {
            let nothing = Self::null(first.ty).typed.expr;
            let expr = when(is_here.expr, first.expr.clone()).otherwise(nothing)?;
            *first = Typed::new(expr, first.ty);
        }
        self.aggregated(entry, arguments, span, &[])
    }

    /// A row for each cell: the row's number, the column, the value as text.
    fn narrow(&mut self, input: Frame, span: Span) -> Bind<Frame> {
        let mut arguments = Vec::new();
        for column in input.shown() {
            arguments.push(Typed::constant(Value::text(column.name.clone()), KqlType::String));
            arguments.push(column.bound().typed);
        }
        let bag = self.apply("bag_pack", arguments, span)?;
        self.cells(input, bag)
    }

    /// Rows of another table whose network holds an address.
    fn ipv4_lookup(&mut self, call: &'t Call, mut input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let arguments: Vec<&'t Tree> = call.arguments.iter().map(|argument| &argument.value).collect();
        let [table, source, key, rest @ ..] = arguments.as_slice() else {
            return self.refuse(
                "KQL120",
                call.span,
                "`ipv4_lookup` takes a table, an address and a column of networks.",
                "",
            );
        };
        let lookup = self.table(table, env)?;
        let lookup = self.renewed(&lookup)?;
        let address = self.typed(source, At::rows(env, &input))?;
        let network = self.typed(key, At::rows(env, &lookup))?;
        let mut keeps_all = false;
        let mut equal = Vec::new();
        for argument in rest {
            match argument {
                Tree::Name(name) if lookup.column(&name.text).is_some() && input.column(&name.text).is_some() => {
                    equal.push(name);
                }
                tree => keeps_all = self.constant(tree, At::nowhere(env))?.0.as_bool() == Some(true),
            }
        }
        let mut on = vec![self.apply("ipv4_is_in_range", vec![address, network], call.span)?.expr.is_true()];
        for name in equal {
            let (left, right) = (input.column(&name.text).cloned(), lookup.column(&name.text).cloned());
            if let (Some(left), Some(right)) = (left, right) {
                on.push(self.compared(::kql::syntax::BinaryOp::Equal, &left.bound(), &right.bound(), name.span)?.expr);
            }
        }
        let join_type =
            if keeps_all { datafusion::common::JoinType::Left } else { datafusion::common::JoinType::Inner };
        let plan = datafusion::logical_expr::LogicalPlanBuilder::from(std::mem::take(&mut input.plan))
            .join_on(lookup.plan.clone(), join_type, on)?
            .build()?;
        let mut taken: Vec<String> = input.columns.iter().map(|column| column.name.clone()).collect();
        let mut columns: Vec<Column> = input.shown().cloned().collect();
        for column in lookup.shown() {
            let is_clash = taken.contains(&column.name);
            let name = if is_clash { free_suffix(&column.name, &mut taken) } else { column.name.clone() };
            taken.push(name.clone());
            columns.push(Column { name, ..column.clone() });
        }
        Ok(Frame::new(plan, columns))
    }

    /// Refuses an argument that is missing.
    pub(super) fn argument(&mut self, call: &'t Call, idx: usize) -> Bind<&'t Tree> {
        match call.arguments.get(idx) {
            Some(argument) => Ok(&argument.value),
            None => {
                let message = format!("`{}` needs more than {} arguments.", call.name.text, call.arguments.len());
                self.refuse("KQL120", call.span, message, "")
            }
        }
    }
}

/// An argument by its name, else the one at its place when that has no name.
fn option_of<'t>(call: &'t Call, idx: usize, name: &str) -> Option<&'t Tree> {
    let has_name =
        |argument: &&Argument| argument.name.as_ref().is_some_and(|given| given.text.eq_ignore_ascii_case(name));
    let named = call.arguments.iter().find(has_name);
    let placed = call.arguments.get(idx).filter(|argument| argument.name.is_none());
    named.or(placed).map(|argument| &argument.value)
}

/// The type of a property's column; none of a null.
fn property_type(json: &Json) -> Option<KqlType> {
    match json {
        Json::Null => None,
        Json::String(text) if looks_like_time(text) => Some(KqlType::DateTime),
        Json::Array(_) | Json::Object(_) => Some(KqlType::Dynamic),
        other => Some(of_json(other).1),
    }
}

/// Times inside JSON are texts of this form: `2026-01-02T03:04:05Z`.
fn looks_like_time(text: &str) -> bool {
    text.len() >= 19 && text.as_bytes().get(10) == Some(&b'T') && crate::kql::value::parse_datetime(text).is_some()
}

fn common_type(left: KqlType, right: KqlType) -> KqlType {
    match (left, right) {
        (left, right) if left == right => left,
        (KqlType::Long, KqlType::Real) | (KqlType::Real, KqlType::Long) => KqlType::Real,
        (KqlType::DateTime, KqlType::String) | (KqlType::String, KqlType::DateTime) => KqlType::String,
        _ => KqlType::Dynamic,
    }
}

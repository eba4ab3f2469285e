//! `parse`, `parse-where`, `parse-kv`: columns out of a text.

use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{Column as TreeColumn, Expr as Tree, Parse, ParseKind, ParsePart, Property};

use super::parse_rows::{Method, Pairs, Parsing};
use crate::kql::bind::{At, Bind, Binder, Env, type_of};
use crate::kql::exec::OperatorNode;
use crate::kql::frame::{Column, Frame};
use crate::kql::types::KqlType;

impl<'t> Binder<'t> {
    pub(super) fn parse(
        &mut self,
        parse: &'t Parse,
        drops: bool,
        input: Frame,
        span: Span,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let kind = parse.kind.unwrap_or(ParseKind::Simple);
        let mut columns: Vec<Column> = Vec::new();
        let mut pattern = String::from("(?s)");
        if let Some(flags) = &parse.flags {
            let flags: String = flags.chars().filter(|flag| "imsU".contains(*flag)).collect();
            if !flags.is_empty() {
                pattern = format!("(?s{flags})");
            }
        }
        pattern.push_str("\\A");
        for (idx, part) in parse.pattern.iter().enumerate() {
            match part {
                ParsePart::Star { .. } => pattern.push_str(".*?"),
                ParsePart::Text(tree) => {
                    let (value, _) = self.constant(tree, At::nowhere(env))?;
                    match kind {
                        ParseKind::Regex => pattern.push_str(&format!("(?:{})", value.as_str())),
                        ParseKind::Simple | ParseKind::Relaxed => pattern.push_str(&regex::escape(value.as_str())),
                    }
                }
                ParsePart::Column { name, data_type } => {
                    let ty = data_type.map_or(KqlType::String, type_of);
                    let is_before_star = matches!(parse.pattern.get(idx + 1), Some(ParsePart::Star { .. }));
                    let inside = column_pattern(ty, kind == ParseKind::Relaxed && !is_before_star);
                    pattern.push_str(&format!("(?P<c{}>{inside})", columns.len()));
                    columns.push(Column::plain(name.text.clone(), ty, self.id()));
                }
            }
        }
        pattern.push_str("\\z");
        let regex = match crate::kql::functions::compile(&pattern) {
            Ok(regex) => regex,
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                return self.refuse("KQL152", span, format!("The pattern is not a regular expression: {why}."), "");
            }
        };
        let is_strict = kind != ParseKind::Relaxed;
        let method = Method::Pattern { regex, is_strict, drops };
        self.text_columns(&parse.expr, method, columns, input, env)
    }

    pub(super) fn parse_kv(
        &mut self,
        expr: &'t Tree,
        columns: &'t [TreeColumn],
        properties: &'t [Property],
        input: Frame,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let mut pairs = Pairs::default();
        for property in properties {
            let text = self.property_text(property, env);
            match property.name.text.as_str() {
                "pair_delimiter" => pairs.pair_delimiter = text,
                "kv_delimiter" => pairs.kv_delimiter = text,
                "quote" => pairs.quotes = text.chars().collect(),
                "escape" => pairs.escape = text.chars().next(),
                "greedy" => pairs.is_greedy = text.eq_ignore_ascii_case("true"),
                "regex" => match crate::kql::functions::compile(&text) {
                    Ok(regex) if regex.captures_len() >= 3 => pairs.regex = Some(regex),
                    _ => {
                        let message = "The expression must have two groups, for key and value.";
                        return self.refuse("KQL152", property.span, message, "");
                    }
                },
                other => {
                    let message = format!("`parse-kv` has no property `{other}`.");
                    return self.refuse("KQL153", property.span, message, "");
                }
            }
        }
        pairs.keys = columns.iter().map(|column| column.name.text.clone()).collect();
        let mut result = Vec::with_capacity(columns.len());
        for column in columns {
            result.push(Column::plain(column.name.text.clone(), type_of(column.data_type), self.id()));
        }
        self.text_columns(expr, Method::Pairs(pairs), result, input, env)
    }

    fn text_columns(
        &mut self,
        expr: &'t Tree,
        method: Method,
        columns: Vec<Column>,
        mut input: Frame,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let text = self.typed(expr, At::rows(env, &input))?;
        let text = self.converted(text, KqlType::String, expr.span())?;
        self.apply_windows(&mut input)?;
        let source = self.id();
        input.add(vec![text.expr.alias(source.clone())])?;
        let outputs = columns.iter().map(|column| (column.id.clone(), column.ty)).collect();
        let operator = Parsing { source, method, outputs };
        input.plan = OperatorNode::plan(Arc::new(operator), std::mem::take(&mut input.plan))?;
        for column in columns {
            input.put(column);
        }
        input.table = None;
        Ok(input)
    }
}

/// What a column of a type looks like. A number that is allowed to be something else is any text.
fn column_pattern(ty: KqlType, is_any: bool) -> &'static str {
    match ty {
        KqlType::Int | KqlType::Long if !is_any => r"\s*[+-]?\d+\s*?",
        KqlType::Real | KqlType::Decimal if !is_any => r"\s*[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*?",
        _ => ".*?",
    }
}

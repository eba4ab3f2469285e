//! `search` and `find`: rows of many tables that fulfil a predicate, about any column if need be.

use std::collections::BTreeSet;

use ::kql::Span;
use ::kql::syntax::{BinaryOp, Expr as Tree, Find, FindColumns, Literal, Search};

use super::union::Leg;
use crate::kql::bind::{At, Bind, Binder, Bound, Env, Stop, filtering, symbol, type_of};
use crate::kql::frame::{Column, Frame};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

impl<'t> Binder<'t> {
    pub(super) fn search(
        &mut self,
        search: &'t Search,
        input: Option<Frame>,
        span: Span,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let mut frame = match input {
            Some(input) => self.with_table(input)?,
            None => {
                self.check_tables(search.tables.len(), span)?;
                let legs = self.searched(&search.tables, env)?;
                self.union_of(legs, false, Some("$table".to_owned()), span)?
            }
        };
        let predicate = self.search_predicate(&search.predicate, search.is_case_sensitive, &frame, env)?;
        frame.filter(filtering(predicate.expr))?;
        Ok(frame)
    }

    /// The rows with the name of their table in front, "" when they are of none.
    fn with_table(&mut self, mut input: Frame) -> Bind<Frame> {
        if input.column("$table").is_some() {
            return Ok(input);
        }
        let name = Typed::constant(Value::text(input.table.clone().unwrap_or_default()), KqlType::String);
        let (column, expr) = self.compute("$table", &Bound::of(name));
        input.add(vec![expr])?;
        input.columns.insert(0, column);
        Ok(input)
    }

    /// The named tables, or all.
    fn searched(&mut self, tables: &'t [Tree], env: &Env<'t>) -> Bind<Vec<Leg>> {
        let mut legs = Vec::new();
        for tree in tables {
            legs.extend(self.legs(tree, legs.len(), env)?);
        }
        if tables.is_empty() {
            for table in schema::TABLES {
                let frame = self.stored_table(table)?;
                legs.push(Leg { name: table.name.to_owned(), frame });
            }
        }
        Ok(legs)
    }

    /// A predicate in which a text alone means "some column has it".
    fn search_predicate(&mut self, tree: &'t Tree, is_cs: bool, frame: &Frame, env: &Env<'t>) -> Bind<Typed> {
        match tree {
            Tree::Literal { literal: Literal::String { value, .. }, span } => {
                let (op, text) = term(value, is_cs);
                self.any_column(op, text, frame, *span)
            }
            Tree::And { operands, .. } | Tree::Or { operands, .. } => {
                let is_and = matches!(tree, Tree::And { .. });
                let mut all = Vec::with_capacity(operands.len());
                for operand in operands {
                    all.push(self.search_predicate(operand, is_cs, frame, env)?.expr);
                }
                Ok(Typed::new(crate::kql::bind::joined(all, is_and), KqlType::Bool))
            }
            Tree::Call(call) if call.name.text == "not" && call.arguments.len() == 1 => {
                let inner = self.search_predicate(&call.arguments[0].value, is_cs, frame, env)?;
                self.apply("not", vec![inner], call.span)
            }
            Tree::Binary { op: BinaryOp::Search, left, right, span, .. } => {
                let (value, _) = self.constant(right, At::rows(env, frame))?;
                let shown = value.print();
                let (op, text) = term(&shown, is_cs);
                if matches!(left.as_ref(), Tree::Star { .. }) {
                    return self.any_column(op, text, frame, *span);
                }
                let column = self.typed(left, At::rows(env, frame))?;
                self.column_has(op, &column, text, *span)
            }
            Tree::Binary { op, left, right, span, .. } if matches!(left.as_ref(), Tree::Star { .. }) => {
                let (value, _) = self.constant(right, At::rows(env, frame))?;
                self.any_column(*op, value.print(), frame, *span)
            }
            other => self.condition(other, At::rows(env, frame)),
        }
    }

    fn any_column(&mut self, op: BinaryOp, text: String, frame: &Frame, span: Span) -> Bind<Typed> {
        let mut any = Vec::new();
        for column in frame.shown() {
            if matches!(column.ty, KqlType::String | KqlType::Dynamic | KqlType::Guid) && column.name != "$table" {
                any.push(self.column_has(op, &column.bound().typed, text.clone(), span)?.expr);
            } else if let (KqlType::Int | KqlType::Long, Ok(number)) = (column.ty, text.parse::<i64>()) {
                let number = Bound::of(Typed::constant(Value::Long(number), KqlType::Long));
                any.push(self.compared(BinaryOp::Equal, &column.bound(), &number, span)?.expr);
            }
        }
        Ok(Typed::new(crate::kql::bind::joined(any, false), KqlType::Bool))
    }

    fn column_has(&mut self, op: BinaryOp, column: &Typed, text: String, span: Span) -> Bind<Typed> {
        let text = Typed::constant(Value::Text(text), KqlType::String);
        let column = match column.ty {
            KqlType::String => column.clone(),
            _ => self.converted(column.clone(), KqlType::String, span)?,
        };
        Ok(self.operator(symbol(op), vec![column, text], span, &[])?.typed)
    }

    pub(super) fn find(&mut self, find: &'t Find, input: Option<Frame>, span: Span, env: &Env<'t>) -> Bind<Frame> {
        let source = find.with_source.as_ref().map_or("source_", |name| name.text.as_str()).to_owned();
        let legs = match input {
            Some(frame) => vec![Leg { name: frame.table.clone().unwrap_or_default(), frame }],
            None => self.searched(&find.tables, env)?,
        };
        let mut common: Vec<String> = legs[0].frame.shown().map(|column| column.name.clone()).collect();
        common.retain(|name| legs.iter().all(|leg| leg.frame.column(name).is_some()));
        let mut frame = self.union_of(legs, false, Some(source.clone()), span)?;
        let predicate = self.search_predicate(&find.predicate, false, &frame, env)?;
        frame.filter(filtering(predicate.expr))?;
        match &find.columns {
            Some(FindColumns::Project { columns, packs_rest }) => {
                let mut wanted = vec![(source, None)];
                for (name, data_type) in columns {
                    if frame.column(&name.text).is_none() && !frame.is_open {
                        return self.unknown_name(name, At::rows(env, &frame));
                    }
                    wanted.push((name.text.clone(), data_type.map(type_of)));
                }
                self.found(frame, wanted, *packs_rest, find, span)
            }
            Some(FindColumns::Smart) | None => {
                let mut mentioned = BTreeSet::new();
                names_in(&find.predicate, &mut mentioned);
                let mut wanted = vec![(source.clone(), None)];
                for column in frame.shown() {
                    let is_wanted = mentioned.contains(&column.name) || common.contains(&column.name);
                    if is_wanted && column.name != source {
                        wanted.push((column.name.clone(), None));
                    }
                }
                self.found(frame, wanted, true, find, span)
            }
        }
    }

    /// The columns of `find`, the others as one bag.
    fn found(
        &mut self,
        frame: Frame,
        wanted: Vec<(String, Option<KqlType>)>,
        packs_rest: bool,
        find: &'t Find,
        span: Span,
    ) -> Bind<Frame> {
        let mut expressions = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        for (name, ty) in &wanted {
            let Some(column) = frame.column(name) else { continue };
            let mut bound = column.bound();
            if let Some(ty) = ty
                && *ty != column.ty
            {
                bound = Bound::of(self.converted(bound.typed, *ty, span)?);
            }
            let (column, expr) = self.compute(name.clone(), &bound);
            expressions.push(expr);
            columns.push(column);
        }
        if packs_rest {
            let mut arguments = Vec::new();
            for column in frame.shown().filter(|column| !wanted.iter().any(|(name, _)| *name == column.name)) {
                arguments.push(Typed::constant(Value::text(column.name.clone()), KqlType::String));
                arguments.push(column.bound().typed);
            }
            if !arguments.is_empty() {
                let bag = self.apply("bag_pack", arguments, span)?;
                let bag = self.apply("bag_without_empty", vec![bag], span)?;
                let (column, expr) = self.compute("pack_", &Bound::of(bag));
                expressions.push(expr);
                columns.push(column);
            }
        }
        let plan = crate::kql::frame::project(frame.plan, expressions)?;
        let mut result = Frame::new(plan, columns);
        result.columns.retain(|column| !find.project_away.iter().any(|pattern| pattern.matches(&column.name)));
        if result.columns.is_empty() {
            return Err(Stop::Reported);
        }
        Ok(result)
    }
}

/// `"abc"` is a term, `"abc*"` its beginning, `"*abc"` its end, `"*abc*"` any part.
fn term(text: &str, is_cs: bool) -> (BinaryOp, String) {
    let is_open = text.len() > 1 && text.starts_with('*');
    let goes_on = text.len() > 1 && text.ends_with('*');
    let inner = text.strip_prefix('*').filter(|_| is_open).unwrap_or(text);
    let inner = inner.strip_suffix('*').filter(|_| goes_on).unwrap_or(inner).to_owned();
    let op = match (is_open, goes_on, is_cs) {
        (true, true, false) => BinaryOp::Contains,
        (true, true, true) => BinaryOp::ContainsCs,
        (false, true, false) => BinaryOp::HasPrefix,
        (false, true, true) => BinaryOp::HasPrefixCs,
        (true, false, false) => BinaryOp::HasSuffix,
        (true, false, true) => BinaryOp::HasSuffixCs,
        (false, false, false) => BinaryOp::Has,
        (false, false, true) => BinaryOp::HasCs,
    };
    (op, inner)
}

/// Names that an expression mentions.
fn names_in(tree: &Tree, names: &mut BTreeSet<String>) {
    match tree {
        Tree::Name(name) => {
            names.insert(name.text.clone());
        }
        Tree::Call(call) => call.arguments.iter().for_each(|argument| names_in(&argument.value, names)),
        Tree::Member { base, .. } => names_in(base, names),
        Tree::Index { base, index, .. } => {
            names_in(base, names);
            names_in(index, names);
        }
        Tree::Unary { operand, .. } => names_in(operand, names),
        Tree::Binary { left, right, .. } => {
            names_in(left, names);
            names_in(right, names);
        }
        Tree::And { operands, .. } | Tree::Or { operands, .. } => {
            operands.iter().for_each(|operand| names_in(operand, names));
        }
        Tree::List { left, items, .. } => {
            names_in(left, names);
            items.iter().for_each(|item| names_in(item, names));
        }
        Tree::Between { value, low, high, .. } => {
            names_in(value, names);
            names_in(low, names);
            names_in(high, names);
        }
        _ => {}
    }
}

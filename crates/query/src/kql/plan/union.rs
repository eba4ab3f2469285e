//! `union`: rows of several tables under the columns of any or all of them.

use ::kql::Span;
use ::kql::syntax::{Expr as Tree, NamePattern, Union, UnionKind};
use datafusion::logical_expr::{Expr, LogicalPlan, Union as UnionPlan, lit};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

use crate::kql::bind::{Bind, Binder, Env, Stop};
use crate::kql::frame::{Column, Encoding, Frame, project};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;
use crate::limits::UNION_TABLES_MAX;

/// A table of a union and the name it goes by.
pub(crate) struct Leg {
    pub(crate) name: String,
    pub(crate) frame: Frame,
}

impl<'t> Binder<'t> {
    pub(super) fn union(&mut self, union: &'t Union, input: Option<Frame>, span: Span, env: &Env<'t>) -> Bind<Frame> {
        self.check_tables(union.tables.len(), span)?;
        let mut legs = Vec::new();
        if let Some(input) = input {
            let name = input.table.clone().unwrap_or_else(|| "union_arg0".to_owned());
            legs.push(Leg { name, frame: input });
        }
        let mut is_broken = false;
        for tree in &union.tables {
            let n_diagnostics = self.diagnostics.len();
            let found = self.legs(tree, legs.len(), env);
            match self.recover(found)? {
                Some(found) => legs.extend(found),
                None if union.is_fuzzy => self.forgive(n_diagnostics, tree.span()),
                None => is_broken = true,
            }
        }
        if is_broken {
            return Err(Stop::Reported);
        }
        if legs.is_empty() {
            return self.refuse("KQL144", span, "None of the tables exists.", "Name one that does.");
        }
        let source = union.with_source.as_ref().map(|name| name.text.clone());
        self.union_of(legs, union.kind == Some(UnionKind::Inner), source, span)
    }

    /// Refuses unions of too many tables.
    pub(crate) fn check_tables(&mut self, n_tables: usize, span: Span) -> Bind<()> {
        if n_tables <= UNION_TABLES_MAX {
            return Ok(());
        }
        let message = format!("{n_tables} tables are put together, more than {UNION_TABLES_MAX} (UNION_TABLES_MAX).");
        self.refuse("KQL185", span, message, "Name each table once.")
    }

    /// Errors about a table that a fuzzy union may leave out become warnings.
    fn forgive(&mut self, n_diagnostics: usize, span: Span) {
        let errors = self.diagnostics.split_off(n_diagnostics);
        let why = errors.first().map(|error| error.message.clone()).unwrap_or_default();
        self.warn("KQL145", span, format!("The table is left out: {why}"), "`isfuzzy=true` allows it.");
    }

    /// The tables that an item of a union, `search` or `find` means.
    pub(crate) fn legs(&mut self, tree: &'t Tree, n_before: usize, env: &Env<'t>) -> Bind<Vec<Leg>> {
        match tree {
            Tree::Pattern(pattern) => self.legs_of_pattern(pattern, env),
            Tree::Member { .. } | Tree::Name(_) => {
                let frame = self.table(tree, env)?;
                let name = match tree {
                    Tree::Name(name) => {
                        schema::tables::table(&name.text).map_or(name.text.as_str(), |table| table.name)
                    }
                    _ => "",
                };
                let name = if name.is_empty() { frame.table.clone().unwrap_or_default() } else { name.to_owned() };
                Ok(vec![Leg { name, frame }])
            }
            other => {
                let frame = self.table(other, env)?;
                Ok(vec![Leg { name: format!("union_arg{n_before}"), frame }])
            }
        }
    }

    fn legs_of_pattern(&mut self, pattern: &'t NamePattern, env: &Env<'t>) -> Bind<Vec<Leg>> {
        let mut legs = Vec::new();
        let mut names: Vec<String> = env
            .names()
            .into_iter()
            .filter(|name| pattern.matches(name) && env.is_table(name))
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        for name in names {
            let frame = self.named_table(&name, pattern.span, env)?;
            legs.push(Leg { name, frame });
        }
        for table in schema::TABLES.iter().filter(|table| pattern.matches(table.name)) {
            let frame = self.stored_table(table)?;
            legs.push(Leg { name: table.name.to_owned(), frame });
        }
        if legs.is_empty() {
            let message = format!("No table's name fits `{}`.", pattern.text);
            return self.refuse("KQL101", pattern.span, message, "The schema page lists the tables that are stored.");
        }
        Ok(legs)
    }

    /// The rows of all legs. A name with two types becomes two columns, `name_type`.
    pub(crate) fn union_of(
        &mut self,
        mut legs: Vec<Leg>,
        is_inner: bool,
        source: Option<String>,
        span: Span,
    ) -> Bind<Frame> {
        let has_aliases = legs.iter().all(|leg| leg.frame.columns.iter().any(|column| column.is_alias));
        let hidden = hidden_columns(&legs);
        let is_open = legs.iter().any(|leg| leg.frame.is_open);
        self.check_tables(legs.len(), span)?;
        for leg in &mut legs {
            let renewed = self.renewed(&leg.frame)?;
            leg.frame = renewed;
        }
        let mut columns = union_columns(&legs, is_inner);
        columns.extend(hidden);
        for column in &mut columns {
            column.id = self.id();
        }
        let source_column = source.map(|name| Column::plain(name, KqlType::String, self.id()));
        let mut plans = Vec::with_capacity(legs.len());
        for leg in legs {
            let mut expressions: Vec<Expr> = Vec::with_capacity(columns.len() + 1);
            if let Some(column) = &source_column {
                expressions.push(lit(leg.name.clone()).alias(column.id.clone()));
            }
            for column in &columns {
                expressions.push(value_in(&leg.frame, column).alias(column.id.clone()));
            }
            plans.push(Arc::new(project(leg.frame.plan, expressions)?));
        }
        let plan = match plans.len() {
            1 => plans.remove(0).as_ref().clone(),
            _ => LogicalPlan::Union(UnionPlan::try_new(plans)?),
        };
        let mut all: Vec<Column> = source_column.into_iter().collect();
        for column in columns {
            all.push(Column {
                name: column.name,
                ty: column.ty,
                id: column.id,
                encoding: column.encoding,
                is_alias: column.is_hidden,
            });
        }
        let mut frame = Frame { is_open, ..Frame::new(plan, all) };
        if has_aliases {
            add_aliases(&mut frame);
        }
        self.check_width(&frame, span)?;
        Ok(frame)
    }
}

/// Second names of columns that a stored table has.
pub(crate) fn add_aliases(frame: &mut Frame) {
    for (alias, name) in schema::tables::COLUMN_ALIASES {
        if let Some(column) = frame.column(name).cloned()
            && frame.column(alias).is_none()
        {
            frame.columns.push(Column { name: (*alias).to_owned(), is_alias: true, ..column });
        }
    }
}

/// A column of a union, and the name it has in the legs.
struct Shared {
    name: String,
    of: String,
    ty: KqlType,
    encoding: Encoding,
    id: String,
    /// A second name, or a column that only those see who name it.
    is_hidden: bool,
}

/// Columns that every leg has and that none shows, such as `Type`, and those of old names. Second names of columns that
/// the union shows are added to the finished frame.
fn hidden_columns(legs: &[Leg]) -> Vec<Shared> {
    let Some((first, others)) = legs.split_first() else { return Vec::new() };
    let mut hidden = Vec::new();
    for column in first.frame.columns.iter().filter(|column| column.is_alias) {
        let is_added = schema::tables::COLUMN_ALIASES.iter().any(|(alias, _)| *alias == column.name);
        let is_everywhere = others
            .iter()
            .all(|leg| leg.frame.column(&column.name).is_some_and(|other| other.is_alias && other.ty == column.ty));
        if is_everywhere && !is_added {
            let name = column.name.clone();
            let (ty, encoding) = (column.ty, Encoding::Plain);
            hidden.push(Shared { of: name.clone(), name, ty, encoding, id: String::new(), is_hidden: true });
        }
    }
    hidden
}

/// The union's columns in order of first appearance.
fn union_columns(legs: &[Leg], is_inner: bool) -> Vec<Shared> {
    let mut found: Vec<(String, KqlType, Encoding, usize)> = Vec::new();
    for leg in legs {
        for column in leg.frame.shown() {
            match found.iter_mut().find(|(name, ty, ..)| *name == column.name && *ty == column.ty) {
                Some((_, _, encoding, count)) => {
                    *count += 1;
                    if *encoding != column.encoding {
                        *encoding = Encoding::Plain;
                    }
                }
                None => found.push((column.name.clone(), column.ty, column.encoding, 1)),
            }
        }
    }
    if is_inner {
        found.retain(|(_, _, _, count)| *count == legs.len());
    }
    let mut shared = Vec::with_capacity(found.len());
    for (name, ty, encoding, _) in &found {
        let has_other_type = found.iter().any(|(other, other_type, ..)| other == name && other_type != ty);
        let shown = if has_other_type { format!("{name}_{}", ty.name()) } else { name.clone() };
        shared.push(Shared {
            name: shown,
            of: name.clone(),
            ty: *ty,
            encoding: *encoding,
            id: String::new(),
            is_hidden: false,
        });
    }
    shared
}

/// The column's value in a leg, its type's null where the leg does not have it.
fn value_in(frame: &Frame, shared: &Shared) -> Expr {
    let found = frame.columns.iter().find(|column| column.name == shared.of && column.ty == shared.ty);
    match (found, shared.encoding) {
        (Some(column), Encoding::Micros) => column.raw(),
        (Some(column), Encoding::Plain) => column.bound().typed.expr,
        (None, Encoding::Micros) => lit(ScalarValue::TimestampMicrosecond(None, Some("UTC".into()))),
        (None, Encoding::Plain) => Typed::constant(Value::null_of(shared.ty), shared.ty).expr,
    }
}

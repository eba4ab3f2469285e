//! `mv-expand`: a row for each member of an array or bag; and `mv-apply`, which runs a query over those of each row.

use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{Expr as Tree, MvApply, MvExpand, MvExpandItem, MvExpandKind, Name, NamedExpr, Target};

use super::columns::default_name;
use super::expand_rows::{Expand, Item};
use crate::kql::bind::{At, Bind, Binder, Bound, Env, type_of};
use crate::kql::exec::OperatorNode;
use crate::kql::frame::{Column, Frame, Group, RowOrder};
use crate::kql::types::KqlType;

/// What is expanded and how.
struct Wanted<'t> {
    items: &'t [MvExpandItem],
    is_array_kind: bool,
    item_index: Option<&'t Name>,
    limit: Option<&'t Tree>,
}

impl<'t> Binder<'t> {
    pub(super) fn mv_expand(&mut self, expand: &'t MvExpand, input: Frame, span: Span, env: &Env<'t>) -> Bind<Frame> {
        let wanted = Wanted {
            items: &expand.items,
            is_array_kind: expand.kind == Some(MvExpandKind::Array),
            item_index: expand.item_index.as_ref(),
            limit: expand.limit.as_ref(),
        };
        let (frame, _) = self.expanded(&wanted, input, span, env)?;
        Ok(frame)
    }

    /// The frame with its rows multiplied; with the names that the expanded columns have.
    fn expanded(
        &mut self,
        wanted: &Wanted<'t>,
        mut input: Frame,
        span: Span,
        env: &Env<'t>,
    ) -> Bind<(Frame, Vec<String>)> {
        let mut expressions = Vec::new();
        let mut items = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        for item in wanted.items {
            let bound = self.expr(&item.value.expr, At::rows(env, &input))?;
            let value = self.expandable(bound, &item.value)?;
            let name = match &item.value.target {
                Some(Target::Name(name)) => name.text.clone(),
                _ => default_name(&item.value.expr).unwrap_or_else(|| format!("Column{}", columns.len() + 1)),
            };
            let ty = item.to_type.map_or(KqlType::Dynamic, type_of);
            let (source, id) = (self.id(), self.id());
            expressions.push(value.typed.expr.alias(source.clone()));
            items.push(Item { source, id: id.clone(), ty });
            columns.push(Column::plain(name, ty, id));
        }
        let index = wanted.item_index.map(|name| Column::plain(name.text.clone(), KqlType::Long, self.id()));
        let limit = match wanted.limit {
            Some(limit) => self.count_of_rows(limit, env)?,
            None => usize::MAX,
        };
        self.apply_windows(&mut input)?;
        input.add(expressions)?;
        let operator = Expand {
            items,
            is_array_kind: wanted.is_array_kind,
            index: index.as_ref().map(|column| column.id.clone()),
            limit,
            expansion: Arc::clone(&self.host.expansion),
        };
        input.plan = OperatorNode::plan(Arc::new(operator), std::mem::take(&mut input.plan))?;
        columns.extend(index);
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        for column in columns {
            input.put(column);
        }
        input.table = None;
        self.check_width(&input, span)?;
        Ok((input, names))
    }

    /// A dynamic; a string is read as JSON.
    fn expandable(&mut self, bound: Bound, item: &'t NamedExpr) -> Bind<Bound> {
        match bound.typed.ty {
            KqlType::Dynamic => Ok(bound),
            KqlType::String => {
                self.warn(
                    "KQL149",
                    item.span,
                    "A string is expanded as the JSON that it holds.",
                    "Wrap it in `todynamic(…)` to say so.",
                );
                Ok(Bound::of(self.converted(bound.typed, KqlType::Dynamic, item.span)?))
            }
            other => {
                let message = format!("Only dynamic values can be expanded, not {other}.");
                self.refuse("KQL149", item.span, message, "")
            }
        }
    }

    pub(super) fn mv_apply(&mut self, apply: &'t MvApply, mut input: Frame, span: Span, env: &Env<'t>) -> Bind<Frame> {
        if input.group.is_some() {
            return self.not_in_group(span, "mv-apply");
        }
        // A number for each row: what is expanded from a row is a group.
        let row = self.id();
        let operator = super::expand_rows::Number { id: row.clone() };
        input.plan = OperatorNode::plan(Arc::new(operator), std::mem::take(&mut input.plan))?;
        let before: Vec<Column> = input.shown().cloned().collect();
        let wanted = Wanted {
            items: &apply.items,
            is_array_kind: false,
            item_index: apply.item_index.as_ref(),
            limit: apply.limit.as_ref(),
        };
        let (mut expanded, names) = self.expanded(&wanted, input, span, env)?;
        let carried: Vec<Column> = before.into_iter().filter(|column| !names.contains(&column.name)).collect();
        expanded.group = Some(Group { keys: vec![row], carried });
        expanded.order = RowOrder::Serialized;
        let result = self.pipeline(&apply.on, Some(expanded), env)?;
        Ok(with_carried(result))
    }

    /// For operators that work on whole tables.
    pub(crate) fn not_in_group<T>(&mut self, span: Span, name: &str) -> Bind<T> {
        self.refuse(
            "KQL151",
            span,
            format!("`{name}` is not supported inside `mv-apply` and `partition`."),
            "Do it before or after.",
        )
    }
}

/// The columns of the outer row, then those that the inner query added.
pub(super) fn with_carried(mut frame: Frame) -> Frame {
    let Some(group) = frame.group.take() else { return frame };
    let mut columns = group.carried;
    for column in frame.columns {
        match columns.iter().position(|other| other.name == column.name) {
            // The inner query's value of a name counts.
            Some(idx) => columns[idx] = column,
            None => columns.push(column),
        }
    }
    frame.columns = columns;
    frame.order = RowOrder::None;
    frame
}

impl Frame {
    /// Puts a column in the place of the one with its name, or at the end.
    pub(crate) fn put(&mut self, column: Column) {
        // A column of its own takes the place of a second name.
        self.columns.retain(|other| !(other.is_alias && other.name == column.name));
        match self.columns.iter().position(|other| other.name == column.name) {
            Some(idx) => self.columns[idx] = column,
            None => {
                let end = self.columns.iter().position(|other| other.is_alias).unwrap_or(self.columns.len());
                self.columns.insert(end, column);
            }
        }
    }
}

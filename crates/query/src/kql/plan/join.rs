//! `join` in all its kinds, and `lookup`.

use std::collections::HashSet;
use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{BinaryOp, Expr as Tree, Join, JoinCondition, JoinKind, Name};
use datafusion::common::JoinType;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

use super::columns::free_suffix;
use super::simple::key;
use super::take::FirstPerKey;
use crate::kql::bind::{Bind, Binder, Bound, Env, Stop};
use crate::kql::exec::OperatorNode;
use crate::kql::frame::{Column, Frame, reference};
use crate::kql::types::KqlType;

/// A pair of columns that must be equal.
struct Pair {
    left: Column,
    right: Column,
    span: Span,
}

impl<'t> Binder<'t> {
    pub(super) fn join(
        &mut self,
        join: &'t Join,
        is_lookup: bool,
        left: Frame,
        span: Span,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let kind = join.kind.unwrap_or(if is_lookup { JoinKind::LeftOuter } else { JoinKind::InnerUnique });
        let right = self.beside(|binder| binder.table(&join.right, env))?;
        let mut left = if shares_ids(&left, &right) { self.renewed(&left)? } else { left };
        let mut right = right;
        let mut pairs = Vec::new();
        let mut is_broken = false;
        for condition in &join.on {
            let found = self.pairs(condition, &left, &right, &mut pairs);
            is_broken |= self.recover(found)?.is_none();
        }
        if is_broken {
            return Err(Stop::Reported);
        }
        if pairs.is_empty() && !(left.is_open || right.is_open) {
            return self.refuse("KQL141", span, "A join needs columns to join on.", "Write `on Column`.");
        }
        let keys = self.join_keys(&mut left, &mut right, &pairs)?;
        if kind == JoinKind::InnerUnique {
            let keys = keys.iter().map(|(left, _)| left.clone()).collect();
            let operator = FirstPerKey { keys, n_rows: 1, keeps_null: false };
            left.plan = OperatorNode::plan(Arc::new(operator), std::mem::take(&mut left.plan))?;
        }
        let mut builder = LogicalPlanBuilder::from(std::mem::take(&mut left.plan));
        let left_keys: Vec<Expr> = keys.iter().map(|(left, _)| reference(left)).collect();
        let right_keys: Vec<Expr> = keys.iter().map(|(_, right)| reference(right)).collect();
        builder = builder.join_with_expr_keys(right.plan.clone(), join_type(kind), (left_keys, right_keys), None)?;
        let plan = builder.build()?;
        let columns = match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => left.columns.clone(),
            JoinKind::RightSemi | JoinKind::RightAnti => right.columns.clone(),
            _ => joined_columns(&left, &right, &pairs, is_lookup),
        };
        let mut frame = Frame { is_open: left.is_open || right.is_open, ..Frame::new(plan, columns) };
        self.check_width(&frame, span)?;
        frame.trim()?;
        Ok(frame)
    }

    /// The columns of one condition.
    fn pairs(&mut self, condition: &'t JoinCondition, left: &Frame, right: &Frame, pairs: &mut Vec<Pair>) -> Bind<()> {
        match condition {
            JoinCondition::Column(name) => {
                let pair = Pair {
                    left: self.side(name, left, "left")?,
                    right: self.side(name, right, "right")?,
                    span: name.span,
                };
                pairs.push(pair);
                Ok(())
            }
            JoinCondition::Expr(tree) => self.pairs_of_expr(tree, left, right, pairs),
        }
    }

    fn pairs_of_expr(&mut self, tree: &'t Tree, left: &Frame, right: &Frame, pairs: &mut Vec<Pair>) -> Bind<()> {
        match tree {
            Tree::And { operands, .. } => {
                for operand in operands {
                    self.pairs_of_expr(operand, left, right, pairs)?;
                }
                Ok(())
            }
            Tree::Name(name) => {
                let pair = Pair {
                    left: self.side(name, left, "left")?,
                    right: self.side(name, right, "right")?,
                    span: name.span,
                };
                pairs.push(pair);
                Ok(())
            }
            Tree::Binary { op: BinaryOp::Equal, left: first, right: second, span, .. } => {
                match (sided(first), sided(second)) {
                    (Some((true, first)), Some((false, second))) | (Some((false, second)), Some((true, first))) => {
                        let pair = Pair {
                            left: self.side(first, left, "left")?,
                            right: self.side(second, right, "right")?,
                            span: *span,
                        };
                        pairs.push(pair);
                        Ok(())
                    }
                    _ => self.refuse_condition(*span),
                }
            }
            other => self.refuse_condition(other.span()),
        }
    }

    fn refuse_condition<T>(&mut self, span: Span) -> Bind<T> {
        self.refuse(
            "KQL142",
            span,
            "A join compares a column of the left side with one of the right side, with `==`.",
            "Write `$left.a == $right.b`; compute what is more than a column in an `extend` first.",
        )
    }

    fn side(&mut self, name: &Name, frame: &Frame, side: &str) -> Bind<Column> {
        if let Some(column) = frame.column(&name.text) {
            return Ok(column.clone());
        }
        if frame.is_open {
            return Err(Stop::Reported);
        }
        let names: Vec<&str> = frame.columns.iter().map(|column| column.name.as_str()).collect();
        let hint = crate::kql::bind::hint(&name.text, names, "`getschema` lists the columns of a table.");
        self.refuse("KQL102", name.span, format!("The {side} side has no column `{}`.", name.text), hint)
    }

    /// Adds the keys to both plans in the same form; gives their names.
    fn join_keys(&mut self, left: &mut Frame, right: &mut Frame, pairs: &[Pair]) -> Bind<Vec<(String, String)>> {
        let mut keys = Vec::with_capacity(pairs.len());
        let mut left_expressions = Vec::new();
        let mut right_expressions = Vec::new();
        for pair in pairs {
            let ty = match common_key(pair.left.ty, pair.right.ty) {
                Some(ty) => ty,
                None => {
                    let message = format!("A {} cannot be joined with a {}.", pair.left.ty, pair.right.ty);
                    return self.refuse("KQL143", pair.span, message, "Convert one of them in an `extend` first.");
                }
            };
            let left_bound = self.key_of(&pair.left, ty, pair)?;
            let right_bound = self.key_of(&pair.right, ty, pair)?;
            let (left_id, right_id) = (self.id(), self.id());
            left_expressions.push(left_bound.alias(left_id.clone()));
            right_expressions.push(right_bound.alias(right_id.clone()));
            keys.push((left_id, right_id));
        }
        left.add(left_expressions)?;
        right.add(right_expressions)?;
        Ok(keys)
    }

    fn key_of(&mut self, column: &Column, ty: KqlType, pair: &Pair) -> Bind<Expr> {
        let bound = column.bound();
        let both_stored = pair.left.encoding == pair.right.encoding;
        if column.ty != ty || bound.stored.is_some() && !both_stored {
            let typed = self.converted(bound.typed, ty, pair.span)?;
            return Ok(key(&Bound::of(typed)));
        }
        Ok(key(&bound))
    }
}

/// `$left.x` or `$right.x`: whether it is left, and the column.
fn sided(tree: &Tree) -> Option<(bool, &Name)> {
    let (base, name) = match tree {
        Tree::Member { base, name, .. } => (base.as_ref(), name),
        _ => return None,
    };
    match base {
        Tree::Name(side) if side.text == "$left" => Some((true, name)),
        Tree::Name(side) if side.text == "$right" => Some((false, name)),
        _ => None,
    }
}

/// The type in which keys are compared.
fn common_key(left: KqlType, right: KqlType) -> Option<KqlType> {
    if left == right {
        return Some(left);
    }
    match (left, right) {
        (left, right) if left.is_numeric() && right.is_numeric() => Some(match (left, right) {
            (KqlType::Int | KqlType::Long, KqlType::Int | KqlType::Long) => KqlType::Long,
            _ => KqlType::Real,
        }),
        (KqlType::Dynamic, other) | (other, KqlType::Dynamic) => Some(other),
        (KqlType::Guid, KqlType::String) | (KqlType::String, KqlType::Guid) => Some(KqlType::String),
        _ => None,
    }
}

fn join_type(kind: JoinKind) -> JoinType {
    match kind {
        JoinKind::InnerUnique | JoinKind::Inner => JoinType::Inner,
        JoinKind::LeftOuter => JoinType::Left,
        JoinKind::RightOuter => JoinType::Right,
        JoinKind::FullOuter => JoinType::Full,
        JoinKind::LeftSemi => JoinType::LeftSemi,
        JoinKind::RightSemi => JoinType::RightSemi,
        JoinKind::LeftAnti => JoinType::LeftAnti,
        JoinKind::RightAnti => JoinType::RightAnti,
    }
}

fn shares_ids(left: &Frame, right: &Frame) -> bool {
    let ids: HashSet<&str> = left.plan.schema().fields().iter().map(|field| field.name().as_str()).collect();
    right.plan.schema().fields().iter().any(|field| ids.contains(field.name().as_str()))
}

/// Left columns, then right ones; a right one whose name is taken gets a number. `lookup` leaves the right keys out.
fn joined_columns(left: &Frame, right: &Frame, pairs: &[Pair], is_lookup: bool) -> Vec<Column> {
    let mut columns: Vec<Column> = left.shown().cloned().collect();
    let mut taken: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    taken.extend(right.shown().map(|column| column.name.clone()));
    let left_names: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    for column in right.shown() {
        if is_lookup && pairs.iter().any(|pair| pair.right.id == column.id) {
            continue;
        }
        let name = match left_names.contains(&column.name) {
            true => free_suffix(&column.name, &mut taken),
            false => column.name.clone(),
        };
        columns.push(Column { name, ..column.clone() });
    }
    for column in left.columns.iter().filter(|column| column.is_alias) {
        if !columns.iter().any(|other| other.name == column.name) {
            columns.push(column.clone());
        }
    }
    for column in right.columns.iter().filter(|column| column.is_alias) {
        // The second name of a column goes the way of the column: `TimeGenerated1` beside `Timestamp1`.
        let name = match columns.iter().any(|other| other.name == column.name) {
            true => free_suffix(&column.name, &mut taken),
            false => column.name.clone(),
        };
        columns.push(Column { name, ..column.clone() });
    }
    columns
}

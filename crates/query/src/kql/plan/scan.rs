//! `scan`: steps that rows must match one after the other.

use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{Expr as Tree, Name, Scan, ScanOutput, ScanStep, Target};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, SortExpr};

use super::scan_rows::{Compiled, Place, ScanRows, Step};
use crate::kql::bind::{At, Bind, Binder, Env, type_of};
use crate::kql::exec::{OperatorNode, schema_of};
use crate::kql::frame::{Column, Frame, RowOrder, project, reference};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

/// What stands between the name of a step and that of its column; no name of a query has it.
const BETWEEN: char = '\u{0}';

/// The name under which an expression of `scan` finds a column of a step.
pub(crate) fn column_of_step(step: &str, column: &str) -> String {
    format!("{step}{BETWEEN}{column}")
}

impl<'t> Binder<'t> {
    pub(super) fn scan(&mut self, scan: &'t Scan, input: Frame, span: Span, env: &Env<'t>) -> Bind<Frame> {
        let mut input = self.scan_order(scan, input, span, env)?;
        let mut partition = Vec::new();
        for key in &scan.partition_by {
            let typed = self.typed(&key.expr, At::rows(env, &input))?;
            let id = self.id();
            input.add(vec![typed.expr.alias(id.clone())])?;
            partition.push((id, typed.ty));
        }
        let mut row = self.scan_input(&mut input, &partition)?;
        let n_input = row.len();
        let mut defaults: Vec<Value> = row.iter().map(|column| Value::null_of(column.ty)).collect();
        for column in &scan.declare {
            let ty = type_of(column.data_type);
            if row.iter().any(|known| known.name == column.name.text) {
                let message = format!("There is a column `{}` already.", column.name.text);
                return self.refuse("KQL142", column.span, message, "Declare it under another name.");
            }
            defaults.push(match &column.default {
                Some(tree) => {
                    let typed = self.typed_as(tree, ty, At::nowhere(env))?;
                    typed.constant.unwrap_or_else(|| Value::null_of(ty))
                }
                None => Value::null_of(ty),
            });
            row.push(Column::plain(column.name.text.clone(), ty, self.id()));
        }
        let steps = self.scan_steps(scan, &row, env)?;
        let mut reads: Vec<(String, KqlType)> =
            row[..n_input].iter().map(|column| (column.id.clone(), column.ty)).collect();
        reads.extend(partition.iter().cloned());
        let mut columns: Vec<Column> = Vec::new();
        for column in &row {
            columns
                .push(Column { is_alias: column.is_alias, ..Column::plain(column.name.clone(), column.ty, self.id()) });
        }
        let mut outputs: Vec<(String, KqlType)> = columns.iter().map(|column| (column.id.clone(), column.ty)).collect();
        let match_id = scan.match_id.as_ref().map(|name| Column::plain(name.text.clone(), KqlType::Long, self.id()));
        outputs.extend(match_id.iter().map(|column| (column.id.clone(), column.ty)));
        columns.extend(match_id);
        let operator = ScanRows { reads, n_input, outputs, has_match_id: scan.match_id.is_some(), defaults, steps };
        let plan = OperatorNode::plan(Arc::new(operator), input.plan)?;
        Ok(Frame { order: RowOrder::Serialized, ..Frame::new(plan, columns) })
    }

    /// The rows in order; each partition's rows need not stand together.
    fn scan_order(&mut self, scan: &'t Scan, mut input: Frame, span: Span, env: &Env<'t>) -> Bind<Frame> {
        if scan.order_by.is_empty() {
            if input.order == RowOrder::None {
                return self.refuse(
                    "KQL150",
                    span,
                    "`scan` needs rows in order.",
                    "Put `sort by …` or `serialize` before it, or `order by` into it.",
                );
            }
            return Ok(input);
        }
        let mut keys = Vec::new();
        let mut added = Vec::new();
        for ordered in &scan.order_by {
            let typed = self.typed(&ordered.expr.expr, At::rows(env, &input))?;
            let is_ascending = ordered.order == Some(::kql::syntax::SortOrder::Ascending);
            let id = self.id();
            added.push(typed.expr.alias(id.clone()));
            keys.push(SortExpr::new(reference(&id), is_ascending, is_ascending));
        }
        input.add(added)?;
        input.plan = LogicalPlanBuilder::from(std::mem::take(&mut input.plan)).sort(keys)?.build()?;
        input.order = RowOrder::Sorted;
        Ok(input)
    }

    /// The columns in plain form, and with them the keys of partitions.
    fn scan_input(&mut self, input: &mut Frame, partition: &[(String, KqlType)]) -> Bind<Vec<Column>> {
        let mut expressions = Vec::new();
        let mut row = Vec::new();
        for column in input.columns.clone() {
            let id = self.id();
            expressions.push(column.bound().typed.expr.alias(id.clone()));
            row.push(Column { is_alias: column.is_alias, ..Column::plain(column.name, column.ty, id) });
        }
        expressions.extend(partition.iter().map(|(id, _)| reference(id)));
        input.plan = project(std::mem::take(&mut input.plan), expressions)?;
        Ok(row)
    }

    fn scan_steps(&mut self, scan: &'t Scan, row: &[Column], env: &Env<'t>) -> Bind<Vec<Step>> {
        // What an expression sees: the row, and the row of each step.
        let mut places: Vec<(String, KqlType, Place)> = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        for (column_idx, column) in row.iter().enumerate() {
            places.push((column.id.clone(), column.ty, Place::Row(column_idx)));
            columns.push(column.clone());
        }
        for (step_idx, step) in scan.steps.iter().enumerate() {
            for (column_idx, column) in row.iter().enumerate() {
                let id = self.id();
                places.push((id.clone(), column.ty, Place::Step(step_idx, column_idx)));
                let name = column_of_step(&step.name.text, &column.name);
                columns.push(Column { is_alias: true, ..Column::plain(name, column.ty, id) });
            }
        }
        let plan = LogicalPlanBuilder::empty(false).build()?;
        let mut seen = Frame::new(plan, columns);
        seen.order = RowOrder::None;
        let mut steps = Vec::new();
        for step in &scan.steps {
            steps.push(self.scan_step(step, row, &seen, &places, env)?);
        }
        Ok(steps)
    }

    fn scan_step(
        &mut self,
        step: &'t ScanStep,
        row: &[Column],
        seen: &Frame,
        places: &[(String, KqlType, Place)],
        env: &Env<'t>,
    ) -> Bind<Step> {
        let condition = self.condition(&step.condition, At::rows(env, seen))?;
        let condition = self.compiled(condition, places)?;
        let mut assignments = Vec::new();
        for assignment in &step.assignments {
            let Some(Target::Name(Name { text, span })) = &assignment.target else {
                return self.refuse("KQL146", assignment.span, "An assignment of `scan` is `column = value`.", "");
            };
            let Some(column_idx) = row.iter().position(|column| column.name == *text) else {
                let message = format!("`{text}` is no column of the rows and not declared.");
                return self.refuse("KQL102", *span, message, "Write `scan declare (name: type) with …`.");
            };
            let typed = self.typed_as(&assignment.expr, row[column_idx].ty, At::rows(env, seen))?;
            assignments.push((column_idx, self.compiled(typed, places)?));
        }
        let output = step.output.unwrap_or(ScanOutput::All);
        Ok(Step { condition, assignments, is_optional: step.is_optional, output })
    }

    /// An expression that can be evaluated for one row.
    fn compiled(&mut self, typed: Typed, places: &[(String, KqlType, Place)]) -> Bind<Compiled> {
        let names: Vec<String> = typed.expr.column_refs().into_iter().map(|column| column.name.clone()).collect();
        let used: Vec<(String, KqlType, Place)> =
            places.iter().filter(|(id, _, _)| names.contains(id)).cloned().collect();
        let fields: Vec<(String, KqlType)> = used.iter().map(|(id, ty, _)| (id.clone(), *ty)).collect();
        let schema = Arc::new(schema_of(&fields));
        let known = DFSchema::try_from(schema.as_ref().clone())?;
        let text = typed.expr.to_string();
        let expr: Expr = typed.expr;
        let physical = self.host.state.create_physical_expr(expr, &known)?;
        let sources = used.into_iter().map(|(_, ty, place)| (place, ty)).collect();
        Ok(Compiled { physical, schema, sources, ty: typed.ty, text })
    }

    /// `step.column` inside `scan`.
    pub(crate) fn step_column(&self, base: &Tree, name: &Name, at: At<'_, 't>) -> Option<Column> {
        let Tree::Name(step) = base else { return None };
        at.rows?.column(&column_of_step(&step.text, &name.text)).cloned()
    }
}

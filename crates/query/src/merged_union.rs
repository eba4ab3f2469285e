//! One scan for a union of event tables. They are views of one physical table, so `union A, B | where f` is one scan
//! with `EventTable == A and f or EventTable == B and f`: what the tables have in common is read once.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::utils::{conjunction, disjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Case, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, TableScan, Union, lit,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;

use crate::kql::is_event_source;

/// Makes one scan of unions of event tables.
#[derive(Debug)]
pub(crate) struct MergedUnion;

impl OptimizerRule for MergedUnion {
    fn name(&self) -> &str {
        "merged_union"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Union(union) = &plan else { return Ok(Transformed::no(plan)) };
        let mut legs = Vec::with_capacity(union.inputs.len());
        for input in &union.inputs {
            let Some(leg) = Leg::of(input) else { return Ok(Transformed::no(plan)) };
            legs.push(leg);
        }
        let tables: BTreeSet<&str> = legs.iter().map(|leg| leg.table.as_str()).collect();
        if tables.len() != legs.len() || legs.len() < 2 {
            // Rows of a table that is named twice come twice.
            return Ok(Transformed::no(plan));
        }
        Ok(Transformed::yes(merged(union, &legs)?))
    }
}

/// A table of the union.
struct Leg<'p> {
    scan: &'p TableScan,
    /// Value of `EventTable`.
    table: String,
    /// All conditions, the one on `EventTable` too; all must be fulfilled.
    conditions: Vec<Expr>,
    outputs: Vec<Expr>,
}

impl<'p> Leg<'p> {
    /// `None` when the plan is not a projection of filtered rows of one event table.
    fn of(plan: &'p LogicalPlan) -> Option<Self> {
        let (outputs, below) = match plan {
            LogicalPlan::Projection(projection) => (Some(projection.expr.clone()), projection.input.as_ref()),
            other => (None, other),
        };
        let (mut conditions, below) = match below {
            LogicalPlan::Filter(filter) => (split_conjunction_owned(filter.predicate.clone()), filter.input.as_ref()),
            other => (Vec::new(), other),
        };
        let LogicalPlan::TableScan(scan) = below else { return None };
        if scan.fetch.is_some() || !is_event_source(&source_as_provider(&scan.source).ok()?) {
            return None;
        }
        for filter in &scan.filters {
            if !conditions.contains(filter) {
                conditions.push(filter.clone());
            }
        }
        let table = conditions.iter().find_map(table_of)?;
        let outputs =
            outputs.unwrap_or_else(|| scan.projected_schema.columns().into_iter().map(Expr::Column).collect());
        let is_volatile = outputs.iter().chain(&conditions).any(Expr::is_volatile);
        (!is_volatile).then_some(Self { scan, table, conditions, outputs })
    }
}

/// `T` of `EventTable = 'T'`.
fn table_of(condition: &Expr) -> Option<String> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return None };
    let (Expr::Column(column), Expr::Literal(ScalarValue::Utf8(Some(table)), _)) = (left.as_ref(), right.as_ref())
    else {
        return None;
    };
    (column.name == "EventTable").then(|| table.clone())
}

fn merged(union: &Union, legs: &[Leg]) -> Result<LogicalPlan> {
    let scan = legs[0].scan;
    let filters = filters(legs);
    let event_table = Expr::Column(Column::new(Some(scan.table_name.clone()), "EventTable"));
    let mut outputs = Vec::with_capacity(union.schema.fields().len());
    for (idx, (qualifier, field)) in union.schema.iter().enumerate() {
        let mut values = Vec::with_capacity(legs.len());
        for leg in legs {
            values.push(unaliased(&leg.outputs[idx]).clone());
        }
        let value = if values.iter().all(|value| *value == values[0]) {
            values.swap_remove(0)
        } else {
            by_table(&event_table, legs, values)
        };
        outputs.push(Expr::Alias(Alias::new(value, qualifier.cloned(), field.name())));
    }
    let mut used = BTreeSet::new();
    for expr in outputs.iter().chain(&filters) {
        used.extend(expr.column_refs().into_iter().map(|column| column.name.clone()));
    }
    let schema = scan.source.schema();
    let projection = (0..schema.fields().len()).filter(|idx| used.contains(schema.field(*idx).name())).collect();
    let builder = LogicalPlanBuilder::scan_with_filters(
        scan.table_name.clone(),
        Arc::clone(&scan.source),
        Some(projection),
        filters.clone(),
    )?;
    let input = match conjunction(filters) {
        Some(condition) => builder.filter(condition)?.build()?,
        None => builder.build()?,
    };
    for (output, field) in outputs.iter_mut().zip(union.schema.fields()) {
        if output.get_type(input.schema())? != *field.data_type() {
            let Expr::Alias(alias) = output else { continue };
            let value = alias.expr.as_ref().clone().cast_to(field.data_type(), input.schema())?;
            *output = Expr::Alias(Alias::new(value, alias.relation.clone(), alias.name.clone()));
        }
    }
    LogicalPlanBuilder::from(input).project(outputs)?.build()
}

/// What all legs ask for, and then what each of them asks for beside that. The first kind chooses files by time and
/// device, which an `or` can't.
fn filters(legs: &[Leg]) -> Vec<Expr> {
    let is_common = |condition: &Expr| legs.iter().all(|leg| leg.conditions.contains(condition));
    let mut filters: Vec<Expr> = Vec::new();
    for condition in legs[0].conditions.iter().filter(|condition| is_common(condition)) {
        if !filters.contains(condition) {
            filters.push(condition.clone());
        }
    }
    let mut own = Vec::with_capacity(legs.len());
    for leg in legs {
        // The condition on `EventTable` is never common.
        let rest = leg.conditions.iter().filter(|condition| !is_common(condition)).cloned();
        own.extend(conjunction(rest.collect::<Vec<Expr>>()));
    }
    filters.extend(disjunction(own));
    filters
}

/// The value of the leg that a row is of.
fn by_table(event_table: &Expr, legs: &[Leg], values: Vec<Expr>) -> Expr {
    let mut cases = Vec::with_capacity(legs.len());
    for (leg, value) in legs.iter().zip(values) {
        cases.push((Box::new(lit(leg.table.clone())), Box::new(value)));
    }
    Expr::Case(Case::new(Some(Box::new(event_table.clone())), cases, None))
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

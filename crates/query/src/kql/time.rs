//! Whether a query bounds the time of a table itself: then the default range does not apply to that table. It does when a
//! condition in the table's pipeline compares the time of its rows with something that is no time of a row.

use std::collections::HashSet;

use ::kql::syntax::{
    BinaryOp, Expr, Function, LetValue, NamedExpr, Operator, OperatorKind, Pipeline, Query, Statement, Target,
};

/// Names of columns and functions that are the time of a row.
const TIME_NAMES: &[&str] = &["Timestamp", "TimeGenerated", "EventTime", "IngestionTime", "ingestion_time"];
/// A name may be made from one that was made from one…: how often that is looked into.
const ROUNDS_MAX: usize = 4;

/// The names of columns that a query makes out of times.
#[derive(Debug, Default)]
pub(crate) struct TimeNames {
    /// The same time under another name, also rounded.
    same: HashSet<String>,
    /// Anything that depends on the time of rows.
    derived: HashSet<String>,
}

impl TimeNames {
    pub(crate) fn of(query: &Query) -> Self {
        let mut names = Self::default();
        for _ in 0..ROUNDS_MAX {
            let before = names.same.len() + names.derived.len();
            query.statements.iter().for_each(|statement| names.statement(statement));
            if names.same.len() + names.derived.len() == before {
                break;
            }
        }
        names
    }

    /// For each operator whether it or one behind it bounds the time; one more, false, for the end.
    pub(crate) fn bounded_from(&self, operators: &[Operator]) -> Vec<bool> {
        let mut flags = vec![false; operators.len() + 1];
        for (idx, operator) in operators.iter().enumerate().rev() {
            flags[idx] = flags[idx + 1] || self.bounds(operator);
        }
        flags
    }

    fn bounds(&self, operator: &Operator) -> bool {
        match &operator.kind {
            OperatorKind::Where { predicate } => self.is_bound(predicate),
            OperatorKind::Search(search) => self.is_bound(&search.predicate),
            OperatorKind::Find(find) => self.is_bound(&find.predicate),
            OperatorKind::MakeSeries(series) => series.from.is_some(),
            _ => false,
        }
    }

    /// Whether a condition has a comparison of a row's time with what does not depend on the time of rows.
    fn is_bound(&self, condition: &Expr) -> bool {
        match condition {
            Expr::And { operands, .. } | Expr::Or { operands, .. } => {
                operands.iter().any(|operand| self.is_bound(operand))
            }
            Expr::Call(call) if call.name.text == "not" => {
                call.arguments.iter().any(|argument| self.is_bound(&argument.value))
            }
            Expr::Binary { op, left, right, .. } if is_comparison(*op) => {
                self.is_time(left) && !self.depends(right) || self.is_time(right) && !self.depends(left)
            }
            Expr::Between { value, low, high, .. } => self.is_time(value) && !self.depends(low) && !self.depends(high),
            Expr::List { left, items, .. } => self.is_time(left) && !items.iter().any(|item| self.depends(item)),
            _ => false,
        }
    }

    /// Whether it is the time of a row: plain, rounded or shifted.
    fn is_time(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => is_name(&self.same, &name.text),
            Expr::Call(call) if call.arguments.is_empty() => is_name(&self.same, &call.name.text),
            Expr::Call(call) => call.arguments.first().is_some_and(|argument| self.is_time(&argument.value)),
            Expr::Binary { op: BinaryOp::Add | BinaryOp::Subtract, left, right, .. } => {
                self.is_time(left) && !self.depends(right)
            }
            _ => false,
        }
    }

    /// Whether the time of rows is anywhere in it; tables inside are others.
    fn depends(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => is_name(&self.derived, &name.text),
            Expr::Call(call) => {
                is_name(&self.derived, &call.name.text)
                    || call.arguments.iter().any(|argument| self.depends(&argument.value))
            }
            Expr::Member { base, .. } => self.depends(base),
            Expr::Method { base, call, .. } => {
                self.depends(base) || call.arguments.iter().any(|argument| self.depends(&argument.value))
            }
            Expr::Index { base, index, .. } => self.depends(base) || self.depends(index),
            Expr::Unary { operand, .. } => self.depends(operand),
            Expr::Binary { left, right, .. } => self.depends(left) || self.depends(right),
            Expr::And { operands, .. } | Expr::Or { operands, .. } => {
                operands.iter().any(|operand| self.depends(operand))
            }
            Expr::List { left, items, .. } => self.depends(left) || items.iter().any(|item| self.depends(item)),
            Expr::Between { value, low, high, .. } => self.depends(value) || self.depends(low) || self.depends(high),
            _ => false,
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let(statement) => match &statement.value {
                LetValue::Expr(expr) => self.expr(expr),
                LetValue::Function(function) => self.function(function),
            },
            Statement::Pipeline(pipeline) => self.pipeline(pipeline),
            Statement::QueryParameters { .. } | Statement::Set { .. } | Statement::Error { .. } => {}
        }
    }

    fn function(&mut self, function: &Function) {
        function.body.statements.iter().for_each(|statement| self.statement(statement));
        if let Some(result) = &function.body.result {
            self.expr(result);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        if let Some(source) = &pipeline.source {
            self.expr(source);
        }
        pipeline.operators.iter().for_each(|operator| self.operator(operator));
    }

    fn operator(&mut self, operator: &Operator) {
        match &operator.kind {
            OperatorKind::Extend { columns } | OperatorKind::Project { columns } => self.columns(columns, true),
            OperatorKind::ProjectRename { columns } => self.columns(columns, true),
            OperatorKind::Summarize { aggregates, by } => {
                self.columns(aggregates, false);
                self.columns(by, true);
            }
            OperatorKind::Join(join) | OperatorKind::Lookup(join) => self.expr(&join.right),
            OperatorKind::Union(union) => union.tables.iter().for_each(|table| self.expr(table)),
            OperatorKind::Partition(partition) => self.pipeline(&partition.body),
            OperatorKind::Fork(fork) => fork.branches.iter().for_each(|branch| self.pipeline(&branch.pipeline)),
            _ => {}
        }
    }

    fn columns(&mut self, columns: &[NamedExpr], may_be_same: bool) {
        for column in columns {
            let Some(Target::Name(target)) = &column.target else { continue };
            if self.depends(&column.expr) {
                self.derived.insert(target.text.clone());
            }
            if may_be_same && self.is_time(&column.expr) {
                self.same.insert(target.text.clone());
            }
        }
    }

    /// The pipelines inside an expression.
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Pipeline(pipeline)
            | Expr::Materialize { pipeline, .. }
            | Expr::ToScalar { pipeline, .. }
            | Expr::ToTable { pipeline, .. } => self.pipeline(pipeline),
            Expr::Call(call) => call.arguments.iter().for_each(|argument| self.expr(&argument.value)),
            _ => {}
        }
    }
}

fn is_name(more: &HashSet<String>, name: &str) -> bool {
    TIME_NAMES.contains(&name) || more.contains(name)
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessOrEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterOrEqual
    )
}

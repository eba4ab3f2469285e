//! Whether a query has a condition on time of its own: then the default range does not apply.

use ::kql::syntax::{Expr, Function, LetValue, Operator, OperatorKind, Pipeline, Query, Statement};

/// Names of columns and functions that such a condition is about.
const TIME_NAMES: &[&str] = &["Timestamp", "TimeGenerated", "IngestionTime", "ingestion_time"];

/// Whether some `where` of the query compares a row's time.
pub(crate) fn names_time(query: &Query) -> bool {
    query.statements.iter().any(of_statement)
}

fn of_statement(statement: &Statement) -> bool {
    match statement {
        Statement::Let(statement) => match &statement.value {
            LetValue::Expr(expr) => of_expr(expr, false),
            LetValue::Function(function) => of_function(function),
        },
        Statement::Pipeline(pipeline) => of_pipeline(pipeline),
        Statement::QueryParameters { .. } | Statement::Set { .. } | Statement::Error { .. } => false,
    }
}

fn of_function(function: &Function) -> bool {
    function.body.statements.iter().any(of_statement)
        || function.body.result.as_ref().is_some_and(|result| of_expr(result, false))
}

fn of_pipeline(pipeline: &Pipeline) -> bool {
    pipeline.source.as_ref().is_some_and(|source| of_expr(source, false)) || pipeline.operators.iter().any(of_operator)
}

fn of_operator(operator: &Operator) -> bool {
    match &operator.kind {
        OperatorKind::Where { predicate } => of_expr(predicate, true),
        OperatorKind::Search(search) => {
            of_expr(&search.predicate, true) || search.tables.iter().any(|table| of_expr(table, false))
        }
        OperatorKind::Find(find) => {
            of_expr(&find.predicate, true) || find.tables.iter().any(|table| of_expr(table, false))
        }
        OperatorKind::Join(join) | OperatorKind::Lookup(join) => of_expr(&join.right, false),
        OperatorKind::Union(union) => union.tables.iter().any(|table| of_expr(table, false)),
        OperatorKind::MvApply(apply) => of_pipeline(&apply.on),
        OperatorKind::Partition(partition) => of_pipeline(&partition.body),
        OperatorKind::Fork(fork) => fork.branches.iter().any(|branch| of_pipeline(&branch.pipeline)),
        OperatorKind::MakeSeries(series) => series.from.is_some(),
        _ => false,
    }
}

/// Inside a condition a name counts; elsewhere only the conditions of tables inside.
fn of_expr(expr: &Expr, is_condition: bool) -> bool {
    let inside = |expr: &Expr| of_expr(expr, is_condition);
    match expr {
        Expr::Name(name) => is_condition && TIME_NAMES.contains(&name.text.as_str()),
        Expr::Call(call) => {
            is_condition && TIME_NAMES.contains(&call.name.text.as_str())
                || call.arguments.iter().any(|argument| inside(&argument.value))
        }
        Expr::Member { base, .. } => inside(base),
        Expr::Method { base, call, .. } => {
            inside(base) || call.arguments.iter().any(|argument| inside(&argument.value))
        }
        Expr::Index { base, index, .. } => inside(base) || inside(index),
        Expr::Unary { operand, .. } => inside(operand),
        Expr::Binary { left, right, .. } => inside(left) || inside(right),
        Expr::And { operands, .. } | Expr::Or { operands, .. } => operands.iter().any(inside),
        Expr::List { left, items, .. } => inside(left) || items.iter().any(inside),
        Expr::Between { value, low, high, .. } => inside(value) || inside(low) || inside(high),
        Expr::Pipeline(pipeline)
        | Expr::Materialize { pipeline, .. }
        | Expr::ToScalar { pipeline, .. }
        | Expr::ToTable { pipeline, .. } => of_pipeline(pipeline),
        Expr::Literal { .. }
        | Expr::Pattern(_)
        | Expr::Star { .. }
        | Expr::TypeOf { .. }
        | Expr::SchemaOf { .. }
        | Expr::DataTable { .. }
        | Expr::ExternalData(_)
        | Expr::Error { .. } => false,
    }
}

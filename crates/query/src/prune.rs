//! Which row groups can have a row that passes a filter, by their bloom filters and by which columns they have. An
//! `or` over columns is asked of each of them, which no plan of unions does cheaper.

use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::scalar::ScalarValue;

use crate::Error;
use crate::column_file::ColumnFile;
use crate::limits::PRUNED_LIST_MAX;

/// Can the filter say anything about row groups? If not, no file has to be opened before its turn.
pub(crate) fn can_prune(filters: &[Expr]) -> bool {
    filters.iter().any(|filter| {
        conjuncts(filter).into_iter().any(|part| match part {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => text_equality(left, right).is_some(),
            Expr::BinaryExpr(BinaryExpr { op: Operator::Or, .. }) => true,
            Expr::InList(_) | Expr::IsNotNull(_) => true,
            _ => false,
        })
    })
}

/// The row groups of a file to read, `None` when there are none.
pub(crate) fn access_plan(file: &ColumnFile, filters: &[Expr]) -> Result<Option<ParquetAccessPlan>, Error> {
    let mut groups = Vec::with_capacity(file.n_row_groups());
    let mut has_some = false;
    for row_group in 0..file.n_row_groups() {
        let mut may = true;
        for filter in filters {
            may = may && may_pass(file, row_group, filter)?;
        }
        has_some |= may;
        groups.push(if may { RowGroupAccess::Scan } else { RowGroupAccess::Skip });
    }
    Ok(has_some.then(|| ParquetAccessPlan::new(groups)))
}

fn conjuncts(filter: &Expr) -> Vec<&Expr> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            let mut parts = conjuncts(left);
            parts.extend(conjuncts(right));
            parts
        }
        other => vec![other],
    }
}

/// False only when no row of the row group passes.
fn may_pass(file: &ColumnFile, row_group: usize, filter: &Expr) -> Result<bool, Error> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            Ok(may_pass(file, row_group, left)? && may_pass(file, row_group, right)?)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            Ok(may_pass(file, row_group, left)? || may_pass(file, row_group, right)?)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match text_equality(left, right) {
            Some((column, text)) => may_equal(file, row_group, column, text),
            None => Ok(true),
        },
        Expr::InList(InList { expr, list, negated: false }) if list.len() <= PRUNED_LIST_MAX => {
            for value in list {
                let may = match text_equality(expr, value) {
                    Some((column, text)) => may_equal(file, row_group, column, text)?,
                    None => true,
                };
                if may {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Expr::IsNotNull(inner) => match inner.as_ref() {
            Expr::Column(column) => Ok(file.column_idx(&column.name).is_some()),
            _ => Ok(true),
        },
        _ => Ok(true),
    }
}

/// Column and text of `column = 'text'`.
fn text_equality<'e>(left: &'e Expr, right: &'e Expr) -> Option<(&'e str, &'e str)> {
    match (left, right) {
        (Expr::Column(column), Expr::Literal(ScalarValue::Utf8(Some(text)), _))
        | (Expr::Literal(ScalarValue::Utf8(Some(text)), _), Expr::Column(column)) => Some((&column.name, text)),
        _ => None,
    }
}

fn may_equal(file: &ColumnFile, row_group: usize, column: &str, text: &str) -> Result<bool, Error> {
    let Some(column) = file.column_idx(column) else { return Ok(false) };
    file.may_hold(row_group, column, text)
}

//! Comparisons of columns with constants in the form of the store, so that files and row groups are skipped, and the
//! filter's own view of truth: there null is false.

use ::kql::syntax::BinaryOp;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit};
use datafusion::scalar::ScalarValue;

use super::Bound;
use crate::kql::frame::UNIX_EPOCH_TICKS;
use crate::kql::functions;
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

/// The comparison in stored form; `None` when it is not such a one.
pub(crate) fn stored(op: BinaryOp, left: &Bound, right: &Bound) -> Option<Typed> {
    match (&left.typed.constant, &right.typed.constant) {
        (None, Some(value)) => with_constant(op, left, value, right.typed.ty),
        (Some(value), None) => with_constant(swapped(op)?, right, value, left.typed.ty),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn swapped(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Equal | BinaryOp::NotEqual => op,
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        _ => return None,
    })
}

fn with_constant(op: BinaryOp, left: &Bound, value: &Value, ty: KqlType) -> Option<Typed> {
    if let (Some(column), Value::DateTime(ticks)) = (&left.stored, value) {
        return time(op, column, *ticks);
    }
    let is_equal = match op {
        BinaryOp::Equal => true,
        BinaryOp::NotEqual => false,
        _ => return None,
    };
    let literal = match (left.typed.ty, value) {
        (KqlType::String, Value::Text(text)) if !text.is_empty() => lit(text.clone()),
        (KqlType::Guid, Value::Guid(text)) => lit(text.clone()),
        (KqlType::Long, Value::Long(_) | Value::Int(_)) => lit(value.as_long()?),
        (KqlType::Int, Value::Long(_) | Value::Int(_)) if ty != KqlType::Real => {
            lit(i32::try_from(value.as_long()?).ok()?)
        }
        (KqlType::Bool, Value::Bool(flag)) => lit(*flag),
        _ => return None,
    };
    Some(equality(is_equal, left.typed.expr.clone().eq(literal)))
}

/// A comparison with a value: null is not that value.
fn equality(is_equal: bool, equal: Expr) -> Typed {
    let expr = if is_equal { equal.is_true() } else { equal.is_not_true() };
    Typed::new(expr, KqlType::Bool)
}

/// A stored instant is of whole microseconds, a constant need not be.
fn time(op: BinaryOp, column: &Expr, ticks: i64) -> Option<Typed> {
    let since = ticks.checked_sub(UNIX_EPOCH_TICKS)?;
    let down = instant(since.div_euclid(10));
    let up = instant(-(-since).div_euclid(10));
    let column = column.clone();
    let expr = match op {
        BinaryOp::Less => column.lt(up),
        BinaryOp::LessOrEqual => column.lt_eq(down),
        BinaryOp::Greater => column.gt(down),
        BinaryOp::GreaterOrEqual => column.gt_eq(up),
        BinaryOp::Equal | BinaryOp::NotEqual if since.rem_euclid(10) == 0 => {
            return Some(equality(op == BinaryOp::Equal, column.eq(down)));
        }
        _ => return None,
    };
    Some(Typed::new(expr, KqlType::Bool))
}

/// A constant of the stored form.
pub(crate) fn instant(time_us: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(time_us), Some("UTC".into())))
}

/// The predicate as a filter sees it: what is null is dropped as if it were false, so `x IS TRUE` is `x`, which
/// DataFusion can compare with the statistics of files.
pub(crate) fn filtering(predicate: Expr) -> Expr {
    match predicate {
        Expr::IsTrue(inner) => filtering(*inner),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if matches!(op, Operator::And | Operator::Or) => {
            let (left, right) = (Box::new(filtering(*left)), Box::new(filtering(*right)));
            Expr::BinaryExpr(BinaryExpr { left, op, right })
        }
        other if compares_with_itself(&other) => hidden(other),
        other => other,
    }
}

/// Whether both sides read the same column, and one of them is more than that: `iff(a > 0, a, 3) >= a`.
fn compares_with_itself(predicate: &Expr) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, right, .. }) = predicate else { return false };
    left != right && !left.column_refs().is_disjoint(&right.column_refs())
}

/// The predicate in a function that DataFusion does not look into. From two such comparisons it makes `f(a) = a`, takes
/// `a` for a second name of an expression in which `a` occurs, and then refuses any order by `a` (SanityCheckPlan).
fn hidden(predicate: Expr) -> Expr {
    let Some(function) = functions::find("tobool") else { return predicate };
    let argument = Typed::new(predicate.clone(), KqlType::Bool);
    match functions::call(&functions::QueryContext::default(), function, vec![argument]) {
        Ok(call) => call.expr,
        Err(_) => predicate,
    }
}

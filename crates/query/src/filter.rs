//! What the timeline, its counts and its live stream are filtered by.

use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use schema::EventGroup;

use crate::search::{self, Term, column_of};
use crate::table::Scope;

/// Filters of a device's timeline; empty lists and `None` mean all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Device id.
    pub device: String,
    /// Terms of the search box.
    pub search: Vec<Term>,
    /// Event groups.
    pub groups: Vec<EventGroup>,
    /// ActionTypes.
    pub actions: Vec<String>,
    /// Only rows whose outcome is `failed`.
    pub failures_only: bool,
    /// Earliest `Timestamp`, inclusive, microseconds since 1970.
    pub from_us: Option<i64>,
    /// Latest `Timestamp`, inclusive, microseconds since 1970.
    pub to_us: Option<i64>,
}

impl Filter {
    pub(crate) fn scope(&self) -> Scope {
        Scope { device: Some(self.device.clone()), time_min_us: self.from_us, time_max_us: self.to_us }
    }

    /// Everything but the groups: the chips count what choosing another group would give.
    pub(crate) fn without_groups(&self) -> Self {
        Self { groups: Vec::new(), ..self.clone() }
    }

    pub(crate) fn to_expr(&self) -> Expr {
        let mut expr = column_of("DeviceId").eq(lit(self.device.clone()));
        if let Some(from_us) = self.from_us {
            expr = expr.and(column_of("Timestamp").gt_eq(time(from_us)));
        }
        if let Some(to_us) = self.to_us {
            expr = expr.and(column_of("Timestamp").lt_eq(time(to_us)));
        }
        if !self.groups.is_empty() {
            let names = self.groups.iter().map(|group| lit(group.name())).collect();
            expr = expr.and(column_of("EventGroup").in_list(names, false));
        }
        if !self.actions.is_empty() {
            let names = self.actions.iter().map(|name| lit(name.clone())).collect();
            expr = expr.and(column_of("ActionType").in_list(names, false));
        }
        if self.failures_only {
            expr = expr.and(column_of("Outcome").eq(lit("failed")));
        }
        if let Some(search) = search::filter(&self.search) {
            expr = expr.and(search);
        }
        expr
    }
}

/// A literal of the `Timestamp` column's type.
pub(crate) fn time(time_us: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(time_us), Some("UTC".into())))
}

//! The wide table of events as KQL's plans read it: what the filters say about device and time decides which files and
//! batches are opened.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use store::Snapshot;

use crate::column_file::FileCache;
use crate::table::{EventsTable, Reads, Scope};

/// The table.
#[derive(Debug)]
pub(crate) struct Source {
    /// `None` when nothing is run.
    snapshot: Option<Snapshot>,
    schema: SchemaRef,
    files: Arc<FileCache>,
}

impl Source {
    pub(crate) fn new(snapshot: Option<Snapshot>, files: Arc<FileCache>) -> Self {
        Self { snapshot, schema: store::arrow_schema(), files }
    }
}

#[async_trait]
impl TableProvider for Source {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut scope = Scope::default();
        for filter in filters {
            narrow(&mut scope, filter);
        }
        let Some(snapshot) = &self.snapshot else {
            return datafusion::common::internal_err!("a query that is only analysed is run");
        };
        let table = EventsTable::new(snapshot.clone(), scope, Arc::clone(&self.files), Reads::Own);
        table.scan(state, projection, filters, limit).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

/// Is it the table of events?
pub(crate) fn is_event_source(provider: &Arc<dyn TableProvider>) -> bool {
    provider.downcast_ref::<Source>().is_some()
}

/// Takes into the scope what a conjunct says about `DeviceId` or `Timestamp`.
fn narrow(scope: &mut Scope, filter: &Expr) {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            narrow(scope, left);
            narrow(scope, right);
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
            (Expr::Column(column), Expr::Literal(value, _)) => compare(scope, &column.name, *op, value),
            (Expr::Literal(value, _), Expr::Column(column)) => {
                if let Some(op) = op.swap() {
                    compare(scope, &column.name, op, value);
                }
            }
            _ => {}
        },
        Expr::Between(between) if !between.negated => {
            if let (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) =
                (between.expr.as_ref(), between.low.as_ref(), between.high.as_ref())
            {
                compare(scope, &column.name, Operator::GtEq, low);
                compare(scope, &column.name, Operator::LtEq, high);
            }
        }
        _ => {}
    }
}

fn compare(scope: &mut Scope, name: &str, op: Operator, value: &ScalarValue) {
    match (name, value) {
        ("DeviceId", ScalarValue::Utf8(Some(device))) if op == Operator::Eq => scope.device = Some(device.clone()),
        ("Timestamp", ScalarValue::TimestampMicrosecond(Some(time_us), _)) => {
            // Bounds are inclusive; for `<` and `>` they are one microsecond too wide, which costs nothing.
            if matches!(op, Operator::Gt | Operator::GtEq | Operator::Eq) {
                scope.time_min_us = Some(scope.time_min_us.map_or(*time_us, |known| known.max(*time_us)));
            }
            if matches!(op, Operator::Lt | Operator::LtEq | Operator::Eq) {
                scope.time_max_us = Some(scope.time_max_us.map_or(*time_us, |known| known.min(*time_us)));
            }
        }
        _ => {}
    }
}

//! A table in the middle of a query: a plan whose columns have unique names of ours, and the names and types that KQL
//! sees.

use std::sync::Arc;

use datafusion::common::Column as Reference;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};

use super::bind::Bound;
use super::types::{KqlType, Typed};
use crate::Error;

/// Ticks of 100 ns from 0001-01-01 to 1970-01-01.
pub const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;

/// How the values of a column are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As `KqlType::arrow` says.
    Plain,
    /// A datetime as it is stored: microseconds since 1970.
    Micros,
}

/// A column of a frame.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// KQL's name.
    pub(crate) name: String,
    /// KQL's type.
    pub(crate) ty: KqlType,
    /// Its name in the plan.
    pub(crate) id: String,
    /// Its form in the plan.
    pub(crate) encoding: Encoding,
    /// A second name, that hides no other column: not shown, but understood.
    pub(crate) is_alias: bool,
}

impl Column {
    /// A column that is computed.
    pub(crate) fn plain(name: impl Into<String>, ty: KqlType, id: impl Into<String>) -> Self {
        Self { name: name.into(), ty, id: id.into(), encoding: Encoding::Plain, is_alias: false }
    }

    /// The column as it is in the plan.
    pub(crate) fn raw(&self) -> Expr {
        reference(&self.id)
    }

    /// The column in an expression.
    pub(crate) fn bound(&self) -> Bound {
        match self.encoding {
            Encoding::Plain => Bound::of(Typed::new(self.raw(), self.ty)),
            Encoding::Micros => {
                let ticks = cast(self.raw(), arrow::datatypes::DataType::Int64) * lit(10_i64) + lit(UNIX_EPOCH_TICKS);
                Bound { typed: Typed::new(ticks, self.ty), stored: Some(self.raw()) }
            }
        }
    }
}

/// Whether the order of a frame's rows means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowOrder {
    /// No.
    None,
    /// `serialize`: whatever order there is, it is kept.
    Serialized,
    /// `sort`.
    Sorted,
}

/// A table in the middle of a query.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) plan: LogicalPlan,
    /// What KQL sees, in order.
    pub(crate) columns: Vec<Column>,
    pub(crate) order: RowOrder,
    /// Columns depend on data that nobody looked at: any name may exist.
    pub(crate) is_open: bool,
    /// Inside `mv-apply` and `partition`: rows that belong together.
    pub(crate) group: Option<Group>,
    /// The table's name while it is one: for `withsource` and `$table`.
    pub(crate) table: Option<String>,
}

/// What a query inside a query is about: it runs for each group of rows alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// Columns of the plan; rows with equal values are a group.
    pub(crate) keys: Vec<String>,
    /// Columns of the plan that are the same in a group, and wanted afterwards.
    pub(crate) carried: Vec<Column>,
}

impl Group {
    /// All its columns of the plan.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids = self.keys.clone();
        for column in &self.carried {
            if !ids.contains(&column.id) {
                ids.push(column.id.clone());
            }
        }
        ids
    }
}

impl Frame {
    pub(crate) fn new(plan: LogicalPlan, columns: Vec<Column>) -> Self {
        Self { plan, columns, order: RowOrder::None, is_open: false, group: None, table: None }
    }

    /// The column of that exact name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns that `*` means.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.is_alias)
    }

    /// The frame with a predicate applied.
    pub(crate) fn filter(&mut self, predicate: Expr) -> Result<(), Error> {
        let plan = std::mem::take(&mut self.plan);
        self.plan = LogicalPlanBuilder::from(plan).filter(predicate)?.build()?;
        Ok(())
    }

    /// The plan with more columns beside those it has.
    pub(crate) fn add(&mut self, expressions: Vec<Expr>) -> Result<(), Error> {
        if expressions.is_empty() {
            return Ok(());
        }
        let mut all: Vec<Expr> = self.plan.schema().fields().iter().map(|field| reference(field.name())).collect();
        all.extend(expressions);
        self.plan = project(std::mem::take(&mut self.plan), all)?;
        Ok(())
    }

    /// The columns of the plan that belong to the group.
    pub(crate) fn group_columns(&self) -> Vec<Expr> {
        self.group.iter().flat_map(Group::ids).map(|id| reference(&id)).collect()
    }

    /// The plan with the frame's columns alone, each once.
    pub(crate) fn trim(&mut self) -> Result<(), Error> {
        let mut ids: Vec<&str> = Vec::new();
        for column in &self.columns {
            if !ids.contains(&column.id.as_str()) {
                ids.push(&column.id);
            }
        }
        let all = ids.iter().map(|id| reference(id)).collect();
        self.plan = project(std::mem::take(&mut self.plan), all)?;
        Ok(())
    }
}

/// A column of a plan by our name for it.
pub(crate) fn reference(id: &str) -> Expr {
    Expr::Column(Reference::new_unqualified(id))
}

/// A projection without DataFusion's own name resolution.
pub(crate) fn project(plan: LogicalPlan, expressions: Vec<Expr>) -> Result<LogicalPlan, Error> {
    let projection = datafusion::logical_expr::Projection::try_new(expressions, Arc::new(plan))?;
    Ok(LogicalPlan::Projection(projection))
}

/// A stored instant as ticks.
pub(crate) fn ticks_of_us(time_us: i64) -> i64 {
    time_us.saturating_mul(10).saturating_add(UNIX_EPOCH_TICKS)
}

/// A string that is "" where the store has a null.
pub(crate) fn not_null_text(expr: Expr) -> Expr {
    datafusion::functions::expr_fn::coalesce(vec![expr, lit("")])
}

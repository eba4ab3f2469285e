//! The logical node of a [`RowOperator`].

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::{DFSchema, DFSchemaRef, Result};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

use super::RowOperator;

/// One operator over one input.
#[derive(Clone, Debug)]
pub(crate) struct OperatorNode {
    pub(crate) operator: Arc<dyn RowOperator>,
    input: LogicalPlan,
    schema: DFSchemaRef,
}

impl OperatorNode {
    pub(crate) fn new(operator: Arc<dyn RowOperator>, input: LogicalPlan) -> Result<Self> {
        let schema = operator.output(input.schema().as_arrow());
        Ok(Self { operator, input, schema: Arc::new(DFSchema::try_from(schema)?) })
    }

    /// The plan of an operator over an input.
    pub(crate) fn plan(operator: Arc<dyn RowOperator>, input: LogicalPlan) -> Result<LogicalPlan> {
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(Self::new(operator, input)?) }))
    }

    fn identity(&self) -> (&'static str, String) {
        (self.operator.name(), self.operator.details())
    }
}

impl PartialEq for OperatorNode {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity() && self.input == other.input
    }
}

impl Eq for OperatorNode {}

impl PartialOrd for OperatorNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.identity().partial_cmp(&other.identity())
    }
}

impl Hash for OperatorNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
        self.input.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for OperatorNode {
    fn name(&self) -> &str {
        self.operator.name()
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.operator.name(), self.operator.details())
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        Self::new(Arc::clone(&self.operator), inputs.swap_remove(0))
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        if self.operator.is_order() {
            return HashSet::new();
        }
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    fn supports_limit_pushdown(&self) -> bool {
        self.operator.is_order()
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let input = self.input.schema();
        let mut needed = BTreeSet::new();
        for name in self.operator.reads() {
            needed.insert(input.index_of_column_by_name(None, &name)?);
        }
        if self.operator.keeps_input() {
            let kept = self.operator.kept(input.as_arrow());
            needed.extend(output_columns.iter().copied().filter(|idx| kept.contains(idx)));
        }
        Some(vec![needed.into_iter().collect()])
    }
}

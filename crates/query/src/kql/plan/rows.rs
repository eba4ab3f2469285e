//! Rows that the query itself makes: `print`, `range`, `datatable`; and those of `externaldata` and `invoke`.

use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{Call, Column as TreeColumn, Expr as Tree, ExternalData, Name, NamedExpr, Target};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;

use super::columns::{default_name, free_suffix};
use crate::kql::bind::{At, Bind, Binder, Env, Meaning, schema_of, type_of};
use crate::kql::exec::{BATCH_ROWS, Expansion, OperatorNode, RowOperator, Run};
use crate::kql::frame::{Column, Frame, RowOrder, project};
use crate::kql::types::KqlType;
use crate::kql::value::{Value, array};

impl<'t> Binder<'t> {
    pub(super) fn print(&mut self, columns: &'t [NamedExpr], env: &Env<'t>) -> Bind<Frame> {
        let mut expressions = Vec::new();
        let mut result = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for (idx, named) in columns.iter().enumerate() {
            let bound = self.expr(&named.expr, At::nowhere(env))?;
            let name = match &named.target {
                Some(Target::Name(name)) => name.text.clone(),
                _ => default_name(&named.expr).unwrap_or_else(|| format!("print_{idx}")),
            };
            let name = if names.contains(&name) { free_suffix(&name, &mut names) } else { name };
            names.push(name.clone());
            let (column, expr) = self.compute(name, &bound);
            expressions.push(expr);
            result.push(column);
        }
        Ok(Frame::new(project(Self::one_row(), expressions)?, result))
    }

    pub(super) fn range(
        &mut self,
        name: &'t Name,
        from: &'t Tree,
        to: &'t Tree,
        step: Option<&'t Tree>,
        span: Span,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        let (from, from_type) = self.constant(from, At::nowhere(env))?;
        let (to, _) = self.constant(to, At::nowhere(env))?;
        let step = match step {
            Some(step) => self.constant(step, At::nowhere(env))?.0,
            None if from_type == KqlType::DateTime => Value::TimeSpan(crate::kql::value::TICKS_PER_DAY),
            None => Value::Long(1),
        };
        let is_real = matches!(from, Value::Real(_)) || matches!(step, Value::Real(_));
        let (ty, values) = match from_type {
            KqlType::DateTime | KqlType::TimeSpan => (from_type, whole(&from, &to, &step)),
            KqlType::Int | KqlType::Long | KqlType::Real | KqlType::Decimal if is_real => {
                (KqlType::Real, fractional(&from, &to, &step))
            }
            KqlType::Int | KqlType::Long => (KqlType::Long, whole(&from, &to, &step)),
            other => {
                let message = format!("`range` counts numbers and times, not {other}.");
                return self.refuse("KQL146", span, message, "");
            }
        };
        let Some(values) = values else {
            if self.host.is_analysis {
                let columns = vec![Column::plain(name.text.clone(), ty, self.id())];
                return Ok(Frame::new(self.values(&columns, Vec::new())?, columns));
            }
            return self.refuse("KQL146", span, "`range` needs a beginning, an end and a step other than 0.", "");
        };
        let id = self.id();
        let operator = Range { id: id.clone(), ty, values, expansion: Arc::clone(&self.host.expansion) };
        let plan = OperatorNode::plan(Arc::new(operator), Self::one_row())?;
        let frame = Frame::new(plan, vec![Column::plain(name.text.clone(), ty, id)]);
        Ok(Frame { order: RowOrder::Serialized, ..frame })
    }

    pub(crate) fn data_table(
        &mut self,
        columns: &'t [TreeColumn],
        values: &'t [Tree],
        span: Span,
        env: &Env<'t>,
    ) -> Bind<Frame> {
        if columns.is_empty() || !values.len().is_multiple_of(columns.len()) {
            let message = format!("{} values do not fill rows of {} columns.", values.len(), columns.len());
            return self.refuse("KQL147", span, message, "Give one value for each column of each row.");
        }
        let mut cells: Vec<Vec<Value>> = vec![Vec::with_capacity(values.len() / columns.len()); columns.len()];
        for (idx, tree) in values.iter().enumerate() {
            let ty = type_of(columns[idx % columns.len()].data_type);
            let typed = self.typed(tree, At::nowhere(env))?;
            let typed = self.converted(typed, ty, tree.span())?;
            let Some(value) = typed.constant else {
                return self.refuse("KQL135", tree.span(), "A value of `datatable` must be a constant.", "");
            };
            cells[idx % columns.len()].push(value);
        }
        let mut result = Vec::with_capacity(columns.len());
        for column in columns {
            result.push(Column::plain(column.name.text.clone(), type_of(column.data_type), self.id()));
        }
        let arrays: Vec<ArrayRef> = cells.iter().zip(&result).map(|(cells, column)| array(cells, column.ty)).collect();
        let batch = RecordBatch::try_new(Arc::new(schema_of(&result)), arrays)?;
        let frame = Frame::new(self.values(&result, vec![batch])?, result);
        Ok(Frame { order: RowOrder::Serialized, ..frame })
    }

    /// An empty table of the columns that it declares: nothing outside is read. A hunt with a list from elsewhere then
    /// still answers, and says what is missing.
    pub(crate) fn external_data(&mut self, data: &'t ExternalData, env: &Env<'t>) -> Bind<Frame> {
        let mut columns = Vec::with_capacity(data.columns.len());
        for column in &data.columns {
            columns.push(Column::plain(column.name.text.clone(), type_of(column.data_type), self.id()));
        }
        for location in &data.locations {
            let address = self.constant(location, At::nowhere(env))?.0.print();
            let message = match host_of(&address) {
                Some(host) => format!("`externaldata` is switched off, so that nothing of `{host}` is in the answer."),
                None => "`externaldata` is switched off: its table is empty.".to_owned(),
            };
            let hint = "Put the list into the query, as a `datatable` or a `dynamic([…])`.";
            self.warn("KQL170", location.span(), message, hint);
        }
        Ok(Frame::new(self.values(&columns, Vec::new())?, columns))
    }

    pub(super) fn invoke(&mut self, function: &'t Tree, input: Frame, env: &Env<'t>) -> Bind<Frame> {
        let call: &'t Call = match function {
            Tree::Call(call) => call,
            Tree::Method { call, .. } => call,
            other => return self.refuse("KQL148", other.span(), "`invoke` calls a function.", ""),
        };
        if let Some(Meaning::Function { function, env: inside }) = env.get(&call.name.text) {
            let (function, inside) = (*function, inside.clone());
            return self.call_table(call, function, &inside, Some(input), env);
        }
        match call.name.text.as_str() {
            "FileProfile" | "SeenBy" => self.enrich(call, input, env),
            _ => self.unknown_function(&call.name, At::nowhere(env)),
        }
    }
}

/// The host of an address, without what may be secret: user, path and query.
fn host_of(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#', ';']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty()).then_some(host)
}

/// First value, step, and how many.
#[derive(Clone, Copy, Debug)]
enum Values {
    Whole { first: i64, step: i64, count: u64 },
    Fractional { first: f64, step: f64, count: u64 },
}

fn whole(from: &Value, to: &Value, step: &Value) -> Option<Values> {
    let (first, last, step) = (from.as_long()?, to.as_long()?, step.as_long()?);
    if step == 0 {
        return None;
    }
    let distance = (i128::from(last) - i128::from(first)) * i128::from(step.signum());
    let count = if distance < 0 { 0 } else { distance / i128::from(step).abs() + 1 };
    Some(Values::Whole { first, step, count: u64::try_from(count).unwrap_or(u64::MAX) })
}

fn fractional(from: &Value, to: &Value, step: &Value) -> Option<Values> {
    let (first, last, step) = (from.as_real()?, to.as_real()?, step.as_real()?);
    let count = ((last - first) / step).floor() + 1.0;
    if step == 0.0 || !count.is_finite() {
        return None;
    }
    // Beyond 2^64 the cast saturates, which the cap on rows catches.
    Some(Values::Fractional { first, step, count: if count < 0.0 { 0 } else { count as u64 } })
}

/// Rows that count, made as they are asked for.
#[derive(Debug)]
struct Range {
    id: String,
    ty: KqlType,
    values: Values,
    expansion: Arc<Expansion>,
}

impl RowOperator for Range {
    fn name(&self) -> &'static str {
        "Range"
    }

    fn details(&self) -> String {
        format!("{} {:?}", self.id, self.values)
    }

    fn reads(&self) -> Vec<String> {
        Vec::new()
    }

    fn keeps_input(&self) -> bool {
        false
    }

    fn columns(&self) -> Schema {
        Schema::new(vec![Field::new(self.id.clone(), self.ty.arrow(), true)])
    }

    fn is_per_partition(&self) -> bool {
        false
    }

    fn start(&self, _input: &SchemaRef, output: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Counting {
            values: self.values,
            n_done: 0,
            is_ready: false,
            schema: Arc::clone(output),
            expansion: Arc::clone(&self.expansion),
        }))
    }
}

struct Counting {
    values: Values,
    n_done: u64,
    /// The one row of the input has come.
    is_ready: bool,
    schema: SchemaRef,
    expansion: Arc<Expansion>,
}

impl Run for Counting {
    fn push(&mut self, _batch: RecordBatch) -> Result<()> {
        self.is_ready = true;
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<RecordBatch>> {
        let (Values::Whole { count, .. } | Values::Fractional { count, .. }) = self.values;
        let n_rows = count.saturating_sub(self.n_done).min(BATCH_ROWS as u64);
        if !self.is_ready || n_rows == 0 {
            return Ok(None);
        }
        self.expansion.take(BATCH_ROWS.min(usize::try_from(n_rows).unwrap_or(BATCH_ROWS)))?;
        let numbers = self.n_done..self.n_done + n_rows;
        let array: ArrayRef = match self.values {
            Values::Whole { first, step, .. } => {
                let value = |number: u64| first.wrapping_add(step.wrapping_mul(number.cast_signed()));
                Arc::new(numbers.map(value).collect::<Int64Array>())
            }
            Values::Fractional { first, step, .. } => {
                Arc::new(numbers.map(|number| first + step * number as f64).collect::<Float64Array>())
            }
        };
        self.n_done += n_rows;
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), vec![array])?))
    }
}

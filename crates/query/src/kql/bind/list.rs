//! `in`, `in~`, `has_any`, `has_all` and their negations: one value against a list, an array or a column of a table.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ::kql::Span;
use ::kql::syntax::{BinaryOp, Expr as Tree, ListOp};
use arrow::array::{Array, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};

use super::expr::joined;
use super::{At, Bind, Binder, Bound};
use crate::kql::functions::{TermIndex, fold};
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::{Json, Value};
use crate::limits::{HELD_ROWS_MAX, LIST_VALUES_MAX};

/// Values that are compared one by one; more are looked up in a set.
const PLAIN_VALUES_MAX: usize = 200;
/// Arguments of one call of a list operator.
const CALL_VALUES_MAX: usize = 1_000;

/// The right side of a list operator.
#[derive(Debug, Default)]
pub(crate) struct ListValues {
    pub(crate) constants: Vec<(Value, KqlType)>,
    /// Those that differ from row to row.
    others: Vec<Bound>,
    /// `analyze` did not run the table.
    is_unknown: bool,
}

impl<'t> Binder<'t> {
    pub(super) fn list(
        &mut self,
        op: ListOp,
        left: &'t Tree,
        items: &'t [Tree],
        span: Span,
        at: At<'_, 't>,
    ) -> Bind<Bound> {
        let left_bound = self.expr(left, at);
        let left_bound = self.recover(left_bound)?;
        let values = self.list_values(items, span, at)?;
        let Some(left_bound) = left_bound else { return Err(super::Stop::Reported) };
        if values.is_unknown {
            let unknown = Typed { constant: None, ..Typed::constant(Value::Null, KqlType::Bool) };
            return Ok(Bound::of(unknown));
        }
        let (is_negated, typed) = match op {
            ListOp::In => (false, self.is_in(&left_bound, values, span)?),
            ListOp::NotIn => (true, self.is_in(&left_bound, values, span)?),
            ListOp::InIgnoreCase => (false, self.each_call("in~", &left_bound, values, false, span)?),
            ListOp::NotInIgnoreCase => (true, self.each_call("in~", &left_bound, values, false, span)?),
            ListOp::HasAny => (false, self.each_call("has_any", &left_bound, values, false, span)?),
            ListOp::HasAll => (false, self.each_call("has_all", &left_bound, values, true, span)?),
        };
        if is_negated { Ok(Bound::of(self.apply("not", vec![typed], span)?)) } else { Ok(Bound::of(typed)) }
    }

    /// The values of a list: constants, members of arrays, first columns of tables.
    pub(crate) fn list_values(&mut self, items: &'t [Tree], span: Span, at: At<'_, 't>) -> Bind<ListValues> {
        let mut values = ListValues::default();
        let mut is_broken = false;
        for item in items {
            let added = self.list_item(item, &mut values, at);
            is_broken |= self.recover(added)?.is_none();
            if values.constants.len() > LIST_VALUES_MAX {
                return self.refuse(
                    "KQL182",
                    span,
                    format!("The list has more than {LIST_VALUES_MAX} values (LIST_VALUES_MAX)."),
                    "Use a join.",
                );
            }
        }
        if is_broken { Err(super::Stop::Reported) } else { Ok(values) }
    }

    fn list_item(&mut self, item: &'t Tree, values: &mut ListValues, at: At<'_, 't>) -> Bind<()> {
        let is_column = match (item, at.rows) {
            (Tree::Name(name), Some(rows)) => rows.column(&name.text).is_some(),
            _ => false,
        };
        if !is_column && self.is_table(item, at.env) {
            return self.table_values(item, values, at);
        }
        let bound = self.expr(item, at)?;
        match (&bound.typed.constant, bound.typed.ty) {
            (Some(Value::Dynamic(Json::Array(members))), _) => {
                for member in members {
                    values.constants.push(of_json(member));
                }
            }
            (Some(Value::Dynamic(member)), _) => values.constants.push(of_json(member)),
            (Some(value), ty) => values.constants.push((value.clone(), ty)),
            (None, _) if self.host.is_analysis && at.rows.is_none() => values.is_unknown = true,
            (None, _) => values.others.push(bound),
        }
        Ok(())
    }

    /// The different values of a table's first column.
    fn table_values(&mut self, item: &'t Tree, values: &mut ListValues, at: At<'_, 't>) -> Bind<()> {
        let frame = self.beside(|binder| binder.table(item, at.env))?;
        let Some(column) = frame.shown().next().cloned() else {
            return self.refuse("KQL140", item.span(), "The table has no column.", "Project one.");
        };
        if self.host.is_analysis || self.has_errors() {
            values.is_unknown = true;
            return Ok(());
        }
        let bound = column.bound();
        let plan = crate::kql::frame::project(frame.plan, vec![bound.typed.expr.alias("value")])?;
        let plan = datafusion::logical_expr::LogicalPlanBuilder::from(plan).distinct()?.build()?;
        let batches = self.run(plan, HELD_ROWS_MAX)?;
        for batch in &batches {
            let array = crate::kql::value::Column::new(batch.column(0), column.ty)?;
            for row_idx in 0..batch.num_rows() {
                match array.value(row_idx) {
                    Value::Dynamic(Json::Array(members)) => values.constants.extend(members.iter().map(of_json)),
                    value => values.constants.push((value, column.ty)),
                }
            }
        }
        Ok(())
    }

    fn is_in(&mut self, left: &Bound, values: ListValues, span: Span) -> Bind<Typed> {
        let mut any = Vec::new();
        for other in &values.others {
            any.push(match other.typed.ty {
                KqlType::Dynamic => self.member_of(left, other, span)?,
                _ => self.compared(BinaryOp::Equal, left, other, span)?,
            });
        }
        let (fitting, rest) = fitting(left.typed.ty, values.constants);
        for (value, ty) in rest {
            let constant = Bound::of(Typed::constant(value, ty));
            any.push(self.compared(BinaryOp::Equal, left, &constant, span)?);
        }
        if let Some(typed) = equals_any(left, fitting) {
            any.push(typed);
        }
        Ok(any_of(any, false))
    }

    /// Whether a value is a member of an array that differs from row to row.
    fn member_of(&mut self, left: &Bound, array: &Bound, span: Span) -> Bind<Typed> {
        self.apply("set_has_element", vec![array.typed.clone(), left.typed.clone()], span)
    }

    /// A call of an operator with the values as arguments, in several calls when there are many.
    fn each_call(
        &mut self,
        symbol: &'static str,
        left: &Bound,
        values: ListValues,
        is_all: bool,
        span: Span,
    ) -> Bind<Typed> {
        if symbol == "in~" && values.constants.len() > PLAIN_VALUES_MAX && values.others.is_empty() {
            if left.typed.ty != KqlType::String {
                return self.is_in(left, values, span);
            }
            let texts = values.constants.iter().map(|(value, _)| fold(&value.print())).collect();
            return Ok(member(left, Set::Folded(texts)));
        }
        let is_indexed = symbol == "has_any" && left.typed.ty == KqlType::String && left.typed.constant.is_none();
        if is_indexed && values.constants.len() > PLAIN_VALUES_MAX && values.others.is_empty() {
            let texts = values.constants.iter().map(|(value, _)| value.print());
            return Ok(member(left, Set::Terms(TermIndex::new(texts))));
        }
        let mut arguments: Vec<Typed> = Vec::with_capacity(values.constants.len());
        for (value, ty) in values.constants {
            arguments.push(Typed::constant(value, ty));
        }
        arguments.extend(values.others.into_iter().map(|other| other.typed));
        let mut results = Vec::new();
        for part in arguments.chunks(CALL_VALUES_MAX) {
            let mut call = vec![left.typed.clone()];
            call.extend(part.iter().cloned());
            results.push(self.operator(symbol, call, span, &[])?.typed);
        }
        if results.is_empty() {
            return Ok(Typed::constant(Value::Bool(is_all), KqlType::Bool));
        }
        Ok(any_of(results, is_all))
    }
}

fn any_of(mut results: Vec<Typed>, is_all: bool) -> Typed {
    if results.len() == 1 {
        return results.remove(0);
    }
    let values: Option<Vec<bool>> =
        results.iter().map(|typed| typed.constant.as_ref().and_then(Value::as_bool)).collect();
    if let Some(flags) = values {
        let flag = if is_all { flags.iter().all(|flag| *flag) } else { flags.iter().any(|flag| *flag) };
        return Typed::constant(Value::Bool(flag), KqlType::Bool);
    }
    Typed::new(joined(results.into_iter().map(|typed| typed.expr).collect(), is_all), KqlType::Bool)
}

/// A member of a dynamic array as a value of its own type.
pub(crate) fn of_json(json: &Json) -> (Value, KqlType) {
    match json {
        Json::String(text) => (Value::text(text.clone()), KqlType::String),
        Json::Bool(flag) => (Value::Bool(*flag), KqlType::Bool),
        Json::Number(number) => match number.as_i64() {
            Some(long) => (Value::Long(long), KqlType::Long),
            None => (Value::Real(number.as_f64().unwrap_or(f64::NAN)), KqlType::Real),
        },
        Json::Null => (Value::Null, KqlType::Dynamic),
        Json::Array(_) | Json::Object(_) => (Value::Dynamic(json.clone()), KqlType::Dynamic),
    }
}

type Constants = Vec<(Value, KqlType)>;

/// Those that can be compared with the type as they are, and the others.
fn fitting(ty: KqlType, values: Constants) -> (Vec<Value>, Constants) {
    let mut fitting = Vec::with_capacity(values.len());
    let mut rest = Vec::new();
    for (value, value_type) in values {
        let fits = match (ty, &value) {
            (KqlType::String, Value::Text(_)) | (KqlType::Long, Value::Long(_) | Value::Int(_)) => true,
            (KqlType::Guid, Value::Guid(_)) => true,
            (KqlType::Int, Value::Long(_) | Value::Int(_)) => {
                value.as_long().is_some_and(|long| i32::try_from(long).is_ok())
            }
            _ => false,
        };
        // A string is compared with numbers as text, which other hunting engines do too.
        match (fits, ty, &value) {
            (true, _, _) => fitting.push(value),
            (false, KqlType::String, Value::Long(_) | Value::Int(_) | Value::Bool(_) | Value::Guid(_)) => {
                fitting.push(Value::text(value.print()));
            }
            (false, _, _) => rest.push((value, value_type)),
        }
    }
    (fitting, rest)
}

/// `x in (constants)`; a string "" is also the null of the store.
fn equals_any(left: &Bound, values: Vec<Value>) -> Option<Typed> {
    if values.is_empty() {
        return Some(Typed::constant(Value::Bool(false), KqlType::Bool));
    }
    if let Some(value) = &left.typed.constant {
        let is_in = values
            .iter()
            .any(|other| value == other || value.as_long().is_some_and(|long| other.as_long() == Some(long)));
        return Some(Typed::constant(Value::Bool(is_in), KqlType::Bool));
    }
    let ty = left.typed.ty;
    if values.len() > PLAIN_VALUES_MAX {
        let set = match ty {
            KqlType::Int | KqlType::Long => Set::Longs(values.iter().filter_map(Value::as_long).collect()),
            _ => Set::Texts(values.iter().map(|value| value.as_str().to_owned()).collect()),
        };
        return Some(member(left, set));
    }
    let has_empty = ty == KqlType::String && values.iter().any(|value| value.as_str().is_empty());
    let literals: Vec<Expr> = values.iter().map(|value| lit(value.to_scalar(ty))).collect();
    let is_in = match literals.len() {
        1 => left.typed.expr.clone().eq(literals[0].clone()),
        _ => left.typed.expr.clone().in_list(literals, false),
    };
    let is_in = is_in.is_true();
    let expr = if has_empty { left.typed.expr.clone().is_null().or(is_in) } else { is_in };
    Some(Typed::new(expr, KqlType::Bool))
}

fn member(left: &Bound, set: Set) -> Typed {
    let udf = ScalarUDF::new_from_impl(Member::new(set, left.typed.ty));
    Typed::new(udf.call(vec![left.typed.expr.clone()]), KqlType::Bool)
}

/// The values of a long list.
#[derive(Debug, PartialEq, Eq)]
enum Set {
    Longs(HashSet<i64>),
    Texts(HashSet<String>),
    /// Lower case.
    Folded(HashSet<String>),
    /// Of `has_any`.
    Terms(TermIndex),
}

/// Whether a value is in a set.
#[derive(Debug)]
struct Member {
    set: Arc<Set>,
    signature: Signature,
}

impl Member {
    fn new(set: Set, ty: KqlType) -> Self {
        Self { set: Arc::new(set), signature: Signature::exact(vec![ty.arrow()], Volatility::Immutable) }
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.set, &other.set) || self.set == other.set
    }
}

impl Eq for Member {}

impl Hash for Member {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.set.as_ref() {
            Set::Longs(set) => set.len().hash(state),
            Set::Texts(set) | Set::Folded(set) => set.len().hash(state),
            Set::Terms(index) => index.n_texts().hash(state),
        }
    }
}

impl ScalarUDFImpl for Member {
    fn name(&self) -> &str {
        "kql.in_set"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = args.args[0].to_array(args.number_rows)?;
        let flags: BooleanArray = match (self.set.as_ref(), array.data_type()) {
            (Set::Longs(set), DataType::Int32) => {
                let array = array.as_primitive::<Int32Type>();
                array.iter().map(|value| Some(value.is_some_and(|value| set.contains(&i64::from(value))))).collect()
            }
            (Set::Longs(set), DataType::Int64) => {
                let array = array.as_primitive::<Int64Type>();
                array.iter().map(|value| Some(value.is_some_and(|value| set.contains(&value)))).collect()
            }
            (Set::Texts(set), DataType::Utf8) => {
                array.as_string::<i32>().iter().map(|value| Some(set.contains(value.unwrap_or_default()))).collect()
            }
            (Set::Folded(set), DataType::Utf8) => {
                let array = array.as_string::<i32>();
                array.iter().map(|value| Some(set.contains(&fold(value.unwrap_or_default())))).collect()
            }
            (Set::Terms(index), DataType::Utf8) => {
                let texts = array.as_string::<i32>().iter();
                texts.map(|value| Some(index.is_in(&fold(value.unwrap_or_default())))).collect()
            }
            (_, other) => return exec_err!("no set of {other}"),
        };
        Ok(ColumnarValue::Array(Arc::new(flags)))
    }
}

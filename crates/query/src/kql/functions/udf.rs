//! Our functions as DataFusion sees them: one UDF per function and types of arguments. Its name says both
//! (`kql.strcat(string,long)string`), so that an executor on another machine can make the same one from the name.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, BooleanArray, BooleanBufferBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, exec_err};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::create_physical_expr;
use datafusion::scalar::ScalarValue;

use super::context::QueryContext;
use super::entry::{Body, Function};
use super::scratch::Scratch;
use crate::kql::exec::cap_reached;
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::{Builder, Column, Value};
use crate::limits::BATCH_TEXT_BYTES_MAX;
use crate::needle;

/// Bytes of one text that a function makes; a longer one is "" instead, so that no query fills the memory, and the
/// answer says so.
pub const CELL_BYTES_MAX: usize = 1 << 20;

/// Rows of a batch between two looks at the clock.
const ROWS_UNCHECKED_MAX: usize = 64;

/// The call of `function` as an expression.
pub fn expr(context: &QueryContext, function: &'static Function, returns: KqlType, arguments: &[Typed]) -> Expr {
    let types = arguments.iter().map(|argument| argument.ty).collect();
    let udf = ScalarUDF::new_from_impl(KqlUdf::new(context.clone(), function, types, returns));
    udf.call(arguments.iter().map(|argument| argument.expr.clone()).collect())
}

/// The UDF that has this name; none when the name is not one of ours.
pub fn udf_by_name(name: &str) -> Option<ScalarUDF> {
    let (head, returns) = name.strip_prefix("kql.")?.rsplit_once(')')?;
    let (function, types) = head.rsplit_once('(')?;
    let function = super::find(function).or_else(|| super::operator(function))?;
    let types: Option<Vec<KqlType>> =
        types.split(',').filter(|name| !name.is_empty()).map(KqlType::from_name).collect();
    let context = QueryContext::default();
    Some(ScalarUDF::new_from_impl(KqlUdf::new(context, function, types?, KqlType::from_name(returns)?)))
}

/// The value of an expression without columns; none when it cannot be evaluated now.
pub fn evaluate_constant(expr: &Expr) -> Option<ScalarValue> {
    let schema = DFSchema::empty();
    let batch = arrow::record_batch::RecordBatch::try_new_with_options(
        Arc::clone(schema.inner()),
        Vec::new(),
        &arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(1)),
    )
    .ok()?;
    let physical =
        create_physical_expr(expr, &schema, &ExecutionProps::new(), &PhysicalPlanningContext::default()).ok()?;
    match physical.evaluate(&batch).ok()? {
        ColumnarValue::Scalar(scalar) => Some(scalar),
        ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).ok(),
    }
}

struct KqlUdf {
    /// The query's; another machine's executor has none, and then the query ends with its stream.
    context: QueryContext,
    function: &'static Function,
    types: Vec<KqlType>,
    returns: KqlType,
    name: String,
    signature: Signature,
    /// Batches run at the same time on several threads; each takes one and gives it back.
    pool: Mutex<Vec<Scratch>>,
}

impl KqlUdf {
    fn new(context: QueryContext, function: &'static Function, types: Vec<KqlType>, returns: KqlType) -> KqlUdf {
        let names: Vec<&str> = types.iter().map(|ty| ty.name()).collect();
        let volatility = match function.body {
            Body::Volatile(_) => Volatility::Volatile,
            Body::Rows(_) | Body::Test(_) | Body::Plan(_) | Body::Special(_) => Volatility::Immutable,
        };
        KqlUdf {
            context,
            function,
            name: format!("kql.{}({}){returns}", function.name, names.join(",")),
            types,
            returns,
            signature: Signature::user_defined(volatility),
            pool: Mutex::new(Vec::new()),
        }
    }

    fn evaluate(&self, scratch: &mut Scratch, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut arguments = Vec::with_capacity(args.args.len());
        for (value, ty) in args.args.iter().zip(&self.types) {
            arguments.push(Argument::new(value, *ty)?);
        }
        scratch.begin(arguments.iter().skip(1).all(|argument| argument.column.is_none()));
        let scalar = arguments.iter().all(|argument| argument.column.is_none());
        let n_rows = if scalar { 1 } else { args.number_rows };
        let array = match self.function.body {
            Body::Rows(rows) => self.by_rows(scratch, &arguments, n_rows, rows)?,
            Body::Volatile(rows) => {
                return Ok(ColumnarValue::Array(self.by_rows(scratch, &arguments, args.number_rows, rows)?));
            }
            Body::Test(test) => self.by_test(scratch, &arguments, n_rows, test)?,
            Body::Plan(_) | Body::Special(_) => return exec_err!("{} has no row body", self.name),
        };
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }

    fn by_rows(
        &self,
        scratch: &mut Scratch,
        arguments: &[Argument],
        n_rows: usize,
        rows: fn(&mut Scratch, &[Value]) -> Value,
    ) -> Result<ArrayRef> {
        let mut values: Vec<Value> = arguments.iter().map(|argument| argument.constant.clone()).collect();
        let mut results = Builder::new(self.returns, n_rows);
        for row_idx in 0..n_rows {
            self.check(row_idx)?;
            for (value, argument) in values.iter_mut().zip(arguments) {
                if let Some(column) = &argument.column {
                    *value = column.value(row_idx);
                }
            }
            let value = rows(scratch, &values);
            results.push(&bounded(scratch, value));
            if results.n_text_bytes() > BATCH_TEXT_BYTES_MAX {
                let message = format!("`{}` makes more than {BATCH_TEXT_BYTES_MAX} bytes at once", self.function.name);
                return Err(cap_reached("BATCH_TEXT_BYTES_MAX", message));
            }
        }
        if scratch.take_cut() {
            self.context.hit("CELL_BYTES_MAX", cut_message(self.function.name));
        }
        Ok(results.finish())
    }

    fn check(&self, row_idx: usize) -> Result<()> {
        if row_idx % ROWS_UNCHECKED_MAX == ROWS_UNCHECKED_MAX - 1 { self.context.check() } else { Ok(()) }
    }

    fn by_test(
        &self,
        scratch: &mut Scratch,
        arguments: &[Argument],
        n_rows: usize,
        test: fn(&mut Scratch, &str, &[Value]) -> Option<bool>,
    ) -> Result<ArrayRef> {
        let Some((text, rest)) = arguments.split_first() else { return Ok(Arc::new(BooleanArray::new_null(n_rows))) };
        let mut values: Vec<Value> = rest.iter().map(|argument| argument.constant.clone()).collect();
        if let Some(candidates) = self.candidates(text, rest) {
            return self.test_some(scratch, text, &values, n_rows, &candidates, test);
        }
        let mut results = Vec::with_capacity(n_rows);
        for row_idx in 0..n_rows {
            self.check(row_idx)?;
            for (value, argument) in values.iter_mut().zip(rest) {
                if let Some(column) = &argument.column {
                    *value = column.value(row_idx);
                }
            }
            let text = text.column.as_ref().map_or(text.constant.as_str(), |column| column.text(row_idx));
            results.push(test(scratch, text, &values));
        }
        Ok(Arc::new(BooleanArray::from(results)))
    }
}

/// Tests that only a text can pass that has the value somewhere; with `!` before it, every other text passes.
const HAVE_THE_VALUE: [&str; 12] = [
    "contains",
    "contains_cs",
    "has",
    "has_cs",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
];

impl KqlUdf {
    /// Rows of which the test has to be asked; none when it has to be asked of all.
    fn candidates(&self, text: &Argument, rest: &[Argument]) -> Option<Vec<usize>> {
        let name = self.function.name.trim_start_matches('!');
        let (true, [value]) = (HAVE_THE_VALUE.contains(&name), rest) else { return None };
        if value.column.is_some() {
            return None;
        }
        needle::candidates(text.column.as_ref()?.texts()?, value.constant.as_str())
    }

    fn test_some(
        &self,
        scratch: &mut Scratch,
        text: &Argument,
        values: &[Value],
        n_rows: usize,
        candidates: &[usize],
        test: fn(&mut Scratch, &str, &[Value]) -> Option<bool>,
    ) -> Result<ArrayRef> {
        let is_negated = self.function.name.starts_with('!');
        let mut results = BooleanBufferBuilder::new(n_rows);
        results.append_n(n_rows, is_negated);
        for (idx, row_idx) in candidates.iter().enumerate() {
            self.check(idx)?;
            let text = text.column.as_ref().map_or("", |column| column.text(*row_idx));
            let Some(passes) = test(scratch, text, values) else { return exec_err!("{} has no answer", self.name) };
            results.set_bit(*row_idx, passes);
        }
        Ok(Arc::new(BooleanArray::new(results.finish(), None)))
    }
}

/// One argument of a batch: a column, or a constant converted once.
struct Argument {
    column: Option<Column>,
    constant: Value,
}

impl Argument {
    fn new(value: &ColumnarValue, ty: KqlType) -> Result<Argument> {
        match value {
            ColumnarValue::Array(array) => {
                Ok(Argument { column: Some(Column::new(array, ty)?), constant: Value::Null })
            }
            ColumnarValue::Scalar(scalar) => {
                Ok(Argument { column: None, constant: Column::new(&scalar.to_array()?, ty)?.value(0) })
            }
        }
    }
}

/// What an answer says of texts that were too long.
pub fn cut_message(function: &str) -> String {
    format!("A text that `{function}` makes is longer than {CELL_BYTES_MAX} bytes; \"\" stands for it.")
}

/// A result within the size limit of a cell.
pub fn bounded(scratch: &mut Scratch, value: Value) -> Value {
    match value {
        Value::Text(text) => scratch.fits(text),
        other => other,
    }
}

impl ScalarUDFImpl for KqlUdf {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.returns.arrow())
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.len() != self.types.len() {
            return exec_err!("{} takes {} arguments, not {}", self.name, self.types.len(), arg_types.len());
        }
        Ok(self.types.iter().map(|ty| ty.arrow()).collect())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let taken = self.pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = taken.unwrap_or_default();
        let result = self.evaluate(&mut scratch, &args);
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        result
    }
}

impl std::fmt::Debug for KqlUdf {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.name)
    }
}

impl PartialEq for KqlUdf {
    fn eq(&self, other: &KqlUdf) -> bool {
        self.name == other.name
    }
}

impl Eq for KqlUdf {}

impl Hash for KqlUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

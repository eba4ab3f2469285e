//! A call: checks the arguments against the signature, converts them, folds constants, and gives a typed expression.

use super::context::QueryContext;
use super::entry::{Aggregate, AggregateBody, Body, Function, Parameter, Presence, Returns};
use super::scratch::{Scratch, compile};
use super::udf;
use crate::kql::types::{KqlType, Typed, Types};
use crate::kql::value::Value;

/// Arguments of one call at most; `in` with more is turned into a set before it comes here.
pub const ARGUMENTS_MAX: usize = 1_024;

/// Why a call is refused. The binder makes a diagnostic of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// The argument that is wrong; none when the call as a whole is.
    pub argument: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

impl CallError {
    /// About one argument.
    pub fn at(argument: usize, message: impl Into<String>) -> CallError {
        CallError { argument: Some(argument), message: message.into() }
    }

    /// About the call.
    pub fn new(message: impl Into<String>) -> CallError {
        CallError { argument: None, message: message.into() }
    }
}

/// The typed expression of a function or operator with arguments. `Body::Special` is the binder's and refused here.
pub fn call(context: &QueryContext, function: &'static Function, arguments: Vec<Typed>) -> Result<Typed, CallError> {
    let arguments = texts(context, function, arguments)?;
    let arguments = check(context, function.name, function.parameters, arguments)?;
    let returns = result_type(function.returns, &arguments);
    if !function.warning.is_empty() {
        context.warn(function.warning);
    }
    match function.body {
        Body::Plan(plan) => {
            let expr = plan(context, &arguments)?;
            Ok(fold(Typed::new(expr, returns), &arguments))
        }
        Body::Rows(rows) => match constants(&arguments) {
            Some(values) => Ok(Typed::constant(at_once(context, function.name, rows, &values), returns)),
            None => Ok(Typed::new(udf::expr(context, function, returns, &arguments), returns)),
        },
        Body::Test(test) => match constants(&arguments) {
            Some(values) => {
                let flag = test(&mut Scratch::default(), values[0].as_str(), &values[1..]);
                Ok(Typed::constant(flag.map_or(Value::Null, Value::Bool), returns))
            }
            None => Ok(Typed::new(udf::expr(context, function, returns, &arguments), returns)),
        },
        Body::Volatile(_) => Ok(Typed::new(udf::expr(context, function, returns, &arguments), returns)),
        Body::Special(_) => Err(CallError::new(format!("`{}` cannot be used here", function.name))),
    }
}

/// The typed aggregate expression of a call in `summarize` and the like. `arg_max` and `arg_min` give a struct whose type
/// here is that of the ordering expression; the binder unpacks its fields `c0`, `c1`, ….
pub fn call_aggregate(
    context: &QueryContext,
    aggregate: &'static Aggregate,
    arguments: Vec<Typed>,
) -> Result<Typed, CallError> {
    let arguments = check(context, aggregate.name, aggregate.parameters, arguments)?;
    let AggregateBody::Plan(plan) = aggregate.body;
    let expr = plan(context, &arguments)?;
    Ok(Typed::new(expr, result_type(aggregate.returns, &arguments)))
}

/// The result for constants, at once.
fn at_once(context: &QueryContext, name: &str, rows: fn(&mut Scratch, &[Value]) -> Value, values: &[Value]) -> Value {
    let mut scratch = Scratch::default();
    let value = rows(&mut scratch, values);
    let value = udf::bounded(&mut scratch, value);
    if scratch.take_cut() {
        context.hit("CELL_BYTES_MAX", udf::cut_message(name));
    }
    value
}

fn result_type(returns: Returns, arguments: &[Typed]) -> KqlType {
    match returns {
        Returns::Type(ty) => ty,
        Returns::Argument(idx) => arguments.get(idx).map_or(KqlType::Dynamic, |argument| argument.ty),
        Returns::From(work_out) => work_out(arguments),
    }
}

fn constants(arguments: &[Typed]) -> Option<Vec<Value>> {
    arguments.iter().map(|argument| argument.constant.clone()).collect()
}

/// A native expression over constants alone is evaluated at once.
fn fold(typed: Typed, arguments: &[Typed]) -> Typed {
    if arguments.iter().any(|argument| argument.constant.is_none()) {
        return typed;
    }
    match udf::evaluate_constant(&typed.expr) {
        Some(scalar) => Typed::constant(Value::from_scalar(&scalar, typed.ty), typed.ty),
        None => typed,
    }
}

/// Number, types and constness of the arguments; converted to what the parameters accept.
pub fn check(
    context: &QueryContext,
    name: &str,
    parameters: &'static [Parameter],
    arguments: Vec<Typed>,
) -> Result<Vec<Typed>, CallError> {
    let required = parameters.iter().filter(|parameter| parameter.presence == Presence::Required).count();
    let repeated = parameters.iter().filter(|parameter| parameter.presence == Presence::Repeated).count();
    let most = if repeated > 0 { ARGUMENTS_MAX } else { parameters.len() };
    let given = arguments.len();
    if given < required || given > most {
        let expected = match (required, most) {
            (least, ARGUMENTS_MAX) => format!("at least {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        return Err(CallError::new(format!("`{name}` takes {expected} arguments, not {given}")));
    }
    let fixed = parameters.len() - repeated;
    let mut checked = Vec::with_capacity(given);
    for (idx, argument) in arguments.into_iter().enumerate() {
        let parameter_idx = if idx < fixed { idx } else { fixed + (idx - fixed) % repeated };
        checked.push(check_one(context, name, &parameters[parameter_idx], idx, argument)?);
    }
    Ok(checked)
}

/// What stands where a text is wanted is read as its text, as Microsoft's functions do; the left side of an operator such
/// as `has` is not, there a number is a mistake.
fn texts(context: &QueryContext, function: &Function, arguments: Vec<Typed>) -> Result<Vec<Typed>, CallError> {
    let mut read = Vec::with_capacity(arguments.len());
    for (idx, argument) in arguments.into_iter().enumerate() {
        let parameter = function.parameters.get(idx).or(function.parameters.last());
        let wants_text = parameter.is_some_and(|parameter| parameter.types == Types::STRING);
        let is_left_side = idx == 0 && matches!(function.body, Body::Test(_));
        let fits = Types::STRING.accept(argument.ty).is_some();
        read.push(match wants_text && !fits && !is_left_side {
            true => convert(context, argument, KqlType::String)?,
            false => argument,
        });
    }
    Ok(read)
}

fn check_one(
    context: &QueryContext,
    name: &str,
    parameter: &Parameter,
    idx: usize,
    argument: Typed,
) -> Result<Typed, CallError> {
    if parameter.constant && argument.constant.is_none() {
        return Err(CallError::at(idx, format!("`{}` of `{name}` must be a constant", parameter.name)));
    }
    let Some(ty) = parameter.types.accept(argument.ty) else {
        let hint = if parameter.types == Types::STRING { ": wrap it in tostring()" } else { "" };
        return Err(CallError::at(
            idx,
            format!("`{}` of `{name}` must be {}, not {}{hint}", parameter.name, parameter.types, argument.ty),
        ));
    };
    let argument = convert(context, argument, ty)?;
    if parameter.is_regex
        && let Some(pattern) = &argument.constant
        && let Err(error) = compile(pattern.as_str())
    {
        // The crate's message draws the place into a copy of the pattern; its last line says what is wrong.
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
        return Err(CallError::at(idx, format!("`{}` of `{name}` is not a regular expression: {why}", parameter.name)));
    }
    Ok(argument)
}

/// Converts an expression to another type as the `to…` functions do; itself when it already is of the type.
pub fn convert(context: &QueryContext, argument: Typed, ty: KqlType) -> Result<Typed, CallError> {
    if argument.ty == ty {
        return Ok(argument);
    }
    let name = match ty {
        KqlType::Bool => "tobool",
        KqlType::Int => "toint",
        KqlType::Long => "tolong",
        KqlType::Real => "toreal",
        KqlType::Decimal => "todecimal",
        KqlType::String => "tostring",
        KqlType::DateTime => "todatetime",
        KqlType::TimeSpan => "totimespan",
        KqlType::Guid => "toguid",
        KqlType::Dynamic => "todynamic",
    };
    let function = super::find(name).ok_or_else(|| CallError::new(format!("there is no `{name}`")))?;
    call(context, function, vec![argument])
}

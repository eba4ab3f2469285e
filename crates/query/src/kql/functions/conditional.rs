//! Conditions and nulls: `iff`, `case`, `coalesce`, `isempty`, `isnull`, `not`.

use datafusion::logical_expr::{Expr, lit, when};

use super::call::{CallError, convert};
use super::context::QueryContext;
use super::entry::{Body, Function, Parameter, Returns};
use crate::kql::types::{KqlType, Typed, Types};

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "case",
        aliases: &[],
        parameters: &[
            Parameter::required("predicate", Types::BOOL),
            Parameter::required("then", Types::ANY),
            Parameter::repeated("more", Types::ANY),
        ],
        returns: Returns::From(case_type),
        prose: "The value after the first predicate that is true, else the last argument.",
        example: r#"case(1 > 2, "a", 2 > 1, "b", "c")"#,
        example_result: "b",
        warning: "",
        body: Body::Plan(case),
    },
    Function {
        name: "coalesce",
        aliases: &[],
        parameters: &[Parameter::required("value", Types::ANY), Parameter::repeated("more", Types::ANY)],
        returns: Returns::From(common_type),
        prose: "The first argument that is not null; for strings, not empty.",
        example: r#"coalesce("", "b")"#,
        example_result: "b",
        warning: "",
        body: Body::Plan(coalesce),
    },
    Function {
        name: "iff",
        aliases: &["iif"],
        parameters: &[
            Parameter::required("predicate", Types::BOOL),
            Parameter::required("then", Types::ANY),
            Parameter::required("else", Types::ANY),
        ],
        returns: Returns::From(iff_type),
        prose: "`then` where the predicate is true, `else` where it is false or null.",
        example: r#"iff(1 < 2, "yes", "no")"#,
        example_result: "yes",
        warning: "",
        body: Body::Plan(case),
    },
    Function {
        name: "isempty",
        aliases: &[],
        parameters: &[Parameter::required("value", Types::ANY)],
        returns: Returns::Type(KqlType::Bool),
        prose: "Whether the value is an empty string or null.",
        example: r#"isempty("")"#,
        example_result: "True",
        warning: "",
        body: Body::Plan(is_empty),
    },
    Function {
        name: "isnotempty",
        aliases: &["notempty"],
        parameters: &[Parameter::required("value", Types::ANY)],
        returns: Returns::Type(KqlType::Bool),
        prose: "Whether the value is neither an empty string nor null.",
        example: r#"isnotempty("a")"#,
        example_result: "True",
        warning: "",
        body: Body::Plan(is_not_empty),
    },
    Function {
        name: "isnotnull",
        aliases: &["notnull"],
        parameters: &[Parameter::required("value", Types::ANY)],
        returns: Returns::Type(KqlType::Bool),
        prose: "Whether the value is not null. A string never is null.",
        example: "isnotnull(int(null))",
        example_result: "False",
        warning: "",
        body: Body::Plan(is_not_null),
    },
    Function {
        name: "isnull",
        aliases: &[],
        parameters: &[Parameter::required("value", Types::ANY)],
        returns: Returns::Type(KqlType::Bool),
        prose: "Whether the value is null. A string never is null.",
        example: "isnull(int(null))",
        example_result: "True",
        warning: "",
        body: Body::Plan(is_null),
    },
    Function {
        name: "not",
        aliases: &[],
        parameters: &[Parameter::required("value", Types::BOOL)],
        returns: Returns::Type(KqlType::Bool),
        prose: "The opposite; null stays null.",
        example: "not(1 > 2)",
        example_result: "True",
        warning: "",
        body: Body::Plan(not),
    },
];

/// The type that all of them are converted to: that of those that are not dynamic, the widest number, else dynamic
/// when they differ.
pub fn common_type(arguments: &[Typed]) -> KqlType {
    let mut types = arguments.iter().map(|argument| argument.ty).filter(|ty| *ty != KqlType::Dynamic);
    let Some(first) = types.next() else { return KqlType::Dynamic };
    types.fold(first, wider)
}

fn wider(left: KqlType, right: KqlType) -> KqlType {
    if left == right {
        return left;
    }
    match (left, right) {
        (KqlType::Int, KqlType::Long) | (KqlType::Long, KqlType::Int) => KqlType::Long,
        (left, right) if left.is_numeric() && right.is_numeric() => KqlType::Real,
        (KqlType::String, KqlType::Guid) | (KqlType::Guid, KqlType::String) => KqlType::String,
        _ => KqlType::Dynamic,
    }
}

fn case_type(arguments: &[Typed]) -> KqlType {
    let mut values: Vec<Typed> = arguments.iter().skip(1).step_by(2).cloned().collect();
    values.extend(arguments.last().cloned());
    common_type(&values)
}

fn iff_type(arguments: &[Typed]) -> KqlType {
    common_type(&arguments[1..])
}

fn case(context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    if arguments.len().is_multiple_of(2) {
        return Err(CallError::new("`case` takes pairs of predicate and value, and one value for none of them"));
    }
    let ty = case_type(arguments);
    let value = |idx: usize| convert(context, arguments[idx].clone(), ty).map(|typed| typed.expr);
    let last = arguments.len() - 1;
    let predicate = |idx: usize| {
        let argument = &arguments[idx];
        if argument.ty == KqlType::Bool || argument.ty == KqlType::Dynamic {
            return convert(context, argument.clone(), KqlType::Bool).map(|typed| typed.expr);
        }
        Err(CallError::at(idx, format!("a predicate must be bool, not {}", argument.ty)))
    };
    let mut builder = when(predicate(0)?, value(1)?);
    for idx in (2..last).step_by(2) {
        builder.when(predicate(idx)?, value(idx + 1)?);
    }
    builder.otherwise(value(last)?).map_err(|error| CallError::new(error.to_string()))
}

fn coalesce(context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    let ty = common_type(arguments);
    let mut typed = Vec::with_capacity(arguments.len());
    for argument in arguments {
        typed.push(convert(context, argument.clone(), ty)?);
    }
    let Some(last) = typed.pop() else { return Err(CallError::new("`coalesce` takes at least one argument")) };
    let Some(first) = typed.first() else { return Ok(last.expr) };
    let mut builder = when(not_empty(first), first.expr.clone());
    for argument in &typed[1..] {
        builder.when(not_empty(argument), argument.expr.clone());
    }
    builder.otherwise(last.expr).map_err(|error| CallError::new(error.to_string()))
}

/// Not null, and for a string not "".
pub fn not_empty(argument: &Typed) -> Expr {
    match argument.ty {
        // A null string compares to null: the test must still be false, not null.
        KqlType::String | KqlType::Dynamic => {
            argument.expr.clone().is_not_null().and(argument.expr.clone().not_eq(lit(empty_text(argument.ty))))
        }
        KqlType::Bool
        | KqlType::Int
        | KqlType::Long
        | KqlType::Real
        | KqlType::Decimal
        | KqlType::DateTime
        | KqlType::TimeSpan
        | KqlType::Guid => argument.expr.clone().is_not_null(),
    }
}

fn empty_text(ty: KqlType) -> &'static str {
    if ty == KqlType::Dynamic { "\"\"" } else { "" }
}

fn is_not_empty(_context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    Ok(not_empty(&arguments[0]))
}

fn is_empty(_context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    let Typed { expr, ty, .. } = &arguments[0];
    Ok(match ty {
        KqlType::String | KqlType::Dynamic => expr.clone().is_null().or(expr.clone().eq(lit(empty_text(*ty)))),
        KqlType::Bool
        | KqlType::Int
        | KqlType::Long
        | KqlType::Real
        | KqlType::Decimal
        | KqlType::DateTime
        | KqlType::TimeSpan
        | KqlType::Guid => expr.clone().is_null(),
    })
}

fn is_null(_context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    let Typed { expr, ty, .. } = &arguments[0];
    Ok(if *ty == KqlType::String { lit(false) } else { expr.clone().is_null() })
}

fn is_not_null(_context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    let Typed { expr, ty, .. } = &arguments[0];
    Ok(if *ty == KqlType::String { lit(true) } else { expr.clone().is_not_null() })
}

fn not(_context: &QueryContext, arguments: &[Typed]) -> Result<Expr, CallError> {
    Ok(Expr::Not(Box::new(arguments[0].expr.clone())))
}

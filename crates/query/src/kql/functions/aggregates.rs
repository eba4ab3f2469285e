//! The aggregates of `summarize`, `make-series` and `top-nested`.

use datafusion::functions_aggregate::expr_fn;
use datafusion::logical_expr::{Expr, ExprFunctionExt, lit, when};

use super::call::CallError;
use super::conditional::not_empty;
use super::context::QueryContext;
use super::entry::{Aggregate, AggregateBody, Parameter, Returns};
use super::fold::{self, Kind};
use crate::kql::frame::not_null_text;
use crate::kql::types::{KqlType, Typed, Types};

/// What the examples of the aggregates are worked out over.
pub const EXAMPLE_ROWS: &str = "datatable(x: long, y: string)[1, 'a', 2, 'b', 3, 'c', 3, 'c']";

const VALUE: &[Parameter] = &[Parameter::any("value")];
const VALUE_IF: &[Parameter] = &[Parameter::any("value"), Parameter::required("predicate", Types::BOOL)];
const AMOUNT: &[Parameter] = &[Parameter::required("value", SUMMED)];
const AMOUNT_IF: &[Parameter] = &[Parameter::required("value", SUMMED), Parameter::required("predicate", Types::BOOL)];
const PREDICATE: &[Parameter] = &[Parameter::required("predicate", Types::BOOL)];
const MADE: &[Parameter] = &[Parameter::any("value"), Parameter::long("most").opt()];
const MADE_IF: &[Parameter] =
    &[Parameter::any("value"), Parameter::required("predicate", Types::BOOL), Parameter::long("most").opt()];
const BAG: &[Parameter] = &[Parameter::dynamic("bag"), Parameter::long("most").opt()];
const BAG_IF: &[Parameter] =
    &[Parameter::dynamic("bag"), Parameter::required("predicate", Types::BOOL), Parameter::long("most").opt()];
const BEST: &[Parameter] = &[Parameter::any("ordering"), Parameter::any("value").many()];
const SHARES: &[Parameter] = &[Parameter::required("value", SUMMED), Parameter::real("percentile").many()];
const LONGS: &[Parameter] = &[Parameter::long("value")];
/// What can be summed; a dynamic counts as a real.
const SUMMED: Types = Types::SUMMABLE;

const fn aggregate(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: Returns,
    column_name: &'static str,
    prose: &'static str,
    plan: fn(&QueryContext, &[Typed]) -> Result<Expr, CallError>,
) -> Aggregate {
    let body = AggregateBody::Plan(plan);
    Aggregate { name, aliases: &[], parameters, returns, prose, column_name, example: "", example_result: "", body }
}

impl Aggregate {
    const fn also(self, aliases: &'static [&'static str]) -> Aggregate {
        Aggregate { aliases, ..self }
    }

    const fn example(self, example: &'static str, example_result: &'static str) -> Aggregate {
        Aggregate { example, example_result, ..self }
    }
}

const LONG: Returns = Returns::Type(KqlType::Long);
const REAL: Returns = Returns::Type(KqlType::Real);
const DYNAMIC: Returns = Returns::Type(KqlType::Dynamic);
const SAME: Returns = Returns::Argument(0);

/// Every aggregate. Examples are over [`EXAMPLE_ROWS`].
pub const AGGREGATES: &[Aggregate] = &[
    // Old queries name a column, which does not matter.
    aggregate("count", &[Parameter::any("column").opt()], LONG, "count_{}", "How many rows.", |_, _| {
        Ok(expr_fn::count(lit(1_i64)))
    })
    .also(&["cnt"])
    .example("count()", "4"),
    aggregate("countif", PREDICATE, LONG, "countif_", "How many rows fulfil a predicate.", |_, arguments| {
        Ok(expr_fn::count(only_if(lit(1_i64), &arguments[0])?))
    })
    .example("countif(x > 1)", "3"),
    aggregate("sum", AMOUNT, Returns::From(sum_type), "sum_{}", "The sum; 0 of nothing.", |_, arguments| {
        Ok(fold::expr(Kind::Sum, sum_type(arguments), &arguments[..1]))
    })
    .example("sum(x)", "9"),
    aggregate(
        "sumif",
        AMOUNT_IF,
        Returns::From(sum_type),
        "sumif_{}",
        "The sum where a predicate is fulfilled.",
        |_, arguments| Ok(fold::expr(Kind::Sum, sum_type(arguments), &[filtered(arguments)?])),
    )
    .example("sumif(x, x > 1)", "8"),
    aggregate("avg", AMOUNT, Returns::From(average_type), "avg_{}", "The average; null of nothing.", |_, arguments| {
        Ok(fold::expr(Kind::Average, average_type(arguments), &arguments[..1]))
    })
    .example("avg(x)", "2.25"),
    aggregate(
        "avgif",
        AMOUNT_IF,
        Returns::From(average_type),
        "avgif_{}",
        "The average where a predicate is fulfilled.",
        |_, arguments| Ok(fold::expr(Kind::Average, average_type(arguments), &[filtered(arguments)?])),
    )
    .example("avgif(x, x < 3)", "1.5"),
    aggregate("min", VALUE, SAME, "min_{}", "The smallest value.", |_, arguments| smallest(&arguments[0]))
        .example("min(x)", "1"),
    aggregate(
        "minif",
        VALUE_IF,
        SAME,
        "minif_{}",
        "The smallest value where a predicate is fulfilled.",
        |_, arguments| smallest(&filtered(arguments)?),
    )
    .example("minif(x, x > 1)", "2"),
    aggregate("max", VALUE, SAME, "max_{}", "The largest value.", |_, arguments| largest(&arguments[0]))
        .example("max(x)", "3"),
    aggregate(
        "maxif",
        VALUE_IF,
        SAME,
        "maxif_{}",
        "The largest value where a predicate is fulfilled.",
        |_, arguments| largest(&filtered(arguments)?),
    )
    .example("maxif(x, x < 3)", "2"),
    aggregate(
        "dcount",
        &[Parameter::any("value"), Parameter::long("accuracy").opt()],
        LONG,
        "dcount_{}",
        "How many different values; here always exact.",
        |_, arguments| Ok(expr_fn::count_distinct(counted(&arguments[0]))),
    )
    .also(&["count_distinct"])
    .example("dcount(x)", "3"),
    aggregate(
        "dcountif",
        &[Parameter::any("value"), Parameter::required("predicate", Types::BOOL), Parameter::long("accuracy").opt()],
        LONG,
        "dcountif_{}",
        "How many different values where a predicate is fulfilled; here always exact.",
        |_, arguments| {
            // Building a filter anew forgets `distinct`.
            let count = expr_fn::count(counted(&arguments[0])).distinct();
            let filtered = count.filter(arguments[1].expr.clone()).build();
            filtered.map_err(|error| CallError::new(error.to_string()))
        },
    )
    .also(&["count_distinctif"])
    .example("dcountif(x, x > 1)", "2"),
    aggregate(
        "make_set",
        MADE,
        DYNAMIC,
        "set_{}",
        "The different values as an array, sorted; 1,048,576 at most.",
        |_, arguments| Ok(fold::expr(Kind::Set, KqlType::Dynamic, arguments)),
    )
    .also(&["makeset"])
    .example("make_set(x)", "[1,2,3]"),
    aggregate(
        "make_set_if",
        MADE_IF,
        DYNAMIC,
        "set_{}",
        "The different values where a predicate is fulfilled.",
        |_, arguments| folded_if(Kind::Set, arguments),
    )
    .example("make_set_if(x, x > 1)", "[2,3]"),
    aggregate(
        "make_list",
        MADE,
        DYNAMIC,
        "list_{}",
        "All values that are not null as an array; 1,048,576 at most.",
        |_, arguments| Ok(fold::expr(Kind::List, KqlType::Dynamic, arguments)),
    )
    .also(&["makelist"])
    .example("array_sort_asc(make_list(x))", "[1,2,3,3]"),
    aggregate(
        "make_list_if",
        MADE_IF,
        DYNAMIC,
        "list_{}",
        "All values where a predicate is fulfilled.",
        |_, arguments| folded_if(Kind::List, arguments),
    )
    .example("make_list_if(x, x < 2)", "[1]"),
    aggregate("make_list_with_nulls", VALUE, DYNAMIC, "list_{}", "All values, nulls too.", |_, arguments| {
        Ok(fold::expr(Kind::ListWithNulls, KqlType::Dynamic, arguments))
    })
    .example("array_length(make_list_with_nulls(x))", "4"),
    aggregate("make_bag", BAG, DYNAMIC, "bag_{}", "The members of all bags as one.", |_, arguments| {
        Ok(fold::expr(Kind::Bag, KqlType::Dynamic, arguments))
    })
    .also(&["make_dictionary"])
    .example("make_bag(bag_pack('a', 1))", "{\"a\":1}"),
    aggregate(
        "make_bag_if",
        BAG_IF,
        DYNAMIC,
        "bag_{}",
        "The members of the bags where a predicate is fulfilled.",
        |_, arguments| folded_if(Kind::Bag, arguments),
    )
    .example("make_bag_if(bag_pack('a', x), x == 2)", "{\"a\":2}"),
    aggregate(
        "arg_max",
        BEST,
        SAME,
        "",
        "Values of the row whose first value is largest; `*` for all columns.",
        |_, arguments| Ok(fold::struct_expr(Kind::ArgMax, arguments)),
    )
    .also(&["argmax"])
    .example("arg_max(x, y)", "3, c"),
    aggregate(
        "arg_min",
        BEST,
        SAME,
        "",
        "Values of the row whose first value is smallest; `*` for all columns.",
        |_, arguments| Ok(fold::struct_expr(Kind::ArgMin, arguments)),
    )
    .also(&["argmin"])
    .example("arg_min(x, *)", "1, a"),
    aggregate(
        "take_any",
        VALUE,
        SAME,
        "{}",
        "A value that is not empty: here the smallest, so that it is always the same.",
        |_, arguments| any(&arguments[0]),
    )
    .also(&["any"])
    .example("take_any(x)", "1"),
    aggregate(
        "take_anyif",
        VALUE_IF,
        SAME,
        "{}",
        "A value where a predicate is fulfilled: here the smallest.",
        |_, arguments| any(&filtered(arguments)?),
    )
    .also(&["anyif"])
    .example("take_anyif(x, x > 1)", "2"),
    aggregate(
        "percentile",
        SHARES,
        Returns::From(percentile_type),
        "percentile_{}",
        "The value below which a share of the values lies, by the nearest rank.",
        |_, arguments| Ok(fold::expr(Kind::Percentile, percentile_type(arguments), arguments)),
    )
    .example("percentile(x, 50)", "2"),
    aggregate(
        "percentiles",
        SHARES,
        Returns::From(percentile_type),
        "percentile_{}",
        "Several percentiles, a column for each.",
        |_, _| Err(CallError::new("`percentiles` makes several columns: it stands alone in `summarize`")),
    )
    .example("percentiles(x, 25, 100)", "1, 3"),
    aggregate(
        "percentiles_array",
        SHARES,
        DYNAMIC,
        "percentiles_{}",
        "Several percentiles as an array.",
        |_, arguments| Ok(fold::expr(Kind::Percentiles, KqlType::Dynamic, arguments)),
    )
    .example("percentiles_array(x, 25, 100)", "[1,3]"),
    aggregate("stdev", AMOUNT, REAL, "stdev_{}", "The standard deviation of a sample.", |_, arguments| {
        Ok(fold::expr(Kind::Deviation, KqlType::Real, arguments))
    })
    .example("round(stdev(x), 3)", "0.957"),
    aggregate(
        "stdevif",
        AMOUNT_IF,
        REAL,
        "stdevif_{}",
        "The standard deviation of a sample where a predicate is fulfilled.",
        |_, arguments| Ok(fold::expr(Kind::Deviation, KqlType::Real, &[filtered(arguments)?])),
    )
    .example("stdevif(x, x == 3)", "0.0"),
    aggregate("stdevp", AMOUNT, REAL, "stdevp_{}", "The standard deviation of a whole population.", |_, arguments| {
        Ok(fold::expr(Kind::PopulationDeviation, KqlType::Real, arguments))
    })
    .example("round(stdevp(x), 3)", "0.829"),
    aggregate("variance", AMOUNT, REAL, "variance_{}", "The variance of a sample.", |_, arguments| {
        Ok(fold::expr(Kind::Variance, KqlType::Real, arguments))
    })
    .example("round(variance(x), 3)", "0.917"),
    aggregate(
        "varianceif",
        AMOUNT_IF,
        REAL,
        "varianceif_{}",
        "The variance of a sample where a predicate is fulfilled.",
        |_, arguments| Ok(fold::expr(Kind::Variance, KqlType::Real, &[filtered(arguments)?])),
    )
    .example("varianceif(x, x == 3)", "0.0"),
    aggregate("variancep", AMOUNT, REAL, "variancep_{}", "The variance of a whole population.", |_, arguments| {
        Ok(fold::expr(Kind::PopulationVariance, KqlType::Real, arguments))
    })
    .example("round(variancep(x), 4)", "0.6875"),
    aggregate(
        "variancepif",
        AMOUNT_IF,
        REAL,
        "variancepif_{}",
        "The variance of a whole population where a predicate is fulfilled.",
        |_, arguments| Ok(fold::expr(Kind::PopulationVariance, KqlType::Real, &[filtered(arguments)?])),
    )
    .example("round(variancepif(x, x > 1), 4)", "0.2222"),
    aggregate("binary_all_and", LONGS, LONG, "{}", "Bits set in all values.", |_, arguments| {
        Ok(fold::expr(Kind::AllAnd, KqlType::Long, arguments))
    })
    .example("binary_all_and(x)", "0"),
    aggregate("binary_all_or", LONGS, LONG, "{}", "Bits set in one of the values.", |_, arguments| {
        Ok(fold::expr(Kind::AllOr, KqlType::Long, arguments))
    })
    .example("binary_all_or(x)", "3"),
    aggregate("binary_all_xor", LONGS, LONG, "{}", "Bits set in an odd number of values.", |_, arguments| {
        Ok(fold::expr(Kind::AllXor, KqlType::Long, arguments))
    })
    .example("binary_all_xor(x)", "3"),
];

fn sum_type(arguments: &[Typed]) -> KqlType {
    match arguments.first().map(|typed| typed.ty) {
        Some(KqlType::TimeSpan) => KqlType::TimeSpan,
        Some(KqlType::Int | KqlType::Long | KqlType::DateTime) => KqlType::Long,
        _ => KqlType::Real,
    }
}

fn average_type(arguments: &[Typed]) -> KqlType {
    match arguments.first().map(|typed| typed.ty) {
        Some(time @ (KqlType::TimeSpan | KqlType::DateTime)) => time,
        _ => KqlType::Real,
    }
}

fn percentile_type(arguments: &[Typed]) -> KqlType {
    arguments.first().map_or(KqlType::Real, |typed| typed.ty)
}

fn only_if(value: Expr, predicate: &Typed) -> Result<Expr, CallError> {
    when(predicate.expr.clone(), value).end().map_err(|error| CallError::new(error.to_string()))
}

/// The value where the predicate holds, else null.
fn filtered(arguments: &[Typed]) -> Result<Typed, CallError> {
    let value = &arguments[0];
    Ok(Typed::new(only_if(value.expr.clone(), &arguments[1])?, value.ty))
}

/// A row left out must not become a null, which among strings is "" and a value.
fn folded_if(kind: Kind, arguments: &[Typed]) -> Result<Expr, CallError> {
    let mut made = vec![arguments[0].clone()];
    made.extend(arguments[2..].iter().cloned());
    filter(fold::expr(kind, KqlType::Dynamic, &made), &arguments[1])
}

/// The aggregate of the rows where a predicate is fulfilled.
fn filter(aggregate: Expr, predicate: &Typed) -> Result<Expr, CallError> {
    let filtered = aggregate.filter(predicate.expr.clone()).build();
    filtered.map_err(|error| CallError::new(error.to_string()))
}

/// Text that is null counts as "".
fn counted(typed: &Typed) -> Expr {
    if typed.ty == KqlType::String { not_null_text(typed.expr.clone()) } else { typed.expr.clone() }
}

/// By the order of the language: DataFusion's own order is the same but for dynamics.
fn smallest(typed: &Typed) -> Result<Expr, CallError> {
    match typed.ty {
        KqlType::Dynamic => Ok(fold::expr(Kind::Smallest, KqlType::Dynamic, std::slice::from_ref(typed))),
        _ => Ok(expr_fn::min(typed.expr.clone())),
    }
}

fn largest(typed: &Typed) -> Result<Expr, CallError> {
    match typed.ty {
        KqlType::Dynamic => Ok(fold::expr(Kind::Largest, KqlType::Dynamic, std::slice::from_ref(typed))),
        _ => Ok(expr_fn::max(typed.expr.clone())),
    }
}

fn any(typed: &Typed) -> Result<Expr, CallError> {
    let full = when(not_empty(typed), typed.expr.clone()).end().map_err(|error| CallError::new(error.to_string()))?;
    smallest(&Typed::new(full, typed.ty))
}

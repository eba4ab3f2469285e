//! The shape of a table entry: names, signature, prose, example, body.

use datafusion::logical_expr::Expr;

use super::call::CallError;
use super::context::QueryContext;
use super::scratch::Scratch;
use crate::kql::types::{KqlType, Typed, Types};
use crate::kql::value::Value;

/// Whether a parameter must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Must be there.
    Required,
    /// May be left out.
    Optional,
    /// The last one: any number of times, also none. With several repeated parameters they repeat as a group.
    Repeated,
}

/// One parameter of a signature.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// For messages and the documentation.
    pub name: &'static str,
    /// What it accepts; a narrower number and a dynamic are converted.
    pub types: Types,
    /// Whether it must be there.
    pub presence: Presence,
    /// Whether it must be the same for every row.
    pub constant: bool,
    /// Whether it is a regular expression: a constant that is none is refused.
    pub is_regex: bool,
}

impl Parameter {
    /// A parameter that must be there.
    pub const fn required(name: &'static str, types: Types) -> Parameter {
        Parameter { name, types, presence: Presence::Required, constant: false, is_regex: false }
    }

    /// A parameter that may be left out.
    pub const fn optional(name: &'static str, types: Types) -> Parameter {
        Parameter { name, types, presence: Presence::Optional, constant: false, is_regex: false }
    }

    /// A parameter given any number of times.
    pub const fn repeated(name: &'static str, types: Types) -> Parameter {
        Parameter { name, types, presence: Presence::Repeated, constant: false, is_regex: false }
    }

    /// A string.
    pub const fn text(name: &'static str) -> Parameter {
        Parameter::required(name, Types::STRING)
    }

    /// A regular expression.
    pub const fn regex(name: &'static str) -> Parameter {
        Parameter { is_regex: true, ..Parameter::text(name) }
    }

    /// A long.
    pub const fn long(name: &'static str) -> Parameter {
        Parameter::required(name, Types::LONG)
    }

    /// A real.
    pub const fn real(name: &'static str) -> Parameter {
        Parameter::required(name, Types::REAL)
    }

    /// A dynamic; a string is read as JSON.
    pub const fn dynamic(name: &'static str) -> Parameter {
        Parameter::required(name, Types::of(&[KqlType::Dynamic, KqlType::String]))
    }

    /// A datetime.
    pub const fn datetime(name: &'static str) -> Parameter {
        Parameter::required(name, Types::DATETIME)
    }

    /// A timespan.
    pub const fn timespan(name: &'static str) -> Parameter {
        Parameter::required(name, Types::TIMESPAN)
    }

    /// Any type.
    pub const fn any(name: &'static str) -> Parameter {
        Parameter::required(name, Types::ANY)
    }

    /// The same, may be left out.
    pub const fn opt(self) -> Parameter {
        Parameter { presence: Presence::Optional, ..self }
    }

    /// The same, any number of times.
    pub const fn many(self) -> Parameter {
        Parameter { presence: Presence::Repeated, ..self }
    }

    /// The same, constant-only.
    pub const fn constant(self) -> Parameter {
        Parameter { constant: true, ..self }
    }
}

/// The type of the result.
#[derive(Debug, Clone, Copy)]
pub enum Returns {
    /// Always this type.
    Type(KqlType),
    /// The type of the argument with this index.
    Argument(usize),
    /// Worked out from the types of the arguments, after their conversion.
    From(fn(&[Typed]) -> KqlType),
}

/// What only the binder can do, because it needs columns, rows or tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// `toscalar(T)`
    ToScalar,
    /// `materialize(T)`
    Materialize,
    /// `column_ifexists(name, default)`
    ColumnIfExists,
    /// `ingestion_time()`
    IngestionTime,
    /// `prev(x, n, default)`
    Prev,
    /// `next(x, n, default)`
    Next,
    /// `row_number(start, restart)`
    RowNumber,
    /// `row_cumsum(x, restart)`
    RowCumSum,
    /// `row_rank_dense(x, restart)`
    RowRankDense,
    /// `row_rank_min(x, restart)`
    RowRankMin,
    /// `row_window_session(x, max, gap, restart)`
    RowWindowSession,
    /// `pack_all(ignore_null_empty)`
    PackAll,
    /// `bag_pack_columns(a, b, …)`
    BagPackColumns,
}

/// How a function is evaluated.
#[derive(Clone, Copy)]
pub enum Body {
    /// Row by row. Arguments have the types of the signature; a missing optional one is simply not in the slice.
    Rows(fn(&mut Scratch, &[Value]) -> Value),
    /// The same, but gives another result at every call (`rand`): never folded.
    Volatile(fn(&mut Scratch, &[Value]) -> Value),
    /// A test of one text (the first argument); the rest are constants most of the time, prepared once per batch.
    Test(fn(&mut Scratch, &str, &[Value]) -> Option<bool>),
    /// An expression of the engine's own.
    Plan(fn(&QueryContext, &[Typed]) -> Result<Expr, CallError>),
    /// The binder's.
    Special(Special),
}

/// A scalar function or operator.
pub struct Function {
    /// As written in KQL.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// The parameters in order.
    pub parameters: &'static [Parameter],
    /// The type of the result.
    pub returns: Returns,
    /// What it does, in one to three sentences.
    pub prose: &'static str,
    /// An expression that is a test; of what is about rows, columns or tables ([`Body::Special`]) a whole query.
    pub example: &'static str,
    /// What the example gives, printed as `tostring` does: `, ` between cells, `; ` between rows.
    pub example_result: &'static str,
    /// A warning that every answer gets that used it, "" for none.
    pub warning: &'static str,
    /// How it is evaluated.
    pub body: Body,
}

impl Function {
    /// A function of one result type; `doc` is its prose, an example and what that gives.
    const fn new(
        name: &'static str,
        parameters: &'static [Parameter],
        ty: KqlType,
        doc: [&'static str; 3],
        body: Body,
    ) -> Function {
        let [prose, example, example_result] = doc;
        let returns = Returns::Type(ty);
        Function { name, aliases: &[], parameters, returns, prose, example, example_result, warning: "", body }
    }

    /// Evaluated row by row.
    pub const fn rows(
        name: &'static str,
        parameters: &'static [Parameter],
        ty: KqlType,
        doc: [&'static str; 3],
        body: fn(&mut Scratch, &[Value]) -> Value,
    ) -> Function {
        Function::new(name, parameters, ty, doc, Body::Rows(body))
    }

    /// A test of a text.
    pub const fn test(
        name: &'static str,
        parameters: &'static [Parameter],
        doc: [&'static str; 3],
        body: fn(&mut Scratch, &str, &[Value]) -> Option<bool>,
    ) -> Function {
        Function::new(name, parameters, KqlType::Bool, doc, Body::Test(body))
    }

    /// An expression of the engine's own.
    pub const fn plan(
        name: &'static str,
        parameters: &'static [Parameter],
        ty: KqlType,
        doc: [&'static str; 3],
        body: fn(&QueryContext, &[Typed]) -> Result<Expr, CallError>,
    ) -> Function {
        Function::new(name, parameters, ty, doc, Body::Plan(body))
    }

    /// The binder's.
    pub const fn special(
        name: &'static str,
        parameters: &'static [Parameter],
        ty: KqlType,
        doc: [&'static str; 3],
        special: Special,
    ) -> Function {
        Function::new(name, parameters, ty, doc, Body::Special(special))
    }

    /// The same with another way to find the type of the result.
    pub const fn returning(self, returns: Returns) -> Function {
        Function { returns, ..self }
    }

    /// The same under other names too.
    pub const fn also(self, aliases: &'static [&'static str]) -> Function {
        Function { aliases, ..self }
    }

    /// The same, giving another result at every call.
    pub const fn volatile(self) -> Function {
        let body = match self.body {
            Body::Rows(rows) => Body::Volatile(rows),
            other => other,
        };
        Function { body, ..self }
    }

    /// The example as a query.
    pub fn example_query(&self) -> String {
        match self.body {
            Body::Special(_) => self.example.to_owned(),
            Body::Rows(_) | Body::Volatile(_) | Body::Test(_) | Body::Plan(_) => {
                format!("print result = {}", self.example)
            }
        }
    }

    /// The same, with a warning on every answer that used it.
    pub const fn warning(self, warning: &'static str) -> Function {
        Function { warning, ..self }
    }
}

/// An aggregate function.
pub struct Aggregate {
    /// As written in KQL.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// The parameters in order.
    pub parameters: &'static [Parameter],
    /// The type of the result; `arg_max` and `arg_min` return a struct that the binder unpacks.
    pub returns: Returns,
    /// What it does, in one to three sentences.
    pub prose: &'static str,
    /// The name of the result's column when the query gives none; `{}` stands for the first argument's column.
    pub column_name: &'static str,
    /// A call that is a test, over [`EXAMPLE_ROWS`](super::EXAMPLE_ROWS).
    pub example: &'static str,
    /// What the example gives, printed as `tostring` does: `, ` between cells.
    pub example_result: &'static str,
    /// How it is evaluated.
    pub body: AggregateBody,
}

/// How an aggregate is evaluated.
#[derive(Clone, Copy)]
pub enum AggregateBody {
    /// An expression with the engine's aggregates or ours. For `arg_max` and `arg_min` the arguments are the ordering
    /// expression and then the values; the result is a struct with the fields `c0`, `c1`, … in that order.
    Plan(fn(&QueryContext, &[Typed]) -> Result<Expr, CallError>),
}

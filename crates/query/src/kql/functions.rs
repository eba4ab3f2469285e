//! The function table: every scalar function, operator and aggregate of KQL as one entry with its signature, prose and
//! an example that is a test. The binder looks names up here and calls `call` or `call_aggregate`; `docs/kql/functions.md`
//! is generated from the same entries. Names of columns and tables are not known here.

mod call;
mod context;
mod entry;
mod re2;
mod scratch;
mod udf;

pub mod aggregates;
mod arrays;
mod bags;
mod binary;
mod conditional;
mod convert;
mod encode;
pub mod fold;
mod math;
mod naming;
mod network;
mod operators;
mod parse;
mod series;
mod series_math;
mod special;
mod strings;
mod terms;
mod time;

pub use aggregates::{AGGREGATES, EXAMPLE_ROWS};
pub use call::{ARGUMENTS_MAX, CallError, call, call_aggregate, convert};
pub use context::QueryContext;
pub use entry::{Aggregate, AggregateBody, Body, Function, Parameter, Presence, Returns, Special};
pub use fold::udaf_by_name;
pub use naming::{Naming, aggregate_naming, naming};
pub use operators::{FORMS, Form, OPERATORS};
pub use scratch::{Scratch, compile};
pub use series::{SEVERAL, Several};
pub use terms::{TermIndex, fold};
pub use udf::udf_by_name;

/// One list per family, in the order of the documentation.
pub const FAMILIES: &[(&str, &[Function])] = &[
    ("Conditions", conditional::FUNCTIONS),
    ("Conversions", convert::FUNCTIONS),
    ("Strings", strings::FUNCTIONS),
    ("Parsing", parse::FUNCTIONS),
    ("Encodings and hashes", encode::FUNCTIONS),
    ("Dates and times", time::FUNCTIONS),
    ("Numbers", math::FUNCTIONS),
    ("Functions of one real", math::OF_REAL),
    ("Bits", binary::FUNCTIONS),
    ("Arrays and sets", arrays::FUNCTIONS),
    ("Bags and JSON", bags::FUNCTIONS),
    ("Networks", network::FUNCTIONS),
    ("Series", series::FUNCTIONS),
    ("Members of series", series_math::OF_ONE),
    ("Members of two series", series_math::OF_TWO),
    ("Series as vectors", series_math::TO_ONE),
    ("Rows and tables", special::FUNCTIONS),
];

/// The entry of a scalar function by its name or an alias.
pub fn find(name: &str) -> Option<&'static Function> {
    let mut all = FAMILIES.iter().flat_map(|(_, functions)| functions.iter());
    all.find(|function| function.name == name || function.aliases.contains(&name))
}

/// The entry of an operator as it is written: `==`, `has_any`, `!contains`, `in~`, `matches regex`, `+`; `-` with one
/// argument negates; `[]` is the access of a dynamic by name or index.
pub fn operator(symbol: &str) -> Option<&'static Function> {
    operators::OPERATORS.iter().flat_map(|operators| operators.iter()).find(|function| function.name == symbol)
}

/// The entry of an aggregate by its name or an alias.
pub fn find_aggregate(name: &str) -> Option<&'static Aggregate> {
    aggregates::AGGREGATES.iter().find(|aggregate| aggregate.name == name || aggregate.aliases.contains(&name))
}

/// Every name and alias of the scalar functions, sorted: for completion and "did you mean".
pub fn names() -> Vec<&'static str> {
    let all = FAMILIES.iter().flat_map(|(_, functions)| functions.iter());
    let mut names: Vec<&str> =
        all.flat_map(|function| function.aliases.iter().copied().chain([function.name])).collect();
    names.sort_unstable();
    names
}

//! The names of results without `name =`, as Microsoft's own binder gives them (`@kusto/language-service-next`).

/// How a column is named after the call that it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Like the first argument: `tostring(a)` is `a`.
    Argument,
    /// A word and the first argument: `gettype(a)` is `type_a`.
    Prefixed(&'static str),
    /// The first argument and a word: `array_sort_asc(a)` is `a_sorted`.
    Suffixed(&'static str),
}

/// How the result of a scalar function is named; `None` for those that get `Column1` and so on.
pub fn naming(function: &str) -> Option<Naming> {
    match function {
        "strlen" => Some(Naming::Prefixed("strlen")),
        "string_size" => Some(Naming::Prefixed("string_size")),
        "gettype" => Some(Naming::Prefixed("type")),
        "treepath" => Some(Naming::Prefixed("tree")),
        "repeat" => Some(Naming::Prefixed("repeat")),
        "array_sort_asc" | "array_sort_desc" => Some(Naming::Suffixed("sorted")),
        name if LIKE_ARGUMENT.contains(&name) => Some(Naming::Argument),
        _ => None,
    }
}

/// The name of an aggregate's result where it goes by how the aggregate is called: `{}` stands for the first argument.
pub fn aggregate_naming(called: &str) -> Option<&'static str> {
    match called {
        "any" => Some("any_{}"),
        "anyif" => Some("anyif_{}"),
        "cnt" => Some("cnt_{}"),
        "count_distinct" => Some("count_distinct_{}"),
        "count_distinctif" => Some("count_distinctif_{}"),
        _ => None,
    }
}

const LIKE_ARGUMENT: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "bin",
    "bin_at",
    "bin_auto",
    "binary_and",
    "binary_not",
    "binary_or",
    "binary_shift_left",
    "binary_shift_right",
    "binary_xor",
    "bitset_count_ones",
    "ceiling",
    "cos",
    "exp",
    "exp10",
    "exp2",
    "floor",
    "format_bytes",
    "format_datetime",
    "format_timespan",
    "gamma",
    "log",
    "log10",
    "log2",
    "make_datetime",
    "parse_csv",
    "parse_json",
    "parse_xml",
    "parsejson",
    "pow",
    "rand",
    "round",
    "series_fill_backward",
    "series_fill_const",
    "series_fill_forward",
    "series_fill_linear",
    "series_outliers",
    "sin",
    "split",
    "sqrt",
    "startofday",
    "tan",
    "tobool",
    "toboolean",
    "todatetime",
    "todecimal",
    "todouble",
    "todynamic",
    "toguid",
    "tohex",
    "toint",
    "tolong",
    "toobject",
    "toreal",
    "tostring",
    "totime",
    "totimespan",
];

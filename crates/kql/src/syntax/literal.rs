//! Constants in the text, already understood: numbers are numbers, times are ticks.

/// The scalar types. Kusto's aliases (`date`, `time`, `double`, `uuid`…) are resolved by the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataType {
    /// `bool`, `boolean`.
    Bool,
    /// `datetime`, `date`.
    Datetime,
    /// `decimal`.
    Decimal,
    /// `dynamic`.
    Dynamic,
    /// `guid`, `uuid`, `uniqueid`.
    Guid,
    /// `int`, and the narrow and unsigned types of old: `int8`, `uint16`…
    Int,
    /// `long`, `int64`, `uint32`, `uint64`.
    Long,
    /// `real`, `double`, `float`.
    Real,
    /// `string`.
    String,
    /// `timespan`, `time`.
    Timespan,
}

impl DataType {
    /// All, in alphabetical order.
    pub const ALL: &[Self] = &[
        Self::Bool,
        Self::Datetime,
        Self::Decimal,
        Self::Dynamic,
        Self::Guid,
        Self::Int,
        Self::Long,
        Self::Real,
        Self::String,
        Self::Timespan,
    ];

    /// The name KQL prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Datetime => "datetime",
            Self::Decimal => "decimal",
            Self::Dynamic => "dynamic",
            Self::Guid => "guid",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::String => "string",
            Self::Timespan => "timespan",
        }
    }

    /// The type of a name or alias.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "bool" | "boolean" => Self::Bool,
            "datetime" | "date" => Self::Datetime,
            "decimal" => Self::Decimal,
            "dynamic" => Self::Dynamic,
            "guid" | "uuid" | "uniqueid" => Self::Guid,
            "int" | "int8" | "int16" | "int32" | "uint8" | "uint16" | "uint" => Self::Int,
            "long" | "int64" | "uint32" | "uint64" | "ulong" => Self::Long,
            "real" | "double" | "float" => Self::Real,
            "string" => Self::String,
            "timespan" | "time" => Self::Timespan,
            _ => return None,
        })
    }
}

/// A constant. `None` is the null of its type: `int(null)`.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true`, `bool(false)`, `bool(null)`.
    Bool(Option<bool>),
    /// `int(5)`.
    Int(Option<i32>),
    /// `5`, `0x1F`, `long(5)`.
    Long(Option<i64>),
    /// `1.5`, `1e3`, `real(1)`, `real(nan)`, `double(+inf)`.
    Real(Option<f64>),
    /// `decimal(1.25)`: the digits as written.
    Decimal(Option<String>),
    /// `datetime(2026-01-31 10:00)`: ticks of 100 ns since 0001-01-01, UTC.
    Datetime(Option<i64>),
    /// `1d`, `90s`, `timespan(1.02:03:04)`: ticks of 100 ns.
    Timespan(Option<i64>),
    /// `guid(…)`: lower case with dashes.
    Guid(Option<String>),
    /// A string, escapes resolved; strings side by side are one.
    String {
        /// The characters.
        value: String,
        /// `h"…"`: must not be written to logs.
        is_hidden: bool,
    },
    /// `dynamic(…)`; `Dynamic::Null` for `dynamic(null)`.
    Dynamic(Dynamic),
}

impl Literal {
    /// The type of the constant.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Bool(_) => DataType::Bool,
            Self::Int(_) => DataType::Int,
            Self::Long(_) => DataType::Long,
            Self::Real(_) => DataType::Real,
            Self::Decimal(_) => DataType::Decimal,
            Self::Datetime(_) => DataType::Datetime,
            Self::Timespan(_) => DataType::Timespan,
            Self::Guid(_) => DataType::Guid,
            Self::String { .. } => DataType::String,
            Self::Dynamic(_) => DataType::Dynamic,
        }
    }
}

/// The value inside `dynamic(…)`: JSON, and KQL's own literals in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Dynamic {
    /// `null`.
    Null,
    /// `true`.
    Bool(bool),
    /// A whole number that fits.
    Long(i64),
    /// Any other number.
    Real(f64),
    /// A string.
    String(String),
    /// `[…]`.
    Array(Vec<Dynamic>),
    /// `{…}` in the order written, duplicates included.
    Object(Vec<(String, Dynamic)>),
    /// `datetime(…)`, `timespan(…)`, `guid(…)`, `1d` and the like inside the value.
    Scalar(Box<Literal>),
}

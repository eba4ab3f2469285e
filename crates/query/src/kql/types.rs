//! The types of KQL, their Arrow form while a query runs, and `Typed`: an expression with its KQL type. Nothing here
//! knows tables or operators.

use std::fmt;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;

use super::value::Value;

/// A scalar type of KQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KqlType {
    /// `bool`
    Bool,
    /// `int`: 32 bits.
    Int,
    /// `long`: 64 bits.
    Long,
    /// `real`, also called `double`.
    Real,
    /// `decimal`, kept as a real.
    Decimal,
    /// `string`; null and "" are the same.
    String,
    /// `datetime`: ticks of 100 ns since 0001-01-01.
    DateTime,
    /// `timespan`: ticks of 100 ns.
    TimeSpan,
    /// `guid`: lower case with dashes.
    Guid,
    /// `dynamic`: JSON.
    Dynamic,
}

impl KqlType {
    /// Every type.
    pub const ALL: &[KqlType] = &[
        KqlType::Bool,
        KqlType::Int,
        KqlType::Long,
        KqlType::Real,
        KqlType::Decimal,
        KqlType::String,
        KqlType::DateTime,
        KqlType::TimeSpan,
        KqlType::Guid,
        KqlType::Dynamic,
    ];

    /// The name as written in KQL.
    pub fn name(self) -> &'static str {
        match self {
            KqlType::Bool => "bool",
            KqlType::Int => "int",
            KqlType::Long => "long",
            KqlType::Real => "real",
            KqlType::Decimal => "decimal",
            KqlType::String => "string",
            KqlType::DateTime => "datetime",
            KqlType::TimeSpan => "timespan",
            KqlType::Guid => "guid",
            KqlType::Dynamic => "dynamic",
        }
    }

    /// The type that a name in a query means, synonyms included.
    pub fn from_name(name: &str) -> Option<KqlType> {
        match name {
            "bool" | "boolean" => Some(KqlType::Bool),
            "int" | "int32" => Some(KqlType::Int),
            "long" | "int64" => Some(KqlType::Long),
            "real" | "double" | "float" => Some(KqlType::Real),
            "decimal" => Some(KqlType::Decimal),
            "string" => Some(KqlType::String),
            "datetime" | "date" => Some(KqlType::DateTime),
            "timespan" | "time" => Some(KqlType::TimeSpan),
            "guid" | "uuid" | "uniqueid" => Some(KqlType::Guid),
            "dynamic" => Some(KqlType::Dynamic),
            _ => None,
        }
    }

    /// The Arrow type of a column of this type while a query runs.
    pub fn arrow(self) -> DataType {
        match self {
            KqlType::Bool => DataType::Boolean,
            KqlType::Int => DataType::Int32,
            KqlType::Long | KqlType::DateTime | KqlType::TimeSpan => DataType::Int64,
            KqlType::Real | KqlType::Decimal => DataType::Float64,
            KqlType::String | KqlType::Guid | KqlType::Dynamic => DataType::Utf8,
        }
    }

    /// Whether arithmetic takes it as a number.
    pub fn is_numeric(self) -> bool {
        Types::NUMBER.contains(self)
    }
}

impl fmt::Display for KqlType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A set of types that a parameter accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Types(u16);

impl Types {
    /// Every type.
    pub const ANY: Types = Types(0x3ff);
    /// int, long, real, decimal.
    pub const NUMBER: Types = Types::of(&[KqlType::Int, KqlType::Long, KqlType::Real, KqlType::Decimal]);
    /// int, long.
    pub const INTEGER: Types = Types::of(&[KqlType::Int, KqlType::Long]);
    /// string alone.
    pub const STRING: Types = Types::of(&[KqlType::String]);
    /// dynamic alone.
    pub const DYNAMIC: Types = Types::of(&[KqlType::Dynamic]);
    /// bool alone.
    pub const BOOL: Types = Types::of(&[KqlType::Bool]);
    /// long alone; an int is widened.
    pub const LONG: Types = Types::of(&[KqlType::Long]);
    /// real alone; other numbers are widened.
    pub const REAL: Types = Types::of(&[KqlType::Real]);
    /// datetime alone.
    pub const DATETIME: Types = Types::of(&[KqlType::DateTime]);
    /// timespan alone.
    pub const TIMESPAN: Types = Types::of(&[KqlType::TimeSpan]);
    /// datetime and timespan.
    pub const TIME: Types = Types::of(&[KqlType::DateTime, KqlType::TimeSpan]);
    /// Numbers, datetime, timespan.
    pub const SUMMABLE: Types = Types(Types::NUMBER.0 | Types::TIME.0);

    /// The set of the given types.
    pub const fn of(types: &[KqlType]) -> Types {
        let mut bits = 0;
        let mut idx = 0;
        while idx < types.len() {
            bits |= 1 << types[idx] as u16;
            idx += 1;
        }
        Types(bits)
    }

    /// Whether the set has the type.
    pub const fn contains(self, ty: KqlType) -> bool {
        self.0 & (1 << ty as u16) != 0
    }

    /// The types of the set in the order of `KqlType`.
    pub fn iter(self) -> impl Iterator<Item = KqlType> {
        KqlType::ALL.iter().copied().filter(move |ty| self.contains(*ty))
    }

    /// The type an argument is converted to without being asked: itself when accepted, a wider number, or for a
    /// dynamic the first accepted type.
    pub fn accept(self, ty: KqlType) -> Option<KqlType> {
        if self.contains(ty) {
            return Some(ty);
        }
        let wider: &[KqlType] = match ty {
            KqlType::Int => &[KqlType::Long, KqlType::Real, KqlType::Decimal],
            KqlType::Long => &[KqlType::Real, KqlType::Decimal, KqlType::Int],
            KqlType::Real => &[KqlType::Decimal],
            KqlType::Decimal => &[KqlType::Real],
            KqlType::Guid => &[KqlType::String],
            KqlType::Dynamic => &[
                KqlType::String,
                KqlType::Real,
                KqlType::Long,
                KqlType::Int,
                KqlType::DateTime,
                KqlType::TimeSpan,
                KqlType::Bool,
            ],
            KqlType::Bool | KqlType::String | KqlType::DateTime | KqlType::TimeSpan => &[],
        };
        wider.iter().copied().find(|ty| self.contains(*ty))
    }
}

impl fmt::Display for Types {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Types::ANY {
            return out.write_str("any");
        }
        let names: Vec<&str> = self.iter().map(KqlType::name).collect();
        out.write_str(&names.join(" or "))
    }
}

/// An expression whose Arrow type is `ty.arrow()`.
#[derive(Debug, Clone)]
pub struct Typed {
    /// What DataFusion evaluates.
    pub expr: Expr,
    /// Its KQL type.
    pub ty: KqlType,
    /// The value, when it is the same for every row.
    pub constant: Option<Value>,
}

impl Typed {
    /// An expression over columns.
    pub fn new(expr: Expr, ty: KqlType) -> Typed {
        Typed { expr, ty, constant: None }
    }

    /// A constant; `value` must be of type `ty` or null.
    pub fn constant(value: Value, ty: KqlType) -> Typed {
        let scalar: ScalarValue = value.to_scalar(ty);
        Typed { expr: lit(scalar), ty, constant: Some(value) }
    }
}

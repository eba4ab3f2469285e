//! What a column is. The columns themselves are in `columns.rs`.

/// KQL scalar types that our columns use
/// (source: Kusto "Scalar data types", `learn.microsoft.com/kusto/query/scalar-data-types`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// UTF-8 text; also JSON text that KQL reads as `dynamic` on access.
    String,
    /// 32-bit signed integer.
    Int,
    /// 64-bit signed integer.
    Long,
    /// True or false.
    Bool,
    /// Instant in UTC, nanoseconds since 1970-01-01 (range 1677 to 2262).
    DateTime,
}

impl Type {
    /// The name that KQL and `getschema` use.
    pub const fn kql_name(self) -> &'static str {
        match self {
            Type::String => "string",
            Type::Int => "int",
            Type::Long => "long",
            Type::Bool => "bool",
            Type::DateTime => "datetime",
        }
    }
}

/// One column. Two columns are the same column exactly when their names are equal.
#[derive(Debug)]
pub struct Column {
    /// KQL spelling, for example `ProcessCommandLine`.
    pub name: &'static str,
    /// Type of every value.
    pub ty: Type,
    /// Protobuf field number in `Row` bytes. Never reused; `tests/frozen.txt` holds the list.
    pub wire: u32,
    /// What the column means, one or more English sentences.
    pub prose: &'static str,
    /// `Some(other)` when MDE documents a second spelling of a column: the values are stored once, under `other`.
    pub alias_of: Option<&'static Column>,
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Column {}

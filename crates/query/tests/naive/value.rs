//! Values and tables of the naive evaluator. A null carries its type; a string is never null.

use std::cmp::Ordering;

use kql::syntax::DataType;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(Option<bool>),
    Int(Option<i32>),
    Long(Option<i64>),
    Real(Option<f64>),
    /// Ticks since 0001-01-01.
    Datetime(Option<i64>),
    /// Ticks.
    Timespan(Option<i64>),
    Guid(Option<String>),
    String(String),
    Dynamic(Json),
}

/// What a dynamic value holds. Times in it are strings already, as in JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Columns and rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    /// The rows are in an order that the query asked for; only the order of equal ones is open.
    pub is_sorted: bool,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub data_type: DataType,
}

impl Table {
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// A row of nulls: what an expression gives on it has the expression's type.
    pub fn null_row(&self) -> Vec<Value> {
        self.columns.iter().map(|column| Value::null(column.data_type)).collect()
    }
}

impl Column {
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type }
    }
}

impl Value {
    /// The null of a type; for string the empty one.
    pub fn null(data_type: DataType) -> Self {
        match data_type {
            DataType::Bool => Self::Bool(None),
            DataType::Int => Self::Int(None),
            DataType::Long => Self::Long(None),
            DataType::Real | DataType::Decimal => Self::Real(None),
            DataType::Datetime => Self::Datetime(None),
            DataType::Timespan => Self::Timespan(None),
            DataType::Guid => Self::Guid(None),
            DataType::String => Self::String(String::new()),
            DataType::Dynamic => Self::Dynamic(Json::Null),
        }
    }

    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    pub fn data_type(&self) -> DataType {
        match self {
            Self::Bool(_) => DataType::Bool,
            Self::Int(_) => DataType::Int,
            Self::Long(_) => DataType::Long,
            Self::Real(_) => DataType::Real,
            Self::Datetime(_) => DataType::Datetime,
            Self::Timespan(_) => DataType::Timespan,
            Self::Guid(_) => DataType::Guid,
            Self::String(_) => DataType::String,
            Self::Dynamic(_) => DataType::Dynamic,
        }
    }

    pub fn is_null(&self) -> bool {
        match self {
            Self::Bool(value) => value.is_none(),
            Self::Int(value) => value.is_none(),
            Self::Long(value) | Self::Datetime(value) | Self::Timespan(value) => value.is_none(),
            Self::Real(value) => value.is_none(),
            Self::Guid(value) => value.is_none(),
            Self::String(_) => false,
            Self::Dynamic(json) => *json == Json::Null,
        }
    }

    /// Null, or the empty string.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::String(text) => text.is_empty(),
            Self::Dynamic(Json::String(text)) => text.is_empty(),
            other => other.is_null(),
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(value) => value.map(f64::from),
            Self::Long(value) | Self::Datetime(value) | Self::Timespan(value) => value.map(|value| value as f64),
            Self::Real(value) => *value,
            Self::Dynamic(Json::Long(value)) => Some(*value as f64),
            Self::Dynamic(Json::Real(value)) => Some(*value),
            _ => None,
        }
    }

    /// The whole number inside an int, long, datetime or timespan.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => value.map(i64::from),
            Self::Long(value) | Self::Datetime(value) | Self::Timespan(value) => *value,
            Self::Dynamic(Json::Long(value)) => Some(*value),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Dynamic(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Order of two values that are not null; `None` when they can't be compared.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(Some(left)), Self::Bool(Some(right))) => Some(left.cmp(right)),
            (Self::String(left), Self::String(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
            (Self::Guid(Some(left)), Self::Guid(Some(right))) => Some(left.cmp(right)),
            (Self::Datetime(Some(left)), Self::Datetime(Some(right)))
            | (Self::Timespan(Some(left)), Self::Timespan(Some(right))) => Some(left.cmp(right)),
            (Self::Real(Some(_)), _) | (_, Self::Real(Some(_))) => self.as_f64()?.partial_cmp(&other.as_f64()?),
            (Self::Int(_) | Self::Long(_), Self::Int(_) | Self::Long(_)) => Some(self.as_i64()?.cmp(&other.as_i64()?)),
            (Self::Dynamic(left), Self::Dynamic(right)) => (left == right).then_some(Ordering::Equal),
            _ => None,
        }
    }

    /// The form under which groups, distinct rows and joins tell values apart.
    pub fn key(&self) -> String {
        match self {
            Self::String(text) => format!("s{text}"),
            Self::Dynamic(json) => format!("d{json}"),
            other if other.is_null() => "null".to_owned(),
            Self::Real(Some(value)) => format!("n{:?}", if *value == 0.0 { 0.0 } else { *value }),
            Self::Int(Some(value)) => format!("n{value}"),
            Self::Long(Some(value)) => format!("n{value}"),
            other => format!("{other:?}"),
        }
    }
}

/// A sort key's order: nulls where they are asked for, the others ascending or descending.
pub fn sort_order(left: &Value, right: &Value, is_descending: bool, nulls_first: bool) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if nulls_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if nulls_first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => {
            let order = left.compare(right).unwrap_or(Ordering::Equal);
            if is_descending { order.reverse() } else { order }
        }
    }
}

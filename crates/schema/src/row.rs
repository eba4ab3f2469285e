//! One event as a sparse row of the wide `events` table, and its bytes.
//!
//! The bytes are a protobuf message (encoding: `protobuf.dev/programming-guides/encoding`): one field per set
//! column, the field number is `Column::wire`. Strings are length-delimited UTF-8, `Int`, `Long` and `Bool` are
//! varints (`int64`, two's complement), `DateTime` is `sfixed64` nanoseconds since 1970-01-01 UTC.
//! Unknown fields are skipped and counted, so that a newer sensor can talk to an older server.

use prost::DecodeError;
use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, fixed64, int64, skip_field, string};

use crate::column::{Column, Type};
use crate::tables::event_column_by_wire;

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// For `Type::String`.
    Str(String),
    /// For `Type::Int` and `Type::Long`.
    Int(i64),
    /// For `Type::Bool`.
    Bool(bool),
    /// For `Type::DateTime`: nanoseconds since 1970-01-01 UTC.
    Time(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Bool(flag)
    }
}

/// Nanoseconds since 1970-01-01 UTC, to set a `DateTime` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub i64);

impl From<Nanos> for Value {
    fn from(time: Nanos) -> Self {
        Value::Time(time.0)
    }
}

/// A sparse row: a value for some columns, null for the others. Values are kept in wire order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    values: Vec<(&'static Column, Value)>,
    unknown_fields: u32,
}

impl Row {
    /// An empty row.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty row with room for some columns.
    pub fn with_capacity(n_columns: usize) -> Self {
        Self { values: Vec::with_capacity(n_columns), unknown_fields: 0 }
    }

    /// Sets those of the columns that have no value yet. `values` are in wire order, as in a row.
    pub fn fill(&mut self, values: &[(&'static Column, Value)]) {
        debug_assert!(values.is_sorted_by_key(|(column, _)| column.wire), "not in wire order");
        let is_missing = |row: &Self, wire| row.values.binary_search_by_key(&wire, |(other, _)| other.wire).is_err();
        let n_missing = values.iter().filter(|(column, _)| is_missing(self, column.wire)).count();
        if n_missing == 0 {
            return;
        }
        let room = self.values.len() + n_missing + 4;
        let mut own = std::mem::replace(&mut self.values, Vec::with_capacity(room));
        let mut own = own.drain(..).peekable();
        for (column, value) in values {
            while let Some(next) = own.next_if(|(other, _)| other.wire < column.wire) {
                self.values.push(next);
            }
            if own.peek().is_none_or(|(other, _)| other.wire != column.wire) {
                self.values.push((column, value.clone()));
            }
        }
        self.values.extend(own);
    }

    /// Sets a column, replacing an earlier value.
    ///
    /// # Panics
    /// When the value's type is not the column's: a bug of the caller, never of the data.
    pub fn set(&mut self, column: &'static Column, value: impl Into<Value>) -> &mut Self {
        let column = column.alias_of.unwrap_or(column);
        let value = value.into();
        assert!(matches(column.ty, &value), "type of {} is {:?}", column.name, column.ty);
        match self.values.binary_search_by_key(&column.wire, |(other, _)| other.wire) {
            Ok(idx) => self.values[idx].1 = value,
            Err(idx) => self.values.insert(idx, (column, value)),
        }
        self
    }

    /// Sets a column when there is a value.
    pub fn set_opt(&mut self, column: &'static Column, value: Option<impl Into<Value>>) -> &mut Self {
        match value {
            Some(value) => self.set(column, value),
            None => self,
        }
    }

    /// The value of a column, `None` for null.
    pub fn get(&self, column: &'static Column) -> Option<&Value> {
        let column = column.alias_of.unwrap_or(column);
        let idx = self.values.binary_search_by_key(&column.wire, |(other, _)| other.wire).ok()?;
        Some(&self.values[idx].1)
    }

    /// The text of a string column, `None` for null or another type.
    pub fn text(&self, column: &'static Column) -> Option<&str> {
        match self.get(column)? {
            Value::Str(text) => Some(text),
            Value::Int(_) | Value::Bool(_) | Value::Time(_) => None,
        }
    }

    /// The number in an int, long or datetime column, `None` for null or another type.
    pub fn number(&self, column: &'static Column) -> Option<i64> {
        match self.get(column)? {
            Value::Int(number) | Value::Time(number) => Some(*number),
            Value::Str(_) | Value::Bool(_) => None,
        }
    }

    /// All set columns in wire order.
    pub fn values(&self) -> &[(&'static Column, Value)] {
        &self.values
    }

    /// Fields in the decoded bytes that this version does not know.
    pub fn unknown_fields(&self) -> u32 {
        self.unknown_fields
    }
}

fn matches(ty: Type, value: &Value) -> bool {
    match value {
        Value::Str(_) => ty == Type::String,
        Value::Int(_) => matches!(ty, Type::Int | Type::Long),
        Value::Bool(_) => ty == Type::Bool,
        Value::Time(_) => ty == Type::DateTime,
    }
}

impl prost::Message for Row {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        for (column, value) in &self.values {
            match value {
                Value::Str(text) => string::encode(column.wire, text, buf),
                Value::Int(number) => int64::encode(column.wire, number, buf),
                Value::Bool(flag) => int64::encode(column.wire, &i64::from(*flag), buf),
                Value::Time(nanos) => fixed64::encode(column.wire, &nanos.cast_unsigned(), buf),
            }
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        let Some(column) = event_column_by_wire(tag) else {
            self.unknown_fields = self.unknown_fields.saturating_add(1);
            return skip_field(wire_type, tag, buf, ctx);
        };
        let value = match column.ty {
            Type::String => {
                let mut text = String::new();
                string::merge(wire_type, &mut text, buf, ctx)?;
                Value::Str(text)
            }
            Type::Int | Type::Long | Type::Bool => {
                let mut number = 0;
                int64::merge(wire_type, &mut number, buf, ctx)?;
                if column.ty == Type::Bool {
                    Value::Bool(number != 0)
                } else if column.ty == Type::Int {
                    // An int column is 32 bit in the store: out of range is null, not a wrong number.
                    let Ok(number) = i32::try_from(number) else { return Ok(()) };
                    Value::Int(i64::from(number))
                } else {
                    Value::Int(number)
                }
            }
            Type::DateTime => {
                let mut nanos = 0;
                fixed64::merge(wire_type, &mut nanos, buf, ctx)?;
                Value::Time(nanos.cast_signed())
            }
        };
        self.set(column, value);
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        let mut len = 0;
        for (column, value) in &self.values {
            len += match value {
                Value::Str(text) => string::encoded_len(column.wire, text),
                Value::Int(number) => int64::encoded_len(column.wire, number),
                Value::Bool(flag) => int64::encoded_len(column.wire, &i64::from(*flag)),
                Value::Time(nanos) => fixed64::encoded_len(column.wire, &nanos.cast_unsigned()),
            };
        }
        len
    }

    fn clear(&mut self) {
        self.values.clear();
        self.unknown_fields = 0;
    }
}

//! Values out of Arrow arrays and back. Only the Arrow types of `KqlType::arrow` are read.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBuilder, Float64Array, Float64Builder, Int32Array, Int32Builder, Int64Array,
    Int64Builder, StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err};

use super::{Json, Value};
use crate::kql::types::KqlType;

/// An Arrow array read as values of one type.
pub struct Column {
    array: ArrayRef,
    ty: KqlType,
}

impl Column {
    /// Reads `array` as `ty`; other encodings of the same type (string views, dictionaries) are cast.
    pub fn new(array: &ArrayRef, ty: KqlType) -> Result<Column> {
        let wanted = ty.arrow();
        if *array.data_type() == wanted {
            return Ok(Column { array: Arc::clone(array), ty });
        }
        if *array.data_type() == DataType::Null {
            return Ok(Column { array: arrow::array::new_null_array(&wanted, array.len()), ty });
        }
        let array = cast(array, &wanted)
            .map_err(|error| exec_datafusion_err!("read {} as {ty}: {error}", array.data_type()))?;
        Ok(Column { array, ty })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.array.is_empty()
    }

    /// The text of a row of a string, guid or dynamic column; null gives "".
    pub fn text(&self, row_idx: usize) -> &str {
        match self.array.as_any().downcast_ref::<StringArray>() {
            Some(array) if array.is_valid(row_idx) => array.value(row_idx),
            Some(_) | None => "",
        }
    }

    /// All rows of a string, guid or dynamic column.
    pub fn texts(&self) -> Option<&StringArray> {
        self.array.as_any().downcast_ref()
    }

    /// The value of a row.
    pub fn value(&self, row_idx: usize) -> Value {
        if self.array.is_null(row_idx) {
            return Value::null_of(self.ty);
        }
        let any = self.array.as_any();
        let value = match self.ty {
            KqlType::Bool => any.downcast_ref::<BooleanArray>().map(|array| Value::Bool(array.value(row_idx))),
            KqlType::Int => any.downcast_ref::<Int32Array>().map(|array| Value::Int(array.value(row_idx))),
            KqlType::Long => any.downcast_ref::<Int64Array>().map(|array| Value::Long(array.value(row_idx))),
            KqlType::DateTime => any.downcast_ref::<Int64Array>().map(|array| Value::DateTime(array.value(row_idx))),
            KqlType::TimeSpan => any.downcast_ref::<Int64Array>().map(|array| Value::TimeSpan(array.value(row_idx))),
            KqlType::Real | KqlType::Decimal => {
                any.downcast_ref::<Float64Array>().map(|array| Value::Real(array.value(row_idx)))
            }
            KqlType::String => Some(Value::text(self.text(row_idx))),
            KqlType::Guid => Some(Value::Guid(self.text(row_idx).to_owned())),
            KqlType::Dynamic => Some(read_json(self.text(row_idx))),
        };
        value.unwrap_or(Value::Null)
    }
}

/// A dynamic column holds JSON; text that is not JSON is a string.
fn read_json(text: &str) -> Value {
    Value::dynamic(serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned())))
}

/// An Arrow array of values of one type; a value of another type becomes null.
pub fn array(values: &[Value], ty: KqlType) -> ArrayRef {
    let mut builder = Builder::new(ty, values.len());
    values.iter().for_each(|value| builder.push(value));
    builder.finish()
}

/// Makes an Arrow array of one type, value by value.
pub struct Builder {
    ty: KqlType,
    cells: Cells,
}

enum Cells {
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Real(Float64Builder),
    Text(StringBuilder),
}

impl Builder {
    /// An empty one with room for so many values.
    pub fn new(ty: KqlType, n_values: usize) -> Builder {
        let cells = match ty {
            KqlType::Bool => Cells::Bool(BooleanBuilder::with_capacity(n_values)),
            KqlType::Int => Cells::Int(Int32Builder::with_capacity(n_values)),
            KqlType::Long | KqlType::DateTime | KqlType::TimeSpan => Cells::Long(Int64Builder::with_capacity(n_values)),
            KqlType::Real | KqlType::Decimal => Cells::Real(Float64Builder::with_capacity(n_values)),
            KqlType::String | KqlType::Guid | KqlType::Dynamic => Cells::Text(StringBuilder::new()),
        };
        Builder { ty, cells }
    }

    /// Adds a value; one of another type becomes null.
    pub fn push(&mut self, value: &Value) {
        match &mut self.cells {
            Cells::Bool(cells) => cells.append_option(value.as_bool()),
            Cells::Int(cells) => cells.append_option(value.as_long().and_then(|long| i32::try_from(long).ok())),
            Cells::Long(cells) => cells.append_option(value.as_long()),
            Cells::Real(cells) => cells.append_option(value.as_real()),
            Cells::Text(cells) => match self.ty {
                KqlType::String => cells.append_value(value.as_str()),
                KqlType::Dynamic => cells.append_option((!value.is_null()).then(|| value.to_json().to_string())),
                _ => cells.append_option((!value.is_null()).then(|| value.as_str())),
            },
        }
    }

    /// Bytes of the texts so far.
    pub fn n_text_bytes(&self) -> usize {
        match &self.cells {
            Cells::Text(cells) => cells.values_slice().len(),
            Cells::Bool(_) | Cells::Int(_) | Cells::Long(_) | Cells::Real(_) => 0,
        }
    }

    /// The array.
    pub fn finish(self) -> ArrayRef {
        match self.cells {
            Cells::Bool(mut cells) => Arc::new(cells.finish()),
            Cells::Int(mut cells) => Arc::new(cells.finish()),
            Cells::Long(mut cells) => Arc::new(cells.finish()),
            Cells::Real(mut cells) => Arc::new(cells.finish()),
            Cells::Text(mut cells) => Arc::new(cells.finish()),
        }
    }
}

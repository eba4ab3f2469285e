//! The fields of a row's bytes without copying them: what the store needs to build columns. It reads what `Row` reads
//! and refuses what `Row` refuses.

use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, check_wire_type, decode_key, decode_varint, skip_field};

use crate::column::{Column, Type};
use crate::tables::event_column_by_wire;

/// A value of a column inside a record's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// For `Type::String`.
    Str(&'a str),
    /// For `Type::Int` and `Type::Long`.
    Int(i64),
    /// For `Type::Bool`.
    Bool(bool),
    /// For `Type::DateTime`: nanoseconds since 1970-01-01 UTC.
    Time(i64),
}

/// A column and its value.
pub type Field<'a> = (&'static Column, ValueRef<'a>);

/// The bytes are no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads a record into `fields`, in wire order; of a column that comes twice the later value counts.
///
/// # Errors
/// When the bytes are no row; `fields` is of no use then.
pub fn read_fields<'a>(bytes: &'a [u8], fields: &mut Vec<Field<'a>>) -> Result<(), Malformed> {
    fields.clear();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (wire, wire_type) = decode_key(&mut rest).map_err(|_| Malformed)?;
        let Some(column) = event_column_by_wire(wire) else {
            skip_field(wire_type, wire, &mut rest, DecodeContext::default()).map_err(|_| Malformed)?;
            continue;
        };
        let Some(value) = read_value(column.ty, wire_type, &mut rest)? else { continue };
        if fields.last().is_none_or(|(last, _)| last.wire < wire) {
            fields.push((column, value));
            continue;
        }
        match fields.binary_search_by_key(&wire, |(other, _)| other.wire) {
            Ok(idx) => fields[idx].1 = value,
            Err(idx) => fields.insert(idx, (column, value)),
        }
    }
    Ok(())
}

/// `None` for an int out of range, which is null.
fn read_value<'a>(ty: Type, wire_type: WireType, rest: &mut &'a [u8]) -> Result<Option<ValueRef<'a>>, Malformed> {
    let expect = |expected| check_wire_type(expected, wire_type).map_err(|_| Malformed);
    let value = match ty {
        Type::String => {
            expect(WireType::LengthDelimited)?;
            let len = decode_varint(rest).map_err(|_| Malformed)?;
            let len = usize::try_from(len).map_err(|_| Malformed)?;
            let (text, after) = rest.split_at_checked(len).ok_or(Malformed)?;
            *rest = after;
            ValueRef::Str(std::str::from_utf8(text).map_err(|_| Malformed)?)
        }
        Type::Int | Type::Long | Type::Bool => {
            expect(WireType::Varint)?;
            let number = decode_varint(rest).map_err(|_| Malformed)?.cast_signed();
            match ty {
                Type::Bool => ValueRef::Bool(number != 0),
                Type::Int if i32::try_from(number).is_err() => return Ok(None),
                _ => ValueRef::Int(number),
            }
        }
        Type::DateTime => {
            expect(WireType::SixtyFourBit)?;
            ValueRef::Time(rest.try_get_i64_le().map_err(|_| Malformed)?)
        }
    };
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::row::{Row, Value};
    use crate::sample::{Options, Sample};

    /// What `Row` makes of the bytes.
    fn check(bytes: &[u8]) -> bool {
        let mut fields = Vec::new();
        let read = read_fields(bytes, &mut fields);
        let Ok(row) = Row::decode(bytes) else {
            assert_eq!(read, Err(Malformed), "{bytes:?}");
            return false;
        };
        assert_eq!(read, Ok(()), "{bytes:?}");
        let values: Vec<(&Column, Value)> = fields
            .iter()
            .map(|(column, value)| {
                let value = match value {
                    ValueRef::Str(text) => Value::from(*text),
                    ValueRef::Int(number) => Value::Int(*number),
                    ValueRef::Bool(flag) => Value::Bool(*flag),
                    ValueRef::Time(nanos) => Value::Time(*nanos),
                };
                (*column, value)
            })
            .collect();
        assert_eq!(values, row.values());
        true
    }

    #[test]
    fn reads_what_rows_read_and_refuses_what_rows_refuse() {
        let mut state = 5u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let (mut n_read, mut n_refused) = (0, 0);
        for batch in Sample::new(Options { n_events: 3_000, n_devices: 5, ..Options::default() }) {
            for row in &batch.rows {
                let mut bytes = row.encode_to_vec();
                assert!(check(&bytes));
                for _ in 0..random(3) {
                    let at = random(bytes.len());
                    bytes[at] = random(256) as u8;
                }
                if random(4) == 0 {
                    bytes.truncate(random(bytes.len()) + 1);
                }
                if random(4) == 0 {
                    let again = bytes.clone();
                    bytes.extend(again);
                }
                if check(&bytes) { n_read += 1 } else { n_refused += 1 }
            }
        }
        assert!(n_read > 500 && n_refused > 500, "{n_read} read, {n_refused} refused");
    }
}

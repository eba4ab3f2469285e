//! Row bytes: every column survives, hostile bytes give an error or a row, never a panic.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use schema::row::Nanos;
use schema::{Column, EVENT_COLUMNS, Row, Type, Value, col};

/// A value of the column's type that differs from column to column.
fn sample(column: &Column) -> Value {
    match column.ty {
        Type::String => Value::Str(format!("値 of {}", column.name)),
        Type::Int => Value::Int(-i64::from(column.wire)),
        Type::Long => Value::Int(i64::MIN + i64::from(column.wire)),
        Type::Bool => Value::Bool(column.wire.is_multiple_of(2)),
        Type::DateTime => Value::Time(1_795_000_000_123_456_789 - i64::from(column.wire)),
    }
}

fn full_row() -> Row {
    let mut row = Row::new();
    for column in EVENT_COLUMNS.iter().rev() {
        row.set(column, sample(column));
    }
    row
}

#[test]
fn every_column_survives_a_round_trip() {
    let row = full_row();
    let bytes = row.encode_to_vec();
    assert_eq!(bytes.len(), row.encoded_len());
    let decoded = Row::decode(bytes.as_slice()).expect("own bytes");
    assert_eq!(decoded, row);
    for column in EVENT_COLUMNS.iter() {
        assert_eq!(decoded.get(column), Some(&sample(column)), "{}", column.name);
    }
}

#[test]
fn a_single_column_survives_a_round_trip() {
    for column in EVENT_COLUMNS.iter() {
        let mut row = Row::new();
        row.set(column, sample(column));
        let decoded = Row::decode(row.encode_to_vec().as_slice()).expect("own bytes");
        assert_eq!(decoded.values(), row.values(), "{}", column.name);
    }
}

#[test]
fn an_alias_writes_and_reads_the_stored_column() {
    let mut row = Row::new();
    row.set(&col::LOGON_ID_DOC, 7);
    assert_eq!(row.number(&col::LOGON_ID), Some(7));
    assert_eq!(row.number(&col::LOGON_ID_DOC), Some(7));
    assert_eq!(row.values().len(), 1);
}

#[test]
fn getters_give_null_for_another_type() {
    let mut row = Row::new();
    row.set(&col::FILE_NAME, "sh").set(&col::REMOTE_PORT, 443).set(&col::TIMESTAMP, Nanos(5));
    row.set_opt(&col::SHA1, None::<&str>).set_opt(&col::MD5, Some("00"));
    assert_eq!(row.text(&col::FILE_NAME), Some("sh"));
    assert_eq!(row.number(&col::FILE_NAME), None);
    assert_eq!(row.number(&col::REMOTE_PORT), Some(443));
    assert_eq!(row.text(&col::REMOTE_PORT), None);
    assert_eq!(row.number(&col::TIMESTAMP), Some(5));
    assert_eq!(row.get(&col::SHA1), None);
    assert_eq!(row.text(&col::MD5), Some("00"));
}

#[test]
fn the_last_value_of_a_field_wins() {
    let mut bytes = Vec::new();
    for text in ["first", "second"] {
        let mut row = Row::new();
        row.set(&col::FILE_NAME, text);
        row.encode(&mut bytes).expect("a vector has room");
    }
    assert_eq!(Row::decode(bytes.as_slice()).expect("valid").text(&col::FILE_NAME), Some("second"));
}

#[test]
fn unknown_fields_are_skipped_and_counted() {
    let mut bytes = Vec::new();
    // A number of the future, a column of a small table, an alias: none of them is in `events`.
    for tag in [99_999, col::ALERT_ID.wire, col::LOGON_ID_DOC.wire] {
        encode_key(tag, WireType::LengthDelimited, &mut bytes);
        encode_varint(3, &mut bytes);
        bytes.extend_from_slice(b"new");
    }
    let mut known = Row::new();
    known.set(&col::FILE_NAME, "sh");
    known.encode(&mut bytes).expect("a vector has room");
    let row = Row::decode(bytes.as_slice()).expect("unknown fields are no error");
    assert_eq!(row.unknown_fields(), 3);
    assert_eq!(row.values(), known.values());
}

#[test]
fn an_int_that_does_not_fit_is_null() {
    let mut bytes = Vec::new();
    encode_key(col::REMOTE_PORT.wire, WireType::Varint, &mut bytes);
    encode_varint(1 << 40, &mut bytes);
    let row = Row::decode(bytes.as_slice()).expect("valid protobuf");
    assert_eq!(row.get(&col::REMOTE_PORT), None);
}

#[test]
fn a_wrong_wire_type_is_an_error() {
    let mut bytes = Vec::new();
    encode_key(col::FILE_NAME.wire, WireType::Varint, &mut bytes);
    encode_varint(1, &mut bytes);
    assert!(Row::decode(bytes.as_slice()).is_err());
}

#[test]
fn invalid_utf8_is_an_error() {
    let mut bytes = Vec::new();
    encode_key(col::FILE_NAME.wire, WireType::LengthDelimited, &mut bytes);
    bytes.extend_from_slice(&[2, 0xff, 0xfe]);
    assert!(Row::decode(bytes.as_slice()).is_err());
}

#[test]
fn truncated_bytes_never_panic() {
    let bytes = full_row().encode_to_vec();
    for len in 0..bytes.len() {
        // A cut between two fields is a valid shorter row; any other is an error.
        if let Ok(row) = Row::decode(&bytes[..len]) {
            assert_eq!(row.encode_to_vec(), &bytes[..len]);
        }
    }
}

#[test]
fn flipped_and_random_bytes_never_panic() {
    let bytes = full_row().encode_to_vec();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20_000 {
        // xorshift64: deterministic, no dependency.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut flipped = bytes.clone();
        let idx = (random >> 8) as usize % flipped.len();
        flipped[idx] = random as u8;
        let _ = Row::decode(flipped.as_slice());
        let _ = Row::decode(random.to_le_bytes().as_slice());
    }
}

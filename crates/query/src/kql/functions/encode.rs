//! Base64, URLs, hashes, compression-free encodings, guids.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use sha2::Digest;

use super::entry::{Function, Parameter};
use crate::kql::types::KqlType;
use crate::kql::value::{Json, Value};

const TEXT: &[Parameter] = &[Parameter::text("text")];
/// Padding may be missing, as in Kusto.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows("base64_encode_tostring", TEXT, KqlType::String, ["Text as base64.", "base64_encode_tostring('Kusto')", "S3VzdG8="], |_, values| {
        Value::Text(STANDARD.encode(values[0].as_str()))
    })
    .also(&["base64_encodestring"]),
    Function::rows("base64_decode_tostring", TEXT, KqlType::String, ["Base64 as text; \"\" when it is none or no UTF-8.", "base64_decode_tostring('S3VzdG8=')", "Kusto"], |_, values| {
        let bytes = LENIENT.decode(values[0].as_str().trim()).ok();
        Value::text(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default())
    })
    .also(&["base64_decodestring"]),
    Function::rows("base64_decode_toarray", TEXT, KqlType::Dynamic, ["Base64 as an array of bytes.", "base64_decode_toarray('S3U=')", "[75,117]"], |_, values| {
        match LENIENT.decode(values[0].as_str().trim()) {
            Ok(bytes) => Value::Dynamic(bytes.into_iter().map(Json::from).collect()),
            Err(_) => Value::Null,
        }
    }),
    Function::rows("base64_encode_fromarray", &[Parameter::dynamic("bytes")], KqlType::String, ["An array of bytes as base64.", "base64_encode_fromarray(dynamic([75, 117]))", "S3U="], |_, values| {
        let members = values[0].as_json().and_then(Json::as_array);
        let bytes: Option<Vec<u8>> = members.map(|members| {
            members.iter().filter_map(Json::as_u64).filter_map(|byte| u8::try_from(byte).ok()).collect()
        });
        Value::text(bytes.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default())
    }),
    Function::rows("url_encode", TEXT, KqlType::String, ["Text escaped for a URL's query, space as +.", "url_encode('a b&c')", "a+b%26c"], |_, values| {
        Value::Text(escaped(values[0].as_str()).replace("%20", "+"))
    }),
    Function::rows("url_encode_component", TEXT, KqlType::String, ["Text escaped for a part of a URL, space as %20.", "url_encode_component('a b&c')", "a%20b%26c"], |_, values| {
        Value::Text(escaped(values[0].as_str()))
    }),
    Function::rows("url_decode", TEXT, KqlType::String, ["Escapes of a URL as text.", "url_decode('a%20b%26c')", "a b&c"], |_, values| {
        Value::Text(unescaped(values[0].as_str()))
    }),
    Function::rows("hash_md5", &[Parameter::any("value")], KqlType::String, ["MD5 of the value as text, in hexadecimal.", "hash_md5('World')", "f5a7924e621e84c9280a9a27e1bcb7f6"], |_, values| {
        Value::Text(hex(&md5::Md5::digest(values[0].print())))
    }),
    Function::rows("hash_sha1", &[Parameter::any("value")], KqlType::String, ["SHA-1 of the value as text, in hexadecimal.", "hash_sha1('World')", "70c07ec18ef89c5309bbb0937f3a6342411e1fdd"], |_, values| {
        Value::Text(hex(&sha1::Sha1::digest(values[0].print())))
    }),
    Function::rows("hash_sha256", &[Parameter::any("value")], KqlType::String, ["SHA-256 of the value as text, in hexadecimal.", "hash_sha256('World')", "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524"], |_, values| {
        Value::Text(hex(&sha2::Sha256::digest(values[0].print())))
    }),
    Function::rows("hash", &[Parameter::any("value"), Parameter::long("modulo").opt()], KqlType::Long, ["XXH64 of the value's bytes, modulo a number when one is given: those of a text in UTF-8, of numbers and times the 4 or 8 that they have.", "hash(datetime(2015-01-01))", "1380966698541616202"], |_, values| {
        let hash = hash_of(&values[0]).cast_signed();
        match values.get(1).and_then(Value::as_long) {
            Some(modulo) if modulo > 0 => Value::Long(hash.rem_euclid(modulo)),
            Some(_) => Value::Null,
            None => Value::Long(hash),
        }
    })
    .also(&["hash_xxhash64"]),
    Function::rows("hash_combine", &[Parameter::long("hash"), Parameter::long("more").many()], KqlType::Long, ["Several hashes as one.", "hash_combine(1, 2) == hash_combine(1, 2)", "True"], |_, values| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.as_long().unwrap_or(0).to_le_bytes()).collect();
        Value::Long(xxh64(&bytes).cast_signed())
    }),
    Function::rows("hash_many", &[Parameter::any("value"), Parameter::any("more").many()], KqlType::Long, ["One hash of several values.", "hash_many('a', 1) == hash_many('a', 1)", "True"], |_, values| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| hash_of(value).to_le_bytes()).collect();
        Value::Long(xxh64(&bytes).cast_signed())
    }),
    Function::rows(
        "estimate_data_size",
        &[Parameter::any("column"), Parameter::any("more").many()],
        KqlType::Long,
        [
            "About how many bytes the values have: texts and JSON as UTF-8, 8 a number or time, 4 an int.",
            "estimate_data_size(10, 'abcdef')",
            "14",
        ],
        |_, values| {
            let bytes = values.iter().map(|value| match value {
                Value::Null => 0,
                Value::Bool(_) => 1,
                Value::Int(_) => 4,
                Value::Long(_) | Value::Real(_) | Value::DateTime(_) | Value::TimeSpan(_) => 8,
                Value::Guid(_) => 16,
                Value::Text(_) | Value::Dynamic(_) => value.print().len(),
            });
            Value::Long(i64::try_from(bytes.sum::<usize>()).unwrap_or(i64::MAX))
        },
    ),
    Function::rows("new_guid", &[], KqlType::Guid, ["A random guid.", "tostring(new_guid()) matches regex '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'", "True"], |scratch, _| {
        let mut bytes = [0_u8; 16];
        for byte in &mut bytes {
            *byte = (scratch.random() * 256.0) as u8;
        }
        // Version 4 and the variant of RFC 9562, section 5.4.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let text = hex(&bytes);
        Value::Guid(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]))
    })
    .volatile(),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Escapes that are none stay as they are.
pub fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(code)) => {
                plain.push(code);
                at += 3;
            }
            (b'+', _) => {
                plain.push(b' ');
                at += 1;
            }
            (byte, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The hash of a value, as Microsoft's examples have it for texts and datetimes.
fn hash_of(value: &Value) -> u64 {
    match value {
        Value::Int(int) => xxh64(&int.to_le_bytes()),
        Value::Long(ticks) | Value::DateTime(ticks) | Value::TimeSpan(ticks) => xxh64(&ticks.to_le_bytes()),
        Value::Real(real) => xxh64(&real.to_le_bytes()),
        Value::Bool(flag) => xxh64(&[u8::from(*flag)]),
        Value::Null | Value::Text(_) | Value::Guid(_) | Value::Dynamic(_) => xxh64(value.print().as_bytes()),
    }
}

/// XXH64 with seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
fn xxh64(bytes: &[u8]) -> u64 {
    twox_hash::XxHash64::oneshot(0, bytes)
}

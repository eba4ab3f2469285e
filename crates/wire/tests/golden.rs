//! Bytes of version 1 as they were written on 2026-11-24: every later version must open them.
//! The compressed part may differ between zstd versions, so only decoding and the fixed part are compared.

use std::path::Path;

use crate::{header, records};
use wire::{decode, encode};

#[test]
fn version_1_opens() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/v1/batch.bin");
    if std::env::var_os("UPDATE").is_some() && !path.exists() {
        std::fs::write(&path, encode(&header(), &records()).expect("encode")).expect("write golden file");
    }
    let bytes = std::fs::read(&path).expect("read golden file");
    let batch = decode(&bytes).expect("decode golden file");
    assert_eq!(batch.header, header());
    assert_eq!(batch.records, records());
}

#[test]
fn fixed_part_is_as_documented() {
    let bytes = encode(&header(), &records()).expect("encode");
    assert_eq!(&bytes[0..8], b"NRNB\x01\x00\x24\x00");
    assert_eq!(&bytes[8..16], b"\xef\xcd\xab\x89\x67\x45\x23\x01");
    assert_eq!(&bytes[16..24], b"\x29\0\0\0\0\0\0\0");
    assert_eq!(&bytes[24..32], &1_795_000_000_123_456_789_i64.to_le_bytes());
    // 2 + 380, 1 + 0 and 1 + 4 bytes in three records.
    assert_eq!(&bytes[32..40], b"\x84\x01\0\0\x03\0\0\0");
    assert_eq!(&bytes[44..80], header().boot_id.as_bytes());
    assert_eq!(&bytes[80..84], b"\x28\xb5\x2f\xfd", "zstd magic");
}

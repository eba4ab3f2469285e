//! What anybody else might send: cut, flipped, lying about lengths, bombs.

use std::io::Write;

use crate::{Random, header, records};
use wire::{BATCH_BYTES_MAX, BATCH_RAW_BYTES_MAX, BATCH_ROWS_MAX, Error, decode, encode};

const AT_RAW: usize = 32;
const AT_ROWS: usize = 36;
const AT_PAYLOAD: usize = 40;

/// A frame whose lengths are what the test claims and whose checksum is right.
fn forge(raw_len: u32, rows: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = encode(&header(), &records()).expect("encode");
    bytes.truncate(44 + header().boot_id.len());
    bytes.extend_from_slice(payload);
    put(&mut bytes, AT_RAW, raw_len);
    put(&mut bytes, AT_ROWS, rows);
    put(&mut bytes, AT_PAYLOAD, payload.len() as u32);
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn zstd(raw: &[u8]) -> Vec<u8> {
    zstd::encode_all(raw, 3).expect("compress")
}

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    let error = decode(bytes).expect_err("must be refused");
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn cut_at_every_byte() {
    let bytes = encode(&header(), &records()).expect("encode");
    for len in 0..bytes.len() {
        assert!(decode(&bytes[..len]).is_err(), "cut at {len}");
    }
}

#[test]
fn every_bit_flipped() {
    let bytes = encode(&header(), &records()).expect("encode");
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn bytes_after_the_end() {
    let mut bytes = encode(&header(), &records()).expect("encode");
    bytes.push(0);
    check(&bytes, "length of the payload");
}

#[test]
fn newer_version_says_so() {
    let mut bytes = encode(&header(), &records()).expect("encode");
    bytes[4] = 2;
    assert_eq!(decode(&bytes), Err(Error::NewerVersion { found: 2, known: 1 }));
}

#[test]
fn bomb_of_one_to_a_million() {
    // 4 GiB of zeros would be the honest form; the frame is stopped at the announced length, so 256 MiB show the same.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("encoder");
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..256 {
        encoder.write_all(&zeros).expect("compress");
    }
    let bomb = encoder.finish().expect("compress");
    assert!(bomb.len() < 64 << 10, "{}", bomb.len());
    check(&forge(u32::MAX, 1, &bomb), "raw bytes");
    check(&forge(BATCH_RAW_BYTES_MAX as u32, 1, &bomb), "compression ratio");
    check(&forge(2 << 20, 1, &bomb), "length before compression");
    check(&forge(10, 1, &bomb), "length before compression");
}

#[test]
fn window_larger_than_allowed() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 19).expect("encoder");
    encoder.window_log(27).expect("window");
    let raw = Random(3).bytes(1 << 20);
    encoder.write_all(&raw).expect("compress");
    check(&forge(raw.len() as u32, 1, &encoder.finish().expect("compress")), "not readable zstd");
}

#[test]
fn over_a_limit() {
    check(&vec![0; BATCH_BYTES_MAX + 1], "bytes is");
    check(&forge(3, BATCH_ROWS_MAX as u32 + 1, &zstd(&[0; 3])), "rows is");
    check(&forge(3, u32::MAX, &zstd(&[0; 3])), "rows is");
    check(&forge(4, 1, &zstd(&[0x81, 0x80, 0x40, 0])), "record bytes");
}

#[test]
fn lying_about_records() {
    check(&forge(3, 0, &zstd(&[0; 3])), "no records");
    check(&forge(3, 2, &zstd(&[0; 3])), "bytes after the last record");
    check(&forge(3, 4, &zstd(&[0; 3])), "record length cut short");
    check(&forge(3, 1, &zstd(&[5, 0, 0])), "record cut short");
    check(&forge(2, 1, &zstd(&[0x80, 0])), "padded");
    check(&forge(5, 1, &zstd(&[0x80, 0x80, 0x80, 0x80, 1])), "too long");
    check(&forge(4, 3, &zstd(&[0; 3])), "length before compression");
    check(&forge(0, 1, &zstd(&[])), "record length cut short");
}

#[test]
fn more_than_one_frame() {
    let mut payload = zstd(&[0; 3]);
    payload.extend(zstd(&[0; 3]));
    check(&forge(3, 3, &payload), "bytes after the payload");
    check(&forge(6, 6, &payload), "length before compression");
    check(&forge(3, 3, b""), "not readable zstd");
    check(&forge(3, 3, &Random(5).bytes(500)), "not readable zstd");
}

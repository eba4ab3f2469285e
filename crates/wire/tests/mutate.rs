//! Seeded random damage with a right checksum, so that it reaches the decoder behind it: never a panic, and what is
//! accepted is within the limits. `NENRIN_MUTATIONS` sets another number of cases.

use crate::{Random, header, records};
use wire::{BATCH_RAW_BYTES_MAX, BATCH_ROWS_MAX, RECORD_BYTES_MAX, decode, encode};

const CASES: usize = 200_000;
const SEED: u64 = 0x6e65_6e72_696e;

#[test]
fn random_damage() {
    let cases = std::env::var("NENRIN_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let mut random = Random(SEED);
    let seeds = [
        encode(&header(), &records()).expect("encode"),
        encode(&header(), &[b"x".to_vec()]).expect("encode"),
        encode(&header(), &vec![b"the same small row".to_vec(); 300]).expect("encode"),
        encode(&header(), &[random.bytes(700), random.bytes(3)]).expect("encode"),
    ];
    let mut n_accepted = 0;
    for case in 0..cases {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            damage(&mut bytes, &mut random);
        }
        if random.below(8) > 0 {
            seal(&mut bytes);
        }
        let Ok(batch) = decode(&bytes) else { continue };
        n_accepted += 1;
        let n_bytes: usize = batch.records.iter().map(Vec::len).sum();
        assert!(!batch.records.is_empty() && batch.records.len() <= BATCH_ROWS_MAX, "case {case} of seed {SEED:#x}");
        assert!(n_bytes <= BATCH_RAW_BYTES_MAX, "case {case} of seed {SEED:#x}");
        assert!(batch.records.iter().all(|record| record.len() <= RECORD_BYTES_MAX), "case {case} of seed {SEED:#x}");
        // What was accepted can be sent on unchanged.
        let again = decode(&encode(&batch.header, &batch.records).expect("encode")).expect("decode");
        assert!(again == batch, "case {case} of seed {SEED:#x}");
    }
    assert!(n_accepted > cases / 100, "the damage is so coarse that nothing reaches the decoder: {n_accepted}");
}

/// One small change. Cuts and insertions also repair the payload length, which would stop the case too early.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    match random.below(6) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next() as u8,
        2 => bytes[at] = [0, 0x7f, 0x80, 0xff][random.below(4)],
        3 => {
            bytes.remove(at);
            repair_length(bytes);
        }
        4 => {
            bytes.insert(at, random.next() as u8);
            repair_length(bytes);
        }
        _ => {
            bytes.truncate(at);
            repair_length(bytes);
        }
    }
}

fn repair_length(bytes: &mut [u8]) {
    let Some(boot_id_len) = bytes.get(6) else { return };
    let Some(payload_len) = bytes.len().checked_sub(48 + usize::from(*boot_id_len)) else { return };
    bytes[40..44].copy_from_slice(&(payload_len as u32).to_le_bytes());
}

fn seal(bytes: &mut [u8]) {
    if let Some(end) = bytes.len().checked_sub(4) {
        let crc = crc32c::crc32c(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
    }
}

//! Records → bytes.

use std::io::Write;

use crate::error::{Error, check_limit};
use crate::frame::{CRC_BYTES, FIXED_BYTES, Header, Lengths, check_seq, write_fixed};
use crate::limits::{BATCH_BYTES_MAX, BATCH_RAW_BYTES_MAX, BATCH_ROWS_MAX, LEVEL, RECORD_BYTES_MAX};

/// Encodes records with the sequence numbers `header.first_seq`, `+1`, … into one batch.
///
/// `Error::TooLarge` means: try again with fewer records (a single record within its limit always fits).
pub fn encode(header: &Header, records: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    check_limit("rows", records.len(), BATCH_ROWS_MAX)?;
    check_seq(header.first_seq, records.len())?;
    let raw = frame_records(records)?;
    let payload = compress(&raw)?;
    let lengths = Lengths { raw: raw.len(), rows: records.len(), payload: payload.len() };
    lengths.check()?;
    let mut out = Vec::with_capacity(FIXED_BYTES + header.boot_id.len() + payload.len() + CRC_BYTES);
    write_fixed(&mut out, header, lengths)?;
    out.extend_from_slice(&payload);
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    check_limit("bytes", out.len(), BATCH_BYTES_MAX)?;
    Ok(out)
}

fn frame_records(records: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    // Four bytes of length at most: the record limit is under 2^21, so a varint takes three.
    let n_bytes = records.iter().map(|record| record.len() + 3).sum::<usize>();
    let mut raw = Vec::with_capacity(n_bytes.min(BATCH_RAW_BYTES_MAX));
    for record in records {
        check_limit("record bytes", record.len(), RECORD_BYTES_MAX)?;
        put_varint(&mut raw, record.len());
        raw.extend_from_slice(record);
        check_limit("raw bytes", raw.len(), BATCH_RAW_BYTES_MAX)?;
    }
    Ok(raw)
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn compress(raw: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |_| Error::Corrupt("compression failed");
    let mut encoder = zstd::stream::write::Encoder::new(Vec::with_capacity(raw.len() / 4), LEVEL).map_err(failed)?;
    encoder.set_pledged_src_size(Some(raw.len() as u64)).map_err(failed)?;
    encoder.write_all(raw).map_err(failed)?;
    encoder.finish().map_err(failed)
}

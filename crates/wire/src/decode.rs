//! Bytes → records. Everything here reads bytes of a stranger: each length is checked before it is believed.

use std::io::Read;

use crate::error::{Error, check_limit};
use crate::frame::{Batch, CRC_BYTES, Lengths, check_seq, read_fixed};
use crate::limits::{BATCH_BYTES_MAX, RECORD_BYTES_MAX, WINDOW_LOG_MAX};

/// Decodes a batch, or says what is wrong with it.
pub fn decode(bytes: &[u8]) -> Result<Batch, Error> {
    check_limit("bytes", bytes.len(), BATCH_BYTES_MAX)?;
    let (header, lengths, rest) = read_fixed(bytes)?;
    lengths.check()?;
    check_seq(header.first_seq, lengths.rows)?;
    let (payload, crc) = rest.split_last_chunk::<CRC_BYTES>().ok_or(Error::Corrupt("cut short"))?;
    if payload.len() != lengths.payload {
        return Err(Error::Corrupt("length of the payload is wrong"));
    }
    // The checksum finds damage on the way, not malice: what follows still trusts nothing.
    if crc32c::crc32c(&bytes[..bytes.len() - CRC_BYTES]) != u32::from_le_bytes(*crc) {
        return Err(Error::Corrupt("checksum is wrong"));
    }
    let raw = decompress(payload, lengths)?;
    let records = split_records(&raw, lengths.rows)?;
    Ok(Batch { header, records })
}

/// Streams out at most one byte more than announced, so a frame that lies about its size is stopped there.
fn decompress(payload: &[u8], lengths: Lengths) -> Result<Vec<u8>, Error> {
    let corrupt = |_| Error::Corrupt("payload is not readable zstd");
    let mut decoder = zstd::stream::read::Decoder::with_buffer(payload).map_err(corrupt)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(corrupt)?;
    let mut raw = Vec::with_capacity(lengths.raw);
    decoder.by_ref().take(lengths.raw as u64 + 1).read_to_end(&mut raw).map_err(corrupt)?;
    if raw.len() != lengths.raw {
        return Err(Error::Corrupt("length before compression is wrong"));
    }
    if !decoder.finish().is_empty() {
        return Err(Error::Corrupt("bytes after the payload"));
    }
    Ok(raw)
}

fn split_records(raw: &[u8], n_rows: usize) -> Result<Vec<Vec<u8>>, Error> {
    let mut rest = raw;
    // Each record has at least its length byte, so a lying count cannot make us reserve more than the payload is worth.
    let mut records = Vec::with_capacity(n_rows.min(raw.len()));
    for _ in 0..n_rows {
        let n_bytes = take_varint(&mut rest)?;
        check_limit("record bytes", n_bytes, RECORD_BYTES_MAX)?;
        let (record, tail) = rest.split_at_checked(n_bytes).ok_or(Error::Corrupt("record cut short"))?;
        records.push(record.to_vec());
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(Error::Corrupt("bytes after the last record"));
    }
    Ok(records)
}

/// Four bytes hold 28 bits, more than the record limit needs; a longer or a padded number is nobody's honest work.
fn take_varint(rest: &mut &[u8]) -> Result<usize, Error> {
    let mut value = 0_usize;
    for shift in [0, 7, 14, 21] {
        let (byte, tail) = rest.split_first().ok_or(Error::Corrupt("record length cut short"))?;
        *rest = tail;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            if *byte == 0 && shift > 0 {
                return Err(Error::Corrupt("record length is padded"));
            }
            return Ok(value);
        }
    }
    Err(Error::Corrupt("record length is too long"))
}

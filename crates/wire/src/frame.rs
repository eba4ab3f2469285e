//! The fixed part of a frame: field offsets are declared here once, for both directions.

use crate::error::{Error, check_limit};
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_RAW_BYTES_MAX, BATCH_ROWS_MAX, BOOT_ID_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX,
};

pub(crate) const MAGIC: [u8; 4] = *b"NRNB";
pub(crate) const VERSION: u16 = 1;
pub(crate) const FIXED_BYTES: usize = 44;
pub(crate) const CRC_BYTES: usize = 4;

/// What a batch says about itself. Untrusted: the server takes the device from the certificate, never from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The stream the sequence numbers belong to.
    pub epoch: u64,
    /// Sequence number of the first record, from 1; the others follow without holes.
    pub first_seq: u64,
    /// Boot id of the device's kernel.
    pub boot_id: String,
    /// When the sensor built this batch, by its own clock, ns since 1970-01-01 UTC.
    pub sent_at_ns: i64,
}

/// A decoded batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What the batch says about itself.
    pub header: Header,
    /// The records in sequence order, never empty; each is the bytes of one row, not looked into yet.
    pub records: Vec<Vec<u8>>,
}

impl Batch {
    /// Sequence number of the last record.
    pub fn last_seq(&self) -> u64 {
        self.header.first_seq + (self.records.len() as u64 - 1)
    }
}

/// Lengths in the fixed part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lengths {
    pub(crate) raw: usize,
    pub(crate) rows: usize,
    pub(crate) payload: usize,
}

impl Lengths {
    /// Refuses what is over a limit, before anything is allocated for it.
    pub(crate) fn check(self) -> Result<(), Error> {
        check_limit("raw bytes", self.raw, BATCH_RAW_BYTES_MAX)?;
        check_limit("rows", self.rows, BATCH_ROWS_MAX)?;
        check_limit("bytes", self.payload, BATCH_BYTES_MAX)?;
        if self.raw > RATIO_FREE_BYTES {
            check_limit("compression ratio", self.raw / self.payload.max(1), RATIO_MAX)?;
        }
        Ok(())
    }
}

/// The sequence numbers of `n_rows` records from `first_seq` must exist.
pub(crate) fn check_seq(first_seq: u64, n_rows: usize) -> Result<(), Error> {
    if n_rows == 0 {
        return Err(Error::Corrupt("no records"));
    }
    if first_seq == 0 {
        return Err(Error::Corrupt("sequence number zero"));
    }
    match first_seq.checked_add(n_rows as u64) {
        Some(_) => Ok(()),
        None => Err(Error::Corrupt("sequence number overflow")),
    }
}

pub(crate) fn write_fixed(out: &mut Vec<u8>, header: &Header, lengths: Lengths) -> Result<(), Error> {
    check_limit("boot id", header.boot_id.len(), BOOT_ID_BYTES_MAX)?;
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.push(u8::try_from(header.boot_id.len()).expect("boot id limit is under 256"));
    out.push(0);
    out.extend_from_slice(&header.epoch.to_le_bytes());
    out.extend_from_slice(&header.first_seq.to_le_bytes());
    out.extend_from_slice(&header.sent_at_ns.to_le_bytes());
    for length in [lengths.raw, lengths.rows, lengths.payload] {
        out.extend_from_slice(&u32::try_from(length).expect("limits are under 4 GiB").to_le_bytes());
    }
    out.extend_from_slice(header.boot_id.as_bytes());
    Ok(())
}

/// Reads the fixed part and the boot id; the rest is returned untouched. Limits are checked by the caller.
pub(crate) fn read_fixed(bytes: &[u8]) -> Result<(Header, Lengths, &[u8]), Error> {
    let mut reader = Reader { rest: bytes };
    if reader.array()? != MAGIC {
        return Err(Error::Corrupt("not a batch"));
    }
    let version = u16::from_le_bytes(reader.array()?);
    if version > VERSION {
        return Err(Error::NewerVersion { found: version, known: VERSION });
    }
    if version == 0 {
        return Err(Error::Corrupt("version zero"));
    }
    let [boot_id_len, zero] = reader.array()?;
    if zero != 0 {
        return Err(Error::Corrupt("reserved byte is set"));
    }
    let epoch = u64::from_le_bytes(reader.array()?);
    let first_seq = u64::from_le_bytes(reader.array()?);
    let sent_at_ns = i64::from_le_bytes(reader.array()?);
    let lengths = Lengths { raw: reader.length()?, rows: reader.length()?, payload: reader.length()? };
    check_limit("boot id", usize::from(boot_id_len), BOOT_ID_BYTES_MAX)?;
    let boot_id = reader.take(usize::from(boot_id_len))?;
    let boot_id = str::from_utf8(boot_id).map_err(|_| Error::Corrupt("boot id is not UTF-8"))?.to_owned();
    Ok((Header { epoch, first_seq, boot_id, sent_at_ns }, lengths, reader.rest))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n_bytes: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.rest.split_at_checked(n_bytes).ok_or(Error::Corrupt("cut short"))?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(Error::Corrupt("cut short"))?;
        self.rest = rest;
        Ok(*head)
    }

    fn length(&mut self) -> Result<usize, Error> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }
}

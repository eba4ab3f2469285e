//! One record of a segment and how to find the next good one after damage. Pure: bytes in, records out.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 4 | length of the payload |
//! | 4 | 8 | sequence number |
//! | 12 | 1 | kind |
//! | 13 | 3 | zero |
//! | 16 | 4 | CRC32C of the epoch and the 16 bytes before |
//! | 20 | … | payload: a row; a gap has 16 bytes more before it, the first and last sequence number it explains |
//! | end | 4 | CRC32C of the epoch and everything before |
//!
//! The epoch is in every checksum, so a record of another stream, or one that an event's own text imitates, is not
//! taken for ours. The header has its own checksum, which tells a record that was cut (a crash) from a damaged one.

use wire::RECORD_BYTES_MAX;

pub(super) const HEADER_BYTES: usize = 20;
pub(super) const CRC_BYTES: usize = 4;
const RANGE_BYTES: usize = 16;
const PAYLOAD_BYTES_MAX: usize = RECORD_BYTES_MAX + RANGE_BYTES;

/// Sequence numbers from `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SeqRange {
    pub(super) from: u64,
    pub(super) to: u64,
}

impl SeqRange {
    pub(super) fn count(self) -> u64 {
        self.to - self.from + 1
    }
}

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An ordinary row.
    Row,
    /// An `EventsLost` row: eviction carries it over instead of losing it.
    Loss,
    /// An `EventsLost` row of the spool itself, which explains missing sequence numbers.
    Gap(SeqRange),
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Kind::Row => 0,
            Kind::Loss => 1,
            Kind::Gap(_) => 2,
        }
    }
}

/// A good record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) seq: u64,
    pub(super) kind: Kind,
    pub(super) row: &'a [u8],
}

/// Bytes that a row takes on disk.
pub(super) fn disk_bytes(kind: Kind, row: &[u8]) -> usize {
    let range_bytes = if matches!(kind, Kind::Gap(_)) { RANGE_BYTES } else { 0 };
    HEADER_BYTES + range_bytes + row.len() + CRC_BYTES
}

/// Appends one record to `out`. `row` is within `RECORD_BYTES_MAX`.
pub(super) fn write(out: &mut Vec<u8>, epoch: u64, record: Record<'_>) {
    let start = out.len();
    let payload_len = disk_bytes(record.kind, record.row) - HEADER_BYTES - CRC_BYTES;
    out.extend_from_slice(&u32::try_from(payload_len).expect("rows are under 4 GiB").to_le_bytes());
    out.extend_from_slice(&record.seq.to_le_bytes());
    out.extend_from_slice(&[record.kind.code(), 0, 0, 0]);
    let header_crc = checksum(epoch, &out[start..]);
    out.extend_from_slice(&header_crc.to_le_bytes());
    if let Kind::Gap(range) = record.kind {
        out.extend_from_slice(&range.from.to_le_bytes());
        out.extend_from_slice(&range.to.to_le_bytes());
    }
    out.extend_from_slice(record.row);
    let crc = checksum(epoch, &out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

fn checksum(epoch: u64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&epoch.to_le_bytes()), bytes)
}

enum Parsed<'a> {
    Good(Record<'a>, usize),
    /// The bytes end inside the record.
    Torn,
    Corrupt,
}

fn parse(bytes: &[u8], epoch: u64) -> Parsed<'_> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else { return Parsed::Torn };
    let Some((payload_len, seq, code)) = parse_header(header, epoch) else { return Parsed::Corrupt };
    let Some((payload, rest)) = rest.split_at_checked(payload_len) else { return Parsed::Torn };
    let Some((crc, _)) = rest.split_first_chunk::<CRC_BYTES>() else { return Parsed::Torn };
    if checksum(epoch, &bytes[..HEADER_BYTES + payload_len]) != u32::from_le_bytes(*crc) {
        return Parsed::Corrupt;
    }
    let (kind, row) = match (code, payload.split_first_chunk::<RANGE_BYTES>()) {
        (0, _) => (Kind::Row, payload),
        (1, _) => (Kind::Loss, payload),
        (2, Some((range, row))) => match parse_range(range) {
            Some(range) => (Kind::Gap(range), row),
            None => return Parsed::Corrupt,
        },
        _ => return Parsed::Corrupt,
    };
    Parsed::Good(Record { seq, kind, row }, HEADER_BYTES + payload_len + CRC_BYTES)
}

fn parse_header(header: &[u8; HEADER_BYTES], epoch: u64) -> Option<(usize, u64, u8)> {
    let (fields, crc) = header.split_last_chunk::<4>()?;
    if checksum(epoch, fields) != u32::from_le_bytes(*crc) {
        return None;
    }
    let (len, fields) = fields.split_first_chunk::<4>()?;
    let (seq, fields) = fields.split_first_chunk::<8>()?;
    let payload_len = u32::from_le_bytes(*len) as usize;
    (payload_len <= PAYLOAD_BYTES_MAX).then_some((payload_len, u64::from_le_bytes(*seq), *fields.first()?))
}

fn parse_range(range: &[u8; RANGE_BYTES]) -> Option<SeqRange> {
    let (from, to) = range.split_first_chunk::<8>()?;
    let to = u64::from_le_bytes(to.try_into().ok()?);
    let from = u64::from_le_bytes(*from);
    (from >= 1 && from <= to).then_some(SeqRange { from, to })
}

/// How the readable part of some bytes ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tail {
    /// At the end of a record.
    #[default]
    Clean,
    /// Inside a record: the write was cut by a crash, so it was never durable.
    Torn,
    /// At one record that is damaged, but its number is readable, and nothing follows.
    LastDamaged(u64),
    /// At bytes that are no record.
    Corrupt,
}

/// Walks over the good records with rising sequence numbers within a range, skipping damage.
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    epoch: u64,
    seqs: SeqRange,
    /// Where the next record starts.
    pub(super) at: usize,
    /// How the bytes ended; meaningful once `next` has returned `None`.
    pub(super) tail: Tail,
}

impl<'a> Scan<'a> {
    /// `bytes` starts at a record; records outside `seqs` are skipped.
    pub(super) fn new(bytes: &'a [u8], epoch: u64, seqs: SeqRange) -> Self {
        Self { bytes, epoch, seqs, at: 0, tail: Tail::Clean }
    }

    /// The next good record.
    pub(super) fn next(&mut self) -> Option<Record<'a>> {
        while self.at < self.bytes.len() {
            match parse(&self.bytes[self.at..], self.epoch) {
                Parsed::Good(record, n_bytes) => {
                    self.at += n_bytes;
                    // A copy of an earlier record, or one from a place that is not its own.
                    if record.seq < self.seqs.from || record.seq > self.seqs.to {
                        continue;
                    }
                    self.seqs.from = record.seq.saturating_add(1);
                    return Some(record);
                }
                // A damaged length may look like a cut: only when nothing good follows was it one.
                Parsed::Torn => self.resync(Tail::Torn)?,
                Parsed::Corrupt => self.resync(self.corrupt_tail())?,
            }
        }
        None
    }

    /// What the damage at `at` is if nothing good follows.
    fn corrupt_tail(&self) -> Tail {
        let rest = &self.bytes[self.at..];
        let header = rest.first_chunk::<HEADER_BYTES>().and_then(|header| parse_header(header, self.epoch));
        match header {
            Some((payload_len, seq, _))
                if HEADER_BYTES + payload_len + CRC_BYTES == rest.len()
                    && seq >= self.seqs.from
                    && seq <= self.seqs.to =>
            {
                Tail::LastDamaged(seq)
            }
            Some(_) | None => Tail::Corrupt,
        }
    }

    /// Moves to the next good record, or to the end with `tail`.
    fn resync(&mut self, tail: Tail) -> Option<()> {
        for at in self.at + 1..self.bytes.len() {
            if let Parsed::Good(..) = parse(&self.bytes[at..], self.epoch) {
                self.at = at;
                return Some(());
            }
        }
        self.tail = tail;
        None
    }
}

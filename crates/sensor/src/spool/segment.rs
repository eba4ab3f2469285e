//! A segment file: a header, then records of one stream with rising sequence numbers.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 4 | magic `NRNS` |
//! | 4 | 2 | version |
//! | 6 | 2 | zero |
//! | 8 | 8 | epoch |
//! | 16 | 8 | sequence number of the first record |
//! | 24 | 4 | CRC32C of everything before |

use std::path::{Path, PathBuf};

use super::record::SeqRange;

pub(super) const HEADER_BYTES: usize = 28;
const MAGIC: [u8; 4] = *b"NRNS";
const VERSION: u16 = 1;
const SUFFIX: &str = ".seg";

/// A segment as the spool keeps it in memory. The last one in the list is the one being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// Sequence numbers that belong here, whether readable or not. Empty when `to < from`.
    pub(super) seqs: SeqRange,
    pub(super) bytes: u64,
}

/// What a segment's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) epoch: u64,
    pub(super) first_seq: u64,
}

impl Header {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.first_seq.to_le_bytes());
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// `None` when the header is cut or damaged.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (fields, crc) = bytes.get(..HEADER_BYTES)?.split_last_chunk::<4>()?;
        if crc32c::crc32c(fields) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (magic, fields) = fields.split_first_chunk::<4>()?;
        let (version, fields) = fields.split_first_chunk::<2>()?;
        let (_, fields) = fields.split_first_chunk::<2>()?;
        let (epoch, first_seq) = fields.split_first_chunk::<8>()?;
        if *magic != MAGIC || u16::from_le_bytes(*version) != VERSION {
            return None;
        }
        Some(Header { epoch: u64::from_le_bytes(*epoch), first_seq: u64::from_le_bytes(first_seq.try_into().ok()?) })
    }
}

/// A name for the segment that starts with `first_seq`. Twenty digits, so that names sort like numbers. The time makes
/// it unique: an unreadable segment may have the same first number and must stay until its loss is told.
pub(super) fn path(dir: &Path, first_seq: u64, created_ns: i64) -> PathBuf {
    dir.join(format!("{first_seq:020}-{created_ns:016x}{SUFFIX}"))
}

/// The first sequence number in a file name, `None` for files that are not segments.
pub(super) fn first_seq(path: &Path) -> Option<u64> {
    let (digits, _) = path.file_name()?.to_str()?.strip_suffix(SUFFIX)?.split_once('-')?;
    if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|first_seq| *first_seq >= 1)
}

//! Log segments: format, writer, reader.
//!
//! Segment: 32-byte header {magic `NRWAL\0\0\0`, version u32, number u64, digest of the previous segment u32,
//! CRC32C of the 24 bytes before it u32, 4 zero bytes}, then records {payload length u32, CRC32C over kind and
//! payload u32, kind u8, payload}. All integers little-endian. The first record holds the marks.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::{Error, limits::WAL_RECORD_BYTES_MAX};

const MAGIC: &[u8; 8] = b"NRWAL\0\0\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const RECORD_HEAD_BYTES: usize = 9;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Marks as JSON, as of the creation of the segment.
    Marks = 1,
    /// One acknowledged batch.
    Batch = 2,
}

/// A batch as it is in the log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LoggedBatch {
    pub(crate) device: String,
    pub(crate) tenant: String,
    pub(crate) epoch: u64,
    pub(crate) first_seq: u64,
    pub(crate) received_ns: i64,
    pub(crate) records: Vec<Vec<u8>>,
}

impl LoggedBatch {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.records.iter().map(|record| record.len() + 4).sum::<usize>());
        put_bytes(&mut bytes, self.device.as_bytes());
        put_bytes(&mut bytes, self.tenant.as_bytes());
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.first_seq.to_le_bytes());
        bytes.extend_from_slice(&self.received_ns.to_le_bytes());
        bytes.extend_from_slice(&(self.records.len() as u32).to_le_bytes());
        for record in &self.records {
            put_bytes(&mut bytes, record);
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let device = String::from_utf8(take_bytes(&mut rest)?.to_vec()).ok()?;
        let tenant = String::from_utf8(take_bytes(&mut rest)?.to_vec()).ok()?;
        let epoch = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let first_seq = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let received_ns = i64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let n_records = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?);
        let mut records = Vec::new();
        for _ in 0..n_records {
            records.push(take_bytes(&mut rest)?.to_vec());
        }
        rest.is_empty().then_some(Self { device, tenant, epoch, first_seq, received_ns, records })
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn take<'a>(rest: &mut &'a [u8], n_bytes: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(n_bytes)?;
    *rest = tail;
    Some(head)
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = u32::from_le_bytes(take(rest, 4)?.try_into().ok()?);
    take(rest, len as usize)
}

/// The file of a segment.
pub(crate) fn segment_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:012}.wal"))
}

/// Numbers of all segments in a directory, ascending.
pub(crate) fn segment_numbers(dir: &Path) -> Result<Vec<u64>, Error> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| Error::io("list", dir, error))? {
        let entry = entry.map_err(|error| Error::io("list", dir, error))?;
        let name = entry.file_name();
        if let Some(number) = name.to_str().and_then(|name| name.strip_suffix(".wal")).and_then(|it| it.parse().ok()) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The segment that is being written.
#[derive(Debug)]
pub(crate) struct Writer {
    file: File,
    path: PathBuf,
    number: u64,
    len: u64,
    digest: u32,
    pending: Vec<u8>,
}

impl Writer {
    /// Creates a segment with its header and marks, durable when this returns.
    pub(crate) fn create(dir: &Path, number: u64, previous_digest: u32, marks: &[u8]) -> Result<Self, Error> {
        let path = segment_path(dir, number);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::io("create", &path, error))?;
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&number.to_le_bytes());
        header.extend_from_slice(&previous_digest.to_le_bytes());
        let crc = crc32c::crc32c(&header);
        header.extend_from_slice(&crc.to_le_bytes());
        header.resize(HEADER_BYTES, 0);
        let mut writer = Self { file, path, number, len: 0, digest: 0, pending: header };
        writer.push(Kind::Marks, marks);
        writer.sync()?;
        sync_dir(dir)?;
        Ok(writer)
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn digest(&self) -> u32 {
        self.digest
    }

    /// Adds a record to the group that the next `sync` makes durable.
    pub(crate) fn push(&mut self, kind: Kind, payload: &[u8]) {
        let crc = crc32c::crc32c_append(crc32c::crc32c(&[kind as u8]), payload);
        self.pending.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        self.pending.extend_from_slice(&crc.to_le_bytes());
        self.pending.push(kind as u8);
        self.pending.extend_from_slice(payload);
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        self.pending.len()
    }

    /// Writes and fsyncs everything pushed. After an error the pages may be gone: never call it again.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        self.file.write_all(&self.pending).map_err(|error| Error::io("write", &self.path, error))?;
        self.file.sync_data().map_err(|error| Error::io("fsync", &self.path, error))?;
        self.len += self.pending.len() as u64;
        self.digest = crc32c::crc32c_append(self.digest, &self.pending);
        self.pending.clear();
        Ok(())
    }

    /// Cuts off a group that could not be written whole (full disk), so that the segment stays readable.
    pub(crate) fn roll_back(&mut self) -> Result<(), Error> {
        self.pending.clear();
        self.file.set_len(self.len).map_err(|error| Error::io("truncate", &self.path, error))?;
        std::io::Seek::seek(&mut self.file, std::io::SeekFrom::Start(self.len))
            .map_err(|error| Error::io("seek", &self.path, error))?;
        self.file.sync_data().map_err(|error| Error::io("fsync", &self.path, error))
    }
}

/// Makes a created, renamed or removed name durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|file| file.sync_all()).map_err(|error| Error::io("fsync", dir, error))
}

/// What a segment held when it was read.
#[derive(Debug, Default)]
pub(crate) struct SegmentContent {
    pub(crate) marks: Option<Vec<u8>>,
    pub(crate) batches: Vec<LoggedBatch>,
    pub(crate) digest: u32,
    pub(crate) previous_digest: u32,
    /// Bytes at the end that are no whole record.
    pub(crate) torn_bytes: u64,
    /// Whole records whose checksum is wrong: data loss, not a torn write.
    pub(crate) n_corrupt: u64,
    /// Length of the readable part.
    pub(crate) valid_len: u64,
}

/// Reads a segment as far as it goes. A damaged one gives what can be read and says what can't.
pub(crate) fn read_segment(path: &Path, number: u64) -> Result<SegmentContent, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| Error::io("read", path, error))?;
    let mut content = SegmentContent::default();
    let Some(header) = bytes.get(..HEADER_BYTES) else {
        content.torn_bytes = bytes.len() as u64;
        return Ok(content);
    };
    if header.iter().all(|byte| *byte == 0) {
        // Power was lost between the creation of the file and its first fsync: nothing in it was ever acknowledged.
        content.torn_bytes = bytes.len() as u64;
        return Ok(content);
    }
    check_header(path, header, number)?;
    content.previous_digest = u32::from_le_bytes(header[20..24].try_into().expect("4 bytes"));
    let mut at = HEADER_BYTES;
    content.valid_len = at as u64;
    while at < bytes.len() {
        let Some(next) = read_record(&bytes, at, &mut content) else {
            content.torn_bytes = (bytes.len() - at) as u64;
            break;
        };
        at = next;
        content.valid_len = at as u64;
    }
    content.digest = crc32c::crc32c(&bytes[..content.valid_len as usize]);
    Ok(content)
}

fn check_header(path: &Path, header: &[u8], number: u64) -> Result<(), Error> {
    let corrupt = |reason: &str| Error::Corrupt { path: path.to_owned(), reason: reason.to_owned() };
    if &header[..8] != MAGIC {
        return Err(corrupt("not a log segment"));
    }
    let version = u32::from_le_bytes(header[8..12].try_into().expect("4 bytes"));
    if version > VERSION {
        return Err(Error::NewerFormat { path: path.to_owned(), found: version, known: VERSION });
    }
    if crc32c::crc32c(&header[..24]) != u32::from_le_bytes(header[24..28].try_into().expect("4 bytes")) {
        return Err(corrupt("header checksum"));
    }
    if u64::from_le_bytes(header[12..20].try_into().expect("8 bytes")) != number {
        return Err(corrupt("segment number differs from the file name"));
    }
    Ok(())
}

/// Reads the record at `at`; `None` when there is no whole record there.
fn read_record(bytes: &[u8], at: usize, content: &mut SegmentContent) -> Option<usize> {
    let head = bytes.get(at..at + RECORD_HEAD_BYTES)?;
    let len = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
    if len > WAL_RECORD_BYTES_MAX {
        return None;
    }
    let crc = u32::from_le_bytes(head[4..8].try_into().ok()?);
    let kind = head[8];
    let start = at + RECORD_HEAD_BYTES;
    let payload = bytes.get(start..start + len)?;
    let whole = crc32c::crc32c_append(crc32c::crc32c(&[kind]), payload) == crc;
    if whole && kind == Kind::Marks as u8 {
        content.marks = Some(payload.to_vec());
    } else if whole && kind == Kind::Batch as u8 {
        match LoggedBatch::from_bytes(payload) {
            Some(batch) => content.batches.push(batch),
            None => content.n_corrupt += 1,
        }
    } else if start + len == bytes.len() {
        // The last record: a torn write, which was never acknowledged.
        return None;
    } else {
        content.n_corrupt += 1;
    }
    Some(start + len)
}

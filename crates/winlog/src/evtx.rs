//! Windows event log files (EVTX), record by record. What cannot be read is an item with its place in the file; the
//! rest is read. One chunk of 64 KiB is in memory at a time.

use std::io::{Read, Seek};

use ::evtx::err::EvtxError;
use ::evtx::{EvtxParser, ParserSettings};

use crate::{Error, Event, xml};

/// Bytes before the first chunk.
const FILE_HEADER_BYTES: u64 = 4_096;
/// Bytes of each chunk.
const CHUNK_BYTES: u64 = 65_536;

/// The first bytes of every such file.
pub const MAGIC: &[u8; 8] = b"ElfFile\0";

/// What cannot be read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The whole file: not an event log, or its header is unreadable.
    File(String),
    /// A chunk, with its offset in the file. How many events it held is not known.
    Chunk {
        /// Where in the file.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// One record.
    Record {
        /// Its number in the log, when that could be read.
        record_id: Option<u64>,
        /// Where in the file, when known.
        offset: Option<u64>,
        /// What is wrong.
        reason: String,
    },
    /// A record that was read, but is no event.
    Event {
        /// Its number in the log.
        record_id: u64,
        /// What is wrong.
        error: Error,
    },
}

impl Damage {
    /// A stable word for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Damage::File(_) => "not_evtx",
            Damage::Chunk { .. } => "damaged_chunk",
            Damage::Record { .. } => "damaged_record",
            Damage::Event { error, .. } => error.name(),
        }
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Damage::File(reason) => write!(f, "{reason}"),
            Damage::Chunk { offset, reason } => write!(f, "chunk at byte {offset}: {reason}"),
            Damage::Record { record_id, offset, reason } => {
                write!(f, "record")?;
                if let Some(record_id) = record_id {
                    write!(f, " {record_id}")?;
                }
                if let Some(offset) = offset {
                    write!(f, " at byte {offset}")?;
                }
                write!(f, ": {reason}")
            }
            Damage::Event { record_id, error } => write!(f, "record {record_id}: {error}"),
        }
    }
}

/// Calls `each` for every event, in the order of the log, and for everything that cannot be read. Stops when `each`
/// says so.
pub fn read<R: Read + Seek>(reader: R, mut each: impl FnMut(Result<Event, Damage>) -> std::ops::ControlFlow<()>) {
    let settings = ParserSettings::new().indent(false);
    let mut parser = match EvtxParser::from_read_seek(reader) {
        Ok(parser) => parser.with_configuration(settings),
        Err(error) => {
            let _ = each(Err(Damage::File(chain(&error))));
            return;
        }
    };
    for record in parser.records() {
        let item = match record {
            Ok(record) => {
                let parsed = xml::parse(&record.data);
                parsed.map_err(|error| Damage::Event { record_id: record.event_record_id, error })
            }
            Err(error) => Err(damage(&error)),
        };
        if each(item).is_break() {
            return;
        }
    }
}

fn damage(error: &EvtxError) -> Damage {
    match error {
        EvtxError::FailedToParseChunk { chunk_id, source } => {
            Damage::Chunk { offset: chunk_offset(*chunk_id), reason: chain(source.as_ref()) }
        }
        EvtxError::FailedToParseRecord { record_id, source } => {
            Damage::Record { record_id: Some(*record_id), offset: None, reason: chain(source.as_ref()) }
        }
        EvtxError::FailedToReadRecordAt { chunk, offset, source } => {
            let offset = chunk.map(|chunk| chunk_offset(chunk).saturating_add(*offset));
            Damage::Record { record_id: None, offset, reason: chain(source.as_ref()) }
        }
        error => Damage::Record { record_id: None, offset: None, reason: chain(error) },
    }
}

fn chunk_offset(chunk: u64) -> u64 {
    chunk.saturating_mul(CHUNK_BYTES).saturating_add(FILE_HEADER_BYTES)
}

/// An error with its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.retain(|character| !character.is_control());
    text.truncate(text.floor_char_boundary(300));
    text
}

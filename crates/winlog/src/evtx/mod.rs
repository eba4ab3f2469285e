//! Windows event log files (EVTX), record by record. What cannot be read is an item with its place in the file; the
//! rest is read. One chunk of 64 KiB is in memory at a time.

mod direct;
mod write;

use std::io::{Read, Seek};
use std::sync::Arc;

use ::evtx::err::EvtxError;
use ::evtx::{EvtxParser, IntoIterChunks, ParserSettings};

use crate::source::{Damage, Source};
use crate::{Event, xml};

pub use write::{WriteError, Writer};

/// Bytes before the first chunk.
const FILE_HEADER_BYTES: u64 = 4_096;
/// Bytes of each chunk.
const CHUNK_BYTES: u64 = 65_536;

/// The first bytes of every such file.
pub const MAGIC: &[u8; 8] = b"ElfFile\0";

/// A log file, read chunk by chunk from the oldest to the newest.
pub struct Reader<R: Read + Seek> {
    chunks: IntoIterChunks<R>,
    settings: Arc<ParserSettings>,
    is_direct: bool,
    n_direct: u64,
}

impl<R: Read + Seek> Reader<R> {
    /// Looks at the file's header.
    ///
    /// # Errors
    /// When it is not such a file.
    pub fn open(reader: R) -> Result<Self, Damage> {
        let settings = ParserSettings::new().indent(false);
        match EvtxParser::from_read_seek(reader) {
            Ok(parser) => {
                let chunks = parser.with_configuration(settings.clone()).into_chunks();
                Ok(Self { chunks, settings: Arc::new(settings), is_direct: true, n_direct: 0 })
            }
            Err(error) => Err(Damage::File(chain(&error))),
        }
    }

    /// Reads every chunk through XML, several times slower and with the same events: to compare both ways.
    pub fn through_xml(mut self) -> Self {
        self.is_direct = false;
        self
    }

    /// Chunks that were read without XML.
    pub fn n_direct(&self) -> u64 {
        self.n_direct
    }
}

impl<R: Read + Seek> Source for Reader<R> {
    fn next_some(&mut self) -> Option<Vec<Result<Event, Damage>>> {
        let mut data = match self.chunks.next()? {
            Ok(data) => data,
            Err(error) => return Some(vec![Err(damage(&error))]),
        };
        if self.is_direct
            && let Some(events) = direct::events(&data)
        {
            self.n_direct += 1;
            return Some(events.into_iter().map(Ok).collect());
        }
        let number = data.number;
        let mut chunk = match data.parse(Arc::clone(&self.settings)) {
            Ok(chunk) => chunk,
            Err(error) => {
                let offset = number.map_or(0, chunk_offset);
                return Some(vec![Err(Damage::Chunk { offset, reason: chain(&error) })]);
            }
        };
        let mut items = Vec::new();
        for record in chunk.iter() {
            items.push(match record.and_then(::evtx::EvtxRecord::into_xml) {
                Ok(record) => {
                    let parsed = xml::parse(&record.data);
                    parsed.map_err(|error| Damage::Event { record_id: record.event_record_id, error })
                }
                Err(error) => Err(damage(&error)),
            });
        }
        Some(items)
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

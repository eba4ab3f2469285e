//! Writes event log files, for tests and benches: a real log can't be made to order, least of all a damaged or a dense
//! one. Chunks with checksums, templates and shared names as Windows makes them, from the format's public description
//! (libyal's documentation of libevtx). Values get the types that Windows uses where their text allows it.

use std::collections::HashMap;
use std::io::{Seek, SeekFrom, Write};

use super::{CHUNK_BYTES, FILE_HEADER_BYTES, MAGIC};
use crate::{Event, Field};

/// Bytes of a chunk's header, its tables of names and templates among them.
const CHUNK_HEADER_BYTES: usize = 512;
const NAME_BUCKETS_AT: usize = 128;
const NAME_BUCKETS: u32 = 64;
const TEMPLATE_BUCKETS_AT: usize = 384;
const TEMPLATE_BUCKETS: u32 = 32;
/// Size, identity and time before the content, the size again behind it.
const RECORD_HEADER_BYTES: usize = 24;
/// Seconds from 1601 to 1970.
const EPOCH_DIFFERENCE_S: i64 = 11_644_473_600;

/// Tokens of binary XML.
const END_OF_STREAM: u8 = 0x00;
const OPEN_ELEMENT: u8 = 0x01;
const OPEN_ELEMENT_WITH_ATTRIBUTES: u8 = 0x41;
const CLOSE_START: u8 = 0x02;
const CLOSE_EMPTY: u8 = 0x03;
const END_ELEMENT: u8 = 0x04;
const VALUE: u8 = 0x05;
const ATTRIBUTE: u8 = 0x06;
const MORE: u8 = 0x40;
const TEMPLATE: u8 = 0x0c;
const OPTIONAL_SUBSTITUTION: u8 = 0x0e;
const FRAGMENT: [u8; 4] = [0x0f, 1, 1, 0];

/// Types of values.
const TYPE_NULL: u8 = 0x00;
const TYPE_STRING: u8 = 0x01;
const TYPE_U8: u8 = 0x04;
const TYPE_U16: u8 = 0x06;
const TYPE_U32: u8 = 0x08;
const TYPE_U64: u8 = 0x0a;
const TYPE_GUID: u8 = 0x0f;
const TYPE_FILETIME: u8 = 0x11;
const TYPE_SID: u8 = 0x13;
const TYPE_HEX64: u8 = 0x15;
const TYPE_XML: u8 = 0x21;

/// What does not fit into the format.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file can't be written.
    #[error("write the log: {0}")]
    Io(#[from] std::io::Error),
    /// One event is larger than a chunk.
    #[error("event {0} does not fit into a chunk")]
    TooLarge(u64),
}

/// A log file in the making.
pub struct Writer<W: Write + Seek> {
    out: W,
    chunk: Chunk,
    n_chunks: u64,
    last_record: u64,
}

impl<W: Write + Seek> Writer<W> {
    /// Leaves room for the file's header.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn new(mut out: W) -> Result<Self, WriteError> {
        out.write_all(&[0; FILE_HEADER_BYTES as usize])?;
        Ok(Self { out, chunk: Chunk::new(), n_chunks: 0, last_record: 0 })
    }

    /// Adds an event under its own record number.
    ///
    /// # Errors
    /// When the file can't be written, or the event is larger than a chunk.
    pub fn push(&mut self, event: &Event) -> Result<(), WriteError> {
        self.last_record = event.record_id;
        if self.chunk.push(event) {
            return Ok(());
        }
        self.end_chunk()?;
        if self.chunk.push(event) { Ok(()) } else { Err(WriteError::TooLarge(event.record_id)) }
    }

    fn end_chunk(&mut self) -> Result<(), WriteError> {
        if self.chunk.n_records > 0 {
            self.out.write_all(&std::mem::replace(&mut self.chunk, Chunk::new()).finish())?;
            self.n_chunks += 1;
        }
        Ok(())
    }

    /// Writes what is left and the header.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.end_chunk()?;
        let mut header = vec![0; 128];
        header[..8].copy_from_slice(MAGIC);
        put(&mut header, 16, &self.n_chunks.saturating_sub(1).to_le_bytes());
        put(&mut header, 24, &(self.last_record + 1).to_le_bytes());
        put(&mut header, 32, &128_u32.to_le_bytes());
        put(&mut header, 36, &1_u16.to_le_bytes());
        put(&mut header, 38, &3_u16.to_le_bytes());
        put(&mut header, 40, &(FILE_HEADER_BYTES as u16).to_le_bytes());
        // The field has 16 bits; readers go on until the file ends.
        put(&mut header, 42, &u16::try_from(self.n_chunks).unwrap_or(u16::MAX).to_le_bytes());
        let checksum = crc32(&header[..120]);
        put(&mut header, 124, &checksum.to_le_bytes());
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// CRC-32 of ISO 3309, four bits at a time: small, and fast enough for files of tests.
fn crc32(bytes: &[u8]) -> u32 {
    crc32_go_on(0, bytes)
}

fn crc32_go_on(before: u32, bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut idx = 0;
        while idx < 256 {
            let mut value = idx as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[idx] = value;
            idx += 1;
        }
        table
    };
    let mut crc = !before;
    for byte in bytes {
        crc = (crc >> 8) ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize];
    }
    !crc
}

/// What a record's data look like: events alike share a template.
type Shape = (String, Vec<String>);

/// 64 KiB of records with the names and templates that they use.
struct Chunk {
    bytes: Vec<u8>,
    names: HashMap<String, u32>,
    templates: HashMap<Shape, u32>,
    system: Option<u32>,
    n_records: u64,
    first_record: u64,
    last_record: u64,
    last_at: usize,
}

impl Chunk {
    fn new() -> Self {
        Self {
            bytes: vec![0; CHUNK_HEADER_BYTES],
            names: HashMap::new(),
            templates: HashMap::new(),
            system: None,
            n_records: 0,
            first_record: 0,
            last_record: 0,
            last_at: 0,
        }
    }

    /// False, and nothing changed, when there is no room.
    fn push(&mut self, event: &Event) -> bool {
        let (start, header) = (self.bytes.len(), self.bytes[..CHUNK_HEADER_BYTES].to_vec());
        let before = (self.names.clone(), self.templates.clone(), self.system);
        self.bytes.extend([0; RECORD_HEADER_BYTES]);
        self.content(event);
        let size = self.bytes.len() - start + 4;
        if start + size > CHUNK_BYTES as usize {
            self.bytes.truncate(start);
            self.bytes[..CHUNK_HEADER_BYTES].copy_from_slice(&header);
            (self.names, self.templates, self.system) = before;
            return false;
        }
        let size = (size as u32).to_le_bytes();
        self.bytes.extend(size);
        put(&mut self.bytes, start, b"\x2a\x2a\0\0");
        put(&mut self.bytes, start + 4, &size);
        put(&mut self.bytes, start + 8, &event.record_id.to_le_bytes());
        put(&mut self.bytes, start + 16, &filetime(event.time_ns).to_le_bytes());
        if self.n_records == 0 {
            self.first_record = event.record_id;
        }
        self.n_records += 1;
        self.last_record = event.record_id;
        self.last_at = start;
        true
    }

    fn finish(mut self) -> Vec<u8> {
        let end = self.bytes.len();
        put(&mut self.bytes, 0, b"ElfChnk\0");
        for (at, value) in [(8, 1), (16, self.n_records), (24, self.first_record), (32, self.last_record)] {
            put(&mut self.bytes, at, &value.to_le_bytes());
        }
        put(&mut self.bytes, 40, &128_u32.to_le_bytes());
        put(&mut self.bytes, 44, &(self.last_at as u32).to_le_bytes());
        put(&mut self.bytes, 48, &(end as u32).to_le_bytes());
        let records = crc32(&self.bytes[CHUNK_HEADER_BYTES..]);
        put(&mut self.bytes, 52, &records.to_le_bytes());
        let header = crc32_go_on(crc32(&self.bytes[..120]), &self.bytes[128..CHUNK_HEADER_BYTES]);
        put(&mut self.bytes, 124, &header.to_le_bytes());
        self.bytes.resize(CHUNK_BYTES as usize, 0);
        self.bytes
    }

    fn content(&mut self, event: &Event) {
        self.bytes.extend(FRAGMENT);
        match self.system {
            Some(at) => self.instance(at, SYSTEM_ID),
            None => {
                let at = self.define(SYSTEM_ID, |chunk| chunk.system_template());
                self.system = Some(at);
            }
        }
        // The data's length is known once they are written: their descriptor is filled in then.
        let descriptors = self.bytes.len() + 4;
        let values = system_values(event);
        self.bytes.extend((values.len() as u32 + 1).to_le_bytes());
        for (ty, value) in &values {
            self.describe(*ty, value.len());
        }
        self.describe(TYPE_XML, 0);
        for (_, value) in &values {
            self.bytes.extend(value);
        }
        let start = self.bytes.len();
        self.data(event);
        let len = (self.bytes.len() - start) as u16;
        put(&mut self.bytes, descriptors + 4 * values.len(), &len.to_le_bytes());
        self.bytes.push(END_OF_STREAM);
    }

    fn describe(&mut self, ty: u8, len: usize) {
        self.bytes.extend((len as u16).to_le_bytes());
        self.bytes.extend([ty, 0]);
    }

    /// Names a template that is in the chunk already.
    fn instance(&mut self, at: u32, id: u32) {
        self.bytes.extend([TEMPLATE, 1]);
        self.bytes.extend(id.to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
    }

    /// A template's first use, with its definition.
    fn define(&mut self, id: u32, build: impl FnOnce(&mut Self)) -> u32 {
        let at = (self.bytes.len() + 10) as u32;
        self.instance(at, id);
        let bucket = TEMPLATE_BUCKETS_AT + 4 * (id % TEMPLATE_BUCKETS) as usize;
        let next: [u8; 4] = self.bytes[bucket..bucket + 4].try_into().expect("four bytes");
        self.bytes.extend(next);
        put(&mut self.bytes, bucket, &at.to_le_bytes());
        self.bytes.extend(id.to_le_bytes());
        self.bytes.extend([0x4e, 0x52, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]);
        let size_at = self.bytes.len();
        self.bytes.extend([0; 4]);
        self.bytes.extend(FRAGMENT);
        build(self);
        self.bytes.push(END_OF_STREAM);
        let size = (self.bytes.len() - size_at - 4) as u32;
        put(&mut self.bytes, size_at, &size.to_le_bytes());
        at
    }

    /// `<EventData>` with a `<Data>` per field.
    fn data(&mut self, event: &Event) {
        self.bytes.extend(FRAGMENT);
        let names: Vec<String> = event.data.iter().map(|field| field.name.to_string()).collect();
        let shape = (format!("{} {}", event.provider, event.event_id), names);
        let id = event.event_id.wrapping_mul(0x9e37_79b9) ^ shape.1.len() as u32;
        match self.templates.get(&shape) {
            Some(at) => self.instance(*at, id),
            None => {
                let at = self.define(id, |chunk| chunk.data_template(&event.data));
                self.templates.insert(shape, at);
            }
        }
        let values: Vec<(u8, Vec<u8>)> = event.data.iter().map(|field| typed(&field.value)).collect();
        self.bytes.extend((values.len() as u32).to_le_bytes());
        for (ty, value) in &values {
            self.describe(*ty, value.len());
        }
        for (_, value) in &values {
            self.bytes.extend(value);
        }
        self.bytes.push(END_OF_STREAM);
    }

    fn data_template(&mut self, fields: &[Field]) {
        self.element("EventData", &[], |chunk| {
            for (idx, field) in fields.iter().enumerate() {
                let name = Part::Text(&field.name);
                let attributes = [("Name", name)];
                let attributes = if &*field.name == "Data" { &[][..] } else { &attributes };
                chunk.element("Data", attributes, |chunk| chunk.substitution(idx as u16, TYPE_STRING));
            }
        });
    }

    /// `<Event><System>…`, the numbers of its values in the order of `system_values`.
    fn system_template(&mut self) {
        const XMLNS: &str = "http://schemas.microsoft.com/win/2004/08/events/event";
        let values = [
            ("EventID", 1, TYPE_U16),
            ("Version", 2, TYPE_U8),
            ("Level", 3, TYPE_U8),
            ("Task", 4, TYPE_U16),
            ("Opcode", 5, TYPE_U8),
            ("Keywords", 6, TYPE_HEX64),
        ];
        self.element("Event", &[("xmlns", Part::Text(XMLNS))], |chunk| {
            chunk.element("System", &[], |chunk| {
                chunk.element("Provider", &[("Name", Part::Value(0, TYPE_STRING))], |_| ());
                for (name, number, ty) in values {
                    chunk.element(name, &[], |chunk| chunk.substitution(number, ty));
                }
                chunk.element("TimeCreated", &[("SystemTime", Part::Value(7, TYPE_FILETIME))], |_| ());
                chunk.element("EventRecordID", &[], |chunk| chunk.substitution(8, TYPE_U64));
                let ids =
                    [("ActivityID", Part::Value(9, TYPE_GUID)), ("RelatedActivityID", Part::Value(10, TYPE_GUID))];
                chunk.element("Correlation", &ids, |_| ());
                let ids = [("ProcessID", Part::Value(11, TYPE_U32)), ("ThreadID", Part::Value(12, TYPE_U32))];
                chunk.element("Execution", &ids, |_| ());
                chunk.element("Channel", &[], |chunk| chunk.substitution(13, TYPE_STRING));
                chunk.element("Computer", &[], |chunk| chunk.substitution(14, TYPE_STRING));
                chunk.element("Security", &[("UserID", Part::Value(15, TYPE_SID))], |_| ());
            });
            chunk.substitution(16, TYPE_XML);
        });
    }

    fn element(&mut self, name: &str, attributes: &[(&str, Part<'_>)], content: impl FnOnce(&mut Self)) {
        self.bytes.push(if attributes.is_empty() { OPEN_ELEMENT } else { OPEN_ELEMENT_WITH_ATTRIBUTES });
        self.bytes.extend(u16::MAX.to_le_bytes());
        let size_at = self.bytes.len();
        self.bytes.extend([0; 4]);
        self.name(name);
        if !attributes.is_empty() {
            let list_at = self.bytes.len();
            self.bytes.extend([0; 4]);
            for (idx, (name, part)) in attributes.iter().enumerate() {
                self.bytes.push(if idx + 1 < attributes.len() { ATTRIBUTE | MORE } else { ATTRIBUTE });
                self.name(name);
                match part {
                    Part::Text(text) => {
                        self.bytes.extend([VALUE, TYPE_STRING]);
                        self.bytes.extend((text.encode_utf16().count() as u16).to_le_bytes());
                        self.bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
                    }
                    Part::Value(number, ty) => self.substitution(*number, *ty),
                }
            }
            let len = (self.bytes.len() - list_at - 4) as u32;
            put(&mut self.bytes, list_at, &len.to_le_bytes());
        }
        let before = self.bytes.len();
        self.bytes.push(CLOSE_START);
        content(self);
        if self.bytes.len() == before + 1 {
            self.bytes[before] = CLOSE_EMPTY;
        } else {
            self.bytes.push(END_ELEMENT);
        }
        let size = (self.bytes.len() - size_at - 4) as u32;
        put(&mut self.bytes, size_at, &size.to_le_bytes());
    }

    fn substitution(&mut self, number: u16, ty: u8) {
        self.bytes.push(OPTIONAL_SUBSTITUTION);
        self.bytes.extend(number.to_le_bytes());
        self.bytes.push(ty);
    }

    /// Where a name is in the chunk; its first use has the name itself.
    fn name(&mut self, name: &str) {
        if let Some(at) = self.names.get(name) {
            self.bytes.extend(at.to_le_bytes());
            return;
        }
        let at = (self.bytes.len() + 4) as u32;
        self.bytes.extend(at.to_le_bytes());
        let hash =
            name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(unit)));
        let bucket = NAME_BUCKETS_AT + 4 * ((hash & 0xffff) % NAME_BUCKETS) as usize;
        let next: [u8; 4] = self.bytes[bucket..bucket + 4].try_into().expect("four bytes");
        self.bytes.extend(next);
        put(&mut self.bytes, bucket, &at.to_le_bytes());
        self.bytes.extend((hash as u16).to_le_bytes());
        self.bytes.extend((name.encode_utf16().count() as u16).to_le_bytes());
        self.bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        self.bytes.extend([0, 0]);
        self.names.insert(name.to_owned(), at);
    }
}

/// Identity of the one template of `<System>`.
const SYSTEM_ID: u32 = 0x5359_5354;

/// What an attribute holds.
enum Part<'a> {
    Text(&'a str),
    /// Number and type of a value.
    Value(u16, u8),
}

fn filetime(time_ns: i64) -> u64 {
    (time_ns / 100 + EPOCH_DIFFERENCE_S * 10_000_000).cast_unsigned()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn system_values(event: &Event) -> Vec<(u8, Vec<u8>)> {
    let keywords = event.keywords.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let optional = |ty: u8, value: Option<Vec<u8>>| value.map_or((TYPE_NULL, Vec::new()), |value| (ty, value));
    vec![
        (TYPE_STRING, utf16(&event.provider)),
        (TYPE_U16, (event.event_id as u16).to_le_bytes().to_vec()),
        (TYPE_U8, vec![event.version]),
        (TYPE_U8, vec![event.level]),
        (TYPE_U16, event.task.to_le_bytes().to_vec()),
        (TYPE_U8, vec![event.opcode]),
        (TYPE_HEX64, keywords.unwrap_or(0).to_le_bytes().to_vec()),
        (TYPE_FILETIME, filetime(event.time_ns).to_le_bytes().to_vec()),
        (TYPE_U64, event.record_id.to_le_bytes().to_vec()),
        optional(TYPE_GUID, event.activity_id.as_deref().and_then(guid)),
        optional(TYPE_GUID, event.related_activity_id.as_deref().and_then(guid)),
        (TYPE_U32, event.process_id.to_le_bytes().to_vec()),
        (TYPE_U32, event.thread_id.to_le_bytes().to_vec()),
        (TYPE_STRING, utf16(&event.channel)),
        (TYPE_STRING, utf16(&event.computer)),
        optional(TYPE_SID, event.user_sid.as_deref().and_then(sid)),
    ]
}

/// A GUID's bytes: the first three groups are numbers, the last two are as written.
fn guid(text: &str) -> Option<Vec<u8>> {
    let groups: Vec<&str> = text.split('-').collect();
    if groups.iter().map(|group| group.len()).ne([8, 4, 4, 4, 12]) {
        return None;
    }
    let mut bytes = hex::decode(groups.concat()).ok()?;
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Some(bytes)
}

fn sid(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.strip_prefix("S-1-")?.split('-');
    let authority: u64 = parts.next()?.parse().ok()?;
    let subs: Vec<u32> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let mut bytes = vec![1, u8::try_from(subs.len()).ok()?];
    bytes.extend(&authority.to_be_bytes()[2..]);
    bytes.extend(subs.iter().flat_map(|sub| sub.to_le_bytes()));
    Some(bytes)
}

/// Type and bytes of a value; a type only where its text is the same again.
fn typed(text: &str) -> (u8, Vec<u8>) {
    if let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
        && let Some(bytes) = guid(inner).filter(|_| !inner.bytes().any(|byte| byte.is_ascii_uppercase()))
    {
        return (TYPE_GUID, bytes);
    }
    if let Ok(number) = text.parse::<u32>()
        && number.to_string() == text
    {
        return (TYPE_U32, number.to_le_bytes().to_vec());
    }
    if let Some(number) = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok())
        && format!("{number:#x}") == text
    {
        return (TYPE_HEX64, number.to_le_bytes().to_vec());
    }
    if let Some(bytes) = sid(text) {
        return (TYPE_SID, bytes);
    }
    (TYPE_STRING, utf16(text))
}

//! Events in text files: `<Event>` one after the other, as Event Viewer, wevtutil and Sysmon's users export them, in
//! UTF-8 or UTF-16; and JSON, one object per line, as shippers write it. One event is in memory at a time.

use std::io::{BufRead, BufReader, Read};

use crate::limits::EVENT_XML_BYTES_MAX;
use crate::source::{Damage, Source};
use crate::{Error, Event, json, xml};

/// Events that are given at once.
const EVENTS_AT_ONCE: usize = 256;

/// A file of `<Event>` elements, whatever is around them.
pub struct XmlReader<R: Read> {
    reader: BufReader<Utf8<R>>,
    n_events: u64,
    is_over: bool,
}

impl<R: Read> XmlReader<R> {
    /// Reads nothing yet.
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, Utf8::new(reader)), n_events: 0, is_over: false }
    }

    /// The text from `<Event` to `</Event>`; `None` at the end.
    fn next_text(&mut self) -> std::io::Result<Option<Result<String, Error>>> {
        let mut text = Vec::new();
        let mut is_inside = false;
        loop {
            // Every tag ends with `>`: the text grows tag by tag.
            let room = (EVENT_XML_BYTES_MAX + 1).saturating_sub(text.len());
            if room == 0 {
                self.skip_event()?;
                return Ok(Some(Err(Error::TooLarge(text.len()))));
            }
            let start = text.len();
            let n_read = (&mut self.reader).take(room as u64).read_until(b'>', &mut text)?;
            if n_read == 0 {
                let cut =
                    Error::Syntax { offset: text.len() as u64, message: "the file ends inside an event".to_owned() };
                return Ok(is_inside.then_some(Err(cut)));
            }
            let tag = text[start..].iter().rposition(|byte| *byte == b'<').map_or(start, |idx| start + idx);
            if is_inside {
                if text[tag..].starts_with(b"</Event>") {
                    return Ok(Some(Ok(String::from_utf8_lossy(&text).into_owned())));
                }
            } else if starts_event(&text[tag..]) {
                is_inside = true;
                text.drain(..tag);
            } else {
                text.clear();
            }
        }
    }

    /// Goes behind the end of an event that is too large.
    fn skip_event(&mut self) -> std::io::Result<()> {
        let mut tail = Vec::new();
        loop {
            let n_read = (&mut self.reader).take(64 << 10).read_until(b'>', &mut tail)?;
            if n_read == 0 || tail.ends_with(b"</Event>") {
                return Ok(());
            }
            let keep = tail.len().saturating_sub(8);
            tail.drain(..keep);
        }
    }
}

fn starts_event(tag: &[u8]) -> bool {
    tag.starts_with(b"<Event>")
        || tag.starts_with(b"<Event ")
        || tag.starts_with(b"<Event\n")
        || tag.starts_with(b"<Event\r")
}

impl<R: Read> Numbered for XmlReader<R> {
    fn next_event(&mut self) -> std::io::Result<Option<(u64, Result<Event, Error>)>> {
        let text = self.next_text()?;
        self.n_events += u64::from(text.is_some());
        Ok(text.map(|text| (self.n_events, text.and_then(|text| xml::parse(&text)))))
    }

    fn is_over(&mut self) -> &mut bool {
        &mut self.is_over
    }
}

impl<R: Read> Source for XmlReader<R> {
    fn next_some(&mut self) -> Option<Vec<Result<Event, Damage>>> {
        next_some(self)
    }
}

/// What gives one event after the other, each with its number.
trait Numbered {
    /// `None` at the end.
    fn next_event(&mut self) -> std::io::Result<Option<(u64, Result<Event, Error>)>>;

    /// Whether the file could not be read any further: it would fail again for ever.
    fn is_over(&mut self) -> &mut bool;
}

fn next_some(reader: &mut impl Numbered) -> Option<Vec<Result<Event, Damage>>> {
    let mut items = Vec::new();
    while items.len() < EVENTS_AT_ONCE && !*reader.is_over() {
        match reader.next_event() {
            Ok(Some((record_id, event))) => items.push(event.map_err(|error| Damage::Event { record_id, error })),
            Ok(None) => break,
            Err(error) => {
                *reader.is_over() = true;
                items.push(Err(Damage::File(error.to_string())));
            }
        }
    }
    (!items.is_empty()).then_some(items)
}

/// A file with one JSON object per line.
pub struct JsonLines<R: Read> {
    reader: BufReader<Utf8<R>>,
    n_lines: u64,
    is_over: bool,
}

impl<R: Read> JsonLines<R> {
    /// Reads nothing yet.
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, Utf8::new(reader)), n_lines: 0, is_over: false }
    }

    fn next_line(&mut self) -> std::io::Result<Option<Result<Vec<u8>, Error>>> {
        let mut line = Vec::new();
        let room = EVENT_XML_BYTES_MAX as u64;
        let n_read = (&mut self.reader).take(room).read_until(b'\n', &mut line)?;
        if n_read == 0 {
            return Ok(None);
        }
        self.n_lines += 1;
        if n_read as u64 == room && !line.ends_with(b"\n") {
            let mut rest = Vec::new();
            while (&mut self.reader).take(64 << 10).read_until(b'\n', &mut rest)? > 0 && !rest.ends_with(b"\n") {
                rest.clear();
            }
            return Ok(Some(Err(Error::TooLarge(n_read))));
        }
        Ok(Some(Ok(line)))
    }
}

impl<R: Read> Numbered for JsonLines<R> {
    fn next_event(&mut self) -> std::io::Result<Option<(u64, Result<Event, Error>)>> {
        loop {
            match self.next_line()? {
                Some(Ok(line)) if line.trim_ascii().is_empty() => {}
                line => return Ok(line.map(|line| (self.n_lines, line.and_then(|line| json::parse(&line))))),
            }
        }
    }

    fn is_over(&mut self) -> &mut bool {
        &mut self.is_over
    }
}

impl<R: Read> Source for JsonLines<R> {
    fn next_some(&mut self) -> Option<Vec<Result<Event, Damage>>> {
        next_some(self)
    }
}

/// UTF-8 out of UTF-8, with or without a mark, or UTF-16 with one.
pub(crate) struct Utf8<R: Read> {
    inner: R,
    encoding: Option<Encoding>,
    /// Bytes that were read and not given yet.
    ready: Vec<u8>,
    given: usize,
    /// Half of a unit or of a pair.
    pending: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl<R: Read> Utf8<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, encoding: None, ready: Vec::new(), given: 0, pending: Vec::new() }
    }

    fn refill(&mut self) -> std::io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() {
            let mut buffer = vec![0; 32 << 10];
            let n_read = self.inner.read(&mut buffer)?;
            buffer.truncate(n_read);
            self.pending.extend_from_slice(&buffer);
            if self.encoding.is_none() {
                if self.pending.len() < 3 && n_read > 0 {
                    continue;
                }
                self.detect();
            }
            if self.encoding == Some(Encoding::Utf8) {
                std::mem::swap(&mut self.ready, &mut self.pending);
            } else {
                self.decode(n_read == 0);
            }
            if n_read == 0 {
                return Ok(());
            }
        }
        Ok(())
    }

    fn detect(&mut self) {
        let (encoding, mark) = match self.pending.as_slice() {
            [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            _ => (Encoding::Utf8, 0),
        };
        self.encoding = Some(encoding);
        self.pending.drain(..mark);
    }

    /// Whole characters only, unless it is the end.
    fn decode(&mut self, is_end: bool) {
        let is_be = self.encoding == Some(Encoding::Utf16Be);
        let mut units: Vec<u16> = Vec::with_capacity(self.pending.len() / 2);
        for pair in self.pending.chunks_exact(2) {
            let pair = [pair[0], pair[1]];
            units.push(if is_be { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) });
        }
        if !is_end && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
        }
        self.pending.drain(..units.len() * 2);
        self.ready = String::from_utf16_lossy(&units).into_bytes();
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        let len = buffer.len().min(self.ready.len() - self.given);
        buffer[..len].copy_from_slice(&self.ready[self.given..self.given + len]);
        self.given += len;
        Ok(len)
    }
}

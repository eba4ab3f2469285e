//! Where events come from: one trait for all kinds of files, what can be damaged in them, and several files as one in
//! the order of time.

use std::collections::VecDeque;

use crate::{Error, Event};

/// What cannot be read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The whole file: of no kind that is known, or its head is unreadable.
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
        /// Its number in the log; in a text, the number of its line or event.
        record_id: u64,
        /// What is wrong.
        error: Error,
    },
}

impl Damage {
    /// A stable word for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Damage::File(_) => "not_a_log",
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

/// Gives events until there are no more; what can't be read is an item, and the rest follows.
pub trait Source {
    /// The next events, in the order of the source. Some may be empty; `None` is the end.
    fn next_some(&mut self) -> Option<Vec<Result<Event, Damage>>>;
}

/// Several sources as one, always the earliest event next. Each source keeps its own order.
#[derive(Default)]
pub struct InOrder<'a> {
    sources: Vec<Open<'a>>,
}

struct Open<'a> {
    origin: u32,
    source: Box<dyn Source + 'a>,
    next: VecDeque<Result<Event, Damage>>,
    is_done: bool,
    /// Time of the last event that had one: what has none is at the same place.
    last_ns: i64,
}

impl<'a> InOrder<'a> {
    /// Adds a source under a number.
    pub fn add(&mut self, origin: u32, source: Box<dyn Source + 'a>) {
        self.sources.push(Open { origin, source, next: VecDeque::new(), is_done: false, last_ns: 0 });
    }
}

impl Open<'_> {
    fn fill(&mut self) {
        while self.next.is_empty() && !self.is_done {
            match self.source.next_some() {
                Some(items) => self.next = items.into(),
                None => self.is_done = true,
            }
        }
    }

    fn time_ns(&self) -> Option<i64> {
        match self.next.front()? {
            Ok(event) if event.time_ns != 0 => Some(event.time_ns),
            Ok(_) | Err(_) => Some(self.last_ns),
        }
    }
}

impl Iterator for InOrder<'_> {
    type Item = (u32, Result<Event, Damage>);

    fn next(&mut self) -> Option<Self::Item> {
        for open in &mut self.sources {
            open.fill();
        }
        self.sources.retain(|open| !open.next.is_empty());
        let open = self.sources.iter_mut().min_by_key(|open| open.time_ns())?;
        let item = open.next.pop_front()?;
        if let Ok(event) = &item
            && event.time_ns != 0
        {
            open.last_ns = event.time_ns;
        }
        Some((open.origin, item))
    }
}

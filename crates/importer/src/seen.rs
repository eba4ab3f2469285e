//! Records that are stored already. Exports of one log overlap, and each record is to be stored once: within one import
//! by its number and time, over several by the spans of numbers that earlier files had without a hole.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use anyhow::Result;
use winlog::Event;

use crate::Ledger;
use crate::limits::{SEEN_RECORDS_MAX, SPANS_MAX};

/// Record numbers of one log in one file, without a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First and last number.
    pub records: (u64, u64),
    /// Earliest and latest time, nanoseconds since 1970: a log that was cleared counts from the start again.
    pub times_ns: (i64, i64),
}

impl Span {
    fn holds(&self, event: &Event) -> bool {
        (self.records.0..=self.records.1).contains(&event.record_id)
            && (self.times_ns.0..=self.times_ns.1).contains(&event.time_ns)
    }
}

/// A log: computer and channel.
pub type LogName = (String, String);

/// One log in the files that are read now.
#[derive(Default)]
struct Log {
    /// By origin: spans of files that were imported before that one was begun.
    earlier: HashMap<u32, Vec<Span>>,
    /// By origin: what its file holds, and whether that has no hole.
    now: HashMap<u32, (Span, bool)>,
    /// Numbers and times of this import.
    records: HashSet<(u64, i64)>,
}

/// What was seen of the logs in the files that are read now.
pub(super) struct Seen<'a> {
    ledger: &'a dyn Ledger,
    /// Digests of the files by origin.
    files: Vec<String>,
    logs: HashMap<String, HashMap<String, Log>>,
    n_records: usize,
}

impl<'a> Seen<'a> {
    pub(super) fn new(ledger: &'a dyn Ledger, files: Vec<String>) -> Self {
        Self { ledger, files, logs: HashMap::new(), n_records: 0 }
    }

    /// Whether the record is stored already. Takes note of it.
    pub(super) fn is_known(&mut self, event: &Event, origin: u32) -> Result<bool> {
        // Some shippers leave the number out.
        if event.record_id == 0 || event.time_ns == 0 {
            return Ok(false);
        }
        let log = match self.logs.get_mut(&event.computer) {
            Some(logs) if logs.contains_key(&event.channel) => logs.get_mut(&event.channel),
            Some(_) | None => None,
        };
        let log = match log {
            Some(log) => log,
            None => {
                let logs = self.logs.entry(event.computer.clone()).or_default();
                logs.entry(event.channel.clone()).or_default()
            }
        };
        let earlier = match log.earlier.entry(origin) {
            Entry::Occupied(earlier) => earlier.into_mut(),
            Entry::Vacant(earlier) => {
                let file = &self.files[origin as usize];
                earlier.insert(self.ledger.spans(file, &event.computer, &event.channel)?)
            }
        };
        let is_stored = earlier.iter().any(|span| span.holds(event));
        log.note(event, origin);
        if is_stored {
            return Ok(true);
        }
        if self.files.len() < 2 {
            return Ok(false);
        }
        if self.n_records >= SEEN_RECORDS_MAX {
            self.logs.values_mut().flat_map(HashMap::values_mut).for_each(|log| log.records.clear());
            self.n_records = 0;
        }
        let log = self.logs.get_mut(&event.computer).and_then(|logs| logs.get_mut(&event.channel));
        let is_new = log.is_none_or(|log| log.records.insert((event.record_id, event.time_ns)));
        self.n_records += usize::from(is_new);
        Ok(!is_new)
    }

    /// What a file holds of each log, where that has no hole.
    pub(super) fn spans(&self, origin: u32) -> Vec<(LogName, Span)> {
        let mut spans = Vec::new();
        for (computer, logs) in &self.logs {
            for (channel, log) in logs {
                if let Some((span, true)) = log.now.get(&origin) {
                    spans.push(((computer.clone(), channel.clone()), *span));
                }
            }
        }
        spans.sort_by(|first, second| first.0.cmp(&second.0));
        spans.truncate(SPANS_MAX);
        spans
    }
}

impl Log {
    fn note(&mut self, event: &Event, origin: u32) {
        let first = Span { records: (event.record_id, event.record_id), times_ns: (event.time_ns, event.time_ns) };
        let Some((span, is_whole)) = self.now.get_mut(&origin) else {
            self.now.insert(origin, (first, true));
            return;
        };
        *is_whole &= span.records.1.checked_add(1) == Some(event.record_id);
        span.records.1 = event.record_id;
        span.times_ns = (span.times_ns.0.min(event.time_ns), span.times_ns.1.max(event.time_ns));
    }
}

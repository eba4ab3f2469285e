//! Import of Windows event logs: files to events, events to rows, rows to the store, under the devices that the events
//! name. What was imported is kept by whoever calls, in a [`Ledger`].
//!
//! A file is a stream of each device in it: the epoch comes from the file's content, the sequence number from the row's
//! place. The same file again is therefore stored once, also when an import was interrupted and is repeated; files that
//! were imported to the end are not even read again.

mod ahead;
mod files;
mod ledger;
pub mod limits;
mod run;
mod seen;
mod sink;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

pub use files::{NO_FILES, collect};
pub use ledger::{Known, Ledger};
pub use run::run;
pub use seen::{LogName, Span};
pub use sink::device_id;
use winlog::time_text_of_ns;

/// A file to import.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// What people call it.
    pub name: String,
}

/// What became of an import.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Files that were read.
    pub n_files: u64,
    /// Files that were imported before and added nothing.
    pub n_known: u64,
    /// Files of a folder that are no logs by their name.
    pub n_ignored: u64,
    /// Bytes read of `bytes_total`.
    pub bytes: u64,
    /// Bytes of all files to read.
    pub bytes_total: u64,
    /// Events in; what cannot be read counts as one.
    pub events: u64,
    /// Rows out.
    pub rows: u64,
    /// Events that are part of another event's row.
    pub merged: u64,
    /// Events in no row, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Rows that were not in the store before.
    pub stored: u64,
    /// Rows that say what is missing; no event made them.
    pub gaps: u64,
    /// Rows by device name.
    pub devices: BTreeMap<String, u64>,
    /// Times of the earliest and the latest row, nanoseconds since 1970.
    pub span_ns: Option<(i64, i64)>,
    /// The most bytes of rows that were in memory at once, encoded.
    pub held_bytes_most: usize,
    /// What could not be read, the first of them.
    pub problems: Vec<String>,
}

impl Summary {
    /// As JSON; `events = rows + merged + rejected`.
    pub fn to_json(&self) -> Value {
        let (from, to) =
            (self.span_ns.map(|span| time_text_of_ns(span.0)), self.span_ns.map(|span| time_text_of_ns(span.1)));
        json!({
            "events": self.events, "rows": self.rows, "merged": self.merged, "rejected": self.n_rejected(),
            "rejectedBy": self.rejected, "stored": self.stored, "gaps": self.gaps, "files": self.n_files,
            "alreadyImported": self.n_known, "ignored": self.n_ignored, "bytes": self.bytes,
            "bytesTotal": self.bytes_total, "from": from, "to": to, "devices": self.devices, "problems": self.problems,
        })
    }

    /// All rejects.
    pub fn n_rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    fn problem(&mut self, text: String) {
        if self.problems.len() < limits::PROBLEMS_MAX {
            self.problems.push(text);
        }
    }
}

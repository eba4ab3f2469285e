//! Events in, rows out, and what becomes of each is counted: a row, a merge into another row, or a reject with a name.
//! Holds rows for a few seconds of event time, in which other sources may report the same act, and rows of PowerShell
//! until it is known which script did it.

use std::collections::BTreeMap;

use schema::Row;

use crate::held::Window;
use crate::limits::ROWS_AT_ONCE;
use crate::links::Links;
use crate::merge::{self, Act};
use crate::processes::Processes;
use crate::runs::{self, Attributor};
use crate::scripts::Scripts;
use crate::{Event, map};

/// A row, and which input its first event came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalised {
    /// The row.
    pub row: Row,
    /// What was given to [`Normaliser::push`] with the event.
    pub origin: u32,
}

/// What became of the events: `events = rows + merged + the sum of rejected`, once all rows were taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events in, those that cannot be read among them.
    pub events: u64,
    /// Rows out.
    pub rows: u64,
    /// Events that are part of a row that another event made.
    pub merged: u64,
    /// Events that are in no row, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Counts an event that is no row.
    pub fn reject(&mut self, reason: &'static str) {
        self.events += 1;
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// All rejects.
    pub fn n_rejected(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// State of one import.
#[derive(Debug, Default)]
pub struct Normaliser {
    tally: Tally,
    scripts: Scripts,
    window: Window,
    processes: Processes,
    links: Links,
    attributor: Attributor,
    /// Time of the last event of each origin, for events without one.
    last_ns: Vec<i64>,
    out: Vec<Normalised>,
}

impl Normaliser {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an event; `origin` is the number of its file. Best given in the order of time over all files.
    pub fn push(&mut self, mut event: Event, origin: u32) {
        let idx = origin as usize;
        if self.last_ns.len() <= idx {
            self.last_ns.resize(idx + 1, 0);
        }
        let has_time = event.time_ns != 0;
        if !has_time {
            // Logs are in order: the record before was written at most a moment earlier.
            event.time_ns = self.last_ns[idx];
            if event.time_ns == 0 {
                self.tally.reject("no_time");
                return;
            }
        }
        self.last_ns[idx] = event.time_ns;
        self.tally.events += 1;
        self.attributor.watch(&event);
        let is_script = event.event_id == 4104 && map::mapping(&event).is_some();
        if is_script {
            for script in self.scripts.push(event, origin, &mut self.tally.merged) {
                self.hold(script.row, script.origin, script.logged_ns, None);
            }
            return;
        }
        self.links.complete(&mut event);
        let mut row = map::row(&event);
        self.links.see(&event, &mut row);
        if !has_time {
            merge::add_extra(&mut row, "TimeSource", "previous record".into());
        }
        let act = merge::act(&event, &row);
        self.hold(row, origin, event.time_ns, act);
    }

    /// Counts an event that is a row already, from another file.
    pub fn repeat(&mut self) {
        self.tally.events += 1;
        self.tally.merged += 1;
    }

    /// Counts an input that is no event.
    pub fn reject(&mut self, reason: &'static str) {
        self.tally.reject(reason);
    }

    /// Rows that are done.
    pub fn take(&mut self) -> Vec<Normalised> {
        self.take_up_to(usize::MAX)
    }

    /// Some of the rows that are done; none when there are none. What is not taken takes little memory.
    pub fn take_some(&mut self) -> Vec<Normalised> {
        self.take_up_to(ROWS_AT_ONCE)
    }

    fn take_up_to(&mut self, n_max: usize) -> Vec<Normalised> {
        let mut rows = std::mem::take(&mut self.out);
        rows.extend(self.attributor.take(n_max).map(|(row, origin)| Normalised { row, origin }));
        self.tally.rows += rows.len() as u64;
        rows
    }

    /// Ends the import: every row that is still held is done.
    pub fn end(&mut self) {
        self.settle();
    }

    /// Ends the import and takes all that is left.
    pub fn finish(&mut self) -> Vec<Normalised> {
        self.end();
        self.take()
    }

    /// Of a source that never ends: no row waits any longer, neither for another source of its act nor for its script.
    /// What was learnt of processes and scripts stays, so later events are understood as if there had been no pause.
    pub fn settle(&mut self) {
        for script in self.scripts.finish(&mut self.tally.merged) {
            self.hold(script.row, script.origin, script.logged_ns, None);
        }
        while let Some(held) = self.window.pop() {
            self.emit(held.row, held.origin);
        }
        // Its newest time goes too: what comes next may be older, and may wait as long as anything else.
        self.window = Window::default();
        self.attributor.finish();
    }

    /// What became of the events so far; rows that are held are not counted yet.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn hold(&mut self, row: Row, origin: u32, logged_ns: i64, act: Option<Act>) {
        if self.window.push(row, origin, logged_ns, act) {
            self.tally.merged += 1;
        }
        while let Some(held) = self.window.pop_due() {
            self.emit(held.row, held.origin);
        }
    }

    fn emit(&mut self, mut row: Row, origin: u32) {
        self.processes.see(&mut row);
        self.links.name(&mut row);
        let row = self.attributor.hold(row, origin);
        self.out.extend(row.map(|(row, origin)| Normalised { row, origin }));
    }

    /// Whether the event is an act of a process that may run a script: what proves which may come up to two minutes
    /// later, so a source that never ends had better wait that long before it takes the row.
    pub fn awaits_script(event: &Event) -> bool {
        runs::awaits_script(event)
    }
}

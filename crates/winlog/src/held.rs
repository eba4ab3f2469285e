//! Rows that wait a few seconds of event time for another source of the same act.

use std::collections::{HashMap, VecDeque};

use prost::Message;
use schema::{Row, col};

use crate::limits::{HELD_BYTES_MAX, HELD_NS, HELD_ROWS_MAX};
use crate::merge::{self, Act};

/// A row that waits.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) row: Row,
    pub(crate) origin: u32,
    logged_ns: i64,
    bytes: usize,
    act: Option<Act>,
    /// Ids of the events in it: the same source twice is two acts.
    event_ids: Vec<u32>,
}

/// The rows that wait, in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Window {
    rows: VecDeque<Held>,
    /// Number of the first row of `rows`.
    first: u64,
    /// The last row of each key, by its number.
    by_key: HashMap<String, u64>,
    bytes: usize,
    newest_ns: i64,
}

impl Window {
    /// Adds a row; true when it became part of a row that waits.
    pub(crate) fn push(&mut self, row: Row, origin: u32, logged_ns: i64, act: Option<Act>) -> bool {
        self.newest_ns = self.newest_ns.max(logged_ns);
        if let Some(act) = &act
            && let Some(number) = self.by_key.get(&act.key)
            && let Some(held) = number.checked_sub(self.first).and_then(|idx| self.rows.get_mut(idx as usize))
            && same_act(held, act, &row)
        {
            self.bytes = self.bytes.saturating_sub(held.bytes);
            let first = std::mem::take(&mut held.row);
            let held_rank = held.act.as_ref().map_or(0, |act| act.rank);
            held.row = if act.rank > held_rank {
                merge::merge(row, &first, *held.event_ids.first().unwrap_or(&0))
            } else {
                merge::merge(first, &row, act.event_id)
            };
            held.event_ids.push(act.event_id);
            held.bytes = held.row.encoded_len();
            self.bytes += held.bytes;
            return true;
        }
        let bytes = row.encoded_len();
        let number = self.first + self.rows.len() as u64;
        if let Some(act) = &act {
            self.by_key.insert(act.key.clone(), number);
        }
        let event_ids = act.iter().map(|act| act.event_id).collect();
        self.rows.push_back(Held { row, origin, logged_ns, bytes, act, event_ids });
        self.bytes += bytes;
        false
    }

    /// The first row, when it has waited long enough or when too many wait.
    pub(crate) fn pop_due(&mut self) -> Option<Held> {
        let front = self.rows.front()?;
        // A clock that was set back makes rows look new: the number of rows bounds that.
        let is_due = front.logged_ns.saturating_add(HELD_NS) < self.newest_ns
            || self.rows.len() > HELD_ROWS_MAX
            || self.bytes > HELD_BYTES_MAX;
        if is_due { self.pop() } else { None }
    }

    /// The first row.
    pub(crate) fn pop(&mut self) -> Option<Held> {
        let held = self.rows.pop_front()?;
        if let Some(act) = &held.act
            && self.by_key.get(&act.key) == Some(&self.first)
        {
            self.by_key.remove(&act.key);
        }
        self.first += 1;
        self.bytes = self.bytes.saturating_sub(held.bytes);
        Some(held)
    }
}

fn same_act(held: &Held, act: &Act, row: &Row) -> bool {
    let times = (held.row.number(&col::TIMESTAMP), row.number(&col::TIMESTAMP));
    let (Some(first_ns), Some(second_ns)) = times else { return false };
    first_ns.abs_diff(second_ns) <= act.tolerance_ns && !held.event_ids.contains(&act.event_id)
}

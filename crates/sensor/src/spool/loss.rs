//! `EventsLost` rows: what is missing, how many, from when to when, why. An event like any other, in the same stream.

use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use schema::row::Nanos;
use schema::{Row, col};

use super::record::{Kind, SeqRange};

const ACTION: &str = "EventsLost";
pub(super) const SPOOL_EVICTED: &str = "spool_evicted";
pub(super) const SPOOL_CORRUPT: &str = "spool_corrupt";
pub(super) const DISK_FULL: &str = "disk_full";
pub(super) const DECODE_ERROR: &str = "decode_error";

/// First and last time of some events by the device's clock, when known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) first_ns: Option<i64>,
    pub(super) last_ns: Option<i64>,
}

impl Window {
    pub(super) fn add(&mut self, other: Window) {
        self.first_ns = [self.first_ns, other.first_ns].into_iter().flatten().min();
        self.last_ns = self.last_ns.max(other.last_ns);
    }

    pub(super) fn at(time_ns: Option<i64>) -> Self {
        Self { first_ns: time_ns, last_ns: time_ns }
    }
}

/// Events that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loss {
    pub(super) reason: String,
    /// What kind of events, or what happened to them.
    pub(super) kind: String,
    /// `None` when it cannot be known.
    pub(super) count: Option<u64>,
    pub(super) window: Window,
    /// The sequence numbers whose absence this explains.
    pub(super) range: Option<SeqRange>,
}

impl Loss {
    pub(super) fn new(reason: &str, kind: &str) -> Self {
        Loss {
            reason: reason.to_owned(),
            kind: kind.to_owned(),
            count: Some(0),
            window: Window::default(),
            range: None,
        }
    }

    /// Adds another loss; an unknown count makes the sum unknown.
    pub(super) fn add(&mut self, count: Option<u64>, window: Window) {
        self.count = self.count.zip(count).map(|(sum, count)| sum.saturating_add(count));
        self.window.add(window);
    }

    /// Reads a stored `EventsLost` row again, to carry it over or to add it up.
    pub(super) fn from_row(bytes: &[u8], range: Option<SeqRange>) -> Option<Self> {
        let row = Row::decode(bytes).ok()?;
        let additional: serde_json::Value =
            row.text(&col::ADDITIONAL_FIELDS).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Some(Loss {
            reason: row.text(&col::GAP_REASON)?.to_owned(),
            kind: additional.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
            count: row.number(&col::LOST_COUNT).and_then(|count| u64::try_from(count).ok()),
            window: Window { first_ns: row.number(&col::FIRST_SEEN), last_ns: row.number(&col::LAST_SEEN) },
            range,
        })
    }

    /// The row to store.
    pub(super) fn to_row(&self, device_name: &str) -> Row {
        let mut additional = serde_json::json!({ "kind": self.kind });
        if let Some(range) = self.range {
            additional["seqFrom"] = range.from.into();
            additional["seqTo"] = range.to.into();
        }
        let mut row = Row::new();
        row.set(&col::TIMESTAMP, Nanos(now_ns()))
            .set(&col::DEVICE_NAME, device_name)
            .set(&col::ACTION_TYPE, ACTION)
            .set(&col::EVENT_TABLE, "DeviceEvents")
            .set(&col::OUTCOME, "ok")
            .set(&col::GAP_REASON, self.reason.as_str())
            .set_opt(&col::LOST_COUNT, self.count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)))
            .set_opt(&col::FIRST_SEEN, self.window.first_ns.map(Nanos))
            .set_opt(&col::LAST_SEEN, self.window.last_ns.map(Nanos))
            .set(&col::ADDITIONAL_FIELDS, additional.to_string());
        row
    }
}

/// A row ready for the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prepared {
    pub(super) kind: Kind,
    pub(super) row: Vec<u8>,
    pub(super) time_ns: Option<i64>,
    /// Events that are lost with this row: itself, or for an `EventsLost` row those it stands for.
    pub(super) worth: Option<u64>,
}

impl Prepared {
    pub(super) fn new(row: &Row) -> Self {
        let is_loss = row.text(&col::ACTION_TYPE) == Some(ACTION);
        let lost = || row.number(&col::LOST_COUNT).and_then(|count| u64::try_from(count).ok());
        Prepared {
            kind: if is_loss { Kind::Loss } else { Kind::Row },
            row: row.encode_to_vec(),
            time_ns: row.number(&col::TIMESTAMP),
            worth: if is_loss { lost() } else { Some(1) },
        }
    }

    pub(super) fn from_loss(loss: &Loss, device_name: &str) -> Self {
        let prepared = Prepared::new(&loss.to_row(device_name));
        Prepared { kind: loss.range.map_or(Kind::Loss, Kind::Gap), ..prepared }
    }
}

/// The time of a stored row.
pub(super) fn row_time(row: &[u8]) -> Option<i64> {
    Row::decode(row).ok()?.number(&col::TIMESTAMP)
}

/// The wall clock; saturates outside 1970 to 2262.
pub(super) fn now_ns() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
}

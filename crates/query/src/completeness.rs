//! Is the record whole? Gap rows of the sensor, and holes in the sequence numbers that nobody explained.

use datafusion::logical_expr::{Expr, lit};
use schema::{Row, col};
use store::{Snapshot, StreamState};

use crate::arrow_rows::rows;
use crate::filter::{Filter, time};
use crate::limits::GAPS_MAX;
use crate::page::sort_keys;
use crate::search::column_of;
use crate::table::Scope;
use crate::{Engine, Error};

/// What can be said about a device and a time range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything that the sensor saw is here.
    Complete,
    /// Something is missing, and the gaps say what.
    Gaps,
    /// The device sent nothing for this range.
    Unknown,
}

/// Something missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// `kernel_drop`, `sensor_down`, …; `unexplained_gap` for a hole in the sequence numbers.
    pub reason: String,
    /// Events lost; `None` when not even the number is known.
    pub count: Option<i64>,
    /// Start, nanoseconds since 1970.
    pub from_ns: i64,
    /// End, nanoseconds since 1970.
    pub to_ns: i64,
    /// What kind of events, when known.
    pub kind: Option<String>,
}

/// The statement that comes with every answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// The verdict.
    pub state: State,
    /// At most `GAPS_MAX` gaps, oldest first.
    pub gaps: Vec<Gap>,
}

const GAP_COLUMNS: &[&str] = &[
    "Timestamp",
    "TimestampNanos",
    "StreamSeq",
    "StreamEpoch",
    "GapReason",
    "LostCount",
    "FirstSeen",
    "LastSeen",
    "AdditionalFields",
];

impl Gap {
    /// The gap that an `EventsLost` row states, `None` for any other row.
    pub fn of(row: &Row) -> Option<Self> {
        let reason = row.text(&col::GAP_REASON)?.to_owned();
        let time_ns = row.number(&col::TIMESTAMP).unwrap_or(0);
        Some(Self {
            reason,
            count: row.number(&col::LOST_COUNT),
            from_ns: row.number(&col::FIRST_SEEN).unwrap_or(time_ns),
            to_ns: row.number(&col::LAST_SEEN).unwrap_or(time_ns),
            kind: row.text(&col::ADDITIONAL_FIELDS).and_then(kind_of),
        })
    }
}

/// `{"kind":"…"}` out of AdditionalFields, without a JSON parser: the value is a plain word that we wrote.
fn kind_of(json: &str) -> Option<String> {
    let (_, rest) = json.split_once("\"kind\":\"")?;
    let (kind, _) = rest.split_once('"')?;
    Some(kind.to_owned())
}

impl Engine {
    /// What is missing in the filter's device and time range; its other filters don't matter.
    ///
    /// # Errors
    /// As for `page`.
    pub fn completeness(
        &self,
        snapshot: &Snapshot,
        filter: &Filter,
        streams: &[StreamState],
    ) -> Result<Completeness, Error> {
        if streams.is_empty() {
            return Ok(Completeness { state: State::Unknown, gaps: Vec::new() });
        }
        let range = Filter {
            device: filter.device.clone(),
            from_us: filter.from_us,
            to_us: filter.to_us,
            actions: vec!["EventsLost".to_owned()],
            ..Filter::default()
        };
        let frame = self
            .events(snapshot, range.scope())?
            .filter(range.to_expr())?
            .select(GAP_COLUMNS.iter().map(|name| column_of(name)).collect::<Vec<Expr>>())?
            .sort(sort_keys(true))?
            .limit(0, Some(GAPS_MAX))?;
        let mut gaps: Vec<Gap> = rows(&self.collect(frame)?).iter().filter_map(Gap::of).collect();
        for stream in streams {
            for hole in &stream.holes {
                gaps.extend(self.hole(snapshot, filter, stream.epoch, hole)?);
            }
        }
        gaps.sort_by_key(|gap| gap.from_ns);
        gaps.truncate(GAPS_MAX);
        let state = if gaps.is_empty() { State::Complete } else { State::Gaps };
        Ok(Completeness { state, gaps })
    }

    /// What is missing in a time range over all devices: gap rows, and `n_unexplained` events that no gap row explains
    /// and of which only the number is known.
    ///
    /// # Errors
    /// As for `page`.
    pub fn completeness_everywhere(
        &self,
        snapshot: &Snapshot,
        from_us: Option<i64>,
        to_us: Option<i64>,
        n_unexplained: u64,
    ) -> Result<Completeness, Error> {
        let scope = Scope { device: None, time_min_us: from_us, time_max_us: to_us };
        let mut expr = column_of("ActionType").eq(lit("EventsLost"));
        if let Some(from_us) = from_us {
            expr = expr.and(column_of("Timestamp").gt_eq(time(from_us)));
        }
        if let Some(to_us) = to_us {
            expr = expr.and(column_of("Timestamp").lt_eq(time(to_us)));
        }
        let frame = self
            .events(snapshot, scope)?
            .filter(expr)?
            .select(GAP_COLUMNS.iter().map(|name| column_of(name)).collect::<Vec<Expr>>())?
            .sort(sort_keys(true))?
            .limit(0, Some(GAPS_MAX))?;
        let mut gaps: Vec<Gap> = rows(&self.collect(frame)?).iter().filter_map(Gap::of).collect();
        if n_unexplained > 0 {
            gaps.push(Gap {
                reason: "unexplained_gap".to_owned(),
                count: Some(n_unexplained.cast_signed()),
                from_ns: from_us.unwrap_or(0).saturating_mul(1_000),
                to_ns: to_us.unwrap_or(i64::MAX).saturating_mul(1_000),
                kind: None,
            });
        }
        let state = if gaps.is_empty() { State::Complete } else { State::Gaps };
        Ok(Completeness { state, gaps })
    }

    /// The time of a hole is between the rows on both sides of it.
    fn hole(&self, snapshot: &Snapshot, filter: &Filter, epoch: u64, hole: &store::Hole) -> Result<Option<Gap>, Error> {
        let seqs = vec![lit(hole.from.cast_signed() - 1), lit(hole.to.cast_signed() + 1)];
        let sides = Filter { device: filter.device.clone(), ..Filter::default() };
        let expr = sides
            .to_expr()
            .and(column_of("StreamEpoch").eq(lit(format!("{epoch:016x}"))))
            .and(column_of("StreamSeq").in_list(seqs, false));
        let frame = self
            .events(snapshot, sides.scope())?
            .filter(expr)?
            .select(GAP_COLUMNS.iter().map(|name| column_of(name)).collect::<Vec<Expr>>())?;
        let sides = rows(&self.collect(frame)?);
        let times: Vec<i64> = sides.iter().filter_map(|row| row.number(&col::TIMESTAMP)).collect();
        let (Some(&from_ns), Some(&to_ns)) = (times.iter().min(), times.iter().max()) else { return Ok(None) };
        let after = filter.to_us.is_some_and(|to_us| from_ns / 1_000 > to_us);
        let before = filter.from_us.is_some_and(|from_us| to_ns / 1_000 < from_us);
        let gap = Gap {
            reason: "unexplained_gap".to_owned(),
            count: Some((hole.to - hole.from + 1).cast_signed()),
            from_ns,
            to_ns,
            kind: None,
        };
        Ok((!after && !before).then_some(gap))
    }
}

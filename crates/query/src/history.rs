//! Stored rows with all their columns, in order: what rules are asked about when they are asked later.

use datafusion::logical_expr::{Expr, lit};
use schema::Row;
use store::Snapshot;

use crate::arrow_rows::rows;
use crate::filter::time;
use crate::search::column_of;
use crate::table::Scope;
use crate::{Cursor, Engine, Error};

/// Which rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// Rows of a device in a range of time, both ends included, microseconds since 1970; those beyond the cursor, in
    /// the order of the timeline.
    Time {
        /// Device id.
        device: String,
        /// Earliest `Timestamp`.
        from_us: i64,
        /// Latest `Timestamp`.
        to_us: i64,
        /// The last row of the page before.
        beyond: Option<Cursor>,
    },
    /// Rows of a device's stream by their numbers, both ends included.
    Stream {
        /// Device id.
        device: String,
        /// The stream's epoch.
        epoch: u64,
        /// First number.
        from: u64,
        /// Last number.
        to: u64,
    },
}

impl Engine {
    /// Up to `limit` rows, all columns.
    ///
    /// # Errors
    /// `Limit` for a cap, `Engine` otherwise.
    pub fn history(&self, snapshot: &Snapshot, history: &History, limit: usize) -> Result<Vec<Row>, Error> {
        let (device, scope, condition, keys) = match history {
            History::Time { device, from_us, to_us, beyond } => {
                let from_us = beyond.as_ref().map_or(*from_us, |cursor| cursor.time_us.max(*from_us));
                let scope =
                    Scope { device: Some(device.clone()), time_min_us: Some(from_us), time_max_us: Some(*to_us) };
                let mut condition =
                    column_of("Timestamp").gt_eq(time(from_us)).and(column_of("Timestamp").lt_eq(time(*to_us)));
                if let Some(cursor) = beyond {
                    condition = condition.and(after(cursor));
                }
                (device, scope, condition, ["Timestamp", "StreamSeq", "StreamEpoch"])
            }
            History::Stream { device, epoch, from, to } => {
                let scope = Scope { device: Some(device.clone()), ..Scope::default() };
                let condition = column_of("StreamEpoch")
                    .eq(lit(format!("{epoch:016x}")))
                    .and(column_of("StreamSeq").gt_eq(lit(from.cast_signed())))
                    .and(column_of("StreamSeq").lt_eq(lit(to.cast_signed())));
                (device, scope, condition, ["StreamSeq", "Timestamp", "StreamEpoch"])
            }
        };
        let order = keys.iter().map(|name| column_of(name).sort(true, false)).collect();
        let frame = self
            .events(snapshot, scope)?
            .filter(column_of("DeviceId").eq(lit(device.clone())).and(condition))?
            .sort(order)?
            .limit(0, Some(limit))?;
        Ok(rows(&self.collect(frame)?))
    }
}

fn after(cursor: &Cursor) -> Expr {
    let (at, seq) = (time(cursor.time_us), column_of("StreamSeq"));
    let same_seq = seq.clone().eq(lit(cursor.seq)).and(column_of("StreamEpoch").gt(lit(cursor.epoch.clone())));
    let same_time = column_of("Timestamp").eq(at.clone()).and(seq.gt(lit(cursor.seq)).or(same_seq));
    column_of("Timestamp").gt(at).or(same_time)
}

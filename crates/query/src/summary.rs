//! Counts for the chips and the histogram: one scan of few columns.

use std::collections::BTreeMap;

use arrow::array::Array;
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::{cast, lit};
use store::Snapshot;

use crate::arrow_rows::{long_column, text_column};
use crate::filter::Filter;
use crate::limits::BUCKETS_MAX;
use crate::search::column_of;
use crate::{Engine, Error};

/// Events of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCount {
    /// All of them.
    pub n: u64,
    /// Those that failed.
    pub failed: u64,
}

/// Counts of a time range in equal steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Start of the first bucket, microseconds since 1970.
    pub from_us: i64,
    /// End of the last bucket, microseconds since 1970.
    pub to_us: i64,
    /// Width of a bucket, microseconds.
    pub step_us: i64,
    /// Events per bucket that pass all filters.
    pub total: Vec<u64>,
    /// Failed ones among them.
    pub failed: Vec<u64>,
    /// Per event group, with all filters but the group filter.
    pub groups: BTreeMap<String, GroupCount>,
    /// Failed events that pass all filters.
    pub n_failed: u64,
    /// Events that pass all filters.
    pub n_matched: u64,
}

impl Engine {
    /// Counts the events of the filter in `n_buckets` steps.
    ///
    /// # Errors
    /// `BadRequest` for a number of buckets out of range; as for `page` otherwise.
    pub fn summary(&self, snapshot: &Snapshot, filter: &Filter, n_buckets: usize) -> Result<Summary, Error> {
        if n_buckets == 0 || n_buckets > BUCKETS_MAX {
            return Err(Error::BadRequest(format!("buckets: must be 1 to {BUCKETS_MAX}")));
        }
        let Some((from_us, to_us)) = self.bounds(snapshot, filter)? else { return Ok(Summary::default()) };
        let step_us = ((to_us - from_us) / n_buckets as i64 + 1).max(1);
        let mut summary = Summary {
            from_us,
            to_us: from_us + step_us * n_buckets as i64,
            step_us,
            total: vec![0; n_buckets],
            failed: vec![0; n_buckets],
            ..Summary::default()
        };
        let all_groups = filter.without_groups();
        let bucket = (cast(column_of("Timestamp"), DataType::Int64) - lit(from_us)) / lit(step_us);
        let keys = vec![bucket.alias("bucket"), column_of("EventGroup"), column_of("Outcome")];
        let frame = self
            .events(snapshot, all_groups.scope())?
            .filter(all_groups.to_expr())?
            .aggregate(keys, vec![count(lit(1_i64)).alias("n")])?;
        for batch in self.collect(frame)? {
            add_counts(&mut summary, filter, &batch);
        }
        Ok(summary)
    }

    /// The filter's time range; an open end is the first or last event that is there.
    fn bounds(&self, snapshot: &Snapshot, filter: &Filter) -> Result<Option<(i64, i64)>, Error> {
        if let (Some(from_us), Some(to_us)) = (filter.from_us, filter.to_us) {
            return Ok(Some((from_us, to_us.max(from_us))));
        }
        let range = filter.without_groups();
        let times = cast(column_of("Timestamp"), DataType::Int64);
        let frame = self
            .events(snapshot, range.scope())?
            .filter(range.to_expr())?
            .aggregate(vec![], vec![min(times.clone()).alias("first"), max(times).alias("last")])?;
        for batch in self.collect(frame)? {
            let (Some(first), Some(last)) = (long_column(&batch, "first"), long_column(&batch, "last")) else {
                continue;
            };
            if batch.num_rows() == 1 && first.is_valid(0) && last.is_valid(0) {
                let from_us = filter.from_us.unwrap_or(first.value(0));
                return Ok(Some((from_us, filter.to_us.unwrap_or(last.value(0)).max(from_us))));
            }
        }
        Ok(None)
    }
}

fn add_counts(summary: &mut Summary, filter: &Filter, batch: &arrow::array::RecordBatch) {
    let (Some(buckets), Some(counts)) = (long_column(batch, "bucket"), long_column(batch, "n")) else { return };
    let (Some(groups), Some(outcomes)) = (text_column(batch, "EventGroup"), text_column(batch, "Outcome")) else {
        return;
    };
    for row_idx in 0..batch.num_rows() {
        let n = counts.value(row_idx).cast_unsigned();
        let group = groups.value(row_idx);
        let failed = outcomes.is_valid(row_idx) && outcomes.value(row_idx) == "failed";
        let of_group = summary.groups.entry(group.to_owned()).or_default();
        of_group.n += n;
        of_group.failed += if failed { n } else { 0 };
        if !filter.groups.is_empty() && !filter.groups.iter().any(|wanted| wanted.name() == group) {
            continue;
        }
        summary.n_matched += n;
        summary.n_failed += if failed { n } else { 0 };
        let Ok(bucket_idx) = usize::try_from(buckets.value(row_idx)) else { continue };
        if let Some(total) = summary.total.get_mut(bucket_idx) {
            *total += n;
            summary.failed[bucket_idx] += if failed { n } else { 0 };
        }
    }
}

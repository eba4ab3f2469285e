//! Counts for the chips and the histogram: one scan of few columns.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use store::Snapshot;

use crate::filter::Filter;
use crate::limits::BUCKETS_MAX;
use crate::matcher::{Matcher, Texts, times};
use crate::page::Direction;
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
        let matcher = Matcher::new(&filter.without_groups(), None)?;
        let counted = self.walk(snapshot).visit(&matcher, &["EventGroup", "Outcome"], |picked| {
            Ok(Counts::of(&picked.columns, from_us, step_us, n_buckets))
        })?;
        for counts in counted {
            add_counts(&mut summary, filter, &counts);
        }
        Ok(summary)
    }

    /// The filter's time range; an open end is the first or last event that is there.
    fn bounds(&self, snapshot: &Snapshot, filter: &Filter) -> Result<Option<(i64, i64)>, Error> {
        if let (Some(from_us), Some(to_us)) = (filter.from_us, filter.to_us) {
            return Ok(Some((from_us, to_us.max(from_us))));
        }
        let matcher = Matcher::new(&filter.without_groups(), None)?;
        let walk = self.walk(snapshot);
        let end = |direction| Ok::<_, Error>(walk.find(&matcher, direction, 1)?.pop().map(|found| found.key.0));
        let (Some(first), Some(last)) = (end(Direction::Newer)?, end(Direction::Older)?) else { return Ok(None) };
        let from_us = filter.from_us.unwrap_or(first);
        Ok(Some((from_us, filter.to_us.unwrap_or(last).max(from_us))))
    }
}

/// Events of one part of the timeline.
struct Counts {
    /// By group: name, and by bucket all events and failed ones.
    groups: Vec<(String, Vec<[u64; 2]>)>,
}

impl Counts {
    fn of(batch: &RecordBatch, from_us: i64, step_us: i64, n_buckets: usize) -> Self {
        let mut groups: Vec<(String, Vec<[u64; 2]>)> = Vec::new();
        let (Some(times), Some(names)) = (times(batch), Texts::of(batch, "EventGroup")) else {
            return Self { groups };
        };
        let outcomes = Texts::of(batch, "Outcome");
        for row_idx in 0..batch.num_rows() {
            let name = names.get(row_idx).unwrap_or_default();
            let found = groups.iter().position(|(known, _)| known == name);
            let group_idx = found.unwrap_or_else(|| {
                groups.push((name.to_owned(), vec![[0, 0]; n_buckets]));
                groups.len() - 1
            });
            let failed = outcomes.as_ref().and_then(|outcomes| outcomes.get(row_idx)) == Some("failed");
            let bucket_idx = usize::try_from((times.value(row_idx) - from_us) / step_us).unwrap_or(usize::MAX);
            // The matcher lets no row through that is outside the bounds, and the buckets reach beyond them.
            let Some(count) = groups[group_idx].1.get_mut(bucket_idx) else { continue };
            count[0] += 1;
            count[1] += u64::from(failed);
        }
        Self { groups }
    }
}

fn add_counts(summary: &mut Summary, filter: &Filter, counts: &Counts) {
    for (group, buckets) in &counts.groups {
        let of_group = summary.groups.entry(group.clone()).or_default();
        let is_wanted = filter.groups.is_empty() || filter.groups.iter().any(|wanted| wanted.name() == group);
        for (bucket_idx, [n, failed]) in buckets.iter().enumerate() {
            of_group.n += n;
            of_group.failed += failed;
            if is_wanted {
                summary.n_matched += n;
                summary.n_failed += failed;
                summary.total[bucket_idx] += n;
                summary.failed[bucket_idx] += failed;
            }
        }
    }
}

//! A walk through a device's rows in the order of time: from part to part, nearest first, until there are enough. And
//! visits of all its parts, for counts and trees.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use schema::Row;
use store::{FileMeta, Snapshot};

use crate::column_file::{FileCache, Form};
use crate::limits::{WALK_ROUND_MAX, WALL_TIME_MAX};
use crate::matcher::{Key, Matcher, key_of};
use crate::page::Direction;
use crate::source::{Picked, Source};
use crate::table::Scope;
use crate::{Engine, Error, arrow_rows};

/// Reads a device's rows without a query plan.
pub(crate) struct Walk<'a> {
    files: &'a FileCache,
    snapshot: &'a Snapshot,
    n_threads: usize,
    deadline: Instant,
}

/// A row that was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) key: Key,
    pub(crate) source: Source,
    pub(crate) row: u32,
}

/// Part of a snapshot that is not looked into yet.
enum Part {
    File(FileMeta),
    Source(Source),
}

impl Engine {
    pub(crate) fn walk<'a>(&'a self, snapshot: &'a Snapshot) -> Walk<'a> {
        Walk { files: &self.files, snapshot, n_threads: self.n_threads, deadline: Instant::now() + WALL_TIME_MAX }
    }
}

impl Walk<'_> {
    /// Up to `limit` rows that pass, in walking order.
    pub(crate) fn find(&self, matcher: &Matcher, direction: Direction, limit: usize) -> Result<Vec<Found>, Error> {
        // The greater the nearness, the earlier in the walk.
        let nearness = |(min_us, max_us): (i64, i64)| match direction {
            Direction::Older => max_us,
            Direction::Newer => min_us.saturating_neg(),
        };
        let mut parts = Parts::default();
        for (bounds, part) in self.parts(matcher) {
            parts.push(nearness(bounds), part);
        }
        let mut found: Vec<Found> = Vec::new();
        let mut round = 1;
        loop {
            let farthest = (found.len() >= limit).then(|| found.last()).flatten();
            let needed = farthest.map(|row| nearness((row.key.0, row.key.0)));
            let mut sources = Vec::new();
            while sources.len() < round
                && let Some((near, part)) = parts.pop()
            {
                if needed.is_some_and(|needed| near < needed) {
                    break;
                }
                match part {
                    Part::Source(source) => sources.push(source),
                    Part::File(file) => {
                        for source in self.sources_of(&file)? {
                            if let Some(bounds) = source.time_bounds(matcher.device()) {
                                parts.push(nearness(bounds), Part::Source(source));
                            }
                        }
                    }
                }
            }
            if sources.is_empty() {
                return Ok(found);
            }
            let matches = self.parallel(&sources, |source| source.matches(matcher, &[]))?;
            for picked in matches.into_iter().flatten() {
                add_found(&mut found, &picked, direction, limit);
            }
            round = (round * 2).min(WALK_ROUND_MAX);
        }
    }

    /// The row of an event, by the number in its stream.
    pub(crate) fn find_event(&self, matcher: &Matcher, epoch: &str, seq: i64) -> Result<Option<Found>, Error> {
        let found = self.parallel(&self.all_sources(matcher)?, |source| {
            let row = source.find_event(matcher.device(), epoch, seq)?;
            Ok(row.map(|row| Found { key: (0, seq, epoch.to_owned()), source: source.clone(), row }))
        })?;
        Ok(found.into_iter().flatten().next())
    }

    /// Everything that can hold what the matcher wants.
    pub(crate) fn all_sources(&self, matcher: &Matcher) -> Result<Vec<Source>, Error> {
        let parts: Vec<Part> = self.parts(matcher).into_iter().map(|(_, part)| part).collect();
        let opened = self.parallel(&parts, |part| match part {
            Part::Source(source) => Ok(vec![source.clone()]),
            Part::File(file) => self.sources_of(file),
        })?;
        Ok(opened.into_iter().flatten().collect())
    }

    /// What `visit` makes of the rows that pass, for each source that has some; unsorted.
    pub(crate) fn visit<T: Send>(
        &self,
        matcher: &Matcher,
        columns: &[&'static str],
        visit: impl Fn(Picked) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let visited =
            self.parallel(&self.all_sources(matcher)?, |source| match source.matches(matcher, columns)? {
                Some(picked) => visit(picked).map(Some),
                None => Ok(None),
            })?;
        Ok(visited.into_iter().flatten().collect())
    }

    /// Columns of rows that were found, in the order in which they are given.
    pub(crate) fn rows(&self, found: &[Found], columns: &[&str]) -> Result<Vec<Row>, Error> {
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by_key(|idx| (found[*idx].source.id(), found[*idx].row));
        let mut reads: Vec<(&Source, Vec<u32>, &[&str])> = Vec::new();
        for same in order.chunk_by(|a, b| found[*a].source.id() == found[*b].source.id()) {
            let rows: Vec<u32> = same.iter().map(|idx| found[*idx].row).collect();
            // Few sources have to be read by all threads too.
            for part in columns.chunks(columns.len().div_ceil(self.n_threads).max(1)) {
                reads.push((&found[same[0]].source, rows.clone(), part));
            }
        }
        let batches = self.parallel(&reads, |(source, rows, part)| source.read(rows, part, Form::Plain))?;
        let mut merged: Vec<RecordBatch> = Vec::new();
        let mut last: Option<String> = None;
        for ((source, ..), batch) in reads.iter().zip(batches) {
            let id = source.id();
            match merged.last_mut() {
                Some(beside) if last.as_ref() == Some(&id) => *beside = side_by_side(beside, &batch)?,
                _ => merged.push(batch),
            }
            last = Some(id);
        }
        let mut rows: Vec<Row> = vec![Row::new(); found.len()];
        for (idx, row) in order.into_iter().zip(arrow_rows::rows(&merged)) {
            rows[idx] = row;
        }
        Ok(rows)
    }

    /// Files and fresh batches that can hold what the matcher wants, with their time bounds.
    fn parts(&self, matcher: &Matcher) -> Vec<((i64, i64), Part)> {
        let (from_us, to_us) = matcher.time_us();
        let scope =
            Scope { device: Some(matcher.device().to_owned()), time_min_us: Some(from_us), time_max_us: Some(to_us) };
        let mut parts = Vec::new();
        for file in self.snapshot.files.iter().filter(|file| scope.has_file(file)) {
            parts.push(((file.time_min_us, file.time_max_us), Part::File(file.clone())));
        }
        for fresh in self.snapshot.fresh.iter().filter(|fresh| scope.has_fresh(fresh)) {
            parts.push(((fresh.time_min_us, fresh.time_max_us), Part::Source(Source::Fresh(fresh.clone()))));
        }
        parts
    }

    fn sources_of(&self, file: &FileMeta) -> Result<Vec<Source>, Error> {
        let file = self.files.open(&self.snapshot.file_path(file))?;
        Ok((0..file.n_row_groups()).map(|row_group| Source::Group(file.clone(), row_group)).collect())
    }

    /// Works on the items with all threads, in order; one item needs no thread.
    pub(crate) fn parallel<I: Sync, T: Send>(
        &self,
        items: &[I],
        work: impl Fn(&I) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, T)>> = Mutex::default();
        let run = || -> Result<(), Error> {
            loop {
                let idx = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(idx) else { return Ok(()) };
                if Instant::now() >= self.deadline {
                    return Err(Error::Limit(format!("wall time cap of {} s reached", WALL_TIME_MAX.as_secs())));
                }
                let result = work(item)?;
                done.lock().expect("no panic under the lock").push((idx, result));
            }
        };
        if items.len() > 1 {
            std::thread::scope(|scope| {
                let others: Vec<_> = (1..self.n_threads.min(items.len())).map(|_| scope.spawn(run)).collect();
                let mut result = run();
                for other in others {
                    let panicked = |_| Err(Error::Engine("query thread panicked".to_owned()));
                    result = result.and(other.join().unwrap_or_else(panicked));
                }
                result
            })?;
        } else {
            run()?;
        }
        let mut done = done.into_inner().expect("no panic under the lock");
        done.sort_unstable_by_key(|(idx, _)| *idx);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}

impl Source {
    /// Tells sources of one snapshot apart.
    fn id(&self) -> String {
        match self {
            Source::Fresh(fresh) => format!("fresh {:p}", std::sync::Arc::as_ptr(fresh)),
            Source::Group(file, row_group) => format!("{:p} {row_group}", std::sync::Arc::as_ptr(file)),
        }
    }
}

/// Parts by nearness, and by when they came where that is the same.
#[derive(Default)]
struct Parts {
    order: BinaryHeap<(i64, Reverse<usize>)>,
    parts: Vec<Option<Part>>,
}

impl Parts {
    fn push(&mut self, nearness: i64, part: Part) {
        self.order.push((nearness, Reverse(self.parts.len())));
        self.parts.push(Some(part));
    }

    fn pop(&mut self) -> Option<(i64, Part)> {
        let (nearness, Reverse(idx)) = self.order.pop()?;
        Some((nearness, self.parts[idx].take()?))
    }
}

/// Adds the rows and keeps the `limit` nearest, in walking order.
fn add_found(found: &mut Vec<Found>, picked: &Picked, direction: Direction, limit: usize) {
    for row_idx in nearest(picked, direction, limit) {
        let key = key_of(&picked.columns, row_idx);
        found.push(Found { key, source: picked.source.clone(), row: picked.rows[row_idx] });
    }
    found.sort_by(|a, b| match direction {
        Direction::Older => b.key.cmp(&a.key),
        Direction::Newer => a.key.cmp(&b.key),
    });
    found.truncate(limit);
}

/// The rows that can be among the `limit` nearest. Those of a file are sorted by time and number, but not by epoch.
fn nearest(picked: &Picked, direction: Direction, limit: usize) -> Range<usize> {
    let n_rows = picked.rows.len();
    if matches!(picked.source, Source::Fresh(_)) || n_rows <= limit {
        return 0..n_rows;
    }
    let place = |row_idx: usize| {
        let (time_us, seq, _) = key_of(&picked.columns, row_idx);
        (time_us, seq)
    };
    match direction {
        Direction::Older => {
            let mut start = n_rows - limit;
            while start > 0 && place(start - 1) == place(start) {
                start -= 1;
            }
            start..n_rows
        }
        Direction::Newer => {
            let mut end = limit;
            while end < n_rows && place(end) == place(end - 1) {
                end += 1;
            }
            0..end
        }
    }
}

fn side_by_side(left: &RecordBatch, right: &RecordBatch) -> Result<RecordBatch, Error> {
    let mut fields: Vec<Field> = Vec::new();
    let mut arrays = Vec::new();
    for batch in [left, right] {
        fields.extend(batch.schema().fields().iter().map(|field| field.as_ref().clone()));
        arrays.extend(batch.columns().iter().cloned());
    }
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(left.num_rows()));
    Ok(RecordBatch::try_new_with_options(Schema::new(fields).into(), arrays, &options)?)
}

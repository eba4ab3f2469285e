//! Where a device's rows lie: row groups of column files and fresh batches, each read by row numbers. In a file rows
//! are sorted by device and time, so that its page index says which few pages a device and a time can be in.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::datatypes::Int64Type;
use datafusion::parquet::file::page_index::column_index::ColumnIndexMetaData;
use store::MemoryBatch;

use crate::Error;
use crate::blocks::Keep;
use crate::column_file::{ColumnFile, Form};
use crate::matcher::{Matcher, Texts};

/// Rows that can be read by their numbers.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Rows that are in no file yet.
    Fresh(Arc<MemoryBatch>),
    /// A row group of a column file.
    Group(Arc<ColumnFile>, usize),
}

/// Some rows of a source, with some of their columns.
#[derive(Clone, Debug)]
pub(crate) struct Picked {
    pub(crate) source: Source,
    /// Row numbers, ascending.
    pub(crate) rows: Vec<u32>,
    /// A row for each of them.
    pub(crate) columns: RecordBatch,
}

impl Source {
    /// Rows by number, ascending. Columns that no row has are left out.
    pub(crate) fn read(&self, rows: &[u32], columns: &[&str], form: Form) -> Result<RecordBatch, Error> {
        match self {
            Source::Fresh(fresh) => {
                let batch = fresh.select(columns).map_err(|error| Error::Engine(error.to_string()))?;
                if batch.num_columns() == 0 {
                    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
                    return Ok(RecordBatch::try_new_with_options(batch.schema(), Vec::new(), &options)?);
                }
                let is_whole = rows.len() == batch.num_rows();
                Ok(if is_whole { batch } else { take_record_batch(&batch, &UInt32Array::from(rows.to_vec()))? })
            }
            Source::Group(file, row_group) => file.read(*row_group, &runs(rows), columns, form, Keep::Always),
        }
    }

    /// Smallest and largest time of the pages that the device can be in; `None` when it is in none.
    pub(crate) fn time_bounds(&self, device: &str) -> Option<(i64, i64)> {
        match self {
            Source::Fresh(fresh) => Some((fresh.time_min_us, fresh.time_max_us)),
            Source::Group(file, row_group) => {
                let of_device = device_rows(file, *row_group, device);
                let mut bounds: Option<(i64, i64)> = None;
                for (rows, (min_us, max_us)) in time_pages(file, *row_group) {
                    if of_device.iter().any(|range| range.start < rows.end && rows.start < range.end) {
                        let (from_us, to_us) = bounds.unwrap_or((min_us, max_us));
                        bounds = Some((from_us.min(min_us), to_us.max(max_us)));
                    }
                }
                bounds
            }
        }
    }

    /// Rows that can be of the device and within the times.
    fn candidates(&self, device: &str, time_us: (i64, i64)) -> Vec<u32> {
        match self {
            Source::Fresh(fresh) => {
                let is_other = fresh.device.as_deref().is_some_and(|only| only != device);
                let n_rows = if is_other { 0 } else { fresh.n_rows() };
                (0..n_rows as u32).collect()
            }
            Source::Group(file, row_group) => {
                let pages = time_pages(file, *row_group).into_iter();
                let in_time: Vec<Range<usize>> = pages
                    .filter(|(_, (min_us, max_us))| *max_us >= time_us.0 && *min_us <= time_us.1)
                    .map(|(rows, _)| rows)
                    .collect();
                let mut rows = Vec::new();
                for a in device_rows(file, *row_group, device) {
                    for b in &in_time {
                        rows.extend(a.start.max(b.start) as u32..a.end.min(b.end) as u32);
                    }
                }
                rows
            }
        }
    }

    /// Can the text column hold one of the texts? True when nothing is known.
    pub(crate) fn may_hold(&self, column: &str, texts: &HashSet<String>) -> Result<bool, Error> {
        let Source::Group(file, row_group) = self else { return Ok(true) };
        let Some(column) = file.column_idx(column) else { return Ok(false) };
        for text in texts {
            if file.may_hold(*row_group, column, text)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The row of an event.
    pub(crate) fn find_event(&self, device: &str, epoch: &str, seq: i64) -> Result<Option<u32>, Error> {
        let mut rows = self.candidates(device, (i64::MIN, i64::MAX));
        if let Source::Group(file, row_group) = self {
            let in_pages = seq_rows(file, *row_group, seq);
            rows.retain(|row| in_pages.iter().any(|range| range.contains(&(*row as usize))));
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let batch = self.read(&rows, &["DeviceId", "StreamSeq", "StreamEpoch"], Form::Coded)?;
        let (Some(devices), Some(epochs)) = (Texts::of(&batch, "DeviceId"), Texts::of(&batch, "StreamEpoch")) else {
            return Ok(None);
        };
        let Some(seqs) = batch.column_by_name("StreamSeq").and_then(|array| array.as_primitive_opt::<Int64Type>())
        else {
            return Ok(None);
        };
        let is_it = |row_idx: &usize| {
            seqs.is_valid(*row_idx)
                && seqs.value(*row_idx) == seq
                && epochs.get(*row_idx) == Some(epoch)
                && devices.get(*row_idx) == Some(device)
        };
        Ok((0..rows.len()).find(is_it).map(|row_idx| rows[row_idx]))
    }

    /// The rows that pass, with the columns of `Matcher::first_columns` and `more`, texts as codes. `None` when there
    /// are none.
    pub(crate) fn matches(&self, matcher: &Matcher, more: &[&'static str]) -> Result<Option<Picked>, Error> {
        let rows = self.candidates(matcher.device(), matcher.time_us());
        if rows.is_empty() {
            return Ok(None);
        }
        let mut columns = matcher.first_columns();
        columns.extend(more.iter().filter(|name| !matcher.first_columns().contains(name)));
        let batch = self.read(&rows, &columns, Form::Coded)?;
        let passes = matcher.first(&batch);
        let picked = Picked { source: self.clone(), rows, columns: batch }.keep(passes)?;
        let search_columns = matcher.search_columns();
        if picked.rows.is_empty() || search_columns.is_empty() {
            return Ok((!picked.rows.is_empty()).then_some(picked));
        }
        let passes = matcher.search(&self.read(&picked.rows, &search_columns, Form::Coded)?);
        let picked = picked.keep(passes)?;
        Ok((!picked.rows.is_empty()).then_some(picked))
    }
}

impl Picked {
    pub(crate) fn keep(self, passes: Vec<bool>) -> Result<Self, Error> {
        if passes.iter().all(|pass| *pass) {
            return Ok(self);
        }
        let rows = self.rows.iter().zip(&passes).filter(|(_, pass)| **pass).map(|(row, _)| *row).collect();
        let columns = filter_record_batch(&self.columns, &BooleanArray::from(passes))?;
        Ok(Self { source: self.source, rows, columns })
    }
}

/// Ascending numbers as ranges.
fn runs(rows: &[u32]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for row in rows {
        let row = *row as usize;
        match runs.last_mut() {
            Some(last) if last.end == row => last.end = row + 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}

/// All rows as one range.
fn whole(n_rows: usize) -> Vec<Range<usize>> {
    std::iter::once(0..n_rows).collect()
}

/// Rows of each page of a column; one page of all rows when the file does not say.
fn pages(file: &ColumnFile, row_group: usize, column: usize) -> Vec<Range<usize>> {
    let n_rows = file.n_rows(row_group);
    let index = file.metadata().offset_index().and_then(|index| index.get(row_group)?.get(column));
    let Some(index) = index else { return whole(n_rows) };
    let first = |location: &datafusion::parquet::file::page_index::offset_index::PageLocation| {
        usize::try_from(location.first_row_index).unwrap_or(0)
    };
    let locations = index.page_locations();
    let ends = locations.iter().skip(1).map(first).chain([n_rows]);
    locations.iter().map(first).zip(ends).map(|(start, end)| start..end).collect()
}

fn column_index<'a>(file: &'a ColumnFile, row_group: usize, name: &str) -> Option<(usize, &'a ColumnIndexMetaData)> {
    let column = file.column_idx(name)?;
    Some((column, file.metadata().column_index()?.get(row_group)?.get(column)?))
}

/// Rows of the pages that can hold the device, one range as a rule.
fn device_rows(file: &ColumnFile, row_group: usize, device: &str) -> Vec<Range<usize>> {
    let all = whole(file.n_rows(row_group));
    let Some((column, ColumnIndexMetaData::BYTE_ARRAY(index))) = column_index(file, row_group, "DeviceId") else {
        return all;
    };
    let device = device.as_bytes();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (page_idx, rows) in pages(file, row_group, column).into_iter().enumerate() {
        let (Some(min), Some(max)) = (index.min_value(page_idx), index.max_value(page_idx)) else { return all };
        if min > device || max < device {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if last.end == rows.start => last.end = rows.end,
            _ => ranges.push(rows),
        }
    }
    ranges
}

/// Rows of the pages that can hold the number of an event in its stream.
fn seq_rows(file: &ColumnFile, row_group: usize, seq: i64) -> Vec<Range<usize>> {
    let Some((column, ColumnIndexMetaData::INT64(index))) = column_index(file, row_group, "StreamSeq") else {
        return whole(file.n_rows(row_group));
    };
    let can_hold = |page_idx: usize| {
        index.min_value(page_idx).is_none_or(|min| *min <= seq)
            && index.max_value(page_idx).is_none_or(|max| *max >= seq)
    };
    let pages = pages(file, row_group, column).into_iter().enumerate();
    pages.filter(|(page_idx, _)| can_hold(*page_idx)).map(|(_, rows)| rows).collect()
}

type TimePage = (Range<usize>, (i64, i64));

/// Rows, smallest and largest time of each page of `Timestamp`.
fn time_pages(file: &ColumnFile, row_group: usize) -> Vec<TimePage> {
    let unknown = (i64::MIN, i64::MAX);
    let Some((column, ColumnIndexMetaData::INT64(index))) = column_index(file, row_group, "Timestamp") else {
        return vec![(0..file.n_rows(row_group), unknown)];
    };
    let bounds = |page_idx: usize| match (index.min_value(page_idx), index.max_value(page_idx)) {
        (Some(min_us), Some(max_us)) => (*min_us, *max_us),
        _ => unknown,
    };
    pages(file, row_group, column).into_iter().enumerate().map(|(idx, rows)| (rows, bounds(idx))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_rows() {
        assert!(runs(&[]).is_empty());
        assert_eq!(runs(&[3, 4, 5, 7, 9, 10]), [3..6, 7..8, 9..11]);
    }
}

//! Which rows of a batch pass a timeline's filter: the meaning of `Filter::to_expr`, evaluated on codes where a column
//! comes as codes.

use arrow::array::{Array, AsArray, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::Int32Type;

use crate::cursor::Cursor;
use crate::filter::Filter;
use crate::needle::Needle;
use crate::page::Direction;
use crate::search::{Term, term_columns};
use crate::{Error, search};

/// The columns of a row's place in the order of a timeline.
pub(crate) const KEY_COLUMNS: [&str; 3] = ["Timestamp", "StreamSeq", "StreamEpoch"];

/// Where a walk begins: beyond a cursor, or at it.
#[derive(Clone, Debug)]
pub(crate) struct Beyond {
    pub(crate) cursor: Cursor,
    pub(crate) direction: Direction,
    pub(crate) inclusive: bool,
}

/// A filter that is ready to be put to batches.
#[derive(Debug)]
pub(crate) struct Matcher {
    filter: Filter,
    beyond: Option<Beyond>,
    terms: Vec<TermMatcher>,
}

#[derive(Debug)]
struct TermMatcher {
    exclude: bool,
    columns: &'static [&'static str],
    looks_for: LooksFor,
}

#[derive(Debug)]
enum LooksFor {
    /// Any of these texts.
    Texts(Vec<Needle>),
    /// Any of these numbers.
    Numbers(Vec<i32>),
}

impl Matcher {
    pub(crate) fn new(filter: &Filter, beyond: Option<Beyond>) -> Result<Self, Error> {
        let mut terms = Vec::with_capacity(filter.search.len());
        for term in &filter.search {
            terms.push(TermMatcher::new(term)?);
        }
        Ok(Self { filter: filter.clone(), beyond, terms })
    }

    pub(crate) fn device(&self) -> &str {
        &self.filter.device
    }

    /// The time that a row must be in, inclusive.
    pub(crate) fn time_us(&self) -> (i64, i64) {
        let (mut from_us, mut to_us) = (self.filter.from_us.unwrap_or(i64::MIN), self.filter.to_us.unwrap_or(i64::MAX));
        if let Some(beyond) = &self.beyond {
            match beyond.direction {
                Direction::Older => to_us = to_us.min(beyond.cursor.time_us),
                Direction::Newer => from_us = from_us.max(beyond.cursor.time_us),
            }
        }
        (from_us, to_us)
    }

    /// Columns of everything but the search terms; few and cheap, read first.
    pub(crate) fn first_columns(&self) -> Vec<&'static str> {
        let mut columns = vec!["DeviceId"];
        columns.extend(KEY_COLUMNS);
        if !self.filter.groups.is_empty() {
            columns.push("EventGroup");
        }
        if !self.filter.actions.is_empty() {
            columns.push("ActionType");
        }
        if self.filter.failures_only {
            columns.push("Outcome");
        }
        columns
    }

    /// Columns of the search terms, read of the rows that are left.
    pub(crate) fn search_columns(&self) -> Vec<&'static str> {
        let mut columns: Vec<&'static str> = self.terms.iter().flat_map(|term| term.columns).copied().collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Everything but the search terms.
    pub(crate) fn first(&self, batch: &RecordBatch) -> Vec<bool> {
        let mut passes = vec![true; batch.num_rows()];
        keep_text(batch, "DeviceId", &mut passes, |device| device == self.filter.device);
        let (from_us, to_us) = self.time_us();
        let times = times(batch);
        for (row_idx, pass) in passes.iter_mut().enumerate() {
            *pass &=
                times.is_some_and(|times| times.is_valid(row_idx) && (from_us..=to_us).contains(&times.value(row_idx)));
        }
        if !self.filter.groups.is_empty() {
            keep_text(batch, "EventGroup", &mut passes, |text| {
                self.filter.groups.iter().any(|group| group.name() == text)
            });
        }
        if !self.filter.actions.is_empty() {
            keep_text(batch, "ActionType", &mut passes, |text| self.filter.actions.iter().any(|name| name == text));
        }
        if self.filter.failures_only {
            keep_text(batch, "Outcome", &mut passes, |text| text == "failed");
        }
        if let Some(beyond) = &self.beyond {
            keep_beyond(batch, beyond, &mut passes);
        }
        passes
    }

    /// The search terms alone.
    pub(crate) fn search(&self, batch: &RecordBatch) -> Vec<bool> {
        let mut passes = vec![true; batch.num_rows()];
        for term in &self.terms {
            let mut found = vec![false; batch.num_rows()];
            for name in term.columns {
                match &term.looks_for {
                    LooksFor::Texts(needles) => {
                        add_text(batch, name, &mut found, |text| needles.iter().any(|needle| needle.is_in(text)));
                    }
                    LooksFor::Numbers(numbers) => add_number(batch, name, &mut found, numbers),
                }
            }
            for (pass, found) in passes.iter_mut().zip(found) {
                *pass &= found != term.exclude;
            }
        }
        passes
    }
}

impl TermMatcher {
    fn new(term: &Term) -> Result<Self, Error> {
        let (columns, is_number) = term_columns(term);
        let spellings = search::spellings(&term.value);
        let looks_for = if is_number {
            LooksFor::Numbers(spellings.iter().filter_map(|text| text.parse().ok()).collect())
        } else {
            let mut needles = Vec::with_capacity(spellings.len());
            for spelling in &spellings {
                needles.push(Needle::new(spelling, term.field.is_some())?);
            }
            LooksFor::Texts(needles)
        };
        Ok(Self { exclude: term.exclude, columns, looks_for })
    }
}

pub(crate) fn times(batch: &RecordBatch) -> Option<&TimestampMicrosecondArray> {
    batch.column_by_name("Timestamp")?.as_any().downcast_ref()
}

/// A text column in either form: a text per row or a code per row.
pub(crate) enum Texts<'a> {
    Plain(&'a StringArray),
    Coded { codes: &'a Int32Array, values: &'a StringArray },
}

impl<'a> Texts<'a> {
    /// `None` when the batch does not have the column: all null.
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Option<Self> {
        let array = batch.column_by_name(name)?;
        if let Some(plain) = array.as_string_opt::<i32>() {
            return Some(Texts::Plain(plain));
        }
        let dictionary = array.as_dictionary_opt::<Int32Type>()?;
        Some(Texts::Coded { codes: dictionary.keys(), values: dictionary.values().as_string_opt::<i32>()? })
    }

    pub(crate) fn get(&self, row_idx: usize) -> Option<&'a str> {
        match self {
            Texts::Plain(texts) => texts.is_valid(row_idx).then(|| texts.value(row_idx)),
            Texts::Coded { codes, values } => {
                let code = codes.is_valid(row_idx).then(|| codes.value(row_idx) as usize)?;
                values.is_valid(code).then(|| values.value(code))
            }
        }
    }

    /// Calls `set` with each row that `wanted` wants and what `is_wanted` says of its text; nulls are left out. Each
    /// different text is looked at once.
    fn for_each(
        &self,
        wanted: impl Fn(usize) -> bool,
        is_wanted: impl Fn(&str) -> bool,
        mut set: impl FnMut(usize, bool),
    ) {
        match self {
            Texts::Plain(texts) => {
                for row_idx in (0..texts.len()).filter(|row_idx| wanted(*row_idx) && texts.is_valid(*row_idx)) {
                    set(row_idx, is_wanted(texts.value(row_idx)));
                }
            }
            Texts::Coded { codes, values } => {
                let mut known: Vec<Option<bool>> = vec![None; values.len()];
                for row_idx in (0..codes.len()).filter(|row_idx| wanted(*row_idx) && codes.is_valid(*row_idx)) {
                    let code = codes.value(row_idx) as usize;
                    let answer =
                        *known[code].get_or_insert_with(|| values.is_valid(code) && is_wanted(values.value(code)));
                    set(row_idx, answer);
                }
            }
        }
    }
}

/// Rows pass on when the column has a text that is wanted.
fn keep_text(batch: &RecordBatch, name: &str, passes: &mut [bool], is_wanted: impl Fn(&str) -> bool) {
    let mut found = vec![false; passes.len()];
    if let Some(texts) = Texts::of(batch, name) {
        texts.for_each(|row_idx| passes[row_idx], is_wanted, |row_idx, answer| found[row_idx] = answer);
    }
    passes.copy_from_slice(&found);
}

fn add_text(batch: &RecordBatch, name: &str, found: &mut [bool], is_wanted: impl Fn(&str) -> bool) {
    let Some(texts) = Texts::of(batch, name) else { return };
    let before: Vec<bool> = found.to_vec();
    texts.for_each(|row_idx| !before[row_idx], is_wanted, |row_idx, answer| found[row_idx] = answer);
}

fn add_number(batch: &RecordBatch, name: &str, found: &mut [bool], numbers: &[i32]) {
    let array = batch.column_by_name(name).and_then(|array| array.as_any().downcast_ref::<Int32Array>());
    let Some(array) = array else { return };
    for (row_idx, found) in found.iter_mut().enumerate() {
        *found |= array.is_valid(row_idx) && numbers.contains(&array.value(row_idx));
    }
}

/// The key of a row in the order of a timeline.
pub(crate) type Key = (i64, i64, String);

/// The keys of the rows of a batch that has `KEY_COLUMNS`.
pub(crate) fn key_of(batch: &RecordBatch, row_idx: usize) -> Key {
    let time_us = times(batch).map_or(0, |times| times.value(row_idx));
    let seq = batch.column_by_name("StreamSeq").and_then(|array| array.as_any().downcast_ref::<Int64Array>());
    let epoch = Texts::of(batch, "StreamEpoch").and_then(|texts| texts.get(row_idx)).unwrap_or_default();
    (time_us, seq.map_or(0, |seq| seq.value(row_idx)), epoch.to_owned())
}

fn keep_beyond(batch: &RecordBatch, beyond: &Beyond, passes: &mut [bool]) {
    let cursor = &beyond.cursor;
    let Some(times) = times(batch) else { return passes.fill(false) };
    for (row_idx, pass) in passes.iter_mut().enumerate().filter(|(_, pass)| **pass) {
        let mut order = times.value(row_idx).cmp(&cursor.time_us);
        if order.is_eq() {
            let (_, seq, epoch) = key_of(batch, row_idx);
            order = (seq, epoch.as_str()).cmp(&(cursor.seq, cursor.epoch.as_str()));
        }
        *pass = match beyond.direction {
            Direction::Older => order.is_lt(),
            Direction::Newer => order.is_gt(),
        } || (beyond.inclusive && order.is_eq());
    }
}

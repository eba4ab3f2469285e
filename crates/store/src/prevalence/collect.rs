//! Rows to entries: one pass over the columns that hold keys.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use super::kind::{FactColumns, KEY_COLUMNS, KeyColumn, Kind};
use super::sighting::{Devices, Entry, FileFacts, Sighting, unified};
use crate::Error;
use crate::files::DAY_US;

/// 2000-01-01: an earlier time is that of a clock that was never set. It would stay the first sighting for ever, so the
/// time of arrival counts instead.
const TIME_PLAUSIBLE_MIN_US: i64 = 10_957 * DAY_US;

/// Numbers for texts that repeat.
#[derive(Default)]
struct Names<'b> {
    by_name: HashMap<&'b str, u32>,
    names: Vec<&'b str>,
}

impl<'b> Names<'b> {
    fn number(&mut self, name: &'b str) -> u32 {
        let next = self.names.len() as u32;
        let number = *self.by_name.entry(name).or_insert(next);
        if number == next {
            self.names.push(name);
        }
        number
    }

    /// The number of each row's text; rows mostly have the text of the row before.
    fn of_column(&mut self, column: &'b StringArray) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(column.len());
        let mut last = None;
        for row_idx in 0..column.len() {
            let text = if column.is_null(row_idx) { "" } else { column.value(row_idx) };
            let number = match last {
                Some((known, number)) if known == text => number,
                _ => self.number(text),
            };
            last = Some((text, number));
            numbers.push(number);
        }
        numbers
    }
}

/// What all key columns need of each row.
struct Rows {
    times_us: Vec<i64>,
    devices: Vec<u32>,
    tenants: Vec<u32>,
}

/// The sightings of one text in one column, of one tenant.
struct Slot {
    first_us: i64,
    last_us: i64,
    devices: Vec<u32>,
    /// A row that has the text.
    row_idx: usize,
}

/// The entries of a batch of events, sorted; of one kind only when one is named. Rows that come sorted by device are
/// the fast case.
pub(crate) fn collect(batch: &RecordBatch, only: Option<Kind>) -> Result<Vec<Entry>, Error> {
    if batch.num_rows() == 0 {
        return Ok(Vec::new());
    }
    let (mut devices, mut tenants) = (Names::default(), Names::default());
    let rows = Rows {
        times_us: times(batch)?,
        devices: devices.of_column(text(batch, "DeviceId")?),
        tenants: tenants.of_column(text(batch, "TenantId")?),
    };
    let mut entries = Vec::new();
    for column in KEY_COLUMNS.iter().filter(|column| only.is_none_or(|kind| kind == column.kind)) {
        let Some(array) = batch.column_by_name(column.name) else { continue };
        let array = array.as_string_opt::<i32>().ok_or_else(|| wrong_type(column.name))?;
        for ((value, tenant), slot) in slots(array, &rows) {
            let Some(key) = column.kind.key(value) else { continue };
            let ids = slot.devices.iter().map(|number| devices.names[*number as usize].to_owned()).collect();
            entries.push(Entry {
                kind: column.kind,
                key,
                tenant: tenants.names[tenant as usize].to_owned(),
                sighting: Sighting {
                    first_us: slot.first_us,
                    last_us: slot.last_us,
                    devices: Devices::new(ids),
                    facts: facts(batch, column, slot.row_idx),
                },
            });
        }
    }
    Ok(unified(entries))
}

/// The entries of one kind of several batches, which need not have the same columns.
pub(crate) fn collect_all<'b>(batches: impl Iterator<Item = &'b RecordBatch>, kind: Kind) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    for batch in batches {
        entries.extend(collect(batch, Some(kind))?);
    }
    Ok(unified(entries))
}

fn slots<'b>(array: &'b StringArray, rows: &Rows) -> BTreeMap<(&'b str, u32), Slot> {
    let mut numbers: HashMap<(&'b str, u32), usize> = HashMap::new();
    let mut slots: Vec<Slot> = Vec::new();
    let mut last: Option<(&'b str, u32, usize)> = None;
    for row_idx in 0..array.len() {
        if array.is_null(row_idx) {
            continue;
        }
        let (value, tenant, device) = (array.value(row_idx), rows.tenants[row_idx], rows.devices[row_idx]);
        let time_us = rows.times_us[row_idx];
        let number = match last {
            Some((known, of, number)) if known == value && of == tenant => number,
            _ => *numbers.entry((value, tenant)).or_insert(slots.len()),
        };
        last = Some((value, tenant, number));
        if number == slots.len() {
            slots.push(Slot { first_us: time_us, last_us: time_us, devices: vec![device], row_idx });
            continue;
        }
        let slot = &mut slots[number];
        slot.first_us = slot.first_us.min(time_us);
        slot.last_us = slot.last_us.max(time_us);
        if slot.devices.last() != Some(&device) {
            slot.devices.push(device);
        }
    }
    let mut by_value = BTreeMap::new();
    let mut taken: Vec<Option<Slot>> = slots.into_iter().map(Some).collect();
    for (value, number) in numbers {
        if let Some(mut slot) = taken[number].take() {
            slot.devices.sort_unstable();
            slot.devices.dedup();
            by_value.insert(value, slot);
        }
    }
    by_value
}

/// When each row happened. What lies after its arrival, or before clocks were set, counts as of its arrival.
fn times(batch: &RecordBatch) -> Result<Vec<i64>, Error> {
    let time = |name: &str| {
        let array = batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
        array.ok_or_else(|| wrong_type(name))
    };
    let (happened, arrived) = (time("Timestamp")?, time("IngestionTime")?);
    let mut times = Vec::with_capacity(batch.num_rows());
    for row_idx in 0..batch.num_rows() {
        let (happened_us, arrived_us) = (happened.value(row_idx), arrived.value(row_idx));
        let is_plausible = happened.is_valid(row_idx) && (TIME_PLAUSIBLE_MIN_US..=arrived_us).contains(&happened_us);
        times.push(if is_plausible { happened_us } else { arrived_us });
    }
    Ok(times)
}

fn facts(batch: &RecordBatch, column: &KeyColumn, row_idx: usize) -> FileFacts {
    let Some(FactColumns { sha1, sha256, md5, size }) = column.facts else { return FileFacts::default() };
    let hash = |kind: Kind, name: &str| {
        let array = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        array.is_valid(row_idx).then(|| kind.key(array.value(row_idx))).flatten()
    };
    let sizes: Option<&Int64Array> = batch.column_by_name(size).and_then(|array| array.as_primitive_opt::<Int64Type>());
    FileFacts {
        sha1: hash(Kind::Sha1, sha1),
        sha256: hash(Kind::Sha256, sha256),
        md5: hash(Kind::Md5, md5),
        size: sizes.filter(|sizes| sizes.is_valid(row_idx)).map(|sizes| sizes.value(row_idx)),
    }
}

fn text<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b StringArray, Error> {
    batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>()).ok_or_else(|| wrong_type(name))
}

fn wrong_type(name: &str) -> Error {
    Error::Columns(format!("no column {name} of the right type"))
}

//! Where the bytes are, how fast they grow, and when something is full.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use arrow::array::{Array, AsArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::files::{DAY_US, FileMeta, day_of_us};
use crate::limits::{FREE_BYTES_MIN, GROWTH_WINDOW, GROWTH_WINDOW_MIN, ROW_GROUP_ROWS};
use crate::prevalence::PrevalenceStats;
use crate::snapshot::Snapshot;
use crate::store::{Shared, now_ns};
use crate::wal::{segment_numbers, segment_path};
use crate::{Error, Retention, Store};

/// Rows and bytes of a day or a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Rows in column files.
    pub n_rows: u64,
    /// Their bytes. A file holds rows of many devices: each has a share by its number of rows.
    pub bytes: u64,
    /// Files with such rows.
    pub n_files: usize,
}

/// Everything about the store's size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// All column files together.
    pub files: Share,
    /// By UTC day of the events.
    pub days: BTreeMap<String, Share>,
    /// By device id.
    pub devices: BTreeMap<String, Share>,
    /// Rows that are in the log and in memory only.
    pub n_fresh_rows: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Earliest event, microseconds since 1970.
    pub oldest_us: Option<i64>,
    /// Latest event.
    pub newest_us: Option<i64>,
    /// Files that left the table and wait for vacuum, and their bytes.
    pub n_dead_files: usize,
    /// Bytes of those.
    pub dead_bytes: u64,
    /// Free bytes of the file system.
    pub free_bytes: Option<u64>,
    /// First and last seen, devices per key.
    pub prevalence: PrevalenceStats,
    /// What is kept, when this process knows it.
    pub retention: Option<Retention>,
    /// What comes.
    pub forecast: Forecast,
    /// Files that can't be read.
    pub problems: Vec<String>,
}

/// What the growth of the last days leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forecast {
    /// Bytes of column files that arrive in a day; none while there is less than an hour of history.
    pub growth_bytes_per_day: Option<f64>,
    /// Bytes at which the store stays when retention by age takes as much as arrives.
    pub level_bytes: Option<u64>,
    /// Days until retention by bytes begins to delete; none when it never will.
    pub days_to_limit: Option<f64>,
    /// Days until the disk is full; none when retention keeps it from that, or nothing arrives.
    pub days_to_full_disk: Option<f64>,
}

/// The forecast; pure.
pub(crate) fn forecast(
    used_bytes: u64,
    free_bytes: Option<u64>,
    growth_bytes_per_day: Option<f64>,
    retention: Option<Retention>,
) -> Forecast {
    let retention = retention.unwrap_or_default();
    let Some(growth) = growth_bytes_per_day.filter(|growth| *growth > 0.0) else {
        return Forecast { growth_bytes_per_day, ..Forecast::default() };
    };
    let level = retention.age.map(|age| growth * age.as_secs_f64() / 86_400.0);
    // What is reached only beyond the level is never reached.
    let days_to = |bytes: u64| {
        let is_never = level.is_some_and(|level| level <= bytes as f64);
        (!is_never).then(|| bytes.saturating_sub(used_bytes) as f64 / growth)
    };
    let disk_bytes = free_bytes.map(|free| used_bytes.saturating_add(free.saturating_sub(FREE_BYTES_MIN)));
    let limit_is_first =
        retention.bytes_max.is_some_and(|limit| disk_bytes.is_some_and(|disk_bytes| limit <= disk_bytes));
    Forecast {
        growth_bytes_per_day,
        level_bytes: level.map(|level| level as u64),
        days_to_limit: retention.bytes_max.and_then(days_to),
        days_to_full_disk: if limit_is_first { None } else { disk_bytes.and_then(days_to) },
    }
}

/// Bytes a day, by what arrived in the last days.
fn growth(files: &[FileMeta], now_us: i64) -> Option<f64> {
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    let oldest_us = files.iter().map(|file| file.ingested_max_us).min()?;
    let from_us = oldest_us.max(now_us.saturating_sub(micros(GROWTH_WINDOW)));
    let window_us = now_us.saturating_sub(from_us);
    if window_us < micros(GROWTH_WINDOW_MIN) {
        return None;
    }
    let arrived = files.iter().filter(|file| file.ingested_max_us > from_us);
    let bytes: u64 = arrived.map(|file| file.size_bytes).sum();
    Some(bytes as f64 * DAY_US as f64 / window_us as f64)
}

/// Rows of each device in a file, by file: column files never change.
pub(crate) type DeviceRows = HashMap<String, Arc<Vec<(String, u64)>>>;

impl Shared {
    fn device_rows(&self, snapshot: &Snapshot, file: &FileMeta) -> Result<Arc<Vec<(String, u64)>>, Error> {
        let cache = || self.device_rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache().get(&file.path) {
            return Ok(Arc::clone(known));
        }
        let counted = if file.device_min == file.device_max {
            vec![(file.device_min.clone(), file.n_rows)]
        } else {
            count_devices(&snapshot.file_path(file))?
        };
        let counted = Arc::new(counted);
        cache().insert(file.path.clone(), Arc::clone(&counted));
        Ok(counted)
    }

    fn usage(&self, mut progress: impl FnMut(usize, usize)) -> Result<Usage, Error> {
        let snapshot = self.snapshot();
        let mut usage = Usage {
            n_fresh_rows: snapshot.fresh.iter().map(|batch| batch.n_rows() as u64).sum(),
            log_bytes: log_bytes(&self.dir.join("wal"))?,
            free_bytes: self.free_bytes(),
            prevalence: self.prevalence.stats(),
            retention: *self.retention.lock().unwrap_or_else(PoisonError::into_inner),
            ..Usage::default()
        };
        let mut bounds: Vec<(i64, i64)> =
            snapshot.fresh.iter().map(|batch| (batch.time_min_us, batch.time_max_us)).collect();
        for (file_idx, file) in snapshot.files.iter().enumerate() {
            bounds.push((file.time_min_us, file.time_max_us));
            usage.files.add(file.n_rows, file.size_bytes);
            usage.days.entry(file.day.clone()).or_default().add(file.n_rows, file.size_bytes);
            match self.device_rows(&snapshot, file) {
                Ok(devices) => usage.add_devices(file, &devices),
                Err(error) => usage.problems.push(error.to_string()),
            }
            progress(file_idx + 1, snapshot.files.len());
        }
        usage.oldest_us = bounds.iter().map(|(min_us, _)| *min_us).min();
        usage.newest_us = bounds.iter().map(|(_, max_us)| *max_us).max();
        let known: HashSet<&str> = snapshot.files.iter().map(|file| file.path.as_str()).collect();
        let mut cache = self.device_rows.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|path, _| known.contains(path.as_str()));
        drop(cache);
        let table = self.table.read().expect("no panic under the lock");
        for (_, tombstone) in table.tombstones() {
            usage.n_dead_files += 1;
            usage.dead_bytes += tombstone.size_bytes;
        }
        drop(table);
        let growth = growth(&snapshot.files, now_ns() / 1_000);
        usage.forecast = forecast(usage.files.bytes, usage.free_bytes, growth, usage.retention);
        Ok(usage)
    }
}

impl Share {
    fn add(&mut self, n_rows: u64, bytes: u64) {
        self.n_rows += n_rows;
        self.bytes += bytes;
        self.n_files += 1;
    }
}

impl Usage {
    /// Bytes of column files for one row.
    pub fn bytes_per_event(&self) -> Option<f64> {
        (self.files.n_rows > 0).then(|| self.files.bytes as f64 / self.files.n_rows as f64)
    }

    fn add_devices(&mut self, file: &FileMeta, devices: &[(String, u64)]) {
        let (mut n_rows_before, mut bytes_before) = (0, 0);
        for (device, n_rows) in devices {
            n_rows_before += n_rows;
            // Differences of rounded sums, so that all shares together are the file.
            let through = u128::from(file.size_bytes) * u128::from(n_rows_before) / u128::from(file.n_rows.max(1));
            let through = u64::try_from(through).unwrap_or(u64::MAX);
            self.devices.entry(device.clone()).or_default().add(*n_rows, through - bytes_before);
            bytes_before = through;
        }
    }
}

/// Reads one column, and not even that of row groups that are of one device.
fn count_devices(path: &Path) -> Result<Vec<(String, u64)>, Error> {
    let corrupt = |error: &dyn std::fmt::Display| Error::Corrupt { path: path.to_owned(), reason: error.to_string() };
    let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| corrupt(&error))?;
    let column = builder.parquet_schema().columns().iter().position(|column| column.name() == "DeviceId");
    let column = column.ok_or_else(|| corrupt(&"it has no column DeviceId"))?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut groups = Vec::new();
    for (group_idx, group) in builder.metadata().row_groups().iter().enumerate() {
        let statistics = group.column(column).statistics();
        let bounds = statistics.and_then(|it| Some((it.min_bytes_opt()?, it.max_bytes_opt()?)));
        match bounds.filter(|(min, max)| min == max).and_then(|(min, _)| std::str::from_utf8(min).ok()) {
            Some(device) => *counts.entry(device.to_owned()).or_default() += group.num_rows().unsigned_abs(),
            None => groups.push(group_idx),
        }
    }
    let mask = ProjectionMask::leaves(builder.parquet_schema(), [column]);
    let reader = builder.with_row_groups(groups).with_projection(mask).with_batch_size(ROW_GROUP_ROWS).build();
    for batch in reader.map_err(|error| corrupt(&error))? {
        let batch = batch.map_err(|error| corrupt(&error))?;
        let devices = batch.column(0).as_string_opt::<i32>().ok_or_else(|| corrupt(&"DeviceId is no text"))?;
        // Rows are sorted by device.
        let mut from = 0;
        for row_idx in 1..=devices.len() {
            if row_idx == devices.len() || devices.value(row_idx) != devices.value(from) {
                *counts.entry(devices.value(from).to_owned()).or_default() += (row_idx - from) as u64;
                from = row_idx;
            }
        }
    }
    Ok(counts.into_iter().collect())
}

fn log_bytes(wal_dir: &Path) -> Result<u64, Error> {
    let mut bytes = 0;
    for number in segment_numbers(wal_dir)? {
        // A flush may have removed it meanwhile.
        bytes += std::fs::metadata(segment_path(wal_dir, number)).map_or(0, |metadata| metadata.len());
    }
    Ok(bytes)
}

impl Store {
    /// Where the bytes are and what comes. Reads the column of devices of files that it has not read before: `progress`
    /// is called with the number of files done and of all.
    ///
    /// # Errors
    /// When the log's directory can't be read.
    pub fn usage(&self, progress: impl FnMut(usize, usize)) -> Result<Usage, Error> {
        self.shared.usage(progress)
    }
}

/// The UTC day of an instant, `YYYY-MM-DD`.
pub fn day_of(time_us: i64) -> String {
    day_of_us(time_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn kept(days: u64, bytes_max: Option<u64>) -> Option<Retention> {
        Some(Retention { age: Some(Duration::from_secs(days * 86_400)), bytes_max })
    }

    fn check(used: u64, free: u64, growth: f64, retention: Option<Retention>, wanted: (Option<f64>, Option<f64>)) {
        let forecast = forecast(used, Some(free + FREE_BYTES_MIN), Some(growth), retention);
        assert_eq!((forecast.days_to_limit, forecast.days_to_full_disk), wanted, "{forecast:?}");
    }

    #[test]
    fn what_is_full_first() {
        let a_day = GIB as f64;
        // Nothing stops it but the disk.
        check(10 * GIB, 20 * GIB, a_day, None, (None, Some(20.0)));
        // Levels off at 15 GiB, before the disk is full.
        check(10 * GIB, 20 * GIB, a_day, kept(15, None), (None, None));
        // Would level off at 180 GiB, which the disk has not.
        check(10 * GIB, 20 * GIB, a_day, kept(180, None), (None, Some(20.0)));
        // The limit in bytes comes before the disk …
        check(10 * GIB, 20 * GIB, a_day, kept(180, Some(25 * GIB)), (Some(15.0), None));
        // … or after it.
        check(10 * GIB, 20 * GIB, a_day, kept(180, Some(100 * GIB)), (Some(90.0), Some(20.0)));
        // Over the limit: it is reached now.
        check(30 * GIB, 20 * GIB, a_day, kept(180, Some(25 * GIB)), (Some(0.0), None));
        check(10 * GIB, 20 * GIB, 0.0, kept(180, Some(25 * GIB)), (None, None));
    }

    #[test]
    fn growth_is_what_arrived_in_the_window() {
        let now_us = 100 * DAY_US;
        let file = |days_ago: i64, size_bytes: u64| FileMeta {
            path: String::new(),
            day: String::new(),
            size_bytes,
            n_rows: 1,
            time_min_us: 0,
            time_max_us: 0,
            ingested_max_us: now_us - days_ago * DAY_US,
            device_min: String::new(),
            device_max: String::new(),
            crc32c: 0,
            written_ms: 0,
        };
        assert_eq!(growth(&[], now_us), None);
        assert_eq!(growth(&[file(0, 100)], now_us), None, "no history");
        assert_eq!(growth(&[file(2, 100), file(1, 100), file(0, 100)], now_us), Some(100.0));
        let long: Vec<FileMeta> = (0..30).map(|days_ago| file(days_ago, 70)).collect();
        assert_eq!(growth(&long, now_us), Some(70.0));
    }
}

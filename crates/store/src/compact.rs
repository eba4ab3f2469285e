//! Compaction: small files of one day become larger ones, with the same rows in the same order. Which files (`plan`, pure)
//! and the merge itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use crate::Error;
use crate::files::{DAY_US, FileMeta, FileWriter, file_crc32c};
use crate::limits::{COMPACT_FILES_MAX, COMPACT_FILES_MIN, COMPACT_ROWS_MAX, COMPACT_SETTLE, FREE_BYTES_MIN};
use crate::merge::Merge;
use crate::step::step;
use crate::store::{Shared, now_ns};

/// What a merge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Merges done.
    pub n_merges: usize,
    /// Files that were merged.
    pub n_files: usize,
    /// Their rows.
    pub n_rows: u64,
    /// Their bytes.
    pub bytes_before: u64,
    /// Bytes of what replaced them.
    pub bytes_after: u64,
}

impl Compacted {
    pub(crate) fn add(&mut self, other: Compacted) {
        self.n_merges += other.n_merges;
        self.n_files += other.n_files;
        self.n_rows += other.n_rows;
        self.bytes_before += other.bytes_before;
        self.bytes_after += other.bytes_after;
    }
}

/// When small files are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eagerness {
    /// Files of a day that still grows when there are enough of a size, all of a day that is over.
    WhenWorthwhile,
    /// All small files.
    All,
}

/// The files that are worth merging next, at least two; `None` when there are none.
///
/// Files are merged only with those of the same day of events *and* of arrival: retention counts from the newest
/// arrival in a file, so a merge keeps no row more than a day longer than the file it was in.
pub(crate) fn plan<'a>(
    files: impl Iterator<Item = &'a FileMeta>,
    now_us: i64,
    eagerness: Eagerness,
) -> Option<Vec<FileMeta>> {
    let mut groups: BTreeMap<(&str, i64), Vec<&FileMeta>> = BTreeMap::new();
    // Two files of up to half the maximum always fit together, so a group never gets stuck with many small ones.
    for file in files.filter(|file| file.n_rows < COMPACT_ROWS_MAX / 2) {
        groups.entry((&file.day, file.ingested_max_us.div_euclid(DAY_US))).or_default().push(file);
    }
    let settle_us = i64::try_from(COMPACT_SETTLE.as_micros()).unwrap_or(i64::MAX);
    let mut best: Vec<&FileMeta> = Vec::new();
    for ((_, day_of_arrival), mut group) in groups {
        group.sort_by_key(|file| (file.n_rows, &file.path));
        let is_over = now_us.saturating_sub(settle_us).div_euclid(DAY_US) > day_of_arrival;
        let chosen = if is_over || eagerness == Eagerness::All { take(&group, 2) } else { of_one_class(&group) };
        if chosen.len() > best.len() {
            best = chosen;
        }
    }
    (!best.is_empty()).then(|| best.into_iter().cloned().collect())
}

/// The smallest files that fit into one, when there are enough.
fn take<'a>(group: &[&'a FileMeta], n_files_min: usize) -> Vec<&'a FileMeta> {
    let mut chosen = Vec::new();
    let mut n_rows = 0;
    for file in group.iter().take(COMPACT_FILES_MAX) {
        n_rows += file.n_rows;
        if n_rows > COMPACT_ROWS_MAX {
            break;
        }
        chosen.push(*file);
    }
    if chosen.len() < n_files_min {
        chosen.clear();
    }
    chosen
}

/// Files of the smallest size class that has enough of them. Classes are powers of eight, as is the number of files,
/// so that a merged file is of a higher class.
fn of_one_class<'a>(group: &[&'a FileMeta]) -> Vec<&'a FileMeta> {
    let mut classes: BTreeMap<u32, Vec<&FileMeta>> = BTreeMap::new();
    for file in group {
        classes.entry(file.n_rows.max(1).ilog2() / 3).or_default().push(file);
    }
    for class in classes.values() {
        let chosen = take(class, COMPACT_FILES_MIN);
        if !chosen.is_empty() {
            return chosen;
        }
    }
    Vec::new()
}

impl Shared {
    /// One merge, when there is something worth merging. The old files leave the table in the commit that adds the
    /// new one; vacuum deletes them later.
    pub(crate) fn compact_once(&self, eagerness: Eagerness) -> Result<Option<Compacted>, Error> {
        let _one_at_a_time = self.compacting.lock().expect("no panic under the lock");
        let snapshot = self.snapshot();
        let skipped = self.not_compacted.lock().expect("no panic under the lock").clone();
        let candidates = snapshot.files.iter().filter(|file| !skipped.contains(&file.path));
        let Some(inputs) = plan(candidates, now_ns() / 1_000, eagerness) else { return Ok(None) };
        let bytes_before: u64 = inputs.iter().map(|file| file.size_bytes).sum();
        if self.free_bytes().is_some_and(|free| free < bytes_before + 2 * FREE_BYTES_MIN) {
            return Err(Error::DiskFull { path: snapshot.table_dir.clone() });
        }
        if let Some(damaged) = self.damaged(&inputs)? {
            tracing::error!(path = damaged, "column file has changed since it was written, it is not compacted");
            self.not_compacted.lock().expect("no panic under the lock").insert(damaged);
            return Ok(Some(Compacted::default()));
        }
        let merged = match self.merge(&inputs) {
            Ok(Some(merged)) => merged,
            // Stopped: the half file is removed at the next start.
            Ok(None) => return Ok(None),
            Err(error @ (Error::DiskFull { .. } | Error::Io { .. })) => return Err(error),
            Err(error) => {
                tracing::error!(%error, day = inputs[0].day, "files can't be merged, they stay as they are");
                let mut skipped = self.not_compacted.lock().expect("no panic under the lock");
                skipped.extend(inputs.iter().map(|file| file.path.clone()));
                return Ok(Some(Compacted::default()));
            }
        };
        let mut table = self.table.write().expect("no panic under the lock");
        if inputs.iter().any(|file| !table.has(&file.path)) {
            // Retention was faster: what is merged holds rows that are gone.
            drop(table);
            remove_output(&self.dir.join("events").join(&merged.path));
            return Ok(Some(Compacted::default()));
        }
        table.replace(&inputs, &merged, now_ns() / 1_000_000)?;
        let bytes_after = merged.size_bytes;
        Ok(Some(Compacted { n_merges: 1, n_files: inputs.len(), n_rows: merged.n_rows, bytes_before, bytes_after }))
    }

    /// The first file whose bytes are not those that were written: a merge would give it a good checksum again.
    fn damaged(&self, inputs: &[FileMeta]) -> Result<Option<String>, Error> {
        for file in inputs {
            match file_crc32c(&self.dir.join("events").join(&file.path)) {
                Ok(crc) if crc == file.crc32c => {}
                Ok(_) => return Ok(Some(file.path.clone())),
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    return Ok(Some(file.path.clone()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Writes the merged file; `None` when the store is being closed.
    fn merge(&self, inputs: &[FileMeta]) -> Result<Option<FileMeta>, Error> {
        let table_dir = self.dir.join("events");
        let paths: Vec<PathBuf> = inputs.iter().map(|file| table_dir.join(&file.path)).collect();
        let n_rows: u64 = inputs.iter().map(|file| file.n_rows).sum();
        // No name is used twice: each merge that succeeds raises the version, and one that did not is overwritten.
        let version = self.table.read().expect("no panic under the lock").next_version();
        let mut merge = Merge::open(&paths)?;
        let name = format!("m{version:012}");
        let mut writer = FileWriter::create(
            &table_dir,
            &inputs[0].day,
            &name,
            merge.schema(),
            usize::try_from(n_rows).unwrap_or(0),
        )?;
        while let Some(batch) = merge.next()? {
            writer.write(&batch)?;
            if self.stopping.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
        let merged = writer.finish()?;
        step("merged");
        if merged.n_rows != n_rows {
            remove_output(&table_dir.join(&merged.path));
            return Err(Error::Columns(format!("a merge of {n_rows} rows gave {}", merged.n_rows)));
        }
        Ok(Some(merged))
    }
}

/// A file that no commit names; should this fail, the next start removes it.
fn remove_output(path: &std::path::Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "merged file that is not needed stays until the next start");
    }
}

/// Files that can't be compacted, by path, until the next start.
pub(crate) type NotCompacted = BTreeSet<String>;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_795_500_000_000_000;

    fn file(path: usize, day: &str, n_rows: u64, ingested_max_us: i64) -> FileMeta {
        FileMeta {
            path: format!("day={day}/{path:012}.parquet"),
            day: day.to_owned(),
            size_bytes: n_rows * 40,
            n_rows,
            time_min_us: 0,
            time_max_us: 0,
            ingested_max_us,
            device_min: String::new(),
            device_max: String::new(),
            crc32c: 0,
            written_ms: 0,
        }
    }

    /// Merges as long as there is something to do; returns the files left and the rows written.
    fn run(mut files: Vec<FileMeta>, now_us: i64, eagerness: Eagerness) -> (Vec<FileMeta>, u64) {
        let mut n_written = 0;
        for number in 1_000_000.. {
            let Some(chosen) = plan(files.iter(), now_us, eagerness) else { break };
            assert!((2..=COMPACT_FILES_MAX).contains(&chosen.len()));
            let n_rows: u64 = chosen.iter().map(|file| file.n_rows).sum();
            assert!(n_rows <= COMPACT_ROWS_MAX);
            let arrival = |file: &FileMeta| file.ingested_max_us.div_euclid(DAY_US);
            assert!(chosen.iter().all(|it| it.day == chosen[0].day && arrival(it) == arrival(&chosen[0])));
            files.retain(|file| !chosen.contains(file));
            let ingested_max_us = chosen.iter().map(|file| file.ingested_max_us).max().unwrap();
            files.push(file(number, &chosen[0].day, n_rows, ingested_max_us));
            n_written += n_rows;
        }
        (files, n_written)
    }

    #[test]
    fn a_day_of_flushes_ends_as_few_files_with_few_rewrites() {
        let mut files = Vec::new();
        let mut n_written = 0;
        let midnight_us = NOW_US.div_euclid(DAY_US) * DAY_US;
        for flush_idx in 0..288 {
            let now_us = midnight_us + flush_idx * 300_000_000;
            files.push(file(flush_idx as usize, "2026-11-24", 20_000, now_us));
            let (left, n_rows) = run(files, now_us, Eagerness::WhenWorthwhile);
            (files, n_written) = (left, n_written + n_rows);
        }
        assert!(files.len() < 32, "{} files while the day grows", files.len());
        let (files, n_rows) = run(files, midnight_us + 2 * DAY_US, Eagerness::WhenWorthwhile);
        assert!(files.len() <= 3, "{} files when it is over", files.len());
        assert!(n_written + n_rows <= 4 * 288 * 20_000, "{} rows rewritten", n_written + n_rows);
    }

    #[test]
    fn any_set_of_files_comes_to_rest_and_keeps_its_rows() {
        let mut state = 11u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..200 {
            let mut files = Vec::new();
            for number in 0..random(200) as usize {
                let day = ["2026-11-22", "2026-11-23", "2026-11-24"][random(3) as usize];
                let magnitude = random(21);
                let n_rows = random(8 << magnitude) + 1;
                files.push(file(number, day, n_rows, NOW_US - random(3) as i64 * DAY_US));
            }
            let n_rows: u64 = files.iter().map(|file| file.n_rows).sum();
            for eagerness in [Eagerness::WhenWorthwhile, Eagerness::All] {
                let (left, _) = run(files.clone(), NOW_US, eagerness);
                assert_eq!(left.iter().map(|file| file.n_rows).sum::<u64>(), n_rows);
            }
            let (left, _) = run(files, NOW_US, Eagerness::All);
            let n_small = left.iter().filter(|file| file.n_rows < COMPACT_ROWS_MAX / 2).count();
            assert!(n_small <= 9, "one for each day and day of arrival, not {n_small}");
        }
    }
}

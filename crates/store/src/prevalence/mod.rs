//! Prevalence: since when, until when and on how many devices a hash, an address, a domain or a file name was seen.
//!
//! A directory of sorted Parquet files ("runs"). Each flush of events writes one beside its column files; the background
//! thread merges small ones into larger ones. What a run says is a minimum, a maximum or a union: to read a run twice, or
//! one that a merge has replaced, changes nothing, so there is no log and no list of files, and a crash at any point
//! leaves a correct directory. Rows that are not flushed yet are collected when somebody asks.
//!
//! Retention of events leaves prevalence alone, because the first sighting is what is asked for. Keys that were not seen
//! for `PREVALENCE_KEPT` go when all runs are merged.

mod collect;
mod files;
mod kind;
mod merge;
mod run;
mod sighting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use arrow::array::RecordBatch;

use crate::Error;
use crate::memory::MemoryBatch;
use crate::step::step;
use crate::wal::sync_dir;

pub use kind::Kind;
pub use sighting::{Devices, FileFacts, Sighting};

pub(crate) use kind::{KEY_COLUMNS, KINDS, OTHER_COLUMNS};
use run::{RunFile, RunWriter};
use sighting::Entry;

/// The directory below the store's.
const DIR: &str = "prevalence";

/// Runs in use, and what is wrong with others.
#[derive(Debug, Default)]
struct Runs {
    /// By number.
    runs: BTreeMap<u64, Arc<RunFile>>,
    next_number: u64,
    /// Files that can't be read, until the next start.
    problems: Vec<String>,
    /// Column files that were there before prevalence was, and that were not read yet.
    is_incomplete: bool,
}

impl Runs {
    /// Takes a file in. One that can't be read is left out and said, and its number is not used again.
    fn open(&mut self, path: &Path) {
        if let Some((number, _)) = run::parts_of_name(path) {
            self.next_number = self.next_number.max(number + 1);
        }
        match RunFile::open(path) {
            Ok(run) => drop(self.runs.insert(run.number, Arc::new(run))),
            Err(error) => {
                tracing::error!(%error, "prevalence file can't be read, counts are too low");
                self.problems.push(error.to_string());
            }
        }
    }
}

/// The runs of a store.
#[derive(Debug)]
pub(crate) struct Prevalence {
    dir: PathBuf,
    runs: RwLock<Runs>,
    /// Held by a merge.
    pub(crate) merging: Mutex<()>,
}

/// Figures about prevalence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrevalenceStats {
    /// Files.
    pub n_files: usize,
    /// Their rows: keys, counted once for each file that has them.
    pub n_rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is missing: files that can't be read, or that column files are still to be read.
    pub problems: Vec<String>,
}

impl Prevalence {
    /// Opens the directory of a store, creating it when missing. A run that can't be read is left out, and said.
    pub(crate) fn open(store_dir: &Path, has_column_files: bool) -> Result<Self, Error> {
        let dir = store_dir.join(DIR);
        std::fs::create_dir_all(&dir).map_err(|error| Error::io("create", &dir, error))?;
        let mut runs = Runs { next_number: 1, ..Runs::default() };
        for entry in std::fs::read_dir(&dir).map_err(|error| Error::io("list", &dir, error))? {
            let path = entry.map_err(|error| Error::io("list", &dir, error))?.path();
            match path.extension().and_then(|it| it.to_str()) {
                Some("tmp") => {
                    std::fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
                }
                Some("parquet") => runs.open(&path),
                _ => {}
            }
        }
        let prevalence = Self { dir, runs: RwLock::new(runs), merging: Mutex::default() };
        if !prevalence.state_path().exists() {
            if has_column_files {
                prevalence.write().is_incomplete = true;
            } else {
                prevalence.set_complete()?;
            }
        }
        Ok(prevalence)
    }

    fn state_path(&self) -> PathBuf {
        self.dir.join("state.json")
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Runs> {
        self.runs.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Runs> {
        self.runs.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there are column files that were written before prevalence was kept.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.read().is_incomplete
    }

    /// Every column file is in the runs, now and from now on.
    pub(crate) fn set_complete(&self) -> Result<(), Error> {
        let path = self.state_path();
        let temporary = self.dir.join("state.tmp");
        let text = "{\"format\":1,\"complete\":true}\n";
        std::fs::write(&temporary, text).map_err(|error| Error::io("write", &temporary, error))?;
        let file = std::fs::File::open(&temporary).map_err(|error| Error::io("open", &temporary, error))?;
        file.sync_all().map_err(|error| Error::io("fsync", &temporary, error))?;
        std::fs::rename(&temporary, &path).map_err(|error| Error::io("rename", &path, error))?;
        sync_dir(&self.dir)?;
        step("prevalence complete");
        self.write().is_incomplete = false;
        Ok(())
    }

    /// Adds the keys of events. They are durable when this returns; call it before the events' files are committed.
    pub(crate) fn add(&self, batch: &RecordBatch) -> Result<(), Error> {
        let entries = collect::collect(batch, None)?;
        if entries.is_empty() {
            return Ok(());
        }
        let mut writer = RunWriter::create(&self.dir, self.take_number())?;
        for entry in entries {
            writer.push(entry)?;
        }
        self.insert(writer.finish()?);
        Ok(())
    }

    pub(crate) fn add_problem(&self, problem: String) {
        self.write().problems.push(problem);
    }

    fn take_number(&self) -> u64 {
        let mut runs = self.write();
        runs.next_number += 1;
        runs.next_number - 1
    }

    fn insert(&self, run: RunFile) {
        self.write().runs.insert(run.number, Arc::new(run));
    }

    pub(crate) fn stats(&self) -> PrevalenceStats {
        let runs = self.read();
        PrevalenceStats {
            n_files: runs.runs.len(),
            n_rows: runs.runs.values().map(|run| run.n_rows).sum(),
            bytes: runs.runs.values().map(|run| run.size_bytes).sum(),
            problems: problems(&runs),
        }
    }

    /// What a query reads.
    pub(crate) fn snapshot(&self, fresh: &[Arc<MemoryBatch>]) -> PrevalenceSnapshot {
        let runs = self.read();
        PrevalenceSnapshot {
            runs: runs.runs.values().cloned().collect(),
            problems: problems(&runs),
            fresh: fresh.to_vec(),
            collected: Arc::default(),
        }
    }
}

fn problems(runs: &Runs) -> Vec<String> {
    let mut problems = runs.problems.clone();
    if runs.is_incomplete {
        problems.push("older events are still being read: counts are too low until that is done".to_owned());
    }
    problems
}

/// A line for each run that is damaged, and the number of runs and rows.
pub(crate) fn check(store_dir: &Path) -> Result<(usize, u64, Vec<String>), Error> {
    let dir = store_dir.join(DIR);
    let (mut n_files, mut n_rows, mut problems) = (0, 0, Vec::new());
    if !dir.is_dir() {
        return Ok((0, 0, problems));
    }
    for entry in std::fs::read_dir(&dir).map_err(|error| Error::io("list", &dir, error))? {
        let path = entry.map_err(|error| Error::io("list", &dir, error))?.path();
        if path.extension().is_none_or(|extension| extension != "parquet") {
            continue;
        }
        n_files += 1;
        match RunFile::open(&path).and_then(|run| run.verify().map(|()| run)).and_then(|run| count(&run)) {
            Ok(n) => n_rows += n,
            Err(error) => problems.push(error.to_string()),
        }
    }
    Ok((n_files, n_rows, problems))
}

fn count(run: &RunFile) -> Result<u64, Error> {
    let mut entries = run.entries()?;
    let mut n_rows = 0;
    while entries.next()?.is_some() {
        n_rows += 1;
    }
    Ok(n_rows)
}

/// Prevalence at one moment: every event that was acknowledged before is in it.
#[derive(Clone, Debug)]
pub struct PrevalenceSnapshot {
    runs: Vec<Arc<RunFile>>,
    problems: Vec<String>,
    fresh: Vec<Arc<MemoryBatch>>,
    /// Entries of the fresh rows by kind, once somebody has asked for one of that kind.
    collected: Arc<[OnceLock<Arc<Vec<Entry>>>; KINDS.len()]>,
}

impl PrevalenceSnapshot {
    /// Why counts may be too low; empty when they are not.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The sightings of keys of one kind, in the order of the keys; of one tenant's events only when one is named. Keys
    /// need not be in their normal form; `None` for what was never seen and for what is no key of the kind.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn look_up(&self, kind: Kind, keys: &[&str], tenant: Option<&str>) -> Result<Vec<Option<Sighting>>, Error> {
        let normal: Vec<Option<String>> = keys.iter().map(|key| kind.key(key)).collect();
        let mut wanted: Vec<String> = normal.iter().flatten().cloned().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut found: BTreeMap<String, Sighting> = BTreeMap::new();
        let mut take = |entry: Entry| {
            if tenant.is_some_and(|tenant| tenant != entry.tenant) {
                return;
            }
            match found.get_mut(&entry.key) {
                Some(sighting) => sighting.merge(entry.sighting),
                None => drop(found.insert(entry.key, entry.sighting)),
            }
        };
        for run in &self.runs {
            let mut entries = run.find(kind, &wanted)?;
            while let Some(entry) = entries.next()? {
                take(entry);
            }
        }
        let fresh = self.fresh_entries(kind)?;
        for key in &wanted {
            let from = fresh.partition_point(|entry| entry.key < *key);
            for entry in fresh[from..].iter().take_while(|entry| entry.key == *key) {
                take(entry.clone());
            }
        }
        Ok(normal.into_iter().map(|key| key.and_then(|key| found.get(&key).cloned())).collect())
    }

    fn fresh_entries(&self, kind: Kind) -> Result<Arc<Vec<Entry>>, Error> {
        let cell = &self.collected[kind as usize];
        if let Some(entries) = cell.get() {
            return Ok(Arc::clone(entries));
        }
        let entries = Arc::new(collect::collect_all(self.fresh.iter().map(|batch| batch.batch()), kind)?);
        Ok(Arc::clone(cell.get_or_init(|| entries)))
    }
}

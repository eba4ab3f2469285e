//! What keeps the table in shape: retention, compaction, checkpoints, vacuum, and prevalence of older events. Each can be asked for; `Store::maintain`
//! does them all in the background.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::compact::{Compacted, Eagerness};
use crate::files::FileMeta;
use crate::limits::{CHECKPOINT_COMMITS, MAINTENANCE_EVERY, MAINTENANCE_NICE, VACUUM_GRACE};
use crate::step::step;
use crate::store::{Shared, now_ns};
use crate::{Error, Store};

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Files whose newest row was received longer ago than this go.
    pub age: Option<Duration>,
    /// The files that were received first go when all together have more bytes than this.
    pub bytes_max: Option<u64>,
}

/// What vacuum did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Files deleted.
    pub n_files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that must stay for now: a query reads them, or the grace time is not over.
    pub n_kept: usize,
}

impl Shared {
    /// Takes the files out of the table that `expired` chooses; vacuum deletes them.
    fn expire(&self, expired: impl FnOnce(Vec<&FileMeta>) -> Vec<FileMeta>) -> Result<usize, Error> {
        let mut table = self.table.write().expect("no panic under the lock");
        let files = expired(table.files().collect());
        if !files.is_empty() {
            table.remove(&files, now_ns() / 1_000_000)?;
        }
        Ok(files.len())
    }

    /// Files whose newest row was received before the given instant.
    pub(crate) fn retain_after(&self, before_us: i64) -> Result<usize, Error> {
        self.expire(|files| files.into_iter().filter(|file| file.ingested_max_us < before_us).cloned().collect())
    }

    /// The files received first, until all together have at most `bytes_max` bytes.
    pub(crate) fn retain_bytes(&self, bytes_max: u64) -> Result<usize, Error> {
        self.expire(|files| oldest_beyond(files, bytes_max))
    }

    pub(crate) fn retain(&self, retention: Retention) -> Result<usize, Error> {
        let mut n_files = 0;
        if let Some(age) = retention.age {
            let age_us = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
            n_files += self.retain_after((now_ns() / 1_000).saturating_sub(age_us))?;
        }
        if let Some(bytes_max) = retention.bytes_max {
            n_files += self.retain_bytes(bytes_max)?;
        }
        Ok(n_files)
    }

    /// Deletes files that are no longer in the table, when no snapshot reads them and the grace time is over.
    pub(crate) fn vacuum(&self, grace: Duration) -> Result<Vacuumed, Error> {
        let now_ms = now_ns() / 1_000_000;
        let grace_ms = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
        let table = self.table.read().expect("no panic under the lock");
        // Snapshots pin their version under the table's lock, so none can come to an older one after this.
        let oldest = self.pins.oldest().unwrap_or(u64::MAX);
        let dead: Vec<_> = table.tombstones().map(|(path, tombstone)| (path.clone(), tombstone.clone())).collect();
        drop(table);
        let mut vacuumed = Vacuumed::default();
        for (path, tombstone) in dead {
            if tombstone.version >= oldest || now_ms.saturating_sub(tombstone.deleted_ms) < grace_ms {
                vacuumed.n_kept += 1;
                continue;
            }
            let full_path = self.dir.join("events").join(&path);
            match std::fs::remove_file(&full_path) {
                Ok(()) => {
                    vacuumed.n_files += 1;
                    vacuumed.bytes += tombstone.size_bytes;
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io("remove", full_path, error)),
            }
            step("old file removed");
            self.table.write().expect("no panic under the lock").set_gone(&path);
        }
        Ok(vacuumed)
    }

    /// Writes a checkpoint when there are enough commits since the last one; returns its version.
    pub(crate) fn checkpoint(&self, n_commits_min: u64) -> Result<Option<u64>, Error> {
        let _one_at_a_time = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = self.table.write().expect("no panic under the lock");
        if table.commits_since_checkpoint() < n_commits_min.max(1) {
            return Ok(None);
        }
        table.forget_tombstones(now_ns() / 1_000_000);
        let state = table.clone();
        drop(table);
        let version = state.write_checkpoint()?;
        self.table.write().expect("no panic under the lock").set_checkpoint(version);
        Ok(Some(version))
    }

    fn round(&self, retention: Retention) {
        let report = |what: &'static str, error: Error| tracing::error!(what, %error, "store maintenance failed");
        match self.retain(retention) {
            Ok(0) => {}
            Ok(n_files) => tracing::info!(n_files, "expired files left the table"),
            Err(error) => report("retention", error),
        }
        if let Err(error) = self.complete_prevalence() {
            report("prevalence of older events", error);
        }
        if let Err(error) = self.merge_prevalence(Eagerness::WhenWorthwhile) {
            report("merging prevalence", error);
        }
        let mut compacted = Compacted::default();
        while !self.stopping.load(Ordering::Relaxed) {
            match self.compact_once(Eagerness::WhenWorthwhile) {
                Ok(Some(merge)) => compacted.add(merge),
                Ok(None) => break,
                Err(error) => {
                    report("compaction", error);
                    break;
                }
            }
        }
        if compacted.n_merges > 0 {
            tracing::debug!(compacted.n_merges, compacted.n_files, compacted.n_rows, "column files merged");
        }
        if let Err(error) = self.checkpoint(CHECKPOINT_COMMITS) {
            report("checkpoint", error);
        }
        if let Err(error) = self.vacuum(VACUUM_GRACE) {
            report("vacuum", error);
        }
    }

    /// Rounds until the store closes.
    fn run_maintenance(&self, retention: Retention) {
        // Best effort: without it the thread is only as important as the others.
        if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), MAINTENANCE_NICE) {
            tracing::debug!(%error, "maintenance runs at normal priority");
        }
        loop {
            self.round(retention);
            let guard = self.stop_signal.0.lock().expect("no panic under the lock");
            let stopping = |_: &mut ()| !self.stopping.load(Ordering::Relaxed);
            drop(self.stop_signal.1.wait_timeout_while(guard, MAINTENANCE_EVERY, stopping));
            if self.stopping.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

/// The files that were received first, as many as it takes for the rest to have at most `bytes_max` bytes.
fn oldest_beyond(mut files: Vec<&FileMeta>, bytes_max: u64) -> Vec<FileMeta> {
    files.sort_by_key(|file| (file.ingested_max_us, &file.path));
    let mut bytes: u64 = files.iter().map(|file| file.size_bytes).sum();
    let mut oldest = Vec::new();
    for file in files {
        if bytes <= bytes_max {
            break;
        }
        bytes -= file.size_bytes;
        oldest.push(file.clone());
    }
    oldest
}

impl Store {
    /// Starts the background thread that does what this module is for, until the store closes.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn maintain(&self, retention: Retention) -> Result<(), Error> {
        *self.shared.retention.lock().unwrap_or_else(PoisonError::into_inner) = Some(retention);
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new()
            .name("maintain".to_owned())
            .spawn(move || shared.run_maintenance(retention))
            .map_err(|error| Error::io("start thread for", &self.shared.dir, error))?;
        self.threads.lock().expect("no panic under the lock").push(thread);
        Ok(())
    }

    /// Takes files out of the table that the retention does not keep; returns how many. Vacuum deletes them.
    ///
    /// # Errors
    /// When the table's log can't be written.
    pub fn retain(&self, retention: Retention) -> Result<usize, Error> {
        self.shared.retain(retention)
    }

    /// Takes files out of the table whose newest row was received before an instant (microseconds since 1970).
    ///
    /// # Errors
    /// When the table's log can't be written.
    pub fn retain_after(&self, before_us: i64) -> Result<usize, Error> {
        self.shared.retain_after(before_us)
    }

    /// Merges small files, of events and of prevalence, until there is nothing left to merge; `progress` is called after each merge with all so far.
    ///
    /// # Errors
    /// When files can't be read or written; what was merged before stays merged.
    pub fn compact(&self, eagerness: Eagerness, mut progress: impl FnMut(Compacted)) -> Result<Compacted, Error> {
        let mut compacted = Compacted::default();
        while let Some(merge) = self.shared.compact_once(eagerness)? {
            compacted.add(merge);
            progress(compacted);
        }
        self.shared.complete_prevalence()?;
        self.shared.merge_prevalence(eagerness)?;
        Ok(compacted)
    }

    /// Deletes files that left the table at least `grace` ago and that no snapshot reads.
    ///
    /// # Errors
    /// When a file can't be deleted.
    pub fn vacuum(&self, grace: Duration) -> Result<Vacuumed, Error> {
        self.shared.vacuum(grace)
    }

    /// Writes a checkpoint of the table's log, unless nothing was committed since the last one; returns its version.
    ///
    /// # Errors
    /// When it can't be written or read back.
    pub fn checkpoint(&self) -> Result<Option<u64>, Error> {
        self.shared.checkpoint(1)
    }
}

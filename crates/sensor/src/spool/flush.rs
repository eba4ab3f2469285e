//! The flusher thread: makes writes durable in groups, saves acknowledgements, removes files.
//!
//! An idle spool is flushed at once, so a single event travels on within a millisecond or two; under load writes are
//! grouped, so the disk sees ten flushes a second and not one for each append.

use std::path::PathBuf;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use super::core::{Core, State};
use super::disk::DiskFile;
use super::error::{Error, is_disk_full};
use super::marks::AckedMark;

/// Time between two flushes under load: what one event waits at most, before the flush itself.
const FLUSH_INTERVAL: Duration = Duration::from_millis(100);

/// Bytes that are flushed without waiting for the interval.
const FLUSH_BYTES: u64 = 256 << 10;

/// How often acknowledgements are saved when no file can be removed by it, and how often a full disk is tried again.
/// An acknowledgement that a crash loses costs nothing but sending again.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// One round of work, taken from the state.
#[derive(Debug, Default)]
struct Job {
    files: Vec<Arc<DiskFile>>,
    sync_dir: bool,
    written: u64,
    acked: Option<u64>,
}

/// The thread's own state.
#[derive(Debug)]
pub(super) struct Flusher {
    core: Arc<Core>,
    acked_mark: AckedMark,
    flushed_at: Option<Instant>,
    saved_at: Option<Instant>,
    /// The last try to save found no space.
    save_failed: bool,
}

impl Flusher {
    pub(super) fn new(core: Arc<Core>, acked_mark: AckedMark) -> Self {
        Self { core, acked_mark, flushed_at: None, saved_at: None, save_failed: false }
    }

    /// Works until the spool is closed or fails.
    pub(super) fn run(mut self) {
        while let Some(job) = self.next_job() {
            if let Err(error) = self.do_job(&job) {
                let mut state = self.core.lock();
                state.poison(error.to_string());
                drop(state);
                self.core.changed.notify_all();
                return;
            }
        }
    }

    fn next_job(&self) -> Option<Job> {
        let core = Arc::clone(&self.core);
        let mut state = core.lock();
        loop {
            if state.poisoned.is_some() {
                return None;
            }
            self.retry_pending(&mut state);
            let wait = self.time_to_work(&state);
            if wait.is_zero() {
                return Some(self.take_job(&mut state));
            }
            if state.stopping {
                return None;
            }
            state = core.work.wait_timeout(state, wait).expect("nothing panics while it holds the spool's state").0;
        }
    }

    /// Losses that found no space are tried again here, so that they are told even when nothing new happens.
    fn retry_pending(&self, state: &mut MutexGuard<'_, State>) {
        if state.pending.is_empty() || !is_due(self.saved_at, SAVE_INTERVAL) {
            return;
        }
        match self.core.settle(state) {
            // A poisoned spool is seen by the caller's next look.
            Ok(()) | Err(_) => {}
        }
    }

    /// Zero when there is work now.
    fn time_to_work(&self, state: &State) -> Duration {
        let is_dirty = !state.dirty.is_empty() || state.dir_dirty;
        let is_unsaved = state.acked > state.acked_saved;
        let can_save = is_unsaved && !self.save_failed;
        let at_once = state.stopping || state.flush_wanted;
        if (at_once && (is_dirty || can_save)) || (is_dirty && state.dirty_bytes >= FLUSH_BYTES) {
            return Duration::ZERO;
        }
        if self.has_removable(state) {
            return Duration::ZERO;
        }
        let flush = if is_dirty { time_left(self.flushed_at, FLUSH_INTERVAL) } else { SAVE_INTERVAL };
        let save = if is_unsaved { time_left(self.saved_at, SAVE_INTERVAL) } else { SAVE_INTERVAL };
        flush.min(save)
    }

    /// There is a file that could go right now, or once the acknowledgement is saved.
    fn has_removable(&self, state: &State) -> bool {
        (first_is_done(state, state.acked) && !self.save_failed)
            || state.evicted.iter().any(|(_, after)| *after <= state.durable)
    }

    fn take_job(&self, state: &mut State) -> Job {
        let save =
            state.stopping || state.flush_wanted || self.has_removable(state) || is_due(self.saved_at, SAVE_INTERVAL);
        state.flush_wanted = false;
        state.dirty_bytes = 0;
        Job {
            files: std::mem::take(&mut state.dirty),
            sync_dir: std::mem::take(&mut state.dir_dirty),
            written: state.written(),
            acked: (save && state.acked > state.acked_saved).then_some(state.acked),
        }
    }

    fn do_job(&mut self, job: &Job) -> Result<(), Error> {
        self.flush(job)?;
        if let Some(acked) = job.acked {
            self.save(acked)?;
        }
        let removable = self.take_removable();
        for path in &removable {
            self.core.disk.remove(path).map_err(|error| Error::io("remove", path, error))?;
        }
        if !removable.is_empty() {
            let dir = &self.core.dir;
            self.core.disk.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))?;
        }
        Ok(())
    }

    fn flush(&mut self, job: &Job) -> Result<(), Error> {
        if !job.files.is_empty() || job.sync_dir {
            self.flushed_at = Some(Instant::now());
        }
        for file in &job.files {
            self.core.disk.sync(file).map_err(|error| Error::io("sync", &file.path, error))?;
        }
        // A new file is durable only when its name is.
        if job.sync_dir {
            let dir = &self.core.dir;
            self.core.disk.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))?;
        }
        self.core.lock().durable = job.written;
        self.core.changed.notify_all();
        Ok(())
    }

    fn save(&mut self, acked: u64) -> Result<(), Error> {
        self.saved_at = Some(Instant::now());
        self.save_failed = false;
        match self.acked_mark.save(&self.core.disk, acked) {
            Ok(()) => {
                self.core.lock().acked_saved = acked;
                self.core.changed.notify_all();
                Ok(())
            }
            // Possible on copy-on-write file systems only. The acknowledgement stays in memory and is tried again.
            Err(error) if is_disk_full(&error) => {
                self.save_failed = true;
                Ok(())
            }
            Err(error) => Err(Error::io("write marks in", &self.core.dir, error)),
        }
    }

    /// Files whose records are acknowledged or declared lost, and that is durable.
    fn take_removable(&self) -> Vec<PathBuf> {
        let mut guard = self.core.lock();
        let state = &mut *guard;
        let mut paths = Vec::new();
        let durable = state.durable;
        state.evicted.retain(|(path, after)| {
            let keep = *after > durable;
            if !keep {
                paths.push(path.clone());
            }
            keep
        });
        while first_is_done(state, state.acked_saved) {
            if let Some(segment) = state.segments.pop_front() {
                state.bytes -= segment.bytes;
                paths.push(segment.path);
            }
        }
        paths
    }
}

/// The oldest segment is not being written and all its records are acknowledged.
fn first_is_done(state: &State, acked: u64) -> bool {
    let is_active = state.active.is_some() && state.segments.len() == 1;
    state.segments.front().is_some_and(|segment| segment.seqs.to <= acked && !is_active)
}

fn time_left(since: Option<Instant>, interval: Duration) -> Duration {
    since.map_or(Duration::ZERO, |since| interval.saturating_sub(since.elapsed()))
}

fn is_due(since: Option<Instant>, interval: Duration) -> bool {
    time_left(since, interval).is_zero()
}

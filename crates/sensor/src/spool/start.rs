//! The start: lock, recover, and a spool in memory that says the same as the files.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use super::Stats;
use super::core::{Core, State};
use super::disk::{self, Disk};
use super::error::Error;
use super::loss::{self, DISK_FULL, Loss};
use super::marks::{self, AckedMark, LooseMarks, Saved, Unstored};
use super::recover::{self, Recovered};

/// How long a sensor that starts waits for the one before it to end.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// What a spool is opened with.
pub(super) struct Opening {
    pub(super) dir: PathBuf,
    pub(super) bytes_max: u64,
    pub(super) segment_bytes: u64,
    pub(super) device_name: String,
    pub(super) disk: Disk,
}

impl Opening {
    /// Recovers what is on disk. The caller holds the lock.
    pub(super) fn open(self) -> Result<(Core, AckedMark), Error> {
        let recovered = recover::recover(&self.dir, new_epoch())?;
        let saved = recovered.saved;
        if recovered.marks_lost {
            tracing::info!(epoch = format!("{:016x}", saved.epoch), "created spool marks");
            marks::create(&self.disk, &self.dir, saved)?;
        }
        let (acked_mark, loose_marks) = marks::open(&self.disk, &self.dir, saved.epoch)?;
        sync_segments(&self.disk, &recovered)?;
        let mut losses = recovered.losses.clone();
        losses.extend(saved.unstored.and_then(|unstored| untold(unstored, recovered.next_seq)));
        let core = Core {
            dir: self.dir,
            epoch: saved.epoch,
            bytes_max: self.bytes_max,
            segment_bytes: self.segment_bytes,
            device_name: self.device_name,
            disk: self.disk,
            state: Mutex::new(initial_state(recovered, loose_marks)),
            changed: Condvar::new(),
            work: Condvar::new(),
        };
        report_losses(&core, losses)?;
        Ok((core, acked_mark))
    }
}

/// Times that a file may vanish between the list and the read, because the sensor removes what is acknowledged.
const PEEKS_MAX: u32 = 5;

/// Reads only, and takes no lock.
pub(super) fn peek(dir: &Path) -> Result<Option<Stats>, Error> {
    if !dir.exists() {
        return Ok(None);
    }
    let mut n_peeks = 0;
    let recovered = loop {
        n_peeks += 1;
        match recover::recover(dir, 0) {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound && n_peeks < PEEKS_MAX => {}
            result => break result?,
        }
    };
    let last = recovered.next_seq - 1;
    let acked = recovered.saved.acked;
    Ok((recovered.saved.epoch > 0).then(|| Stats {
        epoch: recovered.saved.epoch,
        written_seq: last,
        durable_seq: last,
        acked_seq: acked,
        bytes: recovered.segments.iter().map(|segment| segment.bytes).sum(),
        n_segments: recovered.segments.len(),
        n_waiting: last.saturating_sub(acked),
        n_pending_losses: usize::from(recovered.saved.unstored.is_some_and(|unstored| unstored.seq > last)),
    }))
}

/// Creates the directory and keeps other processes out of it.
pub(super) fn take_lock(disk: &Disk, dir: &Path) -> Result<File, Error> {
    disk.create_dir(dir).map_err(|error| Error::io("create", dir, error))?;
    let path = dir.join("lock");
    let lock = disk::lock_file(&path).map_err(|error| Error::io("open", &path, error))?;
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(LOCK_WAIT / 20);
            }
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: dir.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path, error)),
        }
    }
}

/// What a full disk had cost when the sensor ended, unless the row about it was stored.
fn untold(unstored: Unstored, next_seq: u64) -> Option<Loss> {
    let loss = Loss { count: unstored.count, window: unstored.window, ..Loss::new(DISK_FULL, "events") };
    (unstored.seq >= next_seq).then_some(loss)
}

/// What a crashed sensor wrote is readable now, but only an fsync makes it stay so.
fn sync_segments(disk: &Disk, recovered: &Recovered) -> Result<(), Error> {
    for segment in &recovered.segments {
        let path = &segment.path;
        let file = disk.open(path).map_err(|error| Error::io("open", path, error))?;
        disk.sync(&file).map_err(|error| Error::io("sync", path, error))?;
    }
    Ok(())
}

fn initial_state(recovered: Recovered, loose_marks: LooseMarks) -> State {
    let Saved { acked, sent, .. } = recovered.saved;
    let last = recovered.next_seq - 1;
    let explained = recovered.explained;
    let mut useless = recovered.useless;
    let mut segments = VecDeque::new();
    for segment in recovered.segments {
        // An eviction that a crash stopped between the gap row and the removal.
        let from = segment.seqs.from.max(acked + 1);
        let is_evicted = from <= segment.seqs.to && explained.first_outside(from) > segment.seqs.to;
        if is_evicted { useless.push(segment.path) } else { segments.push_back(segment) }
    }
    State {
        bytes: segments.iter().map(|segment| segment.bytes).sum(),
        segments,
        active: None,
        next_seq: recovered.next_seq,
        durable: last,
        sent,
        acked,
        acked_saved: acked,
        loose_marks,
        dirty: Vec::new(),
        dirty_bytes: 0,
        dir_dirty: false,
        explained,
        pending: Vec::new(),
        evicted: useless.into_iter().map(|path| (path, last)).collect(),
        cursor: None,
        flush_wanted: false,
        stopping: false,
        poisoned: None,
    }
}

/// The rows about what recovery missed come first; files of no use are removed once these are durable.
fn report_losses(core: &Core, losses: Vec<Loss>) -> Result<(), Error> {
    let mut guard = core.lock();
    let state = &mut *guard;
    for loss in losses {
        tracing::error!(count = loss.count, range = ?loss.range, kind = loss.kind, "spooled events are lost");
        core.report(state, loss)?;
    }
    let after = state.written();
    for (_, durable_first) in &mut state.evicted {
        *durable_first = after;
    }
    Ok(())
}

/// Time in the upper half, so that epochs of one device rise; chance in the lower, so that clones differ.
fn new_epoch() -> u64 {
    let seconds = u64::try_from(loss::now_ns() / 1_000_000_000).unwrap_or_default();
    (seconds << 32) | u64::from(rand::random::<u32>())
}

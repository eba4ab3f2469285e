//! The disk queue between the sources and the uploader: what is in it survives crashes and power loss until the server
//! has it, and what it must give up is counted. Sync and without network; the uploader is its only reader.
//!
//! A spool is one stream: an epoch, made once, and dense sequence numbers from 1 that a row gets when it enters. It
//! lives in one directory: segment files (`segment.rs`, `record.rs`), `marks` (`marks.rs`) and `lock`.
//!
//! Invariants, each with a test:
//! - only records that survived an fsync are handed out;
//! - a record leaves when it is acknowledged, evicted or damaged, and the last two are `EventsLost` rows in the same
//!   stream, with the missing sequence numbers, exactly once even over crashes;
//! - a file is removed only after what allows it is durable: the acknowledgement, or the gap row;
//! - the files are within the limit plus one segment;
//! - a failed fsync is never tried again: the spool refuses everything from then on.

mod core;
mod disk;
mod error;
mod evict;
mod flush;
mod loss;
mod marks;
mod ranges;
mod read;
mod record;
mod recover;
mod segment;
mod start;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use schema::Row;

use self::core::Core;
use self::disk::Disk;
pub use self::error::Error;
use self::flush::Flusher;
use self::loss::{DECODE_ERROR, Loss, Prepared, Window};
use self::read::BatchLimits;

/// A segment is an eighth of the spool, within these bounds: large enough that eviction is rare, small enough that
/// acknowledged data is removed soon and one eviction costs little.
const SEGMENT_BYTES_MIN: u64 = 64 << 10;
const SEGMENT_BYTES_MAX: u64 = 4 << 20;

/// The limits of a spool.
#[derive(Debug, Clone, Copy)]
pub struct SpoolLimits {
    /// Bytes of all segments; beyond this the oldest is given up. One segment more may exist for a moment.
    pub bytes_max: u64,
}

impl Default for SpoolLimits {
    /// 1 GiB: more than a day at 50 events a second.
    fn default() -> Self {
        SpoolLimits { bytes_max: 1 << 30 }
    }
}

/// The numbers that rows got. Empty when `last_seq < first_seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Number of the first row.
    pub first_seq: u64,
    /// Number of the last row.
    pub last_seq: u64,
}

/// Durable records with dense numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolBatch {
    /// The stream.
    pub epoch: u64,
    /// Number of the first record.
    pub first_seq: u64,
    /// Row bytes, never empty.
    pub records: Vec<Vec<u8>>,
}

impl SpoolBatch {
    /// Number of the last record.
    pub fn last_seq(&self) -> u64 {
        self.first_seq + self.records.len() as u64 - 1
    }
}

/// How the spool is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// The stream.
    pub epoch: u64,
    /// Last number given out.
    pub written_seq: u64,
    /// Last number that survives power loss.
    pub durable_seq: u64,
    /// Last number the server has.
    pub acked_seq: u64,
    /// Bytes of all segments.
    pub bytes: u64,
    /// Number of segments.
    pub n_segments: usize,
    /// Records the server does not have yet.
    pub n_waiting: u64,
    /// Losses that wait for disk space to be told.
    pub n_pending_losses: usize,
}

/// An open spool. All methods take `&self`; share it in an `Arc`.
#[derive(Debug)]
pub struct Spool {
    core: Arc<Core>,
    flusher: Mutex<Option<JoinHandle<()>>>,
    /// Held until the spool is dropped.
    _lock: File,
}

/// What only tests change.
#[derive(Debug, Default)]
struct Tuning {
    segment_bytes: Option<u64>,
    disk: Disk,
}

impl Spool {
    /// Opens or creates the spool in `dir`, recovers what is there and starts the flusher thread.
    pub fn open(dir: &Path, limits: SpoolLimits) -> Result<Self, Error> {
        Self::open_with(dir, limits, Tuning::default())
    }

    fn open_with(dir: &Path, limits: SpoolLimits, tuning: Tuning) -> Result<Self, Error> {
        let lock = start::take_lock(&tuning.disk, dir)?;
        let segment_bytes = (limits.bytes_max / 8).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
        let opening = start::Opening {
            dir: dir.to_owned(),
            bytes_max: limits.bytes_max,
            segment_bytes: tuning.segment_bytes.unwrap_or(segment_bytes),
            device_name: device_name(),
            disk: tuning.disk,
        };
        let (core, acked_mark) = opening.open()?;
        let core = Arc::new(core);
        let flusher = Flusher::new(Arc::clone(&core), acked_mark);
        let thread = std::thread::Builder::new().name("spool-flush".to_owned()).spawn(move || flusher.run());
        let thread = thread.map_err(|error| Error::io("start the flusher of", dir, error))?;
        Ok(Spool { core, flusher: Mutex::new(Some(thread)), _lock: lock })
    }

    /// What the files in `dir` say, without opening the spool: also while a sensor runs, then up to a second old.
    /// `None` when there is no spool.
    pub fn peek(dir: &Path) -> Result<Option<Stats>, Error> {
        start::peek(dir)
    }

    /// Stores rows in order and numbers them. They are handed out once they are durable, within about 100 ms.
    ///
    /// `Error::DiskFull`: the rows are counted and will be reported, carry on. Any other error: stop.
    pub fn append(&self, rows: &[Row]) -> Result<Appended, Error> {
        let prepared: Vec<_> = rows.iter().map(|row| fitting(Prepared::new(row), &self.core.device_name)).collect();
        self.core.append(&prepared)
    }

    /// The stream that all records of this spool belong to.
    pub fn epoch(&self) -> u64 {
        self.core.epoch
    }

    /// The durable records after `after`, at least one if there is any, up to a limit or the next missing number.
    pub fn next_batch(&self, after: u64, bytes_max: usize, rows_max: usize) -> Result<Option<SpoolBatch>, Error> {
        self.core.next_batch(after, BatchLimits { bytes_max, rows_max: rows_max.max(1) })
    }

    /// Waits until `next_batch(after, …)` has something; false when the time is over or the spool is closing.
    pub fn wait_for_data(&self, after: u64, timeout: Duration) -> bool {
        self.core.wait_for_data(after, timeout)
    }

    /// The server has everything up to `through`: it may be forgotten.
    pub fn ack(&self, through: u64) -> Result<(), Error> {
        self.core.ack(through)
    }

    /// Declares a record lost because the server refuses it for good; it is not handed out again.
    pub fn refuse(&self, seq: u64) -> Result<(), Error> {
        self.core.refuse(seq)
    }

    /// Waits until everything appended so far is durable; false when the time is over.
    pub fn flush(&self, timeout: Duration) -> Result<bool, Error> {
        let deadline = Instant::now() + timeout;
        let mut state = self.core.lock();
        let target = state.written();
        state.flush_wanted = true;
        self.core.work.notify_one();
        loop {
            state.usable()?;
            if state.durable >= target {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let waited = self.core.changed.wait_timeout(state, left);
            state = waited.expect("nothing panics while it holds the spool's state").0;
        }
    }

    /// How the spool is doing.
    pub fn stats(&self) -> Stats {
        self.core.stats()
    }
}

impl Drop for Spool {
    /// Makes everything durable, saves the acknowledgement and stops the flusher.
    fn drop(&mut self) {
        self.core.state.lock().unwrap_or_else(PoisonError::into_inner).stopping = true;
        self.core.work.notify_all();
        self.core.changed.notify_all();
        let thread = self.flusher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("spool flusher panicked");
        }
    }
}

/// A row over the record limit cannot be sent by anyone: its place is taken by a row that says so.
fn fitting(prepared: Prepared, device_name: &str) -> Prepared {
    if prepared.row.len() <= wire::RECORD_BYTES_MAX {
        return prepared;
    }
    let window = Window::at(prepared.time_ns);
    let loss = Loss { count: Some(1), window, ..Loss::new(DECODE_ERROR, "row over the size limit") };
    Prepared::from_loss(&loss, device_name)
}

fn device_name() -> String {
    nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default()
}

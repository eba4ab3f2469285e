//! The store as its users see it: open, append, snapshot, retain, close.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::columns::columns_of;
use crate::commit::{Committer, Job, Request};
use crate::compact::NotCompacted;
use crate::delta::Table;
use crate::files::{sort, write_sorted};
use crate::limits::{MEMORY_ROWS_MAX, QUEUE_APPENDS_MAX, WAL_RECORD_BYTES_MAX};
use crate::maintain::Retention;
use crate::marks::{Marks, StreamState};
use crate::memory::{MemoryBatch, MemoryTable, merge};
use crate::prevalence::Prevalence;
use crate::snapshot::{Pins, Snapshot};
use crate::usage::DeviceRows;
use crate::wal::{LoggedBatch, segment_numbers, segment_path, sync_dir};
use crate::{Error, recover};

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// The store directory, created when missing.
    pub dir: PathBuf,
}

/// A batch of rows of one stream of one device.
#[derive(Clone, Debug)]
pub struct Append {
    /// Device id, from the client certificate.
    pub device: String,
    /// Tenant of the device.
    pub tenant: String,
    /// Stream epoch, from the sensor's spool.
    pub epoch: u64,
    /// Sequence number of the first record, from 1; the others follow densely.
    pub first_seq: u64,
    /// When the server received it, nanoseconds since 1970.
    pub received_ns: i64,
    /// `schema::Row` bytes.
    pub records: Vec<Vec<u8>>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The batch's last sequence number; everything of the batch up to it is durable and queryable.
    pub through: u64,
    /// Rows that were not stored before.
    pub n_new: u64,
}

/// Figures about the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Column files.
    pub n_files: usize,
    /// Their bytes.
    pub file_bytes: u64,
    /// Their rows.
    pub n_file_rows: u64,
    /// Rows that are in the log and in memory only.
    pub n_fresh_rows: usize,
}

/// State that the commit thread and the readers share.
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) memory: RwLock<MemoryTable>,
    pub(crate) marks: RwLock<Marks>,
    pub(crate) table: RwLock<Table>,
    pub(crate) prevalence: Prevalence,
    pub(crate) pins: Arc<Pins>,
    /// Held by a merge, a checkpoint, an import: one of each at a time.
    pub(crate) compacting: Mutex<()>,
    pub(crate) checkpointing: Mutex<()>,
    pub(crate) importing: Mutex<()>,
    pub(crate) not_compacted: Mutex<NotCompacted>,
    pub(crate) device_rows: Mutex<DeviceRows>,
    /// What the background thread keeps, when there is one.
    pub(crate) retention: Mutex<Option<Retention>>,
    /// The store is being closed; threads that wait are woken by the signal.
    pub(crate) stopping: AtomicBool,
    pub(crate) stop_signal: (Mutex<()>, Condvar),
    generation: Mutex<u64>,
    changed: Condvar,
}

impl Shared {
    pub(crate) fn wake_followers(&self) {
        *self.generation.lock().expect("no panic under the lock") += 1;
        self.changed.notify_all();
    }

    /// Free bytes of the file system, `None` when it can't be asked.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(&self.dir).ok()?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Writes rows to files and commits them together with the segment they reach. After an error the rows stay in
    /// memory, and the next flush takes them again.
    pub(crate) fn flush_to(&self, flushed_segment: u64, batches: &[Arc<MemoryBatch>]) -> Result<(), Error> {
        let table_dir = self.dir.join("events");
        let flush_id = format!("{flushed_segment:012}");
        let mut files = Vec::new();
        if !batches.is_empty() {
            let started = Instant::now();
            let sorted = sort(&merge(batches)?)?;
            let sorted_after = started.elapsed();
            // Before the commit: what is in the table is in the prevalence too, and counting it twice changes nothing.
            self.prevalence.add(&sorted)?;
            let counted_after = started.elapsed();
            files = write_sorted(&table_dir, &sorted, &flush_id)?;
            let (sort_ms, total_ms) = (sorted_after.as_millis(), started.elapsed().as_millis());
            let prevalence_ms = (counted_after - sorted_after).as_millis();
            tracing::debug!(n_rows = sorted.num_rows(), sort_ms, prevalence_ms, total_ms, "flushed");
        }
        // Both locks together: a snapshot sees a row either in memory or in a file, never twice, never not at all.
        let mut memory = self.memory.write().expect("no panic under the lock");
        let mut table = self.table.write().expect("no panic under the lock");
        table.add(&files, flushed_segment, now_ns() / 1_000_000)?;
        memory.end_flush();
        drop(table);
        drop(memory);
        self.delete_segments(flushed_segment)
    }

    fn delete_segments(&self, through: u64) -> Result<(), Error> {
        let wal_dir = self.dir.join("wal");
        for number in segment_numbers(&wal_dir)? {
            if number <= through {
                let path = segment_path(&wal_dir, number);
                std::fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
            }
        }
        sync_dir(&wal_dir)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let memory = self.memory.read().expect("no panic under the lock");
        let table = self.table.read().expect("no panic under the lock");
        let fresh: Vec<Arc<MemoryBatch>> = memory.all().cloned().collect();
        Snapshot {
            table_dir: self.dir.join("events"),
            files: table.files().cloned().collect(),
            prevalence: self.prevalence.snapshot(&fresh),
            fresh,
            _pin: self.pins.pin(table.next_version()),
        }
    }
}

/// Nanoseconds since 1970 by this machine's clock.
pub(crate) fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// An open store. One process at a time.
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    jobs: SyncSender<Job>,
    /// The commit thread, and the maintenance thread when there is one.
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    _lock: File,
}

impl Store {
    /// Opens or creates a store and recovers what a crash left in the log.
    ///
    /// # Errors
    /// `Locked`, `NewerFormat`, `Corrupt` or an I/O error, each naming the file.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let lock = recover::prepare_dir(&options.dir)?;
        let mut table = Table::open(&options.dir.join("events"), now_ns() / 1_000_000)?;
        let recovered = recover::recover(&options.dir, &mut table)?;
        let prevalence = Prevalence::open(&options.dir, table.files().next().is_some())?;
        let shared = Arc::new(Shared {
            dir: options.dir.clone(),
            memory: RwLock::new(recovered.memory),
            marks: RwLock::new(recovered.marks),
            table: RwLock::new(table),
            prevalence,
            pins: Arc::default(),
            compacting: Mutex::default(),
            checkpointing: Mutex::default(),
            importing: Mutex::default(),
            not_compacted: Mutex::default(),
            device_rows: Mutex::default(),
            retention: Mutex::default(),
            stopping: AtomicBool::new(false),
            stop_signal: Default::default(),
            generation: Mutex::new(0),
            changed: Condvar::new(),
        });
        let (jobs, receiver) = sync_channel(QUEUE_APPENDS_MAX);
        let committer = Committer::new(Arc::clone(&shared), recovered.writer, recovered.replayed_bytes);
        let thread = std::thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || committer.run(&receiver))
            .map_err(|error| Error::io("start thread for", &options.dir, error))?;
        Ok(Self { shared, jobs, threads: Mutex::new(vec![thread]), _lock: lock })
    }

    /// Appends a batch. Decoding happens on the caller's thread; `done` is called from the commit thread once the
    /// rows are durable and visible, or refused. Numbers that are stored already are skipped.
    pub fn append(&self, append: Append, done: impl FnOnce(Result<Appended, Error>) + Send + 'static) {
        match self.prepare(append, Box::new(done)) {
            Ok(()) => {}
            Err((error, done)) => done(Err(error)),
        }
    }

    fn prepare(&self, append: Append, done: crate::commit::Done) -> Result<(), (Error, crate::commit::Done)> {
        if self.shared.memory.read().expect("no panic under the lock").n_rows() > MEMORY_ROWS_MAX {
            return Err((Error::Busy, done));
        }
        let n_records = append.records.len() as u64;
        let Some(last_seq) = append.first_seq.checked_add(n_records).map(|end| end - 1) else {
            return Err((Error::BadBatch("sequence number overflow".to_owned()), done));
        };
        if n_records == 0 || append.first_seq == 0 || last_seq > i64::MAX as u64 {
            return Err((Error::BadBatch("empty batch or sequence number out of range".to_owned()), done));
        }
        let logged = LoggedBatch {
            device: append.device,
            tenant: append.tenant,
            epoch: append.epoch,
            first_seq: append.first_seq,
            received_ns: append.received_ns,
            records: append.records,
        };
        let batch = match columns_of(&logged) {
            Ok(batch) => batch,
            Err(error) => return Err((error, done)),
        };
        let bytes = logged.to_bytes();
        if bytes.len() > WAL_RECORD_BYTES_MAX {
            return Err((Error::BadBatch("batch larger than a log record".to_owned()), done));
        }
        let request = Request {
            device: logged.device,
            epoch: logged.epoch,
            first_seq: logged.first_seq,
            last_seq,
            logged: bytes,
            batch,
            done,
        };
        self.jobs.try_send(Job::Append(Box::new(request))).map_err(|error| {
            let (TrySendError::Full(job) | TrySendError::Disconnected(job)) = error;
            let Job::Append(request) = job else { unreachable!("we sent an append") };
            (Error::Busy, request.done)
        })
    }

    /// Appends and waits; for tools and tests.
    ///
    /// # Errors
    /// As for `append`.
    pub fn append_wait(&self, append: Append) -> Result<Appended, Error> {
        let (sender, receiver) = sync_channel(1);
        self.append(append, move |result| drop(sender.send(result)));
        receiver.recv().unwrap_or_else(|_| Err(Error::Poisoned { reason: "commit thread is gone".to_owned() }))
    }

    /// Everything acknowledged before this call.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// What is stored of each stream of a device.
    pub fn streams(&self, device: &str) -> Vec<StreamState> {
        self.shared.marks.read().expect("no panic under the lock").streams(device)
    }

    /// Waits until something was appended since `generation`, at most `timeout`; returns the new generation.
    pub fn wait_for_change(&self, generation: u64, timeout: Duration) -> u64 {
        let guard = self.shared.generation.lock().expect("no panic under the lock");
        let result = self.shared.changed.wait_timeout_while(guard, timeout, |now| *now == generation);
        *result.expect("no panic under the lock").0
    }

    /// Writes all fresh rows to column files now.
    ///
    /// # Errors
    /// When a file can't be written; the rows stay in the log.
    pub fn flush(&self) -> Result<(), Error> {
        self.ask(Job::Flush)
    }

    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(Box<dyn FnOnce(Result<T, Error>) + Send>) -> Job,
    ) -> Result<T, Error> {
        let (sender, receiver) = sync_channel(1);
        let gone = || Error::Poisoned { reason: "commit thread is gone".to_owned() };
        self.jobs.send(job(Box::new(move |result| drop(sender.send(result))))).map_err(|_| gone())?;
        receiver.recv().unwrap_or_else(|_| Err(gone()))
    }

    /// Figures about files and fresh rows.
    pub fn stats(&self) -> Stats {
        let snapshot = self.snapshot();
        let mut stats = Stats { n_files: snapshot.files.len(), ..Stats::default() };
        for file in &snapshot.files {
            stats.file_bytes += file.size_bytes;
            stats.n_file_rows += file.n_rows;
        }
        stats.n_fresh_rows = snapshot.fresh.iter().map(|batch| batch.n_rows()).sum();
        stats
    }

    /// Rows per stored day, from the table's log and the fresh rows' bounds.
    pub fn rows_by_day(&self) -> BTreeMap<String, u64> {
        let mut days = BTreeMap::new();
        for file in self.snapshot().files {
            *days.entry(file.day).or_insert(0) += file.n_rows;
        }
        days
    }

    /// Flushes and stops all threads; appends after this are refused.
    pub fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().expect("no panic under the lock"));
        if threads.is_empty() {
            return;
        }
        self.shared.stopping.store(true, Ordering::Relaxed);
        drop(self.shared.stop_signal.0.lock());
        self.shared.stop_signal.1.notify_all();
        drop(self.jobs.send(Job::Stop));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked, rows stay in the log");
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

//! The commit thread: groups appends, makes them durable with one fsync, then visible, then acknowledged.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;

use crate::Error;
use crate::limits::{
    FLUSH_AGE, FLUSH_BYTES, FLUSH_ROWS, FREE_BYTES_MIN, GROUP_APPENDS_MAX, GROUP_BYTES_MAX, REPLAYED_BYTES_MAX,
};
use crate::marks::{Marks, Overlay};
use crate::store::{Appended, Shared};
use crate::wal::{Kind, Writer};

/// Called once, from the commit thread, when the append is durable or refused.
pub(crate) type Done = Box<dyn FnOnce(Result<Appended, Error>) + Send>;

/// An append on its way to the log, decoded by the caller's thread.
pub(crate) struct Request {
    pub(crate) device: String,
    pub(crate) epoch: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
    pub(crate) logged: Vec<u8>,
    pub(crate) batch: RecordBatch,
    pub(crate) done: Done,
}

/// What the commit thread is asked to do.
pub(crate) enum Job {
    Append(Box<Request>),
    /// Flush what is in memory; the answer comes when the files are in the table.
    Flush(Box<dyn FnOnce(Result<(), Error>) + Send>),
    Stop,
}

pub(crate) struct Committer {
    shared: Arc<Shared>,
    writer: Writer,
    poisoned: Option<String>,
    last_flush: Instant,
    /// Log bytes that the start replayed and that no flush has put into files yet.
    replayed_bytes: u64,
    /// Writes column files beside us, so that appends are acknowledged meanwhile.
    flusher: Option<JoinHandle<Result<(), Error>>>,
}

impl Committer {
    pub(crate) fn new(shared: Arc<Shared>, writer: Writer, replayed_bytes: u64) -> Self {
        Self { shared, writer, poisoned: None, last_flush: Instant::now(), replayed_bytes, flusher: None }
    }

    /// Runs until `Job::Stop` or until the last sender is gone; flushes at the end.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        self.flush_if_due();
        loop {
            let job = match jobs.recv_timeout(Duration::from_secs(1)) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut group = Vec::new();
            let mut next = job;
            let mut stop = false;
            while let Some(job) = next.take() {
                match job {
                    Job::Append(request) => group.push(*request),
                    Job::Flush(done) => done(self.flush_and_wait()),
                    Job::Stop => stop = true,
                }
                let bytes: usize = group.iter().map(|request| request.logged.len()).sum();
                if stop || group.len() >= GROUP_APPENDS_MAX || bytes >= GROUP_BYTES_MAX {
                    break;
                }
                next = jobs.try_recv().ok();
            }
            if !group.is_empty() {
                self.commit(group);
            }
            if stop {
                break;
            }
            self.flush_if_due();
        }
        if let Err(error) = self.flush_and_wait() {
            tracing::error!(%error, "flush at stop failed, rows stay in the log");
        }
    }

    fn flush_is_due(&self) -> bool {
        let n_rows = self.shared.memory.read().expect("no panic under the lock").n_rows_unflushed();
        n_rows >= FLUSH_ROWS
            || self.writer.len() >= FLUSH_BYTES
            || self.replayed_bytes >= REPLAYED_BYTES_MAX
            || (n_rows > 0 && self.last_flush.elapsed() >= FLUSH_AGE)
    }

    fn commit(&mut self, group: Vec<Request>) {
        let mut accepted = Vec::with_capacity(group.len());
        let mut answers = Vec::with_capacity(group.len());
        let shared = Arc::clone(&self.shared);
        // Only this thread writes the marks, so the lock keeps nobody waiting.
        let marks = shared.marks.read().expect("no panic under the lock");
        let mut overlay = Overlay::default();
        for request in group {
            match self.check(&request, &marks, &overlay) {
                Err(error) => (request.done)(Err(error)),
                Ok(parts) => {
                    let n_new = parts.iter().map(|(from, to)| to - from + 1).sum();
                    let appended = Appended { through: request.last_seq, n_new };
                    if n_new > 0 {
                        self.writer.push(Kind::Batch, &request.logged);
                        overlay.add(&marks, &request.device, request.epoch, (request.first_seq, request.last_seq));
                        for (from, to) in parts {
                            let offset = (from - request.first_seq) as usize;
                            accepted.push(request.batch.slice(offset, (to - from + 1) as usize));
                        }
                    }
                    answers.push((request.done, appended));
                }
            }
        }
        drop(marks);
        if self.writer.pending_bytes() > 0
            && let Err(error) = self.sync()
        {
            let text = error.to_string();
            let full = matches!(error, Error::DiskFull { .. });
            tracing::error!(%error, "log write failed, nothing of this group is acknowledged");
            for (done, _) in answers {
                let path = self.shared.dir.join("wal");
                done(Err(if full { Error::DiskFull { path } } else { Error::Poisoned { reason: text.clone() } }));
            }
            return;
        }
        self.publish(accepted, overlay);
        for (done, appended) in answers {
            done(Ok(appended));
        }
    }

    fn check(&self, request: &Request, marks: &Marks, overlay: &Overlay) -> Result<Vec<(u64, u64)>, Error> {
        if let Some(reason) = &self.poisoned {
            return Err(Error::Poisoned { reason: reason.clone() });
        }
        if self.shared.free_bytes().is_some_and(|free| free < FREE_BYTES_MIN) {
            return Err(Error::DiskFull { path: self.shared.dir.clone() });
        }
        overlay.missing(marks, &request.device, request.epoch, (request.first_seq, request.last_seq))
    }

    /// Makes the group durable. A full disk is undone and may be tried again; anything else poisons the log,
    /// because after a failed fsync the kernel may have thrown the pages away (Rebello et al., USENIX ATC 2020).
    fn sync(&mut self) -> Result<(), Error> {
        if cfg!(feature = "ack-before-write") {
            // Negative control of the kill test: pretends that the group is durable while it is still in memory.
            return if self.writer.pending_bytes() > (8 << 20) { self.writer.sync() } else { Ok(()) };
        }
        let Err(error) = self.writer.sync() else { return Ok(()) };
        if matches!(error, Error::DiskFull { .. }) && self.writer.roll_back().is_ok() {
            return Err(error);
        }
        self.poisoned = Some(error.to_string());
        Err(error)
    }

    fn publish(&self, accepted: Vec<RecordBatch>, overlay: Overlay) {
        let mut memory = self.shared.memory.write().expect("no panic under the lock");
        for batch in accepted {
            if let Err(error) = memory.push(batch) {
                // The rows are in the log and come back at the next start.
                tracing::error!(%error, "rows are durable but not visible until restart");
            }
        }
        drop(memory);
        self.shared.marks.write().expect("no panic under the lock").apply(overlay);
        self.shared.wake_followers();
    }

    fn flush_if_due(&mut self) {
        if self.flusher.as_ref().is_some_and(|flusher| !flusher.is_finished()) {
            return;
        }
        let result = self.join_flusher().and_then(|()| if self.flush_is_due() { self.start_flush() } else { Ok(()) });
        if let Err(error) = result {
            tracing::error!(%error, "flush failed, rows stay in the log and in memory");
        }
    }

    fn flush_and_wait(&mut self) -> Result<(), Error> {
        self.join_flusher()?;
        self.start_flush()?;
        self.join_flusher()
    }

    fn join_flusher(&mut self) -> Result<(), Error> {
        let Some(flusher) = self.flusher.take() else { return Ok(()) };
        flusher.join().unwrap_or_else(|_| Err(Error::Columns("flush thread panicked".to_owned())))
    }

    /// Starts a new segment; a thread writes everything older to files, commits them, and deletes the old segments.
    fn start_flush(&mut self) -> Result<(), Error> {
        self.last_flush = Instant::now();
        if self.poisoned.is_some() || self.shared.memory.read().expect("no panic under the lock").n_rows() == 0 {
            return Ok(());
        }
        let wal_dir = self.shared.dir.join("wal");
        let marks = self.shared.marks.read().expect("no panic under the lock").to_json();
        let flushed_segment = self.writer.number();
        self.writer = Writer::create(&wal_dir, flushed_segment + 1, self.writer.digest(), &marks)?;
        self.replayed_bytes = 0;
        let batches = self.shared.memory.write().expect("no panic under the lock").begin_flush();
        let shared = Arc::clone(&self.shared);
        let work = move || shared.flush_to(flushed_segment, &batches);
        let thread = std::thread::Builder::new().name("flush".to_owned()).spawn(work);
        self.flusher = Some(thread.map_err(|error| Error::io("start thread for", &wal_dir, error))?);
        Ok(())
    }
}

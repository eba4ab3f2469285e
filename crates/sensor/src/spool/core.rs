//! The spool's state and the way in: rows get their numbers here and are written to the newest segment.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::disk::{Disk, DiskFile};
use super::error::{Error, is_disk_full};
use super::loss::{DISK_FULL, Loss, Prepared, Window, now_ns};
use super::marks::{LooseMarks, Unstored};
use super::ranges::Ranges;
use super::record::{self, Record, SeqRange};
use super::segment::{self, HEADER_BYTES, Header, Segment};
use super::{Appended, Stats};

/// Losses that wait for space on the disk. Each is one row; beyond this they are added up, because memory is bounded.
const PENDING_LOSSES_MAX: usize = 256;

/// What all threads share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) dir: PathBuf,
    pub(super) epoch: u64,
    pub(super) bytes_max: u64,
    pub(super) segment_bytes: u64,
    pub(super) device_name: String,
    pub(super) disk: Disk,
    pub(super) state: Mutex<State>,
    /// Something became durable or acknowledged, or the spool failed.
    pub(super) changed: Condvar,
    /// The flusher has something to do.
    pub(super) work: Condvar,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) segments: VecDeque<Segment>,
    /// The file of the last segment, when it is open for writing.
    pub(super) active: Option<Arc<DiskFile>>,
    pub(super) next_seq: u64,
    pub(super) durable: u64,
    pub(super) sent: u64,
    pub(super) acked: u64,
    /// The part of `acked` that is on disk.
    pub(super) acked_saved: u64,
    pub(super) loose_marks: LooseMarks,
    pub(super) bytes: u64,
    /// Files with writes that are not durable yet, oldest first.
    pub(super) dirty: Vec<Arc<DiskFile>>,
    pub(super) dirty_bytes: u64,
    pub(super) dir_dirty: bool,
    pub(super) explained: Ranges,
    /// Losses that are not in the spool yet.
    pub(super) pending: Vec<Loss>,
    /// Evicted files, each with the number of the record that must be durable before it is removed.
    pub(super) evicted: Vec<(PathBuf, u64)>,
    pub(super) cursor: Option<Cursor>,
    pub(super) flush_wanted: bool,
    pub(super) stopping: bool,
    pub(super) poisoned: Option<String>,
}

/// Where the last batch ended, so that the next need not search from the start of its segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) segment_from: u64,
    pub(super) next_seq: u64,
    pub(super) at: u64,
}

impl State {
    pub(super) fn usable(&self) -> Result<(), Error> {
        match &self.poisoned {
            Some(reason) => Err(Error::Poisoned { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn poison(&mut self, reason: String) -> Error {
        let reason = self.poisoned.get_or_insert(reason).clone();
        Error::Poisoned { reason }
    }

    pub(super) fn written(&self) -> u64 {
        self.next_seq - 1
    }

    fn add_pending(&mut self, loss: Loss) {
        let is_same = |other: &&mut Loss| other.range.is_none() && loss.range.is_none() && other.reason == loss.reason;
        if let Some(same) = self.pending.iter_mut().find(is_same) {
            same.add(loss.count, loss.window);
        } else if loss.reason == DISK_FULL {
            // First, so that its number is known beforehand.
            self.pending.insert(0, loss);
        } else if self.pending.len() < PENDING_LOSSES_MAX {
            self.pending.push(loss);
        } else if let Some(last) = self.pending.last_mut() {
            last.add(loss.count, loss.window);
        }
    }
}

impl Core {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the spool's state")
    }

    pub(super) fn append(&self, rows: &[Prepared]) -> Result<Appended, Error> {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.usable()?;
        let mut n_stored = 0;
        let result = self.store(state, rows, &mut n_stored);
        if let Err(Error::DiskFull { .. }) = &result {
            let mut loss = Loss::new(DISK_FULL, "events");
            for row in &rows[n_stored..] {
                loss.add(row.worth, Window::at(row.time_ns));
            }
            state.add_pending(loss);
            self.save_unstored(state)?;
        }
        self.work.notify_one();
        if let Some(reason) = &state.poisoned {
            let reason = reason.clone();
            self.changed.notify_all();
            return Err(Error::Poisoned { reason });
        }
        result
    }

    /// Keeps what a full disk has cost over a restart.
    fn save_unstored(&self, state: &mut State) -> Result<(), Error> {
        let Some(loss) = state.pending.first().filter(|loss| loss.reason == DISK_FULL) else { return Ok(()) };
        let unstored = Unstored { seq: state.next_seq, count: loss.count, window: loss.window };
        match state.loose_marks.save_unstored(&self.disk, unstored) {
            Ok(()) => Ok(()),
            // On copy-on-write file systems: it stays in memory.
            Err(error) if is_disk_full(&error) => Ok(()),
            Err(error) => Err(state.poison(format!("write marks: {error}"))),
        }
    }

    fn store(&self, state: &mut State, rows: &[Prepared], n_stored: &mut usize) -> Result<Appended, Error> {
        self.settle(state)?;
        let first_seq = state.next_seq;
        while *n_stored < rows.len() {
            let chunk = self.chunk(&rows[*n_stored..]);
            self.write(state, chunk)?;
            *n_stored += chunk.len();
        }
        let appended = Appended { first_seq, last_seq: state.written() };
        self.evict(state)?;
        Ok(appended)
    }

    /// The first rows, as many as a segment takes, at least one.
    fn chunk<'a>(&self, rows: &'a [Prepared]) -> &'a [Prepared] {
        let mut n_bytes = HEADER_BYTES as u64;
        for (idx, row) in rows.iter().enumerate() {
            n_bytes += record::disk_bytes(row.kind, &row.row) as u64;
            if idx > 0 && n_bytes > self.segment_bytes {
                return &rows[..idx];
            }
        }
        rows
    }

    /// Notes a loss and stores it at once if the disk has space.
    pub(super) fn report(&self, state: &mut State, loss: Loss) -> Result<(), Error> {
        if let Some(range) = loss.range {
            state.explained.add(range);
        }
        state.add_pending(loss);
        match self.settle(state) {
            Ok(()) | Err(Error::DiskFull { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Stores the losses that wait for space.
    pub(super) fn settle(&self, state: &mut State) -> Result<(), Error> {
        while let Some(loss) = state.pending.first() {
            let prepared = Prepared::from_loss(loss, &self.device_name);
            self.write(state, &[prepared])?;
            state.pending.remove(0);
        }
        Ok(())
    }

    /// Writes rows that fit in one segment, all or none.
    pub(super) fn write(&self, state: &mut State, rows: &[Prepared]) -> Result<(), Error> {
        let mut bytes = Vec::new();
        for (row, seq) in rows.iter().zip(state.next_seq..) {
            record::write(&mut bytes, self.epoch, Record { seq, kind: row.kind, row: &row.row });
        }
        let file = self.active(state, bytes.len() as u64)?;
        let segment = state.segments.back_mut().expect("an active file has a segment");
        if let Err(error) = self.disk.write(&file, &bytes) {
            let len = segment.bytes;
            return Err(self.undo_write(state, &file, len, &error));
        }
        state.next_seq += rows.len() as u64;
        segment.seqs.to = state.next_seq - 1;
        segment.bytes += bytes.len() as u64;
        state.bytes += bytes.len() as u64;
        state.dirty_bytes += bytes.len() as u64;
        if !state.dirty.iter().any(|dirty| Arc::ptr_eq(dirty, &file)) {
            state.dirty.push(file);
        }
        Ok(())
    }

    /// After a full disk the part that was written is cut off again; after any other failure nothing is certain.
    fn undo_write(&self, state: &mut State, file: &DiskFile, len: u64, error: &std::io::Error) -> Error {
        if !is_disk_full(error) {
            return state.poison(format!("write {}: {error}", file.path.display()));
        }
        if let Err(error) = self.disk.cut(file, len) {
            return state.poison(format!("cut {}: {error}", file.path.display()));
        }
        Error::DiskFull { path: file.path.clone() }
    }

    /// The file to write `n_bytes` to: the open one, or a new segment when that is full.
    fn active(&self, state: &mut State, n_bytes: u64) -> Result<Arc<DiskFile>, Error> {
        if let (Some(file), Some(segment)) = (&state.active, state.segments.back()) {
            let is_empty = segment.seqs.to < segment.seqs.from;
            if is_empty || segment.bytes + n_bytes <= self.segment_bytes {
                return Ok(Arc::clone(file));
            }
        }
        let from = state.next_seq;
        let path = segment::path(&self.dir, from, now_ns());
        let file = match self.create(&path, from) {
            Ok(file) => Arc::new(file),
            Err(error) if is_disk_full(&error) => return Err(Error::DiskFull { path }),
            Err(error) => return Err(state.poison(format!("create {}: {error}", path.display()))),
        };
        let bytes = HEADER_BYTES as u64;
        state.segments.push_back(Segment { path, seqs: SeqRange { from, to: from - 1 }, bytes });
        state.bytes += bytes;
        state.dir_dirty = true;
        state.active = Some(Arc::clone(&file));
        Ok(file)
    }

    fn create(&self, path: &std::path::Path, first_seq: u64) -> std::io::Result<DiskFile> {
        let file = self.disk.create(path)?;
        let header = Header { epoch: self.epoch, first_seq };
        if let Err(error) = self.disk.write(&file, &header.to_bytes()) {
            // Else the next try would find its name taken.
            self.disk.remove(path)?;
            return Err(error);
        }
        Ok(file)
    }

    /// Forgets acknowledged records and lets the flusher remove their files.
    pub(super) fn ack(&self, through: u64) -> Result<(), Error> {
        let mut state = self.lock();
        state.usable()?;
        if through > state.sent {
            return Err(Error::AckBeyondSent { through, sent: state.sent });
        }
        if through > state.acked {
            state.acked = through;
            state.explained.drop_through(through);
            self.work.notify_one();
        }
        Ok(())
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            epoch: self.epoch,
            written_seq: state.written(),
            durable_seq: state.durable,
            acked_seq: state.acked,
            bytes: state.bytes,
            n_segments: state.segments.len(),
            n_waiting: state.written() - state.acked,
            n_pending_losses: state.pending.len(),
        }
    }
}

//! The way out: batches of durable records with dense numbers.

use std::time::{Duration, Instant};

use super::SpoolBatch;
use super::core::{Core, Cursor, State};
use super::disk::read_from;
use super::error::Error;
use super::loss::{DECODE_ERROR, Loss, SPOOL_CORRUPT};
use super::record::{Scan, SeqRange};
use super::segment::{HEADER_BYTES, Segment};

/// Linux's errno for a bad sector: reading it again will not help.
const EIO: i32 = 5;

/// Bytes that the length of a record takes in a batch, at most.
const LENGTH_BYTES: usize = 3;

/// How much one batch may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchLimits {
    pub(super) bytes_max: usize,
    pub(super) rows_max: usize,
}

enum Plan {
    Nothing,
    /// No file has these.
    Missing(SeqRange),
    Read {
        segment: Segment,
        seqs: SeqRange,
        at: u64,
    },
}

enum Found {
    Batch(SpoolBatch, Cursor),
    Missing(SeqRange),
    /// The file went away meanwhile.
    Gone,
}

impl Core {
    pub(super) fn next_batch(&self, after: u64, limits: BatchLimits) -> Result<Option<SpoolBatch>, Error> {
        loop {
            let plan = plan(&self.lock(), after)?;
            let missing = match plan {
                Plan::Nothing => return Ok(None),
                Plan::Missing(range) => range,
                Plan::Read { segment, seqs, at } => match self.read(&segment, seqs, at, limits)? {
                    Found::Batch(batch, cursor) => return self.hand_out(batch, cursor).map(Some),
                    Found::Missing(range) => range,
                    Found::Gone if self.lock().segments.iter().any(|other| other.path == segment.path) => seqs,
                    // Evicted or acknowledged: look again.
                    Found::Gone => continue,
                },
            };
            // Explained now, so the next round starts behind it.
            self.report_missing(missing, SPOOL_CORRUPT, "damaged records")?;
        }
    }

    /// Declares records lost that are not to be sent.
    pub(super) fn report_missing(&self, range: SeqRange, reason: &str, kind: &str) -> Result<(), Error> {
        let mut state = self.lock();
        state.usable()?;
        tracing::error!(from = range.from, to = range.to, reason, kind, "spooled events are lost");
        let loss = Loss { count: Some(range.count()), range: Some(range), ..Loss::new(reason, kind) };
        self.report(&mut state, loss)?;
        self.work.notify_one();
        Ok(())
    }

    /// Declares one record lost because the server refuses it for good.
    pub(super) fn refuse(&self, seq: u64) -> Result<(), Error> {
        self.report_missing(SeqRange { from: seq, to: seq }, DECODE_ERROR, "refused by the server")
    }

    fn hand_out(&self, batch: SpoolBatch, cursor: Cursor) -> Result<SpoolBatch, Error> {
        let mut state = self.lock();
        state.usable()?;
        state.cursor = Some(cursor);
        let last_seq = batch.last_seq();
        if last_seq > state.sent {
            state.sent = last_seq;
            if let Err(error) = state.loose_marks.save_sent(&self.disk, last_seq) {
                let reason = format!("write marks: {error}");
                return Err(state.poison(reason));
            }
        }
        Ok(batch)
    }

    fn read(&self, segment: &Segment, seqs: SeqRange, at: u64, limits: BatchLimits) -> Result<Found, Error> {
        let bytes = match read_from(&segment.path, at, segment.bytes) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Gone),
            Err(error) if error.raw_os_error() == Some(EIO) => return Ok(Found::Missing(seqs)),
            Err(error) => return Err(Error::io("read", &segment.path, error)),
        };
        let mut scan = Scan::new(&bytes, self.epoch, seqs);
        let mut records: Vec<Vec<u8>> = Vec::new();
        let mut n_bytes = 0;
        let mut end = 0;
        for expected in seqs.from..=seqs.to {
            if records.len() == limits.rows_max {
                break;
            }
            let Some(record) = scan.next() else { break };
            if record.seq != expected && records.is_empty() {
                return Ok(Found::Missing(SeqRange { from: expected, to: record.seq - 1 }));
            }
            n_bytes += record.row.len() + LENGTH_BYTES;
            if record.seq != expected || (n_bytes > limits.bytes_max && !records.is_empty()) {
                break;
            }
            records.push(record.row.to_vec());
            end = scan.at;
        }
        if records.is_empty() {
            return Ok(Found::Missing(seqs));
        }
        let next_seq = seqs.from + records.len() as u64;
        let cursor = Cursor { segment_from: segment.seqs.from, next_seq, at: at + end as u64 };
        Ok(Found::Batch(SpoolBatch { epoch: self.epoch, first_seq: seqs.from, records }, cursor))
    }

    /// Waits until there is a durable record after `after`; false when the time is over or the spool failed.
    pub(super) fn wait_for_data(&self, after: u64, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            match plan(&state, after) {
                Ok(Plan::Nothing) => {}
                Ok(Plan::Missing(_) | Plan::Read { .. }) => return true,
                Err(_) => return false,
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.stopping {
                return false;
            }
            state = self.changed.wait_timeout(state, left).expect("nothing panics while it holds the spool's state").0;
        }
    }
}

/// What to read next: never what is acknowledged, not durable, or already declared lost.
fn plan(state: &State, after: u64) -> Result<Plan, Error> {
    state.usable()?;
    let from = state.explained.first_outside(after.max(state.acked).saturating_add(1));
    if from > state.durable {
        return Ok(Plan::Nothing);
    }
    let to = state.explained.first_inside(from).map_or(state.durable, |inside| state.durable.min(inside - 1));
    let Some(segment) = state.segments.iter().find(|segment| segment.seqs.to >= from) else {
        return Ok(Plan::Missing(SeqRange { from, to }));
    };
    if segment.seqs.from > from {
        return Ok(Plan::Missing(SeqRange { from, to: to.min(segment.seqs.from - 1) }));
    }
    let seqs = SeqRange { from, to: to.min(segment.seqs.to) };
    let at = match state.cursor {
        Some(cursor) if cursor.segment_from == segment.seqs.from && cursor.next_seq == from => cursor.at,
        Some(_) | None => HEADER_BYTES as u64,
    };
    Ok(Plan::Read { segment: segment.clone(), seqs, at })
}

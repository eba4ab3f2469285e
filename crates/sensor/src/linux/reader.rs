//! Takes records out of the two rings and hands them on in the order in which they happened.

use std::cell::RefCell;
use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use libbpf_rs::{MapCore, RingBuffer, RingBufferBuilder};
use nix::poll::{PollFd, PollFlags, PollTimeout};

use super::decode;
use super::hooks::Hooks;

/// Activity records taken at once, so that a flood cannot keep the reader from looking at processes.
const ACTIVITY_BATCH: usize = 20_000;

/// Records one after the other, without an allocation for each.
#[derive(Default)]
struct Arena {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Arena {
    fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    fn get(&self, idx: usize) -> Option<&[u8]> {
        let end = *self.ends.get(idx)?;
        let start = if idx == 0 { 0 } else { self.ends[idx - 1] };
        Some(&self.bytes[start..end])
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// Reader of both rings. Not `Send`: it lives in the collector's thread.
pub struct Reader {
    process: RingBuffer<'static>,
    activity: RingBuffer<'static>,
    process_records: Rc<RefCell<Arena>>,
    activity_records: Rc<RefCell<Arena>>,
}

impl Reader {
    /// Maps the rings.
    pub fn new(hooks: &Hooks) -> anyhow::Result<Reader> {
        let (process, activity) = hooks.rings();
        let (process, process_records) = ring(process)?;
        let (activity, activity_records) = ring(activity)?;
        Ok(Reader { process, activity, process_records, activity_records })
    }

    /// Sleeps until a ring is filling up, at most `timeout`. The kernel side only wakes for a quarter of a megabyte;
    /// the timeout bounds the latency of everything below that.
    #[allow(unsafe_code)]
    pub fn wait(&self, timeout: Duration) {
        let fds = [self.process.epoll_fd(), self.activity.epoll_fd()];
        // SAFETY: both descriptors belong to `self` and stay open during this call.
        let mut fds = fds.map(|fd| PollFd::new(unsafe { BorrowedFd::borrow_raw(fd) }, PollFlags::POLLIN));
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::NONE);
        // An interrupted or failed wait only means that the rings are read a little early.
        let _ = nix::poll::poll(&mut fds, timeout);
    }

    /// Hands every waiting record to `each`, oldest first. Returns how many there were.
    ///
    /// Activity is taken first and processes after it, so whatever made an activity's process is in hand when the
    /// activity is handed on, though it came through the other ring.
    pub fn drain(&mut self, mut each: impl FnMut(&[u8])) -> usize {
        self.activity.consume_raw_n(ACTIVITY_BATCH);
        self.process.consume_raw();
        let mut processes = self.process_records.borrow_mut();
        let mut activities = self.activity_records.borrow_mut();
        let (mut process_idx, mut activity_idx) = (0, 0);
        loop {
            match (processes.get(process_idx), activities.get(activity_idx)) {
                (Some(process), Some(activity)) if decode::timestamp(process) > decode::timestamp(activity) => {
                    each(activity);
                    activity_idx += 1;
                }
                (Some(process), _) => {
                    each(process);
                    process_idx += 1;
                }
                (None, Some(activity)) => {
                    each(activity);
                    activity_idx += 1;
                }
                (None, None) => break,
            }
        }
        processes.clear();
        activities.clear();
        process_idx + activity_idx
    }
}

fn ring(map: &dyn MapCore) -> anyhow::Result<(RingBuffer<'static>, Rc<RefCell<Arena>>)> {
    let records = Rc::new(RefCell::new(Arena::default()));
    let sink = Rc::clone(&records);
    let mut builder = RingBufferBuilder::new();
    builder
        .add(map, move |record: &[u8]| {
            sink.borrow_mut().push(record);
            0
        })
        .context("add a ring")?;
    Ok((builder.build().context("map a ring")?, records))
}

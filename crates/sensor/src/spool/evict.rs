//! What happens when the spool is full: the oldest segment goes, and a row says exactly what went with it.
//!
//! The order is: store the gap row, make it durable, remove the file. After a crash between the last two the gap row
//! explains the segment, and the next start removes it.

use super::core::{Core, State};
use super::disk::read_from;
use super::error::Error;
use super::loss::{Loss, Prepared, SPOOL_EVICTED, Window, row_time};
use super::ranges::Ranges;
use super::record::{Kind, Scan, SeqRange};
use super::segment::{HEADER_BYTES, Segment};

/// `EventsLost` rows that one eviction carries over; more are added up by reason. Without a bound, a spool full of
/// loss rows could not shrink.
const CARRIED_MAX: usize = 16;

impl Core {
    /// Makes the spool fit its limit again.
    pub(super) fn evict(&self, state: &mut State) -> Result<(), Error> {
        // Each round removes a segment; what it writes instead may fill at most a few more.
        for _ in 0..state.segments.len() {
            if state.bytes <= self.bytes_max {
                return Ok(());
            }
            let Some(victim_idx) = victim(state) else { return Ok(()) };
            match self.evict_segment(state, victim_idx) {
                Ok(()) => {}
                // Full twice over: nothing may go before it is accounted for, so the next append tries again.
                Err(Error::DiskFull { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn evict_segment(&self, state: &mut State, victim_idx: usize) -> Result<(), Error> {
        let segment = state.segments[victim_idx].clone();
        let losses = self.account(state, &segment);
        let path = segment.path.clone();
        let rows: Vec<_> = losses.iter().map(|loss| Prepared::from_loss(loss, &self.device_name)).collect();
        self.write(state, &rows)?;
        for range in losses.iter().filter_map(|loss| loss.range) {
            state.explained.add(range);
        }
        state.segments.remove(victim_idx);
        state.bytes -= segment.bytes;
        state.evicted.push((path, state.written()));
        Ok(())
    }

    /// What goes with a segment: its rows as one loss, and the losses that its `EventsLost` rows told of.
    fn account(&self, state: &State, segment: &Segment) -> Vec<Loss> {
        let to = segment.seqs.to;
        // Acknowledged is not lost. The gap still covers it as long as a crash could forget the acknowledgement.
        let covered = SeqRange { from: segment.seqs.from.max(state.acked_saved + 1), to };
        let range = SeqRange { from: segment.seqs.from.max(state.acked + 1), to };
        // An unreadable file has no details, but its numbers are known all the same.
        let bytes = read_from(&segment.path, HEADER_BYTES as u64, segment.bytes).unwrap_or_default();
        let mut scan = Scan::new(&bytes, self.epoch, range);
        let mut carried = Vec::new();
        let mut window = Window::default();
        while let Some(record) = scan.next() {
            let loss = match record.kind {
                Kind::Row => {
                    window.add(Window::at(row_time(record.row)));
                    continue;
                }
                Kind::Loss => Loss::from_row(record.row, None),
                Kind::Gap(range) => Loss::from_row(record.row, Some(range)),
            };
            carried.extend(loss);
        }
        let n_explained = range.count() - state.explained.outside(range).iter().map(|part| part.count()).sum::<u64>();
        let count = range.count() - (n_explained + carried.len() as u64).min(range.count());
        let evicted = Loss { count: Some(count), window, range: Some(covered), ..Loss::new(SPOOL_EVICTED, "events") };
        let mut explained = state.explained.clone();
        explained.add(covered);
        merge(evicted, carried, &explained)
    }
}

/// The oldest segment that is not being written; one that may be on its way to the server only if there is no other,
/// because what the server has is not lost.
fn victim(state: &State) -> Option<usize> {
    let n_sealed = if state.active.is_some() { state.segments.len().checked_sub(1)? } else { state.segments.len() };
    let sealed = || state.segments.iter().take(n_sealed);
    // An acknowledged one is about to be removed by the flusher.
    let unacked = || sealed().position(|segment| segment.seqs.to > state.acked);
    sealed().position(|segment| segment.seqs.from > state.sent).or_else(unacked)
}

/// Losses of one kind become one row, up to a limit of rows.
fn merge(mut evicted: Loss, carried: Vec<Loss>, explained: &Ranges) -> Vec<Loss> {
    let mut kept: Vec<Loss> = Vec::new();
    for loss in carried {
        if absorb(&mut evicted, &loss, explained) || kept.iter_mut().any(|other| absorb(other, &loss, explained)) {
            continue;
        }
        if kept.len() < CARRIED_MAX {
            kept.push(loss);
        } else {
            evicted.add(loss.count, loss.window);
        }
    }
    kept.push(evicted);
    kept
}

/// Adds `other` to `one` when both together are as true as each alone. The range of the sum may span numbers that
/// other gap rows explain as well, which are missing all the same; its count is the exact sum.
fn absorb(one: &mut Loss, other: &Loss, explained: &Ranges) -> bool {
    if one.reason != other.reason || one.kind != other.kind {
        return false;
    }
    let range = match (one.range, other.range) {
        (None, None) => None,
        (Some(one), Some(other)) => Some(SeqRange { from: one.from.min(other.from), to: one.to.max(other.to) }),
        (Some(_), None) | (None, Some(_)) => return false,
    };
    if range.is_some_and(|range| !explained.outside(range).is_empty()) {
        return false;
    }
    one.range = range;
    one.add(other.count, other.window);
    true
}

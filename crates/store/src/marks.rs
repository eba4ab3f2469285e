//! Which sequence numbers of which stream are stored: exactly-once without a window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, limits::STREAM_RANGES_MAX};

/// The numbers seen of one stream: 1..=contiguous, and separate inclusive ranges above it, ascending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    contiguous: u64,
    ranges: Vec<(u64, u64)>,
}

impl Mark {
    /// The parts of `first..=last` that are new, ascending.
    pub(crate) fn missing(&self, first: u64, last: u64) -> Vec<(u64, u64)> {
        let mut parts = Vec::new();
        let mut next = first.max(self.contiguous + 1);
        for &(from, to) in &self.ranges {
            if from > last {
                break;
            }
            if from > next {
                parts.push((next, from - 1));
            }
            next = next.max(to + 1);
        }
        if next <= last {
            parts.push((next, last));
        }
        parts
    }

    /// As `missing`, refused when the stream has too many ranges already and this would make another.
    fn checked_missing(&self, device: &str, epoch: u64, first: u64, last: u64) -> Result<Vec<(u64, u64)>, Error> {
        if self.ranges.len() >= STREAM_RANGES_MAX && first > self.contiguous + 1 {
            return Err(Error::TooManyRanges { device: device.to_owned(), epoch });
        }
        Ok(self.missing(first, last))
    }

    /// Adds `first..=last`; overlap is fine.
    pub(crate) fn add(&mut self, first: u64, last: u64) {
        self.ranges.push((first, last));
        self.ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(self.ranges.len());
        for &(from, to) in &self.ranges {
            match merged.last_mut() {
                Some(previous) if from <= previous.1.saturating_add(1) => previous.1 = previous.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        while let Some(&(from, to)) = merged.first() {
            if from > self.contiguous + 1 {
                break;
            }
            self.contiguous = self.contiguous.max(to);
            merged.remove(0);
        }
        self.ranges = merged;
    }

    fn holes(&self) -> Vec<(u64, u64)> {
        let mut holes = Vec::new();
        let mut next = self.contiguous + 1;
        for &(from, to) in &self.ranges {
            holes.push((next, from - 1));
            next = to + 1;
        }
        holes
    }
}

/// Sequence numbers of a stream that never arrived although later ones did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// First missing number.
    pub from: u64,
    /// Last missing number.
    pub to: u64,
}

/// What is stored of one stream of one device.
#[derive(Clone, Debug)]
pub struct StreamState {
    /// The spool that made the stream.
    pub epoch: u64,
    /// Everything from 1 to here is stored.
    pub contiguous: u64,
    /// Missing numbers above it.
    pub holes: Vec<Hole>,
}

/// The marks of all streams, by device and epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Marks {
    by_device: BTreeMap<String, BTreeMap<u64, Mark>>,
}

/// The marks that a group of appends changes: they count from the moment at which the group is durable.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    by_stream: BTreeMap<(String, u64), Mark>,
}

impl Overlay {
    /// The parts of a batch that are new, those of the group so far counted as stored.
    pub(crate) fn missing(
        &self,
        marks: &Marks,
        device: &str,
        epoch: u64,
        (first, last): (u64, u64),
    ) -> Result<Vec<(u64, u64)>, Error> {
        match self.by_stream.get(&(device.to_owned(), epoch)) {
            Some(mark) => mark.checked_missing(device, epoch, first, last),
            None => marks.missing(device, epoch, first, last),
        }
    }

    pub(crate) fn add(&mut self, marks: &Marks, device: &str, epoch: u64, (first, last): (u64, u64)) {
        let mark = self.by_stream.entry((device.to_owned(), epoch));
        mark.or_insert_with(|| marks.get(device, epoch).cloned().unwrap_or_default()).add(first, last);
    }
}

impl Marks {
    fn get(&self, device: &str, epoch: u64) -> Option<&Mark> {
        self.by_device.get(device)?.get(&epoch)
    }

    /// The parts of a batch that are new.
    pub(crate) fn missing(&self, device: &str, epoch: u64, first: u64, last: u64) -> Result<Vec<(u64, u64)>, Error> {
        let Some(mark) = self.get(device, epoch) else {
            return Ok(vec![(first, last)]);
        };
        mark.checked_missing(device, epoch, first, last)
    }

    pub(crate) fn add(&mut self, device: &str, epoch: u64, first: u64, last: u64) {
        let epochs = self.by_device.entry(device.to_owned()).or_default();
        epochs.entry(epoch).or_default().add(first, last);
    }

    /// Takes over what a durable group changed.
    pub(crate) fn apply(&mut self, overlay: Overlay) {
        for ((device, epoch), mark) in overlay.by_stream {
            self.by_device.entry(device).or_default().insert(epoch, mark);
        }
    }

    pub(crate) fn streams(&self, device: &str) -> Vec<StreamState> {
        let Some(epochs) = self.by_device.get(device) else { return Vec::new() };
        let mut streams = Vec::with_capacity(epochs.len());
        for (&epoch, mark) in epochs {
            let holes = mark.holes().into_iter().map(|(from, to)| Hole { from, to }).collect();
            streams.push(StreamState { epoch, contiguous: mark.contiguous, holes });
        }
        streams
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Epochs as text: JSON numbers lose digits above 2^53.
        let mut devices: BTreeMap<&str, BTreeMap<String, &Mark>> = BTreeMap::new();
        for (device, epochs) in &self.by_device {
            let epochs = epochs.iter().map(|(epoch, mark)| (format!("{epoch:016x}"), mark)).collect();
            devices.insert(device, epochs);
        }
        serde_json::to_vec(&devices).expect("maps with text keys always serialise")
    }

    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let devices: BTreeMap<String, BTreeMap<String, Mark>> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let mut by_device = BTreeMap::new();
        for (device, epochs) in devices {
            let mut parsed = BTreeMap::new();
            for (epoch, mark) in epochs {
                let epoch = u64::from_str_radix(&epoch, 16).map_err(|error| error.to_string())?;
                parsed.insert(epoch, mark);
            }
            by_device.insert(device, parsed);
        }
        Ok(Self { by_device })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_merge_and_holes_close() {
        let mut mark = Mark::default();
        mark.add(1, 10);
        mark.add(21, 30);
        assert_eq!(mark.holes(), vec![(11, 20)]);
        assert_eq!(mark.missing(5, 25), vec![(11, 20)]);
        assert_eq!(mark.missing(25, 40), vec![(31, 40)]);
        assert_eq!(mark.missing(1, 10), vec![]);
        mark.add(11, 20);
        assert_eq!(mark, Mark { contiguous: 30, ranges: vec![] });
    }

    #[test]
    fn random_order_stores_each_number_once() {
        let mut state = 7u64;
        let mut mark = Mark::default();
        let mut stored = vec![false; 401];
        for _ in 0..4000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let first = state >> 33;
            let first = first % 400 + 1;
            let last = (first + (state >> 20) % 9).min(400);
            for (from, to) in mark.missing(first, last) {
                for seq in from..=to {
                    assert!(!stored[seq as usize], "{seq} stored twice");
                    stored[seq as usize] = true;
                }
            }
            mark.add(first, last);
        }
        let n_stored = stored.iter().filter(|seen| **seen).count() as u64;
        let n_marked = mark.contiguous + mark.ranges.iter().map(|(from, to)| to - from + 1).sum::<u64>();
        assert_eq!(n_stored, n_marked);
    }

    #[test]
    fn an_overlay_changes_nothing_until_it_is_applied() {
        let mut marks = Marks::default();
        marks.add("a", 1, 1, 10);
        let before = marks.clone();
        let mut overlay = Overlay::default();
        let mut wanted = marks.clone();
        for (device, epoch, first, last) in [("a", 1, 5, 20), ("a", 1, 31, 40), ("b", 1, 1, 3), ("a", 2, 2, 2)] {
            overlay.add(&marks, device, epoch, (first, last));
            wanted.add(device, epoch, first, last);
            assert_eq!(overlay.missing(&marks, device, epoch, (first, last)).unwrap(), vec![]);
        }
        assert_eq!(overlay.missing(&marks, "a", 1, (1, 50)).unwrap(), vec![(21, 30), (41, 50)]);
        assert_eq!(overlay.missing(&marks, "c", 1, (1, 2)).unwrap(), vec![(1, 2)]);
        assert_eq!(marks, before);
        marks.apply(overlay);
        assert_eq!(marks, wanted);
    }

    #[test]
    fn json_round_trip() {
        let mut marks = Marks::default();
        marks.add("dev", u64::MAX, 1, 5);
        marks.add("dev", u64::MAX, 9, 12);
        assert_eq!(Marks::from_json(&marks.to_json()).unwrap(), marks);
    }
}

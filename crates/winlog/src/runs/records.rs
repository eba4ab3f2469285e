//! Which records of a device's logs were seen, and where the clock can't be trusted.
//!
//! What is concluded from a record that is *there* needs nothing else. What is concluded from a record that is *not*
//! there needs every number in between: [`Records::complete_since`], [`Records::complete_until`]. Logs are written in order: where one steps back in
//! time, two different moments bear the same time: nothing in that span is exact.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fact::{Fact, Record};
use super::limits::{DOUBTS_MAX, RECORDS_MAX};

/// The records seen so far.
#[derive(Debug, Default)]
pub struct Records {
    /// Times by log and number. Two records of one number (a log that was cleared) keep both times.
    logs: BTreeMap<Arc<str>, Log>,
    /// Spans of time that happened twice: start to end, not overlapping.
    doubts: BTreeMap<i64, i64>,
    held: usize,
}

#[derive(Debug, Default)]
struct Log {
    /// First and last time of each number.
    times: BTreeMap<u64, (i64, i64)>,
    /// Runs of numbers without a gap: first to last.
    runs: BTreeMap<u64, u64>,
}

impl Records {
    /// Takes note of a record.
    pub fn add(&mut self, fact: &Fact) {
        let number = fact.record.number;
        let log = self.logs.entry(Arc::clone(&fact.record.log)).or_default();
        let before = log.times.range(..number).next_back().map(|(_, times)| times.1);
        let after = log.times.range(number.saturating_add(1)..).next().map(|(_, times)| times.0);
        let times = *log
            .times
            .entry(number)
            .and_modify(|times| *times = (times.0.min(fact.written), times.1.max(fact.written)))
            .or_insert((fact.written, fact.written));
        self.held += usize::from(log.extend_runs(number));
        if times.0 < times.1 {
            self.doubt(times.0, times.1);
        }
        if let Some(before) = before.filter(|before| *before > times.0) {
            self.doubt(times.0, before);
        }
        if let Some(after) = after.filter(|after| *after < times.1) {
            self.doubt(after, times.1);
        }
        if self.held > RECORDS_MAX {
            self.forget_oldest();
        }
    }

    /// Records held.
    pub fn n_held(&self) -> usize {
        self.held
    }

    /// Marks a span that happened twice, as a set-back of the clock does.
    pub fn doubt(&mut self, mut start: i64, mut end: i64) {
        let touching: Vec<(i64, i64)> = self
            .doubts
            .range(..=end)
            .rev()
            .take_while(|(_, other_end)| **other_end >= start)
            .map(|(start, end)| (*start, *end))
            .collect();
        for (other_start, other_end) in touching {
            self.doubts.remove(&other_start);
            (start, end) = (start.min(other_start), end.max(other_end));
        }
        self.doubts.insert(start, end);
        // Too many to tell apart: everything between the first and the last is in doubt.
        if self.doubts.len() > DOUBTS_MAX {
            let start = *self.doubts.keys().next().expect("more than the limit");
            let end = *self.doubts.values().next_back().expect("more than the limit");
            self.doubts = BTreeMap::from([(start, end)]);
        }
    }

    /// Whether some moment of the span happened twice.
    pub fn in_doubt(&self, start: i64, end: i64) -> bool {
        self.doubts.range(..=end).next_back().is_some_and(|(_, doubt_end)| *doubt_end >= start)
    }

    /// Time of the first record from which on all were seen, up to this one.
    pub fn complete_since(&self, record: &Record) -> Option<i64> {
        let (start, _) = self.run(record)?;
        self.time(record, start)
    }

    /// Time of the last record up to which all were seen, from this one on.
    pub fn complete_until(&self, record: &Record) -> Option<i64> {
        let (_, end) = self.run(record)?;
        self.time(record, end)
    }

    fn time(&self, record: &Record, number: u64) -> Option<i64> {
        self.logs.get(&record.log)?.times.get(&number).map(|times| times.0)
    }

    fn run(&self, record: &Record) -> Option<(u64, u64)> {
        let (start, end) = self.logs.get(&record.log)?.runs.range(..=record.number).next_back()?;
        (*end >= record.number).then_some((*start, *end))
    }

    /// Forgets the lower half of the fullest log: conclusions that needed it become less sure.
    fn forget_oldest(&mut self) {
        let Some(log) = self.logs.values_mut().max_by_key(|log| log.times.len()) else { return };
        let Some(middle) = log.times.keys().nth(log.times.len() / 2).copied() else { return };
        let kept = log.times.split_off(&middle);
        self.held -= log.times.len();
        log.times = kept;
        let mut runs = log.runs.split_off(&middle);
        if let Some((_, end)) = log.runs.pop_last().filter(|(_, end)| *end >= middle) {
            runs.insert(middle, end);
        }
        log.runs = runs;
    }
}

impl Log {
    /// Whether the number is new.
    fn extend_runs(&mut self, number: u64) -> bool {
        let below = self.runs.range(..=number).next_back().map(|(start, end)| (*start, *end));
        if below.is_some_and(|(_, end)| end >= number) {
            return false;
        }
        let start = match below {
            Some((start, end)) if end.checked_add(1) == Some(number) => start,
            Some(_) | None => number,
        };
        let end = number.checked_add(1).and_then(|next| self.runs.remove(&next)).unwrap_or(number);
        self.runs.insert(start, end);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::Kind;
    use super::*;

    impl Records {
        fn is_gapless(&self, first: u64, last: u64) -> bool {
            self.run(&record(first)).is_some_and(|(_, end)| end >= last)
        }
    }

    fn record(number: u64) -> Record {
        Record { log: "P".into(), number, event: 4103 }
    }

    fn check(seen: &[(u64, i64)], gapless: &[(u64, u64)], doubtful: &[(i64, i64)]) {
        // The order of arrival must not matter.
        for turn in 0..seen.len() {
            let mut records = Records::default();
            for idx in 0..seen.len() {
                let (number, time) = seen[(idx + turn) % seen.len()];
                records.add(&Fact {
                    record: record(number),
                    time,
                    written: time,
                    pid: None,
                    guid: None,
                    thread: None,
                    activity: None,
                    kind: Kind::Other,
                });
            }
            let doubts: Vec<_> = records.doubts.iter().map(|(start, end)| (*start, *end)).collect();
            assert_eq!(doubts, doubtful, "{seen:?} from {turn}");
            for (first, last) in gapless {
                assert!(records.is_gapless(*first, *last), "{seen:?} {first}..{last}");
            }
            let (first, last) = (seen[0].0, seen[seen.len() - 1].0);
            let all = gapless.contains(&(first, last));
            assert_eq!(records.is_gapless(first, last), all, "{seen:?}");
        }
    }

    #[test]
    fn gaps_and_steps_back_are_found_in_any_order() {
        check(&[(1, 10), (2, 11), (3, 12)], &[(1, 3)], &[]);
        check(&[(1, 10), (2, 11), (4, 12)], &[(1, 2), (4, 4)], &[]);
        check(&[(1, 10), (2, 30), (3, 20), (4, 40)], &[(1, 4)], &[(20, 30)]);
        check(&[(1, 10), (2, 30), (3, 20), (4, 25), (5, 22)], &[(1, 5)], &[(20, 30)]);
        // A log that was cleared counts from the start again.
        check(&[(1, 10), (2, 11), (1, 50), (2, 51)], &[(1, 2)], &[(10, 51)]);
        check(&[(0, 4), (u64::MAX, 5)], &[(u64::MAX, u64::MAX)], &[]);
    }

    #[test]
    fn complete_since_and_until_are_the_ends_of_the_run() {
        let mut records = Records::default();
        for (number, time) in [(1, 1), (5, 50), (6, 60), (7, 70), (9, 90)] {
            let fact = Fact {
                record: record(number),
                time,
                written: time,
                pid: None,
                guid: None,
                thread: None,
                activity: None,
                kind: Kind::Other,
            };
            records.add(&fact);
        }
        assert_eq!(records.complete_since(&record(6)), Some(50));
        assert_eq!(records.complete_until(&record(6)), Some(70));
        assert_eq!(records.complete_since(&record(8)), None);
    }
}

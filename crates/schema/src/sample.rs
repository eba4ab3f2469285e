//! Invented events of an invented fleet, for benches, demos and load tests: seeded, so that everyone gets the same.
//! It is not a test fixture: what the rows say may change with any version, how they are spread should not.
//!
//! 200 devices of five roles over 30 days by default. Rows come in order of *arrival*: devices take turns, a device's
//! own rows are in the order of its clock, and some devices are cut off for hours and deliver late.

mod acts;
mod host;
mod programs;
mod random;
mod words;

use crate::Row;
use host::Host;
use random::{Random, mix};

/// 2026-11-24T00:00:00Z: the end of every sample, so that two runs on two days are the same.
const END_NS: i64 = 1_795_478_400_000_000_000;
const HOUR_NS: i64 = 3_600_000_000_000;
/// Rows of one batch on average; a device sends more when it was cut off, fewer at night.
const BATCH_ROWS: u64 = 100;
/// Out of a thousand turns, those in which a device loses its connection.
const CUT_OFF_PER_MILLE: u64 = 8;
/// Turns that it stays away at most.
const CUT_OFF_TURNS_MAX: u64 = 12;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Rows in total.
    pub n_events: u64,
    /// The same seed gives the same rows.
    pub seed: u64,
    /// Devices.
    pub n_devices: u32,
    /// Days up to the end of the sample.
    pub n_days: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { n_events: 1_000_000, seed: 1, n_devices: 200, n_days: 30 }
    }
}

/// Rows of one device that arrive together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Device id: 40 hexadecimal digits.
    pub device: String,
    /// Time of arrival, nanoseconds since 1970.
    pub received_ns: i64,
    /// The rows in the order of the device's clock; what the server stamps is not set.
    pub rows: Vec<Row>,
}

/// The fleet at some point of its 30 days. An iterator over batches in order of arrival.
pub struct Sample {
    options: Options,
    hosts: Vec<Host>,
    /// Rows that a host may make per turn at its busiest hour, times its activity at that hour.
    rows_per_activity: f64,
    random: Random,
    turn: u64,
    n_turns: u64,
    next_host: usize,
    n_made: u64,
}

impl Sample {
    /// A fleet before its first event.
    ///
    /// # Panics
    /// When there is to be no device or no day.
    pub fn new(options: Options) -> Self {
        assert!(options.n_devices > 0 && options.n_days > 0, "a fleet has devices and days");
        let per_device = options.n_events / u64::from(options.n_devices);
        let n_turns = (per_device / BATCH_ROWS).clamp(u64::from(options.n_days) * 4, u64::from(options.n_days) * 288);
        let mut hosts: Vec<Host> = Vec::new();
        let start_ns = END_NS - i64::from(options.n_days) * 24 * HOUR_NS;
        for idx in 0..options.n_devices {
            hosts.push(Host::new(mix(options.seed, 1_000 + u64::from(idx)), idx, start_ns));
        }
        let mut activity = 0.0;
        for turn in 0..n_turns {
            let hour = hour_of(turn_start_ns(&options, n_turns, turn));
            activity += hosts.iter().map(|host| host.activity(hour)).sum::<f64>();
        }
        let rows_per_activity = options.n_events as f64 / activity;
        let random = Random::new(mix(options.seed, 7));
        Self { options, hosts, rows_per_activity, random, turn: 0, n_turns, next_host: 0, n_made: 0 }
    }

    /// Rows made so far.
    pub fn n_made(&self) -> u64 {
        self.n_made
    }

    fn run_host(&mut self) -> Option<Batch> {
        let from_ns = turn_start_ns(&self.options, self.n_turns, self.turn);
        let to_ns = turn_start_ns(&self.options, self.n_turns, self.turn + 1);
        let last = self.turn + 1 == self.n_turns;
        let cut_off =
            self.random.chance(CUT_OFF_PER_MILLE).then(|| self.turn + 1 + self.random.below(CUT_OFF_TURNS_MAX));
        let host = &mut self.hosts[self.next_host];
        let expected = host.activity(hour_of(from_ns)) * self.rows_per_activity;
        host.run(from_ns, to_ns, expected);
        if let Some(until) = cut_off.filter(|_| host.away_until <= self.turn) {
            host.away_until = until;
        }
        if host.away_until > self.turn && !last {
            return None;
        }
        let mut rows = host.take_rows();
        rows.truncate(usize::try_from(self.options.n_events - self.n_made).unwrap_or(usize::MAX));
        self.n_made += rows.len() as u64;
        (!rows.is_empty()).then(|| Batch { device: host.id.clone(), received_ns: to_ns, rows })
    }

    /// What rounding left over comes from the first device.
    fn rest(&mut self) -> Option<Batch> {
        let n_missing = self.options.n_events - self.n_made;
        if n_missing == 0 {
            return None;
        }
        let host = &mut self.hosts[0];
        host.run(END_NS - 60_000_000_000, END_NS, n_missing as f64);
        let mut rows = host.take_rows();
        rows.truncate(usize::try_from(n_missing).unwrap_or(usize::MAX));
        self.n_made += rows.len() as u64;
        (!rows.is_empty()).then(|| Batch { device: host.id.clone(), received_ns: END_NS, rows })
    }
}

impl Iterator for Sample {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        while self.turn < self.n_turns {
            let batch = self.run_host();
            self.next_host += 1;
            if self.next_host == self.hosts.len() {
                self.next_host = 0;
                self.turn += 1;
            }
            if batch.is_some() {
                return batch;
            }
        }
        self.rest()
    }
}

fn turn_start_ns(options: &Options, n_turns: u64, turn: u64) -> i64 {
    let length_ns = i64::from(options.n_days) * 24 * HOUR_NS / n_turns as i64;
    END_NS - (n_turns - turn) as i64 * length_ns
}

/// Hours since 1970.
fn hour_of(time_ns: i64) -> i64 {
    time_ns / HOUR_NS
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::col;

    fn small() -> Options {
        Options { n_events: 20_000, n_devices: 20, ..Options::default() }
    }

    #[test]
    fn the_same_seed_gives_the_same_rows() {
        let rows = |seed| -> Vec<Row> { Sample::new(Options { seed, ..small() }).flat_map(|it| it.rows).collect() };
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1), rows(2));
        assert_eq!(rows(3).len(), 20_000);
    }

    #[test]
    fn rows_look_like_those_of_a_fleet() {
        let (mut columns, mut tables, mut devices) = (HashSet::new(), HashMap::new(), HashSet::new());
        let mut n_late = 0;
        let mut started = HashSet::new();
        let (mut n_actors, mut n_known) = (0, 0);
        for batch in Sample::new(small()) {
            devices.insert(batch.device.clone());
            for row in &batch.rows {
                let time_ns = row.number(&col::TIMESTAMP).expect("every row has a time");
                assert!(time_ns <= batch.received_ns && time_ns > END_NS - 31 * 24 * HOUR_NS);
                n_late += usize::from(batch.received_ns - time_ns > 8 * HOUR_NS);
                columns.extend(row.values().iter().map(|(column, _)| column.name));
                *tables.entry(row.text(&col::EVENT_TABLE).expect("a table").to_owned()).or_insert(0) += 1;
                let action = row.text(&col::ACTION_TYPE).expect("an action");
                assert!(crate::action::action(action).is_some(), "{action}");
                if let Some(actor) = row.text(&col::INITIATING_PROCESS_UNIQUE_ID) {
                    n_actors += 1;
                    n_known += usize::from(started.contains(actor));
                }
                started.extend(row.text(&col::PROCESS_UNIQUE_ID).map(str::to_owned));
            }
        }
        assert_eq!(devices.len(), 20);
        assert!(columns.len() >= 60, "{} columns", columns.len());
        assert_eq!(tables.len(), 7, "{tables:?}");
        assert!(n_late > 50, "{n_late} late rows");
        assert!(n_known * 2 > n_actors, "{n_known} of {n_actors} actors were started before");
    }
}

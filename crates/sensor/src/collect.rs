//! The collector's loop: rings → pipeline → sink, with the counters of what was lost beside it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Map, Value};
use tracing::{info, warn};

use crate::clock;
use crate::linux::decode::{self, Raw, kind};
pub use crate::linux::hooks::Coverage;
use crate::linux::hooks::{Family, Hooks, Tally};
use crate::linux::reader::Reader;
use crate::pipeline::{Exclusion, Pipeline, Seen};
use crate::rows::Gap;

/// Longest time that a record waits in its ring.
const POLL: Duration = Duration::from_millis(50);
/// The same while rows wait for hashes, most of which take a millisecond.
const POLL_HASHES: Duration = Duration::from_millis(5);
/// How often losses are counted and the clocks compared.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// A wall clock that moved more than this against the boot clock leaves a hole or an overlap in the timeline.
const CLOCK_STEP_NS: u64 = 500_000_000;
/// Two readings of the clocks may differ by this much without anybody having set one.
const OFFSET_ERROR_NS: u64 = 1_000_000;
/// A stop lets go of rows that wait for hashes after this time.
const STOP_WAIT: Duration = Duration::from_millis(500);

/// What the collector is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Programs (full paths) whose file and network activity is not recorded.
    pub exclude_exe: Vec<String>,
    /// Leave out rows for what already runs.
    pub without_snapshot: bool,
    /// A gap to report first: the time the sensor was down.
    pub gap_before: Option<Gap>,
}

/// Takes the rows of one turn, in the order in which they became ready. An error stops the collector.
pub type Sink<'a> = dyn FnMut(Vec<Seen>) -> anyhow::Result<()> + 'a;

/// What is seen, by source.
pub type Coverages = BTreeMap<&'static str, Coverage>;

/// Runs until `stop`. `started` is called once the hooks are attached. Every row goes to `sink`, in the collector's
/// thread: a slow sink fills the rings, whose overflow is counted and reported.
pub fn run(
    options: Options,
    stop: &AtomicBool,
    started: impl FnOnce(&Coverages),
    sink: &mut Sink<'_>,
) -> anyhow::Result<()> {
    let hooks = Hooks::attach()?;
    let reader = Reader::new(&hooks)?;
    let pipeline = Pipeline::new(options.exclude_exe.iter().cloned()).context("start the hash workers")?;
    let mut collector =
        Collector { hooks, reader, pipeline, tallies: Default::default(), counted_ns: clock::wall_ns() };
    collector.pipeline.set_traced_shell(collector.hooks.traced_shell());
    let coverages = coverages(&collector.hooks);
    collector.announce(&options, &coverages);
    started(&coverages);
    let mut counted = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        collector.reader.wait(if collector.pipeline.is_waiting() { POLL_HASHES } else { POLL });
        collector.turn(sink)?;
        if counted.elapsed() >= COUNT_INTERVAL {
            counted = Instant::now();
            collector.count();
        }
    }
    collector.finish(sink)
}

/// Without eBPF: what runs now, and that nothing else is seen. Then waits for `stop`.
pub fn run_without_hooks(reason: &str, stop: &AtomicBool, sink: &mut Sink<'_>) -> anyhow::Result<()> {
    let mut pipeline = Pipeline::new(Vec::new()).context("start the hash workers")?;
    let now = clock::boot_ns();
    let mut more = started_fields(&off(reason));
    more.insert("reason".to_owned(), reason.into());
    let row = pipeline.builder().sensor_started(now, more);
    pipeline.push_sensor_row(row);
    let tasks = crate::enrich::snapshot::tasks_of_proc();
    pipeline.found_without_kernel(&tasks, now);
    while !stop.load(Ordering::Relaxed) {
        pipeline.tick(clock::boot_ns());
        deliver(pipeline.take(), sink)?;
        std::thread::sleep(POLL);
    }
    pipeline.flush();
    let row = pipeline.builder().sensor_stopped(clock::boot_ns(), Map::new());
    pipeline.push_sensor_row(row);
    deliver(pipeline.take(), sink)?;
    Ok(())
}

fn deliver(rows: Vec<Seen>, sink: &mut Sink<'_>) -> anyhow::Result<()> {
    if rows.is_empty() { Ok(()) } else { sink(rows) }
}

/// The coverage of a sensor that sees nothing.
pub fn off(reason: &str) -> Coverages {
    Family::ALL.into_iter().map(|family| (family.name(), Coverage::Off(reason.to_owned()))).collect()
}

fn coverages(hooks: &Hooks) -> Coverages {
    hooks.coverage.iter().map(|(family, coverage)| (family.name(), coverage.clone())).collect()
}

fn started_fields(coverages: &Coverages) -> Map<String, Value> {
    let words = coverages.iter().map(|(name, coverage)| ((*name).to_owned(), coverage.word().into()));
    let mut more = Map::new();
    more.insert("coverage".to_owned(), Value::Object(words.collect()));
    more.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    more
}

struct Collector {
    // Before the hooks: its rings are theirs.
    reader: Reader,
    hooks: Hooks,
    pipeline: Pipeline,
    tallies: [Tally; kind::COUNT],
    counted_ns: i64,
}

impl Collector {
    fn announce(&mut self, options: &Options, coverages: &Coverages) {
        let now = clock::boot_ns();
        if let Some(gap) = &options.gap_before {
            self.pipeline.push_gap(gap);
        }
        let row = self.pipeline.builder().sensor_started(now, started_fields(coverages));
        self.pipeline.push_sensor_row(row);
        let mut keys = Vec::new();
        match self.hooks.tasks() {
            Ok(tasks) => {
                let mut decoded = Vec::new();
                for bytes in &tasks {
                    match decode::decode(bytes) {
                        Ok((head, Raw::Task(task))) => decoded.push((head, task)),
                        // Counted there as undecodable.
                        _ => self.pipeline.feed(bytes),
                    }
                }
                keys = self.pipeline.found_by_kernel(decoded);
            }
            Err(error) => warn!(error = %format!("{error:#}"), "no snapshot of running processes"),
        }
        if !options.without_snapshot {
            self.pipeline.announce_found(&keys, now);
        }
        info!(n_processes = keys.len(), "hooks attached");
    }

    fn turn(&mut self, sink: &mut Sink<'_>) -> anyhow::Result<usize> {
        let pipeline = &mut self.pipeline;
        let n = self.reader.drain(|record| pipeline.feed(record));
        for exclusion in pipeline.take_exclusions() {
            match exclusion {
                // A full map means that more is recorded than was wanted: no reason to stop.
                Exclusion::Add(pid) => {
                    if let Err(error) = self.hooks.exclude(pid) {
                        warn!(pid, error = %format!("{error:#}"), "a process could not be excluded");
                    }
                }
                Exclusion::Remove(pid) => self.hooks.include(pid),
            }
        }
        pipeline.tick(clock::boot_ns());
        deliver(pipeline.take(), sink)?;
        Ok(n)
    }

    /// Reports what the rings lost since the last time, what could not be read, and a clock that was set.
    fn count(&mut self) {
        let now = clock::wall_ns();
        let from_ns = std::mem::replace(&mut self.counted_ns, now);
        let gap = |reason, count, kind| Gap { reason, count: Some(count), from_ns, to_ns: now, kind };
        match self.hooks.tallies() {
            Ok(tallies) => {
                for (idx, (new, old)) in tallies.iter().zip(&self.tallies).enumerate() {
                    if new.lost > old.lost {
                        self.pipeline.push_gap(&gap("kernel_drop", new.lost - old.lost, Some(kind::name(idx))));
                    }
                }
                self.tallies = tallies;
            }
            Err(error) => warn!(error = %format!("{error:#}"), "losses cannot be counted"),
        }
        let n_undecoded = self.pipeline.take_decode_errors();
        if n_undecoded > 0 {
            self.pipeline.push_gap(&gap("decode_error", n_undecoded, None));
        }
        let offset_ns = clock::offset_ns();
        let builder = self.pipeline.builder();
        let step_ns = builder.offset_ns.abs_diff(offset_ns);
        // Smaller differences are errors of reading: taking them over would give a process a new creation time, and
        // queries join on that.
        if step_ns > OFFSET_ERROR_NS {
            builder.offset_ns = offset_ns;
        }
        if step_ns > CLOCK_STEP_NS {
            self.pipeline.push_gap(&gap("clock_step", 0, None));
        }
    }

    fn finish(&mut self, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        let began = Instant::now();
        // The rings never run dry on a busy machine: what comes after the stop is not waited for.
        self.turn(sink)?;
        while self.pipeline.is_waiting() && began.elapsed() < STOP_WAIT {
            std::thread::sleep(Duration::from_millis(10));
            self.pipeline.tick(clock::boot_ns());
        }
        self.count();
        self.pipeline.flush();
        let excluded: u64 = self.tallies.iter().map(|tally| tally.excluded).sum();
        let mut more = Map::new();
        more.insert("excluded".to_owned(), excluded.into());
        let row = self.pipeline.builder().sensor_stopped(clock::boot_ns(), more);
        self.pipeline.push_sensor_row(row);
        deliver(self.pipeline.take(), sink)?;
        Ok(())
    }
}

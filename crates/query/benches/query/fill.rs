//! Fills a store: by import for the questions, through log, fsync and memory table for the ingest bench.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use prost::Message;
use query::{Engine, Filter, PageRequest};
use schema::sample::{Batch, Options, Sample};
use serde_json::{Value as Json, json};
use store::{Append, Eagerness, Error, Store};

const EPOCH: u64 = 1;
const TENANT: &str = "default";
const PROGRESS: Duration = Duration::from_secs(10);
/// Rows that the ingest bench sends per batch: what a sensor sends after a minute without connection.
const INGEST_ROWS: usize = 1_000;
/// An analyst asks for a page this often.
const LOOKING: Duration = Duration::from_secs(1);

/// A feeder: batches in, acknowledged rows out.
struct Feeder {
    store: Store,
    next_seq: HashMap<String, u64>,
    acknowledged: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl Feeder {
    fn open(dir: &Path) -> Result<Self, String> {
        let store = Store::open(&store::Options { dir: dir.to_owned() }).map_err(|error| error.to_string())?;
        Ok(Self { store, next_seq: HashMap::new(), acknowledged: Arc::default(), refused: Arc::default() })
    }

    fn prepare(&mut self, batch: &Batch) -> Append {
        let first_seq = self.next_seq.entry(batch.device.clone()).or_insert(1);
        let append = Append {
            device: batch.device.clone(),
            tenant: TENANT.to_owned(),
            epoch: EPOCH,
            first_seq: *first_seq,
            received_ns: batch.received_ns,
            records: batch.rows.iter().map(Message::encode_to_vec).collect(),
        };
        *first_seq += batch.rows.len() as u64;
        append
    }

    /// Hands a batch over; waits while the store says that it is busy.
    fn send(&self, append: &Append) {
        loop {
            let (acknowledged, refused) = (Arc::clone(&self.acknowledged), Arc::clone(&self.refused));
            let (sender, receiver) = std::sync::mpsc::sync_channel(1);
            self.store.append(append.clone(), move |result| {
                match &result {
                    Ok(appended) => acknowledged.fetch_add(appended.n_new, Ordering::Relaxed),
                    Err(Error::Busy) => 0,
                    Err(_) => refused.fetch_add(1, Ordering::Relaxed),
                };
                sender.send(matches!(result, Err(Error::Busy))).ok();
            });
            // `Busy` is answered at once; any other answer comes after an fsync and is not waited for.
            match receiver.try_recv() {
                Ok(true) => std::thread::sleep(Duration::from_millis(5)),
                Ok(false) | Err(_) => return,
            }
        }
    }

    fn wait_for(&self, n_rows: u64) -> Result<(), String> {
        while self.acknowledged.load(Ordering::Relaxed) < n_rows {
            if self.refused.load(Ordering::Relaxed) > 0 {
                return Err("the store refused a batch".to_owned());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// Makes the sample and imports it, then merges the files: what a store looks like some hours after its rows came.
pub(crate) fn fill(dir: &Path, n_events: u64, seed: u64) -> Result<Json, String> {
    let store = Store::open(&store::Options { dir: dir.to_owned() }).map_err(|error| error.to_string())?;
    let started = Instant::now();
    let made = Made::new(Sample::new(Options { n_events, seed, ..Options::default() }));
    store.import(made).map_err(|error| error.to_string())?;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{n_events} rows imported in {seconds:.0} s, merging");
    store.compact(Eagerness::All, |_| {}).map_err(|error| error.to_string())?;
    store.vacuum(Duration::ZERO).map_err(|error| error.to_string())?;
    let stats = store.stats();
    Ok(json!({
        "rows": stats.n_file_rows, "files": stats.n_files, "bytes": stats.file_bytes,
        "seconds_with_generator": seconds, "rows_per_s_with_generator": n_events as f64 / seconds,
        "seconds_with_merges": started.elapsed().as_secs_f64(),
    }))
}

/// The sample as batches for an import.
struct Made {
    sample: Sample,
    next_seq: HashMap<String, u64>,
    started: Instant,
    shown: Instant,
}

impl Made {
    fn new(sample: Sample) -> Self {
        let now = Instant::now();
        Self { sample, next_seq: HashMap::new(), started: now, shown: now }
    }
}

impl Iterator for Made {
    type Item = RecordBatch;

    fn next(&mut self) -> Option<RecordBatch> {
        if self.shown.elapsed() >= PROGRESS {
            self.shown = Instant::now();
            let n_made = self.sample.n_made();
            eprintln!("{n_made} rows, {:.0} a second", n_made as f64 / self.started.elapsed().as_secs_f64());
        }
        let batch = self.sample.next()?;
        let seq = self.next_seq.entry(batch.device.clone()).or_insert(1);
        let first_seq = *seq;
        *seq += batch.rows.len() as u64;
        let columns = store::batch_of_rows(batch.rows, &batch.device, TENANT, EPOCH, first_seq, batch.received_ns);
        Some(columns.expect("rows of the schema make columns"))
    }
}

/// Ingest with `n_analysts` who look at pages meanwhile: the batches are made before the clock starts. Durable and
/// queryable is when the last batch is acknowledged.
pub(crate) fn ingest(dir: &Path, n_events: u64, n_analysts: u64) -> Result<Json, String> {
    let mut feeder = Feeder::open(dir)?;
    let (appends, devices) = batches(&mut feeder, n_events);
    let engine = Engine::new(2).map_err(|error| error.to_string())?;
    let is_over = AtomicBool::new(false);
    let (seconds, pages_ms) = std::thread::scope(|scope| -> Result<(f64, Vec<f64>), String> {
        let mut analysts = Vec::new();
        for analyst_idx in 0..n_analysts {
            let (engine, feeder, devices, is_over) = (&engine, &feeder, &devices, &is_over);
            analysts.push(scope.spawn(move || look(engine, &feeder.store, devices, analyst_idx as usize, is_over)));
        }
        let started = Instant::now();
        for append in &appends {
            feeder.send(append);
        }
        let waited = feeder.wait_for(n_events);
        let seconds = started.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Relaxed);
        let mut pages_ms = Vec::new();
        for analyst in analysts {
            pages_ms.extend(analyst.join().map_err(|_| "an analyst panicked".to_owned())??);
        }
        waited.map(|()| (seconds, pages_ms))
    })?;
    let snapshot = feeder.store.snapshot();
    let fresh: usize = snapshot.fresh.iter().map(|batch| batch.n_rows()).sum();
    let visible = fresh as u64 + snapshot.files.iter().map(|file| file.n_rows).sum::<u64>();
    if visible != n_events {
        return Err(format!("{visible} rows are visible, not {n_events}"));
    }
    Ok(json!({
        "rows": n_events, "seconds": seconds, "rows_per_s": n_events as f64 / seconds, "pages_ms": pages_ms,
        "peak_kib": crate::ask::peak_kib(),
    }))
}

/// Batches of `INGEST_ROWS` rows of one device, in order of arrival, and the devices.
fn batches(feeder: &mut Feeder, n_events: u64) -> (Vec<Append>, Vec<String>) {
    let mut by_device: BTreeMap<String, Batch> = BTreeMap::new();
    let mut appends = Vec::new();
    let mut devices = BTreeSet::new();
    for batch in Sample::new(Options { n_events, seed: 2, ..Options::default() }) {
        devices.insert(batch.device.clone());
        let whole =
            by_device.entry(batch.device.clone()).or_insert_with(|| Batch { rows: Vec::new(), ..batch.clone() });
        whole.rows.extend(batch.rows);
        if whole.rows.len() >= INGEST_ROWS
            && let Some(whole) = by_device.remove(&batch.device)
        {
            appends.push(feeder.prepare(&whole));
        }
    }
    for whole in by_device.values() {
        appends.push(feeder.prepare(whole));
    }
    (appends, devices.into_iter().collect())
}

/// One analyst: the newest page of one device after the other, a second to look at each. Times in ms.
fn look(
    engine: &Engine,
    store: &Store,
    devices: &[String],
    analyst_idx: usize,
    is_over: &AtomicBool,
) -> Result<Vec<f64>, String> {
    let mut times_ms = Vec::new();
    std::thread::sleep(LOOKING * analyst_idx as u32 / 10);
    while !is_over.load(Ordering::Relaxed) {
        let device = devices[(analyst_idx * 37 + times_ms.len() * 11) % devices.len()].clone();
        let filter = Filter { device, ..Filter::default() };
        let started = Instant::now();
        let request = PageRequest { filter, ..PageRequest::default() };
        engine.page(&store.snapshot(), &request).map_err(|error| error.to_string())?;
        let taken = started.elapsed();
        times_ms.push(taken.as_secs_f64() * 1_000.0);
        std::thread::sleep(LOOKING.saturating_sub(taken));
    }
    Ok(times_ms)
}

//! Fills a store through its own append path: log, fsync, memory table, column files.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prost::Message;
use schema::sample::{Batch, Options, Sample};
use serde_json::{Value as Json, json};
use store::{Append, Error, Store};

const EPOCH: u64 = 1;
const TENANT: &str = "default";
const PROGRESS: Duration = Duration::from_secs(10);
/// Rows that the ingest bench sends per batch: what a sensor sends after a minute without connection.
const INGEST_ROWS: usize = 1_000;

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

/// Makes the sample and stores it; `n_events` rows in order of arrival.
pub(crate) fn fill(dir: &Path, n_events: u64, seed: u64) -> Result<Json, String> {
    let mut feeder = Feeder::open(dir)?;
    let started = Instant::now();
    let mut shown = started;
    let mut sample = Sample::new(Options { n_events, seed, ..Options::default() });
    while let Some(batch) = sample.next() {
        let append = feeder.prepare(&batch);
        feeder.send(&append);
        if shown.elapsed() >= PROGRESS {
            shown = Instant::now();
            let rate = sample.n_made() as f64 / started.elapsed().as_secs_f64();
            eprintln!("{} of {n_events} rows, {rate:.0} a second", sample.n_made());
        }
    }
    feeder.wait_for(n_events)?;
    let durable_s = started.elapsed().as_secs_f64();
    feeder.store.flush().map_err(|error| error.to_string())?;
    let stats = feeder.store.stats();
    Ok(json!({
        "rows": stats.n_file_rows, "files": stats.n_files, "bytes": stats.file_bytes,
        "seconds_with_generator": durable_s, "rows_per_s_with_generator": n_events as f64 / durable_s,
    }))
}

/// Ingest alone: the batches are made before the clock starts. Durable and queryable is when the last is acknowledged.
pub(crate) fn ingest(dir: &Path, n_events: u64) -> Result<Json, String> {
    let mut feeder = Feeder::open(dir)?;
    let mut by_device: HashMap<String, Batch> = HashMap::new();
    let mut appends = Vec::new();
    for batch in Sample::new(Options { n_events, seed: 2, ..Options::default() }) {
        let whole =
            by_device.entry(batch.device.clone()).or_insert_with(|| Batch { rows: Vec::new(), ..batch.clone() });
        whole.rows.extend(batch.rows);
        if whole.rows.len() >= INGEST_ROWS {
            let whole = by_device.remove(&batch.device).ok_or("no batch")?;
            appends.push(feeder.prepare(&whole));
        }
    }
    let mut rest: Vec<Batch> = by_device.into_values().collect();
    rest.sort_by(|a, b| a.device.cmp(&b.device));
    for whole in &rest {
        appends.push(feeder.prepare(whole));
    }
    let started = Instant::now();
    for append in &appends {
        feeder.send(append);
    }
    feeder.wait_for(n_events)?;
    let seconds = started.elapsed().as_secs_f64();
    let snapshot = feeder.store.snapshot();
    let fresh: usize = snapshot.fresh.iter().map(|batch| batch.n_rows()).sum();
    let visible = fresh as u64 + snapshot.files.iter().map(|file| file.n_rows).sum::<u64>();
    if visible != n_events {
        return Err(format!("{visible} rows are visible, not {n_events}"));
    }
    Ok(json!({"rows": n_events, "seconds": seconds, "rows_per_s": n_events as f64 / seconds}))
}

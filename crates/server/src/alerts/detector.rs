//! Asks the rules about rows as they are committed. It never keeps an acknowledgement waiting: the queue is bounded,
//! and what does not fit is read from the store later. How far each stream was asked about is stored, so that rows
//! which were committed just before a crash are asked about after it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use detect::{Platform, RuleSet};
use prost::Message;
use query::{Engine, History as Stored};
use schema::{Row, col};
use sqlx::Row as _;
use store::Store;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Mutex, watch};

use super::rules::Rules;
use super::trees::Trees;
use super::{Finding, Origin, Outcome};
use crate::limits::{
    DETECT_GROUP_BATCHES, DETECT_PAGE_ROWS, DETECT_QUEUE_BATCHES, DETECT_QUEUE_BYTES, DETECT_SWEEP, RULES_POLL,
};
use crate::state::{Device, State};

/// A committed batch that waits for the rules.
pub struct Committed {
    /// Device id.
    pub device: String,
    /// Epoch of the stream.
    pub epoch: u64,
    /// Number of the first record.
    pub first_seq: u64,
    /// When the server received it.
    pub received_ns: i64,
    /// Row bytes.
    pub records: Vec<Vec<u8>>,
}

/// What the detector has done since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Rows that the rules were asked about.
    pub rows: AtomicU64,
    /// Rows that did not fit into the queue.
    pub skipped: AtomicU64,
    /// Rows that were read from the store instead.
    pub caught_up: AtomicU64,
    /// Matches.
    pub matches: AtomicU64,
    /// New alerts.
    pub alerts: AtomicU64,
}

/// The queue's end for those who commit batches.
#[derive(Clone)]
pub struct Feed {
    sender: Sender<Committed>,
    bytes: Arc<AtomicUsize>,
    counts: Arc<Counts>,
}

impl Feed {
    /// Copies a batch for later when there is room for it.
    pub fn keep(
        &self,
        device: &str,
        epoch: u64,
        first_seq: u64,
        received_ns: i64,
        records: &[Vec<u8>],
    ) -> Option<Kept> {
        let n_bytes: usize = records.iter().map(Vec::len).sum();
        let room = self.bytes.load(Ordering::Relaxed).saturating_add(n_bytes) <= DETECT_QUEUE_BYTES;
        let permit = room.then(|| self.sender.clone().try_reserve_owned().ok()).flatten();
        let Some(permit) = permit else {
            self.counts.skipped.fetch_add(records.len() as u64, Ordering::Relaxed);
            return None;
        };
        self.bytes.fetch_add(n_bytes, Ordering::Relaxed);
        let committed =
            Committed { device: device.to_owned(), epoch, first_seq, received_ns, records: records.to_vec() };
        Some(Kept { permit: Some(permit), committed: Some(committed), n_bytes, bytes: Arc::clone(&self.bytes) })
    }
}

/// A batch with a place in the queue; dropped when it was not committed.
pub struct Kept {
    permit: Option<tokio::sync::mpsc::OwnedPermit<Committed>>,
    committed: Option<Committed>,
    n_bytes: usize,
    bytes: Arc<AtomicUsize>,
}

impl Kept {
    /// The batch is durable: the rules may be asked.
    pub fn send(mut self) {
        if let (Some(permit), Some(committed)) = (self.permit.take(), self.committed.take()) {
            permit.send(committed);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.committed.is_some() {
            self.bytes.fetch_sub(self.n_bytes, Ordering::Relaxed);
        }
    }
}

/// Asks rules.
pub struct Detector {
    state: State,
    store: Arc<Store>,
    engine: Arc<Engine>,
    /// The rules in force.
    pub rules: Arc<Rules>,
    /// What was done.
    pub counts: Arc<Counts>,
    bytes: Arc<AtomicUsize>,
    trees: Arc<std::sync::Mutex<Trees>>,
    /// How far each stream was asked about.
    marks: Mutex<HashMap<(String, u64), u64>>,
}

/// Rows of one device that are asked about together.
pub(super) struct Rows {
    pub(super) device: Device,
    /// Row, event id, time of receipt.
    pub(super) rows: Vec<(Row, String, i64)>,
}

impl Detector {
    /// A detector, and the feed of its queue.
    ///
    /// # Errors
    /// When the marks can't be read.
    pub async fn open(
        state: State,
        store: Arc<Store>,
        engine: Arc<Engine>,
        rules: Arc<Rules>,
    ) -> Result<(Arc<Self>, Feed, Receiver<Committed>)> {
        let (sender, receiver) = channel(DETECT_QUEUE_BATCHES);
        let (bytes, counts): (Arc<AtomicUsize>, Arc<Counts>) = Default::default();
        let marks = first_marks(&state, &store).await.context("read marks of the detector")?;
        let feed = Feed { sender, bytes: Arc::clone(&bytes), counts: Arc::clone(&counts) };
        let detector =
            Self { state, store, engine, rules, counts, bytes, trees: Arc::default(), marks: Mutex::new(marks) };
        Ok((Arc::new(detector), feed, receiver))
    }

    /// Works until the server stops.
    pub async fn run(self: Arc<Self>, mut receiver: Receiver<Committed>, mut stopped: watch::Receiver<bool>) {
        let mut sweep = tokio::time::interval(DETECT_SWEEP);
        let mut poll = tokio::time::interval(RULES_POLL);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut group = Vec::new();
        loop {
            let result = tokio::select! {
                () = crate::tls::until(&mut stopped) => return,
                n_batches = receiver.recv_many(&mut group, DETECT_GROUP_BATCHES) => match n_batches {
                    0 => return,
                    _ => self.batches(std::mem::take(&mut group)).await,
                },
                _ = sweep.tick() => self.sweep().await.map(|behind| {
                    if behind {
                        // The next page soon, with fresh batches in between.
                        sweep.reset_immediately();
                    }
                }),
                _ = poll.tick() => self.reload().await,
            };
            if let Err(error) = result {
                // The marks were not moved: the sweep comes back to these rows.
                tracing::error!(error = %format!("{error:#}"), "rules not asked");
            }
        }
    }

    async fn reload(self: &Arc<Self>) -> Result<()> {
        let rules = Arc::clone(&self.rules);
        tokio::task::spawn_blocking(move || rules.reload()).await.context("read rules")?;
        Ok(())
    }

    async fn batches(&self, group: Vec<Committed>) -> Result<()> {
        let n_bytes: usize = group.iter().flat_map(|batch| &batch.records).map(Vec::len).sum();
        self.bytes.fetch_sub(n_bytes, Ordering::Relaxed);
        let mut asked = Vec::new();
        let mut through = Vec::new();
        for batch in group {
            let Some(device) = self.state.device(&batch.device).await? else { continue };
            through.push((batch.device.clone(), batch.epoch, batch.first_seq, batch.records.len() as u64));
            asked.push(rows_of(device, batch));
        }
        self.ask(asked, &through).await?;
        Ok(())
    }

    /// Asks the rules about rows, and stores what they found together with how far the streams were asked about.
    pub(super) async fn ask(&self, asked: Vec<Rows>, through: &[(String, u64, u64, u64)]) -> Result<(u64, u64)> {
        let n_rows: usize = asked.iter().map(|rows| rows.rows.len()).sum();
        let rules = self.rules.current();
        let trees = Arc::clone(&self.trees);
        let findings = tokio::task::spawn_blocking(move || {
            find(&rules, &asked, &mut trees.lock().expect("no panic under the lock"))
        })
        .await
        .context("ask rules")?;
        self.counts.rows.fetch_add(n_rows as u64, Ordering::Relaxed);
        let mut marks = self.marks.lock().await;
        let mut moved = Vec::new();
        for (device, epoch, first_seq, n_records) in through {
            let known = marks.get(&(device.clone(), *epoch)).copied().unwrap_or(0);
            // A hole below stays a hole until the sweep has asked about it.
            let last = first_seq + n_records - 1;
            if *first_seq <= known + 1 && last > known {
                moved.push(((device.clone(), *epoch), last));
            }
        }
        if findings.is_empty() && moved.is_empty() {
            return Ok((0, 0));
        }
        let n_matches = findings.len() as u64;
        let mut n_alerts = 0;
        let mut transaction = self.state.pool().begin().await?;
        for finding in findings {
            if let Outcome::New(_) = finding.store(&mut transaction).await? {
                n_alerts += 1;
            }
        }
        for ((device, epoch), last) in &moved {
            sqlx::query(
                "INSERT INTO detect_marks (device, epoch, through) VALUES (?, ?, ?)
                 ON CONFLICT (device, epoch) DO UPDATE SET through = max(through, excluded.through)",
            )
            .bind(device)
            .bind(format!("{epoch:016x}"))
            .bind(last.cast_signed())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await.context("store alerts")?;
        marks.extend(moved);
        self.counts.matches.fetch_add(n_matches, Ordering::Relaxed);
        self.counts.alerts.fetch_add(n_alerts, Ordering::Relaxed);
        Ok((n_matches, n_alerts))
    }

    /// Asks about rows that are stored and were never asked about: the queue was full, or the server was killed. One
    /// page of each stream; true when there are more.
    async fn sweep(&self) -> Result<bool> {
        let mut behind = false;
        for device in self.state.devices().await? {
            for stream in self.store.streams(&device.id) {
                let key = (device.id.clone(), stream.epoch);
                let known = self.marks.lock().await.get(&key).copied().unwrap_or(0);
                if known >= stream.contiguous {
                    continue;
                }
                let to = stream.contiguous.min(known + DETECT_PAGE_ROWS as u64);
                let rows = self.stored(&device, stream.epoch, known + 1, to).await?;
                self.counts.caught_up.fetch_add(rows.rows.len() as u64, Ordering::Relaxed);
                // Rows may be gone by now; the numbers were asked about all the same.
                let through = [(device.id.clone(), stream.epoch, known + 1, to - known)];
                self.ask(vec![rows], &through).await?;
                behind |= to < stream.contiguous;
            }
        }
        Ok(behind)
    }

    async fn stored(&self, device: &Device, epoch: u64, from: u64, to: u64) -> Result<Rows> {
        let wanted = Stored::Stream { device: device.id.clone(), epoch, from, to };
        let rows = self.history(wanted).await?;
        Ok(with_ids(device.clone(), rows))
    }

    pub(super) async fn history(&self, wanted: Stored) -> Result<Vec<Row>> {
        let (engine, store) = (Arc::clone(&self.engine), Arc::clone(&self.store));
        let read = move || engine.history(&store.snapshot(), &wanted, DETECT_PAGE_ROWS);
        Ok(tokio::task::spawn_blocking(read).await.context("read rows")??)
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }
}

/// Stored rows carry their ids.
pub(super) fn with_ids(device: Device, rows: Vec<Row>) -> Rows {
    let mut named = Vec::with_capacity(rows.len());
    for row in rows {
        let event = row.text(&col::EVENT_ID).unwrap_or_default().to_owned();
        let received_ns = row.number(&col::INGESTION_TIME).unwrap_or(0);
        named.push((row, event, received_ns));
    }
    Rows { device, rows: named }
}

/// A record that is no row has nothing that a rule could match.
fn rows_of(device: Device, batch: Committed) -> Rows {
    let mut rows = Vec::with_capacity(batch.records.len());
    for (idx, record) in batch.records.iter().enumerate() {
        if let Ok(row) = Row::decode(record.as_slice()) {
            let event = format!("{}:{:016x}:{}", batch.device, batch.epoch, batch.first_seq + idx as u64);
            rows.push((row, event, batch.received_ns));
        }
    }
    Rows { device, rows }
}

fn find(rules: &RuleSet, asked: &[Rows], trees: &mut Trees) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rows in asked {
        let device = &rows.device;
        let platform = Platform::of_os(&device.os);
        for (row, event, received_ns) in &rows.rows {
            let tree = trees.of(row);
            let origin = || Origin {
                tenant: device.tenant.clone(),
                device: device.id.clone(),
                device_name: row.text(&col::DEVICE_NAME).unwrap_or(&device.name).to_owned(),
                event: event.clone(),
                received_ns: *received_ns,
            };
            for rule in rules.matches(row, platform) {
                findings.push(Finding::new(rule, row, &origin(), tree.clone()));
            }
            findings.extend(Finding::of_antivirus(row, origin));
        }
    }
    findings
}

/// The stored marks. At the very first start what is there already counts as asked: `nenrin detect --since` asks
/// about the past.
async fn first_marks(state: &State, store: &Store) -> Result<HashMap<(String, u64), u64>> {
    let mut marks = HashMap::new();
    let rows = sqlx::query("SELECT device, epoch, through FROM detect_marks").fetch_all(state.pool()).await?;
    for row in &rows {
        if let Ok(epoch) = u64::from_str_radix(row.get(1), 16) {
            marks.insert((row.get(0), epoch), row.get::<i64, _>(2).cast_unsigned());
        }
    }
    let begun: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM detect_marks LIMIT 1").fetch_optional(state.pool()).await?;
    if begun.is_some() {
        return Ok(marks);
    }
    for device in state.devices().await? {
        for stream in store.streams(&device.id) {
            marks.insert((device.id.clone(), stream.epoch), stream.contiguous);
        }
    }
    Ok(marks)
}

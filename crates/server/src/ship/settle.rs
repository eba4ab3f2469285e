//! When items become rows. An endless source has no end at which everything that waited is done, so:
//!
//! - A device that sent nothing for ten seconds is quiet: all that it sent is settled.
//! - Of a device that keeps sending, an event is settled after thirty seconds, acts of processes that may run scripts
//!   after two minutes: what proves the script is logged when its command ends. The cut between what is settled and what
//!   waits is made where the device logged nothing for the longest time, for two sources of one act are close together.
//! - Records that are no Windows events wait for nothing.
//!
//! Settled is what the journal has as rows; then the same rows go to the store until it has them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use anyhow::{Context, Result};
use prost::Message as _;
use schema::{Row, col};
use sha2::{Digest, Sha256};
use store::{Append, Store};
use tokio::runtime::Handle;
use winlog::Normaliser;

use super::item::{Content, Entry, Reject, gap_row};
use super::journal::{Journal, Outgoing, Settled};
use crate::alerts::detector::Feed;
use crate::clock::now_ns;
use crate::limits::{
    NAME_BYTES_MAX, SETTLE_AGE_NS, SETTLE_EVERY, SETTLE_GAP_NS, SETTLE_QUIET_NS, SETTLE_SCRIPT_NS, SHIP_BATCH_BYTES,
    SHIP_BATCH_ROWS, SHIP_PENDING_BYTES_MAX,
};
use crate::state::{State, TENANT};
use importer::device_id;

/// What the thread is told.
pub(super) enum Message {
    Batch(Incoming),
    Stop,
}

/// A batch that is in the journal.
pub(super) struct Incoming {
    pub(super) batch: i64,
    pub(super) source: String,
    pub(super) received_ns: i64,
    pub(super) contents: Vec<Result<Content, Reject>>,
    /// In the journal.
    pub(super) n_bytes: u64,
    /// A bit for each item that was settled before.
    pub(super) done: Vec<u8>,
}

/// An item that waits.
struct Waiting {
    batch: i64,
    idx: usize,
    /// Place in `Settler::sources`.
    source: u32,
    received_ns: i64,
    time_ns: i64,
    waits_ns: i64,
    content: Result<Content, Reject>,
}

/// What waits of one device.
#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    last_ns: i64,
}

/// A batch of which something waits.
struct Open {
    n_left: usize,
    n_bytes: u64,
    done: Vec<u8>,
}

/// Items of one source that were not taken for one reason.
struct Refused {
    first: Reject,
    n: i64,
    /// When they came.
    span: (i64, i64),
}

/// The thread's state. All of it but the normaliser's memory is in the journal too.
pub(super) struct Settler {
    journal: Journal,
    state: State,
    store: Arc<Store>,
    rules: Option<Feed>,
    pending: Arc<AtomicU64>,
    normaliser: Normaliser,
    sources: Vec<String>,
    names: HashMap<String, String>,
    devices: BTreeMap<String, Queue>,
    open: HashMap<i64, Open>,
    streams: HashMap<(String, String), u64>,
    known: HashSet<String>,
    /// Something may be in the journal's outbox.
    unsent: bool,
    /// Batches up to this number came from the journal, whatever the channel still holds.
    loaded: i64,
}

impl Settler {
    pub(super) fn new(
        journal: Journal,
        state: State,
        store: Arc<Store>,
        rules: Option<Feed>,
        pending: Arc<AtomicU64>,
    ) -> Self {
        Self {
            journal,
            state,
            store,
            rules,
            pending,
            normaliser: Normaliser::new(),
            sources: Vec::new(),
            names: HashMap::new(),
            devices: BTreeMap::new(),
            open: HashMap::new(),
            streams: HashMap::new(),
            known: HashSet::new(),
            unsent: true,
            loaded: 0,
        }
    }

    /// Reads the journal: at a start, and after it could not be written.
    pub(super) async fn load(&mut self) -> Result<()> {
        self.normaliser = Normaliser::new();
        self.devices.clear();
        for (_, open) in self.open.drain() {
            self.pending.fetch_sub(open.n_bytes, Ordering::Relaxed);
        }
        self.unsent = true;
        self.streams = self.journal.streams().await?;
        for batch in self.journal.batches().await? {
            let entries: Vec<Entry> = serde_json::from_slice(&batch.items)
                .with_context(|| format!("understand batch {} of the journal", batch.id))?;
            let n_bytes = batch.items.len() as u64;
            self.pending.fetch_add(n_bytes, Ordering::Relaxed);
            let contents = entries.into_iter().map(|entry| match entry {
                Entry::Item(item) => item.read(batch.received_ns),
                Entry::Reject(reject) => Err(reject),
            });
            let (source, received_ns, done) = (batch.source, batch.received_ns, batch.done);
            let contents = contents.collect();
            self.loaded = batch.id;
            self.queue(Incoming { batch: batch.id, source, received_ns, contents, n_bytes, done });
        }
        Ok(())
    }

    /// Runs until it is told to stop.
    pub(super) fn run(mut self, runtime: &Handle, inbox: &Receiver<Message>) {
        let mut next = std::time::Instant::now() + SETTLE_EVERY;
        loop {
            match inbox.recv_timeout(next.saturating_duration_since(std::time::Instant::now())) {
                Ok(Message::Batch(incoming)) => {
                    if incoming.batch > self.loaded {
                        self.queue(incoming);
                    }
                    continue;
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Err(error) = runtime.block_on(self.step(now_ns())) {
                tracing::error!(error = %format!("{error:#}"), "shipped events wait in the journal, trying again");
            }
            next = std::time::Instant::now() + SETTLE_EVERY;
        }
    }

    async fn step(&mut self, now_ns: i64) -> Result<()> {
        // While the store takes nothing, the journal must not grow twice.
        self.send().await?;
        let due = self.due(now_ns);
        if due.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.settle(due, now_ns).await {
            self.load().await?;
            return Err(error);
        }
        self.send().await
    }

    fn queue(&mut self, incoming: Incoming) {
        let source = self.source_number(&incoming.source);
        let is_done = |idx: usize| incoming.done.get(idx / 8).is_some_and(|byte| byte & (1 << (idx % 8)) != 0);
        let mut open = Open { n_left: 0, n_bytes: incoming.n_bytes, done: incoming.done.clone() };
        open.done.resize(incoming.contents.len().div_ceil(8), 0);
        for (idx, content) in incoming.contents.into_iter().enumerate() {
            if is_done(idx) {
                continue;
            }
            open.n_left += 1;
            let (device, time_ns, waits_ns) = match &content {
                Ok(Content::Event(event)) => {
                    let waits_ns = if Normaliser::awaits_script(event) { SETTLE_SCRIPT_NS } else { SETTLE_AGE_NS };
                    (event.computer.to_lowercase(), event.time_ns, waits_ns)
                }
                Ok(Content::Record(_)) | Err(_) => (String::new(), incoming.received_ns, 0),
            };
            let queue = self.devices.entry(device).or_default();
            queue.last_ns = queue.last_ns.max(incoming.received_ns);
            let (batch, received_ns) = (incoming.batch, incoming.received_ns);
            queue.waiting.push(Waiting { batch, idx, source, received_ns, time_ns, waits_ns, content });
        }
        self.open.insert(incoming.batch, open);
    }

    fn source_number(&mut self, source: &str) -> u32 {
        let known = self.sources.iter().position(|id| id == source);
        let number = known.unwrap_or_else(|| {
            self.sources.push(source.to_owned());
            self.sources.len() - 1
        });
        u32::try_from(number).expect("sources are few")
    }

    /// Takes what need not wait any longer.
    fn due(&mut self, now_ns: i64) -> Vec<Waiting> {
        let is_full = self.pending.load(Ordering::Relaxed) > SHIP_PENDING_BYTES_MAX / 2;
        let mut due = Vec::new();
        for queue in self.devices.values_mut() {
            if is_full || now_ns.saturating_sub(queue.last_ns) >= SETTLE_QUIET_NS {
                due.append(&mut queue.waiting);
            } else {
                due.extend(queue.due(now_ns));
            }
        }
        self.devices.retain(|_, queue| !queue.waiting.is_empty());
        due.sort_by_key(|waiting| (waiting.time_ns, waiting.batch, waiting.idx));
        due
    }

    async fn settle(&mut self, due: Vec<Waiting>, now_ns: i64) -> Result<()> {
        let mut settled = Settled::default();
        let mut rows: Vec<(Row, u32)> = Vec::new();
        let mut rejects: BTreeMap<(u32, String), Refused> = BTreeMap::new();
        let mut touched: HashSet<i64> = HashSet::new();
        for waiting in due {
            let source = &self.sources[waiting.source as usize];
            let mut count = |name: &str| *settled.counts.entry((source.clone(), name.to_owned())).or_default() += 1;
            count("items");
            if let Some(open) = self.open.get_mut(&waiting.batch) {
                open.n_left -= 1;
                open.done[waiting.idx / 8] |= 1 << (waiting.idx % 8);
                touched.insert(waiting.batch);
            }
            match waiting.content {
                Ok(Content::Event(event)) => self.normaliser.push(*event, waiting.source),
                Ok(Content::Record(row)) => rows.push((*row, waiting.source)),
                Err(reject) => {
                    count(&format!("rejected:{}", reject.reason));
                    let at = waiting.received_ns;
                    let key = (waiting.source, reject.reason.clone());
                    let refused = rejects.entry(key).or_insert(Refused { first: reject, n: 0, span: (at, at) });
                    refused.n += 1;
                    refused.span = (refused.span.0.min(at), refused.span.1.max(at));
                }
            }
        }
        self.normaliser.settle();
        rows.extend(self.normaliser.take().into_iter().map(|normalised| (normalised.row, normalised.origin)));
        for (_, source) in &rows {
            *settled.counts.entry((self.sources[*source as usize].clone(), "rows".to_owned())).or_default() += 1;
        }
        for ((source, _), refused) in rejects {
            let name = self.source_name(source).await?;
            rows.push((gap_row(&name, &refused.first, refused.n, refused.span), source));
        }
        settled.outgoing = self.outgoing(rows, now_ns).await?;
        for id in touched {
            match self.open.get(&id) {
                Some(open) if open.n_left > 0 => settled.part.push((id, open.done.clone())),
                _ => settled.done.push(id),
            }
        }
        self.journal.settle(&settled).await?;
        for id in settled.done {
            if let Some(open) = self.open.remove(&id) {
                self.pending.fetch_sub(open.n_bytes, Ordering::Relaxed);
            }
        }
        self.unsent = true;
        Ok(())
    }

    /// Rows as batches of their streams, with sequence numbers.
    async fn outgoing(&mut self, rows: Vec<(Row, u32)>, received_ns: i64) -> Result<Vec<Outgoing>> {
        let mut streams: BTreeMap<(String, u32), Vec<Vec<u8>>> = BTreeMap::new();
        for (row, source) in rows {
            let name = match row.text(&col::DEVICE_NAME).filter(|name| !name.is_empty()) {
                Some(name) => name[..name.floor_char_boundary(NAME_BYTES_MAX)].to_owned(),
                None => format!("(source {})", self.source_name(source).await?),
            };
            let id = device_id(&name);
            if !self.known.contains(&id) {
                let os = match row.text(&col::ACTION_TYPE) {
                    Some("LogRecord" | "EventsLost") => "",
                    _ => "Windows",
                };
                self.state.add_device_without_sensor(&id, &name, os, "shipper").await?;
                self.known.insert(id.clone());
            }
            streams.entry((id, source)).or_default().push(row.encode_to_vec());
        }
        let mut outgoing = Vec::new();
        for ((device, source), records) in streams {
            let source = self.sources[source as usize].clone();
            let next_seq = self.streams.entry((device.clone(), source.clone())).or_insert(1);
            for records in batches(records) {
                let first_seq = *next_seq;
                *next_seq += records.len() as u64;
                let (device, source) = (device.clone(), source.clone());
                outgoing.push(Outgoing { device, source, first_seq, received_ns, records });
            }
        }
        Ok(outgoing)
    }

    async fn source_name(&mut self, source: u32) -> Result<String> {
        let id = &self.sources[source as usize];
        if !self.names.contains_key(id) {
            self.names = self.state.sources().await?.into_iter().map(|source| (source.id, source.name)).collect();
        }
        Ok(self.names.get(id).unwrap_or(id).clone())
    }

    /// Rows of the journal into the store. Those that it has already change nothing there.
    async fn send(&mut self) -> Result<()> {
        while self.unsent {
            let outgoing = self.journal.outgoing().await?;
            let mut sent = Vec::with_capacity(outgoing.len());
            for (id, outgoing) in outgoing {
                self.append(outgoing)?;
                sent.push(id);
            }
            self.unsent = !sent.is_empty();
            if self.unsent {
                self.journal.sent(&sent).await?;
            }
        }
        Ok(())
    }

    fn append(&self, outgoing: Outgoing) -> Result<()> {
        let Outgoing { device, source, first_seq, received_ns, records } = outgoing;
        let epoch = epoch(self.journal.id(), &source);
        let rules = self.rules.as_ref();
        let kept = rules.and_then(|rules| rules.keep(&device, epoch, first_seq, received_ns, &records));
        let tenant = TENANT.to_owned();
        self.store.append_wait(Append { device, tenant, epoch, first_seq, received_ns, records })?;
        if let Some(kept) = kept {
            kept.send();
        }
        Ok(())
    }
}

impl Queue {
    /// What waited long enough of a device that keeps sending.
    fn due(&mut self, now_ns: i64) -> Vec<Waiting> {
        let age = |waiting: &Waiting| now_ns.saturating_sub(waiting.received_ns);
        let (mut due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|waiting| age(waiting) >= waiting.waits_ns);
        self.waiting = rest;
        let cut_ns = cut(due.iter().filter(|waiting| waiting.waits_ns > 0).map(|waiting| waiting.time_ns).collect());
        // What waited twice as long goes in any case: a clock that stands still has no better place.
        let (out, back) = due.drain(..).partition(|waiting| {
            waiting.waits_ns == 0 || waiting.time_ns <= cut_ns || age(waiting) >= 2 * waiting.waits_ns
        });
        self.waiting.extend(back);
        out
    }
}

/// Up to when to settle: before the longest pause of the last seconds.
fn cut(mut times_ns: Vec<i64>) -> i64 {
    times_ns.sort_unstable();
    let Some(&newest_ns) = times_ns.last() else { return i64::MAX };
    let pauses = times_ns.windows(2).filter(|pair| pair[1] >= newest_ns.saturating_sub(SETTLE_GAP_NS));
    pauses.max_by_key(|pair| pair[1] - pair[0]).map_or(newest_ns, |pair| pair[0])
}

/// The stream of a source, the same for each of its devices.
fn epoch(journal: &str, source: &str) -> u64 {
    let digest = Sha256::digest(format!("source\0{journal}\0{source}"));
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(bytes)
}

/// Records in groups that the store takes at once.
fn batches(records: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let mut batches: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut n_bytes = 0;
    for record in records {
        let is_full = |batch: &Vec<Vec<u8>>| batch.len() >= SHIP_BATCH_ROWS || n_bytes >= SHIP_BATCH_BYTES;
        if batches.last().is_none_or(is_full) {
            batches.push(Vec::new());
            n_bytes = 0;
        }
        n_bytes += record.len();
        if let Some(batch) = batches.last_mut() {
            batch.push(record);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn the_cut_is_at_the_longest_pause_of_the_last_seconds() {
        let seconds = |times: &[i64]| cut(times.iter().map(|time| time * SECOND).collect());
        assert_eq!(seconds(&[1, 2, 40, 41, 44, 45]), 2 * SECOND);
        assert_eq!(seconds(&[1, 30, 34, 41, 42, 44, 45]), 34 * SECOND);
        assert_eq!(seconds(&[7]), 7 * SECOND);
        assert_eq!(seconds(&[7, 7]), 7 * SECOND);
        assert_eq!(seconds(&[]), i64::MAX);
        assert_eq!(seconds(&[44, 40, 39]), 40 * SECOND);
    }

    fn waiting(received_s: i64, time_s: i64, waits_ns: i64) -> Waiting {
        let content = Err(Reject::new("x", "x"));
        let (received_ns, time_ns) = (received_s * SECOND, time_s * SECOND);
        Waiting { batch: 1, idx: 0, source: 0, received_ns, time_ns, waits_ns, content }
    }

    fn times(items: &[Waiting]) -> Vec<i64> {
        items.iter().map(|item| item.time_ns / SECOND).collect()
    }

    #[test]
    fn a_busy_device_is_settled_by_age() {
        let mut queue = Queue::default();
        for (received, time, waits) in [
            (100, 50, SETTLE_AGE_NS),
            (100, 56, SETTLE_AGE_NS),
            (100, 57, SETTLE_AGE_NS),
            (100, 58, SETTLE_SCRIPT_NS),
            (120, 70, SETTLE_AGE_NS),
            (129, 0, 0),
        ] {
            queue.waiting.push(waiting(received, time, waits));
        }
        assert_eq!(times(&queue.due(130 * SECOND)), [50, 0]);
        assert_eq!(times(&queue.due(150 * SECOND)), [56, 57]);
        assert_eq!(times(&queue.due(160 * SECOND)), [70]);
        assert_eq!(times(&queue.due(220 * SECOND)), [58]);
        assert!(queue.waiting.is_empty());
    }

    #[test]
    fn batches_are_within_the_stores_limits() {
        let records = vec![vec![0; 1 << 20]; 9];
        assert_eq!(batches(records).iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 1]);
        assert!(batches(Vec::new()).is_empty());
    }
}

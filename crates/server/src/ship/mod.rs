//! What shippers send: Winlogbeat, Fluent Bit, Vector, NXLog, OpenTelemetry's collector and others, by four protocols
//! and one path: request → items → journal (fsync, answer) → settled → rows → store.
//!
//! An item is a Windows event, which goes through the same normaliser as an imported log, or a record of anything else,
//! which becomes a row with all that it holds. Two sources of one act become one row, and a script's part in an act may
//! be proven minutes later, so an item waits a little before it is a row (`settle.rs`). Meanwhile it is in the journal:
//! acknowledged means durable.

mod body;
mod elastic;
mod item;
mod journal;
mod otlp;
mod pace;
mod plain;
mod refusal;
mod settle;
mod sources;
mod splunk;
mod token;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use http::HeaderMap;
use store::Store;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::alerts::detector::Feed;
use crate::clock::now_ns;
use crate::identity::limiter::Limiter;
use crate::limits::{
    SHIP_DRAINED_BYTES_MAX, SHIP_ITEMS_MAX, SHIP_PENDING_BYTES_MAX, SHIP_REQUESTS_MAX, SHIP_TOKEN_FAILURES_PER_ADDRESS,
};
use crate::state::State;
use crate::tls::Peer;
use item::{Entry, Item, Reject};
use pace::Pace;
use refusal::Refusal;
use settle::{Incoming, Message, Settler};

pub use journal::{Counts, Journal};
pub use sources::{MIGRATION, Source};

/// The routes' shared state.
#[derive(Clone)]
pub struct Ship {
    state: State,
    journal: Journal,
    pace: Arc<Pace>,
    failures: Arc<Limiter>,
    requests: Arc<Semaphore>,
    /// Bytes of the journal that are not settled.
    pending: Arc<AtomicU64>,
    messages: mpsc::Sender<Message>,
    thread: Arc<Mutex<Option<std::thread::JoinHandle<()>>>>,
}

/// One line of an answer: nothing, or why the item was not taken.
type Verdict = Option<Reject>;

impl Ship {
    /// Opens the journal and goes on where it was left.
    ///
    /// # Errors
    /// When the journal can't be opened or read.
    pub async fn open(data_dir: &Path, state: State, store: Arc<Store>, rules: Option<Feed>) -> Result<Self> {
        let journal = Journal::open(data_dir).await?;
        let pending = Arc::new(AtomicU64::new(0));
        let (messages, inbox) = mpsc::channel();
        let mut settler = Settler::new(journal.clone(), state.clone(), store, rules, Arc::clone(&pending));
        settler.load().await?;
        let runtime = tokio::runtime::Handle::current();
        let thread = std::thread::Builder::new().name("settle".to_owned());
        let thread = thread.spawn(move || settler.run(&runtime, &inbox)).context("start thread")?;
        Ok(Self {
            state,
            journal,
            pace: Arc::default(),
            failures: Arc::default(),
            requests: Arc::new(Semaphore::new(SHIP_REQUESTS_MAX)),
            pending,
            messages,
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// The journal, for its counts.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The source of a request, its body unpacked, and its place among the requests that are read at once.
    async fn enter(
        &self,
        headers: &HeaderMap,
        peer: &Peer,
        body: Body,
    ) -> Result<(Source, Bytes, SemaphorePermit<'_>), Refusal> {
        let source = match self.source(headers, peer).await {
            Ok(source) => source,
            Err(refusal) => {
                // A client that still sends does not read why it is refused.
                drop(axum::body::to_bytes(body, SHIP_DRAINED_BYTES_MAX).await);
                return Err(refusal);
            }
        };
        let slot = self.requests.acquire().await.map_err(|error| Refusal::Failed(error.into()))?;
        let body = body::read(headers, body).await?;
        Ok((source, body, slot))
    }

    /// Ends the thread. What is not settled stays in the journal.
    pub fn stop(&self) {
        drop(self.messages.send(Message::Stop));
        let thread = self.thread.lock().expect("no panic under the lock").take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("settling ended badly, the journal is read again at the next start");
        }
    }

    /// The source of a request.
    async fn source(&self, headers: &HeaderMap, peer: &Peer) -> Result<Source, Refusal> {
        let address = peer.address.ip().to_string();
        if let Some(seconds) = self.failures.wait_s(&address, SHIP_TOKEN_FAILURES_PER_ADDRESS) {
            return Err(Refusal::Wait(seconds, "too many wrong tokens from this address".to_owned()));
        }
        let token = token::of(headers)?;
        let source = self.state.source_of_token(&token).await.map_err(Refusal::Failed)?;
        let Some(source) = source else {
            self.failures.failed(&address);
            return Err(Refusal::UnknownToken);
        };
        if source.revoked.is_some() {
            return Err(Refusal::Revoked);
        }
        self.state.source_used(&source, &address).await.map_err(Refusal::Failed)?;
        Ok(source)
    }

    /// Takes the items of a request; when this returns they are durable. The verdicts are in the order of the items.
    async fn take(&self, source: &Source, items: Vec<Result<Item, Reject>>) -> Result<Vec<Verdict>, Refusal> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        if items.len() > SHIP_ITEMS_MAX {
            let message = format!("{} items, at most {SHIP_ITEMS_MAX} in one request", items.len());
            return Err(Refusal::TooLarge(message));
        }
        if self.pending.load(Ordering::Relaxed) > SHIP_PENDING_BYTES_MAX {
            return Err(Refusal::Wait(2, "more waits to be stored than fits: send it again later".to_owned()));
        }
        let pace = self.pace.take(&source.id, source.items_per_second, items.len(), Instant::now());
        pace.map_err(|seconds| {
            let message = format!("more than {} items per second of this source", source.items_per_second);
            Refusal::Wait(seconds, message)
        })?;
        // A task of its own: a client that goes away must not leave a batch in the journal that nobody knows of.
        let (ship, source) = (self.clone(), source.id.clone());
        let kept = tokio::spawn(async move { ship.keep(source, items).await }).await;
        kept.context("keep task").and_then(|kept| kept).map_err(Refusal::Failed)
    }

    async fn keep(&self, source: String, items: Vec<Result<Item, Reject>>) -> Result<Vec<Verdict>> {
        let received_ns = now_ns();
        let read = move || -> Result<_> {
            let mut verdicts = Vec::with_capacity(items.len());
            let (mut entries, mut contents) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
            for item in items {
                let content = item.as_ref().map_err(Clone::clone).and_then(|item| item.read(received_ns));
                verdicts.push(content.as_ref().err().cloned());
                entries.push(match (item, &content) {
                    (Ok(item), Ok(_)) => Entry::Item(item),
                    (Ok(_), Err(reject)) => Entry::Reject(reject.clone()),
                    (Err(reject), _) => Entry::Reject(reject),
                });
                contents.push(content);
            }
            Ok((serde_json::to_vec(&entries)?, contents, verdicts))
        };
        let (entries, contents, verdicts) = tokio::task::spawn_blocking(read).await.context("read task")??;
        let batch = self.journal.add(&source, received_ns, &entries).await?;
        let n_bytes = entries.len() as u64;
        self.pending.fetch_add(n_bytes, Ordering::Relaxed);
        let incoming = Incoming { batch, source, received_ns, contents, n_bytes, done: Vec::new() };
        // Without the thread the server is stopping: the batch is read at the next start.
        drop(self.messages.send(Message::Batch(incoming)));
        Ok(verdicts)
    }
}

/// The routes, for the sensors' listener: nothing else there has these paths.
pub fn router(ship: Ship) -> Router {
    Router::new()
        .merge(elastic::routes())
        .merge(splunk::routes())
        .merge(plain::routes())
        .merge(otlp::routes())
        .with_state(ship)
}

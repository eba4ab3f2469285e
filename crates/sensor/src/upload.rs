//! The uploader: takes durable batches from the spool and sends them, in order, until the server has them.
//!
//! At least once, made exactly once by the server: a batch whose answer was lost is sent again with the same numbers,
//! and the server knows which of them it has. One batch is under way at a time, so "in order" needs no bookkeeping; it
//! carries up to 2 MiB, which fills any line a sensor has.

mod backoff;
mod send;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::client::{self, Client};
use crate::heartbeat::{boot_id, now_ns};
use crate::identity::Identity;
use crate::spool::{self, Spool, SpoolBatch};

use backoff::Backoff;
use send::{Outcome, send};

/// Bytes of a batch before compression. At this size no ratio is refused, so a batch is never turned down for being
/// too repetitive.
const BATCH_BYTES: usize = wire::RATIO_FREE_BYTES;

/// How long one wait for data lasts; only how long a stopped uploader's thread may linger depends on it.
const WAIT_FOR_DATA: Duration = Duration::from_secs(1);

/// How long a stop may take to send what is left.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Single records that may be refused in a row. More means that the server refuses everything, which an update of the
/// server can mend, and dropping the whole spool cannot.
const REFUSALS_MAX: u32 = 8;

/// Errors that end the uploader.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server's address cannot be used.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// The certificate or key cannot be used.
    #[error("use the device certificate: {0}")]
    Tls(#[from] rustls::Error),
    /// The spool failed for good.
    #[error(transparent)]
    Spool(#[from] spool::Error),
    /// The thread that reads the spool ended; a bug of ours.
    #[error("read the spool: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Sends what is in a spool.
pub struct Uploader {
    client: Client,
    spool: Arc<Spool>,
    boot_id: String,
    backoff: Backoff,
    n_refused: u32,
}

impl Uploader {
    /// An uploader for one server. Nothing is connected before `run`.
    pub fn new(server_url: &str, identity: &Identity, spool: Arc<Spool>) -> Result<Self, Error> {
        let client = Client::new(server_url, identity.client_config()?, identity.expires_s)?;
        Ok(Uploader { client, spool, boot_id: boot_id(), backoff: Backoff::default(), n_refused: 0 })
    }

    /// The connection, to be shared with heartbeats and renewals.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Sends until `stop` turns true or its sender is gone, then what is left for up to two seconds. Returns early only
    /// when the spool has failed.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
        tokio::select! {
            result = self.send_forever() => return result,
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // The batch that was under way, if any, is sent again: the server knows what it has.
        match timeout(DRAIN_TIMEOUT, self.drain()).await {
            Ok(result) => result,
            Err(_) => {
                tracing::info!(n_waiting = self.spool.stats().n_waiting, "stopped, the rest stays in the spool");
                Ok(())
            }
        }
    }

    async fn send_forever(&mut self) -> Result<(), Error> {
        let mut after = self.spool.stats().acked_seq;
        loop {
            match self.next_batch(after).await? {
                Some(batch) => after = self.deliver(batch, true).await?.unwrap_or(after),
                None => {
                    let spool = Arc::clone(&self.spool);
                    spawn_blocking(move || spool.wait_for_data(after, WAIT_FOR_DATA)).await?;
                }
            }
        }
    }

    /// Sends what is left, without waiting for a server that has trouble.
    async fn drain(&mut self) -> Result<(), Error> {
        let spool = Arc::clone(&self.spool);
        spawn_blocking(move || spool.flush(DRAIN_TIMEOUT)).await??;
        let mut after = self.spool.stats().acked_seq;
        while let Some(batch) = self.next_batch(after).await? {
            let Some(through) = self.deliver(batch, false).await? else { return Ok(()) };
            after = through;
        }
        Ok(())
    }

    async fn next_batch(&mut self, after: u64) -> Result<Option<SpoolBatch>, Error> {
        loop {
            let spool = Arc::clone(&self.spool);
            match spawn_blocking(move || spool.next_batch(after, BATCH_BYTES, wire::BATCH_ROWS_MAX)).await? {
                Ok(batch) => return Ok(batch),
                Err(error @ spool::Error::Poisoned { .. }) => return Err(error.into()),
                // Out of file descriptors or memory: it may pass.
                Err(error) => {
                    tracing::warn!(%error, "spool could not be read, trying again");
                    self.backoff.pause(None).await;
                }
            }
        }
    }

    /// Sends a batch, in parts if the server wants it so. Returns the last number that is done with, or `None` when
    /// the server has trouble and `patient` is false.
    async fn deliver(&mut self, batch: SpoolBatch, patient: bool) -> Result<Option<u64>, Error> {
        let mut done = None;
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            let last_seq = part.last_seq();
            match send(&self.client, &self.boot_id, &part).await? {
                Outcome::Acked { through } => {
                    self.note_success();
                    self.spool.ack(through)?;
                    done = Some(through);
                    // The rest of this batch, and what follows, is read again from there.
                    if through < last_seq {
                        return Ok(done);
                    }
                }
                Outcome::Refused { reason } if part.records.len() > 1 => {
                    tracing::warn!(reason, n_rows = part.records.len(), "batch refused, sending it in halves");
                    let (first, second) = halves(part);
                    parts.extend([second, first]);
                }
                Outcome::Refused { reason } if self.n_refused < REFUSALS_MAX => {
                    self.n_refused += 1;
                    tracing::error!(reason, seq = last_seq, "server refuses this event, it is counted as lost");
                    self.spool.refuse(last_seq)?;
                    done = Some(last_seq);
                }
                Outcome::Refused { reason } => {
                    tracing::error!(reason, "server refuses every event: update the server, then the sensor goes on");
                    parts.push(part);
                    self.backoff.pause_long().await;
                }
                Outcome::Later { reason, after } => {
                    self.note_trouble(&reason);
                    if !patient {
                        return Ok(None);
                    }
                    parts.push(part);
                    self.backoff.pause(after).await;
                }
                Outcome::Denied { reason, hint } => {
                    tracing::error!(reason, hint, "server does not accept this device, events stay in the spool");
                    if !patient {
                        return Ok(None);
                    }
                    parts.push(part);
                    self.backoff.pause_long().await;
                }
            }
        }
        Ok(done)
    }

    fn note_success(&mut self) {
        self.n_refused = 0;
        if self.backoff.reset() {
            tracing::info!(server = self.client.server(), "events arrive again");
        }
    }

    /// One line when the trouble starts; the repetitions are for debugging.
    fn note_trouble(&self, reason: &str) {
        let n_waiting = self.spool.stats().n_waiting;
        if self.backoff.is_fresh() && now_ns() / 1_000_000_000 >= self.client.expires_s() {
            // TLS says no more than that the handshake failed.
            tracing::error!(reason, n_waiting, "device certificate has expired: enrol this device again");
        } else if self.backoff.is_fresh() {
            tracing::warn!(reason, n_waiting, "events could not be sent, they stay in the spool");
        } else {
            tracing::debug!(reason, n_waiting, "events could not be sent");
        }
    }
}

fn halves(mut batch: SpoolBatch) -> (SpoolBatch, SpoolBatch) {
    let records = batch.records.split_off(batch.records.len() / 2);
    let first_seq = batch.last_seq() + 1;
    let second = SpoolBatch { epoch: batch.epoch, first_seq, records };
    (batch, second)
}

#[cfg(test)]
mod tests;

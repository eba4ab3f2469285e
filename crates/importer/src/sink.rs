//! Rows into the store: one stream per device and file, with dense sequence numbers, in batches.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Result, bail};
use prost::Message;
use schema::{Row, col};
use sha2::{Digest, Sha256};
use store::{Append, Store};

use crate::Ledger;
use crate::limits::{
    BATCH_BYTES, BATCH_ROWS, BUSY_PAUSE, BUSY_TRIES, DEVICES_MAX, FLUSH_BYTES, NAME_BYTES_MAX, WAITING_BYTES_MAX,
};

/// There is one tenant so far.
const TENANT: &str = "default";

/// The device of events that name none.
const NAMELESS: &str = "(unknown)";

/// The device id of a computer name: the same name is the same device in every import.
pub fn device_id(name: &str) -> String {
    let digest = Sha256::digest(format!("windows computer\0{name}"));
    hex::encode(&digest[..20])
}

/// The rows of one device in one file.
struct Stream {
    /// Sequence number of the first of `records`.
    first_seq: u64,
    records: Vec<Vec<u8>>,
    bytes: usize,
}

/// A device, with its streams by origin.
struct Device {
    id: String,
    n_rows: u64,
    streams: HashMap<u32, Stream>,
}

/// Where rows go.
pub(super) struct Sink<'a> {
    store: &'a Arc<Store>,
    ledger: &'a dyn Ledger,
    /// Epochs by origin.
    epochs: Vec<u64>,
    devices: HashMap<String, Device>,
    received_ns: i64,
    /// Bytes that wait in streams, and those in the store's memory.
    held: Held,
    /// Rows that the store did not have.
    pub(super) n_new: u64,
}

/// Bytes of rows that are in memory because of this import.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    waiting: usize,
    unflushed: usize,
    most: usize,
}

impl<'a> Sink<'a> {
    pub(super) fn new(store: &'a Arc<Store>, ledger: &'a dyn Ledger, epochs: Vec<u64>) -> Self {
        let (devices, held) = (HashMap::new(), Held::default());
        Self { store, ledger, epochs, devices, received_ns: now_ns(), held, n_new: 0 }
    }

    /// Takes a row.
    pub(super) fn push(&mut self, row: &Row, origin: u32) -> Result<()> {
        let name = row.text(&col::DEVICE_NAME).filter(|name| !name.is_empty()).unwrap_or(NAMELESS);
        let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        if !self.devices.contains_key(name) {
            self.add_device(name)?;
        }
        let Some(device) = self.devices.get_mut(name) else { bail!("the device is there") };
        device.n_rows += 1;
        let stream =
            device.streams.entry(origin).or_insert_with(|| Stream { first_seq: 1, records: Vec::new(), bytes: 0 });
        let record = row.encode_to_vec();
        stream.bytes += record.len();
        self.held.waiting += record.len();
        self.held.most = self.held.most.max(self.held.waiting + self.held.unflushed);
        stream.records.push(record);
        if stream.records.len() >= BATCH_ROWS || stream.bytes >= BATCH_BYTES {
            let batch = stream.take(&device.id, self.epochs[origin as usize], self.received_ns);
            self.append(batch)?;
        }
        // Thousands of streams with a few rows each are many rows too.
        if self.held.waiting >= WAITING_BYTES_MAX {
            self.append_all()?;
        }
        Ok(())
    }

    /// Writes everything; when this returns it is durable.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.append_all()
    }

    /// Rows by device so far.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, u64)> {
        self.devices.iter().map(|(name, device)| (name.as_str(), device.n_rows))
    }

    /// The most bytes of rows that were in memory at once.
    pub(super) fn held_bytes_most(&self) -> usize {
        self.held.most
    }

    fn add_device(&mut self, name: &str) -> Result<()> {
        if self.devices.len() >= DEVICES_MAX {
            bail!("more than {DEVICES_MAX} devices in files that are read together");
        }
        let id = device_id(name);
        self.ledger.add_device(&id, name)?;
        self.devices.insert(name.to_owned(), Device { id, n_rows: 0, streams: HashMap::new() });
        Ok(())
    }

    /// What waits, in an order that is the same each time.
    fn append_all(&mut self) -> Result<()> {
        let mut names: Vec<String> = self.devices.keys().cloned().collect();
        names.sort();
        for name in names {
            let Some(device) = self.devices.get_mut(&name) else { continue };
            let mut batches = Vec::new();
            for (origin, stream) in &mut device.streams {
                batches.push(stream.take(&device.id, self.epochs[*origin as usize], self.received_ns));
            }
            batches.sort_by_key(|batch| batch.append.epoch);
            for batch in batches {
                self.append(batch)?;
            }
        }
        Ok(())
    }

    fn append(&mut self, batch: Batch) -> Result<()> {
        if batch.append.records.is_empty() {
            return Ok(());
        }
        self.n_new += append_patiently(self.store, &batch.append)?;
        self.held.waiting = self.held.waiting.saturating_sub(batch.bytes);
        self.held.unflushed += batch.bytes;
        if self.held.unflushed >= FLUSH_BYTES {
            self.store.flush()?;
            self.held.unflushed = 0;
        }
        Ok(())
    }
}

/// Rows of one stream on their way to the store.
struct Batch {
    append: Append,
    bytes: usize,
}

impl Stream {
    fn take(&mut self, device: &str, epoch: u64, received_ns: i64) -> Batch {
        let records = std::mem::take(&mut self.records);
        let first_seq = self.first_seq;
        self.first_seq += records.len() as u64;
        let (device, tenant) = (device.to_owned(), TENANT.to_owned());
        let append = Append { device, tenant, epoch, first_seq, received_ns, records };
        Batch { append, bytes: std::mem::take(&mut self.bytes) }
    }
}

/// Waits while the store writes column files.
fn append_patiently(store: &Store, append: &Append) -> Result<u64> {
    for _ in 0..BUSY_TRIES {
        let again = Append {
            device: append.device.clone(),
            tenant: append.tenant.clone(),
            records: append.records.clone(),
            ..*append
        };
        match store.append_wait(again) {
            Ok(appended) => return Ok(appended.n_new),
            Err(store::Error::Busy) => std::thread::sleep(BUSY_PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
    bail!("the store stayed busy: try again later, what was imported stays")
}

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

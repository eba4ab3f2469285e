//! Rows into the store: one stream per device and file, with dense sequence numbers, in batches.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Result, bail};
use prost::Message;
use schema::{Row, col};
use sha2::{Digest, Sha256};
use store::{Append, Store};
use tokio::runtime::Handle;

use crate::clock::now_ns;
use crate::limits::{
    IMPORT_BATCH_BYTES, IMPORT_BATCH_ROWS, IMPORT_BUSY_PAUSE, IMPORT_BUSY_TRIES, IMPORT_DEVICES_MAX, NAME_BYTES_MAX,
};
use crate::state::{State, TENANT};

/// The device of events that name none.
const NAMELESS: &str = "(unknown)";

/// The device id of a computer name: the same name is the same device in every import.
pub(super) fn device_id(name: &str) -> String {
    let digest = Sha256::digest(format!("windows computer\0{name}"));
    hex::encode(&digest[..20])
}

#[derive(Default)]
struct Stream {
    device: String,
    /// Sequence number of the first of `records`.
    first_seq: u64,
    records: Vec<Vec<u8>>,
    bytes: usize,
}

/// Where rows go.
pub(super) struct Sink<'a> {
    store: &'a Arc<Store>,
    state: &'a State,
    runtime: &'a Handle,
    /// Epochs by origin.
    epochs: Vec<u64>,
    streams: HashMap<(String, u32), Stream>,
    devices: HashMap<String, String>,
    received_ns: i64,
    /// Rows that the store did not have.
    pub(super) n_new: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(store: &'a Arc<Store>, state: &'a State, runtime: &'a Handle, epochs: Vec<u64>) -> Self {
        let (streams, devices) = (HashMap::new(), HashMap::new());
        Self { store, state, runtime, epochs, streams, devices, received_ns: now_ns(), n_new: 0 }
    }

    /// Takes a row, and returns its device's name.
    pub(super) fn push(&mut self, row: &Row, origin: u32) -> Result<String> {
        let name = row.text(&col::DEVICE_NAME).filter(|name| !name.is_empty()).unwrap_or(NAMELESS);
        let name = name[..name.floor_char_boundary(NAME_BYTES_MAX)].to_owned();
        let device = self.device(&name)?;
        let key = (device.clone(), origin);
        let stream =
            self.streams.entry(key.clone()).or_insert_with(|| Stream { device, first_seq: 1, ..Stream::default() });
        let record = row.encode_to_vec();
        stream.bytes += record.len();
        stream.records.push(record);
        if stream.records.len() >= IMPORT_BATCH_ROWS || stream.bytes >= IMPORT_BATCH_BYTES {
            self.flush(&key)?;
        }
        Ok(name)
    }

    /// Writes everything; when this returns it is durable.
    pub(super) fn finish(&mut self) -> Result<()> {
        let mut keys: Vec<(String, u32)> = self.streams.keys().cloned().collect();
        keys.sort();
        for key in keys {
            self.flush(&key)?;
        }
        Ok(())
    }

    fn device(&mut self, name: &str) -> Result<String> {
        if let Some(id) = self.devices.get(name) {
            return Ok(id.clone());
        }
        if self.devices.len() >= IMPORT_DEVICES_MAX {
            bail!("more than {IMPORT_DEVICES_MAX} devices in files that are read together");
        }
        let id = device_id(name);
        self.runtime.block_on(self.state.add_imported_device(&id, name))?;
        self.devices.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    fn flush(&mut self, key: &(String, u32)) -> Result<()> {
        let Some(stream) = self.streams.get_mut(key) else { return Ok(()) };
        if stream.records.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut stream.records);
        stream.bytes = 0;
        let append = Append {
            device: stream.device.clone(),
            tenant: TENANT.to_owned(),
            epoch: self.epochs[key.1 as usize],
            first_seq: stream.first_seq,
            received_ns: self.received_ns,
            records,
        };
        stream.first_seq += append.records.len() as u64;
        self.n_new += append_patiently(self.store, &append)?;
        Ok(())
    }
}

/// Waits while the store writes column files.
fn append_patiently(store: &Store, append: &Append) -> Result<u64> {
    for _ in 0..IMPORT_BUSY_TRIES {
        let again = Append {
            device: append.device.clone(),
            tenant: append.tenant.clone(),
            records: append.records.clone(),
            ..*append
        };
        match store.append_wait(again) {
            Ok(appended) => return Ok(appended.n_new),
            Err(store::Error::Busy) => std::thread::sleep(IMPORT_BUSY_PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
    bail!("the store stayed busy: try again later, what was imported stays")
}

//! The bridge between `run` and the uploader: starts it when this device is enrolled, tells it what is seen.

use std::path::Path;
use std::sync::{Arc, Mutex};

use tracing::warn;

use crate::collect::Coverages;
use crate::spool::Spool;

/// A running uploader, or none.
pub struct Sender {
    coverage: Mutex<Coverages>,
}

impl Sender {
    /// Starts to send. Without a server or an identity rows are only spooled.
    pub fn start(_data_dir: &Path, server: Option<String>, _spool: Arc<Spool>) -> anyhow::Result<Sender> {
        if server.is_none() {
            warn!("no server is configured: rows are only spooled");
        }
        Ok(Sender { coverage: Mutex::default() })
    }

    /// What heartbeats say about the sources.
    pub fn set_coverage(&self, coverages: &Coverages) {
        *self.coverage.lock().expect("no one panics while holding it") = coverages.clone();
    }

    /// Stops sending.
    pub fn stop(&self) {}
}

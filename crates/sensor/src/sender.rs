//! The bridge between `run` and the network: starts uploader, heartbeats and renewals once this device is enrolled,
//! tells them what is seen, and stops them. Their async runtime lives in a thread of its own; the collector never waits
//! for it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::collect::Coverages;
use crate::enrol::renew;
use crate::heartbeat::{self, Heartbeat};
use crate::identity::Identity;
use crate::spool::Spool;
use crate::upload::Uploader;

/// How often an unenrolled sensor looks for an identity.
const IDENTITY_INTERVAL: Duration = Duration::from_secs(5);

/// A running sender.
pub struct Sender {
    coverage: Arc<Mutex<Coverages>>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Sender {
    /// Starts to send as soon as there is an identity; until then rows are only spooled. `server` overrides the address
    /// of the enrolment.
    pub fn start(data_dir: &Path, server: Option<String>, spool: Arc<Spool>) -> anyhow::Result<Sender> {
        let coverage: Arc<Mutex<Coverages>> = Arc::default();
        let (stop, stopped) = watch::channel(false);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
        let job = Job { data_dir: data_dir.to_owned(), server, spool, coverage: Arc::clone(&coverage) };
        let body = move || runtime.block_on(job.run(stopped));
        let thread = std::thread::Builder::new().name("send".to_owned()).spawn(body).context("start the sender")?;
        Ok(Sender { coverage, stop, thread: Some(thread) })
    }

    /// What heartbeats say about the sources.
    pub fn set_coverage(&self, coverages: &Coverages) {
        *self.coverage.lock().expect("no one panics while holding it") = coverages.clone();
    }

    /// Sends what is left, for a limited time, and stops.
    pub fn stop(mut self) {
        // No receiver means that the thread has ended already.
        let _ = self.stop.send(true);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the sender panicked");
        }
    }
}

struct Job {
    data_dir: PathBuf,
    server: Option<String>,
    spool: Arc<Spool>,
    coverage: Arc<Mutex<Coverages>>,
}

impl Job {
    async fn run(self, stop: watch::Receiver<bool>) {
        let Some(identity) = self.wait_for_identity(stop.clone()).await else { return };
        let device = identity.device.clone();
        let server = self.server.as_deref().unwrap_or(&device.server);
        let uploader = match Uploader::new(server, &identity, Arc::clone(&self.spool)) {
            Ok(uploader) => uploader,
            Err(error) => {
                error!(%error, "nothing can be sent: rows are only spooled");
                return;
            }
        };
        info!(server, device_id = device.device_id, "sending");
        let beats = heartbeat::run(uploader.client(), || self.heartbeat(&device.device_name), stop.clone());
        let renewals = renew::run(uploader.client(), identity, &self.data_dir, stop.clone());
        let (sent, (), ()) = tokio::join!(uploader.run(stop.clone()), beats, renewals);
        if let Err(error) = sent {
            error!(%error, "the uploader gave up");
        }
    }

    fn heartbeat(&self, device_name: &str) -> Heartbeat {
        let coverage = self.coverage.lock().expect("no one panics while holding it");
        Heartbeat {
            coverage: coverage
                .iter()
                .map(|(name, coverage)| ((*name).to_owned(), coverage.word().to_owned()))
                .collect(),
            spooled: self.spool.stats().n_waiting,
            ..Heartbeat::of_this_device(device_name)
        }
    }

    async fn wait_for_identity(&self, mut stop: watch::Receiver<bool>) -> Option<Identity> {
        let mut warned = false;
        loop {
            match Identity::load(&self.data_dir) {
                Ok(Some(identity)) => return Some(identity),
                Ok(None) if !warned => warn!("not enrolled: rows are only spooled until `nenrin-sensor enrol` was run"),
                Err(error) if !warned => error!(%error, "the identity cannot be used: rows are only spooled"),
                Ok(None) | Err(_) => {}
            }
            warned = true;
            tokio::select! {
                () = tokio::time::sleep(IDENTITY_INTERVAL) => {}
                _ = stop.wait_for(|stop| *stop) => return None,
            }
        }
    }
}

//! `nenrin-sensor status`: what a data directory says about its sensor, also while the sensor runs.

use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use anyhow::Context;
use serde::Serialize;

use crate::alive::Alive;
use crate::identity::Identity;

/// Signs of life come every two seconds; this long without one means that no sensor runs.
const SILENT_S_MAX: f64 = 10.0;

/// The state of one data directory.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// A sensor has given a sign of life within the last seconds.
    pub running: bool,
    /// Seconds since the last sign of life, when there ever was one.
    pub last_alive_s: Option<f64>,
    /// Id given by the server, when enrolled.
    pub device_id: Option<String>,
    /// The server of the enrolment.
    pub server: Option<String>,
    /// Days until the certificate ends.
    pub certificate_days: Option<u64>,
    /// Bytes of the spool's files.
    pub spool_bytes: u64,
}

/// Reads the state; takes no lock.
pub fn status(data_dir: &Path) -> anyhow::Result<Status> {
    let identity = Identity::load(data_dir).context("read the identity")?;
    let age_s = Alive::new(data_dir).age_s();
    Ok(Status {
        running: age_s.is_some_and(|(age_s, clean)| !clean && age_s < SILENT_S_MAX),
        last_alive_s: age_s.map(|(age_s, _)| age_s),
        device_id: identity.as_ref().map(|identity| identity.device.device_id.clone()),
        server: identity.as_ref().map(|identity| identity.device.server.clone()),
        certificate_days: identity.as_ref().map(|identity| identity.valid_for(SystemTime::now()).as_secs() / 86_400),
        spool_bytes: bytes_of(&data_dir.join("spool")),
    })
}

impl Status {
    /// For people.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let age = self.last_alive_s.map_or("never".to_owned(), |age_s| format!("{age_s:.1} s ago"));
        writeln!(out, "running      {} (last sign of life: {age})", if self.running { "yes" } else { "no" })?;
        match (&self.device_id, &self.server, self.certificate_days) {
            (Some(id), Some(server), Some(days)) => {
                writeln!(out, "enrolled     {id} at {server}, certificate good for {days} days")?;
            }
            _ => writeln!(out, "enrolled     no: run `nenrin-sensor enrol`")?,
        }
        writeln!(out, "spool        {} bytes", self.spool_bytes)
    }
}

fn bytes_of(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .filter(|metadata| metadata.is_file())
        .map(|metadata| metadata.len())
        .sum()
}

//! `nenrin-sensor status`: what a data directory says about its sensor, also while the sensor runs.

use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use anyhow::Context;
use serde::Serialize;

use crate::alive::Alive;
use crate::identity::Identity;
use crate::spool::Spool;

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
    /// The spool, when there is one.
    pub spool: Option<SpoolState>,
}

/// How far the stream got; up to a second old while the sensor runs.
#[derive(Debug, Serialize)]
pub struct SpoolState {
    /// The stream, as hexadecimal digits.
    pub epoch: String,
    /// Last number given to a row.
    pub written: u64,
    /// Last number the server has.
    pub acked: u64,
    /// Bytes of the spool's files.
    pub bytes: u64,
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
        spool: Spool::peek(&data_dir.join("spool")).context("read the spool")?.map(|stats| SpoolState {
            epoch: format!("{:016x}", stats.epoch),
            written: stats.written_seq,
            acked: stats.acked_seq,
            bytes: stats.bytes,
        }),
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
        match &self.spool {
            Some(spool) => {
                let waiting = spool.written.saturating_sub(spool.acked);
                writeln!(out, "spool        {waiting} rows wait, {} bytes", spool.bytes)
            }
            None => writeln!(out, "spool        none yet"),
        }
    }
}

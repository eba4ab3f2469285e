//! Every 15 seconds: this device lives, and this is what its sensor can see.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::body::Bytes;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::client::Client;

/// The server calls a device silent after a few of these.
pub const INTERVAL: Duration = Duration::from_secs(15);

/// The server takes 64; a container host may have thousands.
const IPS_MAX: usize = 64;

const PATH: &str = "/ingest/v1/heartbeat";

/// What a heartbeat says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// Host name.
    pub device_name: String,
    /// `linux` or `windows`.
    pub os: String,
    /// Name and version of the distribution.
    pub os_version: String,
    /// Version of the kernel.
    pub kernel: String,
    /// Addresses, without loopback.
    pub ips: Vec<String>,
    /// Version of this program.
    pub sensor_version: String,
    /// Changes at every start of the machine.
    pub boot_id: String,
    /// Source → `full`, `partial` or `off`.
    pub coverage: BTreeMap<String, String>,
    /// Rows that the server does not have yet.
    pub spooled: u64,
    /// The device's clock, ns since 1970-01-01 UTC.
    pub now_ns: String,
}

impl Heartbeat {
    /// What can be known without the sensor's other parts; coverage and `spooled` are the caller's.
    pub fn of_this_device(device_name: &str) -> Self {
        Heartbeat {
            device_name: device_name.to_owned(),
            os: std::env::consts::OS.to_owned(),
            os_version: os_version(),
            kernel: first_line("/proc/sys/kernel/osrelease"),
            ips: addresses(),
            sensor_version: env!("CARGO_PKG_VERSION").to_owned(),
            boot_id: boot_id(),
            coverage: BTreeMap::new(),
            spooled: 0,
            now_ns: now_ns().to_string(),
        }
    }
}

/// The kernel's boot id, empty where there is none.
pub(crate) fn boot_id() -> String {
    first_line("/proc/sys/kernel/random/boot_id")
}

/// The wall clock; saturates outside 1970 to 2262.
pub(crate) fn now_ns() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
}

fn first_line(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// `PRETTY_NAME` of os-release (freedesktop.org, os-release(5)).
fn os_version() -> String {
    let text = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.unwrap_or_default().trim_matches('"').to_owned()
}

/// Addresses of all interfaces but loopback, sorted.
#[cfg(unix)]
fn addresses() -> Vec<String> {
    let mut ips = Vec::new();
    for interface in nix::ifaddrs::getifaddrs().into_iter().flatten() {
        let Some(address) = interface.address else { continue };
        let ip = match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(v4), _) => std::net::IpAddr::V4(v4.ip()),
            (None, Some(v6)) => std::net::IpAddr::V6(v6.ip()),
            (None, None) => continue,
        };
        if !ip.is_loopback() {
            ips.push(ip.to_string());
        }
    }
    ips.sort_unstable();
    ips.dedup();
    ips.truncate(IPS_MAX);
    ips
}

#[cfg(not(unix))]
fn addresses() -> Vec<String> {
    Vec::new()
}

/// Sends what `fill` says, now and every 15 seconds, until `stop` turns true or its sender is gone.
pub async fn run(client: Client, mut fill: impl FnMut() -> Heartbeat + Send, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval_at(Instant::now(), INTERVAL);
    // After a sleep of the machine one heartbeat is enough.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let beat = fill();
        let sent = tokio::select! {
            sent = send(&client, &beat) => sent,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match &sent {
            Ok(()) if is_failing => tracing::info!(server = client.server(), "heartbeats arrive again"),
            Ok(()) => {}
            // The uploader says what to do; one line here is enough until it works again.
            Err(reason) if !is_failing => tracing::warn!(reason, "heartbeat failed"),
            Err(reason) => tracing::debug!(reason, "heartbeat failed"),
        }
        is_failing = sent.is_err();
    }
}

async fn send(client: &Client, beat: &Heartbeat) -> Result<(), String> {
    let body = serde_json::to_vec(beat).map_err(|error| error.to_string())?;
    let answer = client.post(PATH, "application/json", Bytes::from(body)).await.map_err(|error| error.to_string())?;
    if answer.status == 200 { Ok(()) } else { Err(answer.reason()) }
}

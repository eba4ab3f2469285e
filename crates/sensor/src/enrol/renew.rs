//! Renewal: a device asks for its next certificate with the one it has, long before that ends. The server keeps taking
//! the old one until the new one is first used, and the new one is used only after it is on the disk, so neither a lost
//! answer nor a crash locks the device out.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use hyper::body::Bytes;
use serde::Serialize;
use tokio::sync::watch;

use super::{Granted, check};
use crate::client::Client;
use crate::identity::{self, Identity};

const PATH: &str = "/enrol/v1/renew";

/// How often the certificate is looked at, and a renewal that failed is tried again: 240 times in the last ten days.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// The first look comes within this time after the start, so that many sensors that start together, as after a power
/// cut, do not ask together.
const FIRST_MAX: Duration = Duration::from_secs(60);

#[derive(Serialize)]
struct Request<'a> {
    csr: &'a str,
}

/// Renews the certificate whenever it is due, until `stop` turns true or its sender is gone. A failure is logged and
/// tried again later; sending goes on with the certificate that there is.
pub async fn run(client: Client, identity: Identity, data_dir: &Path, stop: watch::Receiver<bool>) {
    let first = FIRST_MAX.mul_f64(rand::random());
    run_every(INTERVAL, first, client, identity, data_dir, stop).await;
}

async fn run_every(
    interval: Duration,
    first: Duration,
    client: Client,
    mut identity: Identity,
    data_dir: &Path,
    mut stop: watch::Receiver<bool>,
) {
    let mut wait = first;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        wait = interval.mul_f64(0.75 + rand::random::<f64>() / 2.0);
        if !identity.is_renewal_due(SystemTime::now()) {
            continue;
        }
        // A stop ends the wait for the server; the write to the disk does not wait, so it is never cut short.
        let renewed = tokio::select! {
            renewed = renew(&client, &identity, data_dir) => renewed,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match renewed {
            Ok(renewed) => {
                tracing::info!(days = renewed.valid_for(SystemTime::now()).as_secs() / 86_400, "certificate renewed");
                identity = renewed;
            }
            Err(error) => {
                let days = identity.valid_for(SystemTime::now()).as_secs() / 86_400;
                tracing::warn!(error = %format!("{error:#}"), days, "certificate could not be renewed, trying later");
            }
        }
    }
}

/// Asks for a new certificate, stores it, and makes the client use it.
pub(crate) async fn renew(client: &Client, identity: &Identity, data_dir: &Path) -> anyhow::Result<Identity> {
    let stored = identity.stored_now(data_dir)?;
    if stored.is_newer_than(identity) {
        // An earlier try failed after it had put the new pair in place. To ask again would end that pair, and a restart
        // would use it.
        client.switch_to(stored.client_config().context("use the stored certificate")?, stored.expires_s).await;
        return Ok(stored);
    }
    let (key, csr) = identity::new_key(&identity.device.device_name).context("make the device key")?;
    let body = serde_json::to_vec(&Request { csr: &csr }).context("write the request")?;
    let answer = client.post(PATH, "application/json", Bytes::from(body)).await?;
    ensure!(answer.status == 200, "{} refused the renewal: {}", client.server(), answer.reason());
    let granted: Granted = serde_json::from_slice(&answer.body).context("read the answer")?;
    check(&granted, identity.ca_pin(), key.public_key_raw()).map_err(anyhow::Error::msg).context("check the answer")?;
    ensure!(granted.device_id == identity.device.device_id, "check the answer: it is for another device");
    let key_pem = key.serialize_pem();
    let renewed = identity.with_pair(&key_pem, &granted.certificate).map_err(anyhow::Error::msg)?;
    // Else it would be asked for again every hour, or end before it is.
    ensure!(renewed.is_newer_than(identity), "check the answer: the certificate ends no later than the old one");
    let tls = renewed.client_config().context("use the certificate")?;
    // Everything that can fail is done: what is stored now will be used, and not before it is stored.
    identity.save_renewed(data_dir, &key_pem, &granted.certificate)?;
    client.switch_to(tls, renewed.expires_s).await;
    Ok(renewed)
}

#[cfg(test)]
mod tests;

//! Heartbeats: that the device lives, what it is, and what its sensor can see.

use std::collections::BTreeMap;

use axum::extract::State as Shared;
use axum::{Extension, Json};
use serde::Deserialize;

use super::{Ingest, device_of};
use crate::api::error::{ApiError, Body};
use crate::clock::now_ns;
use crate::limits::NAME_BYTES_MAX;
use crate::state::Sign;
use crate::tls::Peer;

/// Sources in a coverage statement, and addresses, at most: far more than any sensor or machine has.
const LIST_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Heartbeat {
    device_name: String,
    os: String,
    #[serde(default)]
    os_version: String,
    #[serde(default)]
    kernel: String,
    #[serde(default)]
    ips: Vec<String>,
    sensor_version: String,
    #[serde(default)]
    boot_id: String,
    #[serde(default)]
    coverage: BTreeMap<String, String>,
    #[serde(default)]
    spooled: i64,
    now_ns: Option<String>,
}

pub(super) async fn heartbeat(
    Shared(ingest): Shared<Ingest>,
    Extension(peer): Extension<Peer>,
    Body(heartbeat): Body<Heartbeat>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let device = device_of(&ingest.state, &peer).await?;
    let names = [&heartbeat.device_name, &heartbeat.os, &heartbeat.os_version, &heartbeat.kernel];
    let lists = heartbeat.ips.len() <= LIST_MAX && heartbeat.coverage.len() <= LIST_MAX;
    if !lists || names.iter().any(|text| text.len() > NAME_BYTES_MAX) {
        return Err(ApiError::bad_request("heartbeat: a text or list is too long"));
    }
    let skew_ns = heartbeat.now_ns.and_then(|text| text.parse::<i64>().ok()).map(|time_ns| time_ns - now_ns());
    let sign = Sign {
        name: heartbeat.device_name,
        os: heartbeat.os,
        os_version: heartbeat.os_version,
        kernel: heartbeat.kernel,
        ips: serde_json::to_string(&heartbeat.ips).map_err(anyhow::Error::from)?,
        sensor_version: heartbeat.sensor_version,
        boot_id: heartbeat.boot_id,
        coverage: serde_json::to_string(&heartbeat.coverage).map_err(anyhow::Error::from)?,
        spooled: heartbeat.spooled,
        skew_ns,
    };
    ingest.state.heartbeat(&device.id, &sign).await?;
    Ok(Json(serde_json::json!({})))
}

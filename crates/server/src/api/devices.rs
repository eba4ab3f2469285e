//! The device inventory.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State as Shared};
use query::DeviceCount;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::SignedIn;
use super::error::{ApiError, ErrorBody, Params};
use crate::clock::{now_ns, now_s, text_of_ns};
use crate::limits::SILENT_AFTER_SECONDS;
use crate::state::{Device, NO_CERTIFICATE};

const DAY_US: i64 = 86_400_000_000;

/// Filters of the inventory.
#[derive(Deserialize, IntoParams)]
pub struct ListParams {
    /// Part of a name, id or address, ignoring case.
    #[serde(default)]
    search: String,
}

/// A list of devices.
#[derive(Serialize, ToSchema)]
pub struct DeviceList {
    /// By name.
    items: Vec<DeviceBody>,
}

/// One device.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceBody {
    /// 40 hexadecimal digits.
    id: String,
    /// Host name.
    name: String,
    /// Operating system.
    os: String,
    /// Its version.
    os_version: String,
    /// Kernel release.
    kernel: String,
    /// Addresses.
    ips: Vec<String>,
    /// Version of the sensor.
    sensor_version: String,
    /// Enrolment, RFC 3339 UTC.
    first_seen: String,
    /// Last heartbeat, RFC 3339 UTC.
    last_seen: Option<String>,
    /// Newest event of the last 24 hours, RFC 3339 UTC.
    last_event: Option<String>,
    /// `active`, `silent`, `enrolled` (never heard of since) or `imported` (no sensor: its events came as logs).
    state: String,
    /// Events of the last 24 hours.
    events24h: u64,
    /// Events of the last 24 hours that are counted as lost.
    lost24h: u64,
    /// What the sensor can see, per source: `full`, `partial` or `off`.
    coverage: BTreeMap<String, String>,
}

/// All devices.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", params(ListParams), responses(
    (status = 200, body = DeviceList), (status = 401, body = ErrorBody)))]
pub async fn list(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Params(params): Params<ListParams>,
) -> Result<Json<DeviceList>, ApiError> {
    let counts = counts(&api, None).await?;
    let wanted = params.search.trim().to_lowercase();
    let mut items = Vec::new();
    for device in api.state.devices().await? {
        let texts = [&device.name, &device.id, &device.ips];
        if wanted.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&wanted)) {
            items.push(body_of(&device, counts.get(&device.id)));
        }
    }
    Ok(Json(DeviceList { items }))
}

/// One device.
#[utoipa::path(get, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = String, Path, description = "Device id")),
    responses((status = 200, body = DeviceBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn one(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<DeviceBody>, ApiError> {
    let device = find(&api, &id).await?;
    let counts = counts(&api, Some(id)).await?;
    Ok(Json(body_of(&device, counts.get(&device.id))))
}

/// The device, or 404.
pub(super) async fn find(api: &Api, id: &str) -> Result<Device, ApiError> {
    let device = api.state.device(id).await?;
    device.ok_or_else(|| ApiError::not_found("no such device"))
}

async fn counts(api: &Api, device: Option<String>) -> Result<BTreeMap<String, DeviceCount>, ApiError> {
    let since_us = now_ns() / 1_000 - DAY_US;
    api.query(move |engine, store| engine.device_counts(&store.snapshot(), since_us, device.as_deref())).await
}

fn body_of(device: &Device, count: Option<&DeviceCount>) -> DeviceBody {
    let seconds = |time: i64| text_of_ns(time.saturating_mul(1_000_000_000));
    let state = match device.last_seen {
        None if device.certificate == NO_CERTIFICATE => "imported",
        None => "enrolled",
        Some(last_seen) if now_s() - last_seen > SILENT_AFTER_SECONDS => "silent",
        Some(_) => "active",
    };
    DeviceBody {
        id: device.id.clone(),
        name: device.name.clone(),
        os: device.os.clone(),
        os_version: device.os_version.clone(),
        kernel: device.kernel.clone(),
        ips: serde_json::from_str(&device.ips).unwrap_or_default(),
        sensor_version: device.sensor_version.clone(),
        first_seen: seconds(device.first_seen),
        last_seen: device.last_seen.map(seconds),
        last_event: count.map(|count| text_of_ns(count.last_event_us.saturating_mul(1_000))),
        state: state.to_owned(),
        events24h: count.map_or(0, |count| count.n_events),
        lost24h: count.map_or(0, |count| count.n_lost),
        coverage: serde_json::from_str(&device.coverage).unwrap_or_default(),
    }
}

//! Devices as MDE's clients ask for them (learn.microsoft.com, "Machine resource type").

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, RawQuery, State as Shared};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Api;
use super::advanced::rows;
use super::alerts::{not_found, query_alerts, with_context};
use super::asked::Asked;
use super::error::{ApiError, AzureErrorBody, Body, ErrorBody};
use super::odata::{Kind, Options, Page, Property, Schema, answer};
use crate::alerts::Wanted;
use crate::clock::{now_s, ticks_text_of_ns};
use crate::limits::{LOGON_USERS_MAX, NAME_BYTES_MAX};
use crate::state::Device;

/// MDE calls a device inactive after seven days without a sign of life.
const INACTIVE_AFTER_SECONDS: i64 = 7 * 86_400;
const LEVELS: &[&str] = &["None", "Informational", "Low", "Medium", "High"];
const HEALTH: &[&str] = &["Active", "Inactive", "ImpairedCommunication", "NoSensorData", "Unknown"];

/// What filters may ask of a device.
static MACHINE: Schema = Schema {
    name: "microsoft.windowsDefenderATP.api.Machine",
    properties: &[
        Property { name: "id", kind: Kind::Text },
        Property { name: "computerDnsName", kind: Kind::Text },
        Property { name: "firstSeen", kind: Kind::Time },
        Property { name: "lastSeen", kind: Kind::Time },
        Property { name: "osPlatform", kind: Kind::Text },
        Property { name: "onboardingStatus", kind: Kind::Text },
        Property { name: "osProcessor", kind: Kind::Text },
        Property { name: "version", kind: Kind::Text },
        Property { name: "osBuild", kind: Kind::Number },
        Property { name: "lastIpAddress", kind: Kind::Text },
        Property { name: "lastExternalIpAddress", kind: Kind::Text },
        Property { name: "healthStatus", kind: Kind::Word(HEALTH) },
        Property { name: "rbacGroupName", kind: Kind::Text },
        Property { name: "rbacGroupId", kind: Kind::Number },
        Property { name: "riskScore", kind: Kind::Word(LEVELS) },
        Property { name: "aadDeviceId", kind: Kind::Text },
        Property { name: "machineTags", kind: Kind::Texts },
        Property { name: "exposureLevel", kind: Kind::Word(LEVELS) },
        Property { name: "deviceValue", kind: Kind::Text },
        Property { name: "osArchitecture", kind: Kind::Text },
    ],
};

/// What the alerts and people say of devices.
struct Known {
    risks: HashMap<String, usize>,
    tags: HashMap<String, Vec<String>>,
}

impl Known {
    async fn read(api: &Api, device: Option<&str>) -> Result<Self, ApiError> {
        let mut risks: HashMap<String, usize> = HashMap::new();
        let wanted = Wanted { device: device.map(str::to_owned), ..Wanted::default() };
        for alert in api.state.alerts(&wanted).await? {
            let level = LEVELS.iter().position(|level| *level == alert.severity).unwrap_or(0);
            if alert.status != "Resolved" {
                let risk = risks.entry(alert.device).or_default();
                *risk = level.max(*risk);
            }
        }
        let mut tags: HashMap<String, Vec<String>> = HashMap::new();
        for (device, tag) in api.state.machine_tags().await? {
            tags.entry(device).or_default().push(tag);
        }
        Ok(Self { risks, tags })
    }

    fn machine(&self, device: &Device) -> Value {
        let ips: Vec<String> = serde_json::from_str(&device.ips).unwrap_or_default();
        let seconds = |time: i64| ticks_text_of_ns(time.saturating_mul(1_000_000_000));
        let health = match device.last_seen {
            None => "NoSensorData",
            Some(last_seen) if now_s() - last_seen > INACTIVE_AFTER_SECONDS => "Inactive",
            Some(_) => "Active",
        };
        let addresses: Vec<Value> =
            ips.iter().map(|ip| json!({ "ipAddress": ip, "macAddress": null, "operationalStatus": "Up" })).collect();
        json!({
            "id": device.id,
            "computerDnsName": device.name,
            "firstSeen": seconds(device.first_seen),
            "lastSeen": seconds(device.last_seen.unwrap_or(device.first_seen)),
            "osPlatform": device.os,
            "onboardingStatus": "Onboarded",
            "osProcessor": null,
            "version": device.os_version,
            "osBuild": null,
            "lastIpAddress": ips.first(),
            "lastExternalIpAddress": null,
            "healthStatus": health,
            "rbacGroupName": null,
            "rbacGroupId": 0,
            "riskScore": LEVELS[self.risks.get(&device.id).copied().unwrap_or(0)],
            "aadDeviceId": null,
            "machineTags": self.tags.get(&device.id).cloned().unwrap_or_default(),
            "exposureLevel": null,
            "deviceValue": "Normal",
            "ipAddresses": addresses,
            "osArchitecture": null,
        })
    }
}

/// One device, by its id or name.
pub(super) async fn body(api: &Api, id: &str) -> Result<Value, ApiError> {
    let device = find(api, id).await?;
    Ok(Known::read(api, Some(&device.id)).await?.machine(&device))
}

pub(super) async fn find(api: &Api, id: &str) -> Result<Device, ApiError> {
    if let Some(device) = api.state.device(id).await? {
        return Ok(device);
    }
    let named = |device: &Device| device.name.eq_ignore_ascii_case(id);
    api.state.devices().await?.into_iter().find(named).ok_or_else(|| not_found("Machine", id))
}

/// Devices with an OData query.
#[utoipa::path(get, path = "/api/machines", operation_id = "machine_list", tag = "machines", params(
    ("$filter" = Option<String>, Query, description = "Condition on any property"),
    ("$top" = Option<u32>, Query, description = "At most 10,000"), ("$skip" = Option<u32>, Query)),
    responses((status = 200, body = Object), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn list(Shared(api): Shared<Api>, asked: Asked, RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    let options = Options::parse(query.as_deref(), &MACHINE, "")?;
    let known = Known::read(&api, None).await?;
    let devices = api.state.devices().await?;
    let entities: Vec<(i64, Value)> = devices.iter().map(|device| (device.first_seen, known.machine(device))).collect();
    let page = Page {
        newest: entities.iter().map(|(number, _)| *number).max().unwrap_or(0),
        entities,
        address: asked.address(),
        context: asked.context("Machines"),
    };
    Ok(Json(answer(page, &options).body))
}

/// One device by its id or name, or devices by an address: `findbyip(ip='10.0.0.1',timestamp=2026-11-24T00:00:00Z)`.
#[utoipa::path(get, path = "/api/machines/{id}", operation_id = "machine_one", tag = "machines", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn one(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    if id.to_ascii_lowercase().starts_with("findbyip(") {
        return by_ip(&api, &id, &asked).await;
    }
    Ok(with_context(body(&api, &id).await?, asked.context("Machines/$entity")))
}

async fn by_ip(api: &Api, call: &str, asked: &Asked) -> Result<Json<Value>, ApiError> {
    let ip = call.split_once("ip='").and_then(|(_, rest)| rest.split_once('\'')).map(|(ip, _)| ip);
    let Some(ip) = ip.filter(|ip| ip.parse::<std::net::IpAddr>().is_ok()) else {
        let message = "findbyip(ip='10.0.0.1',timestamp=…): ip must be an address";
        return Err(ApiError::new(http::StatusCode::BAD_REQUEST, "InvalidIpAddress", message));
    };
    let known = Known::read(api, None).await?;
    let has = |device: &&Device| {
        serde_json::from_str::<Vec<String>>(&device.ips).unwrap_or_default().iter().any(|it| it == ip)
    };
    let devices = api.state.devices().await?;
    let value: Vec<Value> = devices.iter().filter(has).map(|device| known.machine(device)).collect();
    Ok(Json(json!({ "@odata.context": asked.context("Machines"), "value": value })))
}

/// Who logged on to a device, by its logon events: most recent first.
#[utoipa::path(get, path = "/api/machines/{id}/logonusers", operation_id = "machine_logon_users", tag = "machines", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = AzureErrorBody), (status = 404, body = AzureErrorBody), (status = 429, body = AzureErrorBody)))]
pub async fn logon_users(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    let device = find(&api, &id).await?;
    // The id is one of ours: hexadecimal digits.
    let query = format!(
        "DeviceLogonEvents | where DeviceId == '{}' and ActionType == 'LogonSuccess' and isnotempty(AccountName)
         | summarize firstSeen = min(Timestamp), lastSeen = max(Timestamp), types = make_set(LogonType)
             by AccountDomain, AccountName, AccountSid
         | top {LOGON_USERS_MAX} by lastSeen desc",
        device.id
    );
    let value: Vec<Value> = rows(&api, query).await?.iter().map(|row| logon_user(row, &device.id)).collect();
    Ok(Json(json!({ "@odata.context": asked.context("Users"), "value": value })))
}

fn logon_user(row: &Value, device: &str) -> Value {
    let text = |name: &str| row[name].as_str().filter(|it| !it.is_empty());
    let (name, domain) = (text("AccountName").unwrap_or_default(), text("AccountDomain"));
    let mut types: Vec<&str> = row["types"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    types.sort_unstable();
    json!({
        "id": domain.map_or_else(|| name.to_owned(), |domain| format!("{domain}\\{name}")),
        "accountName": name, "accountDomain": domain, "accountSid": text("AccountSid"), "firstSeen": row["firstSeen"],
        "lastSeen": row["lastSeen"], "mostPrevalentMachineId": device, "leastPrevalentMachineId": device,
        "logonTypes": types.join(", "), "logOnMachinesCount": 1, "isDomainAdmin": null,
        "isOnlyNetworkUser": !types.is_empty() && types.iter().all(|it| *it == "Network"),
    })
}

/// Alerts of a device, with an OData query.
#[utoipa::path(get, path = "/api/machines/{id}/alerts", operation_id = "machine_alerts", tag = "machines", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn alerts(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    let device = find(&api, &id).await?;
    Ok(Json(query_alerts(&api, &asked, query.as_deref(), Some(&device.id)).await?.body))
}

/// The number of a device's alerts that a filter lets through, as bare text.
#[utoipa::path(get, path = "/api/machines/{id}/alerts/$count", operation_id = "machine_alerts_number", tag = "machines", params(("id" = String, Path)),
    responses((status = 200, body = String), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn alerts_number(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<String, ApiError> {
    asked.count(&api)?;
    let device = find(&api, &id).await?;
    Ok(query_alerts(&api, &asked, query.as_deref(), Some(&device.id)).await?.n_matching.to_string())
}

/// A tag to add or remove.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TagChange {
    /// The tag.
    value: String,
    /// Add or Remove.
    action: String,
}

/// Adds or removes a tag of a device.
#[utoipa::path(post, path = "/api/machines/{id}/tags", operation_id = "machine_tags", tag = "machines", params(("id" = String, Path)), request_body = TagChange,
    responses((status = 200, body = Object), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn tags(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
    Body(change): Body<TagChange>,
) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    let invalid = |message: &str| ApiError::new(http::StatusCode::BAD_REQUEST, "InvalidInput", message);
    let present = match change.action.to_ascii_lowercase().as_str() {
        "add" => true,
        "remove" => false,
        _ => return Err(invalid("Action: must be Add or Remove")),
    };
    let tag = change.value.trim();
    if tag.is_empty() || tag.len() > NAME_BYTES_MAX {
        return Err(invalid(&format!("Value: 1 to {NAME_BYTES_MAX} bytes")));
    }
    let device = find(&api, &id).await?;
    api.state.set_machine_tag(&device.id, tag, present).await?;
    Ok(Json(body(&api, &device.id).await?))
}

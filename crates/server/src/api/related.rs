//! What an alert is about: domains, files, addresses, the device and the account.

use axum::Json;
use axum::extract::{Path, State as Shared};
use serde_json::{Value, json};

use super::Api;
use super::alerts::{find, not_found, with_context};
use super::asked::Asked;
use super::error::{ApiError, ErrorBody};
use super::machines;
use crate::alerts::{Alert, EvidenceItem};

/// An alert, its evidence, and the request that asks about it.
struct About {
    alert: Alert,
    evidence: Vec<EvidenceItem>,
    asked: Asked,
}

impl About {
    async fn read(api: &Api, asked: Asked, id: &str) -> Result<Self, ApiError> {
        asked.count(api)?;
        let alert = find(api, id).await?;
        let evidence = api.state.alert_evidence(alert.n, alert.n).await?;
        Ok(Self { alert, evidence, asked })
    }

    fn list(&self, name: &str, value: Vec<Value>) -> Json<Value> {
        Json(json!({ "@odata.context": self.asked.context(name), "value": value }))
    }

    /// Each value of a member once, sorted.
    fn values(&self, name: &str) -> Vec<&str> {
        let mut found: Vec<&str> = self.evidence.iter().filter_map(|item| item.json.get(name)?.as_str()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Host names that an alert is about.
#[utoipa::path(get, path = "/api/alerts/{id}/domains", operation_id = "alert_related_domains", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn domains(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let about = About::read(&api, asked, &id).await?;
    let mut hosts: Vec<&str> = about.values("url").into_iter().map(host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    Ok(about.list("Domains", hosts.into_iter().map(|host| json!({ "host": host })).collect()))
}

/// Files with a hash that an alert is about. What only a world-wide service could say is null.
#[utoipa::path(get, path = "/api/alerts/{id}/files", operation_id = "alert_related_files", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn files(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let about = About::read(&api, asked, &id).await?;
    let mut files: Vec<Value> = Vec::new();
    for item in &about.evidence {
        let sha1 = item.json.get("sha1").filter(|it| it.is_string());
        let Some(sha1) = sha1.filter(|sha1| !files.iter().any(|file| file["sha1"] == **sha1)) else { continue };
        files.push(json!({
            "sha1": sha1, "sha256": item.json["sha256"], "md5": null, "globalPrevalence": null,
            "globalFirstObserved": null, "globalLastObserved": null, "size": null, "fileType": null, "isPeFile": null,
            "filePublisher": null, "fileProductName": null, "signer": null, "issuer": null, "signerHash": null,
            "isValidCertificate": null, "determinationType": "Unknown", "determinationValue": null,
        }));
    }
    Ok(about.list("Files", files))
}

/// Addresses that an alert is about.
#[utoipa::path(get, path = "/api/alerts/{id}/ips", operation_id = "alert_related_ips", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn ips(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let about = About::read(&api, asked, &id).await?;
    let ips = about.values("ipAddress").into_iter().map(|ip| json!({ "id": ip })).collect();
    Ok(about.list("Ips", ips))
}

/// The device of an alert.
#[utoipa::path(get, path = "/api/alerts/{id}/machine", operation_id = "alert_related_machine", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn machine(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let about = About::read(&api, asked, &id).await?;
    let body = machines::body(&api, &about.alert.device).await?;
    Ok(with_context(body, about.asked.context("Machines/$entity")))
}

/// The account of an alert's first event.
#[utoipa::path(get, path = "/api/alerts/{id}/user", operation_id = "alert_related_user", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn user(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let about = About::read(&api, asked, &id).await?;
    let alert = &about.alert;
    let name = alert.user_name.clone().ok_or_else(|| not_found("User of alert", &alert.id))?;
    let domain = alert.user_domain.clone();
    let id = domain.as_ref().map_or_else(|| name.clone(), |domain| format!("{domain}\\{name}"));
    let body = json!({
        "id": id, "accountName": name, "accountDomain": domain, "accountSid": null, "firstSeen": null, "lastSeen": null,
        "mostPrevalentMachineId": alert.device, "leastPrevalentMachineId": alert.device, "logonTypes": null,
        "logOnMachinesCount": null, "isDomainAdmin": null, "isOnlyNetworkUser": null,
    });
    Ok(with_context(body, about.asked.context("Users/$entity")))
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or(rest)
}

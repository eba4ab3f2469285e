//! What MDE has and we have not: vulnerabilities, recommendations, software, actions on devices, indicators. A client that
//! asks gets MDE's own answer for a feature that is not enabled, or an empty list where there is truly nothing.

use axum::Json;
use axum::extract::{Path, State as Shared};
use http::StatusCode;
use serde_json::{Value, json};

use super::Api;
use super::asked::Asked;
use super::error::{ApiError, AzureErrorBody};
use super::machines::find;

/// 403 as MDE documents it ("Common REST API error codes").
fn disabled(what: &str) -> ApiError {
    let message = format!("{what}: this server records and shows what happens, it does not do this");
    ApiError::new(StatusCode::FORBIDDEN, "DisabledFeature", &message)
}

/// A list of MDE's findings about a device: `vulnerabilities`, `recommendations` or `software`. Always 403
/// `DisabledFeature`: an empty list would say that nothing was found.
#[utoipa::path(get, path = "/api/machines/{id}/{other}", operation_id = "machine_findings", tag = "machines",
    params(("id" = String, Path), ("other" = String, Path)),
    responses((status = 401, body = AzureErrorBody), (status = 403, body = AzureErrorBody), (status = 404, body = AzureErrorBody)))]
pub async fn findings(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path((id, finding)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    find(&api, &id).await?;
    match finding.as_str() {
        "vulnerabilities" | "recommendations" | "software" | "missingkbs" => Err(disabled(&finding)),
        _ => Err(ApiError::not_found("no such route: see /api/v1/openapi.json")),
    }
}

/// An action on a device: `isolate`, `runAntiVirusScan` and the like. Always 403 `DisabledFeature`: nothing is done.
#[utoipa::path(post, path = "/api/machines/{id}/{other}", operation_id = "machine_action", tag = "machines",
    params(("id" = String, Path), ("other" = String, Path)),
    responses((status = 401, body = AzureErrorBody), (status = 403, body = AzureErrorBody), (status = 404, body = AzureErrorBody)))]
pub async fn action(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path((id, action)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    find(&api, &id).await?;
    match ACTIONS.iter().find(|name| name.eq_ignore_ascii_case(&action)) {
        Some(name) => Err(disabled(name)),
        None => Err(ApiError::not_found("no such route: see /api/v1/openapi.json")),
    }
}

const ACTIONS: &[&str] = &[
    "isolate",
    "unisolate",
    "restrictCodeExecution",
    "unrestrictCodeExecution",
    "runAntiVirusScan",
    "runliveresponse",
    "offboard",
    "StopAndQuarantineFile",
    "collectInvestigationPackage",
    "startInvestigation",
    "setDeviceValue",
];

/// Software with vulnerabilities on all devices. Always 403 `DisabledFeature`.
#[utoipa::path(get, path = "/api/machines/SoftwareVulnerabilitiesByMachine", operation_id = "software_vulnerabilities", tag = "machines",
    responses((status = 401, body = AzureErrorBody), (status = 403, body = AzureErrorBody)))]
pub async fn software_vulnerabilities(Shared(api): Shared<Api>, asked: Asked) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    Err(disabled("software vulnerabilities"))
}

/// Actions on devices that were asked for: there are none.
#[utoipa::path(get, path = "/api/machineactions", operation_id = "machine_actions", tag = "machines",
    responses((status = 200, body = Object), (status = 401, body = AzureErrorBody), (status = 429, body = AzureErrorBody)))]
pub async fn machine_actions(Shared(api): Shared<Api>, asked: Asked) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    Ok(Json(json!({ "@odata.context": asked.context("MachineActions"), "value": [] })))
}

/// Indicators: there are none.
#[utoipa::path(get, path = "/api/indicators", operation_id = "indicators", tag = "machines",
    responses((status = 200, body = Object), (status = 401, body = AzureErrorBody), (status = 429, body = AzureErrorBody)))]
pub async fn indicators(Shared(api): Shared<Api>, asked: Asked) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    Ok(Json(json!({ "@odata.context": asked.context("Indicators"), "value": [] })))
}

/// A new indicator. Always 403 `DisabledFeature`: nothing would act on it.
#[utoipa::path(post, path = "/api/indicators", operation_id = "indicator_create", tag = "machines",
    responses((status = 401, body = AzureErrorBody), (status = 403, body = AzureErrorBody)))]
pub async fn indicator_create(Shared(api): Shared<Api>, asked: Asked) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    Err(disabled("indicators"))
}

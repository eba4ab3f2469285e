//! App registrations, permissions and the audit log, for the portal. Admins only.

use axum::Json;
use axum::extract::{Path, State as Shared};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, Body, ErrorBody, Params};
use crate::clock::{now_s, text_of_ns};
use crate::identity::Caller;
use crate::identity::apps::{App, ChangeRefused, Credential};
use crate::identity::permissions::{PERMISSIONS, permission};
use crate::limits::{APP_SECRET_DAYS_DEFAULT, APP_SECRET_DAYS_MAX, AUDIT_ROWS_MAX, NAME_BYTES_MAX};
use crate::oauth::assertion::read_certificate;

/// All app registrations.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppsBody {
    /// Directory (tenant) id, for clients.
    tenant_id: String,
    /// By name.
    apps: Vec<AppBody>,
}

/// An app registration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppBody {
    /// Application (client) id.
    app_id: String,
    /// Display name.
    name: String,
    /// `AzureADMyOrg`: this organization only.
    account_type: String,
    /// RFC 3339 UTC.
    created: String,
    /// Who made it.
    created_by: String,
    /// By name.
    permissions: Vec<AppPermissionBody>,
    /// Client secrets, oldest first.
    secrets: Vec<CredentialBody>,
    /// Certificates, oldest first.
    certificates: Vec<CredentialBody>,
}

/// A permission of an app.
#[derive(Serialize, ToSchema)]
pub struct AppPermissionBody {
    /// MDE's name or ours.
    name: String,
    /// Whether an admin consented; without, it does not count.
    consented: bool,
}

/// A secret or a certificate.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialBody {
    /// For deleting it.
    id: String,
    /// What its maker called it; a certificate's subject.
    name: String,
    /// First characters of the secret; SHA-256 of the certificate.
    hint: String,
    /// RFC 3339 UTC.
    created: String,
    /// RFC 3339 UTC.
    expires: String,
    /// True when it has.
    expired: bool,
    /// Last token, RFC 3339 UTC.
    last_used: Option<String>,
    /// Address that asked for it.
    last_address: Option<String>,
}

/// An app to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppRequest {
    /// Display name, 1 to 256 bytes.
    name: String,
}

/// A secret to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRequest {
    /// What it is for.
    #[serde(default)]
    name: String,
    /// Life in days, 1 to 731; 180 when absent.
    days: Option<u32>,
}

/// A new secret.
#[derive(Serialize, ToSchema)]
pub struct SecretBody {
    /// For deleting it.
    id: String,
    /// The secret; it can't be had again.
    secret: String,
    /// RFC 3339 UTC.
    expires: String,
}

/// A certificate to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateRequest {
    /// PEM.
    certificate: String,
}

/// What may be granted.
#[derive(Serialize, ToSchema)]
pub struct PermissionBody {
    /// MDE's name or ours.
    name: String,
    /// For people, English.
    description: String,
}

/// Which part of the audit log.
#[derive(Deserialize, IntoParams)]
pub struct AuditParams {
    /// Rows before this number; the newest when absent.
    before: Option<i64>,
}

/// Part of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditBody {
    /// Newest first, at most 200.
    rows: Vec<AuditRowBody>,
}

/// A row of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditRowBody {
    /// 1, 2, 3 …
    seq: i64,
    /// RFC 3339 UTC.
    time: String,
    /// `user:NAME`, `app:ID`, `cli` or `anonymous`.
    actor: String,
    /// `app.create` and the like.
    action: String,
    /// What it was done to.
    target: String,
    /// More, as JSON text.
    detail: String,
}

fn text(time_s: i64) -> String {
    text_of_ns(time_s.saturating_mul(1_000_000_000))
}

impl From<&Credential> for CredentialBody {
    fn from(credential: &Credential) -> Self {
        Self {
            id: credential.id.clone(),
            name: credential.name.clone(),
            hint: credential.hint.clone(),
            created: text(credential.created),
            expires: text(credential.expires),
            expired: credential.expires <= now_s(),
            last_used: credential.last_used.map(text),
            last_address: credential.last_address.clone(),
        }
    }
}

impl From<App> for AppBody {
    fn from(app: App) -> Self {
        let mut permissions = Vec::new();
        for permission in app.permissions {
            permissions.push(AppPermissionBody { name: permission.name, consented: permission.consented.is_some() });
        }
        Self {
            app_id: app.id,
            name: app.name,
            account_type: app.account_type,
            created: text(app.created),
            created_by: app.created_by,
            permissions,
            secrets: app.secrets.iter().map(CredentialBody::from).collect(),
            certificates: app.certificates.iter().map(CredentialBody::from).collect(),
        }
    }
}

fn no_app() -> ApiError {
    ApiError::not_found("there is no app with this id")
}

impl From<ChangeRefused> for ApiError {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::UnknownApp => no_app(),
            ChangeRefused::NoSuchPart => ApiError::not_found("the app does not have it"),
            ChangeRefused::TooMany(words) => ApiError::new(StatusCode::CONFLICT, "too_many", &words),
        }
    }
}

/// After a change: into the audit log, and out of what is remembered.
async fn changed(
    api: &Api,
    caller: &Caller,
    action: &str,
    app: &str,
    detail: serde_json::Value,
) -> Result<(), ApiError> {
    api.identity.forget_standings();
    Ok(api.state.audit(&caller.actor(), action, app, detail).await?)
}

/// Lists app registrations.
#[utoipa::path(get, path = "/api/v1/apps", operation_id = "app_list", tag = "apps", responses(
    (status = 200, body = AppsBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn list(Shared(api): Shared<Api>) -> Result<Json<AppsBody>, ApiError> {
    let apps = api.state.apps().await?.into_iter().map(AppBody::from).collect();
    Ok(Json(AppsBody { tenant_id: api.identity.tenant_id.clone(), apps }))
}

/// Registers an app.
#[utoipa::path(post, path = "/api/v1/apps", operation_id = "app_create", tag = "apps", request_body = AppRequest, responses(
    (status = 200, body = AppBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn create(
    Shared(api): Shared<Api>,
    caller: Caller,
    Body(request): Body<AppRequest>,
) -> Result<Json<AppBody>, ApiError> {
    let name = request.name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(ApiError::bad_request(&format!("name: must be 1 to {NAME_BYTES_MAX} bytes")));
    }
    let id = api.state.create_app(name, caller.name()).await??;
    changed(&api, &caller, "app.create", &id, json!({ "name": name })).await?;
    one(Shared(api), Path(id)).await
}

/// One app registration.
#[utoipa::path(get, path = "/api/v1/apps/{id}", operation_id = "app_one", tag = "apps", params(("id" = String, Path, description = "App id")),
    responses((status = 200, body = AppBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody)))]
pub async fn one(Shared(api): Shared<Api>, Path(id): Path<String>) -> Result<Json<AppBody>, ApiError> {
    let app = api.state.app(&id).await?.ok_or_else(no_app)?;
    Ok(Json(app.into()))
}

/// Deletes an app with its secrets and permissions.
#[utoipa::path(delete, path = "/api/v1/apps/{id}", operation_id = "app_delete", tag = "apps", params(("id" = String, Path, description = "App id")),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody)))]
pub async fn delete(Shared(api): Shared<Api>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    if !api.state.delete_app(&id).await? {
        return Err(no_app());
    }
    changed(&api, &caller, "app.delete", &id, json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a client secret. An app has at most two live ones.
#[utoipa::path(post, path = "/api/v1/apps/{id}/secrets", operation_id = "app_secret", tag = "apps", request_body = SecretRequest,
    params(("id" = String, Path, description = "App id")), responses(
    (status = 200, body = SecretBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn secret(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(request): Body<SecretRequest>,
) -> Result<Json<SecretBody>, ApiError> {
    let days = request.days.unwrap_or(APP_SECRET_DAYS_DEFAULT);
    if days == 0 || days > APP_SECRET_DAYS_MAX || request.name.len() > NAME_BYTES_MAX {
        let message = format!("days: must be 1 to {APP_SECRET_DAYS_MAX}; name: at most {NAME_BYTES_MAX} bytes");
        return Err(ApiError::bad_request(&message));
    }
    let expires = now_s() + i64::from(days) * 86_400;
    let (credential, secret) = api.state.add_secret(&id, request.name.trim(), expires).await??;
    changed(&api, &caller, "app.secret.create", &id, json!({ "credential": credential, "days": days })).await?;
    Ok(Json(SecretBody { id: credential, secret, expires: text(expires) }))
}

/// Registers a certificate, whose key may then sign client assertions.
#[utoipa::path(post, path = "/api/v1/apps/{id}/certificates", operation_id = "app_certificate", tag = "apps", request_body = CertificateRequest,
    params(("id" = String, Path, description = "App id")), responses(
    (status = 200, body = AppBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn certificate(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(request): Body<CertificateRequest>,
) -> Result<Json<AppBody>, ApiError> {
    let certificate = read_certificate(&request.certificate)
        .map_err(|error| ApiError::bad_request(&format!("certificate: {error}")))?;
    let credential = api.state.add_certificate(&id, &certificate).await??;
    let detail = json!({ "credential": credential, "sha256": certificate.key.sha256 });
    changed(&api, &caller, "app.certificate.create", &id, detail).await?;
    one(Shared(api), Path(id)).await
}

/// Deletes a secret or a certificate; its tokens end within seconds.
#[utoipa::path(delete, path = "/api/v1/apps/{id}/credentials/{credential}", operation_id = "app_delete_credential", tag = "apps",
    params(("id" = String, Path, description = "App id"), ("credential" = String, Path, description = "Its id")),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody)))]
pub async fn delete_credential(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path((id, credential)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    if !api.state.delete_credential(&id, &credential).await? {
        return Err(ChangeRefused::NoSuchPart.into());
    }
    changed(&api, &caller, "app.credential.delete", &id, json!({ "credential": credential })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an app a permission. It counts once an admin consents.
#[utoipa::path(put, path = "/api/v1/apps/{id}/permissions/{permission}", operation_id = "app_grant", tag = "apps",
    params(("id" = String, Path, description = "App id"), ("permission" = String, Path, description = "Its name")),
    responses((status = 200, body = AppBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn grant(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
) -> Result<Json<AppBody>, ApiError> {
    let permission =
        permission(&name).ok_or_else(|| ApiError::bad_request("no such permission: see /api/v1/permissions"))?;
    api.state.grant(&id, permission.name).await??;
    changed(&api, &caller, "app.grant", &id, json!({ "permission": permission.name })).await?;
    one(Shared(api), Path(id)).await
}

/// Takes a permission away.
#[utoipa::path(delete, path = "/api/v1/apps/{id}/permissions/{permission}", operation_id = "app_revoke", tag = "apps",
    params(("id" = String, Path, description = "App id"), ("permission" = String, Path, description = "Its name")),
    responses((status = 200, body = AppBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody)))]
pub async fn revoke(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
) -> Result<Json<AppBody>, ApiError> {
    api.state.revoke(&id, &name).await??;
    changed(&api, &caller, "app.revoke", &id, json!({ "permission": name })).await?;
    one(Shared(api), Path(id)).await
}

/// Gives admin consent to all permissions that the app has now.
#[utoipa::path(post, path = "/api/v1/apps/{id}/consent", operation_id = "app_consent", tag = "apps",
    params(("id" = String, Path, description = "App id")), responses((status = 200, body = AppBody),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn consent(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AppBody>, ApiError> {
    let names = api.state.set_consent(&id, true).await??;
    changed(&api, &caller, "app.consent", &id, json!({ "permissions": names })).await?;
    one(Shared(api), Path(id)).await
}

/// Takes the consent back: within seconds the app's tokens have no permission.
#[utoipa::path(delete, path = "/api/v1/apps/{id}/consent", operation_id = "app_withdraw_consent", tag = "apps",
    params(("id" = String, Path, description = "App id")), responses((status = 200, body = AppBody),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn withdraw_consent(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AppBody>, ApiError> {
    let names = api.state.set_consent(&id, false).await??;
    changed(&api, &caller, "app.consent.withdraw", &id, json!({ "permissions": names })).await?;
    one(Shared(api), Path(id)).await
}

/// Lists the permissions that can be granted.
#[utoipa::path(get, path = "/api/v1/permissions", operation_id = "app_permissions", tag = "apps", responses(
    (status = 200, body = Vec<PermissionBody>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn permissions() -> Json<Vec<PermissionBody>> {
    let body = |permission: &crate::identity::permissions::Permission| PermissionBody {
        name: permission.name.to_owned(),
        description: permission.words.to_owned(),
    };
    Json(PERMISSIONS.iter().map(body).collect())
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "app_audit", tag = "apps", params(AuditParams), responses(
    (status = 200, body = AuditBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody)))]
pub async fn audit(Shared(api): Shared<Api>, Params(params): Params<AuditParams>) -> Result<Json<AuditBody>, ApiError> {
    let mut rows = Vec::new();
    for row in api.state.audit_rows(params.before, AUDIT_ROWS_MAX).await? {
        rows.push(AuditRowBody {
            seq: row.seq,
            time: text_of_ns(row.time_ns),
            actor: row.actor,
            action: row.action,
            target: row.target,
            detail: row.detail,
        });
    }
    Ok(Json(AuditBody { rows }))
}

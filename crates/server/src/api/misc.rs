//! Schema, enrolment tokens, CSP reports.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::auth::SignedIn;
use super::error::{ApiError, Body, ErrorBody};
use crate::clock::text_of_ns;
use crate::identity::Caller;
use crate::ingest::new_token;
use crate::limits::{ENROLMENT_HOURS_DEFAULT, ENROLMENT_HOURS_MAX};

/// Everything that can be queried.
#[derive(Serialize, ToSchema)]
pub struct SchemaBody {
    tables: Vec<TableBody>,
    actions: Vec<ActionBody>,
}

/// A table.
#[derive(Serialize, ToSchema)]
pub struct TableBody {
    name: String,
    prose: String,
    columns: Vec<ColumnBody>,
}

/// A column.
#[derive(Serialize, ToSchema)]
pub struct ColumnBody {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    prose: String,
}

/// An ActionType.
#[derive(Serialize, ToSchema)]
pub struct ActionBody {
    name: String,
    table: String,
    group: String,
    en: String,
    ja: String,
}

/// How long a token should live.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Hours, 1 to 168; 24 when absent.
    hours: Option<u32>,
}

/// A token for one device.
#[derive(Serialize, ToSchema)]
pub struct TokenBody {
    /// To give to `nenrin-sensor enrol`; shown once.
    token: String,
    /// RFC 3339 UTC.
    expires: String,
}

/// Number of CSP violations reported since the start.
#[derive(Serialize, ToSchema)]
pub struct CountBody {
    count: u64,
}

/// Tables, columns and ActionTypes.
#[utoipa::path(get, path = "/api/v1/schema", tag = "schema", responses(
    (status = 200, body = SchemaBody), (status = 401, body = ErrorBody)))]
pub async fn schema(_user: SignedIn) -> Json<SchemaBody> {
    let mut tables = Vec::new();
    for table in schema::TABLES {
        let mut columns = Vec::new();
        for column in table.columns {
            let (name, ty) = (column.name.to_owned(), column.ty.kql_name().to_owned());
            columns.push(ColumnBody { name, ty, prose: column.prose.to_owned() });
        }
        tables.push(TableBody { name: table.name.to_owned(), prose: table.prose.to_owned(), columns });
    }
    let mut actions = Vec::new();
    for action in schema::ACTIONS.iter() {
        actions.push(ActionBody {
            name: action.name.to_owned(),
            table: action.table.to_owned(),
            group: action.group.name().to_owned(),
            en: action.en.to_owned(),
            ja: action.ja.to_owned(),
        });
    }
    Json(SchemaBody { tables, actions })
}

/// Makes a one-time enrolment token. Admins only.
#[utoipa::path(post, path = "/api/v1/enrolment-tokens", tag = "devices", request_body = TokenRequest, responses(
    (status = 200, body = TokenBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody)))]
pub async fn enrolment_token(
    Shared(api): Shared<Api>,
    caller: Caller,
    Body(request): Body<TokenRequest>,
) -> Result<Json<TokenBody>, ApiError> {
    let hours = request.hours.unwrap_or(ENROLMENT_HOURS_DEFAULT);
    if hours == 0 || hours > ENROLMENT_HOURS_MAX {
        return Err(ApiError::bad_request(&format!("hours: must be 1 to {ENROLMENT_HOURS_MAX}")));
    }
    let (token, expires) = new_token(&api.state, &api.ca, hours).await?;
    api.state.audit(&caller.actor(), "device.token", "", serde_json::json!({ "hours": hours })).await?;
    tracing::info!(user = caller.name(), hours, "enrolment token made");
    Ok(Json(TokenBody { token, expires: text_of_ns(expires.saturating_mul(1_000_000_000)) }))
}

/// Takes a browser's report of a CSP violation.
#[utoipa::path(post, path = "/api/v1/csp-report", tag = "health", responses((status = 204)))]
pub async fn csp_report(Shared(api): Shared<Api>, report: Bytes) -> StatusCode {
    api.csp_reports.fetch_add(1, Ordering::Relaxed);
    // Debug formatting escapes control characters: the report is the browser's word, not ours.
    tracing::warn!(report = ?String::from_utf8_lossy(&report), "csp violation reported");
    StatusCode::NO_CONTENT
}

/// Number of CSP violations reported since the start.
#[utoipa::path(get, path = "/api/v1/csp-reports/count", tag = "health", responses(
    (status = 200, body = CountBody), (status = 401, body = ErrorBody)))]
pub async fn csp_report_count(Shared(api): Shared<Api>, _user: SignedIn) -> Json<CountBody> {
    Json(CountBody { count: api.csp_reports.load(Ordering::Relaxed) })
}

//! Sources: who may ship events here, and what became of what they sent. Admins only.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State as Shared};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, Body, ErrorBody};
use crate::clock::text_of_ns;
use crate::identity::Caller;
use crate::limits::{NAME_BYTES_MAX, SOURCE_ITEMS_PER_SECOND_DEFAULT, SOURCE_ITEMS_PER_SECOND_MAX, SOURCES_MAX};
use crate::ship::{Counts, Source};

/// All sources.
#[derive(Serialize, ToSchema)]
pub struct SourcesBody {
    /// By name.
    sources: Vec<SourceBody>,
}

/// A source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceBody {
    /// For revoking it.
    id: String,
    /// What its maker called it.
    name: String,
    /// First characters of the token.
    hint: String,
    /// Items that it may send, as a mean over time.
    items_per_second: u32,
    /// RFC 3339 UTC.
    created: String,
    /// Who made it.
    created_by: String,
    /// When its token was taken back, RFC 3339 UTC.
    revoked: Option<String>,
    /// Last request, RFC 3339 UTC, to the minute.
    last_used: Option<String>,
    /// Address that it came from.
    last_address: Option<String>,
    /// Items that are settled: rows + merged + rejected.
    items: u64,
    /// Rows that they became.
    rows: u64,
    /// Items that are part of another item's row.
    merged: u64,
    /// Items that were not taken.
    rejected: u64,
    /// The same by reason.
    rejected_by: BTreeMap<String, u64>,
}

/// A source to make.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceRequest {
    /// Display name, 1 to 256 bytes.
    name: String,
    /// Items that it may send per second, 1 to 1,000,000; 10,000 when absent.
    items_per_second: Option<u32>,
}

/// A new source.
#[derive(Serialize, ToSchema)]
pub struct NewSourceBody {
    /// For revoking it.
    id: String,
    /// The token; it can't be had again.
    token: String,
}

impl SourceBody {
    /// A source with what became of its items.
    pub(crate) fn new(source: Source, counts: Counts) -> Self {
        let text = |time_s: i64| text_of_ns(time_s.saturating_mul(1_000_000_000));
        let rejected = counts.rejected.values().sum();
        Self {
            id: source.id,
            name: source.name,
            hint: source.hint,
            items_per_second: source.items_per_second,
            created: text(source.created),
            created_by: source.created_by,
            revoked: source.revoked.map(text),
            last_used: source.last_used.map(text),
            last_address: source.last_address,
            items: counts.items,
            rows: counts.rows,
            merged: counts.items.saturating_sub(counts.rows + rejected),
            rejected,
            rejected_by: counts.rejected,
        }
    }
}

/// Lists the sources with what became of their items.
#[utoipa::path(get, path = "/api/v1/sources", operation_id = "source_list", tag = "sources", responses(
    (status = 200, body = SourcesBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn list(Shared(api): Shared<Api>) -> Result<Json<SourcesBody>, ApiError> {
    let mut counts = match &api.journal {
        Some(journal) => journal.counts().await?,
        None => Default::default(),
    };
    let sources = api.state.sources().await?.into_iter();
    let sources = sources.map(|source| {
        let counts = counts.remove(&source.id).unwrap_or_default();
        SourceBody::new(source, counts)
    });
    Ok(Json(SourcesBody { sources: sources.collect() }))
}

/// Makes a source and its token, which is shown once.
#[utoipa::path(post, path = "/api/v1/sources", operation_id = "source_create", tag = "sources", request_body = SourceRequest, responses(
    (status = 200, body = NewSourceBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn create(
    Shared(api): Shared<Api>,
    caller: Caller,
    Body(request): Body<SourceRequest>,
) -> Result<Json<NewSourceBody>, ApiError> {
    let name = request.name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(ApiError::bad_request(&format!("name: must be 1 to {NAME_BYTES_MAX} bytes")));
    }
    let rate = request.items_per_second.unwrap_or(SOURCE_ITEMS_PER_SECOND_DEFAULT);
    if rate == 0 || rate > SOURCE_ITEMS_PER_SECOND_MAX {
        let message = format!("itemsPerSecond: must be 1 to {SOURCE_ITEMS_PER_SECOND_MAX}");
        return Err(ApiError::bad_request(&message));
    }
    let Some((id, token)) = api.state.create_source(name, rate, caller.name()).await? else {
        let message = format!("there are {SOURCES_MAX} sources: revoke one first");
        return Err(ApiError::new(StatusCode::CONFLICT, "too_many", &message));
    };
    let detail = json!({ "name": name, "itemsPerSecond": rate });
    api.state.audit(&caller.actor(), "source.create", &id, detail).await?;
    Ok(Json(NewSourceBody { id, token }))
}

/// Takes a source's token back. Its events stay.
#[utoipa::path(delete, path = "/api/v1/sources/{id}", operation_id = "source_revoke", tag = "sources",
    params(("id" = String, Path, description = "Source id")), responses((status = 204), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn revoke(Shared(api): Shared<Api>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    if !api.state.revoke_source(&id).await? {
        return Err(ApiError::not_found("there is no source with this id and a valid token"));
    }
    api.state.audit(&caller.actor(), "source.revoke", &id, json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

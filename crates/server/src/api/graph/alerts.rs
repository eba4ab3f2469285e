//! `/v1.0/security/alerts_v2`: list with OData, one, change.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, RawQuery, State as Shared};
use serde_json::Value;

use super::body::{self, Place};
use crate::alerts::{Alert, Comment, EvidenceItem, Wanted};
use crate::api::Api;
use crate::api::alerts::{AlertUpdate, checked, find, not_found, with_context};
use crate::api::asked::Asked;
use crate::api::error::{ApiError, Body, GraphErrorBody};
use crate::api::odata::{Options, Page, answer};
use crate::limits::GRAPH_ALERTS_PAGE;

/// Comments and evidence of alerts, by the alert's number.
pub(super) struct More {
    comments: HashMap<i64, Vec<Comment>>,
    evidence: HashMap<i64, Vec<EvidenceItem>>,
}

impl More {
    pub(super) async fn read(api: &Api, alerts: &[Alert]) -> Result<Self, ApiError> {
        let from = alerts.iter().map(|alert| alert.n).min().unwrap_or(0);
        let to = alerts.iter().map(|alert| alert.n).max().unwrap_or(-1);
        let mut more = Self { comments: HashMap::new(), evidence: HashMap::new() };
        for (number, comment) in api.state.alert_comments(from, to).await? {
            more.comments.entry(number).or_default().push(comment);
        }
        for item in api.state.alert_evidence(from, to).await? {
            more.evidence.entry(item.alert).or_default().push(item);
        }
        Ok(more)
    }

    pub(super) fn comments(&self, alert: &Alert) -> &[Comment] {
        self.comments.get(&alert.n).map_or(&[], Vec::as_slice)
    }

    pub(super) fn evidence(&self, alert: &Alert) -> &[EvidenceItem] {
        self.evidence.get(&alert.n).map_or(&[], Vec::as_slice)
    }

    pub(super) fn alert(&self, place: &Place<'_>, alert: &Alert) -> Value {
        body::alert(place, alert, self.comments(alert), self.evidence(alert))
    }
}

async fn whole(api: &Api, asked: &Asked, id: &str) -> Result<Json<Value>, ApiError> {
    let alerts = [find(api, id).await?];
    let more = More::read(api, &alerts).await?;
    let place = Place { origin: asked.origin(), tenant: &api.identity.tenant_id };
    Ok(with_context(more.alert(&place, &alerts[0]), asked.context("security/alerts_v2/$entity")))
}

/// Alerts in Graph's shape, with an OData query.
#[utoipa::path(get, path = "/v1.0/security/alerts_v2", operation_id = "graph_alert_list", tag = "graph", params(
    ("$filter" = Option<String>, Query, description = "Condition on any property"),
    ("$top" = Option<u32>, Query, description = "Alerts of a page, at most 1,000; the answer links to the next one"),
    ("$skip" = Option<u32>, Query), ("$orderby" = Option<String>, Query), ("$select" = Option<String>, Query),
    ("$count" = Option<bool>, Query)),
    responses((status = 200, body = Object), (status = 400, body = GraphErrorBody), (status = 401, body = GraphErrorBody),
    (status = 429, body = GraphErrorBody)))]
pub async fn list(Shared(api): Shared<Api>, asked: Asked, RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    let options = Options::parse(query.as_deref(), &body::ALERT, "")?.in_pages_of(GRAPH_ALERTS_PAGE);
    let wanted = Wanted {
        created_from: options.lower_bound("createdDateTime"),
        updated_from: options.lower_bound("lastUpdateDateTime"),
        device: None,
    };
    let alerts = api.state.alerts(&wanted).await?;
    let more = More::read(&api, &alerts).await?;
    let place = Place { origin: asked.origin(), tenant: &api.identity.tenant_id };
    let page = Page {
        newest: alerts.iter().map(|alert| alert.n).max().unwrap_or(0),
        entities: alerts.iter().map(|alert| (alert.n, more.alert(&place, alert))).collect(),
        address: asked.address(),
        context: asked.context("security/alerts_v2"),
    };
    let answered = tokio::task::spawn_blocking(move || answer(page, &options)).await;
    Ok(Json(answered.map_err(|error| anyhow::anyhow!("{error}"))?.body))
}

/// One alert in Graph's shape.
#[utoipa::path(get, path = "/v1.0/security/alerts_v2/{id}", operation_id = "graph_alert_one", tag = "graph", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = GraphErrorBody), (status = 404, body = GraphErrorBody)))]
pub async fn one(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    whole(&api, &asked, &id).await
}

/// Changes an alert: `status`, `assignedTo`, `classification`, `determination` in Graph's spelling.
#[utoipa::path(patch, path = "/v1.0/security/alerts_v2/{id}", operation_id = "graph_alert_update", tag = "graph", params(("id" = String, Path)),
    request_body = AlertUpdate, responses((status = 200, body = Object), (status = 400, body = GraphErrorBody),
    (status = 401, body = GraphErrorBody), (status = 404, body = GraphErrorBody)))]
pub async fn update(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
    Body(change): Body<AlertUpdate>,
) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    let update = checked(change)?;
    if !api.state.update_alert(&id, &update, asked.caller.name()).await? {
        return Err(not_found("Alert", &id));
    }
    whole(&api, &asked, &id).await
}

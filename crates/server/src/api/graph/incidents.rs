//! Incidents at Graph's address and at Defender XDR's: list with OData, one, change. A change is made to all alerts of
//! the incident, for an incident has nothing of its own.

use axum::Json;
use axum::extract::{Path, RawQuery, State as Shared};
use serde_json::Value;

use super::alerts::More;
use super::body::{self, Place};
use super::{Incident, xdr};
use crate::alerts::{Comment, EvidenceItem, Wanted};
use crate::api::Api;
use crate::api::alerts::{AlertUpdate, checked, not_found, with_context};
use crate::api::asked::Asked;
use crate::api::error::{ApiError, AzureErrorBody, Body, GraphErrorBody};
use crate::api::odata::{Options, Page, Schema, answer};
use crate::limits::{GRAPH_INCIDENTS_PAGE, XDR_INCIDENTS_PAGE};

/// Whose shape an answer has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Graph,
    Xdr,
}

impl Shape {
    fn schema(self) -> &'static Schema {
        match self {
            Self::Graph => &body::INCIDENT,
            Self::Xdr => &xdr::INCIDENT,
        }
    }

    fn options(self, query: Option<&str>) -> Result<Options, ApiError> {
        let (expandable, n_rows) = match self {
            Self::Graph => ("alerts", GRAPH_INCIDENTS_PAGE),
            Self::Xdr => ("", XDR_INCIDENTS_PAGE),
        };
        Ok(Options::parse(query, self.schema(), expandable)?.in_pages_of(n_rows))
    }

    fn context(self, asked: &Asked, entity: &str) -> String {
        match self {
            Self::Graph => asked.context(&format!("security/incidents{entity}")),
            Self::Xdr => asked.context(&format!("Incidents{entity}")),
        }
    }

    fn body(self, api: &Api, asked: &Asked, incident: &Incident, more: &More, expand: bool) -> Value {
        let mut comments: Vec<Comment> = incident.alerts.iter().flat_map(|it| more.comments(it)).cloned().collect();
        comments.sort_by_key(|comment| comment.created);
        comments.dedup();
        match self {
            Self::Graph => {
                let place = Place { origin: asked.origin(), tenant: &api.identity.tenant_id };
                let alerts = expand.then(|| incident.alerts.iter().map(|alert| more.alert(&place, alert)).collect());
                body::incident(&place, incident, &comments, alerts)
            }
            Self::Xdr => {
                let evidence: Vec<EvidenceItem> =
                    incident.alerts.iter().flat_map(|it| more.evidence(it)).cloned().collect();
                xdr::incident(asked.origin(), incident, &comments, &evidence)
            }
        }
    }
}

async fn list(api: &Api, asked: &Asked, query: Option<&str>, shape: Shape) -> Result<Json<Value>, ApiError> {
    asked.count(api)?;
    let options = shape.options(query)?;
    // An incident is as new as its last alert, so that all alerts have to be known.
    let alerts = api.state.alerts(&Wanted::default()).await?;
    let more = More::read(api, &alerts).await?;
    let incidents = Incident::group(alerts);
    let page = Page {
        newest: incidents.iter().map(|incident| incident.number).max().unwrap_or(0),
        entities: incidents
            .iter()
            .map(|incident| (incident.number, shape.body(api, asked, incident, &more, options.expand)))
            .collect(),
        address: asked.address(),
        context: shape.context(asked, ""),
    };
    let answered = tokio::task::spawn_blocking(move || answer(page, &options)).await;
    Ok(Json(answered.map_err(|error| anyhow::anyhow!("{error}"))?.body))
}

async fn find(api: &Api, id: &str) -> Result<Incident, ApiError> {
    let number = id.parse::<i64>().map_err(|_| not_found("Incident", id))?;
    let alerts = api.state.incident_alerts(number).await?;
    if alerts.is_empty() {
        return Err(not_found("Incident", id));
    }
    Ok(Incident { number, alerts })
}

async fn one(api: &Api, asked: &Asked, id: &str, query: Option<&str>, shape: Shape) -> Result<Json<Value>, ApiError> {
    let options = shape.options(query)?;
    let incident = find(api, id).await?;
    let more = More::read(api, &incident.alerts).await?;
    let body = shape.body(api, asked, &incident, &more, options.expand);
    Ok(with_context(body, shape.context(asked, "/$entity")))
}

async fn update(
    api: &Api,
    asked: &Asked,
    id: &str,
    mut change: AlertUpdate,
    shape: Shape,
) -> Result<Json<Value>, ApiError> {
    asked.count(api)?;
    // What an incident calls active, an alert calls new.
    change.rename_status("active", "New");
    let update = checked(change)?;
    let ids: Vec<String> = find(api, id).await?.alerts.into_iter().map(|alert| alert.id).collect();
    api.state.update_alerts(&ids, &update, asked.caller.name()).await?;
    one(api, asked, id, None, shape).await
}

/// Incidents in Graph's shape, with an OData query.
#[utoipa::path(get, path = "/v1.0/security/incidents", operation_id = "graph_incident_list", tag = "graph", params(
    ("$filter" = Option<String>, Query, description = "Condition on any property"),
    ("$top" = Option<u32>, Query, description = "Incidents of a page, at most 50; the answer links to the next one"),
    ("$skip" = Option<u32>, Query), ("$orderby" = Option<String>, Query), ("$select" = Option<String>, Query),
    ("$expand" = Option<String>, Query, description = "alerts"), ("$count" = Option<bool>, Query)),
    responses((status = 200, body = Object), (status = 400, body = GraphErrorBody), (status = 401, body = GraphErrorBody),
    (status = 429, body = GraphErrorBody)))]
pub async fn graph_list(
    Shared(api): Shared<Api>,
    asked: Asked,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    list(&api, &asked, query.as_deref(), Shape::Graph).await
}

/// One incident in Graph's shape.
#[utoipa::path(get, path = "/v1.0/security/incidents/{id}", operation_id = "graph_incident_one", tag = "graph", params(("id" = String, Path),
    ("$expand" = Option<String>, Query, description = "alerts")),
    responses((status = 200, body = Object), (status = 400, body = GraphErrorBody), (status = 401, body = GraphErrorBody),
    (status = 404, body = GraphErrorBody)))]
pub async fn graph_one(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    one(&api, &asked, &id, query.as_deref(), Shape::Graph).await
}

/// Changes all alerts of an incident.
#[utoipa::path(patch, path = "/v1.0/security/incidents/{id}", operation_id = "graph_incident_update", tag = "graph", params(("id" = String, Path)),
    request_body = AlertUpdate, responses((status = 200, body = Object), (status = 400, body = GraphErrorBody),
    (status = 401, body = GraphErrorBody), (status = 404, body = GraphErrorBody)))]
pub async fn graph_update(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
    Body(change): Body<AlertUpdate>,
) -> Result<Json<Value>, ApiError> {
    update(&api, &asked, &id, change, Shape::Graph).await
}

/// Incidents with their alerts and entities in Defender XDR's shape, with an OData query.
#[utoipa::path(get, path = "/api/incidents", operation_id = "incident_list", tag = "alerts", params(
    ("$filter" = Option<String>, Query, description = "Condition on any property"),
    ("$top" = Option<u32>, Query, description = "Incidents of a page, at most 100; the answer links to the next one"),
    ("$skip" = Option<u32>, Query), ("$orderby" = Option<String>, Query), ("$count" = Option<bool>, Query)),
    responses((status = 200, body = Object), (status = 400, body = AzureErrorBody), (status = 401, body = AzureErrorBody),
    (status = 429, body = AzureErrorBody)))]
pub async fn xdr_list(
    Shared(api): Shared<Api>,
    asked: Asked,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    list(&api, &asked, query.as_deref(), Shape::Xdr).await
}

/// One incident in Defender XDR's shape.
#[utoipa::path(get, path = "/api/incidents/{id}", operation_id = "incident_one", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401, body = AzureErrorBody), (status = 404, body = AzureErrorBody)))]
pub async fn xdr_one(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    one(&api, &asked, &id, None, Shape::Xdr).await
}

/// Changes all alerts of an incident.
#[utoipa::path(patch, path = "/api/incidents/{id}", operation_id = "incident_update", tag = "alerts", params(("id" = String, Path)),
    request_body = AlertUpdate, responses((status = 200, body = Object), (status = 400, body = AzureErrorBody),
    (status = 401, body = AzureErrorBody), (status = 404, body = AzureErrorBody)))]
pub async fn xdr_update(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
    Body(change): Body<AlertUpdate>,
) -> Result<Json<Value>, ApiError> {
    update(&api, &asked, &id, change, Shape::Xdr).await
}

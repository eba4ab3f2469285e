//! Alerts as MDE's clients ask for them: list with OData, one, change, make, and what they are about.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, RawQuery, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use schema::col;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Api;
use super::alert_body::{ALERT, AlertBody, CATEGORIES, CLASSIFICATIONS, DETERMINATIONS, SEVERITIES, STATUSES};
use super::asked::Asked;
use super::error::{ApiError, Body, ErrorBody};
use super::odata::{Answer, Options, Page, answer};
use crate::alerts::{Alert, Comment, Manual, Update, Wanted};
use crate::clock::us_of_text;
use crate::identity::Caller;
use crate::limits::{
    ALERT_TEXT_MAX, BATCH_UPDATE_ALERTS_MAX, BATCH_UPDATES_PER_HOUR, BATCH_UPDATES_PER_MINUTE, CALLS_PER_HOUR,
    CREATED_ALERTS_PER_MINUTE,
};

pub(super) fn not_found(what: &str, id: &str) -> ApiError {
    let id: String = id.chars().take(100).collect();
    ApiError::new(StatusCode::NOT_FOUND, "ResourceNotFound", &format!("{what} {id} was not found"))
}

/// Alerts with an OData query.
#[utoipa::path(get, path = "/api/alerts", operation_id = "alert_list", tag = "alerts", params(
    ("$filter" = Option<String>, Query, description = "Condition on any property: eq ne gt ge lt le in and or not startswith endswith contains any all"),
    ("$top" = Option<u32>, Query, description = "At most 10,000; without it pages of 10,000 with @odata.nextLink"),
    ("$skip" = Option<u32>, Query, description = "Leave out the first ones"),
    ("$orderby" = Option<String>, Query, description = "Properties with asc or desc; newest first without it"),
    ("$select" = Option<String>, Query, description = "Only these properties"),
    ("$expand" = Option<String>, Query, description = "evidence"),
    ("$count" = Option<bool>, Query, description = "Also the number of all")),
    responses((status = 200, body = Object), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn list(Shared(api): Shared<Api>, asked: Asked, RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    Ok(Json(query_alerts(&api, &asked, query.as_deref(), None).await?.body))
}

/// The number of alerts that a filter lets through, as bare text.
#[utoipa::path(get, path = "/api/alerts/$count", operation_id = "alert_number", tag = "alerts", params(("$filter" = Option<String>, Query)),
    responses((status = 200, body = String), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn number(Shared(api): Shared<Api>, asked: Asked, RawQuery(query): RawQuery) -> Result<String, ApiError> {
    asked.count(&api)?;
    Ok(query_alerts(&api, &asked, query.as_deref(), None).await?.n_matching.to_string())
}

/// Alerts of one device or of all.
pub(super) async fn query_alerts(
    api: &Api,
    asked: &Asked,
    query: Option<&str>,
    device: Option<&str>,
) -> Result<Answer, ApiError> {
    let options = Options::parse(query, &ALERT, "evidence")?;
    let wanted = Wanted {
        created_from: options.lower_bound("alertCreationTime"),
        updated_from: options.lower_bound("lastUpdateTime"),
        device: device.map(str::to_owned),
    };
    let alerts = api.state.alerts(&wanted).await?;
    let newest = alerts.iter().map(|alert| alert.n).max().unwrap_or(0);
    // Evidence is read when the answer shows it or the filter may ask for it.
    let with_evidence = options.expand || options.filter.is_some() || options.select.contains(&"evidence");
    let entities = bodies(api, &alerts, with_evidence).await?;
    let page = Page { entities, newest, address: asked.address(), context: asked.context("Alerts") };
    let expand = options.expand;
    let mut answer = tokio::task::spawn_blocking(move || answer(page, &options))
        .await
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    if !expand && let Some(alerts) = answer.body["value"].as_array_mut() {
        for alert in alerts {
            if alert.get("evidence").is_some() {
                alert["evidence"] = json!([]);
            }
        }
    }
    Ok(answer)
}

/// Numbers and JSON of alerts.
async fn bodies(api: &Api, alerts: &[Alert], with_evidence: bool) -> Result<Vec<(i64, Value)>, ApiError> {
    let from = alerts.iter().map(|alert| alert.n).min().unwrap_or(0);
    let to = alerts.iter().map(|alert| alert.n).max().unwrap_or(-1);
    let mut comments: HashMap<i64, Vec<Comment>> = HashMap::new();
    for (number, comment) in api.state.alert_comments(from, to).await? {
        comments.entry(number).or_default().push(comment);
    }
    let mut evidence: HashMap<i64, Vec<Value>> = HashMap::new();
    if with_evidence {
        for item in api.state.alert_evidence(from, to).await? {
            evidence.entry(item.alert).or_default().push(item.json);
        }
    }
    let mut entities = Vec::with_capacity(alerts.len());
    for alert in alerts {
        let comments = comments.remove(&alert.n).unwrap_or_default();
        let evidence = evidence.remove(&alert.n).unwrap_or_default();
        entities.push((alert.n, AlertBody::new(alert, &api.identity.tenant_id, comments, evidence).json()));
    }
    Ok(entities)
}

pub(super) async fn find(api: &Api, id: &str) -> Result<Alert, ApiError> {
    api.state.alert(id).await?.ok_or_else(|| not_found("Alert", id))
}

async fn whole(api: &Api, id: &str) -> Result<Value, ApiError> {
    let alert = find(api, id).await?;
    let (_, body) = bodies(api, &[alert], true).await?.remove(0);
    Ok(body)
}

pub(super) fn with_context(mut body: Value, context: String) -> Json<Value> {
    if let Some(members) = body.as_object_mut() {
        members.shift_insert(0, "@odata.context".to_owned(), Value::String(context));
    }
    Json(body)
}

/// One alert with its evidence.
#[utoipa::path(get, path = "/api/alerts/{id}", operation_id = "alert_one", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = AlertBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn one(Shared(api): Shared<Api>, asked: Asked, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    Ok(with_context(whole(&api, &id).await?, asked.context("Alerts/$entity")))
}

/// What to change. Names of members are case-sensitive.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertUpdate {
    /// New, InProgress or Resolved.
    status: Option<String>,
    /// Who works on it.
    assigned_to: Option<String>,
    /// TruePositive, InformationalExpectedActivity or FalsePositive.
    classification: Option<String>,
    /// More exactly.
    determination: Option<String>,
    /// Comment to add.
    comment: Option<String>,
}

impl AlertUpdate {
    /// Another API's word for a status.
    pub(super) fn rename_status(&mut self, theirs: &str, ours: &str) {
        if self.status.as_ref().is_some_and(|status| status.eq_ignore_ascii_case(theirs)) {
            self.status = Some(ours.to_owned());
        }
    }
}

/// Changes of many alerts.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchUpdate {
    /// Ids.
    alert_ids: Vec<String>,
    /// The change.
    #[serde(flatten)]
    update: AlertUpdate,
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidRequestBody", message)
}

/// A word in its right spelling, or 400.
fn word(name: &str, value: Option<String>, words: &[&str]) -> Result<Option<String>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let found = words.iter().find(|word| word.eq_ignore_ascii_case(&value));
    let found = found.ok_or_else(|| invalid(&format!("{name}: must be one of {}", words.join(", "))))?;
    Ok(Some((*found).to_owned()))
}

fn short(name: &str, value: Option<String>) -> Result<Option<String>, ApiError> {
    match value {
        Some(text) if text.chars().count() > ALERT_TEXT_MAX => {
            Err(invalid(&format!("{name}: more than {ALERT_TEXT_MAX} letters")))
        }
        value => Ok(value),
    }
}

pub(super) fn checked(update: AlertUpdate) -> Result<Update, ApiError> {
    let update = Update {
        status: word("status", update.status, &STATUSES[1..])?,
        assigned_to: short("assignedTo", update.assigned_to)?,
        classification: word("classification", update.classification, CLASSIFICATIONS)?,
        determination: word("determination", update.determination, DETERMINATIONS)?,
        comment: short("comment", update.comment)?.filter(|text| !text.trim().is_empty()),
    };
    if update == Update::default() {
        return Err(invalid("nothing to change: give status, assignedTo, classification, determination or comment"));
    }
    Ok(update)
}

/// Changes an alert.
#[utoipa::path(patch, path = "/api/alerts/{id}", operation_id = "alert_update", tag = "alerts", params(("id" = String, Path)), request_body = AlertUpdate,
    responses((status = 200, body = AlertBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn update(
    Shared(api): Shared<Api>,
    asked: Asked,
    Path(id): Path<String>,
    Body(body): Body<AlertUpdate>,
) -> Result<Json<Value>, ApiError> {
    asked.count(&api)?;
    let update = checked(body)?;
    if !api.state.update_alert(&id, &update, asked.caller.name()).await? {
        return Err(not_found("Alert", &id));
    }
    Ok(with_context(whole(&api, &id).await?, asked.context("Alerts/$entity")))
}

/// Changes many alerts, all or none.
#[utoipa::path(post, path = "/api/alerts/batchUpdate", operation_id = "alert_batch_update", tag = "alerts", request_body = BatchUpdate,
    responses((status = 200), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn batch_update(
    Shared(api): Shared<Api>,
    caller: Caller,
    Body(body): Body<BatchUpdate>,
) -> Result<Response, ApiError> {
    api.calls.count(&caller.actor(), "batchUpdate", BATCH_UPDATES_PER_MINUTE, BATCH_UPDATES_PER_HOUR)?;
    if body.alert_ids.is_empty() || body.alert_ids.len() > BATCH_UPDATE_ALERTS_MAX {
        return Err(invalid(&format!("alertIds: 1 to {BATCH_UPDATE_ALERTS_MAX} ids")));
    }
    let update = checked(body.update)?;
    let missing = api.state.update_alerts(&body.alert_ids, &update, caller.name()).await?;
    match missing.first() {
        Some(id) => Err(not_found("Alert", id)),
        None => Ok(StatusCode::OK.into_response()),
    }
}

/// An alert that a client makes for an event.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateAlert {
    /// Device id.
    machine_id: String,
    /// Exact time of the event, from hunting.
    event_time: String,
    /// `ReportId` of the event, from hunting; a number is taken too.
    #[schema(value_type = String)]
    report_id: Value,
    /// Low, Medium or High.
    severity: String,
    /// Title.
    title: String,
    /// Description.
    description: String,
    /// What to do.
    recommended_action: String,
    /// One of MDE's categories.
    category: String,
}

/// Makes an alert for a stored event, or adds the event to the open alert of the same device and title.
#[utoipa::path(post, path = "/api/alerts/createAlertByReference", operation_id = "alert_create", tag = "alerts", request_body = CreateAlert,
    responses((status = 200, body = AlertBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn create(
    Shared(api): Shared<Api>,
    asked: Asked,
    Body(body): Body<CreateAlert>,
) -> Result<Json<Value>, ApiError> {
    api.calls.count(&asked.caller.actor(), "createAlert", CREATED_ALERTS_PER_MINUTE, CALLS_PER_HOUR)?;
    let time_us = us_of_text(&body.event_time).ok_or_else(|| invalid("eventTime: must be an RFC 3339 time"))?;
    let report = match &body.report_id {
        Value::String(text) => text.parse::<i64>().ok(),
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    let report = report.ok_or_else(|| invalid("reportId: must be a whole number as a text"))?;
    let required = |name: &str, text: String| match short(name, Some(text))? {
        Some(text) if !text.trim().is_empty() => Ok(text),
        _ => Err(invalid(&format!("{name}: is required"))),
    };
    let manual = Manual {
        severity: word("severity", Some(body.severity), &SEVERITIES[2..])?.unwrap_or_default(),
        title: required("title", body.title)?,
        description: required("description", body.description)?,
        recommended: required("recommendedAction", body.recommended_action)?,
        category: word("category", Some(body.category), CATEGORIES)?.unwrap_or_default(),
        author: asked.caller.name().to_owned(),
    };
    let device = api.state.device(&body.machine_id).await?.ok_or_else(|| not_found("Machine", &body.machine_id))?;
    let wanted = query::History::Time { device: device.id.clone(), from_us: time_us, to_us: time_us, beyond: None };
    let rows = api.query(move |engine, store| engine.history(&store.snapshot(), &wanted, 1_000)).await?;
    let row = rows.iter().find(|row| row.number(&col::REPORT_ID) == Some(report));
    let row = row.ok_or_else(|| not_found("Event", &report.to_string()))?;
    let alert = api.state.create_alert(&manual, &device, row).await?;
    let alert = alert.ok_or_else(|| anyhow::anyhow!("the alert that was made is gone"))?;
    Ok(with_context(whole(&api, &alert.id).await?, asked.context("Alerts/$entity")))
}

/// What the portal shows beside MDE's alert.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertDetail {
    /// The alert with its evidence.
    #[schema(value_type = AlertBody)]
    alert: Value,
    /// Ids of its events, oldest first, at most 1,000.
    events: Vec<String>,
    /// Number of all.
    n_events: i64,
    /// Other alerts of the same incident: id, title, severity, status, lastEventTime.
    #[schema(value_type = Vec<Object>)]
    incident: Vec<Value>,
}

/// One alert with its events and the other alerts of its incident.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", operation_id = "alert_detail", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = AlertDetail), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn detail(
    Shared(api): Shared<Api>,
    _caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AlertDetail>, ApiError> {
    let alert = find(&api, &id).await?;
    let events = api.state.alert_events(alert.n).await?;
    let wanted = Wanted { device: Some(alert.device.clone()), ..Wanted::default() };
    let mut incident = Vec::new();
    for other in api.state.alerts(&wanted).await? {
        if other.incident == alert.incident && other.n != alert.n {
            incident.push(json!({
                "id": other.id, "title": other.title, "severity": other.severity, "status": other.status,
                "lastEventTime": crate::clock::ticks_text_of_ns(other.last_time),
            }));
        }
    }
    Ok(Json(AlertDetail { alert: whole(&api, &id).await?, events, n_events: alert.n_events, incident }))
}

//! The rules in force: what is loaded, what is not and why, asking about the past, suppressions.

use axum::Json;
use axum::extract::State as Shared;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;
use utoipa::ToSchema;

use super::Api;
use super::auth::SignedIn;
use super::error::{ApiError, Body, ErrorBody};
use crate::clock::{now_ns, text_of_ns, us_of_text};
use crate::limits::RULE_PROBLEMS_MAX;

/// State of the rules.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DetectionState {
    /// Rules that are asked.
    n_rules: usize,
    /// Rules and files that are left out.
    n_problems: usize,
    /// The first of them.
    problems: Vec<ProblemBody>,
    /// Rows that the rules were asked about since the start.
    rows: u64,
    /// Rows that did not fit into the queue and are read from the store instead.
    skipped: u64,
    /// Rows that were read from the store.
    caught_up: u64,
    /// Matches since the start.
    matches: u64,
    /// Alerts since the start.
    alerts: u64,
}

/// A rule that is left out.
#[derive(Serialize, ToSchema)]
pub struct ProblemBody {
    /// File below the rule folder.
    file: String,
    /// Title of the rule, when it has one.
    rule: Option<String>,
    /// `broken`, `field`, `log source`, `unsupported` or `unreadable`.
    kind: String,
    /// The reason.
    reason: String,
}

fn detector(api: &Api) -> Result<&crate::alerts::detector::Detector, ApiError> {
    api.detector.as_deref().ok_or_else(|| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "no_detector", "rules are not asked here: start the server")
    })
}

/// State of the rules.
#[utoipa::path(get, path = "/api/v1/detections", operation_id = "detection_state", tag = "detections", responses(
    (status = 200, body = DetectionState), (status = 401, body = ErrorBody)))]
pub async fn state(Shared(api): Shared<Api>, _user: SignedIn) -> Result<Json<DetectionState>, ApiError> {
    let detector = detector(&api)?;
    let rules = detector.rules.current();
    let counts = &detector.counts;
    let problem = |it: &detect::Problem| ProblemBody {
        file: it.file.clone(),
        rule: it.rule.clone(),
        kind: it.kind.name().to_owned(),
        reason: it.reason.clone(),
    };
    Ok(Json(DetectionState {
        n_rules: rules.rules().len(),
        n_problems: rules.problems().len(),
        problems: rules.problems().iter().take(RULE_PROBLEMS_MAX).map(problem).collect(),
        rows: counts.rows.load(Ordering::Relaxed),
        skipped: counts.skipped.load(Ordering::Relaxed),
        caught_up: counts.caught_up.load(Ordering::Relaxed),
        matches: counts.matches.load(Ordering::Relaxed),
        alerts: counts.alerts.load(Ordering::Relaxed),
    }))
}

/// Which past.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryRequest {
    /// Earliest event, RFC 3339.
    from: String,
    /// Latest event, RFC 3339; now without it.
    to: Option<String>,
}

/// What the past gave.
#[derive(Serialize, ToSchema)]
pub struct HistoryBody {
    /// Rows that the rules were asked about.
    rows: u64,
    /// Matches, those that were known included.
    matches: u64,
    /// New alerts.
    alerts: u64,
}

/// Asks today's rules about the past; matches that are known make no second alert.
#[utoipa::path(post, path = "/api/v1/detections/history", operation_id = "detection_history", tag = "detections", request_body = HistoryRequest, responses(
    (status = 200, body = HistoryBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn history(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Body(body): Body<HistoryRequest>,
) -> Result<Json<HistoryBody>, ApiError> {
    let time = |name: &str, text: &str| {
        us_of_text(text).ok_or_else(|| ApiError::bad_request(&format!("{name}: must be an RFC 3339 time")))
    };
    let from_us = time("from", &body.from)?;
    let to_us = match &body.to {
        Some(to) => time("to", to)?,
        None => now_ns() / 1_000,
    };
    let found = detector(&api)?.ask_history(from_us, to_us).await?;
    Ok(Json(HistoryBody { rows: found.rows, matches: found.matches, alerts: found.alerts }))
}

/// A suppression: alerts of the rule are resolved as they are made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Suppression {
    /// Id of the rule, `detectorId` of its alerts.
    rule: String,
    /// On this device only.
    #[serde(default)]
    device: Option<String>,
    /// Why.
    #[serde(default)]
    reason: String,
    /// Who; set by the server.
    #[serde(default)]
    author: String,
    /// When; set by the server.
    #[serde(default)]
    created: String,
}

/// All suppressions.
#[derive(Serialize, ToSchema)]
pub struct SuppressionList {
    /// Oldest first.
    items: Vec<Suppression>,
}

/// All suppressions.
#[utoipa::path(get, path = "/api/v1/suppressions", operation_id = "detection_suppressions", tag = "detections", responses(
    (status = 200, body = SuppressionList), (status = 401, body = ErrorBody)))]
pub async fn suppressions(Shared(api): Shared<Api>, _user: SignedIn) -> Result<Json<SuppressionList>, ApiError> {
    let items = api.state.suppressions().await?.into_iter();
    let item = |(rule, device, reason, author, created)| Suppression {
        rule,
        device,
        reason,
        author,
        created: text_of_ns(created),
    };
    Ok(Json(SuppressionList { items: items.map(item).collect() }))
}

/// Adds a suppression.
#[utoipa::path(post, path = "/api/v1/suppressions", operation_id = "detection_suppress", tag = "detections", request_body = Suppression, responses(
    (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn suppress(
    Shared(api): Shared<Api>,
    SignedIn(user): SignedIn,
    Body(body): Body<Suppression>,
) -> Result<StatusCode, ApiError> {
    if body.rule.is_empty() || body.rule.len() > 1_000 || body.reason.len() > 10_000 {
        return Err(ApiError::bad_request("rule: 1 to 1,000 bytes, reason: up to 10,000 bytes"));
    }
    api.state.suppress(&body.rule, body.device.as_deref(), &body.reason, &user.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a suppression.
#[utoipa::path(delete, path = "/api/v1/suppressions", operation_id = "detection_end_suppression", tag = "detections", request_body = Suppression, responses(
    (status = 204), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn end_suppression(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Body(body): Body<Suppression>,
) -> Result<StatusCode, ApiError> {
    match api.state.end_suppression(&body.rule, body.device.as_deref()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::not_found("no such suppression")),
    }
}

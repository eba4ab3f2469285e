//! Splunk's HTTP Event Collector: events and raw text, with the codes and texts of its documentation. Acknowledgement is
//! off, as it is for tokens by default: an answer of 0 already means durable here.

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State as Shared};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::item::{Item, Reject, epoch_ns};
use super::refusal::Refusal;
use super::{Ship, Verdict, body};
use crate::tls::Peer;

pub(super) fn routes() -> Router<Ship> {
    let mut routes = Router::new();
    for path in ["", "/event", "/event/1.0"] {
        routes = routes.route(&format!("/services/collector{path}"), post(events));
    }
    for path in ["/raw", "/raw/1.0"] {
        routes = routes.route(&format!("/services/collector{path}"), post(raw));
    }
    for path in ["/health", "/health/1.0"] {
        routes = routes.route(&format!("/services/collector{path}"), get(health));
    }
    routes.route("/services/collector/ack", any(ack))
}

fn said(status: StatusCode, code: u32, text: &str) -> Response {
    (status, Json(json!({ "text": text, "code": code }))).into_response()
}

fn refused(refusal: &Refusal) -> Response {
    let (code, text) = match refusal {
        Refusal::NoToken => (2, "Token is required".to_owned()),
        Refusal::BadHeader => (3, "Invalid authorization".to_owned()),
        Refusal::UnknownToken => (4, "Invalid token".to_owned()),
        Refusal::Revoked => (1, "Token disabled".to_owned()),
        Refusal::Wait(..) => (9, "Server is busy".to_owned()),
        Refusal::Failed(_) => (8, "Internal server error".to_owned()),
        Refusal::TooLarge(message) => (27, message.clone()),
        Refusal::Encoding(_) | Refusal::NotUnderstood(_) => (6, "Invalid data format".to_owned()),
    };
    if let Refusal::Failed(error) = refusal {
        tracing::error!(error = %format!("{error:#}"), "shipped events not taken");
    }
    let mut response = refusal.head(said(StatusCode::OK, code, &text));
    // Splunk knows no 401 for a wrong token, and no 415.
    match refusal {
        Refusal::UnknownToken => *response.status_mut() = StatusCode::FORBIDDEN,
        Refusal::Encoding(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
        _ => {}
    }
    response
}

async fn health() -> Response {
    said(StatusCode::OK, 17, "HEC is healthy")
}

async fn ack(Shared(ship): Shared<Ship>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    match ship.source(&headers, &peer).await {
        Ok(_) => said(StatusCode::BAD_REQUEST, 14, "ACK is disabled"),
        Err(refusal) => refused(&refusal),
    }
}

async fn events(
    Shared(ship): Shared<Ship>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = |body: &[u8]| body::behind_each_other(body).into_iter().map(|value| value.and_then(event)).collect();
    answer(verdicts(&ship, &peer, &headers, body, read).await)
}

async fn raw(
    Shared(ship): Shared<Ship>,
    Extension(peer): Extension<Peer>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = |body: &[u8]| {
        let envelope = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
        let envelope: Map<String, Value> =
            envelope.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect();
        let texts = body::texts(body).into_iter();
        texts.map(|text| Ok(Item { body: Value::String(text), ..enveloped(&envelope) })).collect()
    };
    answer(verdicts(&ship, &peer, &headers, body, read).await)
}

async fn verdicts(
    ship: &Ship,
    peer: &Peer,
    headers: &HeaderMap,
    body: Body,
    read: impl FnOnce(&[u8]) -> Vec<Result<Item, Reject>>,
) -> Result<Vec<Verdict>, Refusal> {
    let (source, body, _slot) = ship.enter(headers, peer, body).await?;
    ship.take(&source, read(&body)).await
}

fn answer(verdicts: Result<Vec<Verdict>, Refusal>) -> Response {
    let verdicts = match verdicts {
        Ok(verdicts) => verdicts,
        Err(refusal) => return refused(&refusal),
    };
    if verdicts.is_empty() {
        return said(StatusCode::BAD_REQUEST, 5, "No data");
    }
    let Some((idx, reject)) = verdicts.iter().enumerate().find_map(|(idx, verdict)| Some((idx, verdict.as_ref()?)))
    else {
        return said(StatusCode::OK, 0, "Success");
    };
    let (code, text) = match reject.reason.as_str() {
        "no_event" => (12, "Event field is required"),
        "blank_event" => (13, "Event field cannot be blank"),
        _ => (6, "Invalid data format"),
    };
    (StatusCode::BAD_REQUEST, Json(json!({ "text": text, "code": code, "invalid-event-number": idx }))).into_response()
}

/// An event with what Splunk calls its metadata.
fn event(value: Value) -> Result<Item, Reject> {
    let Value::Object(mut envelope) = value else { return Err(Reject::new("bad_json", "an event is an object")) };
    let body = match envelope.shift_remove("event") {
        None | Some(Value::Null) => return Err(Reject::new("no_event", "the member event is missing")),
        Some(Value::String(text)) if text.is_empty() => return Err(Reject::new("blank_event", "the event is empty")),
        Some(body) => body,
    };
    Ok(Item { body, ..enveloped(&envelope) })
}

fn enveloped(envelope: &Map<String, Value>) -> Item {
    let text = |name: &str| envelope.get(name).and_then(Value::as_str).map(str::to_owned);
    let time_ns = match envelope.get("time") {
        Some(Value::String(text)) => epoch_ns(text),
        Some(Value::Number(number)) => epoch_ns(&number.to_string()),
        _ => None,
    };
    let mut meta = Map::new();
    for (name, label) in [("source", "Source"), ("sourcetype", "SourceType"), ("index", "Index"), ("fields", "Fields")]
    {
        if let Some(value) = envelope.get(name).filter(|value| !value.is_null()) {
            meta.insert(label.to_owned(), value.clone());
        }
    }
    Item { body: Value::Null, host: text("host"), time_ns, meta }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_keeps_its_metadata() {
        let item = event(json!({
            "time": "1772442904.250", "host": "WS5", "source": "s", "sourcetype": "t", "fields": { "a": "b" }, "event": "x",
        }));
        let item = item.expect("an item");
        assert_eq!((item.time_ns, item.host.as_deref()), (Some(1_772_442_904_250_000_000), Some("WS5")));
        assert_eq!(item.meta["Fields"], json!({ "a": "b" }));
        for (value, reason) in [
            (json!({ "event": null }), "no_event"),
            (json!({ "host": "a" }), "no_event"),
            (json!({ "event": "" }), "blank_event"),
            (json!("x"), "bad_json"),
        ] {
            assert_eq!(event(value).unwrap_err().reason, reason);
        }
    }
}

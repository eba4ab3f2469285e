//! Elasticsearch's `_bulk`, and as much around it as shippers ask before they send: who is there, which licence, are my
//! templates and policies known. Index names and templates mean nothing here; they are accepted.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};

use super::item::{Item, Reject};
use super::refusal::Refusal;
use super::{Ship, Verdict};
use crate::identity::apps::random_uuid;
use crate::tls::Peer;

/// The version that we say we are: shippers refuse to send to one older than themselves unless they are told to.
const VERSION: &str = "8.19.0";

pub(super) fn routes() -> Router<Ship> {
    Router::new()
        .route("/", get(root))
        .route("/_bulk", post(bulk).put(bulk))
        .route("/{index}/_bulk", post(bulk_of_index).put(bulk_of_index))
        .route("/{index}/{kind}/_bulk", post(bulk_of_kind).put(bulk_of_kind))
        .route("/_license", get(license))
        .route("/_xpack", get(xpack))
        .route("/_xpack/license", get(license))
        .route("/_cluster/health", get(health))
        .route("/_cat/health", get(health_line))
        .route("/_nodes/{*rest}", get(nodes))
        .route("/_ilm/{*rest}", any(known))
        .route("/_index_template/{*rest}", any(known))
        .route("/_component_template/{*rest}", any(known))
        .route("/_template/{*rest}", any(known))
        .route("/_ingest/{*rest}", any(known))
        .route("/_data_stream/{*rest}", any(known))
        .route("/_alias/{*rest}", any(known))
        .route("/{index}", any(known))
}

/// What every answer has: clients refuse to talk to what does not say so.
fn as_elastic(headers: &HeaderMap, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    // A client of one version asks for that version's JSON and takes no other.
    let accepted = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let vendor = accepted.split(',').map(str::trim).find(|it| it.starts_with("application/vnd.elasticsearch+json"));
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|it| it == "application/json");
    if let Some(vendor) = vendor.filter(|_| is_json).and_then(|it| HeaderValue::from_str(it).ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, vendor);
    }
    response
}

fn refused(headers: &HeaderMap, refusal: &Refusal) -> Response {
    let kind = match refusal {
        Refusal::NoToken | Refusal::BadHeader | Refusal::UnknownToken | Refusal::Revoked => "security_exception",
        Refusal::Wait(..) => "es_rejected_execution_exception",
        Refusal::TooLarge(_) => "content_too_long_exception",
        Refusal::Encoding(_) | Refusal::NotUnderstood(_) => "illegal_argument_exception",
        Refusal::Failed(_) => "exception",
    };
    let reason = refusal.message();
    let cause = json!({ "type": kind, "reason": reason });
    let body = json!({
        "error": { "root_cause": [cause], "type": kind, "reason": reason }, "status": refusal.status().as_u16(),
    });
    as_elastic(headers, refusal.head(Json(body).into_response()))
}

/// An answer to whoever has a token.
async fn probe(ship: &Ship, peer: &Peer, headers: &HeaderMap, answer: impl IntoResponse) -> Response {
    match ship.source(headers, peer).await {
        Ok(_) => as_elastic(headers, answer),
        Err(refusal) => refused(headers, &refusal),
    }
}

async fn root(Shared(ship): Shared<Ship>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    let answer = json!({
        "name": "nenrin", "cluster_name": "nenrin", "cluster_uuid": ship.journal.id(),
        "version": {
            "number": VERSION, "build_flavor": "default", "build_type": "docker", "build_snapshot": false,
            "lucene_version": "9.12.0", "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    });
    probe(&ship, &peer, &headers, Json(answer)).await
}

async fn license(Shared(ship): Shared<Ship>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    let license =
        json!({ "license": { "status": "active", "uid": ship.journal.id(), "type": "basic", "mode": "basic" } });
    probe(&ship, &peer, &headers, Json(license)).await
}

async fn xpack(Shared(ship): Shared<Ship>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    let ilm = json!({ "available": true, "enabled": true });
    let answer = json!({
        "license": { "status": "active", "uid": ship.journal.id(), "type": "basic", "mode": "basic" },
        "features": { "ilm": ilm },
    });
    probe(&ship, &peer, &headers, Json(answer)).await
}

async fn health(Shared(ship): Shared<Ship>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    let answer = json!({ "cluster_name": "nenrin", "status": "green", "timed_out": false, "number_of_nodes": 1 });
    probe(&ship, &peer, &headers, Json(answer)).await
}

async fn health_line(Shared(ship): Shared<Ship>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    probe(&ship, &peer, &headers, "nenrin green 1 1\n").await
}

async fn nodes(Shared(ship): Shared<Ship>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    let answer = json!({ "cluster_name": "nenrin", "nodes": { "nenrin": { "name": "nenrin", "version": VERSION } } });
    probe(&ship, &peer, &headers, Json(answer)).await
}

/// Templates, policies, pipelines, indices: whatever it is, it is there, and may be written.
async fn known(
    Shared(ship): Shared<Ship>,
    Extension(peer): Extension<Peer>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let answer = match method {
        Method::GET | Method::HEAD => json!({}),
        _ => json!({ "acknowledged": true, "shards_acknowledged": true }),
    };
    probe(&ship, &peer, &headers, Json(answer)).await
}

async fn bulk(
    Shared(ship): Shared<Ship>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answer(&ship, &peer, &headers, body, "").await
}

async fn bulk_of_index(
    Shared(ship): Shared<Ship>,
    Extension(peer): Extension<Peer>,
    Path(index): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answer(&ship, &peer, &headers, body, &index).await
}

/// Elasticsearch 6 had types.
async fn bulk_of_kind(
    Shared(ship): Shared<Ship>,
    Extension(peer): Extension<Peer>,
    Path((index, _)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answer(&ship, &peer, &headers, body, &index).await
}

async fn answer(ship: &Ship, peer: &Peer, headers: &HeaderMap, body: Body, index: &str) -> Response {
    let started = std::time::Instant::now();
    match take(ship, peer, headers, body, index).await {
        Ok((acts, verdicts)) => {
            let errors = verdicts.iter().any(Option::is_some);
            let items: Vec<Value> = acts.iter().zip(&verdicts).map(|(act, verdict)| act.status(verdict)).collect();
            let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            as_elastic(headers, Json(json!({ "took": took, "errors": errors, "items": items })))
        }
        Err(refusal) => refused(headers, &refusal),
    }
}

async fn take(
    ship: &Ship,
    peer: &Peer,
    headers: &HeaderMap,
    body: Body,
    index: &str,
) -> Result<(Vec<Act>, Vec<Verdict>), Refusal> {
    let (source, body, _slot) = ship.enter(headers, peer, body).await?;
    let (acts, items) = read(&body, index);
    let verdicts = ship.take(&source, items).await?;
    Ok((acts, verdicts))
}

/// What a line says is to be done.
struct Act {
    name: String,
    index: String,
    id: String,
}

impl Act {
    /// An entry of the answer.
    fn status(&self, verdict: &Verdict) -> Value {
        let mut status = json!({ "_index": self.index, "_id": self.id });
        match verdict {
            None => {
                status["_version"] = 1.into();
                status["result"] = "created".into();
                status["status"] = StatusCode::CREATED.as_u16().into();
            }
            Some(reject) => {
                let kind = if reject.reason == "bad_action" {
                    "illegal_argument_exception"
                } else {
                    "mapper_parsing_exception"
                };
                status["status"] = StatusCode::BAD_REQUEST.as_u16().into();
                status["error"] = json!({ "type": kind, "reason": reject.message });
            }
        }
        json!({ self.name.clone(): status })
    }
}

/// Pairs of lines: what is to be done, and the document.
fn read(body: &[u8], index: &str) -> (Vec<Act>, Vec<Result<Item, Reject>>) {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let (mut acts, mut items) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next() {
        let Some((name, target)) = action(line) else {
            // The next line may be an action again: what is good behind it is not lost.
            acts.push(Act { name: "index".to_owned(), index: index.to_owned(), id: String::new() });
            items.push(Err(Reject::new("bad_action", "malformed action line, expected index or create")));
            continue;
        };
        let text = |member: &str| target.get(member).and_then(Value::as_str).map(str::to_owned);
        let index = text("_index").unwrap_or_else(|| index.to_owned());
        let id = text("_id").unwrap_or_else(random_uuid);
        let document = if name == "delete" { None } else { lines.next() };
        items.push(match (name.as_str(), document) {
            ("index" | "create", Some(document)) => item(document, &index),
            ("index" | "create", None) => Err(Reject::new("bad_json", "the document is missing")),
            _ => Err(Reject::new("bad_action", format!("{name}: events are added only, with index or create"))),
        });
        acts.push(Act { name, index, id });
    }
    (acts, items)
}

/// `{"index":{"_index":"…"}}`
fn action(line: &[u8]) -> Option<(String, Map<String, Value>)> {
    let action: Map<String, Value> = serde_json::from_slice(line).ok()?;
    if action.len() != 1 {
        return None;
    }
    match action.into_iter().next()? {
        (name, Value::Object(target)) if ["index", "create", "update", "delete"].contains(&name.as_str()) => {
            Some((name, target))
        }
        _ => None,
    }
}

fn item(document: &[u8], index: &str) -> Result<Item, Reject> {
    let body: Value = serde_json::from_slice(document).map_err(|error| Reject::json(&error))?;
    if !body.is_object() {
        return Err(Reject::new("bad_json", "the document is no object"));
    }
    let meta = Map::from_iter([("Index".to_owned(), Value::from(index))]);
    Ok(Item { meta, ..Item::of(body) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_verdict_and_the_rest_is_taken() {
        let body = b"{\"index\":{}}\n{\"a\":1}\n{\"create\":{\"_index\":\"i\",\"_id\":\"7\"}}\r\n{\"a\":2}\nno json\n\
            {\"delete\":{\"_id\":\"1\"}}\n{\"update\":{}}\n{\"doc\":{}}\n{\"index\":{}}\n{\"a\":\n{\"index\":{}}\n{\"a\":3}\n{\"index\":{}}";
        let (acts, items) = read(body, "default");
        let words: Vec<String> = acts
            .iter()
            .zip(&items)
            .map(|(act, item)| {
                let verdict = item.as_ref().map_or_else(|reject| reject.reason.clone(), |item| item.body.to_string());
                format!("{} {} {verdict}", act.name, act.index)
            })
            .collect();
        assert_eq!(
            words,
            [
                "index default {\"a\":1}",
                "create i {\"a\":2}",
                "index default bad_action",
                "delete default bad_action",
                "update default bad_action",
                "index default bad_json",
                "index default {\"a\":3}",
                "index default bad_json",
            ]
        );
        assert_eq!(acts[1].id, "7");
        let status = acts[1].status(&None);
        assert_eq!((&status["create"]["status"], &status["create"]["_id"]), (&json!(201), &json!("7")));
    }
}

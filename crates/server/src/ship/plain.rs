//! Plain JSON over HTTP: one object, an array, one object per line; or event XML.

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::item::Item;
use super::refusal::Refusal;
use super::{Ship, Verdict, body};
use crate::tls::Peer;

/// Rejects that an answer lists; all are counted.
const REJECTS_LISTED_MAX: usize = 100;

pub(super) fn routes() -> Router<Ship> {
    Router::new().route("/api/ingest/json", post(take))
}

async fn take(
    Shared(ship): Shared<Ship>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match verdicts(&ship, &peer, &headers, body).await {
        Ok(verdicts) => answer(&verdicts),
        Err(refusal) => {
            let code = match &refusal {
                Refusal::NoToken | Refusal::BadHeader => "no_token",
                Refusal::UnknownToken => "token_unknown",
                Refusal::Revoked => "token_revoked",
                Refusal::Wait(..) => "busy",
                Refusal::TooLarge(_) => "too_large",
                Refusal::Encoding(_) => "bad_encoding",
                Refusal::NotUnderstood(_) => "bad_request",
                Refusal::Failed(_) => "internal",
            };
            let body = json!({ "error": { "code": code, "message": refusal.message() } });
            refusal.head(Json(body).into_response())
        }
    }
}

async fn verdicts(ship: &Ship, peer: &Peer, headers: &HeaderMap, body: Body) -> Result<Vec<Verdict>, Refusal> {
    let (source, body, _slot) = ship.enter(headers, peer, body).await?;
    let is_xml = body.trim_ascii_start().first() == Some(&b'<');
    let items = if is_xml {
        body::texts(&body).into_iter().map(|text| Ok(Item::of(Value::String(text)))).collect()
    } else {
        body::documents(&body).into_iter().map(|document| document.map(Item::of)).collect()
    };
    ship.take(&source, items).await
}

/// 400 when nothing was taken: many shippers look at nothing else.
fn answer(verdicts: &[Verdict]) -> Response {
    let rejects = || verdicts.iter().enumerate().filter_map(|(idx, verdict)| Some((idx, verdict.as_ref()?)));
    let n_rejected = rejects().count();
    let errors: Vec<Value> = rejects()
        .take(REJECTS_LISTED_MAX)
        .map(|(idx, reject)| json!({ "item": idx, "code": reject.reason, "message": reject.message }))
        .collect();
    let is_nothing = n_rejected > 0 && n_rejected == verdicts.len();
    let status = if is_nothing { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let body = json!({ "accepted": verdicts.len() - n_rejected, "rejected": n_rejected, "errors": errors });
    (status, Json(body)).into_response()
}

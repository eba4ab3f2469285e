//! What sensors talk to: enrolment, batches, heartbeats. The device is who its certificate says, nothing else.

mod batch;
mod enrol;
mod heartbeat;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use store::Store;

use crate::alerts::detector::Feed;
use crate::api::error::ApiError;
use crate::ca::Ca;
use crate::limits::BODY_BYTES_MAX;
use crate::state::{Device, State};
use crate::tls::Peer;

pub use enrol::new_token;

/// What the ingest routes share.
#[derive(Clone)]
pub struct Ingest {
    /// Small state.
    pub state: State,
    /// Events.
    pub store: Arc<Store>,
    /// Signs devices.
    pub ca: Arc<Ca>,
    /// Where committed batches are told of.
    pub rules: Option<Feed>,
}

/// The routes of the ingest listener.
pub fn router(ingest: Ingest) -> Router {
    let batch =
        Router::new().route("/ingest/v1/batch", post(batch::batch)).layer(DefaultBodyLimit::max(wire::BATCH_BYTES_MAX));
    Router::new()
        .route("/enrol/v1", post(enrol::enrol))
        .route("/enrol/v1/renew", post(enrol::renew))
        .route("/ingest/v1/heartbeat", post(heartbeat::heartbeat))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .merge(batch)
        .with_state(ingest)
}

/// SHA-256 of a certificate, hexadecimal.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    hex::encode(Sha256::digest(certificate))
}

/// The enrolled device that the connection's certificate belongs to.
async fn device_of(state: &State, peer: &Peer) -> Result<Device, ApiError> {
    let refused = |code, message: &str| ApiError::new(http::StatusCode::UNAUTHORIZED, code, message);
    let Some(certificate) = &peer.certificate else {
        return Err(refused("no_certificate", "this route needs the device certificate from the enrolment"));
    };
    let id = common_name(certificate).ok_or_else(|| refused("bad_certificate", "the certificate has no device id"))?;
    let Some(device) = state.device(&id).await? else {
        return Err(refused("unknown_device", "this device is not enrolled here: enrol it again"));
    };
    let fingerprint = fingerprint(certificate);
    let is_next = device.next_certificate.as_ref() == Some(&fingerprint);
    if device.revoked || !(is_next || device.certificate == fingerprint) {
        return Err(ApiError::new(
            http::StatusCode::FORBIDDEN,
            "certificate_revoked",
            "this certificate was revoked or replaced: enrol the device again",
        ));
    }
    if is_next {
        // The device has it for certain now: from here on the old one is refused.
        state.promote_certificate(&device.id, &fingerprint).await?;
    }
    Ok(device)
}

fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let name = parsed.subject().iter_common_name().next()?.as_str().ok()?;
    Some(name.to_owned())
}

//! Enrolment: a one-time token and a certificate request become a device with a certificate.

use axum::extract::State as Shared;
use axum::{Extension, Json};
use http::StatusCode;
use rand::RngCore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use super::{Ingest, device_of, fingerprint};
use crate::api::error::{ApiError, Body};
use crate::ca::Ca;
use crate::clock::now_s;
use crate::limits::NAME_BYTES_MAX;
use crate::state::{Sign, State, TokenRefused, random_secret, secret_hash};
use crate::tls::Peer;

const PREFIX: &str = "nrn1";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EnrolRequest {
    token: String,
    csr: String,
    device_name: String,
    os: String,
    sensor_version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnrolAnswer {
    device_id: String,
    certificate: String,
    ca: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RenewRequest {
    csr: String,
}

/// Makes a token for one device and returns it with its end (seconds since 1970).
///
/// # Errors
/// When it can't be stored.
pub async fn new_token(state: &State, ca: &Ca, hours: u32) -> anyhow::Result<(String, i64)> {
    let secret = random_secret();
    let expires = now_s() + i64::from(hours) * 3_600;
    state.add_enrolment_token(&secret_hash(&secret), expires).await?;
    Ok((format!("{PREFIX}.{}.{secret}", ca.pin()?), expires))
}

pub(super) async fn enrol(
    Shared(ingest): Shared<Ingest>,
    Extension(peer): Extension<Peer>,
    Body(request): Body<EnrolRequest>,
) -> Result<Json<EnrolAnswer>, ApiError> {
    let refused = |code, message: &str| ApiError::new(StatusCode::UNAUTHORIZED, code, message);
    for text in [&request.device_name, &request.os, &request.sensor_version] {
        if text.is_empty() || text.len() > NAME_BYTES_MAX {
            return Err(ApiError::bad_request("deviceName, os and sensorVersion must be 1 to 256 bytes"));
        }
    }
    let secret = request.token.trim().strip_prefix(PREFIX).and_then(|rest| rest.rsplit('.').next()).unwrap_or_default();
    let device_id = random_device_id();
    // The request is checked before the token is used up, so that a bad request costs no token.
    let certificate = ingest
        .ca
        .sign_device(&request.csr, &device_id)
        .map_err(|error| ApiError::bad_request(&format!("csr: {error:#}")))?;
    match ingest.state.use_enrolment_token(&secret_hash(secret), &device_id).await? {
        Ok(()) => {}
        Err(TokenRefused::Unknown) => {
            return Err(refused(
                "token_unknown",
                "this enrolment token was never given here: make one with nenrin device token",
            ));
        }
        Err(TokenRefused::Used) => {
            return Err(refused(
                "token_used",
                "this enrolment token was used before: make one with nenrin device token",
            ));
        }
        Err(TokenRefused::Expired) => {
            return Err(refused(
                "token_expired",
                "this enrolment token has expired: make one with nenrin device token",
            ));
        }
    }
    let sign =
        Sign { name: request.device_name, os: request.os, sensor_version: request.sensor_version, ..Sign::default() };
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
    ingest.state.add_device(&device_id, &sign, &fingerprint(&der)).await?;
    tracing::info!(device_id, name = sign.name, address = %peer.address, "device enrolled");
    Ok(Json(EnrolAnswer { device_id, certificate, ca: ingest.ca.certificate_pem.clone() }))
}

/// A new certificate for the same device, asked for with the old one. The old one works until the new one is first
/// used: when this answer is lost, the device must be able to ask again.
pub(super) async fn renew(
    Shared(ingest): Shared<Ingest>,
    Extension(peer): Extension<Peer>,
    Body(request): Body<RenewRequest>,
) -> Result<Json<EnrolAnswer>, ApiError> {
    let device = device_of(&ingest.state, &peer).await?;
    let certificate = ingest
        .ca
        .sign_device(&request.csr, &device.id)
        .map_err(|error| ApiError::bad_request(&format!("csr: {error:#}")))?;
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
    ingest.state.set_next_certificate(&device.id, &fingerprint(&der)).await?;
    tracing::info!(device_id = device.id, "device certificate renewed");
    Ok(Json(EnrolAnswer { device_id: device.id, certificate, ca: ingest.ca.certificate_pem.clone() }))
}

/// 160 random bits: the form of MDE's machine ids.
fn random_device_id() -> String {
    let mut bytes = [0; 20];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

//! Enrolment: a one-time token becomes a certificate. The token carries the hash of the server's CA certificate, so the
//! very first connection already knows whom it may trust. Later a certificate is renewed with the one before.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::body::Bytes;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::client::{self, Answer, Client};
use crate::identity::{self, CertificateFacts, DEVICE_ID_CHARS, Device, Identity, Material};

mod pin;
pub mod renew;

const PREFIX: &str = "nrn1";
const PATH: &str = "/enrol/v1";

/// Why a device could not be enrolled, each with what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a token.
    #[error("this is not an enrolment token ({0}): copy it again from `nenrin device token` or the portal")]
    BadToken(&'static str),
    /// The server never gave out this token.
    #[error("{server} does not know this token: is it of another server? make a new one with `nenrin device token`")]
    UnknownToken {
        /// Host and port.
        server: String,
    },
    /// A token is good for one device.
    #[error("this token was used before: make a new one with `nenrin device token`")]
    UsedToken,
    /// A token is good for a limited time.
    #[error("this token has expired: make a new one with `nenrin device token`")]
    ExpiredToken,
    /// Somebody else answers at this address, or the token is of another server.
    #[error(
        "{server} does not have the CA certificate that the token names: check the address and that the token is of \
         this server; if both are right, somebody is between you and the server"
    )]
    WrongCa {
        /// Host and port.
        server: String,
    },
    /// No connection.
    #[error("{0}: check the address, that the server runs, and that a firewall lets this port through")]
    Unreachable(client::Error),
    /// The connection is refused for another reason than the CA, or broke.
    #[error("{0}: if it is about the name, use one that `nenrin` was started with, or add this one with --host")]
    Connection(client::Error),
    /// The server refused.
    #[error("{server} refused the enrolment: {reason}")]
    Refused {
        /// Host and port.
        server: String,
        /// The server's words.
        reason: String,
    },
    /// The server's answer is not what the protocol says.
    #[error("{server} gave a wrong answer ({reason}): is it a nenrin server, and of a fitting version?")]
    WrongAnswer {
        /// Host and port.
        server: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The key could not be made.
    #[error("make the device key: {0}")]
    Key(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The identity could not be stored.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The address cannot be used.
    #[error(transparent)]
    Address(client::Error),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    token: &'a str,
    csr: &'a str,
    device_name: &'a str,
    os: &'a str,
    sensor_version: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Granted {
    device_id: String,
    certificate: String,
    ca: String,
}

/// Enrols this device and stores its identity in `data_dir`, in the place of an earlier one.
pub async fn enrol(url: &str, token: &str, data_dir: &Path, device_name: &str) -> Result<Identity, Error> {
    let token = token.trim();
    let pin = parse_token(token)?;
    let (config, verifier) = pinned_config(pin)?;
    // No certificate yet that could end.
    let client = Client::new(url, config, i64::MAX).map_err(Error::Address)?;
    let server = client.server();
    let (key, csr) = identity::new_key(device_name)?;
    let request =
        Request { token, csr: &csr, device_name, os: std::env::consts::OS, sensor_version: env!("CARGO_PKG_VERSION") };
    let body = serde_json::to_vec(&request).map_err(|error| wrong(&server, &error))?;
    let answer = client.post(PATH, "application/json", Bytes::from(body)).await.map_err(|error| match error {
        client::Error::Unreachable { .. } => Error::Unreachable(error),
        _ if verifier.saw_wrong_ca() => Error::WrongCa { server: server.clone() },
        error => Error::Connection(error),
    })?;
    let granted = read_answer(&server, &answer)?;
    check(&granted, pin, key.public_key_raw()).map_err(|reason| wrong(&server, &reason))?;
    let device =
        Device { device_id: granted.device_id, device_name: device_name.to_owned(), server: url.trim().to_owned() };
    let material = Material {
        key_pem: &key.serialize_pem(),
        certificate_pem: &granted.certificate,
        ca_pem: &granted.ca,
        device: &device,
    };
    Identity::save(data_dir, &material)?;
    Identity::load(data_dir)?.ok_or_else(|| wrong(&server, &"the identity could not be read again"))
}

/// The hash of the CA certificate in a token: `nrn1.<hash>.<secret>`.
fn parse_token(token: &str) -> Result<[u8; 32], Error> {
    let mut parts = token.split('.');
    if parts.next() != Some(PREFIX) {
        return Err(Error::BadToken("it does not start with nrn1."));
    }
    let (Some(pin), Some(secret), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Error::BadToken("it does not have three parts"));
    };
    if secret.is_empty() {
        return Err(Error::BadToken("its last part is empty"));
    }
    let pin = URL_SAFE_NO_PAD.decode(pin).ok().and_then(|pin| pin.try_into().ok());
    pin.ok_or(Error::BadToken("its second part is not a hash"))
}

fn pinned_config(pin: [u8; 32]) -> Result<(Arc<ClientConfig>, Arc<pin::Verifier>), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(pin::Verifier::new(pin, Arc::clone(&provider)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<_>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok((Arc::new(config), verifier))
}

fn read_answer(server: &str, answer: &Answer) -> Result<Granted, Error> {
    match (answer.status, answer.code().as_str()) {
        (200, _) => serde_json::from_slice(&answer.body).map_err(|error| wrong(server, &error)),
        (401, "token_used") => Err(Error::UsedToken),
        (401, "token_expired") => Err(Error::ExpiredToken),
        (401, _) => Err(Error::UnknownToken { server: server.to_owned() }),
        (_, _) => Err(Error::Refused { server: server.to_owned(), reason: answer.reason() }),
    }
}

/// The server is the right one, but what it gives must still fit what was asked for.
fn check(granted: &Granted, pin: [u8; 32], public_key: &[u8]) -> Result<(), String> {
    let is_hex = granted.device_id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if granted.device_id.len() != DEVICE_ID_CHARS || !is_hex {
        return Err("the device id is not 40 hexadecimal digits".to_owned());
    }
    let pem = |text: &str| CertificateDer::from_pem_slice(text.as_bytes()).map_err(|error| error.to_string());
    if Sha256::digest(pem(&granted.ca)?).as_slice() != pin {
        return Err("the CA certificate is not the one that was pinned".to_owned());
    }
    let facts = CertificateFacts::read(&pem(&granted.certificate)?)?;
    if facts.public_key != public_key {
        return Err("the certificate is for another key".to_owned());
    }
    if facts.common_name != granted.device_id {
        return Err("the certificate is for another device".to_owned());
    }
    Ok(())
}

fn wrong(server: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::WrongAnswer { server: server.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests;

//! Client assertions: a JWT that the app signed with the key of a registered certificate (RFC 7523, `private_key_jwt`).
//! One may be used again while it lasts: MSAL does so, and RFC 7523 leaves it open.

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::public_key::PublicKey;

use super::error::OAuthError;
use crate::clock::now_s;
use crate::identity::Identity;
use crate::identity::apps::{AssertionKey, NewCertificate};
use crate::limits::{ASSERTION_SECONDS_MAX, CLOCK_LEEWAY_SECONDS, NAME_BYTES_MAX};
use crate::state::State;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    /// RFC 7519 allows fractions, and MSAL for Python sends them.
    exp: f64,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    nbf: Option<f64>,
}

/// The app that an assertion is of, and the certificate's id.
pub struct Asserted {
    /// App id.
    pub app: String,
    /// Credential id.
    pub credential: String,
}

fn refused(message: &str) -> OAuthError {
    let message = format!("Client assertion failed signature validation or is not valid: {message}");
    OAuthError::invalid_client(700027, &message)
}

/// Checks an assertion. `client_id` is the parameter beside it.
pub async fn check(
    state: &State,
    identity: &Identity,
    assertion: &str,
    client_id: Option<&str>,
) -> Result<Asserted, OAuthError> {
    let header = decode_header(assertion).map_err(|_| refused("it is no signed JWT."))?;
    check_header(&header)?;
    // Who it claims to be of; believed only when that app's key fits.
    let claimed: Claims = jsonwebtoken::dangerous::insecure_decode(assertion)
        .map(|data| data.claims)
        .map_err(|_| refused("iss, sub, aud and exp must be there, each once, in the form of RFC 7519."))?;
    if claimed.iss != claimed.sub || client_id.is_some_and(|id| id != claimed.sub) {
        return Err(refused("iss, sub and client_id must be the same."));
    }
    let keys = state.assertion_keys(&claimed.sub).await?;
    let key = keys
        .iter()
        .find(|key| names(&header, key))
        .ok_or_else(|| refused("the key it names is not registered: add the certificate at App registrations."))?;
    if key.expires <= now_s() {
        return Err(refused("the certificate has expired."));
    }
    let (decoding, algorithms) = match key.family.as_str() {
        "RSA" => (DecodingKey::from_rsa_der(&key.key), RSA),
        _ => (DecodingKey::from_ec_der(&key.key), EC),
    };
    let mut validation = Validation::new(header.alg);
    validation.algorithms = algorithms.iter().copied().filter(|algorithm| *algorithm == header.alg).collect();
    validation.leeway = CLOCK_LEEWAY_SECONDS.cast_unsigned();
    validation.validate_nbf = true;
    validation.validate_aud = false;
    let claims = decode::<Claims>(assertion, &decoding, &validation)
        .map_err(|_| refused("its signature, exp or nbf is wrong."))?
        .claims;
    check_times(&claims)?;
    if !is_for_us(identity, &claims.aud) {
        return Err(refused("aud must be the URL of this token endpoint."));
    }
    Ok(Asserted { app: claims.sub, credential: key.id.clone() })
}

const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
const EC: &[Algorithm] = &[Algorithm::ES256];

fn check_header(header: &Header) -> Result<(), OAuthError> {
    // x5c is looked over: the key is the one we know, whatever certificate is sent along.
    let strange = header.crit.is_some()
        || header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.enc.is_some()
        || header.zip.is_some();
    let is_jwt = header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
    match strange || !is_jwt || !(RSA.contains(&header.alg) || EC.contains(&header.alg)) {
        true => Err(refused("its header has members or an algorithm that we don't take.")),
        false => Ok(()),
    }
}

/// By `x5t#S256`, `x5t`, or either of them as `kid`, in base64url or hexadecimal.
fn names(header: &Header, key: &AssertionKey) -> bool {
    let is = |named: &Option<String>, print: &str| named.as_deref().is_some_and(|named| same_print(named, print));
    is(&header.x5t_s256, &key.sha256)
        || is(&header.x5t, &key.sha1)
        || is(&header.kid, &key.sha256)
        || is(&header.kid, &key.sha1)
}

fn same_print(named: &str, print: &str) -> bool {
    named.trim_end_matches('=') == print || hex::decode(named).is_ok_and(|bytes| URL_SAFE_NO_PAD.encode(bytes) == print)
}

fn check_times(claims: &Claims) -> Result<(), OAuthError> {
    let now = now_s() as f64;
    let begins = claims.nbf.or(claims.iat).unwrap_or(now);
    if claims.exp - now > ASSERTION_SECONDS_MAX as f64 || begins > now + CLOCK_LEEWAY_SECONDS as f64 {
        return Err(refused("it must have begun, and last no longer than a day."));
    }
    Ok(())
}

/// Any of our token endpoints, or our issuer.
fn is_for_us(identity: &Identity, audience: &str) -> bool {
    let Some(rest) = audience.strip_prefix("https://") else { return false };
    let Some((host, path)) = rest.split_once('/') else { return identity.is_own_host(rest) };
    let tenant = &identity.tenant_id;
    let paths = [
        format!("{tenant}/oauth2/token"),
        format!("{tenant}/oauth2/v2.0/token"),
        format!("{tenant}/v2.0"),
        format!("{tenant}/"),
        "oauth2/v2.0/token".to_owned(),
        String::new(),
    ];
    identity.is_own_host(host) && paths.iter().any(|known| known == path)
}

/// Reads a certificate (PEM) to register.
///
/// # Errors
/// In words, when it is none, has expired, or has a key that we don't verify with.
pub fn read_certificate(pem: &str) -> anyhow::Result<NewCertificate> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|error| anyhow::anyhow!("no certificate in PEM form: {error}"))?;
    let (_, parsed) = x509_parser::parse_x509_certificate(&der)
        .map_err(|error| anyhow::anyhow!("the certificate can't be read: {error}"))?;
    let expires = parsed.validity().not_after.timestamp();
    anyhow::ensure!(expires > now_s(), "the certificate has expired");
    let public = parsed.public_key();
    let (family, key) = match public.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            anyhow::ensure!(rsa.key_size() >= 2048, "the RSA key has {} bits: 2048 are the least", rsa.key_size());
            ("RSA", public.subject_public_key.data.to_vec())
        }
        // The uncompressed point of P-256.
        Ok(PublicKey::EC(point)) if point.data().len() == 65 => ("EC", point.data().to_vec()),
        _ => anyhow::bail!("the key must be RSA or on the curve P-256"),
    };
    let mut subject = parsed.subject().to_string();
    if subject.len() > NAME_BYTES_MAX {
        let cut = (0..=NAME_BYTES_MAX).rev().find(|at| subject.is_char_boundary(*at)).unwrap_or(0);
        subject.truncate(cut);
    }
    let key = AssertionKey {
        id: String::new(),
        sha1: URL_SAFE_NO_PAD.encode(Sha1::digest(&der)),
        sha256: URL_SAFE_NO_PAD.encode(Sha256::digest(&der)),
        family: family.to_owned(),
        key,
        expires,
    };
    Ok(NewCertificate { subject, key })
}

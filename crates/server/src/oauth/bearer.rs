//! Access tokens: RFC 9068 JWTs with Azure's claims beside. Made by the token endpoint, checked at each request.

use anyhow::Result;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use super::resources::is_audience;
use crate::clock::now_s;
use crate::identity::Identity;
use crate::identity::apps::random_uuid;
use crate::limits::{CLOCK_LEEWAY_SECONDS, TOKEN_BYTES_MAX, TOKEN_SECONDS};

/// The header's `typ` (RFC 9068, section 2.1): no other JWT of ours or of others can be taken for an access token.
const TYPE: &str = "at+jwt";

/// Which of Azure's two token formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `/oauth2/token`.
    V1,
    /// `/oauth2/v2.0/token`.
    V2,
}

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// One of our audiences.
    pub aud: String,
    /// `https://HOST/TENANT/`, with `v2.0` behind in version 2.
    pub iss: String,
    /// Seconds since 1970, like the next two. Integers: anything else is refused.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// End.
    pub exp: i64,
    /// The app's id as version 1 calls it,
    pub appid: String,
    /// as version 2 calls it,
    pub azp: String,
    /// and as RFC 9068 does.
    pub client_id: String,
    /// How the client proved itself: 1 secret, 2 certificate. Azure's name in version 1 is `appidacr`.
    pub azpacr: String,
    /// The subject is the app itself.
    pub oid: String,
    /// The same.
    pub sub: String,
    /// The tenant.
    pub tid: String,
    /// Consented application permissions. Absent without any, as in Azure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Unique id.
    pub jti: String,
    /// `1.0` or `2.0`.
    pub ver: String,
    /// Id of the secret or certificate: its tokens end with it.
    pub credential: String,
}

/// For whom and what a token is made.
pub struct Order<'a> {
    /// App id.
    pub app: &'a str,
    /// Id of the secret or certificate.
    pub credential: &'a str,
    /// True when it was a certificate.
    pub by_certificate: bool,
    /// Permissions with consent.
    pub roles: Vec<String>,
    /// One of [`super::resources`].
    pub audience: &'a str,
    /// Ours.
    pub issuer: String,
    /// Format.
    pub version: Version,
}

/// Makes a token; returns it with its claims.
///
/// # Errors
/// When the key file can't be read.
pub fn issue(identity: &Identity, order: Order<'_>) -> Result<(String, Claims)> {
    let key = identity.keys.current()?;
    let now = now_s();
    let app = order.app.to_owned();
    let claims = Claims {
        aud: order.audience.to_owned(),
        iss: order.issuer,
        iat: now,
        nbf: now,
        exp: now + TOKEN_SECONDS,
        appid: app.clone(),
        azp: app.clone(),
        client_id: app.clone(),
        azpacr: if order.by_certificate { "2" } else { "1" }.to_owned(),
        oid: app.clone(),
        sub: app,
        tid: identity.tenant_id.clone(),
        roles: order.roles,
        jti: random_uuid(),
        ver: match order.version {
            Version::V1 => "1.0",
            Version::V2 => "2.0",
        }
        .to_owned(),
        credential: order.credential.to_owned(),
    };
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.kid.clone());
    Ok((encode(&header, &claims, &key.encoding)?, claims))
}

/// Why a token does not count.
#[derive(Debug)]
pub enum Invalid {
    /// In words that may be shown.
    Token(&'static str),
    /// Our own fault.
    Internal(anyhow::Error),
}

/// Checks a token's form, signature and claims. What the app may still do is not looked at here.
///
/// # Errors
/// When it does not count.
pub fn verify(identity: &Identity, token: &str) -> Result<Claims, Invalid> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Invalid::Token("it is too long"));
    }
    let header = decode_header(token).map_err(|_| Invalid::Token("it is no JWT of ours"))?;
    check_header(&header)?;
    let kid = header.kid.as_deref().ok_or(Invalid::Token("it names no key"))?;
    let key = identity.keys.find(kid).map_err(Invalid::Internal)?;
    let key = key.ok_or(Invalid::Token("its key is unknown or was replaced"))?;
    let claims =
        decode::<Claims>(token, &key.decoding, &validation()).map_err(|error| Invalid::Token(words(&error)))?;
    check_claims(identity, &claims.claims)?;
    Ok(claims.claims)
}

/// We write three members and look for no others: a key or a demand in the header itself is an attack (RFC 8725).
fn check_header(header: &Header) -> Result<(), Invalid> {
    let plain = Header { kid: header.kid.clone(), typ: header.typ.clone(), ..Header::new(Algorithm::ES256) };
    if *header != plain {
        return Err(Invalid::Token("its header is none of ours"));
    }
    match header.typ.as_deref() {
        Some(TYPE) => Ok(()),
        _ => Err(Invalid::Token("it is no access token")),
    }
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.leeway = CLOCK_LEEWAY_SECONDS.cast_unsigned();
    validation.validate_nbf = true;
    validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
    // Ours are checked below, against a set that is not known by name.
    validation.validate_aud = false;
    validation
}

fn words(error: &jsonwebtoken::errors::Error) -> &'static str {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidSignature => "its signature is wrong",
        _ => "it is no JWT of ours",
    }
}

fn check_claims(identity: &Identity, claims: &Claims) -> Result<(), Invalid> {
    if claims.tid != identity.tenant_id {
        return Err(Invalid::Token("it is of another tenant"));
    }
    if !is_audience(&claims.aud) {
        return Err(Invalid::Token("it is for another audience"));
    }
    if !is_issuer(identity, &claims.iss) {
        return Err(Invalid::Token("it is of another issuer"));
    }
    if claims.exp.saturating_sub(claims.iat) > TOKEN_SECONDS || claims.iat > now_s() + CLOCK_LEEWAY_SECONDS {
        return Err(Invalid::Token("its times are none that we give"));
    }
    let same = [&claims.azp, &claims.client_id, &claims.oid, &claims.sub];
    if same.iter().any(|id| **id != claims.appid) {
        return Err(Invalid::Token("it does not say who it is for"));
    }
    Ok(())
}

/// `https://HOST/TENANT/`, `https://HOST/TENANT/v2.0` or `https://HOST`, with one of our names.
fn is_issuer(identity: &Identity, issuer: &str) -> bool {
    let Some(rest) = issuer.strip_prefix("https://") else { return false };
    let tenant = &identity.tenant_id;
    let ends = [format!("/{tenant}/"), format!("/{tenant}/v2.0"), String::new()];
    ends.iter().any(|end| rest.strip_suffix(end.as_str()).is_some_and(|host| identity.is_own_host(host)))
}

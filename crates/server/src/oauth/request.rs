//! A token request as text → what was asked, and who says so. Pure: nothing is looked up here.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};

use super::error::OAuthError;
use crate::limits::{OAUTH_PARAMETER_BYTES_MAX, OAUTH_PARAMETERS_MAX};

const FORM: &str = "application/x-www-form-urlencoded";
/// RFC 7523, section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How the client proves who it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Proof {
    /// A client secret.
    Secret(String),
    /// A signed JWT. The client id beside it is optional.
    Assertion(String),
}

/// A well-formed request.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// Absent only beside an assertion, which names it.
    pub client_id: Option<String>,
    /// Secret or assertion.
    pub proof: Proof,
    /// `resource` or `scope`, as given.
    pub parameters: BTreeMap<String, String>,
}

/// Reads a request.
///
/// # Errors
/// In the order in which Azure complains: form, parameters, grant, client.
pub fn parse(headers: &HeaderMap, query: Option<&str>, body: &[u8]) -> Result<TokenRequest, OAuthError> {
    check_form(headers)?;
    let in_url = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    if in_url.into_owned().any(|(name, _)| matches!(name.as_str(), "client_secret" | "client_assertion")) {
        let message = "Credentials in the query string are not accepted: send them in the body.";
        return Err(OAuthError::invalid_request(9002313, message));
    }
    let mut parameters = parameters(body)?;
    match parameters.get("grant_type").map(String::as_str) {
        None => return Err(OAuthError::missing("grant_type")),
        Some("client_credentials") => {}
        Some(_) => {
            let message = "The app requested an unsupported grant type: only client_credentials is supported.";
            return Err(OAuthError::bad("unsupported_grant_type", 70003, message));
        }
    }
    let basic = basic_credentials(headers)?;
    let (client_id, proof) = client(&mut parameters, basic)?;
    Ok(TokenRequest { client_id, proof, parameters })
}

fn check_form(headers: &HeaderMap) -> Result<(), OAuthError> {
    // Azure takes a body of which nothing is said for a form, and msticpy says nothing.
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let content_type = content_type.to_str().unwrap_or_default();
    let mime = content_type.split(';').next().unwrap_or_default().trim();
    if mime.eq_ignore_ascii_case(FORM) {
        return Ok(());
    }
    let message = format!("Invalid request. The content type must be {FORM}.");
    Err(OAuthError::invalid_request(9002313, &message))
}

/// Each parameter at most once (RFC 6749, section 3.2); one without a value counts as absent, one that we don't know is
/// ignored by nobody asking for it.
fn parameters(body: &[u8]) -> Result<BTreeMap<String, String>, OAuthError> {
    let malformed = |message: &str| OAuthError::invalid_request(9002313, &format!("Invalid request. {message}"));
    let text = std::str::from_utf8(body).map_err(|_| malformed("The body is not UTF-8."))?;
    let mut parameters = BTreeMap::new();
    for (idx, (name, value)) in form_urlencoded::parse(text.as_bytes()).into_owned().enumerate() {
        if idx >= OAUTH_PARAMETERS_MAX || value.len() > OAUTH_PARAMETER_BYTES_MAX {
            return Err(malformed("The request is too large."));
        }
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            return Err(malformed("A parameter is not UTF-8."));
        }
        if parameters.insert(name.clone(), value).is_some() {
            return Err(malformed(&format!("The parameter '{}' is there more than once.", name.escape_debug())));
        }
    }
    parameters.retain(|_, value| !value.is_empty());
    Ok(parameters)
}

/// Name and secret of HTTP Basic, each form-decoded once more (RFC 6749, section 2.3.1).
fn basic_credentials(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let refused = |message: &str| OAuthError::invalid_client(7000216, message).with_basic(true);
    if values.next().is_some() {
        return Err(OAuthError::invalid_request(9002313, "More than one Authorization header."));
    }
    let text = value.to_str().unwrap_or_default();
    let (scheme, encoded) = text.split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(refused("The Authorization header must be of the scheme Basic."));
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(|| refused("The Authorization header is not Base64 of UTF-8."))?;
    let (name, secret) = decoded.split_once(':').ok_or_else(|| refused("The Authorization header has no colon."))?;
    Ok(Some((form_decode(name), form_decode(secret))))
}

fn form_decode(text: &str) -> String {
    // As a value with an empty name, so that '=' and '&' stay what they are.
    let escaped = text.replace('&', "%26");
    let value = format!("={escaped}");
    form_urlencoded::parse(value.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Exactly one way to prove who one is.
fn client(
    parameters: &mut BTreeMap<String, String>,
    basic: Option<(String, String)>,
) -> Result<(Option<String>, Proof), OAuthError> {
    let id = parameters.remove("client_id");
    let secret = parameters.remove("client_secret");
    let assertion = parameters.remove("client_assertion");
    let assertion_type = parameters.remove("client_assertion_type");
    if [basic.is_some(), secret.is_some(), assertion.is_some()].into_iter().filter(|it| *it).count() > 1 {
        let message = "The client must authenticate in one way only: Basic, client_secret or client_assertion.";
        return Err(OAuthError::invalid_request(9002313, message));
    }
    if let Some((name, secret)) = basic {
        if id.as_ref().is_some_and(|id| *id != name) {
            let message = "client_id in the body differs from the name in the Authorization header.";
            return Err(OAuthError::invalid_request(9002313, message));
        }
        return Ok((Some(name), Proof::Secret(secret)));
    }
    if let Some(assertion) = assertion {
        return match assertion_type.as_deref() {
            Some(JWT_BEARER) => Ok((id, Proof::Assertion(assertion))),
            Some(_) => {
                Err(OAuthError::invalid_request(9002313, &format!("client_assertion_type must be {JWT_BEARER}.")))
            }
            None => Err(OAuthError::missing("client_assertion_type")),
        };
    }
    let id = id.ok_or_else(|| OAuthError::missing("client_id"))?;
    let secret = secret.ok_or_else(|| {
        let message = "'client_assertion' or 'client_secret' is required for the 'client_credentials' grant type.";
        OAuthError::invalid_client(7000216, message)
    })?;
    Ok((Some(id), Proof::Secret(secret)))
}

//! The token endpoint: client credentials (RFC 6749, section 4.4) in Azure's two versions.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};

use super::assertion::{self, Asserted};
use super::bearer::{self, Claims, Order, Version};
use super::error::{OAuthError, no_store};
use super::request::{self, Proof, TokenRequest};
use super::resources::audience_of;
use crate::api::Api;
use crate::identity::apps::CredentialRefused;
use crate::limits::{BODY_BYTES_MAX, TOKEN_FAILURES_PER_ADDRESS, TOKEN_FAILURES_PER_CLIENT, TOKEN_SECONDS};
use crate::tls::Peer;

/// Where a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    V1,
    V2,
    /// `/oauth2/v2.0/token`: the issuer is the host itself.
    Root,
}

/// `/{tenant}/oauth2/token`.
pub async fn v1(Shared(api): Shared<Api>, Path(tenant): Path<String>, request: Request) -> Response {
    answer(&api, Door::V1, Some(&tenant), request).await
}

/// `/{tenant}/oauth2/v2.0/token`.
pub async fn v2(Shared(api): Shared<Api>, Path(tenant): Path<String>, request: Request) -> Response {
    answer(&api, Door::V2, Some(&tenant), request).await
}

/// `/oauth2/v2.0/token`.
pub async fn root(Shared(api): Shared<Api>, request: Request) -> Response {
    answer(&api, Door::Root, None, request).await
}

/// A request whose body was read.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    address: String,
    body: Vec<u8>,
}

async fn answer(api: &Api, door: Door, tenant: Option<&str>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let correlation_id = correlation_id(&parts.headers);
    let address = parts.extensions.get::<Peer>().map(|peer| peer.address.ip().to_string()).unwrap_or_default();
    let result = match read(body).await {
        Ok(body) => {
            let asked = Asked { method: parts.method, uri: parts.uri, headers: parts.headers, address, body };
            token(api, door, tenant, asked).await
        }
        Err(error) => Err(error),
    };
    match result {
        Ok(body) => {
            let mut response = Json(body).into_response();
            no_store(response.headers_mut());
            response
        }
        Err(error) => error.answer(correlation_id.as_deref()),
    }
}

async fn read(body: Body) -> Result<Vec<u8>, OAuthError> {
    Ok(to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| OAuthError::too_large())?.to_vec())
}

/// What MSAL calls its request, when it is a UUID: it is repeated in the answer.
fn correlation_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("client-request-id")?.to_str().ok()?;
    let is_uuid = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_uuid.then(|| text.to_owned())
}

async fn token(api: &Api, door: Door, tenant: Option<&str>, asked: Asked) -> Result<Value, OAuthError> {
    if asked.method != Method::POST {
        return Err(OAuthError::wrong_method(&asked.method));
    }
    if let Some(tenant) = tenant {
        check_tenant(api, tenant)?;
    }
    let request = request::parse(&asked.headers, asked.uri.query(), &asked.body)?;
    let is_basic = asked.headers.contains_key(http::header::AUTHORIZATION);
    let by_certificate = matches!(request.proof, Proof::Assertion(_));
    let client = authenticate(api, &request, &asked.address).await.map_err(|error| error.with_basic(is_basic))?;
    let authority = api.identity.authority(&asked.headers, &asked.uri);
    let resource = resource(door, &request.parameters)?;
    // Our own address, as the client sees it now or as it is in the certificate.
    let audience = audience_of(&resource, |host| host == authority || api.identity.is_own_host(host));
    let audience = audience.ok_or_else(|| {
        let message = format!(
            "The resource principal named {} was not found in the tenant named {}.",
            resource.escape_debug(),
            api.identity.tenant_id
        );
        OAuthError::bad("invalid_resource", 500011, &message)
    })?;
    let standing = api.state.standing(&client.app).await?.unwrap_or_default();
    let tid = &api.identity.tenant_id;
    let order = Order {
        app: &client.app,
        credential: &client.credential,
        by_certificate,
        roles: standing.consented.into_iter().collect(),
        audience,
        issuer: match door {
            Door::V1 => format!("https://{authority}/{tid}/"),
            Door::V2 => format!("https://{authority}/{tid}/v2.0"),
            Door::Root => format!("https://{authority}"),
        },
        version: if door == Door::V1 { Version::V1 } else { Version::V2 },
    };
    let (token, claims) = bearer::issue(&api.identity, order)?;
    api.state.credential_used(&client.credential, &asked.address).await?;
    let detail = json!({ "address": asked.address, "audience": claims.aud, "roles": claims.roles, "jti": claims.jti });
    api.state.audit(&format!("app:{}", client.app), "token.issue", &client.app, detail).await?;
    // The app's standing may have changed since it was last looked up.
    api.identity.forget_standings();
    Ok(body(door, token, &claims, &resource))
}

fn check_tenant(api: &Api, tenant: &str) -> Result<(), OAuthError> {
    if tenant.eq_ignore_ascii_case(&api.identity.tenant_id) {
        return Ok(());
    }
    if matches!(tenant, "common" | "organizations" | "consumers") {
        let message = format!(
            "Application is not configured as a multi-tenant application. Usage of the /{tenant} endpoint is not \
             supported for such apps. Use the tenant-specific endpoint with this server's tenant id."
        );
        return Err(OAuthError::invalid_request(50194, &message));
    }
    let tenant: String = tenant.escape_debug().take(64).collect();
    let message = format!("Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.");
    Err(OAuthError::invalid_request(90002, &message))
}

/// Who asks. A wrong secret or assertion is counted; the right one is let in however often others have guessed: what
/// has 256 random bits is not found by guessing, and nobody must be able to lock a client out.
async fn authenticate(api: &Api, request: &TokenRequest, address: &str) -> Result<Asserted, OAuthError> {
    let client = request.client_id.as_deref();
    let result = match &request.proof {
        Proof::Secret(secret) => check_secret(api, client.unwrap_or_default(), secret).await,
        Proof::Assertion(text) => assertion::check(&api.state, &api.identity, text, client).await,
    };
    let error = match result {
        Ok(asserted) => return Ok(asserted),
        Err(error) => error,
    };
    let name: String = client.unwrap_or_default().chars().take(64).collect();
    let keys =
        [(format!("{name} {address}"), TOKEN_FAILURES_PER_CLIENT), (address.to_owned(), TOKEN_FAILURES_PER_ADDRESS)];
    if let Some(wait) = keys.iter().filter_map(|(key, n_max)| api.identity.token_failures.wait_s(key, *n_max)).max() {
        return Err(OAuthError::too_many(wait));
    }
    for (key, _) in &keys {
        api.identity.token_failures.failed(key);
    }
    let detail = json!({ "address": address, "code": error.code() });
    api.state.audit("anonymous", "token.refuse", &name, detail).await?;
    Err(error)
}

async fn check_secret(api: &Api, client: &str, secret: &str) -> Result<Asserted, OAuthError> {
    match api.state.check_secret(client, secret).await? {
        Ok(credential) => Ok(Asserted { app: client.to_owned(), credential }),
        Err(CredentialRefused::UnknownApp) => {
            let client: String = client.escape_debug().take(64).collect();
            let message = format!(
                "Application with identifier '{client}' was not found in the directory '{}'.",
                api.identity.tenant_id
            );
            Err(OAuthError::invalid_client(700016, &message))
        }
        Err(CredentialRefused::Wrong) => {
            let message = "Invalid client secret provided. Ensure the secret being sent in the request is the client \
                 secret value, not the client secret ID.";
            Err(OAuthError::invalid_client(7000215, message))
        }
        Err(CredentialRefused::Expired) => {
            Err(OAuthError::invalid_client(7000222, "The provided client secret keys for the app are expired."))
        }
    }
}

/// What the token is for: `resource` in version 1, one scope ending in `/.default` in version 2. Each version also
/// takes the other's parameter, as Azure does in part, when its own is absent.
fn resource(door: Door, parameters: &BTreeMap<String, String>) -> Result<String, OAuthError> {
    let (resource, scope) = (parameters.get("resource"), parameters.get("scope"));
    match (door, resource, scope) {
        (Door::V1, Some(resource), _) => Ok(resource.clone()),
        (Door::V2 | Door::Root, Some(_), _) => {
            let message = "The resource principal is named by 'scope' at this endpoint, not by 'resource'.";
            Err(OAuthError::invalid_request(901002, message))
        }
        (_, None, Some(scope)) => of_scope(scope),
        (Door::V1, None, None) => Err(OAuthError::missing("resource")),
        (Door::V2 | Door::Root, None, None) => Err(OAuthError::missing("scope")),
    }
}

fn of_scope(scope: &str) -> Result<String, OAuthError> {
    // What MSAL adds for people has no meaning for an app.
    let scopes: Vec<&str> = scope
        .split_ascii_whitespace()
        .filter(|scope| !matches!(*scope, "openid" | "profile" | "offline_access" | "email"))
        .collect();
    let shown: String = scope.escape_debug().take(128).collect();
    match scopes.as_slice() {
        [one] => one.strip_suffix("/.default").map(str::to_owned).ok_or_else(|| {
            let message = format!(
                "The provided value for scope {shown} is not valid. Client credential flows must have a scope value \
                 with /.default suffixed to the resource identifier (application ID URI)."
            );
            OAuthError::bad("invalid_scope", 1002012, &message)
        }),
        [] => Err(OAuthError::bad("invalid_scope", 70011, "The provided value for scope is not valid.")),
        _ => {
            let message =
                format!("Provided value for the input parameter scope '{shown}' names more than one resource.");
            Err(OAuthError::bad("invalid_scope", 70011, &message))
        }
    }
}

/// Version 1 writes numbers as strings, version 2 as numbers. No refresh token (RFC 6749, section 4.4.3).
fn body(door: Door, token: String, claims: &Claims, resource: &str) -> Value {
    let left = TOKEN_SECONDS - 1;
    match door {
        Door::V1 => json!({
            "token_type": "Bearer",
            "expires_in": left.to_string(),
            "ext_expires_in": left.to_string(),
            "expires_on": claims.exp.to_string(),
            "not_before": claims.nbf.to_string(),
            "resource": resource,
            "access_token": token,
        }),
        Door::V2 | Door::Root => json!({
            "token_type": "Bearer",
            "expires_in": left,
            "ext_expires_in": left,
            "access_token": token,
        }),
    }
}

//! What clients ask before they ask for a token: OpenID discovery, RFC 8414, key sets, Azure's instance discovery and
//! cloud metadata. All of it says the host by which the client called.

use axum::Json;
use axum::extract::{Path, Query, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::OAuthError;
use crate::api::Api;
use crate::api::error::ApiError;

/// Names that Azure gives to "any tenant"; here they all mean the one there is.
const ANY_TENANT: &[&str] = &["common", "organizations"];

fn is_known(api: &Api, tenant: &str) -> Result<(), OAuthError> {
    if tenant.eq_ignore_ascii_case(&api.identity.tenant_id) || ANY_TENANT.contains(&tenant) {
        return Ok(());
    }
    let tenant: String = tenant.escape_debug().take(64).collect();
    Err(OAuthError::invalid_request(90002, &format!("Tenant '{tenant}' not found.")))
}

/// Base URL of the answer's links.
fn base(api: &Api, request: &Request) -> String {
    format!("https://{}", api.identity.authority(request.headers(), request.uri()))
}

/// `/{tenant}/.well-known/openid-configuration`.
pub async fn openid_v1(Shared(api): Shared<Api>, Path(tenant): Path<String>, request: Request) -> Response {
    match is_known(&api, &tenant) {
        Ok(()) => Json(metadata(&base(&api, &request), &api.identity.tenant_id, Issuer::V1)).into_response(),
        Err(error) => error.answer(None),
    }
}

/// `/{tenant}/v2.0/.well-known/openid-configuration`, and RFC 8414's form of it.
pub async fn openid_v2(Shared(api): Shared<Api>, Path(tenant): Path<String>, request: Request) -> Response {
    match is_known(&api, &tenant) {
        Ok(()) => Json(metadata(&base(&api, &request), &api.identity.tenant_id, Issuer::V2)).into_response(),
        Err(error) => error.answer(None),
    }
}

/// `/.well-known/oauth-authorization-server`: the issuer is the host itself.
pub async fn authorization_server(Shared(api): Shared<Api>, request: Request) -> Json<Value> {
    Json(metadata(&base(&api, &request), &api.identity.tenant_id, Issuer::Root))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Issuer {
    V1,
    V2,
    Root,
}

/// RFC 8414, section 2, with what OpenID Connect Discovery asks for beside. There is no authorization endpoint, but
/// MSAL wants one to be named.
fn metadata(base: &str, tenant: &str, issuer: Issuer) -> Value {
    let (name, token, keys, authorize) = match issuer {
        Issuer::V1 => (format!("{base}/{tenant}/"), "oauth2/token", "discovery/keys", "oauth2/authorize"),
        Issuer::V2 => {
            (format!("{base}/{tenant}/v2.0"), "oauth2/v2.0/token", "discovery/v2.0/keys", "oauth2/v2.0/authorize")
        }
        Issuer::Root => (base.to_owned(), "oauth2/v2.0/token", "discovery/v2.0/keys", "oauth2/v2.0/authorize"),
    };
    let token_endpoint = match issuer {
        Issuer::V1 | Issuer::V2 => format!("{base}/{tenant}/{token}"),
        Issuer::Root => format!("{base}/{token}"),
    };
    json!({
        "issuer": name,
        "token_endpoint": token_endpoint,
        "authorization_endpoint": format!("{base}/{tenant}/{authorize}"),
        "jwks_uri": format!("{base}/{tenant}/{keys}"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "response_modes_supported": ["form_post"],
        "scopes_supported": ["https://api.securitycenter.microsoft.com/.default"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported":
            ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256"],
        "claims_supported":
            ["aud", "iss", "iat", "nbf", "exp", "appid", "azp", "client_id", "oid", "sub", "tid", "roles", "jti", "ver"],
        "request_uri_parameter_supported": false,
        "http_logout_supported": false,
        "tenant_region_scope": null,
        "cloud_instance_name": base.trim_start_matches("https://"),
    })
}

/// `/{tenant}/discovery/keys`, `/{tenant}/discovery/v2.0/keys`.
pub async fn keys(Shared(api): Shared<Api>, Path(tenant): Path<String>) -> Response {
    if let Err(error) = is_known(&api, &tenant) {
        return error.answer(None);
    }
    match api.identity.keys.key_set() {
        Ok(keys) => Json(keys).into_response(),
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// Its parameters.
#[derive(Deserialize)]
pub struct InstanceQuery {
    authorization_endpoint: Option<String>,
}

/// `/common/discovery/instance`: MSAL asks whether an authority is one. Ours are; others are not vouched for.
pub async fn instance(Shared(api): Shared<Api>, Query(query): Query<InstanceQuery>, request: Request) -> Response {
    let authority = api.identity.authority(request.headers(), request.uri());
    let asked = query.authorization_endpoint.unwrap_or_default();
    let rest = asked.strip_prefix("https://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let tenant = path.split('/').next().unwrap_or_default();
    if !api.identity.is_own_host(host) || is_known(&api, tenant).is_err() {
        return OAuthError::bad("invalid_instance", 50049, "Unknown or invalid instance.").answer(None);
    }
    let tenant = &api.identity.tenant_id;
    let aliases: Vec<&str> = if host == authority { vec![host] } else { vec![host, authority.as_str()] };
    let body = json!({
        "tenant_discovery_endpoint": format!("https://{host}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": aliases }],
    });
    Json(body).into_response()
}

/// Its parameters.
#[derive(Deserialize)]
pub struct MetadataQuery {
    #[serde(rename = "api-version")]
    api_version: Option<String>,
}

/// `/metadata/endpoints`: Azure Resource Manager's list of clouds. `latest` and 2015 give one object, the versions since
/// 2019 a list.
pub async fn cloud(Shared(api): Shared<Api>, Query(query): Query<MetadataQuery>, request: Request) -> Response {
    let base = base(&api, &request);
    let host = base.trim_start_matches("https://").to_owned();
    let authentication = json!({
        "loginEndpoint": format!("{base}/"),
        "audiences": [format!("{base}/"), "https://management.azure.com/"],
        "tenant": api.identity.tenant_id,
        "identityProvider": "AAD",
    });
    match query.api_version.as_deref() {
        None => {
            let message = "The api-version query parameter (?api-version=) is required for all requests.";
            ApiError::new(StatusCode::BAD_REQUEST, "MissingApiVersionParameter", message).into_response()
        }
        Some("latest" | "1.0" | "2015-01-01") => Json(json!({
            "portalEndpoint": format!("{base}/"),
            "galleryEndpoint": format!("{base}/"),
            "graphEndpoint": format!("{base}/"),
            "graphAudience": "https://graph.microsoft.com/",
            "resourceManagerEndpoint": format!("{base}/"),
            "microsoftGraphResourceId": "https://graph.microsoft.com/",
            "authentication": authentication,
        }))
        .into_response(),
        Some(_) => Json(json!([{
            "name": "Nenrin",
            "portal": base,
            "authentication": authentication,
            "graph": "https://graph.microsoft.com/",
            "graphAudience": "https://graph.microsoft.com/",
            "microsoftGraphResourceId": "https://graph.microsoft.com/",
            "resourceManager": format!("{base}/"),
            "suffixes": { "mhsmDns": host },
        }]))
        .into_response(),
    }
}

//! One table of who may use which route, and the middleware that holds every request to it.

use axum::extract::{MatchedPath, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;

use super::permissions::Role;
use super::{AppCaller, Caller};
use crate::api::Api;
use crate::api::auth::{Local, session_user};
use crate::api::error::{ApiError, is_azure_path};
use crate::oauth::bearer;
use crate::state::User;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// A person of at least this role, or an app that has one of these permissions. Without any: people only.
    Granted(Role, &'static [&'static str]),
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// GET, POST …
    pub method: &'static str,
    /// As in the OpenAPI document.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
}

const fn open(method: &'static str, path: &'static str) -> Rule {
    Rule { method, path, access: Access::Open }
}

const fn granted(method: &'static str, path: &'static str, role: Role, any_of: &'static [&'static str]) -> Rule {
    Rule { method, path, access: Access::Granted(role, any_of) }
}

const HUNTING: &[&str] = &["AdvancedQuery.Read.All", "AdvancedHunting.Read.All", "ThreatHunting.Read.All"];
const MACHINES: &[&str] = &["Machine.Read.All", "Machine.ReadWrite.All"];
const ALERTS: &[&str] = &["Alert.Read.All", "Alert.ReadWrite.All"];
const ALERTS_WRITE: &[&str] = &["Alert.ReadWrite.All"];
const GRAPH_ALERTS: &[&str] = &["SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"];
const GRAPH_ALERTS_WRITE: &[&str] = &["SecurityAlert.ReadWrite.All"];
/// Graph's names and Defender XDR's.
const INCIDENTS: &[&str] =
    &["SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All", "Incident.Read.All", "Incident.ReadWrite.All"];
const INCIDENTS_WRITE: &[&str] = &["SecurityIncident.ReadWrite.All", "Incident.ReadWrite.All"];
/// Whatever is asked for is refused after that; who may not ask learns nothing.
const FINDINGS: &[&str] = &["Vulnerability.Read.All", "SecurityRecommendation.Read.All", "Software.Read.All"];
const ACTIONS: &[&str] = &[
    "Machine.Isolate",
    "Machine.RestrictExecution",
    "Machine.Scan",
    "Machine.StopAndQuarantine",
    "Machine.CollectForensics",
    "Machine.LiveResponse",
    "Machine.Offboard",
    "Machine.ReadWrite.All",
];
const TIMELINE: &[&str] = &["Timeline.Read.All"];
const EXPORT: &[&str] = &["Export.Read.All"];
const PREVALENCE: &[&str] = &["File.Read.All", "Ip.Read.All", "Url.Read.All"];
const PEOPLE: &[&str] = &[];

/// Every route below `/api`, and Graph's below `/v1.0`.
pub const RULES: &[Rule] = &[
    open("POST", "/api/v1/login"),
    open("POST", "/api/v1/logout"),
    open("POST", "/api/v1/csp-report"),
    open("GET", "/api/v1/openapi.json"),
    granted("GET", "/api/v1/me", Role::Reader, PEOPLE),
    granted("GET", "/api/v1/me/totp", Role::Reader, PEOPLE),
    granted("POST", "/api/v1/me/totp", Role::Reader, PEOPLE),
    granted("POST", "/api/v1/me/totp/confirm", Role::Reader, PEOPLE),
    granted("POST", "/api/v1/me/totp/end", Role::Reader, PEOPLE),
    granted("GET", "/api/v1/devices", Role::Reader, MACHINES),
    granted("GET", "/api/v1/devices/{id}", Role::Reader, MACHINES),
    granted("GET", "/api/v1/devices/{id}/timeline", Role::Reader, TIMELINE),
    granted("GET", "/api/v1/devices/{id}/timeline/summary", Role::Reader, TIMELINE),
    granted("GET", "/api/v1/devices/{id}/timeline/stream", Role::Reader, TIMELINE),
    granted("GET", "/api/v1/devices/{id}/timeline/export", Role::Reader, EXPORT),
    granted("GET", "/api/v1/events/{id}", Role::Reader, TIMELINE),
    granted("GET", "/api/v1/prevalence", Role::Reader, PREVALENCE),
    granted("GET", "/api/v1/store", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/store/maintenance", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/imports", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/imports/uploads/{id}", Role::Admin, PEOPLE),
    granted("PUT", "/api/v1/imports/uploads/{id}", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/schema", Role::Reader, HUNTING),
    granted("POST", "/api/v1/enrolment-tokens", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/apps", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/apps", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/apps/{id}", Role::Admin, PEOPLE),
    granted("DELETE", "/api/v1/apps/{id}", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/apps/{id}/secrets", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/apps/{id}/certificates", Role::Admin, PEOPLE),
    granted("DELETE", "/api/v1/apps/{id}/credentials/{credential}", Role::Admin, PEOPLE),
    granted("PUT", "/api/v1/apps/{id}/permissions/{permission}", Role::Admin, PEOPLE),
    granted("DELETE", "/api/v1/apps/{id}/permissions/{permission}", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/apps/{id}/consent", Role::Admin, PEOPLE),
    granted("DELETE", "/api/v1/apps/{id}/consent", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/sources", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/sources", Role::Admin, PEOPLE),
    granted("DELETE", "/api/v1/sources/{id}", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/permissions", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/audit", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/users", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/users", Role::Admin, PEOPLE),
    granted("DELETE", "/api/v1/users/{name}", Role::Admin, PEOPLE),
    granted("PUT", "/api/v1/users/{name}/role", Role::Admin, PEOPLE),
    granted("POST", "/api/v1/users/{name}/password", Role::Admin, PEOPLE),
    granted("GET", "/api/v1/csp-reports/count", Role::Reader, PEOPLE),
    granted("POST", "/api/v1/hunting/run", Role::Reader, HUNTING),
    granted("POST", "/api/v1/hunting/analyze", Role::Reader, HUNTING),
    granted("POST", "/api/advancedqueries/run", Role::Reader, HUNTING),
    granted("POST", "/api/advancedhunting/run", Role::Reader, HUNTING),
    granted("POST", "/v1.0/security/runHuntingQuery", Role::Reader, HUNTING),
    granted("GET", "/v1.0/security/alerts_v2", Role::Reader, GRAPH_ALERTS),
    granted("GET", "/v1.0/security/alerts_v2/{id}", Role::Reader, GRAPH_ALERTS),
    granted("PATCH", "/v1.0/security/alerts_v2/{id}", Role::Analyst, GRAPH_ALERTS_WRITE),
    granted("GET", "/v1.0/security/incidents", Role::Reader, INCIDENTS),
    granted("GET", "/v1.0/security/incidents/{id}", Role::Reader, INCIDENTS),
    granted("PATCH", "/v1.0/security/incidents/{id}", Role::Analyst, INCIDENTS_WRITE),
    granted("GET", "/api/incidents", Role::Reader, INCIDENTS),
    granted("GET", "/api/incidents/{id}", Role::Reader, INCIDENTS),
    granted("PATCH", "/api/incidents/{id}", Role::Analyst, INCIDENTS_WRITE),
    granted("GET", "/api/alerts", Role::Reader, ALERTS),
    granted("GET", "/api/alerts/$count", Role::Reader, ALERTS),
    granted("POST", "/api/alerts/batchUpdate", Role::Analyst, ALERTS_WRITE),
    granted("POST", "/api/alerts/createAlertByReference", Role::Analyst, ALERTS_WRITE),
    granted("GET", "/api/alerts/{id}", Role::Reader, ALERTS),
    granted("PATCH", "/api/alerts/{id}", Role::Analyst, ALERTS_WRITE),
    granted("GET", "/api/alerts/{id}/domains", Role::Reader, &["Url.Read.All"]),
    granted("GET", "/api/alerts/{id}/files", Role::Reader, &["File.Read.All"]),
    granted("GET", "/api/alerts/{id}/ips", Role::Reader, &["Ip.Read.All"]),
    granted("GET", "/api/alerts/{id}/machine", Role::Reader, MACHINES),
    granted("GET", "/api/alerts/{id}/user", Role::Reader, &["User.Read.All"]),
    granted("GET", "/api/machines", Role::Reader, MACHINES),
    granted("GET", "/api/machines/{id}", Role::Reader, MACHINES),
    granted("GET", "/api/machines/{id}/alerts", Role::Reader, ALERTS),
    granted("GET", "/api/machines/{id}/alerts/$count", Role::Reader, ALERTS),
    granted("GET", "/api/machines/{id}/logonusers", Role::Reader, &["User.Read.All"]),
    granted("GET", "/api/machines/SoftwareVulnerabilitiesByMachine", Role::Reader, &["Vulnerability.Read.All"]),
    granted("GET", "/api/machines/{id}/{other}", Role::Reader, FINDINGS),
    granted("POST", "/api/machines/{id}/{other}", Role::Analyst, ACTIONS),
    granted("GET", "/api/machineactions", Role::Reader, MACHINES),
    granted("GET", "/api/indicators", Role::Reader, &["Ti.Read.All", "Ti.ReadWrite", "Ti.ReadWrite.All"]),
    granted("POST", "/api/indicators", Role::Analyst, &["Ti.ReadWrite", "Ti.ReadWrite.All"]),
    granted("POST", "/api/machines/{id}/tags", Role::Analyst, &["Machine.ReadWrite.All"]),
    granted("GET", "/api/v1/alerts/{id}", Role::Reader, ALERTS),
    granted("GET", "/api/v1/detections", Role::Reader, ALERTS),
    granted("POST", "/api/v1/detections/history", Role::Analyst, ALERTS_WRITE),
    granted("GET", "/api/v1/suppressions", Role::Reader, ALERTS),
    granted("POST", "/api/v1/suppressions", Role::Analyst, ALERTS_WRITE),
    granted("DELETE", "/api/v1/suppressions", Role::Analyst, ALERTS_WRITE),
];

/// MDE's clients may name the version, and write one route in two ways: the path as the document and the table have it.
fn documented(path: &str) -> String {
    let path = path.replacen("/api/v1.0/", "/api/", 1);
    path.replacen("/CreateAlertByReference", "/createAlertByReference", 1)
}

/// The rule of a route; HEAD is GET without the body.
pub fn rule(method: &Method, path: &str) -> Option<&'static Rule> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    RULES.iter().find(|rule| rule.path == path && rule.method == method)
}

/// Lets a request through or refuses it. Applied with `route_layer`, so that paths that are no route stay 404.
pub async fn authorize(Shared(api): Shared<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match check(&api, &mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(response) => *response,
    }
}

async fn check(api: &Api, parts: &mut Parts) -> Result<(), Box<Response>> {
    let path = parts.extensions.get::<MatchedPath>().map(|it| documented(it.as_str())).unwrap_or_default();
    let Some(rule) = rule(&parts.method, &path) else {
        if RULES.iter().any(|rule| rule.path == path) {
            let message = "this path does not take this method";
            let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
            return Err(Box::new(error.into_response()));
        }
        tracing::error!(path, "route without a line in identity/access.rs, refused");
        let error = ApiError::new(StatusCode::FORBIDDEN, "forbidden", "nobody may use this route");
        return Err(Box::new(error.into_response()));
    };
    let Access::Granted(role, any_of) = rule.access else { return Ok(()) };
    let azure = is_azure_path(&path);
    let caller = match authenticate(api, parts).await {
        Ok(caller) => caller,
        Err(failure) => return Err(Box::new(failure.answer(api, parts, azure))),
    };
    if !is_allowed(&caller, role, any_of) {
        let actor = caller.actor();
        let detail = json!({ "method": rule.method, "needs": any_of, "role": role.name() });
        if let Err(error) = api.state.audit(&actor, "access.denied", rule.path, detail).await {
            tracing::error!(error = %format!("{error:#}"), "denied access not audited");
        }
        let mut response = refusal(&caller, role, any_of).into_response();
        if matches!(caller, Caller::App(_)) {
            let challenge =
                format!(r#"Bearer realm="nenrin", error="insufficient_scope", scope="{}""#, any_of.join(" "));
            challenge_with(&mut response, &challenge);
        }
        return Err(Box::new(response));
    }
    parts.extensions.insert(caller);
    Ok(())
}

/// The decision, without its words.
pub fn is_allowed(caller: &Caller, role: Role, any_of: &[&str]) -> bool {
    match caller {
        Caller::Person(_, has) => *has >= role,
        Caller::App(app) => any_of.iter().any(|name| app.permissions.contains(*name)),
    }
}

/// Why there is no caller.
enum Failure {
    /// No credentials at all, or not of a kind that we take.
    Missing,
    /// A session that is over.
    Session,
    /// A token that does not count: why, in words that may be shown.
    Token(&'static str),
    /// More than one `Authorization` header.
    Twice,
    Internal(anyhow::Error),
}

impl Failure {
    /// RFC 6750, section 3: no error code when there were no credentials.
    fn answer(self, api: &Api, parts: &Parts, azure: bool) -> Response {
        let authority = api.identity.authority(&parts.headers, &parts.uri);
        let realm =
            format!(r#"Bearer realm="nenrin", authorization_uri="https://{authority}/{}""#, api.identity.tenant_id);
        let (status, code, message, challenge) = match self {
            Self::Internal(error) => return ApiError::from(error).into_response(),
            Self::Missing if azure => {
                let message = "Unauthorized: send a bearer token from this server's token endpoint";
                (StatusCode::UNAUTHORIZED, "not_signed_in", message.to_owned(), realm)
            }
            Self::Missing | Self::Session => {
                (StatusCode::UNAUTHORIZED, "not_signed_in", "sign in first".to_owned(), realm)
            }
            Self::Twice => {
                let challenge = format!(r#"{realm}, error="invalid_request""#);
                (StatusCode::BAD_REQUEST, "bad_request", "more than one Authorization header".to_owned(), challenge)
            }
            Self::Token(why) => {
                let challenge = format!(r#"{realm}, error="invalid_token", error_description="{why}""#);
                (
                    StatusCode::UNAUTHORIZED,
                    "invalid_token",
                    format!("the bearer token does not count: {why}"),
                    challenge,
                )
            }
        };
        let mut response = ApiError::new(status, code, &message).into_response();
        challenge_with(&mut response, &challenge);
        response
    }
}

fn challenge_with(response: &mut Response, challenge: &str) {
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
}

/// The bearer token counts when there is one: a cookie beside it is not looked at.
async fn authenticate(api: &Api, parts: &Parts) -> Result<Caller, Failure> {
    if parts.extensions.get::<Local>().is_some() {
        let user = User { name: "local".to_owned(), role: Role::Admin.name().to_owned() };
        return Ok(Caller::Person(user, Role::Admin));
    }
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return app_of(api, bearer_token(&parts.headers)?).await;
    }
    match session_user(api, &parts.headers).await.map_err(Failure::Internal)? {
        Some(user) => {
            let role = user.role.parse().map_err(Failure::Internal)?;
            Ok(Caller::Person(user, role))
        }
        None => Err(if parts.headers.contains_key(header::COOKIE) { Failure::Session } else { Failure::Missing }),
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().and_then(|it| it.to_str().ok()).unwrap_or_default();
    if values.next().is_some() {
        return Err(Failure::Twice);
    }
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => Err(Failure::Missing),
    }
}

async fn app_of(api: &Api, token: &str) -> Result<Caller, Failure> {
    let claims = match bearer::verify(&api.identity, token) {
        Ok(claims) => claims,
        Err(bearer::Invalid::Token(why)) => return Err(Failure::Token(why)),
        Err(bearer::Invalid::Internal(error)) => return Err(Failure::Internal(error)),
    };
    let standing = api.identity.standing(&claims.appid).await.map_err(Failure::Internal)?;
    let standing = standing.ok_or(Failure::Token("the app was deleted"))?;
    if !standing.credentials.contains(&claims.credential) {
        return Err(Failure::Token("the secret or certificate it was got with was deleted"));
    }
    let permissions = claims.roles.into_iter().filter(|role| standing.consented.contains(role)).collect();
    Ok(Caller::App(AppCaller { id: claims.appid, name: standing.name.clone(), permissions, standing }))
}

/// 403 with the next step: which permission is missing, or lacks consent.
pub fn refusal(caller: &Caller, role: Role, any_of: &[&str]) -> ApiError {
    let message = match caller {
        Caller::Person(_, has) => format!("this needs the role {role}, yours is {has}: ask an admin"),
        Caller::App(_) if any_of.is_empty() => "this route is for people only: sign in at the portal".to_owned(),
        Caller::App(app) => app_refusal(app, any_of),
    };
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", &message)
}

fn app_refusal(app: &AppCaller, any_of: &[&str]) -> String {
    let needed = any_of.join(", ");
    let head = format!("The application does not have any of the required application permissions ({needed})");
    let of = |set: &std::collections::BTreeSet<String>| any_of.iter().copied().find(|name| set.contains(*name));
    if let Some(name) = of(&app.standing.consented) {
        return format!("{head}: the token is older than the consent to {name}, get a new one");
    }
    if let Some(name) = of(&app.standing.granted) {
        return format!(
            "{head}: {name} lacks admin consent, give it at App registrations or with nenrin app consent {}",
            app.id
        );
    }
    let first = any_of.first().copied().unwrap_or_default();
    format!(
        "{head}: add one at App registrations, or with nenrin app grant {id} {first} and nenrin app consent {id}",
        id = app.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::permissions::permission;

    #[test]
    fn rules_are_once_and_name_known_permissions() {
        let mut seen = std::collections::BTreeSet::new();
        for rule in RULES {
            assert!(seen.insert((rule.method, rule.path)), "twice: {rule:?}");
            if let Access::Granted(_, any_of) = rule.access {
                for name in any_of {
                    assert_eq!(permission(name).map(|it| it.name), Some(*name), "{rule:?}");
                }
            }
        }
    }
}

//! Sign-in of people: password, session cookie, and protection against requests from other sites.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use axum::Json;
use axum::extract::{FromRequestParts, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, Body, ErrorBody};
use crate::identity::Caller;
use crate::limits::{LOGIN_FAILURES_PER_MINUTE, LOGIN_NAMES_MAX, SESSION_LIFE_SECONDS};
use crate::state::{User, random_secret};

const COOKIE: &str = "__Host-session";

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    user: String,
    password: String,
    /// Of the authenticator app, for users with a second factor. Without it the answer is `totp_required`.
    #[serde(default)]
    code: Option<String>,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// Login name.
    user: String,
    /// `admin`, `analyst` or `reader`.
    role: String,
}

/// Counts wrong passwords per user name and minute.
#[derive(Default)]
pub struct LoginLimiter {
    failures: Mutex<HashMap<String, (Instant, u32)>>,
}

impl LoginLimiter {
    fn allowed(&self, name: &str) -> bool {
        let mut failures = self.failures.lock().expect("no panic under the lock");
        failures.retain(|_, (since, _)| since.elapsed().as_secs() < 60);
        failures.get(name).is_none_or(|(_, n_failures)| *n_failures < LOGIN_FAILURES_PER_MINUTE)
    }

    fn failed(&self, name: &str) {
        let mut failures = self.failures.lock().expect("no panic under the lock");
        if failures.len() >= LOGIN_NAMES_MAX {
            failures.clear();
        }
        failures.entry(name.to_owned()).or_insert((Instant::now(), 0)).1 += 1;
    }
}

/// Argon2id hash of a password, with the parameters that OWASP recommends (the crate's default).
///
/// # Errors
/// When the hash can't be computed.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>());
    let salt = salt.map_err(|error| anyhow::anyhow!("make salt: {error}"))?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|error| anyhow::anyhow!("hash password: {error}"))?.to_string())
}

/// A random password and its hash, made on a thread that may take its time.
///
/// # Errors
/// When the hash can't be computed.
pub async fn new_password() -> anyhow::Result<(String, String)> {
    // 132 bits: more than enough, and short enough to type.
    let password: String = random_secret().chars().take(22).collect();
    let typed = password.clone();
    let hash = tokio::task::spawn_blocking(move || hash_password(&typed)).await??;
    Ok((password, hash))
}

fn password_matches(password: &str, hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
}

/// Signs a person in.
#[utoipa::path(post, path = "/api/v1/login", tag = "session", request_body = LoginRequest, responses(
    (status = 200, body = Me), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn login(Shared(api): Shared<Api>, Body(request): Body<LoginRequest>) -> Result<Response, ApiError> {
    if !api.logins.allowed(&request.user) {
        return Err(ApiError::retry_later(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_logins",
            60,
            "too many wrong passwords for this user: wait a minute",
        ));
    }
    let credentials = api.state.credentials(&request.user).await?;
    let (hash, role) = credentials.unwrap_or_else(|| (unknown_user_hash(), String::new()));
    let password = request.password;
    // An unknown user costs the same time as a wrong password.
    let right = tokio::task::spawn_blocking(move || password_matches(&password, &hash))
        .await
        .map_err(|error| anyhow::anyhow!("password task: {error}"))?;
    let mut right = right && !role.is_empty();
    // Only who knows the password hears that a code is wanted.
    if right && api.state.has_totp(&request.user).await? {
        let Some(code) = &request.code else {
            let message = "enter the code of your authenticator app";
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "totp_required", message));
        };
        right = api.state.use_totp(&request.user, code).await?;
    }
    if !right {
        api.logins.failed(&request.user);
        let name: String = request.user.chars().take(64).collect();
        api.state.audit("anonymous", "user.refuse", &name, serde_json::Value::Null).await?;
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "wrong_password", "user or password is wrong"));
    }
    let secret = api.state.start_session(&request.user).await?;
    api.state.audit(&format!("user:{}", request.user), "user.login", &request.user, serde_json::Value::Null).await?;
    let cookie = format!("{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={SESSION_LIFE_SECONDS}");
    let mut response = Json(Me { user: request.user, role }).into_response();
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(anyhow::Error::from)?);
    Ok(response)
}

fn unknown_user_hash() -> String {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| hash_password("nobody has this password").unwrap_or_default()).clone()
}

/// Signs out.
#[utoipa::path(post, path = "/api/v1/logout", tag = "session", responses((status = 204)))]
pub async fn logout(Shared(api): Shared<Api>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(secret) = session_secret(&headers) {
        api.state.end_session(secret).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = HeaderValue::from_static("__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses(
    (status = 200, body = Me), (status = 401, body = ErrorBody)))]
pub async fn me(SignedIn(user): SignedIn) -> Json<Me> {
    Json(Me { user: user.name, role: user.role })
}

fn session_secret(headers: &HeaderMap) -> Option<&str> {
    for cookies in headers.get_all(header::COOKIE) {
        for cookie in cookies.to_str().unwrap_or_default().split(';') {
            if let Some((name, value)) = cookie.trim().split_once('=')
                && name == COOKIE
            {
                return Some(value);
            }
        }
    }
    None
}

/// Marks requests that come through the socket in the data directory: who may open it may read everything anyway.
#[derive(Clone, Copy)]
pub struct Local;

/// The user of the request's session, `None` without a live one.
pub(crate) async fn session_user(api: &Api, headers: &HeaderMap) -> anyhow::Result<Option<User>> {
    match session_secret(headers) {
        Some(secret) => api.state.session(secret).await,
        None => Ok(None),
    }
}

/// Who makes the request, as a name and a role; an app's role is `app`. New routes take [`Caller`], which says more.
pub struct SignedIn(pub User);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(match Caller::from_request_parts(parts, state).await? {
            Caller::Person(user, _) => user,
            Caller::App(app) => User { name: app.name, role: "app".to_owned() },
        }))
    }
}

/// Refuses unsafe requests that another site made the browser send. `Sec-Fetch-Site` says so in every current
/// browser (Fetch Metadata Request Headers, W3C); programs that are no browser send neither header.
pub async fn same_origin(request: Request, next: Next) -> Response {
    // No browser sends a bearer token by itself.
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        || request.headers().contains_key(header::AUTHORIZATION);
    if safe || is_same_origin(request.headers(), request.uri().authority().map(|it| it.as_str())) {
        return next.run(request).await;
    }
    ApiError::new(StatusCode::FORBIDDEN, "cross_site", "request from another site refused").into_response()
}

fn is_same_origin(headers: &HeaderMap, authority: Option<&str>) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(header::ORIGIN).and_then(|it| it.to_str().ok()) else { return true };
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok()).or(authority);
    origin.split_once("://").map(|(_, origin_host)| origin_host) == host
}

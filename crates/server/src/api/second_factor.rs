//! A person's own second factor: set up with an authenticator app, confirm with a code, end with a code.

use axum::Json;
use axum::extract::State as Shared;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, Body, ErrorBody};
use crate::identity::Caller;
use crate::limits::LOGIN_FAILURES_PER_MINUTE;

/// What to put into the authenticator app.
#[derive(Serialize, ToSchema)]
pub struct TotpBody {
    /// The secret, base 32; shown once.
    secret: String,
    /// The same as the address that apps read from a QR code.
    uri: String,
}

/// A code from the authenticator app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// Six digits.
    code: String,
}

/// Whether signing in takes a code.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorBody {
    /// True once it was confirmed.
    enabled: bool,
}

fn wrong_code() -> ApiError {
    ApiError::bad_request("the code is wrong, too old, or was used before")
}

/// Whether the second factor is on.
#[utoipa::path(get, path = "/api/v1/me/totp", operation_id = "totp_state", tag = "session", responses(
    (status = 200, body = SecondFactorBody), (status = 401, body = ErrorBody)))]
pub async fn state(Shared(api): Shared<Api>, caller: Caller) -> Result<Json<SecondFactorBody>, ApiError> {
    Ok(Json(SecondFactorBody { enabled: api.state.has_totp(caller.name()).await? }))
}

/// Makes a secret for the authenticator app. In use once confirmed.
#[utoipa::path(post, path = "/api/v1/me/totp", operation_id = "totp_begin", tag = "session", responses(
    (status = 200, body = TotpBody), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn begin(Shared(api): Shared<Api>, caller: Caller) -> Result<Json<TotpBody>, ApiError> {
    let name = caller.name();
    if api.state.credentials(name).await?.is_none() {
        return Err(ApiError::new(StatusCode::CONFLICT, "conflict", "only a user of the portal has a second factor"));
    }
    let Some(secret) = api.state.new_totp(name).await? else {
        let message = "a second factor is in use: end it first, with a code";
        return Err(ApiError::new(StatusCode::CONFLICT, "conflict", message));
    };
    // Names hold no character that a URI would have to escape, but '@', which may stand there.
    let uri = format!("otpauth://totp/Nenrin:{name}?secret={secret}&issuer=Nenrin");
    Ok(Json(TotpBody { secret, uri }))
}

/// Puts the second factor into use.
#[utoipa::path(post, path = "/api/v1/me/totp/confirm", operation_id = "totp_confirm", tag = "session",
    request_body = CodeRequest, responses((status = 204), (status = 400, body = ErrorBody),
    (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn confirm(
    Shared(api): Shared<Api>,
    caller: Caller,
    Body(request): Body<CodeRequest>,
) -> Result<StatusCode, ApiError> {
    slow_down(&api, &caller)?;
    if !api.state.confirm_totp(caller.name(), &request.code).await? {
        api.identity.code_failures.failed(caller.name());
        return Err(wrong_code());
    }
    api.state.audit(&caller.actor(), "user.totp.enable", caller.name(), json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the second factor.
#[utoipa::path(post, path = "/api/v1/me/totp/end", operation_id = "totp_end", tag = "session",
    request_body = CodeRequest, responses((status = 204), (status = 400, body = ErrorBody),
    (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn end(
    Shared(api): Shared<Api>,
    caller: Caller,
    Body(request): Body<CodeRequest>,
) -> Result<StatusCode, ApiError> {
    slow_down(&api, &caller)?;
    if !api.state.use_totp(caller.name(), &request.code).await? {
        api.identity.code_failures.failed(caller.name());
        return Err(wrong_code());
    }
    api.state.delete_totp(caller.name()).await?;
    api.state.audit(&caller.actor(), "user.totp.end", caller.name(), json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A code has a million values, so it must not be guessed quickly.
fn slow_down(api: &Api, caller: &Caller) -> Result<(), ApiError> {
    match api.identity.code_failures.wait_s(caller.name(), LOGIN_FAILURES_PER_MINUTE) {
        Some(wait) => {
            let message = "too many wrong codes: wait a minute";
            Err(ApiError::retry_later(StatusCode::TOO_MANY_REQUESTS, "too_many_codes", wait, message))
        }
        None => Ok(()),
    }
}

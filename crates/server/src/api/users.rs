//! Users of the portal, for admins.

use axum::Json;
use axum::extract::{Path, State as Shared};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::auth::new_password;
use super::error::{ApiError, Body, ErrorBody};
use crate::clock::text_of_ns;
use crate::identity::Caller;
use crate::identity::permissions::Role;
use crate::identity::users::UserRefused;
use crate::limits::USER_NAME_BYTES_MAX;

/// All users.
#[derive(Serialize, ToSchema)]
pub struct UsersBody {
    /// By name.
    users: Vec<UserBody>,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub struct UserBody {
    /// Login name.
    name: String,
    /// `admin`, `analyst` or `reader`.
    role: String,
    /// RFC 3339 UTC.
    created: String,
}

/// A user to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// Login name: 1 to 64 letters, digits, `.`, `_`, `-` or `@`.
    name: String,
    /// `admin`, `analyst` or `reader`.
    role: String,
}

/// Another role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRequest {
    /// `admin`, `analyst` or `reader`.
    role: String,
}

/// A password that the server made.
#[derive(Serialize, ToSchema)]
pub struct PasswordBody {
    /// Login name.
    name: String,
    /// Shown once.
    password: String,
}

impl From<UserRefused> for ApiError {
    fn from(refused: UserRefused) -> Self {
        match refused {
            UserRefused::Unknown => ApiError::not_found(refused.words()),
            UserRefused::Taken | UserRefused::LastAdmin | UserRefused::TooMany => {
                ApiError::new(StatusCode::CONFLICT, "conflict", refused.words())
            }
        }
    }
}

/// Names are shown, logged and typed: no spaces, no controls, no look-alikes.
pub fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    anyhow::ensure!(
        !name.is_empty() && name.len() <= USER_NAME_BYTES_MAX && name.bytes().all(fits),
        "the name must be 1 to {USER_NAME_BYTES_MAX} of A-Z a-z 0-9 . _ - @"
    );
    Ok(())
}

fn role_of(text: &str) -> Result<Role, ApiError> {
    text.parse().map_err(|error: anyhow::Error| ApiError::bad_request(&format!("role: {error}")))
}

/// Lists users.
#[utoipa::path(get, path = "/api/v1/users", operation_id = "user_list", tag = "users", responses(
    (status = 200, body = UsersBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn list(Shared(api): Shared<Api>) -> Result<Json<UsersBody>, ApiError> {
    let mut users = Vec::new();
    for user in api.state.users().await? {
        let created = text_of_ns(user.created.saturating_mul(1_000_000_000));
        users.push(UserBody { name: user.name, role: user.role, created });
    }
    Ok(Json(UsersBody { users }))
}

/// Creates a user with a password that the server makes.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "user_create", tag = "users", request_body = UserRequest, responses(
    (status = 200, body = PasswordBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn create(
    Shared(api): Shared<Api>,
    caller: Caller,
    Body(request): Body<UserRequest>,
) -> Result<Json<PasswordBody>, ApiError> {
    check_name(&request.name).map_err(|error| ApiError::bad_request(&error.to_string()))?;
    let role = role_of(&request.role)?;
    let (password, hash) = new_password().await?;
    api.state.add_user(&request.name, &hash, role).await??;
    let detail = json!({ "role": role.name() });
    api.state.audit(&caller.actor(), "user.create", &request.name, detail).await?;
    Ok(Json(PasswordBody { name: request.name, password }))
}

/// Gives a user another role.
#[utoipa::path(put, path = "/api/v1/users/{name}/role", operation_id = "user_set_role", tag = "users", request_body = RoleRequest,
    params(("name" = String, Path, description = "Login name")), responses((status = 204),
    (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn set_role(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path(name): Path<String>,
    Body(request): Body<RoleRequest>,
) -> Result<StatusCode, ApiError> {
    let role = role_of(&request.role)?;
    api.state.set_role(&name, role).await??;
    api.state.audit(&caller.actor(), "user.role", &name, json!({ "role": role.name() })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a user a new password and ends its sessions.
#[utoipa::path(post, path = "/api/v1/users/{name}/password", operation_id = "user_reset_password", tag = "users",
    params(("name" = String, Path, description = "Login name")), responses((status = 200, body = PasswordBody),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn reset_password(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<PasswordBody>, ApiError> {
    let Some((_, role)) = api.state.credentials(&name).await? else { return Err(UserRefused::Unknown.into()) };
    let (password, hash) = new_password().await?;
    api.state.set_password(&name, &hash, &role).await?;
    api.state.audit(&caller.actor(), "user.reset-password", &name, json!({})).await?;
    Ok(Json(PasswordBody { name, password }))
}

/// Deletes a user and ends its sessions.
#[utoipa::path(delete, path = "/api/v1/users/{name}", operation_id = "user_delete", tag = "users",
    params(("name" = String, Path, description = "Login name")), responses((status = 204),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody)))]
pub async fn delete(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.state.delete_user(&name).await??;
    api.state.audit(&caller.actor(), "user.delete", &name, json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

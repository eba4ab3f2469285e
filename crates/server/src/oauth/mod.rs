//! OAuth 2.0 for apps: the token endpoint, its metadata, and the tokens themselves. In Azure's shapes and at Azure's
//! paths, so that clients written for Microsoft Entra and Defender need another host name and nothing else.

pub mod assertion;
pub mod bearer;
pub mod discovery;
pub mod error;
pub mod keys;
pub mod provider;
pub mod request;
pub mod resources;
pub mod token;

use axum::Router;
use axum::routing::{any, get};

use crate::api::Api;

/// The routes, which lie beside the portal's own paths at the root.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/metadata/endpoints", get(discovery::cloud))
        .route("/.well-known/oauth-authorization-server", get(discovery::authorization_server))
        .route("/.well-known/oauth-authorization-server/{tenant}/v2.0", get(discovery::openid_v2))
        .route("/oauth2/v2.0/token", any(token::root))
        .route("/{tenant}/oauth2/token", any(token::v1))
        .route("/{tenant}/oauth2/v2.0/token", any(token::v2))
        .route("/{tenant}/.well-known/openid-configuration", get(discovery::openid_v1))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::openid_v2))
        .route("/{tenant}/discovery/keys", get(discovery::keys))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .with_state(api)
}

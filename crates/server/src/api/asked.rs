//! A request of MDE's API: who asks, and at which address, which links and contexts in the answer begin with.

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use super::Api;
use super::error::ApiError;
use crate::identity::Caller;
use crate::limits::{CALLS_PER_HOUR, CALLS_PER_MINUTE, HUNTING_PER_MINUTE};

/// Who asks, and where.
pub struct Asked {
    /// Whom the token or the session belongs to.
    pub caller: Caller,
    /// `https://host`, as the client knows us.
    origin: String,
    path: String,
}

impl Asked {
    /// Counts the call.
    ///
    /// # Errors
    /// 429 when the caller has made too many.
    pub(super) fn count(&self, api: &Api) -> Result<(), ApiError> {
        api.calls.count(&self.caller.actor(), "calls", CALLS_PER_MINUTE, CALLS_PER_HOUR)
    }

    /// Counts a hunting query.
    ///
    /// # Errors
    /// 429 when the caller has sent too many.
    pub(super) fn count_hunting(&self, api: &Api) -> Result<(), ApiError> {
        api.calls.count(&self.caller.actor(), "hunting", HUNTING_PER_MINUTE, CALLS_PER_HOUR)
    }

    /// `https://host`, as the client knows us.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The path that was asked for.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The address that was asked for, without its query.
    pub(super) fn address(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// `@odata.context` of what is answered, `Alerts/$entity` for one alert. Has `/v1.0` when the client said so.
    pub(super) fn context(&self, what: &str) -> String {
        if self.path.starts_with("/v1.0/") {
            return format!("{}/v1.0/$metadata#{what}", self.origin);
        }
        let version = if self.path.starts_with("/api/v1.0/") { "/v1.0" } else { "" };
        format!("{}/api{version}/$metadata#{what}", self.origin)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let host = parts.headers.get(header::HOST).and_then(|it| it.to_str().ok());
        let host = host.or(parts.uri.authority().map(|it| it.as_str())).unwrap_or("localhost");
        Ok(Self { caller, origin: format!("https://{host}"), path: parts.uri.path().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::permissions::Role;
    use crate::state::User;

    #[tokio::test]
    async fn links_begin_with_the_host_that_the_client_knows() {
        let cases = [
            ("localhost:8443", "/api/alerts", "/api/$metadata#Alerts"),
            ("localhost", "/api/v1.0/alerts", "/api/v1.0/$metadata#Alerts"),
            ("graph.microsoft.com", "/v1.0/security/x", "/v1.0/$metadata#Alerts"),
            // `https://api…` has an `/api` of its own.
            ("api.securitycenter.microsoft.com", "/api/alerts", "/api/$metadata#Alerts"),
        ];
        for (host, path, context) in cases {
            let user = User { name: "a".to_owned(), role: "reader".to_owned() };
            let request = http::Request::get(format!("{path}?$top=1")).header(header::HOST, host);
            let (mut parts, ()) = request.extension(Caller::Person(user, Role::Reader)).body(()).unwrap().into_parts();
            let asked = Asked::from_request_parts(&mut parts, &()).await.unwrap();
            assert_eq!(asked.address(), format!("https://{host}{path}"));
            assert_eq!(asked.context("Alerts"), format!("https://{host}{context}"));
        }
    }
}

//! Refusals of the token endpoint in Azure's shape: RFC 6749's members, and `error_codes` with the numbers that clients
//! written for Azure know (learn.microsoft.com, "Microsoft Entra authentication and authorization error codes").

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use time::OffsetDateTime;

use crate::identity::apps::random_uuid;

/// A refusal before it knows the request's correlation id.
#[derive(Debug)]
pub struct OAuthError {
    status: StatusCode,
    error: &'static str,
    code: u32,
    message: String,
    /// The client used HTTP Basic: RFC 6749, section 5.2, wants to hear so.
    basic: bool,
    retry_after_s: Option<u32>,
}

impl OAuthError {
    fn new(status: StatusCode, error: &'static str, code: u32, message: String) -> Self {
        Self { status, error, code, message, basic: false, retry_after_s: None }
    }

    /// The same, in answer to HTTP Basic or not.
    #[must_use]
    pub fn with_basic(self, basic: bool) -> Self {
        Self { basic, ..self }
    }

    /// 400.
    pub fn invalid_request(code: u32, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", code, message.to_owned())
    }

    /// 400, a parameter that must be there.
    pub fn missing(parameter: &str) -> Self {
        Self::invalid_request(900144, &format!("The request body must contain the following parameter: '{parameter}'."))
    }

    /// 401.
    pub fn invalid_client(code: u32, message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", code, message.to_owned())
    }

    /// 400 with another of RFC 6749's codes.
    pub fn bad(error: &'static str, code: u32, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, code, message.to_owned())
    }

    /// 405.
    pub fn wrong_method(method: &http::Method) -> Self {
        let message = format!("The endpoint only accepts POST requests. Received a {method} request.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", 900561, message)
    }

    /// 413.
    pub fn too_large() -> Self {
        let message = "The request body is larger than the token endpoint takes.".to_owned();
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", 90013, message)
    }

    /// 429.
    pub fn too_many(seconds: u32) -> Self {
        let message = format!("Too many failed requests: wait {seconds} seconds.");
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", 90055, message);
        Self { retry_after_s: Some(seconds), ..error }
    }

    /// 500. The cause is for the log only.
    pub fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = %format!("{error:#}"), "token request failed");
        let message = "A transient error has occurred. Please try again.".to_owned();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", 90033, message)
    }

    /// For the log.
    pub fn code(&self) -> u32 {
        self.code
    }

    /// The answer. `correlation_id` is what the client called its request.
    pub fn answer(self, correlation_id: Option<&str>) -> Response {
        let trace_id = random_uuid();
        let correlation_id = correlation_id.map_or_else(random_uuid, str::to_owned);
        let now = OffsetDateTime::now_utc();
        let timestamp = format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z",
            now.year(),
            u8::from(now.month()),
            now.day(),
            now.hour(),
            now.minute(),
            now.second()
        );
        let description = format!(
            "AADSTS{}: {} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
            self.code, self.message
        );
        let body = json!({
            "error": self.error,
            "error_description": description,
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
        });
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        no_store(headers);
        if self.basic && self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="nenrin""#));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<anyhow::Error> for OAuthError {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(&error)
    }
}

/// RFC 6749, section 5.1: an answer with a token is kept nowhere.
pub fn no_store(headers: &mut http::HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

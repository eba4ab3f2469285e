//! The only place where our errors become HTTP: a public message, a stable code, a correlation id for the log.

use axum::Json;
use axum::extract::{FromRequest, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{now_ns, text_of_ns};
use crate::identity::apps::random_uuid;

/// An error on its way to the client.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Option<Box<serde_json::Value>>,
    retry_after_s: Option<u32>,
}

/// The JSON of every error.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetail {
    /// Stable, for programs.
    pub code: String,
    /// For people: the cause and the next step.
    pub message: String,
    /// The same id is in the server's log.
    pub correlation_id: String,
    /// Findings in a query's text, for the code `query`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub diagnostics: Option<serde_json::Value>,
}

impl ApiError {
    /// An error with its status.
    pub fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), details: None, retry_after_s: None }
    }

    /// 400.
    pub fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 404.
    pub fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 429 or 503 with `Retry-After`.
    pub fn retry_later(status: StatusCode, code: &'static str, seconds: u32, message: &str) -> Self {
        Self { retry_after_s: Some(seconds), ..Self::new(status, code, message) }
    }

    /// The same with what is wrong where.
    #[must_use]
    pub fn with_details(self, details: serde_json::Value) -> Self {
        Self { details: Some(Box::new(details)), ..self }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let correlation_id = random_uuid();
        tracing::debug!(correlation_id, status = self.status.as_u16(), code = self.code, "request refused");
        let detail = ErrorDetail {
            code: self.code.to_owned(),
            message: self.message,
            correlation_id: correlation_id.clone(),
            diagnostics: self.details.map(|details| *details),
        };
        let parts = ErrorParts(std::sync::Arc::new((detail.code.clone(), detail.message.clone(), correlation_id)));
        let mut response = (self.status, Json(ErrorBody { error: detail })).into_response();
        response.extensions_mut().insert(parts);
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An answer's error, for the layer that writes it in Azure's shape: code, message, correlation id.
#[derive(Clone)]
struct ErrorParts(std::sync::Arc<(String, String, String)>);

/// The error of MDE's API (learn.microsoft.com, "Common REST API error codes").
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AzureErrorBody {
    /// The error.
    pub error: AzureErrorDetail,
}

/// What went wrong.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AzureErrorDetail {
    /// One of MDE's codes: `BadRequest`, `Unauthorized`, `Forbidden`, `ResourceNotFound`, `TooManyRequests` …
    pub code: String,
    /// For people.
    pub message: String,
    /// The id of this answer, as in the server's log.
    pub target: String,
}

/// The error of Microsoft Graph (learn.microsoft.com, "Microsoft Graph error responses and resource types").
#[derive(Serialize, Deserialize, ToSchema)]
pub struct GraphErrorBody {
    /// The error.
    pub error: GraphErrorDetail,
}

/// What went wrong.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraphErrorDetail {
    /// As MDE's codes.
    pub code: String,
    /// For people.
    pub message: String,
    /// Which answer this is.
    pub inner_error: GraphInnerError,
}

/// Which answer it is.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct GraphInnerError {
    /// When, to the second.
    pub date: String,
    /// The id of this answer, as in the server's log.
    pub request_id: String,
    /// The client's own id of the request, else ours.
    pub client_request_id: String,
}

/// True for routes whose clients expect Azure's shape of errors: all but our own API.
pub fn is_azure_path(path: &str) -> bool {
    !path.starts_with("/api/v1/")
}

/// Writes errors of such routes in Azure's shape, whichever handler or layer they come from.
pub async fn azure_errors(request: Request, next: Next) -> Response {
    let (azure, graph) = (is_azure_path(request.uri().path()), request.uri().path().starts_with("/v1.0/"));
    let client_id = request.headers().get("client-request-id").and_then(|it| it.to_str().ok()).map(str::to_owned);
    let response = next.run(request).await;
    let Some(ErrorParts(parts)) = response.extensions().get::<ErrorParts>().filter(|_| azure) else { return response };
    let (code, message, target) = (azure_code(response.status(), &parts.0), parts.1.clone(), parts.2.clone());
    // MDE knows no 422: a body that says the wrong thing is a bad request there.
    let status = match response.status() {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    };
    let mut rewritten = if graph {
        let date = text_of_ns(now_ns()).chars().take("2026-11-24T08:00:00".len()).collect();
        let client_request_id = client_id.filter(|id| id.len() <= 64).unwrap_or_else(|| target.clone());
        let inner_error = GraphInnerError { date, request_id: target, client_request_id };
        let body = GraphErrorBody { error: GraphErrorDetail { code, message, inner_error } };
        (status, Json(body)).into_response()
    } else {
        let body = AzureErrorBody { error: AzureErrorDetail { code, message, target } };
        (status, Json(body)).into_response()
    };
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            rewritten.headers_mut().insert(name, value.clone());
        }
    }
    rewritten
}

/// MDE's code for a status, unless the handler gave one of MDE's: those begin with an upper case letter.
fn azure_code(status: StatusCode, code: &str) -> String {
    if code.starts_with(|first: char| first.is_ascii_uppercase()) {
        return code.to_owned();
    }
    match status {
        StatusCode::UNAUTHORIZED => "Unauthorized",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::NOT_FOUND => "ResourceNotFound",
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequests",
        StatusCode::UNPROCESSABLE_ENTITY => "InvalidRequestBody",
        status if status.is_server_error() => "InternalServerError",
        _ => "BadRequest",
    }
    .to_owned()
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        // The cause is for the log only: it may name paths.
        tracing::error!(error = %format!("{error:#}"), "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal error, see the server's log")
    }
}

impl From<query::Error> for ApiError {
    fn from(error: query::Error) -> Self {
        match &error {
            query::Error::BadRequest(message) => Self::bad_request(message),
            query::Error::NoEvent(_) => Self::not_found(&error.to_string()),
            query::Error::Limit(_) => {
                Self::retry_later(StatusCode::SERVICE_UNAVAILABLE, "query_limit", 1, &error.to_string())
            }
            query::Error::Damaged(_) => {
                tracing::error!(%error, "column file is damaged");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "damaged_file", &error.to_string())
            }
            query::Error::Engine(_) => anyhow::anyhow!("{error}").into(),
        }
    }
}

/// Answer to a path that is no route.
pub async fn no_route() -> ApiError {
    ApiError::not_found("no such route: see /api/v1/openapi.json")
}

/// A JSON body; what is wrong with it is said in our error shape.
pub struct Body<T>(pub T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::new(rejection.status(), "bad_request", &rejection.body_text())),
        }
    }
}

/// Query parameters; what is wrong with them is said in our error shape.
pub struct Params<T>(pub T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> axum::extract::FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::bad_request(&rejection.body_text())),
        }
    }
}

/// Reads the whole body before anything may refuse the request: over HTTP/2 an answer that comes before the body
/// was taken resets the stream, and some clients (curl 7.88) then lose the answer.
pub async fn read_body(Shared(bytes_max): Shared<usize>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, bytes_max).await {
        Ok(bytes) => next.run(Request::from_parts(parts, bytes.into())).await,
        Err(_) => {
            let message = format!("the body is broken or larger than {bytes_max} bytes");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &message).into_response()
        }
    }
}

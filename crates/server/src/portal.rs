//! The embedded portal: static files, security headers, deep links.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Adds the portal as the answer to everything that is no route of the API, and security headers to everything.
pub fn add_to(router: Router) -> Router {
    router.fallback(file).layer(axum::middleware::from_fn(security_headers))
}

async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("strict-transport-security", "max-age=31536000"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn answer(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(not(feature = "portal"))]
async fn file(_headers: HeaderMap) -> Response {
    let text = "this nenrin was built without the portal: build with --features portal (make run does)\n";
    answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", text.into())
}

#[cfg(feature = "portal")]
async fn file(uri: axum::http::Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || path.starts_with("v1.0/") {
        return axum::response::IntoResponse::into_response(crate::api::error::no_route().await);
    }
    let is_asset = path.starts_with("assets/") || (path.contains('.') && !path.contains('/'));
    if is_asset { embedded::asset(path, &headers) } else { embedded::index() }
}

#[cfg(feature = "portal")]
mod embedded {
    use super::{HeaderMap, HeaderValue, Response, StatusCode, answer, header};

    /// Where index.html wants the style nonce (`portal/vite.config.ts`).
    const NONCE_PLACEHOLDER: &str = "__CSP_NONCE__";

    #[derive(rust_embed::RustEmbed)]
    #[folder = "../../portal/dist/"]
    struct Dist;

    /// The page of every deep link, with a style nonce of its own.
    pub(super) fn index() -> Response {
        let Some(file) = Dist::get("index.html") else {
            return answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no index.html embedded\n".into());
        };
        let nonce = hex::encode(rand::random::<[u8; 16]>());
        let html = String::from_utf8_lossy(&file.data).replace(NONCE_PLACEHOLDER, &nonce);
        let mut response = answer(StatusCode::OK, "text/html; charset=utf-8", html.into_bytes());
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'; \
             report-uri /api/v1/csp-report"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    /// A built asset in the best encoding that the browser takes; 404 when there is none of that name.
    pub(super) fn asset(path: &str, headers: &HeaderMap) -> Response {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok()).unwrap_or_default();
        for (encoding, suffix) in [("br", ".br"), ("gzip", ".gz"), ("", "")] {
            if !encoding.is_empty() && !accepted.contains(encoding) {
                continue;
            }
            let Some(file) = Dist::get(&format!("{path}{suffix}")) else { continue };
            let mut response = answer(StatusCode::OK, content_type(path), file.data.into_owned());
            let headers = response.headers_mut();
            if !encoding.is_empty() {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            let caching = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
            return response;
        }
        answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no such file\n".into())
    }

    fn content_type(path: &str) -> &'static str {
        match path.rsplit('.').next().unwrap_or_default() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "json" | "map" => "application/json",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        }
    }
}

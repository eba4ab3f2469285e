//! Import of Windows event logs.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use importer::Summary;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::Api;
use super::auth::Local;
use super::error::{ApiError, Body, ErrorBody};
use super::uploads::{self, UploadedFile};
use crate::identity::Caller;
use crate::import::StateLedger;

/// File names that the audit log keeps of one import.
const NAMES_AUDITED_MAX: usize = 20;

/// What to import.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// Files and folders on the server's machine; only for commands on that machine.
    #[serde(default)]
    paths: Vec<String>,
    /// Files that were uploaded; they are deleted when they are imported.
    #[serde(default)]
    uploads: Vec<UploadedFile>,
}

/// Imports event logs. Admins only. Lines of JSON: `progress` while it runs, then `done` or `error`. It goes on when the
/// client goes away. Files that were imported before add nothing.
#[utoipa::path(post, path = "/api/v1/imports", operation_id = "import_run", tag = "imports", request_body = ImportRequest, responses(
    (status = 200, content_type = "application/x-ndjson"), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn run(
    Shared(api): Shared<Api>,
    caller: Caller,
    local: Option<Extension<Local>>,
    Body(request): Body<ImportRequest>,
) -> Result<Response, ApiError> {
    // Who may name files of the server's machine is who could read them there.
    if local.is_none() && !request.paths.is_empty() {
        return Err(ApiError::bad_request("paths are for commands on the server's machine: nenrin import"));
    }
    let busy = |_| {
        let message = "an import is running already: wait for it";
        ApiError::retry_later(StatusCode::SERVICE_UNAVAILABLE, "import_busy", 5, message)
    };
    let slot = Arc::clone(&api.imports).try_acquire_owned().map_err(busy)?;
    let paths: Vec<PathBuf> = request.paths.iter().map(PathBuf::from).collect();
    let mut summary = Summary::default();
    let mut inputs = uploads::inputs(&api, &request.uploads)?;
    let uploaded: Vec<PathBuf> = inputs.iter().map(|input| input.path.clone()).collect();
    let named =
        importer::collect(&paths, &mut summary).map_err(|error| ApiError::bad_request(&format!("{error:#}")))?;
    inputs.extend(named);
    if inputs.is_empty() {
        return Err(ApiError::bad_request(importer::NO_FILES));
    }
    let names: Vec<&str> = inputs.iter().take(NAMES_AUDITED_MAX).map(|input| input.name.as_str()).collect();
    let detail = json!({ "paths": request.paths, "files": inputs.len(), "names": names });
    api.state.audit(&caller.actor(), "import.run", "", detail).await?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(16);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let progress = |summary: &Summary| {
            // A reader who is slow or gone misses some of it.
            let line = json!({ "progress": summary.to_json() });
            drop(sender.try_send(Ok(Bytes::from(format!("{line}\n")))));
        };
        let ledger = StateLedger { state: &api.state, runtime: &runtime };
        let line = match importer::run(&api.store, &ledger, inputs, summary, progress) {
            Ok(summary) => {
                for path in &uploaded {
                    drop(std::fs::remove_file(path));
                }
                json!({ "done": summary.to_json() })
            }
            Err(error) => {
                let message = format!("{error:#}");
                tracing::error!(error = message, "import failed");
                json!({ "error": { "message": message } })
            }
        };
        drop(sender.blocking_send(Ok(Bytes::from(format!("{line}\n")))));
        drop(slot);
    });
    let mut response = HttpBody::from_stream(ReceiverStream::new(receiver)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

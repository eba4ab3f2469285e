//! Files that a browser sends for import, in parts: what broke off goes on where it ended.

use std::path::{Path, PathBuf};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path as PathParam, State as Shared};
use http::StatusCode;
use importer::Input;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody, Params};
use crate::limits::{NAME_BYTES_MAX, UPLOAD_FREE_BYTES_MIN, UPLOAD_KEPT, UPLOADS_BYTES_MAX};

/// Where the part belongs.
#[derive(Deserialize, IntoParams)]
pub struct PartParams {
    /// Bytes of the file before this part.
    offset: u64,
}

/// How much of a file is here.
#[derive(Serialize, ToSchema)]
pub struct Upload {
    /// Bytes, the next part's offset.
    received: u64,
}

/// An uploaded file to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadedFile {
    /// The upload's id.
    pub id: String,
    /// The file's name, to call it by.
    pub name: String,
}

/// How much of an upload is here; 0 when it is not known.
#[utoipa::path(get, path = "/api/v1/imports/uploads/{id}", operation_id = "upload_state", tag = "imports",
    params(("id" = String, Path, description = "32 hexadecimal digits that the client chose")),
    responses((status = 200, body = Upload), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn state(Shared(api): Shared<Api>, PathParam(id): PathParam<String>) -> Result<Json<Upload>, ApiError> {
    let path = path_of(&api, &id)?;
    Ok(Json(Upload { received: len(&path).await }))
}

/// Adds a part to an upload. A part that is not the next one is refused with 409; GET says which is.
#[utoipa::path(put, path = "/api/v1/imports/uploads/{id}", operation_id = "upload_part", tag = "imports",
    params(("id" = String, Path, description = "32 hexadecimal digits that the client chose"), PartParams),
    request_body(content_type = "application/octet-stream", content = Vec<u8>),
    responses((status = 200, body = Upload), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub async fn part(
    Shared(api): Shared<Api>,
    PathParam(id): PathParam<String>,
    Params(params): Params<PartParams>,
    body: Bytes,
) -> Result<Json<Upload>, ApiError> {
    let path = path_of(&api, &id)?;
    // Parts of one upload must not overtake each other, and the sum of all is counted.
    let _turn = api.uploading.lock().await;
    let received = len(&path).await;
    if params.offset != received {
        let message = format!("{received} bytes are here: the next part begins there");
        return Err(ApiError::new(StatusCode::CONFLICT, "wrong_offset", &message));
    }
    let folder = api.uploads.clone().unwrap_or_default();
    let n_bytes = body.len() as u64;
    tokio::task::spawn_blocking(move || make_room(&folder, n_bytes))
        .await
        .map_err(|error| anyhow::anyhow!("upload task: {error}"))??;
    let mut file =
        tokio::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).await.map_err(io)?;
    file.seek(std::io::SeekFrom::Start(received)).await.map_err(io)?;
    file.write_all(&body).await.map_err(io)?;
    file.flush().await.map_err(io)?;
    Ok(Json(Upload { received: received + n_bytes }))
}

fn io(error: std::io::Error) -> ApiError {
    anyhow::anyhow!("write upload: {error}").into()
}

async fn len(path: &Path) -> u64 {
    tokio::fs::metadata(path).await.map_or(0, |metadata| metadata.len())
}

fn path_of(api: &Api, id: &str) -> Result<PathBuf, ApiError> {
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    match &api.uploads {
        Some(folder) if is_id => Ok(folder.join(id)),
        Some(_) => Err(ApiError::bad_request("an upload's id has 32 hexadecimal digits in lower case")),
        None => Err(ApiError::bad_request("uploads are for a running server: nenrin import reads files itself")),
    }
}

/// Forgets uploads that nobody imported, and refuses more than fits.
fn make_room(folder: &Path, n_bytes: u64) -> Result<(), ApiError> {
    std::fs::create_dir_all(folder).map_err(io)?;
    let mut total = n_bytes;
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let metadata = entry.metadata().map_err(io)?;
        let age = metadata.modified().ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
        if age > UPLOAD_KEPT {
            drop(std::fs::remove_file(entry.path()));
        } else {
            total += metadata.len();
        }
    }
    let stat = nix::sys::statvfs::statvfs(folder).map_err(|error| anyhow::anyhow!("look at the disk: {error}"))?;
    let free = stat.blocks_available().saturating_mul(stat.fragment_size());
    if total > UPLOADS_BYTES_MAX || free < UPLOAD_FREE_BYTES_MIN.saturating_add(n_bytes) {
        let message = "no room for more uploads: import what is there, or use nenrin import on the server";
        return Err(ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "upload_full", message));
    }
    Ok(())
}

/// The inputs behind uploads.
pub(super) fn inputs(api: &Api, uploads: &[UploadedFile]) -> Result<Vec<Input>, ApiError> {
    let mut inputs = Vec::new();
    for upload in uploads {
        let path = path_of(api, &upload.id)?;
        if !path.is_file() {
            return Err(ApiError::bad_request("an upload is not here: send its parts first"));
        }
        if upload.name.is_empty() || upload.name.len() > NAME_BYTES_MAX {
            return Err(ApiError::bad_request("a file's name must be 1 to 256 bytes"));
        }
        inputs.push(Input { path, name: upload.name.clone() });
    }
    Ok(inputs)
}

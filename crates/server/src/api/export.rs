//! The whole range of a timeline as a file: what the pages with the same filters show, with all columns.

use std::sync::Arc;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use query::{Engine, Export};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::devices::find;
use super::error::{ApiError, ErrorBody, Params};
use super::export_body::Writer;
use super::item::CompleteBody;
use super::timeline::TimelineParams;
use crate::identity::Caller;

/// Kinds of files.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// JSON lines: one event each, the columns that have a value.
    #[default]
    Ndjson,
    /// Comma-separated, all columns.
    Csv,
    /// A Parquet file with the store's columns.
    Parquet,
    /// CSV as Timesketch imports it: `message`, `datetime`, `timestamp_desc`, then all columns.
    Timesketch,
}

impl ExportFormat {
    fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv | Self::Timesketch => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Timesketch => "timesketch.csv",
            Self::Parquet => "parquet",
        }
    }
}

/// What kind of file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// `ndjson` (the default), `csv`, `parquet` or `timesketch`.
    #[serde(default)]
    #[param(inline)]
    format: ExportFormat,
}

/// The whole range of a device's timeline as a file. Filters, `order` and `cursor` are those of the pages; `limit` and
/// `around` are refused. `Nenrin-Complete` says whether the record is whole: `complete`, `gaps` or `unknown`. A file
/// that can't be finished breaks off: the last chunk is missing.
#[utoipa::path(get, path = "/api/v1/devices/{id}/timeline/export", operation_id = "timeline_export", tag = "timeline",
    params(("id" = String, Path, description = "Device id"), TimelineParams, ExportParams), responses(
    (status = 200, content_type = "application/x-ndjson"), (status = 400, body = ErrorBody),
    (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn export(
    Shared(api): Shared<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TimelineParams>,
    Params(ExportParams { format }): Params<ExportParams>,
) -> Result<Response, ApiError> {
    let device = find(&api, &id).await?;
    let filter = params.filter(&device.id)?;
    let (order, bound) = (params.order()?, params.bound()?);
    let slot = Arc::clone(&api.exports).try_acquire_owned().map_err(|_| {
        ApiError::retry_later(StatusCode::TOO_MANY_REQUESTS, "too_many_exports", 30, "too many exports are running")
    })?;
    api.state
        .audit(&caller.actor(), "timeline.export", &device.id, json!({ "format": format, "parameters": params }))
        .await?;
    let (export, complete) = api
        .query(move |engine, store| {
            let snapshot = store.snapshot();
            let complete = engine.completeness(&snapshot, &filter, &store.streams(&filter.device))?;
            Ok((Export::new(snapshot, filter, order, bound), complete))
        })
        .await?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    tokio::spawn(async move {
        send(&api, export, format, &sender).await;
        drop(slot);
    });
    let mut response = HttpBody::from_stream(ReceiverStream::new(receiver)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    let name = format!("attachment; filename=\"timeline-{}.{}\"", short(&device.id), format.ending());
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(anyhow::Error::from)?);
    let complete = HeaderValue::from_str(CompleteBody::from(complete).state()).map_err(anyhow::Error::from)?;
    headers.insert("nenrin-complete", complete);
    Ok(response)
}

/// Device ids are 40 hexadecimal digits; twelve tell them apart in a folder.
fn short(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).take(12).collect()
}

async fn send(api: &Api, export: Export, format: ExportFormat, sender: &mpsc::Sender<Result<Bytes, std::io::Error>>) {
    if let Err(error) = write(api, export, format, sender).await {
        tracing::warn!(%error, "export broke off");
        drop(sender.send(Err(std::io::Error::other(error))).await);
    }
}

async fn write(
    api: &Api,
    mut export: Export,
    format: ExportFormat,
    sender: &mpsc::Sender<Result<Bytes, std::io::Error>>,
) -> Result<(), String> {
    let mut writer = Writer::new(format).map_err(|error| error.to_string())?;
    loop {
        let next = move |engine: &Engine, _: &store::Store| {
            let chunk = engine.export_next(&mut export)?;
            let is_last = chunk.is_none();
            match chunk {
                Some(chunk) => writer.chunk(&chunk)?,
                None => writer.finish()?,
            }
            Ok((export, writer, is_last))
        };
        let is_last;
        (export, writer, is_last) = api.query(next).await.map_err(|error| format!("{error:?}"))?;
        let bytes = writer.take();
        // Nobody reads any more: neither an error nor worth going on.
        if !bytes.is_empty() && sender.send(Ok(bytes)).await.is_err() || is_last {
            return Ok(());
        }
    }
}

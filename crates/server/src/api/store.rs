//! The store for its operator: where the bytes are, what comes, and maintenance on demand. And prevalence.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Compacted, Eagerness, Kind, Sighting, Store, Usage};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, Body, ErrorBody, Params};
use crate::clock::text_of_ns;
use crate::identity::Caller;

/// Everything about the store's size.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreBody {
    /// Rows in column files.
    rows: u64,
    /// Column files.
    files: usize,
    /// Their bytes.
    bytes: u64,
    /// Bytes for one row; null while there are no files.
    bytes_per_event: Option<f64>,
    /// Rows that are in the log and in memory only.
    fresh_rows: u64,
    /// Bytes of the log.
    log_bytes: u64,
    /// Earliest event, RFC 3339 UTC.
    oldest: Option<String>,
    /// Latest event, RFC 3339 UTC.
    newest: Option<String>,
    /// Files that left the table and wait for vacuum.
    dead_files: usize,
    /// Their bytes.
    dead_bytes: u64,
    /// Free bytes of the file system.
    free_bytes: Option<u64>,
    /// What is kept; null when no server runs.
    retention: Option<RetentionBody>,
    /// What the growth of the last days leads to.
    forecast: ForecastBody,
    /// First and last seen, devices per key.
    prevalence: PrevalenceStatsBody,
    /// By UTC day of the events, latest first.
    days: Vec<DayBody>,
    /// By device, most bytes first.
    devices: Vec<DeviceShareBody>,
    /// Files that can't be read, each with its reason.
    problems: Vec<String>,
}

/// What is kept.
#[derive(Serialize, ToSchema)]
pub struct RetentionBody {
    /// Days after the receipt of an event.
    days: Option<f64>,
    /// Bytes of column files.
    bytes: Option<u64>,
}

/// What the growth of the last days leads to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForecastBody {
    /// Bytes of column files that arrive in a day; null while there is less than an hour of history.
    growth_bytes_per_day: Option<f64>,
    /// Bytes at which the store stays when retention by age takes as much as arrives.
    level_bytes: Option<u64>,
    /// Days until retention by bytes begins to delete; null when it never will.
    days_to_limit: Option<f64>,
    /// Days until the disk is full; null when retention keeps it from that, or nothing arrives.
    days_to_full_disk: Option<f64>,
}

/// The size of prevalence.
#[derive(Serialize, ToSchema)]
pub struct PrevalenceStatsBody {
    /// Files.
    files: usize,
    /// Keys, counted once for each file that has them.
    rows: u64,
    /// Bytes.
    bytes: u64,
    /// Why counts may be too low; empty when they are not.
    problems: Vec<String>,
}

/// A day.
#[derive(Serialize, ToSchema)]
pub struct DayBody {
    /// `YYYY-MM-DD`.
    day: String,
    /// Rows.
    rows: u64,
    /// Bytes.
    bytes: u64,
    /// Files.
    files: usize,
}

/// A device's share. A file holds rows of many devices: its bytes are shared by rows.
#[derive(Serialize, ToSchema)]
pub struct DeviceShareBody {
    /// 40 hexadecimal digits.
    id: String,
    /// Host name; empty when the device is no longer known.
    name: String,
    /// Rows.
    rows: u64,
    /// Bytes.
    bytes: u64,
}

/// Rows, files and bytes by day and device, growth and forecast. Admins only.
#[utoipa::path(get, path = "/api/v1/store", operation_id = "store_usage", tag = "store", responses(
    (status = 200, body = StoreBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub async fn usage(Shared(api): Shared<Api>) -> Result<Json<StoreBody>, ApiError> {
    let known = api.state.devices().await?;
    let store = Arc::clone(&api.store);
    let usage = tokio::task::spawn_blocking(move || store.usage(|_, _| {})).await;
    let usage = usage.map_err(|error| anyhow::anyhow!("usage task: {error}"))?.map_err(anyhow::Error::from)?;
    let name = |id: &str| known.iter().find(|device| device.id == id).map(|device| device.name.clone());
    Ok(Json(body_of(usage, |id| name(id).unwrap_or_default())))
}

fn body_of(usage: Usage, name: impl Fn(&str) -> String) -> StoreBody {
    let time = |time_us: Option<i64>| time_us.map(|time_us| text_of_ns(time_us.saturating_mul(1_000)));
    let bytes_per_event = usage.bytes_per_event();
    let mut days: Vec<DayBody> = Vec::with_capacity(usage.days.len());
    for (day, share) in usage.days.into_iter().rev() {
        days.push(DayBody { day, rows: share.n_rows, bytes: share.bytes, files: share.n_files });
    }
    let mut devices: Vec<DeviceShareBody> = Vec::with_capacity(usage.devices.len());
    for (id, share) in usage.devices {
        devices.push(DeviceShareBody { name: name(&id), id, rows: share.n_rows, bytes: share.bytes });
    }
    devices.sort_by(|left, right| right.bytes.cmp(&left.bytes).then_with(|| left.id.cmp(&right.id)));
    StoreBody {
        rows: usage.files.n_rows,
        files: usage.files.n_files,
        bytes: usage.files.bytes,
        bytes_per_event,
        fresh_rows: usage.n_fresh_rows,
        log_bytes: usage.log_bytes,
        oldest: time(usage.oldest_us),
        newest: time(usage.newest_us),
        dead_files: usage.n_dead_files,
        dead_bytes: usage.dead_bytes,
        free_bytes: usage.free_bytes,
        retention: usage.retention.map(|retention| RetentionBody {
            days: retention.age.map(|age| age.as_secs_f64() / 86_400.0),
            bytes: retention.bytes_max,
        }),
        forecast: ForecastBody {
            growth_bytes_per_day: usage.forecast.growth_bytes_per_day,
            level_bytes: usage.forecast.level_bytes,
            days_to_limit: usage.forecast.days_to_limit,
            days_to_full_disk: usage.forecast.days_to_full_disk,
        },
        prevalence: PrevalenceStatsBody {
            files: usage.prevalence.n_files,
            rows: usage.prevalence.n_rows,
            bytes: usage.prevalence.bytes,
            problems: usage.prevalence.problems,
        },
        days,
        devices,
        problems: usage.problems,
    }
}

/// What to do.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Merge small files.
    Compact,
    /// Delete files that left the table.
    Vacuum,
    /// Write the state of the table's log as one file.
    Checkpoint,
}

/// Maintenance that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MaintenanceRequest {
    /// What to do.
    task: Task,
    /// For vacuum: seconds for which other engines may still read files that left the table; 900 when absent.
    grace_seconds: Option<u64>,
}

/// Does maintenance that the server otherwise does on its own. Admins only. Lines of JSON: `progress` while it runs,
/// then `done` or `error`. It goes on when the client goes away.
#[utoipa::path(post, path = "/api/v1/store/maintenance", operation_id = "store_maintain", tag = "store", request_body = MaintenanceRequest, responses(
    (status = 200, content_type = "application/x-ndjson"), (status = 400, body = ErrorBody),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn maintain(
    Shared(api): Shared<Api>,
    caller: Caller,
    Body(request): Body<MaintenanceRequest>,
) -> Result<Response, ApiError> {
    let busy = |_| {
        let message = "maintenance is running already: wait for it";
        ApiError::retry_later(StatusCode::SERVICE_UNAVAILABLE, "store_busy", 5, message)
    };
    let slot = Arc::clone(&api.maintenance).try_acquire_owned().map_err(busy)?;
    let detail = json!({ "task": request.task, "graceSeconds": request.grace_seconds });
    api.state.audit(&caller.actor(), "store.maintain", "", detail).await?;
    let store = Arc::clone(&api.store);
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(16);
    tokio::task::spawn_blocking(move || {
        let progress = |line: Value| {
            // A reader who is slow or gone misses some of it.
            drop(sender.try_send(Ok(Bytes::from(format!("{line}\n")))));
        };
        let line = match run(&store, &request, progress) {
            Ok(done) => json!({ "done": done }),
            Err(error) => {
                tracing::error!(%error, "maintenance failed");
                json!({ "error": { "message": error.to_string() } })
            }
        };
        drop(sender.blocking_send(Ok(Bytes::from(format!("{line}\n")))));
        drop(slot);
    });
    let mut response = HttpBody::from_stream(ReceiverStream::new(receiver)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

fn run(store: &Store, request: &MaintenanceRequest, progress: impl Fn(Value)) -> Result<Value, store::Error> {
    match request.task {
        Task::Compact => {
            let compacted = store.compact(Eagerness::All, |so_far| progress(json!({ "progress": merges(so_far) })))?;
            Ok(merges(compacted))
        }
        Task::Vacuum => {
            let grace = request.grace_seconds.map_or(store::limits::VACUUM_GRACE, Duration::from_secs);
            let vacuumed = store.vacuum(grace)?;
            Ok(json!({ "files": vacuumed.n_files, "bytes": vacuumed.bytes, "kept": vacuumed.n_kept }))
        }
        Task::Checkpoint => Ok(json!({ "version": store.checkpoint()? })),
    }
}

fn merges(compacted: Compacted) -> Value {
    json!({
        "merges": compacted.n_merges, "files": compacted.n_files, "rows": compacted.n_rows,
        "bytesBefore": compacted.bytes_before, "bytesAfter": compacted.bytes_after,
    })
}

/// What a key is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// SHA-1 of a file's content.
    Sha1,
    /// SHA-256 of a file's content.
    Sha256,
    /// MD5 of a file's content.
    Md5,
    /// Address at the other end.
    Ip,
    /// Host name.
    Domain,
    /// Name of a file without its folder.
    FileName,
}

impl From<KeyKind> for Kind {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Sha1 => Kind::Sha1,
            KeyKind::Sha256 => Kind::Sha256,
            KeyKind::Md5 => Kind::Md5,
            KeyKind::Ip => Kind::Ip,
            KeyKind::Domain => Kind::Domain,
            KeyKind::FileName => Kind::FileName,
        }
    }
}

/// A key.
#[derive(Deserialize, IntoParams)]
pub struct PrevalenceParams {
    /// What the key is; by its form when absent: a hash, an address, else a host name.
    #[param(inline)]
    kind: Option<KeyKind>,
    /// A hash, an address, a host name or URL, or a file's name.
    key: String,
}

/// Since when, until when and where a key was seen. Retention of events does not change it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrevalenceBody {
    /// What the key is.
    kind: String,
    /// The key in the form in which it is counted.
    key: String,
    /// Whether it was ever seen.
    seen: bool,
    /// First event, RFC 3339 UTC.
    first_seen: Option<String>,
    /// Last event, RFC 3339 UTC.
    last_seen: Option<String>,
    /// Devices.
    device_count: u64,
    /// False beyond 512 devices: then `deviceCount` is an estimate with a standard error of 4.4 %.
    device_count_is_exact: bool,
    /// The devices that are known by name, by host name; at most 513.
    devices: Vec<SeenOnBody>,
    /// For hashes: SHA-1 of the same content.
    sha1: Option<String>,
    /// For hashes: SHA-256 of the same content.
    sha256: Option<String>,
    /// For hashes: MD5 of the same content.
    md5: Option<String>,
    /// For hashes: bytes.
    file_size: Option<i64>,
    /// Why the counts may be too low; empty when they are not.
    problems: Vec<String>,
}

/// A device that has seen a key.
#[derive(Serialize, ToSchema)]
pub struct SeenOnBody {
    /// 40 hexadecimal digits.
    id: String,
    /// Host name; empty when the device is no longer known.
    name: String,
}

/// First and last sighting and devices of a hash, address, domain or file name.
#[utoipa::path(get, path = "/api/v1/prevalence", tag = "store", params(PrevalenceParams), responses(
    (status = 200, body = PrevalenceBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn prevalence(
    Shared(api): Shared<Api>,
    Params(params): Params<PrevalenceParams>,
) -> Result<Json<PrevalenceBody>, ApiError> {
    let kind = params.kind.map(Kind::from).or_else(|| Kind::of_key(&params.key));
    let Some((kind, key)) = kind.and_then(|kind| Some((kind, kind.key(&params.key)?))) else {
        return Err(ApiError::bad_request("key: no key of this kind; a hash has 32, 40 or 64 hexadecimal digits"));
    };
    let known = api.state.devices().await?;
    let wanted = key.clone();
    let looked_up = api
        .query(move |_, store| {
            let prevalence = store.snapshot().prevalence;
            let found = prevalence.look_up(kind, &[&wanted], None);
            let found = found.map_err(|error| query::Error::Engine(error.to_string()))?;
            Ok((found.into_iter().next().flatten(), prevalence.problems().to_vec()))
        })
        .await?;
    let (sighting, problems) = looked_up;
    let name = |id: &String| known.iter().find(|device| device.id == *id).map(|device| device.name.clone());
    let mut body = PrevalenceBody::of(kind, key, sighting.as_ref(), problems);
    for id in sighting.iter().flat_map(|sighting| sighting.devices.ids()) {
        body.devices.push(SeenOnBody { id: id.clone(), name: name(id).unwrap_or_default() });
    }
    body.devices.sort_by(|left, right| (&left.name, &left.id).cmp(&(&right.name, &right.id)));
    Ok(Json(body))
}

impl PrevalenceBody {
    fn of(kind: Kind, key: String, sighting: Option<&Sighting>, problems: Vec<String>) -> Self {
        let time = |time_us: i64| text_of_ns(time_us.saturating_mul(1_000));
        let facts = sighting.map(|sighting| sighting.facts.clone()).unwrap_or_default();
        Self {
            kind: kind.name().to_owned(),
            key,
            seen: sighting.is_some(),
            first_seen: sighting.map(|sighting| time(sighting.first_us)),
            last_seen: sighting.map(|sighting| time(sighting.last_us)),
            device_count: sighting.map_or(0, |sighting| sighting.devices.count()),
            device_count_is_exact: sighting.is_none_or(|sighting| sighting.devices.is_exact()),
            devices: Vec::new(),
            sha1: facts.sha1,
            sha256: facts.sha256,
            md5: facts.md5,
            file_size: facts.size,
            problems,
        }
    }
}

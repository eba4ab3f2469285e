//! KQL over HTTP: run a query (streamed), check one, and the shape of MDE's advanced hunting API.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use query::kql::{Analysis, Answer, AnswerColumn, Refusal, Request, TimeRange};
use query::{Completeness, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Store;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::answer_body::{Format, Writer};
use super::auth::SignedIn;
use super::error::{ApiError, Body, ErrorBody, Params};
use super::item::CompleteBody;
use crate::alerts::tables;
use crate::clock::{now_ns, us_of_text};
use crate::identity::Caller;
use crate::limits::HUNTING_DAYS_DEFAULT;

const DAY_US: i64 = 86_400_000_000;

/// A query to run.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HuntingRequest {
    /// KQL.
    query: String,
    /// Earliest `Timestamp`, RFC 3339, when the query names no time itself. 30 days ago by default.
    from: Option<String>,
    /// Latest `Timestamp`, RFC 3339, when the query names no time itself.
    to: Option<String>,
    /// No range at all: everything that is stored.
    #[serde(default)]
    all_time: bool,
    /// Values of `declare query_parameters`, as KQL literals.
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

/// How to answer.
#[derive(Deserialize, IntoParams)]
pub struct RunParams {
    /// `ndjson` (the default): a line with columns and warnings, lines of rows, a line with figures. `csv`: RFC 4180
    /// with a head. `parquet`: one file.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// A query to check.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyzeRequest {
    /// KQL.
    query: String,
    /// Also the plan, as text.
    #[serde(default)]
    explain: bool,
    /// Also what may stand at this byte of the query.
    complete_at: Option<usize>,
}

/// What is known of a query without running it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalyzeBody {
    /// Whether it can be run.
    ok: bool,
    /// Errors and warnings.
    diagnostics: Vec<DiagnosticBody>,
    /// Columns of the answer; null when there are errors or when they depend on the data.
    columns: Option<Vec<ColumnBody>>,
    /// The plan, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    /// Words that may stand there, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    completions: Option<CompletionsBody>,
}

/// Words for an editor.
#[derive(Serialize, ToSchema)]
pub struct CompletionsBody {
    /// First byte that a chosen word replaces.
    start: usize,
    /// The words.
    words: Vec<String>,
}

/// A finding in the query's text.
#[derive(Serialize, ToSchema)]
pub struct DiagnosticBody {
    /// Stable, `KQL001`.
    code: String,
    /// `error` or `warning`.
    severity: String,
    /// What is wrong.
    message: String,
    /// What to do next; may be empty.
    hint: String,
    /// First byte.
    start: u32,
    /// One past the last byte.
    end: u32,
}

/// A column of an answer.
#[derive(Serialize, ToSchema)]
pub struct ColumnBody {
    /// Name.
    name: String,
    /// KQL type.
    #[serde(rename = "type")]
    ty: String,
}

impl From<&query::kql::Diagnostic> for DiagnosticBody {
    fn from(diagnostic: &query::kql::Diagnostic) -> Self {
        Self {
            code: diagnostic.code.to_owned(),
            severity: if diagnostic.is_error() { "error" } else { "warning" }.to_owned(),
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
            start: diagnostic.span.start,
            end: diagnostic.span.end,
        }
    }
}

impl From<&AnswerColumn> for ColumnBody {
    fn from(column: &AnswerColumn) -> Self {
        Self { name: column.name.clone(), ty: column.ty.name().to_owned() }
    }
}

impl HuntingRequest {
    fn request(&self) -> Result<Request, ApiError> {
        let instant = |name: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => us_of_text(text).map(Some).ok_or_else(|| {
                ApiError::bad_request(&format!("{name}: {text:?} is no RFC 3339 time such as 2026-11-24T08:00:00Z"))
            }),
        };
        let (from, to) = (instant("from", &self.from)?, instant("to", &self.to)?);
        let now_ns = now_ns();
        let mut request = Request::new(self.query.clone(), now_ns);
        if !self.all_time || from.is_some() || to.is_some() {
            let earliest = if to.is_some() || self.all_time { i64::MIN } else { thirty_days_before(now_ns) };
            request.default_range =
                Some(TimeRange { from_us: from.unwrap_or(earliest), to_us: to.unwrap_or(i64::MAX) });
        }
        request.parameters = self.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(request)
    }
}

pub(super) fn thirty_days_before(now_ns: i64) -> i64 {
    now_ns / 1_000 - HUNTING_DAYS_DEFAULT * DAY_US
}

/// Runs a query. The answer is streamed; a client that goes away stops the query.
#[utoipa::path(post, path = "/api/v1/hunting/run", tag = "hunting", request_body = HuntingRequest, params(RunParams),
    responses((status = 200, content_type = "application/x-ndjson"), (status = 400, body = ErrorBody),
    (status = 401, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn run(
    Shared(api): Shared<Api>,
    caller: Caller,
    Params(params): Params<RunParams>,
    Body(body): Body<HuntingRequest>,
) -> Result<Response, ApiError> {
    let request = body.request()?;
    api.state.audit(&caller.actor(), "hunting.run", "/api/v1/hunting/run", json!({ "query": body.query })).await?;
    let complete = completeness(&api, request.default_range).await?;
    let slot = Arc::clone(&api.queries).acquire_owned().await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let answer = start(&api, request).await?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    let (format, store) = (params.format, Arc::clone(&api.store));
    tokio::spawn(async move {
        send(answer, &store, format, complete, sender).await;
        drop(slot);
    });
    let mut response = HttpBody::from_stream(ReceiverStream::new(receiver)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    Ok(response)
}

/// Begins a query on a worker thread.
pub(super) async fn start(api: &Api, mut request: Request) -> Result<Answer, ApiError> {
    request.state_rows = tables::for_query(&api.state, &request.text).await?;
    let (engine, store) = (Arc::clone(&api.engine), Arc::clone(&api.store));
    // A client that goes away while the query is understood calls it off too.
    let guard = request.cancel.on_drop();
    let run = move || {
        let snapshot = store.snapshot();
        engine.run_kql(&snapshot, request).map_err(|refusal| match refusal {
            Refusal::Failed(error) => Refusal::Failed(error.with_cause(&snapshot)),
            refused @ Refusal::Diagnostics(_) => refused,
        })
    };
    let started = tokio::task::spawn_blocking(run).await;
    guard.disarm();
    started.map_err(|error| anyhow::anyhow!("query task: {error}"))?.map_err(ApiError::from)
}

/// Writes an answer until it ends or nobody reads it any more.
async fn send(
    mut answer: Answer,
    store: &Arc<Store>,
    format: Format,
    complete: CompleteBody,
    sender: mpsc::Sender<Result<Bytes, std::io::Error>>,
) {
    let mut writer = match Writer::new(format, &answer, complete) {
        Ok(writer) => writer,
        Err(error) => return drop(sender.send(Err(std::io::Error::other(error.to_string()))).await),
    };
    loop {
        let bytes = writer.take();
        if !bytes.is_empty() && sender.send(Ok(bytes)).await.is_err() {
            return;
        }
        // A reader who has gone must not have to wait for the next batch of a long query.
        let batch = tokio::select! {
            batch = answer.next_batch_async() => batch,
            () = sender.closed() => return,
        };
        let written = match batch {
            Some(Ok(batch)) => writer.rows(&batch),
            Some(Err(error)) => {
                let error = with_cause(store, error).await;
                // NDJSON can say it; a broken file or table must break off instead of looking whole.
                if !writer.failed(&error) {
                    return drop(sender.send(Err(std::io::Error::other(error.to_string()))).await);
                }
                return drop(sender.send(Ok(writer.take())).await);
            }
            None => {
                let bytes = writer.finish(&answer.outcome());
                return drop(sender.send(bytes.map_err(|error| std::io::Error::other(error.to_string()))).await);
            }
        };
        if let Err(error) = written {
            tracing::error!(%error, "answer can't be written");
            return drop(sender.send(Err(std::io::Error::other(error.to_string()))).await);
        }
    }
}

/// The error as one that names the file, when a file is the cause.
pub(super) async fn with_cause(store: &Arc<Store>, error: query::Error) -> query::Error {
    let (store, text) = (Arc::clone(store), error.to_string());
    let named = tokio::task::spawn_blocking(move || error.with_cause(&store.snapshot())).await;
    named.unwrap_or(query::Error::Engine(text))
}

/// What is missing in a range, over all devices.
async fn completeness(api: &Api, range: Option<TimeRange>) -> Result<CompleteBody, ApiError> {
    let devices: Vec<String> = api.state.devices().await?.into_iter().map(|device| device.id).collect();
    let complete = api
        .query(move |engine, store| {
            let streams = devices.iter().flat_map(|device| store.streams(device));
            let n_unexplained = streams.flat_map(|stream| stream.holes).map(|hole| hole.to - hole.from + 1).sum();
            let (from_us, to_us) = range.map_or((None, None), |range| (Some(range.from_us), Some(range.to_us)));
            let snapshot = store.snapshot();
            let complete = engine.completeness_everywhere(&snapshot, from_us, to_us, n_unexplained);
            match complete.map_err(|error| error.with_cause(&snapshot)) {
                // The query may not need the file; if it does, it fails by itself and names it.
                Err(error @ query::Error::Damaged(_)) => {
                    tracing::error!(%error, "what is missing is not known");
                    Ok(Completeness { state: State::Unknown, gaps: Vec::new() })
                }
                complete => complete,
            }
        })
        .await?;
    Ok(complete.into())
}

/// Checks a query without running it.
#[utoipa::path(post, path = "/api/v1/hunting/analyze", tag = "hunting", request_body = AnalyzeRequest, responses(
    (status = 200, body = AnalyzeBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn analyze(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Body(body): Body<AnalyzeRequest>,
) -> Result<Json<AnalyzeBody>, ApiError> {
    let text = body.query;
    let (analysis, plan, completions) = api
        .query(move |engine, store| {
            let analysis: Analysis = engine.analyze_kql(&text, now_ns());
            let plan = match body.explain && analysis.columns.is_some() {
                true => engine.explain_kql(&store.snapshot(), Request::new(text.clone(), now_ns())).ok(),
                false => None,
            };
            let completions = body.complete_at.map(|at| engine.complete_kql(&text, at));
            Ok((analysis, plan, completions))
        })
        .await?;
    Ok(Json(AnalyzeBody {
        ok: !analysis.diagnostics.iter().any(query::kql::Diagnostic::is_error),
        diagnostics: analysis.diagnostics.iter().map(DiagnosticBody::from).collect(),
        columns: analysis.columns.map(|columns| columns.iter().map(ColumnBody::from).collect()),
        plan,
        completions: completions.map(|(start, words)| CompletionsBody { start, words }),
    }))
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(error) => error.into(),
            Refusal::Diagnostics(diagnostics) => {
                let bodies: Vec<DiagnosticBody> = diagnostics.iter().map(DiagnosticBody::from).collect();
                let first = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
                let message = first.map(|first| format!("{} {}", first.message, first.hint).trim().to_owned());
                ApiError::new(StatusCode::BAD_REQUEST, "query", &message.unwrap_or_default())
                    .with_details(json!(bodies))
            }
        }
    }
}

//! KQL in the shapes of Microsoft's hunting APIs: Defender for Endpoint's, Defender XDR's, and Graph's.

use axum::Json;
use axum::extract::State as Shared;
use query::kql::{KqlType, Request, TimeRange, json_rows};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Api;
use super::asked::Asked;
use super::error::{ApiError, AzureErrorBody, Body, GraphErrorBody};
use super::hunting::{start, thirty_days_before, with_cause};
use super::timespan;
use crate::clock::now_ns;
use crate::limits::MDE_ROWS_MAX;

/// A query as MDE's clients send it. Names of members are case-sensitive.
#[derive(Deserialize, ToSchema)]
pub struct AdvancedQuery {
    /// KQL.
    #[serde(rename = "Query")]
    query: String,
}

/// A query as Graph's clients send it.
#[derive(Deserialize, ToSchema)]
pub struct GraphQuery {
    /// KQL.
    #[serde(rename = "Query", alias = "query")]
    query: String,
    /// Range of `Timestamp` when the query names none: `P30D`, `start/end`, `P30D/end`, `start/P30D` or the start.
    #[serde(default, rename = "Timespan", alias = "timespan")]
    timespan: Option<String>,
}

/// The answer of MDE's advanced hunting API (learn.microsoft.com, "Advanced hunting API", run-advanced-query-api).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AdvancedAnswer {
    /// Columns with .NET's type names.
    schema: Vec<AdvancedColumn>,
    /// One object per row.
    #[schema(value_type = Vec<Object>)]
    results: Vec<Value>,
}

/// A column of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct AdvancedColumn {
    name: String,
    #[serde(rename = "Type")]
    ty: String,
}

/// The answer of Graph (learn.microsoft.com, "security: runHuntingQuery").
#[derive(Serialize, ToSchema)]
pub struct GraphAnswer {
    /// Says what this is.
    #[serde(rename = "@odata.context")]
    context: String,
    /// Columns with .NET's type names.
    schema: Vec<GraphColumn>,
    /// One object per row.
    #[schema(value_type = Vec<Object>)]
    results: Vec<Value>,
}

/// A column of it.
#[derive(Serialize, ToSchema)]
pub struct GraphColumn {
    name: String,
    #[serde(rename = "type")]
    ty: String,
}

/// The type names of Kusto's first HTTP answer format, which MDE passes on.
fn dotnet_name(ty: KqlType) -> &'static str {
    match ty {
        KqlType::Bool => "SByte",
        KqlType::Int => "Int32",
        KqlType::Long => "Int64",
        KqlType::Real => "Double",
        KqlType::Decimal => "SqlDecimal",
        KqlType::String => "String",
        KqlType::DateTime => "DateTime",
        KqlType::TimeSpan => "TimeSpan",
        KqlType::Guid => "Guid",
        KqlType::Dynamic => "Object",
    }
}

/// Names and types of columns, and a JSON object per row.
type Whole = (Vec<(String, &'static str)>, Vec<Value>);

/// Runs a query as MDE does: at most 100,000 rows, the whole answer at once. Counted and audited.
async fn whole(api: &Api, asked: &Asked, query: String, range: TimeRange) -> Result<Whole, ApiError> {
    asked.count_hunting(api)?;
    api.state.audit(&asked.caller.actor(), "hunting.run", asked.path(), json!({ "query": query })).await?;
    run(api, query, range).await
}

/// The rows of a query of our own, over all that is stored.
pub(super) async fn rows(api: &Api, query: String) -> Result<Vec<Value>, ApiError> {
    Ok(run(api, query, TimeRange { from_us: i64::MIN, to_us: i64::MAX }).await?.1)
}

async fn run(api: &Api, query: String, range: TimeRange) -> Result<Whole, ApiError> {
    let mut request = Request::new(query, now_ns());
    request.default_range = Some(range);
    request.limits.result_rows = request.limits.result_rows.min(MDE_ROWS_MAX);
    let _slot = api.queries.acquire().await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut answer = start(api, request).await?;
    let columns = answer.columns.iter().map(|column| (column.name.clone(), dotnet_name(column.ty))).collect();
    let mut results = Vec::new();
    while let Some(batch) = answer.next_batch_async().await {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return Err(with_cause(&api.store, error).await.into()),
        };
        for row in json_rows(&answer.columns, &batch)? {
            let named = answer.columns.iter().map(|column| column.name.clone()).zip(row);
            results.push(Value::Object(named.collect()));
        }
    }
    Ok((columns, results))
}

async fn mde(api: &Api, asked: &Asked, query: String) -> Result<Json<AdvancedAnswer>, ApiError> {
    let range = TimeRange { from_us: thirty_days_before(now_ns()), to_us: i64::MAX };
    let (columns, results) = whole(api, asked, query, range).await?;
    let schema = columns.into_iter().map(|(name, ty)| AdvancedColumn { name, ty: ty.to_owned() }).collect();
    Ok(Json(AdvancedAnswer { schema, results }))
}

/// Runs a query as Defender for Endpoint does: the last 30 days when it names no time.
#[utoipa::path(post, path = "/api/advancedqueries/run", operation_id = "advanced", tag = "hunting", request_body = AdvancedQuery,
    responses((status = 200, body = AdvancedAnswer), (status = 400, body = AzureErrorBody), (status = 401, body = AzureErrorBody),
    (status = 429, body = AzureErrorBody)))]
pub async fn advanced(
    Shared(api): Shared<Api>,
    asked: Asked,
    Body(body): Body<AdvancedQuery>,
) -> Result<Json<AdvancedAnswer>, ApiError> {
    mde(&api, &asked, body.query).await
}

/// The same at the address of Defender XDR.
#[utoipa::path(post, path = "/api/advancedhunting/run", operation_id = "advanced_xdr", tag = "hunting", request_body = AdvancedQuery,
    responses((status = 200, body = AdvancedAnswer), (status = 400, body = AzureErrorBody), (status = 401, body = AzureErrorBody),
    (status = 429, body = AzureErrorBody)))]
pub async fn advanced_xdr(
    Shared(api): Shared<Api>,
    asked: Asked,
    Body(body): Body<AdvancedQuery>,
) -> Result<Json<AdvancedAnswer>, ApiError> {
    mde(&api, &asked, body.query).await
}

/// The same in Graph's shape, with a range of time.
#[utoipa::path(post, path = "/v1.0/security/runHuntingQuery", operation_id = "run_hunting_query", tag = "graph", request_body = GraphQuery,
    responses((status = 200, body = GraphAnswer), (status = 400, body = GraphErrorBody), (status = 401, body = GraphErrorBody),
    (status = 429, body = GraphErrorBody)))]
pub async fn graph(
    Shared(api): Shared<Api>,
    asked: Asked,
    Body(body): Body<GraphQuery>,
) -> Result<Json<GraphAnswer>, ApiError> {
    let now_us = now_ns() / 1_000;
    let (from_us, to_us) = match body.timespan.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        None => (thirty_days_before(now_us * 1_000), i64::MAX),
        Some(text) => timespan::range(text, now_us).ok_or_else(|| {
            let message = format!("Timespan: {text:?} is no ISO 8601 range such as P30D or 2026-11-01T00:00:00Z/P7D");
            ApiError::bad_request(&message)
        })?,
    };
    let (columns, results) = whole(&api, &asked, body.query, TimeRange { from_us, to_us }).await?;
    Ok(Json(GraphAnswer {
        context: asked.context("microsoft.graph.security.huntingQueryResults"),
        schema: columns.into_iter().map(|(name, ty)| GraphColumn { name, ty: ty.to_owned() }).collect(),
        results,
    }))
}

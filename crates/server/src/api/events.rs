//! One event with everything known about it.

use axum::Json;
use axum::extract::{Path, State as Shared};
use schema::col;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::SignedIn;
use super::error::{ApiError, ErrorBody, Params};
use super::item::{Field, Item, fields_of};
use crate::clock::text_of_ns;

/// What to add to the event.
#[derive(Deserialize, IntoParams)]
pub struct EventParams {
    /// Comma-separated: `tree`.
    #[serde(default)]
    expand: String,
}

/// One event.
#[derive(Serialize, ToSchema)]
pub struct EventBody {
    /// Its line in the timeline.
    item: Item,
    /// All columns that have a value.
    fields: Vec<Field>,
    /// Its process tree, when asked for and when the event names a process.
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<TreeBody>,
}

/// The process tree of an event.
#[derive(Serialize, ToSchema)]
pub struct TreeBody {
    /// Key of the process in the middle.
    focus: String,
    /// Root first.
    ancestors: Vec<NodeBody>,
    /// The process, with two levels of children.
    node: NodeBody,
    /// Scripts that the process ran, as far as its events say, the earliest first.
    runs: Vec<RunBody>,
}

/// What one script did in the process in the middle, at one level of certainty.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunBody {
    /// Absent where several scripts can have done it, or none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    /// Runspace and pipeline, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// Value of `AttributionLevel`.
    level: String,
    /// Events of the process that say so.
    events: usize,
    /// Time of the first of them, RFC 3339 UTC.
    first: String,
    /// Time of the last of them.
    last: String,
    /// Keys of the processes that it started.
    children: Vec<String>,
}

impl From<query::ScriptRun> for RunBody {
    fn from(run: query::ScriptRun) -> Self {
        Self {
            script: run.script,
            run: run.run,
            level: run.level,
            events: run.n_events,
            first: text_of_ns(run.first_ns),
            last: text_of_ns(run.last_ns),
            children: run.children,
        }
    }
}

/// One process.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeBody {
    key: String,
    pid: Option<i64>,
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_line: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    /// RFC 3339 UTC; absent while it runs or when the end was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    /// `exit 0`, `exit 1`, `SIGKILL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<String>,
    /// False when only what it did was seen, not its start.
    start_seen: bool,
    /// All children, listed or not.
    children_total: usize,
    #[schema(no_recursion)]
    children: Vec<NodeBody>,
}

impl From<query::Node> for NodeBody {
    fn from(node: query::Node) -> Self {
        Self {
            key: node.key,
            pid: node.pid,
            name: node.name,
            path: node.path,
            command_line: node.command_line,
            script: node.script,
            user: node.user,
            started: node.started_ns.map(text_of_ns),
            ended: node.ended_ns.map(text_of_ns),
            exit: node.exit,
            start_seen: node.start_seen,
            children_total: node.n_children,
            children: node.children.into_iter().map(NodeBody::from).collect(),
        }
    }
}

/// One event.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "timeline",
    params(("id" = String, Path, description = "Event id"), EventParams), responses(
    (status = 200, body = EventBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody)))]
pub async fn event(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Path(id): Path<String>,
    Params(params): Params<EventParams>,
) -> Result<Json<EventBody>, ApiError> {
    let with_tree = match params.expand.as_str() {
        "" => false,
        "tree" => true,
        _ => return Err(ApiError::bad_request("expand: only tree is known")),
    };
    let (row, tree, runs) = api
        .query(move |engine, store| {
            let snapshot = store.snapshot();
            let row = engine.event(&snapshot, &id)?;
            let tree = if with_tree { engine.tree(&snapshot, &row)? } else { None };
            let runs = match (&tree, row.text(&col::DEVICE_ID)) {
                (Some(tree), Some(device)) => engine.script_runs(&snapshot, device, &tree.focus)?,
                (Some(_) | None, _) => Vec::new(),
            };
            Ok((row, tree, runs))
        })
        .await?;
    let tree = tree.map(|tree| TreeBody {
        focus: tree.focus,
        ancestors: tree.ancestors.into_iter().map(NodeBody::from).collect(),
        node: tree.node.into(),
        runs: runs.into_iter().map(RunBody::from).collect(),
    });
    Ok(Json(EventBody { item: Item::of(&row), fields: fields_of(&row), tree }))
}

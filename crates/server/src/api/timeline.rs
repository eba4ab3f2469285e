//! A device's timeline: pages and counts.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State as Shared};
use query::{Cursor, Direction, Filter, Order, PageRequest, Position};
use schema::EventGroup;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::SignedIn;
use super::devices::find;
use super::error::{ApiError, ErrorBody, Params};
use super::item::{CompleteBody, Item};
use crate::clock::{text_of_ns, us_of_text};

/// Buckets of the histogram when the request names none.
const BUCKETS_DEFAULT: usize = 120;

/// Filters and position of a timeline request.
#[derive(Clone, Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TimelineParams {
    /// Search text: words, `"phrases"`, `-not`, `field:value`.
    q: String,
    /// Event groups, comma-separated.
    groups: String,
    /// ActionTypes, comma-separated.
    actions: String,
    /// `1` for failures only.
    fail: String,
    /// Earliest time, RFC 3339, inclusive.
    from: String,
    /// Latest time, RFC 3339, inclusive.
    to: String,
    /// `desc` (newest first, the default) or `asc`.
    order: String,
    /// Rows, 1 to 1,000, default 200.
    limit: Option<usize>,
    /// Where to go on, from an earlier answer.
    cursor: String,
    /// Which way to go on: `older` (the default) or `newer`.
    dir: String,
    /// Event id that the page should be around.
    around: String,
    /// Number of histogram buckets (summary only), 1 to 2,000, default 120.
    buckets: Option<usize>,
}

/// One page of a timeline.
#[derive(Serialize, ToSchema)]
pub struct TimelinePage {
    /// Events in the requested order.
    items: Vec<Item>,
    /// Cursor towards the past, null when there was nothing more.
    older: Option<String>,
    /// Cursor towards now, null when there was nothing more.
    newer: Option<String>,
    /// Is the record whole?
    complete: CompleteBody,
}

/// Counts of one group.
#[derive(Serialize, ToSchema)]
pub struct GroupBody {
    /// Events.
    n: u64,
    /// Failed ones.
    failed: u64,
}

/// Counts of a timeline.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelineSummary {
    /// Start of the first bucket, RFC 3339 UTC.
    from: String,
    /// End of the last bucket, RFC 3339 UTC.
    to: String,
    /// Width of a bucket, nanoseconds as text.
    step_ns: String,
    /// Events per bucket.
    total: Vec<u64>,
    /// Failed ones per bucket.
    failed: Vec<u64>,
    /// Events per group, ignoring the group filter; every group is there.
    groups: BTreeMap<String, GroupBody>,
    /// Failed events.
    failed_total: u64,
    /// Events that pass all filters.
    matched: u64,
    /// Is the record whole?
    complete: CompleteBody,
}

impl TimelineParams {
    /// The filter that the parameters say.
    ///
    /// # Errors
    /// 400 that names the parameter.
    pub fn filter(&self, device: &str) -> Result<Filter, ApiError> {
        let mut groups = Vec::new();
        for name in split(&self.groups) {
            let group = EventGroup::ALL.iter().find(|group| group.name() == name);
            groups.push(*group.ok_or_else(|| ApiError::bad_request(&format!("groups: {name:?} is no event group")))?);
        }
        let mut actions = Vec::new();
        for name in split(&self.actions) {
            let action = schema::action::action(name);
            action.ok_or_else(|| ApiError::bad_request(&format!("actions: {name:?} is no ActionType")))?;
            actions.push(name.to_owned());
        }
        Ok(Filter {
            device: device.to_owned(),
            search: query::search::parse(&self.q)?,
            groups,
            actions,
            failures_only: matches!(self.fail.as_str(), "1" | "true"),
            from_us: instant("from", &self.from)?,
            to_us: instant("to", &self.to)?,
        })
    }

    pub(super) fn order(&self) -> Result<Order, ApiError> {
        match self.order.as_str() {
            "" | "desc" => Ok(Order::Descending),
            "asc" => Ok(Order::Ascending),
            _ => Err(ApiError::bad_request("order: must be desc or asc")),
        }
    }

    fn position(&self) -> Result<Position, ApiError> {
        Ok(self.beyond()?.map_or(Position::Start, |(cursor, direction)| Position::Beyond(cursor, direction)))
    }

    fn beyond(&self) -> Result<Option<(Cursor, Direction)>, ApiError> {
        let direction = match self.dir.as_str() {
            "" | "older" => Direction::Older,
            "newer" => Direction::Newer,
            _ => return Err(ApiError::bad_request("dir: must be older or newer")),
        };
        if self.cursor.is_empty() {
            return Ok(None);
        }
        Ok(Some((Cursor::parse(&self.cursor)?, direction)))
    }

    /// Where an export begins and which way it goes.
    ///
    /// # Errors
    /// 400 for a bad cursor, and for what only a page can have.
    pub(super) fn bound(&self) -> Result<Option<(Cursor, Direction)>, ApiError> {
        if self.limit.is_some() || !self.around.is_empty() {
            return Err(ApiError::bad_request("an export has no limit and no around: use from, to and cursor"));
        }
        self.beyond()
    }
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

fn instant(name: &str, text: &str) -> Result<Option<i64>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let time_us = us_of_text(text);
    Ok(Some(time_us.ok_or_else(|| ApiError::bad_request(&format!("{name}: not an RFC 3339 time")))?))
}

/// A page of a device's timeline.
#[utoipa::path(get, path = "/api/v1/devices/{id}/timeline", tag = "timeline",
    params(("id" = String, Path, description = "Device id"), TimelineParams), responses(
    (status = 200, body = TimelinePage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody)))]
pub async fn page(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Path(id): Path<String>,
    Params(params): Params<TimelineParams>,
) -> Result<Json<TimelinePage>, ApiError> {
    let device = find(&api, &id).await?;
    let filter = params.filter(&device.id)?;
    let mut request = PageRequest { filter, order: params.order()?, limit: params.limit, position: params.position()? };
    let around = params.around.clone();
    if !around.is_empty() && query::event_device(&around)? != device.id {
        return Err(ApiError::bad_request("around: the event is of another device"));
    }
    let (page, complete) = api
        .query(move |engine, store| {
            let snapshot = store.snapshot();
            if !around.is_empty() {
                request.position = Position::Around(Cursor::of(&engine.event(&snapshot, &around)?));
            }
            let page = engine.page(&snapshot, &request)?;
            let complete = engine.completeness(&snapshot, &request.filter, &store.streams(&request.filter.device))?;
            Ok((page, complete))
        })
        .await?;
    Ok(Json(TimelinePage {
        items: page.rows.iter().map(Item::of).collect(),
        older: page.older.map(|cursor| cursor.to_text()),
        newer: page.newer.map(|cursor| cursor.to_text()),
        complete: complete.into(),
    }))
}

/// Counts of a device's timeline, for chips and histogram.
#[utoipa::path(get, path = "/api/v1/devices/{id}/timeline/summary", tag = "timeline",
    params(("id" = String, Path, description = "Device id"), TimelineParams), responses(
    (status = 200, body = TimelineSummary), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody)))]
pub async fn summary(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Path(id): Path<String>,
    Params(params): Params<TimelineParams>,
) -> Result<Json<TimelineSummary>, ApiError> {
    let device = find(&api, &id).await?;
    let filter = params.filter(&device.id)?;
    let n_buckets = params.buckets.unwrap_or(BUCKETS_DEFAULT);
    let (summary, complete) = api
        .query(move |engine, store| {
            let snapshot = store.snapshot();
            let summary = engine.summary(&snapshot, &filter, n_buckets)?;
            let complete = engine.completeness(&snapshot, &filter, &store.streams(&filter.device))?;
            Ok((summary, complete))
        })
        .await?;
    let mut groups = BTreeMap::new();
    for group in EventGroup::ALL {
        let count = summary.groups.get(group.name()).copied().unwrap_or_default();
        groups.insert(group.name().to_owned(), GroupBody { n: count.n, failed: count.failed });
    }
    Ok(Json(TimelineSummary {
        from: text_of_ns(summary.from_us.saturating_mul(1_000)),
        to: text_of_ns(summary.to_us.saturating_mul(1_000)),
        step_ns: summary.step_us.saturating_mul(1_000).to_string(),
        total: summary.total,
        failed: summary.failed,
        groups,
        failed_total: summary.n_failed,
        matched: summary.n_matched,
        complete: complete.into(),
    }))
}

//! The live timeline as server-sent events (WHATWG HTML, section "Server-sent events").

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use http::StatusCode;
use query::{Cursor, Direction, Filter, Order, PageRequest, Position};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::Api;
use super::auth::SignedIn;
use super::devices::find;
use super::error::{ApiError, ErrorBody, Params};
use super::item::Item;
use super::timeline::TimelineParams;
use crate::clock::now_ns;
use crate::limits::STREAM_ROWS_MAX;

/// Rows may arrive this much later than newer ones (a hash was waited for): the follower looks back so far.
const LOOK_BACK_US: i64 = 10_000_000;
/// Ids remembered to send no row twice: more than a device makes within the look-back, else it is only a repeat.
const REMEMBERED_MAX: usize = 50_000;

/// New events of a device as they come.
#[utoipa::path(get, path = "/api/v1/devices/{id}/timeline/stream", tag = "timeline",
    params(("id" = String, Path, description = "Device id"), TimelineParams), responses(
    (status = 200, description = "text/event-stream: `rows` events with {items}, newest last", content_type = "text/event-stream"),
    (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn stream(
    Shared(api): Shared<Api>,
    _user: SignedIn,
    Path(id): Path<String>,
    Params(params): Params<TimelineParams>,
) -> Result<impl IntoResponse, ApiError> {
    let device = find(&api, &id).await?;
    let filter = params.filter(&device.id)?;
    let slot = Arc::clone(&api.streams).try_acquire_owned().map_err(|_| {
        ApiError::retry_later(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", 10, "too many live timelines are open")
    })?;
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        follow(api, filter, sender).await;
        drop(slot);
    });
    let keep_alive =
        KeepAlive::new().interval(Duration::from_secs(15)).event(Event::default().event("ping").data("{}"));
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(keep_alive))
}

async fn follow(api: Api, filter: Filter, sender: mpsc::Sender<Result<Event, Infallible>>) {
    let mut follower = Follower::new(filter, now_ns() / 1_000);
    let mut generation = 0;
    while !sender.is_closed() {
        let store = Arc::clone(&api.store);
        let waited =
            tokio::task::spawn_blocking(move || store.wait_for_change(generation, Duration::from_secs(1))).await;
        let Ok(now) = waited else { return };
        if now == generation {
            continue;
        }
        generation = now;
        let request = follower.request();
        let page = match api.query(move |engine, store| engine.page(&store.snapshot(), &request)).await {
            Ok(page) => page,
            // Said in the log where the error was made; the next change tries again.
            Err(_) => continue,
        };
        let items = follower.take_new(&page.rows);
        if items.is_empty() {
            continue;
        }
        let Ok(event) = Event::default().event("rows").json_data(serde_json::json!({ "items": items })) else { return };
        if sender.send(Ok(event)).await.is_err() {
            return;
        }
        // A burst becomes a few larger updates instead of one query per batch.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

struct Follower {
    filter: Filter,
    started_us: i64,
    newest_us: i64,
    sent: HashSet<String>,
    sent_order: VecDeque<String>,
}

impl Follower {
    fn new(filter: Filter, started_us: i64) -> Self {
        Self { filter, started_us, newest_us: started_us, sent: HashSet::new(), sent_order: VecDeque::new() }
    }

    /// The newest rows since the look-back.
    fn request(&self) -> PageRequest {
        let from_us = (self.newest_us - LOOK_BACK_US).max(self.started_us);
        let cursor = Cursor { time_us: from_us, seq: i64::MIN, epoch: String::new() };
        PageRequest {
            filter: self.filter.clone(),
            order: Order::Ascending,
            limit: Some(query::limits::PAGE_ROWS_MAX),
            position: Position::Beyond(cursor, Direction::Newer),
        }
    }

    fn take_new(&mut self, rows: &[schema::Row]) -> Vec<Item> {
        let mut items = Vec::new();
        for row in rows {
            let item = Item::of(row);
            if items.len() == STREAM_ROWS_MAX || !self.sent.insert(item.event_id.clone()) {
                continue;
            }
            self.sent_order.push_back(item.event_id.clone());
            self.newest_us = self.newest_us.max(Cursor::of(row).time_us);
            items.push(item);
        }
        while self.sent_order.len() > REMEMBERED_MAX {
            if let Some(oldest) = self.sent_order.pop_front() {
                self.sent.remove(&oldest);
            }
        }
        items
    }
}

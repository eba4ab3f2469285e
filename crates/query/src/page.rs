//! One page of a device's timeline, and one event.

use datafusion::logical_expr::SortExpr;
use schema::{EVENT_COLUMNS, Row, col};
use store::Snapshot;

use crate::cursor::Cursor;
use crate::filter::Filter;
use crate::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use crate::matcher::{Beyond, Matcher};
use crate::search::column_of;
use crate::{Engine, Error};

/// Columns that a row of the list shows; the details come with the single event.
pub(crate) const LIST_COLUMNS: &[&str] = &[
    "Timestamp",
    "TimestampNanos",
    "EventId",
    "StreamSeq",
    "StreamEpoch",
    "EventTable",
    "ActionType",
    "EventGroup",
    "Outcome",
    "ErrorCode",
    "ErrorName",
    "FileName",
    "FolderPath",
    "PreviousFileName",
    "PreviousFolderPath",
    "ProcessCommandLine",
    "ProcessId",
    "ProcessUniqueId",
    "ProcessScriptPath",
    "AccountName",
    "InitiatingProcessFileName",
    "InitiatingProcessId",
    "InitiatingProcessUniqueId",
    "InitiatingProcessCommandLine",
    "InitiatingProcessAccountName",
    "InitiatingScriptPath",
    "AttributionLevel",
    "RemoteIP",
    "RemotePort",
    "RemoteUrl",
    "LocalIP",
    "LocalPort",
    "RegistryKey",
    "RegistryValueName",
    "DnsQueryType",
    "DnsAnswers",
    "DurationUs",
    "GapReason",
    "LostCount",
    "FirstSeen",
    "LastSeen",
    "AdditionalFields",
];

/// Which end of the page comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest event first.
    #[default]
    Descending,
    /// Oldest event first.
    Ascending,
}

/// Which way to go from a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the past.
    Older,
    /// Towards now.
    Newer,
}

/// Where the page is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Position {
    /// At the end that the order begins with.
    #[default]
    Start,
    /// Beyond a cursor.
    Beyond(Cursor, Direction),
    /// Around a cursor, the event itself included.
    Around(Cursor),
}

/// A request for one page.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// Filters.
    pub filter: Filter,
    /// Order of the items.
    pub order: Order,
    /// Rows, 1 to `PAGE_ROWS_MAX`; `None` for `PAGE_ROWS_DEFAULT`.
    pub limit: Option<usize>,
    /// Where.
    pub position: Position,
}

/// One page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Rows in the requested order.
    pub rows: Vec<Row>,
    /// Goes on towards the past; `None` when there was nothing more.
    pub older: Option<Cursor>,
    /// Goes on towards now; `None` when there was nothing more.
    pub newer: Option<Cursor>,
}

impl Engine {
    /// Reads one page.
    ///
    /// # Errors
    /// `BadRequest` for a limit out of range, `Limit` for a cap, `Engine` otherwise.
    pub fn page(&self, snapshot: &Snapshot, request: &PageRequest) -> Result<Page, Error> {
        let limit = request.limit.unwrap_or(PAGE_ROWS_DEFAULT);
        if limit == 0 || limit > PAGE_ROWS_MAX {
            return Err(Error::BadRequest(format!("limit: must be 1 to {PAGE_ROWS_MAX}")));
        }
        let mut page = match (&request.position, request.order) {
            (Position::Start, Order::Descending) => {
                let (rows, more) = self.run(snapshot, &request.filter, None, Direction::Older, limit)?;
                descending(rows, more, false)
            }
            (Position::Start, Order::Ascending) => {
                let (rows, more) = self.run(snapshot, &request.filter, None, Direction::Newer, limit)?;
                descending(reversed(rows), false, more)
            }
            (Position::Beyond(cursor, Direction::Older), _) => {
                let (rows, more) =
                    self.run(snapshot, &request.filter, Some((cursor, false)), Direction::Older, limit)?;
                descending(rows, more, true)
            }
            (Position::Beyond(cursor, Direction::Newer), _) => {
                let (rows, more) =
                    self.run(snapshot, &request.filter, Some((cursor, false)), Direction::Newer, limit)?;
                descending(reversed(rows), true, more)
            }
            (Position::Around(cursor), _) => self.around(snapshot, &request.filter, cursor, limit)?,
        };
        if request.order == Order::Ascending {
            page.rows.reverse();
        }
        Ok(page)
    }

    fn around(&self, snapshot: &Snapshot, filter: &Filter, cursor: &Cursor, limit: usize) -> Result<Page, Error> {
        let half = (limit / 2).max(1);
        let (newer, more_newer) = self.run(snapshot, filter, Some((cursor, false)), Direction::Newer, half)?;
        let (older, more_older) = self.run(snapshot, filter, Some((cursor, true)), Direction::Older, half)?;
        let mut rows = reversed(newer);
        rows.extend(older);
        Ok(descending(rows, more_older, more_newer))
    }

    /// Up to `limit` rows in walking order from the cursor, and whether there are more.
    fn run(
        &self,
        snapshot: &Snapshot,
        filter: &Filter,
        cursor: Option<(&Cursor, bool)>,
        direction: Direction,
        limit: usize,
    ) -> Result<(Vec<Row>, bool), Error> {
        let beyond = cursor.map(|(cursor, inclusive)| Beyond { cursor: cursor.clone(), direction, inclusive });
        let matcher = Matcher::new(filter, beyond)?;
        let walk = self.walk(snapshot);
        let mut found = walk.find(&matcher, direction, limit + 1)?;
        let more = found.len() > limit;
        found.truncate(limit);
        Ok((walk.rows(&found, LIST_COLUMNS)?, more))
    }

    /// All columns of one event.
    ///
    /// # Errors
    /// `NoEvent` when it is not stored, `BadRequest` when the id is no event id.
    pub fn event(&self, snapshot: &Snapshot, event_id: &str) -> Result<Row, Error> {
        let (device, epoch, seq) = parse_event_id(event_id)?;
        let matcher = Matcher::new(&Filter { device, ..Filter::default() }, None)?;
        let walk = self.walk(snapshot);
        let found = walk.find_event(&matcher, &epoch, seq)?;
        let columns: Vec<&str> = EVENT_COLUMNS.iter().map(|column| column.name).collect();
        let row = walk.rows(found.as_slice(), &columns)?.pop();
        // An imported row may have an id that is not made of these three.
        row.filter(|row| row.text(&col::EVENT_ID) == Some(event_id)).ok_or_else(|| Error::NoEvent(event_id.to_owned()))
    }
}

/// The device of an event id.
///
/// # Errors
/// `BadRequest` when it is no event id.
pub fn event_device(event_id: &str) -> Result<String, Error> {
    Ok(parse_event_id(event_id)?.0)
}

fn parse_event_id(event_id: &str) -> Result<(String, String, i64), Error> {
    let bad = || Error::BadRequest(format!("event id: {event_id:?} is not device:epoch:sequence"));
    let mut parts = event_id.splitn(3, ':');
    let device = parts.next().filter(|it| !it.is_empty()).ok_or_else(bad)?;
    let epoch = parts.next().filter(|it| it.len() == 16).ok_or_else(bad)?;
    let seq = parts.next().and_then(|it| it.parse().ok()).ok_or_else(bad)?;
    Ok((device.to_owned(), epoch.to_owned(), seq))
}

pub(crate) fn sort_keys(ascending: bool) -> Vec<SortExpr> {
    ["Timestamp", "StreamSeq", "StreamEpoch"].iter().map(|name| column_of(name).sort(ascending, false)).collect()
}

fn reversed(mut rows: Vec<Row>) -> Vec<Row> {
    rows.reverse();
    rows
}

/// A page of rows that are newest first.
fn descending(rows: Vec<Row>, more_older: bool, more_newer: bool) -> Page {
    let older = if more_older { rows.last().map(Cursor::of) } else { None };
    let newer = if more_newer { rows.first().map(Cursor::of) } else { None };
    Page { rows, older, newer }
}

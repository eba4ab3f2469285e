//! One item of a request, whatever protocol it came by, and what is made of it: a Windows event, or a log record with
//! everything that it holds.

use schema::row::Nanos;
use schema::{Row, col};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use winlog::{Event, Field, parse_time_ns};

use crate::limits::{NAME_BYTES_MAX, SHIP_DEPTH_MAX, SHIP_ITEM_BYTES_MAX, SHIP_RECORD_BYTES_MAX};

/// What a shipper sent: an object or a text, and what its protocol says beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Item {
    /// An object or a text; anything else is kept as it is.
    pub(super) body: Value,
    /// Device, when the protocol names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    /// When it happened, when the protocol says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) time_ns: Option<i64>,
    /// The rest: index, source type, severity, attributes.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) meta: Map<String, Value>,
}

/// Why an item is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reject {
    /// A stable word for counting.
    pub(super) reason: String,
    /// For people.
    pub(super) message: String,
}

/// What the journal keeps for each item of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Entry {
    /// It will be a row.
    #[serde(rename = "i")]
    Item(Item),
    /// It will be counted.
    #[serde(rename = "r")]
    Reject(Reject),
}

/// An item, understood.
#[derive(Debug)]
pub(super) enum Content {
    Event(Box<Event>),
    Record(Box<Row>),
}

impl Reject {
    pub(super) fn new(reason: &str, message: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), message: message.into() }
    }

    /// JSON that can't be read.
    pub(super) fn json(error: &serde_json::Error) -> Self {
        Self::new("bad_json", error.to_string())
    }
}

/// Members that name the device in records of anything, the best first.
const HOSTS: [&str; 11] = [
    "host",
    "hostname",
    "Hostname",
    "host.name",
    "computer",
    "Computer",
    "HOST",
    "MachineName",
    "logsource",
    "_HOSTNAME",
    "agent",
];
/// Members that say when, likewise.
const TIMES: [&str; 9] =
    ["@timestamp", "timestamp", "Timestamp", "time", "TimeCreated", "EventTime", "date", "ts", "_time"];
/// Members that hold the text.
const TEXTS: [&str; 6] = ["message", "Message", "msg", "MSG", "log", "MESSAGE"];

impl Item {
    pub(super) fn of(body: Value) -> Self {
        Self { body, ..Self::default() }
    }

    /// What it is. `received_ns` stands for the time of what says none.
    pub(super) fn read(&self, received_ns: i64) -> Result<Content, Reject> {
        if depth(&self.body) > SHIP_DEPTH_MAX {
            return Err(Reject::new("too_deep", format!("nested deeper than {SHIP_DEPTH_MAX}")));
        }
        if let Some(mut event) = self.windows_event()? {
            if event.time_ns == 0 {
                event.time_ns = self.time_ns.unwrap_or(received_ns);
                let value = if self.time_ns.is_some() { "shipper" } else { "receipt" };
                event.data.push(Field { name: "TimeSource".into(), value: value.to_owned() });
            }
            if event.computer.is_empty() {
                event.computer = self.device().unwrap_or_default();
            }
            return Ok(Content::Event(Box::new(event)));
        }
        self.record(received_ns).map(|row| Content::Record(Box::new(row)))
    }

    /// The device that it is of, in lower case.
    pub(super) fn device(&self) -> Option<String> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Object(host) => {
                ["hostname", "name"].iter().find_map(|name| host.get(*name)?.as_str().map(str::to_owned))
            }
            _ => None,
        };
        let of_body = || self.body.as_object().and_then(|body| HOSTS.iter().find_map(|name| text(body.get(*name)?)));
        let name = self.host.clone().or_else(of_body)?.trim().to_lowercase();
        (!name.is_empty()).then(|| name[..name.floor_char_boundary(NAME_BYTES_MAX)].to_owned())
    }

    fn windows_event(&self) -> Result<Option<Event>, Reject> {
        match &self.body {
            Value::Object(body) => match of_object(body)? {
                Some(event) => Ok(Some(event)),
                // A relay that knows lines only carries the object as a text.
                None => {
                    let texts = TEXTS.iter().filter_map(|name| body.get(*name)?.as_str());
                    texts.map(of_text).find_map(Result::transpose).transpose()
                }
            },
            Value::String(text) => of_text(text),
            _ => Ok(None),
        }
    }

    /// A row with the whole item in it.
    fn record(&self, received_ns: i64) -> Result<Row, Reject> {
        let mut fields = Map::new();
        let message = match &self.body {
            Value::String(text) => Some(text.as_str()),
            Value::Object(body) => TEXTS.iter().find_map(|name| body.get(*name)?.as_str()),
            _ => None,
        };
        if let Some(message) = message {
            fields.insert("Message".to_owned(), message.into());
        }
        fields.extend(self.meta.iter().map(|(name, value)| (name.clone(), value.clone())));
        if !self.body.is_string() {
            let mut body = self.body.clone();
            // The text is there once.
            if let Value::Object(members) = &mut body {
                let is_message = |value: &Value| value.as_str().is_some() && value.as_str() == message;
                if let Some(name) = TEXTS.iter().find(|name| members.get(**name).is_some_and(is_message)) {
                    members.shift_remove(*name);
                }
            }
            fields.insert("Data".to_owned(), body);
        }
        let fields = Value::Object(fields).to_string();
        if fields.len() > SHIP_RECORD_BYTES_MAX {
            let message = format!("a record of {} bytes, at most {SHIP_RECORD_BYTES_MAX}", fields.len());
            return Err(Reject::new("too_large", message));
        }
        let mut row = Row::new();
        row.set(&col::TIMESTAMP, Nanos(self.time().unwrap_or(received_ns)))
            .set(&col::ACTION_TYPE, "LogRecord")
            .set(&col::EVENT_TABLE, "DeviceEvents")
            .set(&col::ADDITIONAL_FIELDS, fields);
        if let Some(device) = self.device() {
            row.set(&col::DEVICE_NAME, device);
        }
        Ok(row)
    }

    fn time(&self) -> Option<i64> {
        let of_value = |value: &Value| match value {
            Value::String(text) => parse_time_ns(text).or_else(|| epoch_ns(text)),
            Value::Number(number) => epoch_ns(&number.to_string()),
            _ => None,
        };
        let of_body =
            || self.body.as_object().and_then(|body| TIMES.iter().find_map(|name| of_value(body.get(*name)?)));
        self.time_ns.or_else(of_body)
    }
}

/// A Windows event in one of the shippers' forms. An XML that is broken is a record: its text is kept.
fn of_object(body: &Map<String, Value>) -> Result<Option<Event>, Reject> {
    // Fluent Bit's `winevtlog` leaves out the names of the data: what they mean can't be told.
    if body.contains_key("StringInserts") {
        return Ok(None);
    }
    match winlog::parse_object(body.clone()) {
        Ok(event) => Ok(Some(event)),
        Err(error @ (winlog::Error::TooLarge(_) | winlog::Error::TooManyFields)) => {
            Err(Reject::new(error.name(), error.to_string()))
        }
        Err(_) => Ok(None),
    }
}

fn of_text(text: &str) -> Result<Option<Event>, Reject> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.len() > SHIP_ITEM_BYTES_MAX {
        return Ok(None);
    }
    if text.starts_with("<Event") || text.starts_with("<?xml") {
        let start = text.find("<Event").unwrap_or(0);
        return Ok(winlog::parse(&text[start..]).ok());
    }
    // Behind the head of a syslog line, too: `Mar  2 09:15:04 ws5 tag: {"EventID":…}`.
    let Some(start) = text.find(['{', '<']).filter(|_| text.ends_with('}') || text.ends_with("</Event>")) else {
        return Ok(None);
    };
    match serde_json::from_str(&text[start..]) {
        Ok(Value::Object(body)) if depth_of(&body) <= SHIP_DEPTH_MAX => of_object(&body),
        Ok(_) => Ok(None),
        Err(_) => Ok(text.find("<Event").and_then(|start| winlog::parse(&text[start..]).ok())),
    }
}

fn depth_of(body: &Map<String, Value>) -> usize {
    1 + body.values().map(depth).max().unwrap_or(0)
}

/// How deep a value is nested. The parser's own limit of 128 bounds the recursion.
fn depth(value: &Value) -> usize {
    match value {
        Value::Object(body) => depth_of(body),
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Seconds since 1970 with a fraction, or milli-, micro- or nanoseconds by their size.
pub(super) fn epoch_ns(text: &str) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let unit = match whole.len() {
        ..=11 => 1_000_000_000,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        _ => 1,
    };
    // Nine digits at most count, in the unit of the whole.
    let mut fraction_ns = 0;
    let mut place = unit / 10;
    for digit in fraction.bytes().take(9) {
        fraction_ns += i64::from(digit - b'0') * place;
        place /= 10;
    }
    number.checked_mul(unit)?.checked_add(fraction_ns)
}

/// The row that says how many items were not taken; it has no device but the source's own.
pub(super) fn gap_row(source: &str, reject: &Reject, n_lost: i64, span: (i64, i64)) -> Row {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(span.0))
        .set(&col::ACTION_TYPE, "EventsLost")
        .set(&col::EVENT_TABLE, "DeviceEvents")
        .set(&col::GAP_REASON, "decode_error")
        .set(&col::FIRST_SEEN, Nanos(span.0))
        .set(&col::LAST_SEEN, Nanos(span.1))
        .set(&col::LOST_COUNT, n_lost)
        .set(
            &col::ADDITIONAL_FIELDS,
            json!({ "kind": "shipped_items", "Source": source, "Reason": reject.reason, "Message": reject.message })
                .to_string(),
        );
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_772_442_904_000_000_000;

    fn read(body: Value) -> Content {
        Item::of(body).read(NOW).expect("an item")
    }

    fn record(body: Value) -> Row {
        match read(body) {
            Content::Record(row) => *row,
            Content::Event(event) => panic!("{event:?}"),
        }
    }

    fn event(body: Value) -> Event {
        match read(body) {
            Content::Event(event) => *event,
            Content::Record(row) => panic!("{row:?}"),
        }
    }

    const XML: &str =
        "<Event xmlns='x'><System><Provider Name='P'/><EventID>3</EventID><Computer>W</Computer></System></Event>";

    #[test]
    fn windows_events_in_every_wrapping() {
        let flat = json!({ "EventID": 3, "SourceName": "P", "Hostname": "W" });
        for body in [
            json!(XML),
            json!(format!("<?xml version='1.0'?>\r\n{XML}\n")),
            json!({ "message": XML, "host": "relay" }),
            json!({ "body": XML }),
            json!({ "event": { "original": XML } }),
            json!({ "winlog": { "provider_name": "P", "event_id": 3, "computer_name": "W" } }),
            json!({ "message": flat.to_string() }),
            json!(format!("Mar  2 09:15:04 w nxlog: {flat}")),
            json!(format!("<13>Mar  2 09:15:04 w nxlog: {XML}")),
            flat,
        ] {
            let event = event(body.clone());
            assert_eq!((event.event_id, event.computer.as_str(), event.time_ns), (3, "W", NOW), "{body}");
            assert_eq!(event.get("TimeSource"), Some("receipt"));
        }
    }

    #[test]
    fn anything_else_is_kept_whole() {
        let row = record(
            json!({ "message": "é <Event", "host": { "name": "WEB1" }, "@timestamp": "2026-03-02T09:15:04Z", "n": 1 }),
        );
        assert_eq!(row.text(&col::DEVICE_NAME), Some("web1"));
        assert_eq!(row.number(&col::TIMESTAMP), Some(NOW));
        let fields: Value = serde_json::from_str(row.text(&col::ADDITIONAL_FIELDS).unwrap()).unwrap();
        assert_eq!(fields["Message"], "é <Event");
        assert_eq!((&fields["Data"]["n"], fields["Data"].get("message")), (&json!(1), None));
        for body in [
            json!(""),
            json!(null),
            json!(5),
            json!([1]),
            json!("<Event><bad"),
            json!({ "EventID": 1, "ProviderName": "P", "StringInserts": ["a"] }),
        ] {
            let row = record(body.clone());
            assert_eq!(row.text(&col::ACTION_TYPE), Some("LogRecord"), "{body}");
        }
    }

    #[test]
    fn times_since_1970_in_any_unit() {
        for (text, expect) in [
            ("1772442904", Some(NOW)),
            ("1772442904.25", Some(NOW + 250_000_000)),
            ("1772442904000", Some(NOW)),
            ("1772442904000.5", Some(NOW + 500_000)),
            ("1772442904000000", Some(NOW)),
            ("1772442904000000000", Some(NOW)),
            ("", None),
            ("-1", None),
            ("1e9", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(epoch_ns(text), expect, "{text}");
        }
    }

    #[test]
    fn too_deep_and_too_large() {
        let mut deep = json!(1);
        for _ in 0..=SHIP_DEPTH_MAX {
            deep = json!([deep]);
        }
        let large = json!("x".repeat(SHIP_RECORD_BYTES_MAX));
        for (body, reason) in [(deep, "too_deep"), (large, "too_large")] {
            assert_eq!(Item::of(body).read(NOW).unwrap_err().reason, reason);
        }
    }
}

//! OpenTelemetry's logs over HTTP, as protobuf and as JSON. Both become the JSON form first, so there is one reader, and
//! a record that is wrong costs only itself.

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use serde_json::{Map, Value, json};

use super::item::{Item, Reject};
use super::refusal::Refusal;
use super::{Ship, Verdict};
use crate::tls::Peer;

const PROTOBUF: &str = "application/x-protobuf";

pub(super) fn routes() -> Router<Ship> {
    Router::new().route("/v1/logs", post(logs))
}

/// `google.rpc.Status`, which OTLP puts into the body of an error.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

async fn logs(
    Shared(ship): Shared<Ship>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let is_json = content_type.to_ascii_lowercase().starts_with("application/json");
    match verdicts(&ship, &peer, &headers, body, is_json).await {
        Ok(verdicts) => answer(&verdicts, is_json),
        Err(refusal) => {
            let message = refusal.message();
            // The code is that of gRPC for the same thing; clients look at the status only.
            let code = match refusal.status().as_u16() {
                401 => 16,
                403 => 7,
                413 | 429 => 8,
                500 => 13,
                _ => 3,
            };
            let response = if is_json {
                Json(json!({ "code": code, "message": message })).into_response()
            } else {
                protobuf(Status { code, message }.encode_to_vec())
            };
            refusal.head(response)
        }
    }
}

async fn verdicts(
    ship: &Ship,
    peer: &Peer,
    headers: &HeaderMap,
    body: Body,
    is_json: bool,
) -> Result<Vec<Verdict>, Refusal> {
    let (source, body, _slot) = ship.enter(headers, peer, body).await?;
    let items = if is_json { of_json(&body)? } else { of_protobuf(&body)? };
    ship.take(&source, items).await
}

fn answer(verdicts: &[Verdict], is_json: bool) -> Response {
    let mut rejects = verdicts.iter().flatten();
    let first = rejects.next().map(|reject| format!("{}: {}", reject.reason, reject.message));
    let n_rejected = verdicts.iter().flatten().count();
    if is_json {
        let partial =
            first.map(|message| json!({ "rejectedLogRecords": n_rejected.to_string(), "errorMessage": message }));
        return Json(partial.map_or_else(|| json!({}), |partial| json!({ "partialSuccess": partial }))).into_response();
    }
    let rejected_log_records = i64::try_from(n_rejected).unwrap_or(i64::MAX);
    let partial_success = first.map(|error_message| ExportLogsPartialSuccess { rejected_log_records, error_message });
    protobuf(ExportLogsServiceResponse { partial_success }.encode_to_vec())
}

fn protobuf(bytes: Vec<u8>) -> Response {
    let mut response = (StatusCode::OK, bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
    response
}

fn of_protobuf(body: &[u8]) -> Result<Vec<Result<Item, Reject>>, Refusal> {
    let request = ExportLogsServiceRequest::decode(body)
        .map_err(|error| Refusal::NotUnderstood(format!("no ExportLogsServiceRequest: {error}")))?;
    let mut items = Vec::new();
    for resource_logs in request.resource_logs {
        let resource = pairs(resource_logs.resource.map(|resource| resource.attributes).unwrap_or_default());
        for scope_logs in resource_logs.scope_logs {
            let scope = scope_logs.scope.map(|scope| scope.name).unwrap_or_default();
            for record in scope_logs.log_records {
                items.push(Ok(item(&resource, &scope, of_record(record))));
            }
        }
    }
    Ok(items)
}

/// A record in plain JSON: values as they are, without the names of their types.
#[derive(Default)]
struct Record {
    time_ns: Option<i64>,
    severity: String,
    event_name: String,
    trace_id: String,
    span_id: String,
    body: Value,
    attributes: Map<String, Value>,
}

fn of_record(record: LogRecord) -> Record {
    let time = [record.time_unix_nano, record.observed_time_unix_nano].into_iter().find(|time| *time != 0);
    Record {
        time_ns: time.and_then(|time| i64::try_from(time).ok()),
        severity: severity(record.severity_text, record.severity_number.into()),
        event_name: record.event_name,
        trace_id: hex::encode(record.trace_id),
        span_id: hex::encode(record.span_id),
        body: any(record.body),
        attributes: pairs(record.attributes),
    }
}

fn severity(text: String, number: i64) -> String {
    // Ranges of four, from trace to fatal.
    let words = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    let word = usize::try_from(number - 1).ok().and_then(|idx| words.get(idx / 4));
    if text.is_empty() { word.map_or_else(String::new, |word| (*word).to_owned()) } else { text }
}

fn any(value: Option<AnyValue>) -> Value {
    match value.and_then(|value| value.value) {
        None => Value::Null,
        Some(Any::StringValue(text)) => text.into(),
        Some(Any::BoolValue(value)) => value.into(),
        Some(Any::IntValue(value)) => value.into(),
        Some(Any::DoubleValue(value)) => value.into(),
        Some(Any::ArrayValue(array)) => array.values.into_iter().map(|value| any(Some(value))).collect(),
        Some(Any::KvlistValue(list)) => pairs(list.values).into(),
        Some(Any::BytesValue(bytes)) => hex::encode(bytes).into(),
        // Of profiles only.
        Some(_) => Value::Null,
    }
}

fn pairs(list: Vec<KeyValue>) -> Map<String, Value> {
    list.into_iter().map(|pair| (pair.key, any(pair.value))).collect()
}

fn of_json(body: &[u8]) -> Result<Vec<Result<Item, Reject>>, Refusal> {
    let request: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::NotUnderstood(format!("no JSON: {error}")))?;
    let Some(resource_logs) = request["resourceLogs"].as_array() else {
        return Err(Refusal::NotUnderstood("resourceLogs is missing".to_owned()));
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut items = Vec::new();
    for resource_logs in resource_logs {
        let resource = json_pairs(&resource_logs["resource"]["attributes"]).unwrap_or_default();
        for scope_logs in list(&resource_logs["scopeLogs"]) {
            let scope = scope_logs["scope"]["name"].as_str().unwrap_or_default();
            for record in list(&scope_logs["logRecords"]) {
                let record = of_json_record(&record);
                items.push(record.map(|record| item(&resource, scope, record)));
            }
        }
    }
    Ok(items)
}

fn of_json_record(record: &Value) -> Result<Record, Reject> {
    if !record.is_object() {
        return Err(Reject::new("bad_json", "a log record is an object"));
    }
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let time = ["timeUnixNano", "observedTimeUnixNano"].iter().find_map(|name| integer(&record[*name]));
    Ok(Record {
        time_ns: time.filter(|time| *time != 0),
        severity: severity(text("severityText"), integer(&record["severityNumber"]).unwrap_or(0)),
        event_name: text("eventName"),
        trace_id: text("traceId"),
        span_id: text("spanId"),
        body: json_any(&record["body"])?,
        attributes: json_pairs(&record["attributes"])?,
    })
}

/// Protobuf's JSON writes numbers of 64 bits as texts; not everybody does.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn json_any(value: &Value) -> Result<Value, Reject> {
    let wrong = || Reject::new("bad_value", "a value that is none of OTLP's");
    let Value::Object(members) = value else {
        return if value.is_null() { Ok(Value::Null) } else { Err(wrong()) };
    };
    match members.iter().next() {
        None => Ok(Value::Null),
        Some((name, value)) => match (name.as_str(), value) {
            ("stringValue" | "bytesValue", Value::String(_)) | ("boolValue", Value::Bool(_)) => Ok(value.clone()),
            ("intValue", value) => integer(value).map(Value::from).ok_or_else(wrong),
            ("doubleValue", Value::Number(_) | Value::String(_)) => Ok(value.clone()),
            ("arrayValue", value) => {
                let values = value["values"].as_array().map(Vec::as_slice).unwrap_or_default();
                Ok(Value::Array(values.iter().map(json_any).collect::<Result<_, _>>()?))
            }
            ("kvlistValue", value) => json_pairs(&value["values"]).map(Value::Object),
            _ => Err(wrong()),
        },
    }
}

fn json_pairs(list: &Value) -> Result<Map<String, Value>, Reject> {
    let mut pairs = Map::new();
    for pair in list.as_array().into_iter().flatten() {
        pairs.insert(pair["key"].as_str().unwrap_or_default().to_owned(), json_any(&pair["value"])?);
    }
    Ok(pairs)
}

fn item(resource: &Map<String, Value>, scope: &str, record: Record) -> Item {
    let host = ["host.name", "host.id"].iter().find_map(|name| resource.get(*name)?.as_str());
    let mut meta = Map::new();
    let texts = [
        ("Severity", &record.severity),
        ("EventName", &record.event_name),
        ("TraceId", &record.trace_id),
        ("SpanId", &record.span_id),
    ];
    for (label, text) in texts.into_iter().chain([("Scope", &scope.to_owned())]) {
        if !text.is_empty() {
            meta.insert(label.to_owned(), text.as_str().into());
        }
    }
    for (label, values) in [("Attributes", &record.attributes), ("Resource", resource)] {
        if !values.is_empty() {
            meta.insert(label.to_owned(), Value::Object(values.clone()));
        }
    }
    Item { body: record.body, host: host.map(str::to_owned), time_ns: record.time_ns, meta }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
    use opentelemetry_proto::tonic::resource::v1::Resource;

    use super::*;

    fn pair(key: &str, value: Any) -> KeyValue {
        KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
    }

    #[test]
    fn protobuf_and_json_are_read_alike() {
        let record = LogRecord {
            time_unix_nano: 1_772_442_904_000_000_001,
            severity_number: 13,
            body: Some(AnyValue { value: Some(Any::StringValue("é".to_owned())) }),
            attributes: vec![pair("n", Any::IntValue(7))],
            trace_id: vec![0xab; 16],
            ..LogRecord::default()
        };
        let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
        let attributes = vec![pair("host.name", Any::StringValue("Web1".to_owned()))];
        let resource = Some(Resource { attributes, ..Resource::default() });
        let request = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs { resource, scope_logs, ..ResourceLogs::default() }],
        };
        let json = json!({ "resourceLogs": [{
            "resource": { "attributes": [{ "key": "host.name", "value": { "stringValue": "Web1" } }] },
            "scopeLogs": [{ "logRecords": [{
                "timeUnixNano": "1772442904000000001", "severityNumber": 13, "body": { "stringValue": "é" },
                "attributes": [{ "key": "n", "value": { "intValue": "7" } }], "traceId": "ab".repeat(16),
            }] }],
        }] });
        let of_protobuf = of_protobuf(&request.encode_to_vec()).expect("a request");
        let of_json = of_json(json.to_string().as_bytes()).expect("a request");
        assert_eq!(of_protobuf, of_json);
        let item = of_json[0].as_ref().expect("an item");
        assert_eq!((item.host.as_deref(), item.time_ns), (Some("Web1"), Some(1_772_442_904_000_000_001)));
        assert_eq!((&item.meta["Severity"], &item.meta["Attributes"]["n"]), (&json!("WARN"), &json!(7)));
    }

    #[test]
    fn a_record_that_is_wrong_costs_itself_only() {
        let request = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [
            { "body": { "oddValue": 1 } }, 5, { "body": { "kvlistValue": { "values": [{ "key": "a", "value": { "boolValue": true } }] } } },
        ] }] }] });
        let items = of_json(request.to_string().as_bytes()).expect("a request");
        let reasons: Vec<_> =
            items.iter().map(|item| item.as_ref().err().map(|reject| reject.reason.as_str())).collect();
        assert_eq!(reasons, [Some("bad_value"), Some("bad_json"), None]);
        assert_eq!(items[2].as_ref().map(|item| item.body.clone()), Ok(json!({ "a": true })));
        for body in ["", "[]", "{}", "{\"resourceLogs\":1}"] {
            assert!(of_json(body.as_bytes()).is_err(), "{body}");
        }
        assert!(of_protobuf(b"\xff\xff").is_err());
    }
}

//! Events as JSON: XML inside a text, Winlogbeat's form, OpenTelemetry's, and NXLog's flat form. Shippers write every
//! value as they like: numbers as texts, names in either case.

use serde_json::{Map, Value};

use crate::limits::FIELDS_MAX;
use crate::{Error, Event, Field, parse_time_ns, xml};

/// Reads one object.
///
/// # Errors
/// When it is no JSON, or none of the known forms.
pub fn parse(text: &[u8]) -> Result<Event, Error> {
    let value: Value = serde_json::from_slice(text)
        .map_err(|error| Error::Syntax { offset: error.column() as u64, message: error.to_string() })?;
    match value {
        Value::Object(object) => parse_object(object),
        _ => Err(Error::NotAnEvent),
    }
}

/// Reads one object that is parsed already.
///
/// # Errors
/// When it is none of the known forms.
pub fn parse_object(mut object: Map<String, Value>) -> Result<Event, Error> {
    // Elasticsearch's own wrapping.
    if let Some(Value::Object(source)) = object.get_mut("_source") {
        object = std::mem::take(source);
    }
    if let Some(text) = xml_of(&object) {
        return xml::parse(text);
    }
    if let Some(winlog) = object.get("winlog").and_then(Value::as_object) {
        return winlogbeat(&object, winlog);
    }
    if object.contains_key("system_time")
        && let Some(provider) = object.get("provider").and_then(Value::as_object)
    {
        return otel(&object, provider);
    }
    nxlog(object)
}

/// Members that carry the event's XML, by shipper.
const XML_MEMBERS: [&str; 7] = ["EventXML", "raw_event", "raw", "xml", "Message", "message", "body"];

fn xml_of(object: &Map<String, Value>) -> Option<&str> {
    let original = object.get("event").and_then(|event| event.get("original"));
    let texts = XML_MEMBERS.iter().filter_map(|name| object.get(*name)).chain(original);
    let dotted = object.get("event.original");
    texts.chain(dotted).filter_map(Value::as_str).find(|text| {
        let text = text.trim_start();
        text.starts_with("<Event ") || text.starts_with("<Event>")
    })
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(value) => value.to_string(),
    }
}

fn number<N: TryFrom<u64> + Default>(value: Option<&Value>) -> N {
    let number = match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    number.and_then(|number| N::try_from(number).ok()).unwrap_or_default()
}

fn guid(value: Option<&Value>) -> Option<String> {
    let guid = text(value).trim().trim_matches(['{', '}']).to_ascii_lowercase();
    (!guid.is_empty()).then_some(guid)
}

/// `winlog.*` of Winlogbeat and Elastic Agent. Its top-level `process.pid` is the log's writer in some events and is not
/// looked at.
fn winlogbeat(object: &Map<String, Value>, winlog: &Map<String, Value>) -> Result<Event, Error> {
    // evtx2es names the provider in an object, and its `process` is the log's writer always.
    let is_evtx2es = winlog.get("provider").is_some_and(Value::is_object);
    let execution = winlog.get("process").or_else(|| object.get("process").filter(|_| is_evtx2es));
    let provider = winlog.get("provider_name").or_else(|| winlog.get("provider").and_then(|it| it.get("name")));
    let mut event = Event {
        provider: text(provider),
        event_id: number(winlog.get("event_id")),
        version: number(winlog.get("version")),
        channel: text(winlog.get("channel")),
        computer: text(winlog.get("computer_name")),
        record_id: number(winlog.get("record_id")),
        time_ns: parse_time_ns(&text(object.get("@timestamp"))).unwrap_or(0),
        process_id: number(execution.and_then(|it| it.get("pid"))),
        thread_id: number(execution.and_then(|it| it.get("thread")).and_then(|it| it.get("id"))),
        activity_id: guid(winlog.get("activity_id")),
        related_activity_id: guid(winlog.get("related_activity_id")),
        user_sid: Some(text(winlog.get("user").and_then(|it| it.get("identifier")))).filter(|sid| !sid.is_empty()),
        level: level(&text(object.get("log").and_then(|log| log.get("level")))),
        ..Event::default()
    };
    let user_data = winlog.get("user_data").or_else(|| object.get("userdata").filter(|_| is_evtx2es));
    for data in [winlog.get("event_data"), user_data] {
        if is_evtx2es {
            converted(&mut event, "Data", data)?;
        } else if let Some(Value::Object(data)) = data {
            for (name, value) in data {
                // Data without names are called param1, param2 …
                let is_unnamed = name.strip_prefix("param").is_some_and(|rest| rest.parse::<u8>().is_ok());
                let name = if is_unnamed && event.provider == "PowerShell" { "Data" } else { name };
                push(&mut event, name, text(Some(value)))?;
            }
        }
    }
    if event.provider.is_empty() { Err(Error::NotAnEvent) } else { Ok(event) }
}

/// Data as a converter of XML to JSON leaves them: attributes apart, elements without names in an array.
fn converted(event: &mut Event, name: &str, value: Option<&Value>) -> Result<(), Error> {
    match value {
        Some(Value::Object(members)) => {
            let members = members.iter().filter(|(name, _)| *name != "#attributes");
            members.into_iter().try_for_each(|(inner, value)| {
                converted(event, if inner == "#text" { name } else { inner }, Some(value))
            })
        }
        Some(Value::Array(values)) => values.iter().try_for_each(|value| converted(event, name, Some(value))),
        None | Some(Value::Null) => Ok(()),
        value => push(event, name, text(value)),
    }
}

/// The body that OpenTelemetry's `windowseventlog` receiver makes without `raw: true`.
fn otel(object: &Map<String, Value>, provider: &Map<String, Value>) -> Result<Event, Error> {
    let member = |name: &str, inner: &str| object.get(name).and_then(|it| it.get(inner));
    let mut event = Event {
        provider: text(provider.get("name")),
        event_id: number(member("event_id", "id").or_else(|| object.get("event_id"))),
        version: number(object.get("version")),
        channel: text(object.get("channel")),
        computer: text(object.get("computer")),
        record_id: number(object.get("record_id")),
        time_ns: parse_time_ns(&text(object.get("system_time"))).unwrap_or(0),
        process_id: number(member("execution", "process_id")),
        thread_id: number(member("execution", "thread_id")),
        activity_id: guid(member("correlation", "activity_id")),
        related_activity_id: guid(member("correlation", "related_activity_id")),
        user_sid: Some(text(member("security", "user_id"))).filter(|sid| !sid.is_empty()),
        level: level(&text(object.get("level"))),
        ..Event::default()
    };
    match object.get("event_data") {
        // Since some version: a list of maps with one name each, so that data without names are kept.
        Some(Value::Object(data)) if data.get("data").is_some_and(Value::is_array) => {
            for entry in data["data"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten() {
                let name = if entry.0.is_empty() { "Data" } else { entry.0 };
                push(&mut event, name, text(Some(entry.1)))?;
            }
        }
        Some(Value::Object(data)) => {
            for (name, value) in data {
                push(&mut event, name, text(Some(value)))?;
            }
        }
        Some(_) | None => {}
    }
    if event.provider.is_empty() { Err(Error::NotAnEvent) } else { Ok(event) }
}

fn level(word: &str) -> u8 {
    match word.to_ascii_lowercase().as_str() {
        "critical" => 1,
        "error" => 2,
        "warning" => 3,
        "information" | "info" => 4,
        "verbose" => 5,
        _ => 0,
    }
}

/// Members of NXLog's form that are no event data.
const NXLOG_SYSTEM: &[&str] = &[
    "@timestamp",
    "@version",
    "AccountName",
    "AccountType",
    "ActivityID",
    "Category",
    "Channel",
    "Domain",
    "EventID",
    "EventReceivedTime",
    "EventTime",
    "EventType",
    "ExecutionProcessID",
    "Hostname",
    "Keywords",
    "Message",
    "Opcode",
    "OpcodeValue",
    "ProviderGuid",
    "RecordNumber",
    "RelatedActivityID",
    "Severity",
    "SeverityValue",
    "SourceModuleName",
    "SourceModuleType",
    "SourceName",
    "Task",
    "ThreadID",
    "UserID",
    "Version",
    "host",
    "port",
    "tags",
    "type",
];

/// NXLog's flat form, with the event's data beside its system part. Names of both meet: `EventType` of a registry event is
/// its data, that of NXLog is a word such as `INFO`.
fn nxlog(mut object: Map<String, Value>) -> Result<Event, Error> {
    let provider = [object.get("SourceName"), object.get("ProviderName"), object.get("Provider")];
    let provider = provider.into_iter().flatten().next().map_or_else(String::new, |value| text(Some(value)));
    if provider.is_empty() || !object.contains_key("EventID") {
        return Err(Error::NotAnEvent);
    }
    let times = ["UtcTime", "@timestamp", "EventTime", "TimeCreated"];
    let time_ns = times.iter().find_map(|name| parse_time_ns(&text(object.get(*name)))).unwrap_or(0);
    let is_sysmon = provider == "Microsoft-Windows-Sysmon";
    // Sysmon's own ProcessId is data; PowerShell's writer is in ExecutionProcessID or, in older files, in ProcessID.
    let process_id = object.get("ExecutionProcessID").or_else(|| object.get("ProcessID").filter(|_| !is_sysmon));
    let mut event = Event {
        provider,
        event_id: number(object.get("EventID")),
        version: number(object.get("Version")),
        channel: text(object.get("Channel")),
        computer: text(object.get("Hostname").or_else(|| object.get("Computer"))),
        record_id: number(object.get("RecordNumber")),
        time_ns,
        process_id: number(process_id),
        thread_id: number(object.get("ThreadID")),
        activity_id: guid(object.get("ActivityID")),
        related_activity_id: guid(object.get("RelatedActivityID")),
        user_sid: Some(text(object.get("UserID"))).filter(|sid| sid.starts_with("S-1-")),
        level: level(&text(object.get("Severity"))),
        ..Event::default()
    };
    let nxlog_words = ["INFO", "WARNING", "ERROR", "AUDIT_SUCCESS", "AUDIT_FAILURE", "VERBOSE", "CRITICAL"];
    if object.get("EventType").and_then(Value::as_str).is_some_and(|word| !nxlog_words.contains(&word)) {
        let value = object.remove("EventType").unwrap_or_default();
        push(&mut event, "EventType", text(Some(&value)))?;
    }
    for (name, value) in object {
        if !NXLOG_SYSTEM.contains(&name.as_str()) && !value.is_null() {
            push(&mut event, &name, text(Some(&value)))?;
        }
    }
    Ok(event)
}

fn push(event: &mut Event, name: &str, value: String) -> Result<(), Error> {
    if event.data.len() >= FIELDS_MAX {
        return Err(Error::TooManyFields);
    }
    event.data.push(Field { name: name.into(), value });
    Ok(())
}

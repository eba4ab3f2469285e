//! What shippers send: each protocol's requests in the forms that the shippers document, one row each, and a verdict for
//! every item.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::support::{Answer, JSON, Rig, curl};

/// A source's token.
async fn token(rig: &Rig, request: Json) -> (String, String) {
    let cookie = rig.cookie();
    let args = ["-b", cookie.as_str(), "-H", JSON];
    let answer = rig.portal("/api/v1/sources", &args, Some(request.to_string().into_bytes())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = |name: &str| answer.json()[name].as_str().expect("a text").to_owned();
    (text("id"), text("token"))
}

/// A request to the sensors' listener, as a shipper makes it.
fn send(rig: &Rig, path: &str, headers: &[&str], body: Option<&[u8]>) -> Answer {
    let url = format!("https://{}{path}", rig.server.ingest_address);
    let ca = rig.ca();
    let mut args = vec!["--cacert", ca.as_str()];
    for header in headers {
        args.extend(["-H", *header]);
    }
    args.push(&url);
    curl(&args, body)
}

fn nenrin(data_dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nenrin"));
    let output = command.env("NENRIN_LOG", "error").arg("--data-dir").arg(data_dir).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The rows of a query.
fn asked(data_dir: &Path, query: &str) -> Vec<Json> {
    let answer: Json = serde_json::from_str(&nenrin(data_dir, &["query", query, "--all-time", "--json"])).unwrap();
    answer["rows"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

/// Asks until the source has settled that many items.
async fn settled(rig: &Rig, id: &str, n_items: u64) -> Json {
    let started = Instant::now();
    loop {
        let sources = rig.json("/api/v1/sources").await;
        let source = sources["sources"].as_array().unwrap().iter().find(|source| source["id"] == id).unwrap().clone();
        if source["items"] == n_items {
            let sum = ["rows", "merged", "rejected"].map(|name| source[name].as_u64().unwrap()).iter().sum::<u64>();
            assert_eq!(sum, n_items, "{source}");
            return source;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{source}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

const XML: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
    <Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><Version>5</Version><Level>4</Level>\
    <TimeCreated SystemTime='2026-03-02T09:15:04.120Z'/><EventRecordID>71</EventRecordID>\
    <Execution ProcessID='4' ThreadID='8'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel>\
    <Computer>WS5.Example.test</Computer></System><EventData><Data Name='UtcTime'>2026-03-02 09:15:04.101</Data>\
    <Data Name='ProcessGuid'>{B1A4E0D7-5A08-69A5-1103-000000002A00}</Data><Data Name='ProcessId'>3912</Data>\
    <Data Name='Image'>C:\\Windows\\notepad.exe</Data><Data Name='CommandLine'>notepad a.txt</Data></EventData></Event>";

fn data() -> Json {
    json!({
        "UtcTime": "2026-03-02 09:15:04.101", "ProcessGuid": "{B1A4E0D7-5A08-69A5-1103-000000002A00}",
        "ProcessId": "3912", "Image": "C:\\Windows\\notepad.exe", "CommandLine": "notepad a.txt",
    })
}

/// The same event as each shipper writes it, and where it sends it.
fn requests() -> Vec<(&'static str, &'static str, String)> {
    let winlogbeat = json!({
        "@timestamp": "2026-03-02T09:15:04.120Z", "agent": { "type": "winlogbeat" }, "host": { "name": "relay" },
        "log": { "level": "information" }, "message": "Process Create",
        "winlog": {
            "provider_name": "Microsoft-Windows-Sysmon", "event_id": "1", "version": 5, "record_id": 71,
            "channel": "Microsoft-Windows-Sysmon/Operational", "computer_name": "WS5.Example.test",
            "process": { "pid": 4, "thread": { "id": 8 } }, "event_data": data(),
        },
    });
    let mut nxlog = json!({
        "EventTime": "2026-03-02T09:15:04.120Z", "Hostname": "WS5.Example.test", "EventID": 1, "Version": 5,
        "SourceName": "Microsoft-Windows-Sysmon", "Channel": "Microsoft-Windows-Sysmon/Operational",
        "RecordNumber": 71, "ExecutionProcessID": 4, "ThreadID": 8, "Severity": "INFO",
    });
    nxlog.as_object_mut().unwrap().extend(data().as_object().unwrap().clone());
    let otel = json!({
        "event_id": { "id": 1, "qualifiers": 0 }, "provider": { "name": "Microsoft-Windows-Sysmon" }, "version": 5,
        "system_time": "2026-03-02T09:15:04.120Z", "computer": "WS5.Example.test", "record_id": 71,
        "channel": "Microsoft-Windows-Sysmon/Operational", "level": "Information", "event_data": data(),
    });
    let otlp =
        |body: Json| json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [{ "body": body }] }] }] }).to_string();
    vec![
        ("Winlogbeat", "/winlogbeat-8/_bulk", format!("{{\"create\":{{}}}}\n{winlogbeat}\n")),
        (
            "Vector with XML",
            "/_bulk",
            format!("{{\"index\":{{\"_index\":\"v\"}}}}\n{}\n", json!({ "message": XML, "host": "relay" })),
        ),
        ("NXLog", "/api/ingest/json", nxlog.to_string()),
        ("Splunk raw", "/services/collector/raw?host=relay", XML.to_owned()),
        (
            "Splunk event",
            "/services/collector/event",
            json!({ "time": 1.0, "host": "relay", "event": XML }).to_string(),
        ),
        ("Splunk object", "/services/collector", json!({ "event": winlogbeat }).to_string()),
        ("OpenTelemetry raw", "/v1/logs", otlp(json!({ "stringValue": XML }))),
        ("OpenTelemetry", "/v1/logs", otlp(any(&otel))),
    ]
}

/// A value as OTLP writes it.
fn any(value: &Json) -> Json {
    match value {
        Json::String(text) => json!({ "stringValue": text }),
        Json::Number(number) => json!({ "intValue": number.to_string() }),
        Json::Object(members) => {
            let values: Vec<Json> =
                members.iter().map(|(key, value)| json!({ "key": key, "value": any(value) })).collect();
            json!({ "kvlistValue": { "values": values } })
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shippers_form_gives_the_row_of_the_import() {
    let rig = Rig::start().await;
    let server_dir = rig.dir.path().join("server");
    let file = rig.dir.path().join("sysmon.xml");
    std::fs::write(&file, XML).unwrap();
    nenrin(&server_dir, &["import", file.to_str().unwrap()]);
    let mut ids = Vec::new();
    for (name, path, body) in requests() {
        let (id, token) = token(&rig, json!({ "name": name })).await;
        let answer = send(&rig, path, &[&format!("authorization: Bearer {token}"), JSON], Some(body.as_bytes()));
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        assert!(!answer.body.contains("\"errors\":true"), "{name}: {answer:?}");
        ids.push(id);
    }
    for id in &ids {
        settled(&rig, id, 1).await;
    }
    // NXLog's time is that of the act, as in an imported file: only SourceRecords tells.
    let query = "DeviceProcessEvents | summarize count() by Timestamp, DeviceName, ActionType, FileName, \
        ProcessCommandLine, ProcessUniqueId, AdditionalFields";
    let rows = asked(&server_dir, query);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let last = rows[0].as_array().unwrap().last().unwrap();
    assert_eq!((last, &rows[0][1]), (&json!(requests().len() + 1), &json!("ws5.example.test")), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_item_has_its_verdict_and_what_is_not_taken_is_a_gap() {
    let rig = Rig::start().await;
    let (id, token) = token(&rig, json!({ "name": "mixed" })).await;
    let basic = format!("authorization: Basic {}", base64(&format!("any:{token}")));
    let bulk = "{\"index\":{}}\n{\"message\":\"one\",\"host\":\"Web1\"}\n{\"index\":{}}\n{\"broken\n{\"delete\":{\"_id\":\"9\"}}\n\
        {\"create\":{}}\n{\"message\":\"two\",\"host\":\"web1\"}\n";
    let answer = send(&rig, "/logs/_bulk", &[&basic], Some(bulk.as_bytes()));
    let items = answer.json()["items"].clone();
    let statuses: Vec<u64> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_object().unwrap().values().next().unwrap()["status"].as_u64().unwrap())
        .collect();
    assert_eq!((answer.json()["errors"].clone(), statuses), (json!(true), vec![201, 400, 400, 201]));

    let splunk = format!("authorization: Splunk {token}");
    let events = "{\"event\":\"three\",\"host\":\"web1\"}{\"event\":\"\"}{\"host\":\"x\"} {\"event\":{\"message\":\"four\"},\"host\":\"web1\"}";
    let answer = send(&rig, "/services/collector", &[&splunk], Some(events.as_bytes()));
    assert_eq!(answer.json(), json!({ "text": "Event field cannot be blank", "code": 13, "invalid-event-number": 1 }));

    let key = format!("authorization: ApiKey {token}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"{\"message\":\"five\",\"host\":\"web1\"}\nno json\n{\"message\":\"six\",\"host\":\"web1\"}")
        .unwrap();
    let answer = send(&rig, "/api/ingest/json", &[&key, "content-encoding: gzip"], Some(&gzip.finish().unwrap()));
    assert_eq!((&answer.json()["accepted"], &answer.json()["errors"][0]["item"]), (&json!(2), &json!(1)), "{answer:?}");

    let otlp = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [
        { "body": { "stringValue": "seven" }, "attributes": [{ "key": "k", "value": { "intValue": "7" } }] }, { "body": { "odd": 1 } },
    ] }] }] });
    let answer = send(&rig, "/v1/logs", &[&splunk, JSON], Some(otlp.to_string().as_bytes()));
    assert_eq!(answer.json()["partialSuccess"]["rejectedLogRecords"], "1", "{answer:?}");

    let source = settled(&rig, &id, 13).await;
    assert_eq!((&source["rows"], &source["rejected"]), (&json!(7), &json!(6)), "{source}");
    assert_eq!(
        source["rejectedBy"],
        json!({ "bad_action": 1, "bad_json": 2, "bad_value": 1, "blank_event": 1, "no_event": 1 })
    );
    let devices = rig.json("/api/v1/devices").await;
    let device = |name: &str| {
        let found = devices["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["name"] == name)
            .unwrap_or_else(|| panic!("{devices}"));
        found["id"].as_str().unwrap().to_owned()
    };
    let query = "DeviceEvents | where ActionType == 'LogRecord' and AdditionalFields has 'four' | project DeviceName";
    assert_eq!(asked(&rig.dir.path().join("server"), query), [json!(["web1"])]);
    let page = rig.json(&format!("/api/v1/devices/{}/timeline", device("(source mixed)"))).await;
    assert_eq!(page["complete"]["state"], "gaps");
    let lost: i64 = page["complete"]["gaps"].as_array().unwrap().iter().map(|gap| gap["count"].as_i64().unwrap()).sum();
    assert_eq!(lost, 6, "{page}");
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_stop_and_stored_once() {
    let rig = Rig::start().await;
    let (id, token) = token(&rig, json!({ "name": "restart" })).await;
    let bearer = format!("authorization: Bearer {token}");
    let answer = send(&rig, "/api/ingest/json", &[&bearer], Some(format!("{{\"message\":{}}}", json!(XML)).as_bytes()));
    assert_eq!((answer.status, answer.json()["accepted"].clone()), (200, json!(1)));
    let (server, dir, cookie) = rig.into_parts();
    server.stop().await;
    let server = server::serve::start(&crate::support::config(dir.path())).await.unwrap();
    let rig = Rig::again(server, dir, cookie);
    let source = settled(&rig, &id, 1).await;
    assert_eq!(source["rows"], 1);
    let query = "DeviceProcessEvents | where DeviceName == 'ws5.example.test' | count";
    assert_eq!(asked(&rig.dir.path().join("server"), query), [json!([1])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_send_and_how_much() {
    let rig = Rig::start().await;
    let (id, token) = token(&rig, json!({ "name": "slow", "itemsPerSecond": 1 })).await;
    let bearer = format!("authorization: Bearer {token}");
    let cases: [(&str, &[&str], u16, &str); 6] = [
        ("/_bulk", &[], 401, "security_exception"),
        ("/", &["authorization: Bearer nrs_wrong"], 401, "security_exception"),
        ("/services/collector", &[], 401, "\"code\":2"),
        ("/services/collector", &["authorization: Splunk nrs_wrong"], 403, "\"code\":4"),
        ("/v1/logs", &[JSON], 401, "\"code\":16"),
        ("/api/ingest/json", &["authorization: Digest x"], 401, "no_token"),
    ];
    for (path, headers, status, part) in cases {
        let body: Option<&[u8]> = if path == "/" { None } else { Some(b"{}") };
        let answer = send(&rig, path, headers, body);
        assert!(answer.status == status && answer.body.contains(part), "{path}: {answer:?}");
    }
    let probes =
        ["/", "/_license", "/_xpack", "/_cluster/health", "/_ilm/policy/winlogbeat", "/_index_template/w", "/w"];
    for path in probes {
        let answer =
            send(&rig, path, &[&bearer, "accept: application/vnd.elasticsearch+json; compatible-with=8"], None);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    assert_eq!(send(&rig, "/services/collector/health", &[], None).json()["code"], 17);
    let no_data = send(&rig, "/services/collector", &[&bearer], Some(b" "));
    assert_eq!((no_data.status, no_data.json()["code"].clone()), (400, json!(5)));
    let encoding = send(&rig, "/api/ingest/json", &[&bearer, "content-encoding: br"], Some(b"{}"));
    assert_eq!(encoding.status, 415);

    let many = "{\"a\":1}\n".repeat(11);
    assert_eq!(send(&rig, "/api/ingest/json", &[&bearer], Some(many.as_bytes())).status, 200);
    let wait = send(&rig, "/_bulk", &[&bearer], Some(b"{\"index\":{}}\n{\"a\":1}\n"));
    assert_eq!((wait.status, wait.retry_after.is_some()), (429, true), "{wait:?}");

    let cookie = rig.cookie();
    let path = format!("/api/v1/sources/{id}");
    assert_eq!(rig.portal(&path, &["-X", "DELETE", "-b", &cookie], None).await.status, 204);
    let revoked = send(&rig, "/services/collector", &[&bearer], Some(b"{\"event\":\"x\"}"));
    assert_eq!((revoked.status, revoked.json()["code"].clone()), (403, json!(1)));
    let listed = nenrin(&rig.dir.path().join("server"), &["source", "list"]);
    assert!(listed.contains("\"slow\"") && listed.contains("revoked"), "{listed}");
    let audit = nenrin(&rig.dir.path().join("server"), &["audit", "list"]);
    assert!(audit.contains("source.create") && audit.contains("source.revoke"), "{audit}");
}

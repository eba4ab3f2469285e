//! Import of Windows event logs: what comes in is on the timelines, once, and the sum is exact.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value as Json, json};

use crate::support::{JSON, Rig};

fn nenrin(data_dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nenrin"));
    command.env("NENRIN_LOG", "error").arg("--data-dir").arg(data_dir).args(args).output().unwrap()
}

fn json_of(output: &Output) -> Json {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().expect("a line")).unwrap()
}

/// Events, rows, merged, rejected: and the sum.
fn sums(done: &Json) -> [u64; 4] {
    let sums = ["events", "rows", "merged", "rejected"].map(|name| done[name].as_u64().expect("a number"));
    assert_eq!(sums[0], sums[1] + sums[2] + sums[3], "{done}");
    sums
}

fn event(provider: &str, id: u32, time: &str, data: &[(&str, &str)]) -> String {
    let data: String = data.iter().map(|(name, value)| format!("<Data Name='{name}'>{value}</Data>")).collect();
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>\
         <EventID>{id}</EventID><Version>2</Version><Level>4</Level><TimeCreated SystemTime='{time}'/>\
         <EventRecordID>{id}</EventRecordID><Execution ProcessID='4' ThreadID='8'/><Channel>C</Channel>\
         <Computer>WS5.Example.test</Computer></System><EventData>{data}</EventData></Event>\n"
    )
}

const SYSMON: &str = "Microsoft-Windows-Sysmon";
const SECURITY: &str = "Microsoft-Windows-Security-Auditing";

/// A start in two logs, a script, an event of no table, a part that is no XML, and one without a time.
fn write_logs(folder: &Path) {
    let sysmon = [
        event(
            SYSMON,
            1,
            "2026-03-02T09:15:04.120Z",
            &[
                ("UtcTime", "2026-03-02 09:15:04.101"),
                ("ProcessGuid", "{B1A4E0D7-5A08-69A5-1103-000000002A00}"),
                ("ProcessId", "3912"),
                ("Image", r"C:\Windows\powershell.exe"),
                ("CommandLine", "powershell -File a.ps1"),
            ],
        ),
        "<Event><System></Wrong></Event>".to_owned(),
        event(SYSMON, 77, "2026-03-02T09:15:05Z", &[("Odd", "kept &amp; found")]),
    ];
    let security = [
        event(SECURITY, 4634, "1601-01-01T00:00:00Z", &[]),
        event(
            SECURITY,
            4688,
            "2026-03-02T09:15:04.100Z",
            &[
                ("NewProcessId", "0xf48"),
                ("NewProcessName", r"C:\Windows\powershell.exe"),
                ("TokenElevationType", "%%1937"),
            ],
        ),
    ];
    std::fs::write(folder.join("sysmon.xml"), format!("<Events>{}</Events>", sysmon.concat())).unwrap();
    std::fs::write(folder.join("security.xml"), security.concat()).unwrap();
    std::fs::write(folder.join("README.txt"), "no log").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_server_rows_are_on_the_timeline_once() {
    let rig = Rig::start().await;
    let logs = tempfile::tempdir().unwrap();
    write_logs(logs.path());
    let server_dir = rig.dir.path().join("server");
    let folder = logs.path().to_str().unwrap();
    let done = json_of(&nenrin(&server_dir, &["import", folder, "--json"]));
    assert_eq!(sums(&done), [5, 2, 1, 2], "{done}");
    assert_eq!(done["rejectedBy"], json!({ "bad_xml": 1, "no_time": 1 }));
    assert_eq!(
        (&done["from"], &done["to"]),
        (&json!("2026-03-02T09:15:04.101000000Z"), &json!("2026-03-02T09:15:05.000000000Z"))
    );
    assert_eq!((&done["files"], &done["ignored"], &done["gaps"]), (&json!(2), &json!(1), &json!(1)));

    let devices = rig.json("/api/v1/devices").await;
    let device = devices["items"].as_array().unwrap().iter().find(|it| it["name"] == "ws5.example.test").unwrap();
    assert_eq!((&device["os"], &device["sensorVersion"]), (&json!("Windows"), &json!("import")));
    let path = format!(
        "/api/v1/devices/{}/timeline?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z",
        device["id"].as_str().unwrap()
    );
    let page = rig.json(&path).await;
    let actions: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|it| it["actionType"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "ProcessCreated").count(), 1, "{page}");
    assert!(actions.contains(&"WindowsEvent") && actions.contains(&"EventsLost"), "{page}");
    let gap = page["items"].as_array().unwrap().iter().find(|it| it["actionType"] == "EventsLost").unwrap();
    assert_eq!((&gap["gap"]["reason"], &gap["gap"]["count"]), (&json!("decode_error"), &json!(1)), "{gap}");

    let query = "DeviceProcessEvents | project ProcessTokenElevation, ProcessUniqueId, SourceRecords, Timestamp";
    let found = nenrin(&server_dir, &["query", query, "--all-time", "--json"]);
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(text.contains("TokenElevationTypeFull") && text.contains("b1a4e0d7-5a08-69a5"), "{text}");
    assert!(text.contains("4688") && text.contains("2026-03-02T09:15:04.101"), "{text}");

    let again = json_of(&nenrin(&server_dir, &["import", folder, "--json"]));
    assert_eq!((sums(&again), &again["alreadyImported"], &again["stored"]), ([0; 4], &json!(2), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_commands_on_the_machine_may_name_paths() {
    let rig = Rig::start().await;
    let cookie = rig.cookie();
    let body = json!({ "paths": ["/etc"] }).to_string().into_bytes();
    let answer = rig.portal("/api/v1/imports", &["-b", &cookie, "-H", JSON], Some(body)).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{answer:?}");
}

#[test]
fn without_a_server_and_with_files_that_are_no_logs() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data_dir = data.path().join("server");
    write_logs(dir.path());
    std::fs::write(dir.path().join("a.evtx"), b"ElfFile\0 and nothing more").unwrap();
    std::fs::write(dir.path().join("b.evtx"), b"PK\x03\x04").unwrap();
    std::fs::write(dir.path().join("empty.json"), b"").unwrap();
    let folder = dir.path().to_str().unwrap();
    let done = json_of(&nenrin(&data_dir, &["import", folder, "--json"]));
    assert_eq!(sums(&done), [8, 2, 1, 5], "{done}");
    assert_eq!(done["rejectedBy"]["not_a_log"], 3);
    let again = nenrin(&data_dir, &["import", folder]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("5 were imported before"), "{again:?}");
    let missing = nenrin(&data_dir, &["import", "/no/such/file.evtx"]);
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
    assert!(nenrin(&data_dir, &["fsck"]).status.success());
}

/// A browser sends a file in parts, goes on after a break, and imports it.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_in_parts() {
    let rig = Rig::start().await;
    let logs = tempfile::tempdir().unwrap();
    write_logs(logs.path());
    let bytes = std::fs::read(logs.path().join("sysmon.xml")).unwrap();
    let id = "0123456789abcdef0123456789abcdef";
    let path = format!("/api/v1/imports/uploads/{id}");
    let cookie = rig.cookie();
    let put = async |offset: usize, part: &[u8]| {
        let args = ["-b", &cookie, "-X", "PUT", "-H", "content-type: application/octet-stream"];
        rig.portal(&format!("{path}?offset={offset}"), &args, Some(part.to_vec())).await
    };
    assert_eq!(put(0, &bytes[..100]).await.json(), json!({ "received": 100 }));
    let early = put(300, &bytes[300..]).await;
    assert_eq!((early.status, early.code().as_str()), (409, "wrong_offset"));
    assert_eq!(rig.json(&path).await, json!({ "received": 100 }));
    assert_eq!(put(100, &bytes[100..]).await.json(), json!({ "received": bytes.len() }));
    let run = async || {
        let body = json!({ "uploads": [{ "id": id, "name": "sysmon.xml" }] }).to_string().into_bytes();
        rig.portal("/api/v1/imports", &["-b", &cookie, "-H", JSON], Some(body)).await
    };
    let answer = run().await;
    let last: Json = serde_json::from_str(answer.body.lines().last().unwrap()).unwrap();
    assert_eq!(sums(&last["done"]), [3, 2, 0, 1], "{answer:?}");
    assert_eq!(rig.json(&path).await, json!({ "received": 0 }), "an imported upload is gone");
    let devices = rig.json("/api/v1/devices").await["items"].as_array().cloned().unwrap_or_default();
    assert!(devices.iter().any(|device| device["state"] == "imported"), "{devices:?}");
    assert_eq!(run().await.status, 400);
    for wrong in ["../../../etc/passwd", "..%2fstate.db", "0123456789ABCDEF0123456789ABCDEF"] {
        // Some of these are refused before the body is read, which curl calls an error of the stream in HTTP/2.
        let args = ["-b", &cookie, "-X", "PUT", "--http1.1", "--path-as-is"];
        let answer = rig.portal(&format!("/api/v1/imports/uploads/{wrong}?offset=0"), &args, Some(vec![1])).await;
        assert!([400, 404].contains(&answer.status), "{wrong}: {answer:?}");
    }
}

/// One file alone, then with others: what is there already is not read again, the rest is added.
#[test]
fn files_that_come_later_are_added() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data_dir = data.path().join("server");
    write_logs(dir.path());
    let one = dir.path().join("sysmon.xml");
    let done = json_of(&nenrin(&data_dir, &["import", one.to_str().unwrap(), "--json"]));
    assert_eq!(sums(&done), [3, 2, 0, 1], "{done}");
    let done = json_of(&nenrin(&data_dir, &["import", dir.path().to_str().unwrap(), "--json"]));
    assert_eq!((sums(&done), &done["alreadyImported"]), ([2, 1, 0, 1], &json!(1)), "{done}");
}

/// What Defender exports stays as it is, under the device of that name.
#[test]
fn rows_of_defender() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data_dir = data.path().join("server");
    let csv = "Timestamp,DeviceId,DeviceName,ActionType,RemoteUrl\n2026-03-02T09:15:04Z,aa,ws5,ConnectionSuccess,x.test\n,,,,y\n";
    std::fs::write(dir.path().join("a.csv"), csv).unwrap();
    let answer = json!({ "Schema": [], "Results": [{ "Timestamp": "2026-03-02T09:15:05Z", "DeviceName": "ws5", "ActionType": "FileCreated" }] });
    std::fs::write(dir.path().join("b.json"), answer.to_string()).unwrap();
    let done = json_of(&nenrin(&data_dir, &["import", dir.path().to_str().unwrap(), "--json"]));
    assert_eq!((sums(&done), &done["stored"]), ([3, 2, 0, 1], &json!(2)), "{done}");
    let found =
        nenrin(&data_dir, &["query", "DeviceNetworkEvents | project RemoteUrl, DeviceName", "--all-time", "--json"]);
    assert!(String::from_utf8_lossy(&found.stdout).contains("x.test"), "{found:?}");
}

/// Real logs, when `NENRIN_EVTX_SAMPLES` names a folder of them.
#[test]
fn real_logs() {
    let Ok(folder) = std::env::var("NENRIN_EVTX_SAMPLES") else { return };
    let data = tempfile::tempdir().unwrap();
    let data_dir = data.path().join("server");
    let done = json_of(&nenrin(&data_dir, &["import", &folder, "--json"]));
    let [events, rows, _, rejected] = sums(&done);
    assert!(events > 0 && rows > 0 && rejected == 0, "{done}");
    assert_eq!(done["stored"], json!(rows));
    let query = "search 'powershell' | where ActionType == 'ScriptContent' | summarize count() by ActionType";
    let found = nenrin(&data_dir, &["query", query, "--all-time", "--json"]);
    assert!(String::from_utf8_lossy(&found.stdout).contains("ScriptContent"), "{found:?}");
    let again = json_of(&nenrin(&data_dir, &["import", &folder, "--json"]));
    assert_eq!((sums(&again), &again["stored"]), ([0; 4], &json!(0)));
}

/// The article's scenario: which script made each connection of one `powershell_ise.exe`, asked in KQL of what is stored.
#[test]
fn which_script_connected_where() {
    let data = tempfile::tempdir().unwrap();
    let data_dir = data.path().join("server");
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../winlog/tests/runs");
    let logs = ["two-tabs.xml", "two-tabs-no-dns-log.xml", "in-turn.xml"].map(|name| logs.join(name));
    let mut args = vec!["import"];
    args.extend(logs.iter().map(|log| log.to_str().unwrap()));
    assert!(nenrin(&data_dir, &args).status.success());
    let hunt = |device: &str| {
        let query = format!(
            "DeviceNetworkEvents | where DeviceName == '{device}' | where InitiatingProcessFileName =~ \"powershell_ise.exe\"
             | summarize count() by RemoteUrl, InitiatingScriptPath, AttributionLevel | sort by RemoteUrl asc"
        );
        let answer = nenrin(&data_dir, &["query", &query, "--all-time", "--json"]);
        assert!(answer.status.success(), "{answer:?}");
        let answer: Json = serde_json::from_slice(&answer.stdout).unwrap();
        let rows = answer["rows"].as_array().unwrap().iter();
        let cell = |cell: &Json| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        rows.map(|row| row.as_array().unwrap().iter().map(cell).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let (api, login) = ("api.securitycenter.windows.com", "login.windows.net");
    let (alerts, token) = (r"C:\Scripts\Get-Alerts.ps1", r"C:\Scripts\Get-Token.ps1");
    let both = [[api, alerts, "likely-content", "1"], [login, token, "likely-content", "1"]];
    assert_eq!(hunt("ws01.example.com"), both);
    assert_eq!(hunt("ws02.example.com"), both);
    // Both scripts name the host, and nothing says which of them asked: none is named.
    assert_eq!(hunt("ws03.example.com"), [[api, "", "ambiguous", "1"], [login, token, "likely-content", "1"]]);
}

/// What Defender found is an alert, once, also when it says twice what it did.
#[tokio::test(flavor = "multi_thread")]
async fn detections_of_defender_are_alerts() {
    let rig = Rig::start().await;
    let logs = tempfile::tempdir().unwrap();
    let found = |id: u32, time: &str| {
        let fields = [
            ("Detection ID", "{B1A4E0D7-0000-4000-8000-000000000003}"),
            ("Threat Name", "HackTool:PowerShell/X"),
            ("Severity Name", "High"),
            ("Category Name", "Tool"),
            ("Path", r"file:_C:\Users\ann\a.ps1"),
        ];
        event("Microsoft-Windows-Windows Defender", id, time, &fields)
    };
    let xml = format!("{}{}", found(1116, "2026-03-02T09:15:04Z"), found(1117, "2026-03-02T09:15:09Z"));
    std::fs::write(logs.path().join("defender.xml"), xml).unwrap();
    let server_dir = rig.dir.path().join("server");
    let done = json_of(&nenrin(&server_dir, &["import", logs.path().to_str().unwrap(), "--json"]));
    assert_eq!(sums(&done), [2, 2, 0, 0], "{done}");
    let cookie = rig.cookie();
    let body = json!({ "from": "2026-03-01T00:00:00Z" }).to_string().into_bytes();
    let asked = rig.portal("/api/v1/detections/history", &["-b", &cookie, "-H", JSON], Some(body)).await;
    assert_eq!(asked.status, 200, "{asked:?}");
    let query = "AlertInfo | project Title, Severity, Category, DetectionSource";
    let answer = nenrin(&server_dir, &["query", query, "--all-time", "--json"]);
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let answer: Json = serde_json::from_str(&text).unwrap();
    let expected = json!([["'HackTool:PowerShell/X' was detected", "High", "Malware", "WindowsDefenderAv"]]);
    assert_eq!(answer["rows"], expected, "{text}");
}

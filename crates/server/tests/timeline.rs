//! The timeline API on rows with known content.

use schema::{Row, col};
use serde_json::{Value as Json, json};

use crate::support::{Device, Rig, T0_NS, process, row};

async fn rig_with(rows: &[Row]) -> (Rig, Device) {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    rig.send(&device, 1, rows).await;
    (rig, device)
}

fn seqs(page: &Json) -> Vec<u64> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|it| it["eventId"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_walk_both_ways_without_loss_or_repeat() {
    // Ten events share each instant: the sequence number decides.
    let rows: Vec<Row> = (0..95).map(|idx| row(idx / 10, "FileCreated")).collect();
    let (rig, device) = rig_with(&rows).await;
    let base = format!("/api/v1/devices/{}/timeline?limit=20", device.id);
    let mut walked = Vec::new();
    let mut page = rig.json(&base).await;
    assert_eq!(page["newer"], Json::Null);
    loop {
        walked.extend(seqs(&page));
        let Some(cursor) = page["older"].as_str() else { break };
        page = rig.json(&format!("{base}&cursor={cursor}&dir=older")).await;
    }
    assert_eq!(walked, (1..=95).rev().collect::<Vec<u64>>());
    let mut back = seqs(&page);
    while let Some(cursor) = page["newer"].as_str().map(str::to_owned) {
        page = rig.json(&format!("{base}&cursor={cursor}&dir=newer")).await;
        back.splice(0..0, seqs(&page));
    }
    assert_eq!(back, walked);
    let ascending = rig.json(&format!("{base}&order=asc")).await;
    assert_eq!(seqs(&ascending), (1..=20).collect::<Vec<u64>>());
    let around = rig.json(&format!("{base}&around={}:000000000000abcd:50", device.id)).await;
    assert_eq!(seqs(&around), (41..=60).rev().collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_the_same_from_memory_and_from_files() {
    let rows: Vec<Row> = (0..50).map(|idx| row(idx, "FileCreated")).collect();
    let (rig, device) = rig_with(&rows).await;
    let path = format!("/api/v1/devices/{}/timeline?limit=30", device.id);
    let fresh = rig.json(&path).await;
    let Rig { server, dir, .. } = rig;
    server.stop().await;
    let server = server::serve::start(&crate::support::config(dir.path())).await.unwrap();
    let hash = server::api::auth::hash_password("x").unwrap();
    server.state.set_password("admin", &hash, "admin").await.unwrap();
    let rig = Rig::over(server, dir, "x").await;
    assert_eq!(rig.json(&path).await, fresh);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_counts_agree() {
    let mut rows = vec![process(0, "p1", "p0", "deploy.sh"), row(1, "FileCreated"), row(2, "ConnectionFailed")];
    rows[1].set(&col::FILE_NAME, "report 100%_done.txt").set(&col::FOLDER_PATH, "/srv/report 100%_done.txt");
    rows[2].set(&col::OUTCOME, "failed").set(&col::ERROR_NAME, "ECONNREFUSED").set(&col::REMOTE_IP, "10.0.0.9");
    rows[2].set(&col::REMOTE_PORT, 443).set(&col::INITIATING_PROCESS_FILE_NAME, "curl");
    rows.push(row(3, "DnsQueryResponse"));
    rows[3].set(&col::REMOTE_URL, "api.Example.test").set(&col::INITIATING_PROCESS_FILE_NAME, "curl");
    let (rig, device) = rig_with(&rows).await;
    for (query, expect) in [
        ("q=DEPLOY", vec![1]),
        ("q=100%25_done", vec![2]),
        ("q=10025done", vec![]),
        ("q=curl", vec![4, 3]),
        ("q=curl%20-proc:nothing", vec![4, 3]),
        ("q=-curl", vec![2, 1]),
        ("q=host:*.example.test", vec![4]),
        ("q=host:example.test*", vec![]),
        ("q=port:443", vec![3]),
        ("q=ip:10.0.0.9%20error:refused", vec![3]),
        ("q=%EF%BC%A3%EF%BC%B5%EF%BC%B2%EF%BC%AC", vec![4, 3]),
        ("groups=Network,Dns", vec![4, 3]),
        ("actions=FileCreated", vec![2]),
        ("fail=1", vec![3]),
        ("from=2026-11-24T00:00:00.001Z&to=2026-11-24T00:00:00.002Z", vec![3, 2]),
    ] {
        let page = rig.json(&format!("/api/v1/devices/{}/timeline?{query}", device.id)).await;
        assert_eq!(seqs(&page), expect, "{query}");
        let summary = rig.json(&format!("/api/v1/devices/{}/timeline/summary?{query}", device.id)).await;
        assert_eq!(summary["matched"].as_u64(), Some(expect.len() as u64), "{query}");
        let total: u64 = summary["total"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(total, expect.len() as u64, "{query}");
    }
    let summary = rig.json(&format!("/api/v1/devices/{}/timeline/summary?groups=Dns", device.id)).await;
    assert_eq!(summary["groups"]["Network"]["failed"], 1, "chips count all groups");
    assert_eq!(summary["groups"]["Registry"]["n"], 0, "empty groups are there");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_parameters_are_named() {
    let (rig, device) = rig_with(&[row(0, "FileCreated")]).await;
    for (path, query) in [
        ("timeline", "limit=0"),
        ("timeline", "limit=1001"),
        ("timeline", "limit=x"),
        ("timeline", "groups=Nope"),
        ("timeline", "actions=Nope"),
        ("timeline", "from=yesterday"),
        ("timeline", "order=up"),
        ("timeline", "dir=x"),
        ("timeline", "cursor=1_2_3"),
        ("timeline", "around=x:0000000000000000:1"),
        ("timeline/summary", "buckets=0"),
        ("timeline/summary", "groups=Nope"),
        ("timeline/summary", "to=2026"),
    ] {
        let answer = rig.get(&format!("/api/v1/devices/{}/{path}?{query}", device.id)).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{path}?{query}: {answer:?}");
    }
    assert_eq!(rig.get("/api/v1/events/nonsense").await.status, 400);
    assert_eq!(rig.get(&format!("/api/v1/events/{}:000000000000abcd:77", device.id)).await.status, 404);
    assert_eq!(rig.get("/api/v1/nothing").await.code(), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_has_all_ancestors_and_two_levels_down() {
    let mut first = process(0, "p1", "p0", "sshd");
    first.set(&col::INITIATING_PROCESS_PARENT_UNIQUE_ID, "init").set(&col::INITIATING_PROCESS_PARENT_ID, 1);
    let rows = vec![
        first,
        process(1, "p2", "p1", "bash"),
        process(2, "p3", "p2", "deploy.sh"),
        process(3, "p4", "p3", "curl"),
        process(4, "p5", "p4", "helper"),
        process(5, "p6", "p5", "too-deep"),
        {
            let mut end = row(6, "ProcessTerminated");
            end.set(&col::PROCESS_UNIQUE_ID, "p4").set(&col::ERROR_NAME, "exit 7").set(&col::OUTCOME, "failed");
            end
        },
    ];
    let (rig, device) = rig_with(&rows).await;
    let event = rig.json(&format!("/api/v1/events/{}:000000000000abcd:3?expand=tree", device.id)).await;
    let tree = &event["tree"];
    let ancestors: Vec<&str> =
        tree["ancestors"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(ancestors, ["init", "p0", "p1", "p2"], "as far as any row tells");
    assert_eq!(tree["ancestors"][1]["startSeen"], false);
    assert_eq!(tree["ancestors"][2]["startSeen"], true);
    assert_eq!(tree["node"]["name"], "deploy.sh");
    assert_eq!(tree["node"]["children"][0]["exit"], "exit 7");
    assert_eq!(tree["node"]["children"][0]["children"][0]["name"], "helper");
    assert_eq!(tree["node"]["children"][0]["children"][0]["children"].as_array().unwrap().len(), 0);
    let names: Vec<&str> = event["fields"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"ProcessUniqueId") && names.contains(&"DeviceId"));
}

/// One process, three scripts: what each did is counted under it, and what can't be told is said so.
#[tokio::test(flavor = "multi_thread")]
async fn the_tree_has_the_script_runs_of_the_process() {
    let by = |ms: i64, action: &str, script: Option<&str>, level: &str, run: &str| {
        let mut event = row(ms, action);
        event
            .set(&col::INITIATING_PROCESS_UNIQUE_ID, "ise")
            .set_opt(&col::INITIATING_SCRIPT_PATH, script)
            .set(&col::ATTRIBUTION_LEVEL, level)
            .set(&col::ADDITIONAL_FIELDS, json!({ "Attribution": { "RunId": run } }).to_string());
        event
    };
    let mut child = process(4, "c1", "ise", "whoami.exe");
    child.set(&col::INITIATING_SCRIPT_PATH, "C:\\b.ps1").set(&col::ATTRIBUTION_LEVEL, "exact-linked");
    let mut foreign = by(6, "FileCreated", Some("C:\\z.ps1"), "exact-thread", "r/9");
    foreign.set(&col::INITIATING_PROCESS_UNIQUE_ID, "other");
    let rows = [
        process(0, "ise", "p0", "powershell_ise.exe"),
        by(1, "ConnectionSuccess", Some("C:\\a.ps1"), "likely-content", "r/1"),
        by(2, "FileCreated", Some("C:\\a.ps1"), "likely-content", "r/1"),
        by(3, "ConnectionSuccess", Some("C:\\a.ps1"), "likely-content", "r/2"),
        child,
        by(5, "FileCreated", None, "ambiguous", "r/1"),
        foreign,
    ];
    let (rig, device) = rig_with(&rows).await;
    let event = rig.json(&format!("/api/v1/events/{}:000000000000abcd:1?expand=tree", device.id)).await;
    let runs = event["tree"]["runs"].as_array().unwrap();
    let found: Vec<_> = runs.iter().map(|run| (&run["script"], &run["run"], &run["level"], &run["events"])).collect();
    let [a, b, none] = [json!("C:\\a.ps1"), json!("C:\\b.ps1"), Json::Null];
    let [first, second] = [json!("r/1"), json!("r/2")];
    let [likely, linked, ambiguous] = ["likely-content", "exact-linked", "ambiguous"].map(|level| json!(level));
    let [one, two] = [json!(1), json!(2)];
    assert_eq!(
        found,
        [
            (&a, &first, &likely, &two),
            (&a, &second, &likely, &one),
            (&b, &none, &linked, &one),
            (&none, &first, &ambiguous, &one),
        ]
    );
    assert_eq!(runs[2]["children"], json!(["c1"]));
    assert_eq!(runs[0]["children"], json!([]));
    let leaf = rig.json(&format!("/api/v1/events/{}:000000000000abcd:5?expand=tree", device.id)).await;
    assert_eq!(leaf["tree"]["focus"], "c1");
    assert_eq!(leaf["tree"]["runs"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn losses_are_gaps_of_every_answer() {
    let mut lost = row(5, "EventsLost");
    lost.set(&col::GAP_REASON, "kernel_drop")
        .set(&col::LOST_COUNT, 12)
        .set(&col::ADDITIONAL_FIELDS, "{\"kind\":\"file\"}");
    let (rig, device) = rig_with(&[row(0, "FileCreated"), lost]).await;
    rig.send(&device, 10, &[row(9, "FileCreated")]).await;
    let page = rig.json(&format!("/api/v1/devices/{}/timeline", device.id)).await;
    assert_eq!(page["complete"]["state"], "gaps");
    let gaps = page["complete"]["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 2, "{gaps:?}");
    assert_eq!(
        (&gaps[0]["reason"], &gaps[0]["count"], &gaps[0]["kind"]),
        (&"kernel_drop".into(), &12.into(), &"file".into())
    );
    assert_eq!((&gaps[1]["reason"], &gaps[1]["count"]), (&"unexplained_gap".into(), &7.into()));
    assert_eq!(page["items"][1]["gap"]["count"], 12, "the loss is a row of the timeline");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_comes_back_byte_for_byte() {
    let hostile = "<script>alert(1)</script>\u{1b}[31m\u{202e}${jndi:x}\"'\\\n\t%s%n\u{0}";
    let mut event = row(0, "FileCreated");
    event.set(&col::FILE_NAME, hostile);
    let (rig, device) = rig_with(&[event]).await;
    let page = rig.json(&format!("/api/v1/devices/{}/timeline", device.id)).await;
    assert_eq!(page["items"][0]["object"], hostile);
    assert_eq!(page["items"][0]["time"], server::clock::text_of_ns(T0_NS));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_stream_sends_new_rows_once() {
    let (rig, device) = rig_with(&[row(0, "FileCreated")]).await;
    let now_ms = (server::clock::now_ns() - T0_NS) / 1_000_000 + 1_000;
    let url = format!("https://{}/api/v1/devices/{}/timeline/stream", rig.server.address, device.id);
    let out = rig.dir.path().join("stream.txt");
    let mut child = std::process::Command::new("curl")
        .args(["-sN", "--cacert", &rig.ca(), "-b", &rig.cookie(), "-o"])
        .arg(&out)
        .arg(url)
        .spawn()
        .unwrap();
    let mut seen = String::new();
    for attempt in 0..100_u64 {
        // The stream starts at its first poll; rows keep coming until it has some.
        rig.send(&device, 2 + attempt, &[row(now_ms + attempt as i64, "ProcessCreated")]).await;
        seen = std::fs::read_to_string(&out).unwrap_or_default();
        if seen.matches("\"eventId\"").count() >= 3 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut ids: Vec<&str> = seen.split("\"eventId\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let n_sent = ids.len();
    ids.dedup();
    assert!(n_sent >= 3, "{seen}");
    assert_eq!(ids.len(), n_sent, "no row twice");
    assert!(!seen.contains("FileCreated"), "old rows are not live");
}

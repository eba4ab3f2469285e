//! The store for its operator: figures, maintenance and prevalence, by HTTP and on the command line.

use std::process::{Command, Output};

use schema::{Row, col};
use serde_json::{Value as Json, json};

use crate::support::{JSON, Rig, row};

const HASH: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for idx in 0..20 {
        let mut row = row(idx, "FileCreated");
        row.set(&col::FILE_NAME, "Tool.bin").set(&col::SHA1, HASH).set(&col::FILE_SIZE, 7);
        rows.push(row);
    }
    rows
}

async fn maintain(rig: &Rig, body: Json) -> Vec<Json> {
    let cookie = rig.cookie();
    let body = body.to_string().into_bytes();
    let answer = rig.portal("/api/v1/store/maintenance", &["-b", &cookie, "-H", JSON], Some(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn nenrin(rig_dir: &std::path::Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nenrin"));
    command.env("NENRIN_LOG", "error").arg("--data-dir").arg(rig_dir.join("server")).args(args).output().unwrap()
}

fn json_of(output: &Output) -> Json {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_and_prevalence_are_those_of_what_was_sent() {
    let rig = Rig::start().await;
    let first = rig.enrol("host-1").await;
    let second = rig.enrol("host-2").await;
    rig.send(&first, 1, &rows()).await;
    rig.send(&second, 1, &rows()[5..6]).await;
    let found = rig.json("/api/v1/store").await;
    assert_eq!((&found["rows"], &found["freshRows"]), (&json!(0), &json!(21)));
    assert_eq!(found["retention"], json!({ "days": 30.0, "bytes": null }));
    assert_eq!(found["oldest"], "2026-11-24T00:00:00.000000000Z");
    let path = format!("/api/v1/prevalence?key={}", HASH.to_uppercase());
    let seen = rig.json(&path).await;
    assert_eq!((&seen["kind"], &seen["key"], &seen["seen"]), (&json!("sha1"), &json!(HASH), &json!(true)));
    assert_eq!((&seen["deviceCount"], &seen["deviceCountIsExact"]), (&json!(2), &json!(true)));
    assert_eq!(seen["firstSeen"], "2026-11-24T00:00:00.000000000Z");
    assert_eq!(seen["lastSeen"], "2026-11-24T00:00:00.019000000Z");
    let names: Vec<&str> = seen["devices"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["host-1", "host-2"]);
    assert_eq!((&seen["fileSize"], &seen["problems"]), (&json!(7), &json!([])));
    let by_name = rig.json("/api/v1/prevalence?kind=file_name&key=TOOL.BIN").await;
    assert_eq!(by_name["deviceCount"], 2);
    let unseen = rig.json("/api/v1/prevalence?key=192.0.2.1").await;
    assert_eq!((&unseen["kind"], &unseen["seen"], &unseen["deviceCount"]), (&json!("ip"), &json!(false), &json!(0)));
    for path in ["/api/v1/prevalence?kind=sha1&key=zz", "/api/v1/prevalence?key=two%20words", "/api/v1/prevalence"] {
        assert_eq!(rig.get(path).await.status, 400, "{path}");
    }
    assert_eq!(rig.portal(&path, &[], None).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_is_for_admins() {
    let rig = Rig::start().await;
    let hash = server::api::auth::hash_password("a long password").unwrap();
    rig.server.state.set_password("reader", &hash, "reader").await.unwrap();
    let (_, cookie) = rig.login("reader", "a long password").await;
    let cookie = format!("__Host-session={}", cookie.unwrap());
    assert_eq!(rig.portal("/api/v1/store", &[], None).await.status, 401);
    assert_eq!(rig.portal("/api/v1/store", &["-b", &cookie], None).await.status, 403);
    let body = json!({ "task": "vacuum" }).to_string().into_bytes();
    let args = ["-b", &cookie, "-H", JSON];
    assert_eq!(rig.portal("/api/v1/store/maintenance", &args, Some(body)).await.status, 403);
    let admin = rig.cookie();
    let args = ["-b", &admin, "-H", JSON];
    let answer = rig.portal("/api/v1/store/maintenance", &args, Some(b"{\"task\":\"burn\"}".to_vec())).await;
    assert_eq!(answer.status, 422, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_beside_a_server_and_without_one() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    rig.send(&device, 1, &rows()).await;
    let dir = rig.dir.path().to_owned();
    // Beside the server.
    let beside = json_of(&nenrin(&dir, &["store", "stats", "--json"]));
    assert_eq!((&beside["freshRows"], &beside["retention"]["days"]), (&json!(20), &json!(30.0)));
    assert_eq!(json_of(&nenrin(&dir, &["store", "compact", "--json"]))["merges"], 0);
    assert_eq!(maintain(&rig, json!({ "task": "checkpoint" })).await.last().unwrap()["done"]["version"], 0);
    assert_eq!(json_of(&nenrin(&dir, &["store", "checkpoint", "--json"]))["version"], Json::Null);
    let Rig { server, dir: _kept, .. } = rig;
    server.stop().await;
    // Without one: three more starts, each with a file.
    let stats = json_of(&nenrin(&dir, &["store", "stats", "--json"]));
    assert_eq!((&stats["rows"], &stats["files"], &stats["freshRows"]), (&json!(20), &json!(1), &json!(0)));
    assert_eq!(stats["retention"], Json::Null);
    assert_eq!((&stats["days"][0]["day"], &stats["days"][0]["rows"]), (&json!("2026-11-24"), &json!(20)));
    assert_eq!((&stats["devices"][0]["name"], &stats["devices"][0]["bytes"]), (&json!("host-1"), &stats["bytes"]));
    let text = nenrin(&dir, &["store", "stats"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("20 rows in 1 files") && text.contains("host-1"), "{text}");
    let checkpoint = json_of(&nenrin(&dir, &["store", "checkpoint", "--json"]));
    assert_eq!(checkpoint["version"], 1);
    let vacuum = nenrin(&dir, &["store", "vacuum", "--grace", "0"]);
    assert_eq!(String::from_utf8_lossy(&vacuum.stdout), "0 files deleted, 0 B; 0 must stay for now\n");
    // A file that is gone: named, exit 1.
    let missing = std::fs::read_dir(dir.join("server/store/prevalence")).unwrap();
    let missing = missing.map(|it| it.unwrap().path()).find(|path| path.extension().is_some_and(|it| it == "parquet"));
    std::fs::write(missing.unwrap(), b"no Parquet").unwrap();
    let broken = nenrin(&dir, &["store", "stats"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&broken.stdout).contains("PROBLEM"), "{broken:?}");
    assert_eq!(nenrin(&dir, &["store", "burn"]).status.code(), Some(2));
    let nowhere = tempfile::tempdir().unwrap();
    let nowhere = nenrin(nowhere.path(), &["store", "stats"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("--data-dir"), "{nowhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_column_file_is_named_and_others_are_read() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    rig.send(&device, 1, &rows()).await;
    let mut late = rows();
    for row in &mut late {
        row.set(&col::TIMESTAMP, schema::row::Nanos(crate::support::T0_NS - 3 * 86_400_000_000_000));
    }
    rig.send(&device, 21, &late).await;
    let Rig { server, dir, .. } = rig;
    server.stop().await;
    let server = server::serve::start(&crate::support::config(dir.path())).await.unwrap();
    let hash = server::api::auth::hash_password("x").unwrap();
    server.state.set_password("admin", &hash, "admin").await.unwrap();
    let day = dir.path().join("server/store/events/day=2026-11-24");
    let file = std::fs::read_dir(&day).unwrap().next().unwrap().unwrap().path();
    let rig = Rig::over(server, dir, "x").await;
    let whole = std::fs::read(&file).unwrap();
    for damage in ["missing", "torn", "flipped"] {
        match damage {
            "missing" => std::fs::remove_file(&file).unwrap(),
            "torn" => std::fs::write(&file, &whole[..whole.len() / 2]).unwrap(),
            _ => std::fs::write(&file, whole.iter().map(|byte| byte ^ 0x55).collect::<Vec<u8>>()).unwrap(),
        }
        let query = json!({ "query": "DeviceFileEvents | count", "allTime": true }).to_string().into_bytes();
        let args_cookie = rig.cookie();
        let args = ["-b", &args_cookie, "-H", JSON];
        let answer = rig.portal("/api/v1/hunting/run", &args, Some(query)).await;
        assert!(answer.body.contains("day=2026-11-24") && answer.body.contains("backup"), "{damage}: {answer:?}");
        let path = format!("/api/v1/devices/{}/timeline", device.id);
        let answer = rig.get(&path).await;
        assert_eq!((answer.status, answer.code().as_str()), (500, "damaged_file"), "{damage}: {answer:?}");
        assert!(answer.body.contains("day=2026-11-24"), "{damage}: {answer:?}");
        // What is not in the file is answered.
        let query = "DeviceFileEvents | where Timestamp < datetime(2026-11-22) | count";
        let query = json!({ "query": query }).to_string().into_bytes();
        let answer = rig.portal("/api/v1/hunting/run", &args, Some(query)).await;
        assert!(answer.status == 200 && answer.body.contains("{\"rows\":[[20]]}"), "{damage}: {answer:?}");
        std::fs::write(&file, &whole).unwrap();
    }
}

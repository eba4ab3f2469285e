//! Exports of a timeline hold what its pages show, in every format.

use schema::{Row, col};
use serde_json::Value as Json;

use crate::support::{Device, JSON, Rig, row};
use crate::tokens::{app, token};

/// More rows than one part of an export, many of them at the same instant.
const N_ROWS: u64 = 21_500;

async fn rig() -> (Rig, Device) {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let rows: Vec<Row> = (0..N_ROWS)
        .map(|idx| {
            let mut row = row(idx as i64 / 21_000, if idx % 3 == 0 { "ProcessCreated" } else { "FileCreated" });
            row.set(&col::FILE_NAME, format!("=file {idx}, \"quoted\"\n"));
            row
        })
        .collect();
    for (chunk_idx, chunk) in rows.chunks(5_000).enumerate() {
        rig.send(&device, 1 + 5_000 * chunk_idx as u64, chunk).await;
    }
    (rig, device)
}

/// Ids of all pages.
async fn shown(rig: &Rig, device: &Device, query: &str) -> Vec<String> {
    let base = format!("/api/v1/devices/{}/timeline?limit=1000&{query}", device.id);
    let (mut ids, mut next) = (Vec::new(), base.clone());
    let dir = if query.contains("order=asc") { "newer" } else { "older" };
    loop {
        let page = rig.json(&next).await;
        ids.extend(page["items"].as_array().unwrap().iter().map(|it| it["eventId"].as_str().unwrap().to_owned()));
        let Some(cursor) = page[dir].as_str() else { return ids };
        next = format!("{base}&cursor={cursor}&dir={dir}");
    }
}

async fn ndjson(rig: &Rig, device: &Device, query: &str) -> Vec<Json> {
    let answer = rig.get(&format!("/api/v1/devices/{}/timeline/export?{query}", device.id)).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(rows: &[Json]) -> Vec<String> {
    rows.iter().map(|row| row["EventId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_what_the_pages_show() {
    let (rig, device) = rig().await;
    for query in ["order=desc", "order=asc", "groups=Processes", "q=file%207", "to=2026-11-24T00:00:00Z&order=asc"] {
        let exported = ids(&ndjson(&rig, &device, query).await);
        assert!(!exported.is_empty(), "{query}");
        assert!(exported == shown(&rig, &device, query).await, "{query}: {} rows differ", exported.len());
    }
    let all = ids(&ndjson(&rig, &device, "").await);
    let page = rig.json(&format!("/api/v1/devices/{}/timeline?limit=100", device.id)).await;
    let cursor = page["older"].as_str().unwrap();
    assert!(ids(&ndjson(&rig, &device, &format!("cursor={cursor}&dir=older")).await) == all[100..]);
    assert!(ids(&ndjson(&rig, &device, &format!("cursor={cursor}&dir=newer")).await) == all[..99]);
    assert!(ndjson(&rig, &device, "q=nothinglikeit").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn formats_hold_the_same_rows() {
    let (rig, device) = rig().await;
    let base = format!("/api/v1/devices/{}/timeline/export?q=%22file%2099%22&format=", device.id);
    let json = ndjson(&rig, &device, "q=%22file%2099%22").await;
    assert_eq!(json[0]["FileName"], "=file 9999, \"quoted\"\n");
    let csv = rig.get(&format!("{base}csv")).await.body;
    assert!(csv.starts_with("Timestamp,"), "{}", &csv[..40]);
    assert_eq!(csv.matches(",\"'=file 99").count(), json.len());
    let sketch = rig.get(&format!("{base}timesketch")).await.body;
    assert!(sketch.starts_with("message,datetime,timestamp_desc,Timestamp,"), "{}", &sketch[..60]);
    assert!(sketch.contains("ProcessCreated: =file 9999"), "{}", &sketch[..4_000]);
    assert_eq!(sketch.matches("d Time,").count(), json.len());
    // The columns of a Parquet file are read by `scenario open-formats` and the store's tests.
    let url = format!("https://{}{base}parquet", rig.server.address);
    let file = rig.dir.path().join("export.parquet");
    let curl = std::process::Command::new("curl")
        .args(["-sS", "--fail", "--cacert", &rig.ca(), "-b", &rig.cookie(), "-o"])
        .arg(&file)
        .arg(url)
        .status()
        .unwrap();
    assert!(curl.success());
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1") && bytes.len() > 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_need_their_permission_and_are_audited() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    rig.send(&device, 1, &[row(0, "FileCreated")]).await;
    let timeline = format!("/api/v1/devices/{}/timeline", device.id);
    for (permission, pages, export) in [("Timeline.Read.All", 200, 403), ("Export.Read.All", 403, 200)] {
        let app = app(&rig, &[permission], true).await;
        let header = format!("authorization: Bearer {}", token(&rig, &app).await);
        assert_eq!(rig.portal(&timeline, &["-H", &header, "-H", JSON], None).await.status, pages, "{permission}");
        let answer = rig.portal(&format!("{timeline}/export?q=x"), &["-H", &header], None).await;
        assert_eq!(answer.status, export, "{permission}");
    }
    let rows = rig.json("/api/v1/audit").await;
    let rows = rows["rows"].as_array().unwrap().clone();
    let exports: Vec<&Json> = rows.iter().filter(|row| row["action"] == "timeline.export").collect();
    assert_eq!(exports.len(), 1, "{rows:?}");
    assert_eq!(exports[0]["target"], device.id.as_str());
    for query in ["limit=5", "around=x", "format=xml", "order=up", "cursor=1", "groups=Nope"] {
        let answer = rig.get(&format!("{timeline}/export?{query}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{query}");
    }
}

//! KQL over HTTP: the streamed answer, the check, MDE's shape, and refusals.

use schema::{Row, col};
use serde_json::{Value as Json, json};

use crate::support::{Answer, JSON, Rig, row};

async fn rig() -> Rig {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let mut rows: Vec<Row> = Vec::new();
    for idx in 0..20 {
        let mut row = row(idx, "FileCreated");
        row.set(&col::FILE_NAME, format!("file-{}.txt", idx % 4));
        rows.push(row);
    }
    rig.send(&device, 1, &rows).await;
    rig
}

async fn post(rig: &Rig, path: &str, body: &Json) -> Answer {
    let cookie = rig.cookie();
    rig.portal(path, &["-b", &cookie, "-H", JSON], Some(body.to_string().into_bytes())).await
}

fn lines(answer: &Answer) -> Vec<Json> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const BY_NAME: &str = "DeviceFileEvents | summarize n = count() by FileName | sort by FileName asc";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_head_rows_and_figures() {
    let rig = rig().await;
    let answer = post(&rig, "/api/v1/hunting/run", &json!({ "query": BY_NAME, "allTime": true })).await;
    let lines = lines(&answer);
    let [head, rows, done] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(head["columns"], json!([{ "name": "FileName", "type": "string" }, { "name": "n", "type": "long" }]));
    let expected = json!([["file-0.txt", 5], ["file-1.txt", 5], ["file-2.txt", 5], ["file-3.txt", 5]]);
    assert_eq!(rows["rows"], expected);
    assert_eq!(done["done"]["rows"], 4);
    assert_eq!(done["done"]["complete"]["state"], "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_and_parquet_hold_the_same_rows() {
    let rig = rig().await;
    let body = json!({ "query": BY_NAME, "allTime": true });
    let csv = post(&rig, "/api/v1/hunting/run?format=csv", &body).await;
    assert_eq!(csv.body, "FileName,n\r\nfile-0.txt,5\r\nfile-1.txt,5\r\nfile-2.txt,5\r\nfile-3.txt,5\r\n");
    let parquet = post(&rig, "/api/v1/hunting/run?format=parquet", &body).await;
    assert_eq!(parquet.status, 200);
    assert!(parquet.body.starts_with("PAR1") && parquet.body.ends_with("PAR1"), "{}", parquet.body.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn mdes_shape_has_dotnet_types_and_named_cells() {
    let rig = rig().await;
    let body = json!({ "Query": "DeviceFileEvents | where Timestamp > datetime(2000-01-01) | summarize n = count(), at = max(Timestamp)" });
    let answer = post(&rig, "/api/advancedqueries/run", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    assert_eq!(answer["Schema"], json!([{ "Name": "n", "Type": "Int64" }, { "Name": "at", "Type": "DateTime" }]));
    assert_eq!(answer["Results"][0]["n"], 20);
    assert!(answer["Results"][0]["at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_says_where_and_what_next() {
    let rig = rig().await;
    let query = "DeviceFileEvents | where Filename == 'a'";
    let answer = post(&rig, "/api/v1/hunting/run", &json!({ "query": query })).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "query"));
    let found = answer.json()["error"]["diagnostics"][0].clone();
    assert_eq!((found["start"].as_u64(), found["end"].as_u64()), (Some(25), Some(33)));
    assert!(found["hint"].as_str().unwrap().contains("FileName"), "{found}");
    let checked = post(&rig, "/api/v1/hunting/analyze", &json!({ "query": query })).await.json();
    assert_eq!((&checked["ok"], &checked["diagnostics"][0]["code"]), (&json!(false), &found["code"]));
    let checked = post(&rig, "/api/v1/hunting/analyze", &json!({ "query": BY_NAME })).await.json();
    assert_eq!((&checked["ok"], &checked["columns"][1]["type"]), (&json!(true), &json!("long")));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_nonsense_are_refused() {
    let rig = rig().await;
    let body = json!({ "query": BY_NAME }).to_string().into_bytes();
    for path in ["/api/v1/hunting/run", "/api/v1/hunting/analyze", "/api/advancedqueries/run"] {
        let answer = rig.portal(path, &["-H", JSON], Some(body.clone())).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    let answer = post(&rig, "/api/v1/hunting/run", &json!({ "query": BY_NAME, "from": "yesterday" })).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
    let answer = post(&rig, "/api/v1/hunting/run", &json!({ "question": "?" })).await;
    assert_eq!(answer.status, 422, "{answer:?}");
}

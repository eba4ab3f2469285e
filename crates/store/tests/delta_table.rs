//! The table's log is the Delta protocol: what any reader of it relies on.

use serde_json::Value as Json;

use crate::support::{batch, open};

#[test]
fn commits_have_the_actions_of_the_protocol() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 10)).unwrap();
    store.flush().unwrap();
    let log = dir.path().join("events/_delta_log");
    let first = actions(&log.join("00000000000000000000.json"));
    assert_eq!(first.iter().find_map(|it| it.pointer("/protocol/minReaderVersion")), Some(&Json::from(1)));
    let schema = first.iter().find_map(|it| it.pointer("/metaData/schemaString")).unwrap();
    let schema: Json = serde_json::from_str(schema.as_str().unwrap()).unwrap();
    let names: Vec<&str> = schema["fields"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"Timestamp"));
    assert_eq!(names.last(), Some(&"day"));
    let second = actions(&log.join("00000000000000000001.json"));
    let add = second.iter().find_map(|it| it.get("add")).unwrap();
    assert_eq!(add["partitionValues"]["day"], "2026-11-24");
    assert_eq!(
        add["size"].as_u64(),
        Some(std::fs::metadata(dir.path().join("events").join(add["path"].as_str().unwrap())).unwrap().len())
    );
    let stats: Json = serde_json::from_str(add["stats"].as_str().unwrap()).unwrap();
    assert_eq!(stats["numRecords"], 10);
    assert_eq!(stats["minValues"]["Timestamp"], "2026-11-24T00:00:00.001Z");
    assert!(second.iter().any(|it| it.pointer("/txn/appId") == Some(&Json::from("nenrin/wal"))));
}

fn actions(path: &std::path::Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

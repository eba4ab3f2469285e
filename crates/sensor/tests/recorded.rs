//! Recorded ring bytes through the whole pipeline: the rows must stay what `testdata/kernel/rows.ndjson` says.
//! `UPDATE=1 cargo test -p sensor` writes the file anew. Needs neither root nor eBPF.

use std::fs;
use std::path::Path;

use sensor::enrich::users::Users;
use sensor::pipeline::Pipeline;
use sensor::watch::json;
use serde_json::Value;

/// In the order in which they happened.
const RECORDS: [&str; 5] =
    ["exec-script.bin", "file-created.bin", "file-renamed.bin", "connect-refused.bin", "dns-answer.bin"];

/// Hashes depend on the machine's files, not on the record.
fn without_hashes(mut row: Value) -> Value {
    let object = row.as_object_mut().expect("a row is an object");
    object.retain(|name, _| !name.ends_with("SHA256") && !name.ends_with("SHA1") && !name.ends_with("MD5"));
    if let Some(text) = object.get("AdditionalFields").and_then(Value::as_str) {
        let mut more: Value = serde_json::from_str(text).expect("additional fields are JSON");
        more.as_object_mut().expect("and an object").remove("hash_missing");
        object.insert("AdditionalFields".to_owned(), more);
    }
    row
}

/// The order of an object's members depends on what else is built; here it is by name.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(members.into_iter().collect())
        }
        other => other,
    }
}

#[test]
fn recorded_bytes_make_the_same_rows() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/kernel");
    let mut pipeline = Pipeline::new(Vec::new()).expect("the hash workers start");
    let builder = pipeline.builder();
    builder.boot_id = "00000000-0000-0000-0000-000000000000".to_owned();
    builder.boot = "00000000".to_owned();
    builder.device = "recorded".to_owned();
    builder.offset_ns = 0;
    builder.users = Users::new(directory.join("no-such-file"));
    for name in RECORDS {
        pipeline.feed(&fs::read(directory.join(name)).expect("a record"));
    }
    pipeline.flush();
    let mut seen = pipeline.take();
    // Rows whose hash was there at once come first.
    seen.sort_by_key(|seen| seen.row.number(&schema::col::TIMESTAMP));
    let rows: Vec<String> = seen.iter().map(|seen| sorted(without_hashes(json(&seen.row))).to_string()).collect();
    let text = rows.join("\n") + "\n";
    let golden = directory.join("rows.ndjson");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, &text).expect("write the rows");
    }
    assert_eq!(text, fs::read_to_string(&golden).expect("the rows"));
}

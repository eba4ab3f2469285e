//! Rows of Defender for Endpoint, in the forms in which it gives them away.

use schema::{Row, col};
use serde_json::Value;
use winlog::Damage;
use winlog::mde::{CsvReader, JsonAnswer, RowSource};

fn all(mut source: impl RowSource) -> Vec<Result<Row, Damage>> {
    let mut items = Vec::new();
    while let Some(some) = source.next_some() {
        items.extend(some);
    }
    items
}

fn extras(row: &Row) -> Value {
    serde_json::from_str(row.text(&col::ADDITIONAL_FIELDS).expect("AdditionalFields")).expect("JSON")
}

#[test]
fn the_timelines_export() {
    let csv = "\u{feff}Event Time,Machine Id,Computer Name,Action Type,File Name,Remote Port,Remote Computer Name,Report Id,Data Type\r\n\
               2026-03-02T09:15:04.1234567Z,aa,WS5,ProcessCreated,\"a, b.exe\",443,srv1,7,Techniques\r\n\
               not a time,aa,WS5,ProcessCreated,,,,,\r\n\
               \"Mar 2, 2026 12:05:04 AM\",aa,WS5,FileCreated,,99999999999,,,\r\n";
    let items = all(CsvReader::open(csv.as_bytes()).expect("a head"));
    assert_eq!(items.len(), 3);
    let first = items[0].as_ref().expect("a row");
    assert_eq!(first.number(&col::TIMESTAMP), Some(1_772_442_904_123_456_700));
    assert_eq!((first.text(&col::DEVICE_NAME), first.text(&col::FILE_NAME)), (Some("ws5"), Some("a, b.exe")));
    assert_eq!((first.number(&col::REMOTE_PORT), first.text(&col::REMOTE_DEVICE_NAME)), (Some(443), Some("srv1")));
    assert_eq!(first.get(&col::DEVICE_ID), None, "a file does not say which device of ours it is");
    assert_eq!((&extras(first)["MdeDeviceId"], &extras(first)["Data Type"]), (&"aa".into(), &"Techniques".into()));
    assert_eq!(items[1].as_ref().expect_err("no time").name(), "not_an_event");
    let third = items[2].as_ref().expect("a row");
    assert_eq!(third.number(&col::TIMESTAMP), Some(1_772_409_904_000_000_000));
    assert_eq!((third.get(&col::REMOTE_PORT), &extras(third)["Remote Port"]), (None, &"99999999999".into()));
}

#[test]
fn hunting_results() {
    let rows = r##"[{"Timestamp":"2026-03-02T09:15:04Z","DeviceName":"ws5","ActionType":"ConnectionSuccess","RemotePort":443,
        "InitiatingProcessId":3912,"AdditionalFields":"{\"a\":1}","Count":3,"Nothing":null,"x@odata.type":"#String"},
        {"ActionType":"NoTime"}, 7]"##;
    for text in [rows.to_owned(), format!(r#"{{"Schema":[],"Results":{rows}}}"#), format!(r#"{{"results":{rows}}}"#)] {
        let items = all(JsonAnswer::open(text.as_bytes()).expect("an answer"));
        assert_eq!(items.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false]);
        let row = items[0].as_ref().expect("a row");
        assert_eq!((row.number(&col::REMOTE_PORT), row.number(&col::INITIATING_PROCESS_ID)), (Some(443), Some(3912)));
        assert_eq!(extras(row), serde_json::json!({ "a": 1, "Count": 3 }));
    }
    for text in ["", "{}", "7", "{\"Results\":7}"] {
        assert!(JsonAnswer::open(text.as_bytes()).is_err(), "{text}");
    }
    for text in ["", "a,b\n1,2", "Timestamp,File Name\n"] {
        assert!(CsvReader::open(text.as_bytes()).is_err(), "{text}");
    }
}

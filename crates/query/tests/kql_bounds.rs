//! What a query may see, how much it may use, and that nothing a person writes makes it panic.

mod hostile;
mod memory;
mod noise;
mod stopping;

use std::time::{Duration, Instant};

use prost::Message;
use query::kql::{Access, Limits, Refusal, Request, TimeRange};
use query::{Engine, Error};
use schema::row::Nanos;
use schema::{Row, col};
use store::{Append, Options, Store};
use tempfile::TempDir;

/// 2026-01-10T00:00:00Z.
const NOW_NS: i64 = 1_768_003_200_000_000_000;
const DAY_NS: i64 = 86_400_000_000_000;

struct Place {
    engine: Engine,
    store: Store,
    dir: TempDir,
}

/// Ten rows of each of two devices, one a day, newest first.
fn place() -> Place {
    let dir = tempfile::tempdir().expect("make directory");
    let store = Store::open(&Options { dir: dir.path().to_owned() }).expect("open store");
    for (device, tenant) in [("d1", "t1"), ("d2", "t2")] {
        let mut records = Vec::new();
        for day in 0..10 {
            let mut row = Row::new();
            row.set(&col::EVENT_TABLE, "DeviceProcessEvents")
                .set(&col::TIMESTAMP, Nanos(NOW_NS - day * DAY_NS - 1_000_000_000))
                .set(&col::DEVICE_ID, device)
                .set(&col::FILE_NAME, format!("{day}.exe"));
            records.push(row.encode_to_vec());
        }
        let append = Append {
            device: device.to_owned(),
            tenant: tenant.to_owned(),
            epoch: 1,
            first_seq: 1,
            received_ns: NOW_NS,
            records,
        };
        store.append_wait(append).expect("append");
    }
    store.flush().expect("flush");
    Place { engine: Engine::new(2).expect("engine"), store, dir }
}

impl Place {
    fn rows(&self, request: Request) -> Result<(usize, Vec<&'static str>), String> {
        let answer = self.engine.run_kql(&self.store.snapshot(), request).map_err(|refusal| refusal.to_string())?;
        let (batches, outcome) = answer.collect().map_err(|error| error.to_string())?;
        let n_rows = batches.iter().map(|batch| batch.num_rows()).sum();
        Ok((n_rows, outcome.caps.iter().map(|cap| cap.name).collect()))
    }

    fn count(&self, request: Request) -> usize {
        self.rows(request).expect("an answer").0
    }
}

fn request(text: &str) -> Request {
    Request::new(text, NOW_NS)
}

#[test]
fn access_is_part_of_the_plan() {
    let place = place();
    let mut asked = request("DeviceProcessEvents | where DeviceId == 'd2' or true");
    assert_eq!(place.count(asked.clone()), 20);
    asked.access = Access { tenant: Some("t1".to_owned()), devices: None };
    assert_eq!(place.count(asked.clone()), 10);
    asked.access = Access { tenant: None, devices: Some(vec!["d2".to_owned()]) };
    assert_eq!(place.count(asked.clone()), 10);
    asked.access = Access { tenant: None, devices: Some(Vec::new()) };
    assert_eq!(place.count(asked), 0);
    let mut hidden = request("print n = toscalar(DeviceProcessEvents | count) | where n == 0");
    hidden.access = Access { tenant: Some("other".to_owned()), devices: None };
    assert_eq!(place.count(hidden), 1);
}

#[test]
fn the_default_range_gives_way_to_a_condition_on_time() {
    let place = place();
    let range = TimeRange { from_us: (NOW_NS - 3 * DAY_NS) / 1_000, to_us: NOW_NS / 1_000 };
    for (text, n_rows) in [
        ("DeviceProcessEvents", 6),
        ("DeviceProcessEvents | where Timestamp > ago(5d)", 10),
        ("let since = ago(5d); DeviceProcessEvents | where TimeGenerated >= since", 10),
        ("DeviceProcessEvents | where FileName == 'Timestamp > ago(5d)' or true", 6),
        ("DeviceProcessEvents | summarize count() by bin(Timestamp, 1d)", 3),
        ("DeviceProcessEvents | where ingestion_time() > ago(1000d)", 20),
        ("DeviceProcessEvents | where startofday(Timestamp) > ago(1000d)", 20),
        ("DeviceProcessEvents | project At = Timestamp | where At between (ago(5d) .. now())", 10),
        ("search in (DeviceProcessEvents) Timestamp > ago(5d)", 10),
        // A comparison of two rows' times bounds nothing.
        ("DeviceProcessEvents | extend Other = Timestamp | where Timestamp >= Other", 6),
        // Each table has its own bounds, by what is said of it.
        ("DeviceProcessEvents | where Timestamp > ago(5d) | union DeviceProcessEvents", 16),
        ("union DeviceProcessEvents, (DeviceProcessEvents | where FileName == 'none') | where Timestamp > ago(5d)", 10),
        ("let all = DeviceProcessEvents | where FileName != 'none'; all | where Timestamp > ago(5d)", 10),
        (
            "DeviceProcessEvents | where DeviceId in ((DeviceProcessEvents | where Timestamp > ago(99d) | project DeviceId))",
            6,
        ),
        ("DeviceProcessEvents | join kind=leftsemi (DeviceProcessEvents | where Timestamp > ago(99d)) on DeviceId", 6),
        ("DeviceProcessEvents | where Timestamp > ago(5d) | join kind=rightsemi DeviceProcessEvents on DeviceId", 6),
    ] {
        let mut asked = request(text);
        asked.default_range = Some(range);
        assert_eq!(place.count(asked), n_rows, "{text}");
    }
}

#[test]
fn caps_cut_or_stop() {
    let place = place();
    let mut asked = request("DeviceProcessEvents");
    asked.limits.result_rows = 7;
    assert_eq!(place.rows(asked), Ok((7, vec!["RESULT_ROWS_MAX"])));
    let mut asked = request("range x from 1 to 100000 step 1");
    asked.limits.result_bytes = 100_000;
    let (n_rows, caps) = place.rows(asked).expect("an answer");
    assert!(n_rows < 100_000 && caps == ["RESULT_BYTES_MAX"], "{n_rows} {caps:?}");
    let mut asked = request("range x from 1 to 1000000000000 step 1 | count");
    asked.limits.expanded_rows = 100_000;
    let error = place.rows(asked).expect_err("a cap");
    assert!(error.contains("EXPANDED_ROWS_MAX"), "{error}");
    let mut asked = request(
        "print l = range(1, 1000) | mv-expand a = l | mv-expand b = l | mv-expand c = l | mv-expand d = l | count",
    );
    asked.limits.expanded_rows = 100_000;
    let error = place.rows(asked).expect_err("a cap");
    assert!(error.contains("EXPANDED_ROWS_MAX"), "{error}");
    let mut asked =
        request("range x from 1 to 300000 step 1 | summarize count() by strcat('key', tostring(x)) | count");
    asked.limits.memory_bytes = 1 << 20;
    let error = place.rows(asked).expect_err("a cap");
    assert!(error.contains("memory") || error.contains("cap"), "{error}");
}

#[test]
fn time_ends_a_query_and_dropping_the_answer_does() {
    let place = place();
    let endless = "range x from 1 to 1000000000 step 1 | extend k = 1
        | join kind=inner (range y from 1 to 1000000000 step 1 | extend k = 1) on k | count";
    let started = Instant::now();
    let mut asked = request(endless);
    asked.limits = Limits { wall_time: Duration::from_secs(1), ..Limits::default() };
    let error = place.rows(asked).expect_err("a cap");
    assert!(started.elapsed() < Duration::from_secs(1) + stopping::STOP_MAX, "{:?} {error}", started.elapsed());
    let snapshot = place.store.snapshot();
    let answer = place.engine.run_kql(&snapshot, request(endless)).expect("an answer");
    drop(answer);
    // The engine's threads are free again.
    let started = Instant::now();
    assert_eq!(place.count(request("DeviceProcessEvents | summarize count() by DeviceId")), 2);
    assert!(started.elapsed() < stopping::STOP_MAX, "{:?}", started.elapsed());
}

#[test]
fn wrong_and_hostile_queries_are_refused() {
    let place = place();
    let deep = format!("print {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    let nested = format!("let f = (x: long) {{ {}x{} }}; print f(1)", "(1 + ".repeat(150), ")".repeat(150));
    let doubled: String = (1..40).map(|n| format!("let t{n} = union t{}, t{};", n - 1, n - 1)).collect();
    let doubled = format!("let t0 = print x = 1; {doubled} t39");
    let long = format!("DeviceProcessEvents | where {} | count", vec!["FileName == 'x'"; 5_000].join(" or "));
    let list: Vec<String> = (0..200_000).map(|n| format!("'{n}.exe'")).collect();
    let listed = format!("DeviceProcessEvents | where FileName in ({}) | count", list.join(", "));
    assert_eq!(place.count(request(&listed)), 1);
    let mut accepted = Vec::new();
    for text in [
        deep.as_str(),
        doubled.as_str(),
        "let f = () { f() }; f()",
        "let x = x; print x",
        "",
        "// nothing",
        "DeviceProcessEvents | where",
        "DeviceProcessEvents | summarize by",
        "DeviceProcessEvents | extend = 1",
        "DeviceProcessEvents | join (DeviceProcessEvents)",
        "DeviceProcessEvents | where count() > 1",
        "DeviceProcessEvents | where FileName",
        "DeviceProcessEvents | where Timestamp > 'x' + 1",
        "DeviceProcessEvents | extend x = prev(FileName)",
        "DeviceProcessEvents | take -1",
        "DeviceProcessEvents | top 3",
        "datatable (a: long) ['x', 1, 2] | where b",
        "range x from 1 to 10 step 0",
        "DeviceProcessEvents | evaluate nope()",
        "DeviceProcessEvents | invoke nope()",
        "print x = 1 | parse kind=regex 'a' with '(' y",
        "union nope*",
        "search in (nope) 'x'",
        "print cluster('x').database('y').T",
        "'",
        "|",
        ";;;",
        "\u{0}",
        "DeviceProcessEvents | where ProcessCommandLine matches regex @'(a+'",
    ] {
        match place.engine.run_kql(&place.store.snapshot(), request(text)) {
            Err(Refusal::Diagnostics(found)) => {
                assert!(found.iter().any(|found| found.is_error()), "{text:.80}");
                for found in found {
                    assert!(found.span.range().end <= text.len(), "{text:.80} {found:?}");
                }
            }
            Err(Refusal::Failed(error)) => assert!(matches!(error, Error::Limit(_)), "{text:.80} {error}"),
            Ok(_) => accepted.push(text),
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
    for text in [nested.as_str(), long.as_str()] {
        let answer = place.rows(request(text));
        assert!(answer.is_ok() || answer.as_ref().is_err_and(|error| error.contains("KQL")), "{text:.80} {answer:?}");
    }
}

#[test]
fn analysis_needs_no_data() {
    let place = place();
    let analysis = place.engine.analyze_kql("DeviceProcessEvents | project Timestamp, n = strlen(FileName)", NOW_NS);
    let columns = analysis.columns.expect("columns");
    let names: Vec<String> = columns.iter().map(|column| format!("{}: {}", column.name, column.ty)).collect();
    assert_eq!(names, ["Timestamp: datetime", "n: long"]);
    let analysis = place.engine.analyze_kql("print d = dynamic({}) | evaluate bag_unpack(d) | where x == 1", NOW_NS);
    assert!(analysis.columns.is_none() && analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
    let plan = place.engine.explain_kql(&place.store.snapshot(), request("DeviceProcessEvents | count"));
    assert!(plan.expect("a plan").contains("EventsScan"));
}

/// `^` is the cursor; then words that must be offered, and words that must not.
const COMPLETIONS: &[(&str, &[&str], &[&str])] = &[
    ("Dev^", &["DeviceProcessEvents", "DeviceInfo"], &["DeviceName"]),
    ("DeviceProcessEvents | wh^", &["where"], &["DeviceInfo"]),
    ("DeviceProcessEvents | project-aw^", &["project-away"], &["project"]),
    ("DeviceProcessEvents | where filen^", &["FileName"], &["where"]),
    ("DeviceProcessEvents | where FileName st^", &["startswith"], &["strlen"]),
    ("DeviceProcessEvents | where str^", &["strlen"], &["startswith"]),
    ("DeviceProcessEvents | project Name = FileName | where F^", &[], &["FileName"]),
    ("DeviceProcessEvents | project Name = FileName | where Na^", &["Name"], &[]),
    ("DeviceProcessEvents | summarize co^", &["count", "countif"], &[]),
    ("DeviceProcessEvents | project x = 1 | join (DeviceInfo | where OSP^", &["OSPlatform"], &["x"]),
    ("let first = DeviceInfo | take 1; fi^", &["first", "find"], &[]),
    ("let first = 1; DeviceInfo | project a = 1 | where f^", &["first"], &["FileName"]),
    ("let t = DeviceInfo | project alpha = 1 | where al^", &["alpha"], &["AlertId"]),
    ("let f = (x: string) { DeviceInfo | where Dev^", &["DeviceName"], &[]),
    ("DeviceInfo | evaluate b^", &["bag_unpack"], &["bin"]),
    ("DeviceInfo | invoke F^", &["FileProfile"], &["FileName"]),
    ("print toint(1) | render t^", &["timechart"], &["tostring"]),
    ("DeviceInfo | where DeviceName == \"Dev^", &[], &["DeviceName", "DeviceInfo"]),
    ("DeviceInfo // Dev^", &[], &["DeviceName", "DeviceInfo"]),
];

#[test]
fn completion_offers_what_may_stand_at_the_cursor() {
    let place = place();
    for (text, offered, absent) in COMPLETIONS {
        let at = text.find('^').expect("a cursor");
        let text = text.replace('^', "");
        let (start, words) = place.engine.complete_kql(&text, at);
        assert!(start <= at, "{text}");
        for word in *offered {
            assert!(words.iter().any(|found| found == word), "{text}: {word} is not among {words:?}");
        }
        for word in *absent {
            assert!(!words.iter().any(|found| found == word), "{text}: {word} is among {words:?}");
        }
    }
}

#[test]
fn a_text_is_whole_when_it_ends_in_a_query() {
    for text in ["print 1", "let a = 1; print a", "let a = 1;\nDeviceInfo | take 1;", "T | where", "set x; T"] {
        assert!(query::kql::is_whole(text), "{text}");
    }
    for text in ["", "  // a remark", "let a = 1", "let a = 1;", "let f = (x: long) { let y = 1;", "set x;"] {
        assert!(!query::kql::is_whole(text), "{text}");
    }
}

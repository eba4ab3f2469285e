//! Queries that are large, deep or greedy: an answer, diagnostics, or a named cap, and soon.

use std::time::{Duration, Instant};

use query::Error;
use query::kql::{Limits, Refusal, Request};

use super::{Place, place, request};

/// Time for any of these queries; a debug build on a machine that is busy otherwise needs most of it.
const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 240 } else { 20 });

/// Values of the longest lists. A release build has as many as the reference allows.
const VALUES: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

/// Columns of the widest tables.
const COLUMNS: usize = if cfg!(debug_assertions) { 200 } else { 1_500 };

/// How a query ended.
#[derive(Debug)]
enum End {
    Rows(usize),
    /// Codes of the errors.
    Refused(Vec<&'static str>),
    Stopped(String),
}

impl Place {
    /// Runs a query to its end. An error that is neither a diagnostic nor a cap fails the test.
    fn end(&self, request: Request) -> End {
        let text = request.text.clone();
        match self.engine.run_kql(&self.store.snapshot(), request) {
            Err(Refusal::Diagnostics(found)) => {
                let errors: Vec<_> = found.iter().filter(|found| found.is_error()).collect();
                assert!(!errors.is_empty(), "{text:.80}");
                for error in &errors {
                    assert!(error.span.range().end <= text.len() && !error.message.is_empty(), "{text:.80} {error:?}");
                }
                End::Refused(errors.iter().map(|error| error.code).collect())
            }
            Err(Refusal::Failed(error)) => stopped(&text, error),
            Ok(answer) => match answer.collect() {
                Ok((batches, outcome)) => {
                    assert!(outcome.caps.is_empty(), "{text:.80} {:?}", outcome.caps);
                    End::Rows(batches.iter().map(|batch| batch.num_rows()).sum())
                }
                Err(error) => stopped(&text, error),
            },
        }
    }

    /// Runs a query that must end soon.
    fn soon(&self, name: &str, request: Request) -> End {
        let started = Instant::now();
        let end = self.end(request);
        let elapsed = started.elapsed();
        eprintln!("{name}: {end:?} after {elapsed:.2?}");
        assert!(elapsed < SOON, "{name}: {end:?} after {elapsed:?}");
        end
    }
}

fn stopped(text: &str, error: Error) -> End {
    assert!(matches!(error, Error::Limit(_)), "{text:.80} {error}");
    End::Stopped(error.to_string())
}

#[test]
fn deep_queries_end() {
    let place = place();
    let around = |open: &str, inner: &str, close: &str| {
        format!("print x = {}{inner}{}", open.repeat(10_000), close.repeat(10_000))
    };
    let piped =
        |open: &str, close: &str| format!("{}DeviceProcessEvents{} | count", open.repeat(10_000), close.repeat(10_000));
    for (name, text) in [
        ("parentheses", around("(", "1", ")")),
        ("not", around("not(", "true", ")")),
        ("minus", around("-", "1", "")),
        ("calls", around("strcat(", "'a'", ")")),
        ("sums on the right", around("1 + (", "1", ")")),
        ("sums on the left", around("(", "1", " + 1)")),
        ("subtraction", around("1 - ", "1", "")),
        ("dynamic", around("dynamic([", "", "])")),
        ("arrays in a dynamic", format!("print x = dynamic({}{})", "[".repeat(10_000), "]".repeat(10_000))),
        ("bags in a dynamic", format!("print x = dynamic({}1{})", "{\"a\":".repeat(10_000), "}".repeat(10_000))),
        ("JSON text", format!("print x = parse_json('{}{}')", "[".repeat(10_000), "]".repeat(10_000))),
        ("members", around("dynamic({})", "", ".a")),
        ("indices", around("dynamic([])", "", "[0]")),
        ("iff", around("iff(true, ", "1", ", 2)")),
        ("toscalar", around("toscalar(print ", "1", ")")),
        ("tables", piped("(", ")")),
        ("unions", piped("union (", ")")),
        ("materialize", piped("materialize(", ")")),
        ("joins", format!("DeviceProcessEvents {}", "| join (DeviceProcessEvents ".repeat(10_000))),
        ("in", format!("DeviceProcessEvents {}", "| where FileName in ((DeviceProcessEvents ".repeat(10_000))),
        ("functions", format!("{}1{}; print 1", "let f = () { ".repeat(10_000), " }".repeat(10_000))),
        ("comments", "// (\n".repeat(10_000) + "print 1"),
        ("brackets", "[".repeat(10_000)),
        ("braces", "{".repeat(10_000)),
    ] {
        place.soon(name, request(&text));
    }
}

#[test]
fn long_queries_end() {
    let place = place();
    let terms = |n: usize, term: fn(usize) -> String, joint: &str| (0..n).map(term).collect::<Vec<_>>().join(joint);
    let million = terms(VALUES, |n| format!("'{n}.exe'"), ",");
    let end =
        place.soon("in of 10^6", request(&format!("DeviceProcessEvents | where FileName in ({million}) | count")));
    assert!(matches!(end, End::Rows(1) | End::Refused(_)), "{end:?}");
    for (name, text) in [
        ("many in~", format!("DeviceProcessEvents | where FileName in~ ({million}) | count")),
        ("many has_any", format!("DeviceProcessEvents | where FileName has_any ({million}) | count")),
        ("many in a let", format!("let l = dynamic([{million}]); DeviceProcessEvents | where FileName in (l)")),
        ("many datatable", format!("datatable(a:string)[{million}] | count")),
        ("1 MB string", format!("print x = '{}' | project strlen(x)", "a".repeat(1 << 20))),
        ("1 MB name", format!("print {} = 1", "a".repeat(1 << 20))),
        ("1 MB blanks", format!("print 1{}", " ".repeat(1 << 20))),
        ("1 MB digits", format!("print {}", "9".repeat(1 << 20))),
        ("operators", format!("DeviceProcessEvents {}", "| where true ".repeat(50_000))),
        ("extends", format!("DeviceProcessEvents {}", "| extend a = FileName ".repeat(1_500))),
        ("columns", format!("print {}", terms(10_000, |n| format!("c{n} = {n}"), ","))),
        (
            "columns of a table",
            format!("DeviceProcessEvents | extend {}", terms(COLUMNS, |n| format!("c{n} = {n}"), ",")),
        ),
        ("lets", format!("{} print x = a9999", terms(10_000, |n| format!("let a{n} = {n};"), " "))),
        (
            "chained lets",
            format!("let a0 = 1; {} print x = a4999", terms(4_999, |n| format!("let a{} = a{n} + 1;", n + 1), " ")),
        ),
        ("arguments", format!("print strcat({})", terms(50_000, |n| n.to_string(), ","))),
        (
            "case",
            format!(
                "DeviceProcessEvents | extend x = case({}, 0)",
                terms(400, |n| format!("FileName == '{n}', {n}"), ",")
            ),
        ),
        ("union of many", format!("union {}", terms(5_000, |_| "DeviceProcessEvents".to_owned(), ","))),
        (
            "keys",
            format!(
                "DeviceProcessEvents | summarize count() by {}",
                terms(COLUMNS, |n| format!("c{n} = FileName"), ",")
            ),
        ),
        (
            "aggregates",
            format!("DeviceProcessEvents | summarize {}", terms(COLUMNS, |n| format!("c{n} = count()"), ",")),
        ),
        (
            "conditions",
            format!("DeviceProcessEvents | where {}", terms(20_000, |n| format!("FileName != '{n}'"), " and ")),
        ),
        ("errors", format!("DeviceProcessEvents | where {}", terms(20_000, |n| format!("Nope{n} == 1"), " or "))),
        ("semicolons", ";".repeat(1 << 20)),
        ("pipes", "|".repeat(1 << 20)),
        ("quotes", "'\n".repeat(1 << 19)),
    ] {
        place.soon(name, request(&text));
    }
}

#[test]
fn many_terms_are_planned_in_linear_time() {
    let place = place();
    for (name, term) in [("or", "FileName == '#.exe'"), ("has", "FileName has '#'")] {
        let took = |n_terms: usize| {
            let terms: Vec<String> = (0..n_terms).map(|n| term.replace('#', &n.to_string())).collect();
            let text = format!("DeviceProcessEvents | where {} | count", terms.join(" or "));
            let started = Instant::now();
            place.soon(&format!("{n_terms} {name}"), request(&text));
            started.elapsed()
        };
        took(10);
        let n_terms = if cfg!(debug_assertions) { 300 } else { 4_000 };
        let (few, many) = (took(n_terms), took(n_terms * 8));
        // Eight times the terms in at most sixteen times the time, and some for a busy machine.
        assert!(many < few * 16 + Duration::from_secs(2), "{name}: {few:?} and {many:?}");
    }
}

/// Queries that want too much: name, text, and the cap that they reach; "" when several may be the first.
const GREEDY: &[(&str, &str, &str)] = &[
    ("range to 10^12", "range x from 1 to 1000000000000 step 1 | count", "EXPANDED_ROWS_MAX"),
    (
        "range of times",
        "range x from datetime(0001-01-01) to datetime(9999-12-31) step 1tick | count",
        "EXPANDED_ROWS_MAX",
    ),
    ("range of reals", "range x from 0.0 to 1e18 step 0.001 | count", "EXPANDED_ROWS_MAX"),
    (
        "mv-expand",
        "print l = range(1, 1000) | mv-expand a = l | mv-expand b = l | mv-expand c = l | count",
        "EXPANDED_ROWS_MAX",
    ),
    (
        "make-series",
        "print t = now() | make-series count() on t from datetime(0001-01-01) to datetime(9999-12-31) step 1tick",
        "SERIES_STEPS_MAX",
    ),
    (
        "make-series without bounds",
        "datatable(t:datetime)[datetime(0001-01-01), datetime(9999-12-31)] | make-series count() on t step 1s",
        "SERIES_STEPS_MAX",
    ),
    (
        "texts",
        "range x from 1 to 8192 step 1 | extend s = strrep(strcat(x, strrep('a', 1000)), 512) | where strlen(s) == 3 | count",
        "BATCH_TEXT_BYTES_MAX",
    ),
    (
        "arrays",
        "range x from 1 to 8192 step 1 | extend s = range(x, 1000000) | where array_length(s) == 3 | count",
        "BATCH_TEXT_BYTES_MAX",
    ),
    (
        "lists",
        "range x from 1 to 200000 step 1 | extend s = strrep('abc', 400, tostring(x)) | summarize make_list(s)",
        "MEMORY",
    ),
    ("toscalar", "print x = toscalar(range x from 1 to 1000000000000 step 1 | summarize sum(x))", "EXPANDED_ROWS_MAX"),
    (
        "a list out of a table",
        "DeviceProcessEvents | where ProcessId in ((range x from 1 to 1000000000000 step 1))",
        "EXPANDED_ROWS_MAX",
    ),
    (
        "windows",
        "DeviceProcessEvents | evaluate sliding_window_counts(DeviceId, Timestamp, datetime(0001-01-01), datetime(9999-12-31), 1000d, 1tick)",
        "",
    ),
    (
        "cross join",
        "range x from 1 to 100000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 100000 step 1 | extend k = 1) on k | summarize count() by x % 7",
        "",
    ),
];

#[test]
fn greedy_queries_reach_a_cap() {
    let place = place();
    let limits = Limits {
        wall_time: Duration::from_secs(10),
        expanded_rows: 300_000,
        memory_bytes: 64 << 20,
        result_bytes: 4 << 20,
        ..Limits::default()
    };
    for (name, text, cap) in GREEDY.iter().copied() {
        let end = place.soon(name, Request { limits, ..request(text) });
        match end {
            End::Stopped(message) => {
                let is_late = cfg!(debug_assertions) && message.contains("HUNT_WALL_TIME_MAX");
                let is_named =
                    is_late || message.contains(cap) || cap == "MEMORY" && message.contains("HUNT_MEMORY_BYTES_MAX");
                assert!(is_named && message.contains("_MAX)"), "{name}: {message}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn expressions_that_explode_are_refused_or_linear() {
    let place = place();
    for (name, text) in [
        ("nested repetition", "print 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' matches regex @'^(a+)+$'".to_owned()),
        ("alternatives", "print strrep('ab', 1000) matches regex @'^(a|b|ab)*c$'".to_owned()),
        ("large", "print 'a' matches regex @'((a{1000}){1000}){1000}'".to_owned()),
        ("large in a column", "DeviceProcessEvents | where FileName matches regex @'(\\w{1000}){1000}'".to_owned()),
        ("deep", format!("print 'a' matches regex @'{}a{}'", "(".repeat(10_000), ")".repeat(10_000))),
        ("long", format!("print 'a' matches regex @'{}'", "a?".repeat(500_000))),
        ("classes", format!("print 'a' matches regex @'{}'", "[\\w\\d]".repeat(20_000))),
        ("extract", "print extract(@'(((x{100}){100}){100})', 1, 'x')".to_owned()),
        ("parse", "print x = 'a' | parse kind=regex x with @'(((x{100}){100}){100})' y".to_owned()),
        ("many stars", format!("print x = strrep('a', 1000) | parse x with {}", "* 'a' ".repeat(200))),
    ] {
        place.soon(name, request(&text));
    }
    // A constant that is no expression is said, not taken for one that fits nothing.
    for text in [
        "DeviceProcessEvents | where FileName matches regex @'(a+'",
        "DeviceProcessEvents | where FileName matches regex @'((a{1000}){1000}){1000}'",
        "print extract('[', 1, 'a')",
        "print replace_regex('a', '*', 'b')",
        "print trim('(', 'a')",
    ] {
        let end = place.end(request(text));
        assert!(matches!(&end, End::Refused(codes) if codes == &["KQL120"]), "{text} {end:?}");
    }
}

#[test]
fn texts_that_are_too_long_are_said() {
    let place = place();
    for text in [
        "print s = strrep(strrep('a', 1024), 1024) | extend n = strlen(strcat(s, s))",
        "range x from 1 to 3 step 1 | extend n = strlen(strrep(strrep(tostring(x), 1024), 1025))",
        "range x from 1 to 3 step 1 | extend s = strrep(strrep(tostring(x), 1024), 1024) | extend n = strlen(strcat(s, s))",
    ] {
        let answer = place.engine.run_kql(&place.store.snapshot(), request(text)).expect("an answer");
        let (_, outcome) = answer.collect().expect("rows");
        let caps: Vec<&str> = outcome.caps.iter().map(|cap| cap.name).collect();
        let expected: &[&str] = if text.contains("1025") { &[] } else { &["CELL_BYTES_MAX"] };
        assert_eq!(caps, expected, "{text}");
    }
}

//! Calling a query off, and the end of its time: within a second, whatever it is at.

use std::time::{Duration, Instant};

use query::Error;
use query::kql::{Limits, Refusal, Request};

use super::{Place, place, request};

/// From the call to the answer; the issue says one second, which a debug build on a busy machine may miss.
pub const STOP_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 10_000 } else { 1_000 });
/// Time that a query has before it is called off.
const HEAD_START: Duration = Duration::from_millis(400);

/// Queries that would run for very long.
fn endless() -> Vec<(&'static str, String)> {
    let many_terms: Vec<String> =
        (0..if cfg!(debug_assertions) { 10_000 } else { 60_000 }).map(|n| format!("FileName endswith '{n}'")).collect();
    let far = "range x from 1 to 1000000000000 step 1";
    vec![
        ("counting", format!("{far} | count")),
        ("planning", format!("DeviceProcessEvents | where {} | count", many_terms.join(" or "))),
        ("toscalar", format!("print x = toscalar({far} | summarize sum(x))")),
        ("a list out of a table", format!("DeviceProcessEvents | where ProcessId in (({far}))")),
        (
            "cross join",
            format!(
                "{far} | take 100000 | extend k = 1 | join kind=inner ({far} | take 1000000 | extend k = 1) on k | summarize count() by x"
            ),
        ),
        (
            "expansion",
            "print l = range(1, 1000) | mv-expand a = l | mv-expand b = l | mv-expand c = l | mv-expand d = l | count"
                .to_owned(),
        ),
        (
            "slow functions",
            format!(
                "{far} | extend s = strrep(tostring(x), 1000) | where array_length(extract_all('([0-9])', s)) == 1 | count"
            ),
        ),
        (
            "one slow batch",
            "range x from 1 to 8000 step 1 | extend s = array_length(array_sort_asc(range(x, 1000000))) | where s == 1"
                .to_owned(),
        ),
        ("groups", format!("{far} | summarize count() by x % 1000003")),
        ("windows", format!("{far} | sort by x desc | extend y = prev(x) | count")),
        (
            "scan",
            format!("{far} | sort by x asc | scan declare (n: long = 0) with (step s: true => n = s.n + x;) | count"),
        ),
    ]
}

impl Place {
    fn outcome(&self, request: Request) -> Result<(), Error> {
        match self.engine.run_kql(&self.store.snapshot(), request) {
            Ok(answer) => answer.collect().map(drop),
            Err(Refusal::Failed(error)) => Err(error),
            Err(Refusal::Diagnostics(found)) => panic!("{found:?}"),
        }
    }

    /// The engine's threads have nothing else to do.
    fn is_free(&self, name: &str) {
        let started = Instant::now();
        assert_eq!(self.count(request("DeviceProcessEvents | summarize count() by DeviceId")), 2);
        assert!(started.elapsed() < STOP_MAX, "{name}: the engine is busy, {:?}", started.elapsed());
    }
}

fn boundless(text: &str) -> Request {
    let limits = Limits { expanded_rows: u64::MAX, ..Limits::default() };
    Request { limits, ..request(text) }
}

#[test]
fn cancelling_ends_a_query() {
    let place = place();
    for (name, text) in endless() {
        let asked = boundless(&text);
        let cancel = asked.cancel.clone();
        let called_off = std::thread::spawn(move || {
            std::thread::sleep(HEAD_START);
            cancel.cancel();
            Instant::now()
        });
        let error = place.outcome(asked).expect_err("it does not end by itself");
        let ended = Instant::now();
        let called_off = called_off.join().expect("the other thread");
        // Some end by a cap before they are called off.
        let took = ended.saturating_duration_since(called_off);
        eprintln!("{name}: {took:.2?} {error}");
        assert!(took < STOP_MAX, "{name}: {took:?}");
        assert!(matches!(error, Error::Limit(_)), "{name}: {error}");
        place.is_free(name);
    }
}

#[test]
fn time_ends_a_query_whatever_it_is_at() {
    let place = place();
    for (name, text) in endless() {
        let mut asked = boundless(&text);
        asked.limits.wall_time = HEAD_START;
        let started = Instant::now();
        let error = place.outcome(asked).expect_err("it does not end by itself");
        let took = started.elapsed();
        eprintln!("{name}: {took:.2?} {error}");
        assert!(took < HEAD_START + STOP_MAX, "{name}: {took:?}");
        assert!(error.to_string().contains("_MAX)"), "{name}: {error}");
    }
    place.is_free("all");
}

#[test]
fn dropping_the_answer_ends_a_query() {
    let place = place();
    for (name, text) in endless() {
        if ["planning", "toscalar", "a list out of a table"].contains(&name) {
            continue;
        }
        let Ok(answer) = place.engine.run_kql(&place.store.snapshot(), boundless(&text)) else { panic!("{name}") };
        std::thread::sleep(Duration::from_millis(100));
        drop(answer);
        place.is_free(name);
    }
}

#[test]
fn a_caller_that_goes_away_ends_a_query() {
    let asked = boundless("print 1");
    let guard = asked.cancel.on_drop();
    assert!(!asked.cancel.is_cancelled());
    drop(guard);
    assert!(asked.cancel.is_cancelled());
    let asked = boundless("print 1");
    asked.cancel.on_drop().disarm();
    assert!(!asked.cancel.is_cancelled());
}

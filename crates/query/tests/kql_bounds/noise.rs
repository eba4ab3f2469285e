//! Queries of random bytes and pieces, through parser, binder, planner and execution: nothing panics, nothing hangs.
//! `make test` runs a fixed number; `cargo xtask fuzz kql --hostile` runs for as many seconds as wanted.

use std::time::{Duration, Instant};

use query::Error;
use query::kql::{Limits, Refusal, Request};

use super::{NOW_NS, Place, place, request};
use crate::naive::generate::{self, Rng};

/// Queries when no time is given.
const QUERIES: usize = 400;
const SEED: u64 = 20_261_124;
/// Time for one of them, whose own wall time is a second.
const QUERY_MAX: Duration = Duration::from_secs(20);

/// Pieces that mean something somewhere.
const PIECES: &[&str] = &[
    "|",
    ";",
    "let x = ",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    "..",
    "\"",
    "'",
    "@\"",
    "```",
    "//",
    "\n",
    "\\",
    "*",
    "-",
    "1",
    "-1",
    "9223372036854775808",
    "1e309",
    "0x",
    "1d",
    "1tick",
    "datetime(",
    "datetime(null)",
    "time(",
    "dynamic({",
    "guid(",
    "null",
    "true",
    " and ",
    " or ",
    " not ",
    " in ",
    " in~ (",
    " has ",
    " has_any (",
    " between (",
    " matches regex ",
    " where ",
    " extend ",
    " project ",
    " summarize ",
    " by ",
    " join ",
    " on ",
    " kind=",
    " union ",
    " mv-expand ",
    " mv-apply ",
    " parse ",
    " with ",
    " make-series ",
    " step ",
    " from ",
    " to ",
    " default=",
    " evaluate ",
    "bag_unpack(",
    "pivot(",
    " scan ",
    " partition ",
    " top-nested ",
    " of ",
    " search ",
    " find ",
    " invoke ",
    " render ",
    " as ",
    " serialize ",
    " take ",
    " top ",
    "toscalar(",
    "materialize(",
    "datatable(",
    "range ",
    "print ",
    "externaldata(",
    "$left.",
    "$right.",
    "count()",
    "make_list(",
    "arg_max(",
    "prev(",
    "strcat(",
    "parse_json(",
    "typeof(",
    "DeviceProcessEvents",
    "FileName",
    "Timestamp",
    "DeviceId",
    "İ",
    "年輪",
    "\u{0}",
    "\u{FEFF}",
    "\u{202E}",
    "\u{1F600}",
    "é\u{301}",
    "=>",
    "==",
    "!=",
    "=~",
    "<=",
    ">",
    "+",
    "/",
    "%",
    "=",
];

/// Valid queries to begin with: those of the documents.
fn corpus() -> Vec<String> {
    let mut queries = Vec::new();
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kql");
    let mut files: Vec<_> =
        std::fs::read_dir(dir).expect("documents").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("document");
        for block in text.split("```kql\n").skip(1) {
            queries.push(block.split("\n```").next().unwrap_or_default().to_owned());
        }
    }
    queries
}

fn place_in(text: &str, rng: &mut Rng) -> usize {
    (0..=rng.below(text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn changed(rng: &mut Rng, corpus: &[String]) -> String {
    let mut text = match rng.below(6) {
        0 => String::new(),
        1 => generate::query(rng, &[]).text(),
        _ => rng.pick(corpus).clone(),
    };
    for _ in 0..1 + rng.below(6) {
        let (at, other) = (place_in(&text, rng), place_in(&text, rng));
        let (from, to) = (at.min(other), at.max(other));
        match rng.below(7) {
            0 | 1 => text.insert_str(at, rng.pick::<&str>(PIECES)),
            2 => {
                let end = (from..=to.min(from + 20)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(from);
                text.replace_range(from..end, "");
            }
            3 => {
                let piece = text[from..to].to_owned();
                text.insert_str(at, &piece);
            }
            4 => {
                let donor = rng.pick(corpus);
                let (from, to) = (place_in(donor, rng), place_in(donor, rng));
                text.insert_str(at, &donor[from.min(to)..from.max(to)]);
            }
            5 => {
                let bytes: Vec<u8> = (0..1 + rng.below(8)).map(|_| rng.next() as u8).collect();
                text.insert_str(at, &String::from_utf8_lossy(&bytes));
            }
            _ => {
                let piece = *rng.pick(PIECES);
                text.insert_str(at, &piece.repeat(1 + rng.below(40)));
            }
        }
    }
    text
}

fn bounded(text: &str) -> Request {
    let limits = Limits {
        wall_time: Duration::from_secs(1),
        memory_bytes: 32 << 20,
        expanded_rows: 20_000,
        result_rows: 1_000,
        ..Limits::default()
    };
    Request { limits, ..request(text) }
}

/// What went wrong with a query.
fn trouble(place: &Place, text: &str) -> Option<String> {
    let started = Instant::now();
    let analysis = place.engine.analyze_kql(text, NOW_NS);
    let mut found = analysis.diagnostics;
    let failed = match place.engine.run_kql(&place.store.snapshot(), bounded(text)) {
        Ok(answer) => {
            found.extend(answer.warnings.iter().cloned());
            answer.collect().err()
        }
        Err(Refusal::Diagnostics(diagnostics)) => {
            found.extend(diagnostics);
            None
        }
        Err(Refusal::Failed(error)) => Some(error),
    };
    place.engine.complete_kql(text, text.len());
    for diagnostic in &found {
        if text.get(diagnostic.span.range()).is_none()
            || diagnostic.message.is_empty()
            || diagnostic.message.contains("panicked")
        {
            return Some(format!("{diagnostic:?}"));
        }
    }
    match failed {
        Some(Error::Limit(_)) | None => {}
        Some(error) => return Some(error.to_string()),
    }
    (started.elapsed() > QUERY_MAX).then(|| format!("took {:?}", started.elapsed()))
}

/// A shorter text with trouble of the same kind.
fn shorter(place: &Place, text: String, trouble_of: &str) -> String {
    let kind: String = trouble_of.chars().take(40).collect();
    let mut text = text;
    let mut length = text.len() / 2;
    while length > 0 {
        let mut at = 0;
        while at < text.len() {
            let end = (at + length).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) {
                let candidate = format!("{}{}", &text[..at], &text[end..]);
                if trouble(place, &candidate).is_some_and(|found| found.starts_with(&kind)) {
                    text = candidate;
                    continue;
                }
            }
            at += length;
        }
        length /= 2;
    }
    text
}

#[test]
fn noise_is_answered_or_refused() {
    let place = place();
    let corpus = corpus();
    let setting = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (seed, seconds) = (setting("NENRIN_FUZZ_SEED").unwrap_or(SEED), setting("NENRIN_FUZZ_SECONDS"));
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut rng = Rng::new(seed);
    let mut n_queries = 0;
    let mut findings: Vec<String> = Vec::new();
    while until.map_or(n_queries < QUERIES, |until| Instant::now() < until) {
        let text = changed(&mut rng, &corpus);
        n_queries += 1;
        if let Some(found) = trouble(&place, &text) {
            let kind: String = found.chars().take(60).collect();
            if findings.iter().any(|other| other.contains(&kind)) {
                continue;
            }
            let text = shorter(&place, text, &found);
            let finding = format!("--- {text:?}\n{found}");
            eprintln!("{finding}");
            findings.push(finding);
        }
    }
    eprintln!("{n_queries} queries of noise, seed {seed}, {} findings", findings.len());
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

//! The engine's side of `cargo xtask bench query`: it fills a store with the sample, and answers timed questions that
//! come as JSON lines. It compares with nobody; xtask does. Without arguments it asks itself on a tiny store.

mod ask;
mod fill;

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value as Json, json};

use ask::Asked;

const USAGE: &str = "usage: query fill DIR EVENTS SEED | query ingest DIR EVENTS ANALYSTS | query serve DIR";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["fill", dir, n_events, seed] => fill::fill(&PathBuf::from(dir), number(n_events), number(seed)).map(print),
        ["ingest", dir, n_events, n_analysts] => {
            fill::ingest(&PathBuf::from(dir), number(n_events), number(n_analysts)).map(print)
        }
        ["serve", dir] => serve(&PathBuf::from(dir)),
        [] => self_check(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("query: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> u64 {
    text.replace('_', "").parse().unwrap_or(0)
}

fn print(value: Json) {
    println!("{value}");
}

/// One JSON question per line, one JSON answer per line.
fn serve(dir: &std::path::Path) -> Result<(), String> {
    let asked = Asked::open(dir)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let question: Json = serde_json::from_str(&line).map_err(|error| format!("{line}: {error}"))?;
        let answer = asked.answer(&question).unwrap_or_else(|error| json!({"error": error}));
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// So that the bench can't rot: every kind of question once on a few rows.
fn self_check() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    fill::fill(dir.path(), 5_000, 1)?;
    fill::ingest(&dir.path().join("ingest"), 5_000, 2)?;
    let asked = Asked::open(dir.path())?;
    let facts = asked.answer(&json!({"ask": "facts"}))?;
    let device = facts["devices"][0].clone();
    let page = asked.answer(&json!({"ask": "page", "device": device}))?;
    let event = page["rows"][0][0].clone();
    for question in [
        json!({"ask": "page", "device": device, "search": "e"}),
        json!({"ask": "summary", "device": device}),
        json!({"ask": "tree", "event": event}),
    ] {
        let answer = asked.answer(&question)?;
        if answer["rows"].as_array().is_none_or(Vec::is_empty) {
            return Err(format!("{question}: no rows"));
        }
    }
    Ok(())
}

//! How fast a dense event log becomes stored, searchable rows, and how much memory that takes; beside it the floor: the
//! `evtx` crate, which only turns the same file into XML, as its `evtx_dump` does. `cargo xtask bench import` runs each
//! in a process of its own; without arguments it checks itself on a small file. One JSON line is the answer.

mod made;

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use evtx::{EvtxParser, ParserSettings};
use importer::{Input, Known, Ledger, LogName, Span, Summary};
use serde_json::{Value as Json, json};
use store::{Options, Store};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["make", file, megabytes] => make(Path::new(file), megabytes),
        ["import", file, dir] => import(Path::new(file), Path::new(dir)),
        ["read", file] => read(Path::new(file)),
        ["rows", file] => rows(Path::new(file)),
        ["floor", file] => floor(Path::new(file)),
        [] => check(),
        _ => Err(anyhow::anyhow!(
            "usage: import make FILE MEGABYTES | import FILE DIR | read FILE | rows FILE | floor FILE"
        )),
    };
    match result {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("import: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Remembers nothing beyond this process.
#[derive(Default)]
struct Memory(Mutex<HashSet<String>>);

impl Ledger for Memory {
    fn is_imported(&self, file: &str) -> Result<bool> {
        Ok(self.0.lock().expect("no panic under the lock").contains(file))
    }

    fn begin(&self, _: &str, _: &str, _: &str) -> Result<Known> {
        Ok(Known::New)
    }

    fn end(&self, file: &str, _: &[(LogName, Span)]) -> Result<()> {
        self.0.lock().expect("no panic under the lock").insert(file.to_owned());
        Ok(())
    }

    fn spans(&self, _: &str, _: &str, _: &str) -> Result<Vec<Span>> {
        Ok(Vec::new())
    }

    fn add_device(&self, _: &str, _: &str) -> Result<()> {
        Ok(())
    }
}

fn make(path: &Path, megabytes: &str) -> Result<Json> {
    let bytes = megabytes.parse::<u64>().context("a number of megabytes")? * 1_000_000;
    let n_events = made::write(path, bytes)?;
    Ok(json!({ "events": n_events, "bytes": std::fs::metadata(path)?.len() }))
}

fn import(path: &Path, dir: &Path) -> Result<Json> {
    let bytes = std::fs::metadata(path)?.len();
    let store = Arc::new(Store::open(&Options { dir: dir.to_owned() })?);
    let input = Input { path: path.to_owned(), name: "bench.evtx".to_owned() };
    let started = Instant::now();
    let summary = importer::run(&store, &Memory::default(), vec![input], Summary::default(), |_| ())?;
    // Acknowledged is durable and searchable; column files are written behind it and are counted too.
    store.flush()?;
    let seconds = started.elapsed().as_secs_f64();
    ensure!(summary.events == summary.rows + summary.merged + summary.n_rejected(), "the sum is not exact");
    ensure!(summary.n_rejected() == 0 && summary.stored == summary.rows, "{}", summary.to_json());
    store.close();
    Ok(json!({
        "events": summary.events, "rows": summary.rows, "merged": summary.merged, "bytes": bytes, "seconds": seconds,
        "cpu_seconds": cpu_seconds(), "peak_kib": peak_kib(),
    }))
}

/// Our reader alone: events, not rows.
fn read(path: &Path) -> Result<Json> {
    use winlog::Source;
    let started = Instant::now();
    let mut reader = match winlog::evtx::Reader::open(File::open(path)?) {
        Ok(reader) => reader,
        Err(damage) => bail!("{damage}"),
    };
    let (mut n_events, mut n_bytes) = (0_u64, 0);
    while let Some(items) = reader.next_some() {
        for item in items {
            n_events += 1;
            n_bytes += item.map_or(0, |event| event.data.iter().map(|field| field.value.len()).sum::<usize>());
        }
    }
    ensure!(n_bytes > 0, "no event has data");
    let seconds = started.elapsed().as_secs_f64();
    Ok(
        json!({ "events": n_events, "bytes": std::fs::metadata(path)?.len(), "seconds": seconds, "cpu_seconds": cpu_seconds(), "peak_kib": peak_kib() }),
    )
}

/// Our reader and the normaliser: rows, not stored.
fn rows(path: &Path) -> Result<Json> {
    use winlog::Source;
    let started = Instant::now();
    let mut reader = match winlog::evtx::Reader::open(File::open(path)?) {
        Ok(reader) => reader,
        Err(damage) => bail!("{damage}"),
    };
    let mut normaliser = winlog::Normaliser::new();
    let mut n_rows = 0;
    while let Some(items) = reader.next_some() {
        for item in items {
            let event = item.map_err(|damage| anyhow::anyhow!("{damage}"))?;
            normaliser.push(event, 0);
            n_rows += normaliser.take_some().len();
        }
    }
    normaliser.end();
    loop {
        match normaliser.take_some().len() {
            0 => break,
            n_taken => n_rows += n_taken,
        }
    }
    let tally = normaliser.tally();
    ensure!(tally.rows == n_rows as u64, "rows are missing");
    let seconds = started.elapsed().as_secs_f64();
    Ok(json!({
        "events": tally.events, "bytes": std::fs::metadata(path)?.len(), "seconds": seconds, "cpu_seconds": cpu_seconds(), "peak_kib": peak_kib(),
    }))
}

/// What `evtx_dump` does with one thread, its output thrown away.
fn floor(path: &Path) -> Result<Json> {
    let started = Instant::now();
    let settings = ParserSettings::new().num_threads(1).indent(false);
    let mut parser = EvtxParser::from_read_seek(File::open(path)?)?.with_configuration(settings);
    let (mut n_events, mut n_bytes) = (0_u64, 0);
    for record in parser.records() {
        n_bytes += record?.data.len();
        n_events += 1;
    }
    ensure!(n_bytes > 0, "no record has text");
    let seconds = started.elapsed().as_secs_f64();
    Ok(
        json!({ "events": n_events, "bytes": std::fs::metadata(path)?.len(), "seconds": seconds, "cpu_seconds": cpu_seconds(), "peak_kib": peak_kib() }),
    )
}

/// Time that all threads of this process had a core for: on a machine that does other things too it says more than a
/// clock on the wall.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold blanks: the 12th and 13th value, in hundredths.
    let values = stat.rsplit_once(')').map_or("", |(_, values)| values);
    values.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory that this process has had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The three sides agree on a small file.
fn check() -> Result<Json> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("small.evtx");
    let made = make(&file, "3")?;
    let sides = [floor(&file)?, read(&file)?, rows(&file)?, import(&file, &dir.path().join("store"))?];
    for side in &sides {
        ensure!(side["events"] == made["events"], "{side} is not {made}");
    }
    Ok(json!({ "made": made, "floor": sides[0], "read": sides[1], "rows": sides[2], "import": sides[3] }))
}

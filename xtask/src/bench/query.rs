//! `cargo xtask bench query`: the same events in Nenrin, DuckDB and ClickHouse, the same questions in turns, the same
//! answers or it fails. Figures are of warm runs: every engine has answered every variant once before the clock counts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value as Json, json};

use super::peer::{Engine, peer, python};
use super::questions::{Facts, Question, questions, summary_rows};
use crate::command::{cargo, command, output, root};

/// How to measure.
pub struct Options {
    pub n_events: u64,
    pub n_runs: usize,
    /// Fill and load again although the data is there.
    pub fresh: bool,
}

/// Times of one question: Nenrin, DuckDB, ClickHouse.
struct Measured {
    name: &'static str,
    goal: f64,
    times_ms: [Vec<f64>; 3],
}

/// The tables of a README and the raw figures.
pub struct Report {
    pub table: String,
    pub csv: String,
}

/// Measures with peers.
pub fn run(options: &Options) -> Result<Report> {
    let dir = data_dir(options.n_events);
    let filled = fill(&dir, options)?;
    let python = python()?;
    let mut sizes = vec![filled.clone()];
    for name in ["duckdb", "clickhouse"] {
        sizes.push(load(name, &python, &dir, options.fresh)?);
    }
    let mut engines = [
        Engine::start("nenrin", &mut nenrin(&["serve", &text(&dir.join("nenrin"))])?)?,
        peer("duckdb", &python, &dir.join("duckdb"), false)?,
        peer("clickhouse", &python, &dir.join("clickhouse"), false)?,
    ];
    let facts = facts(&mut engines[1])?;
    let mut measured = Vec::new();
    for question in questions(&facts) {
        let result = measure(&mut engines, &question, options.n_runs)?;
        println!("{}", line(&result));
        measured.push(result);
    }
    let mut peaks = Vec::new();
    for engine in &mut engines {
        let question = if engine.name == "nenrin" { json!({"ask": "facts"}) } else { json!({"facts": true}) };
        peaks.push(engine.ask(&question)?["peak_kib"].as_u64().unwrap_or(0) / 1024);
    }
    Ok(Report { table: table(options, &measured, &sizes, &peaks), csv: csv(&measured) })
}

/// Page and look-up times of Nenrin alone at growing sizes.
pub fn slope(sizes: &[u64], n_runs: usize) -> Result<Report> {
    let python = python()?;
    let mut table = String::from("| events | question | p50 ms | p95 ms |\n|--:|---|--:|--:|\n");
    let mut csv = String::from("events,question,ms\n");
    for n_events in sizes {
        let options = Options { n_events: *n_events, n_runs, fresh: false };
        let dir = data_dir(*n_events);
        fill(&dir, &options)?;
        let mut engine = Engine::start("nenrin", &mut nenrin(&["serve", &text(&dir.join("nenrin"))])?)?;
        let mut reader = peer("duckdb", &python, &dir.join("reader"), true)?;
        let files = text(&dir.join("nenrin/events/*/*.parquet"));
        reader.ask(&json!({"sql": format!(
            "CREATE VIEW events AS SELECT * FROM read_parquet('{files}', union_by_name=true, hive_partitioning=false)"
        )}))?;
        for question in questions(&facts(&mut reader)?) {
            let mut times = Vec::new();
            for variant in &question.variants {
                engine.ask(&variant.nenrin)?;
            }
            for run in 0..n_runs {
                let variant = &question.variants[run % question.variants.len()];
                times.push(ms(&engine.ask(&variant.nenrin)?));
                csv.push_str(&format!("{n_events},\"{}\",{:.2}\n", question.name, times[run]));
            }
            let row = format!(
                "| {n_events} | {} | {:.1} | {:.1} |\n",
                question.name,
                percentile(&times, 0.5),
                percentile(&times, 0.95)
            );
            print!("{row}");
            table.push_str(&row);
        }
    }
    Ok(Report { table, csv })
}

pub fn data_dir(n_events: u64) -> PathBuf {
    root().join(format!("target/bench/{n_events}"))
}

pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Our side of the bench, in a release build.
pub fn nenrin(args: &[&str]) -> Result<Command> {
    let words = ["bench", "--package", "query", "--bench", "query", "--no-run", "--message-format=json"];
    let listing = output(&mut cargo(&words)).context("build the bench")?;
    let messages = listing.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let program = messages.filter_map(|message| message["executable"].as_str().map(str::to_owned)).next_back();
    Ok(command(&program.context("find the bench's program")?, args))
}

fn fill(dir: &Path, options: &Options) -> Result<Json> {
    let (store, facts) = (dir.join("nenrin"), dir.join("nenrin.json"));
    if options.fresh && dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    if !facts.exists() {
        std::fs::create_dir_all(dir)?;
        println!("filling {}", store.display());
        let filled = output(&mut nenrin(&["fill", &text(&store), &options.n_events.to_string(), "1"])?)?;
        std::fs::write(&facts, filled)?;
    }
    Ok(serde_json::from_str(&std::fs::read_to_string(&facts)?)?)
}

/// Loads our column files into a peer, once.
fn load(name: &'static str, python: &str, dir: &Path, fresh: bool) -> Result<Json> {
    let facts = dir.join(format!("{name}.json"));
    if fresh || !facts.exists() {
        println!("loading {name}");
        let mut files = Vec::new();
        for day in std::fs::read_dir(dir.join("nenrin/events"))? {
            let day = day?.path();
            if day.is_dir() && !day.ends_with("_delta_log") {
                for file in std::fs::read_dir(day)? {
                    files.push(text(&file?.path()));
                }
            }
        }
        files.sort();
        let mut reader = peer("duckdb", python, &dir.join("reader"), true)?;
        let columns = filled_columns(&mut reader, &files)?;
        drop(reader);
        let loaded = peer(name, python, &dir.join(name), true)?.ask(&json!({"load": files, "columns": columns}))?;
        std::fs::write(&facts, loaded.to_string())?;
    }
    Ok(serde_json::from_str(&std::fs::read_to_string(&facts)?)?)
}

/// Name and kind of every column that any file has.
fn filled_columns(reader: &mut Engine, files: &[String]) -> Result<Vec<[String; 2]>> {
    let list: Vec<String> = files.iter().map(|file| format!("'{file}'")).collect();
    let sql = format!(
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet([{}], union_by_name=true, hive_partitioning=false))",
        list.join(",")
    );
    let mut columns = Vec::new();
    for row in rows(&reader.ask(&json!({"sql": sql}))?) {
        let kind = match row[1].as_str() {
            "VARCHAR" => "string",
            "INTEGER" => "int",
            "BIGINT" => "long",
            "BOOLEAN" => "bool",
            kind if kind.starts_with("TIMESTAMP") => "time",
            other => bail!("column {} has type {other}", row[0]),
        };
        columns.push([row[0].clone(), kind.to_owned()]);
    }
    Ok(columns)
}

/// Values to ask about: busy, middling and quiet devices, processes of theirs, rare and frequent values.
fn facts(duckdb: &mut Engine) -> Result<Facts> {
    let mut column = |sql: &str| -> Result<Vec<String>> {
        Ok(rows(&duckdb.ask(&json!({"sql": sql}))?).into_iter().map(|row| row[0].clone()).collect())
    };
    let devices = column("SELECT DeviceId FROM events GROUP BY 1 ORDER BY count(*) DESC, 1")?;
    ensure!(devices.len() >= 20, "{} devices are too few", devices.len());
    let devices: Vec<String> = [2, 20, 50, 80, 95].iter().map(|at| devices[devices.len() * at / 100].clone()).collect();
    let mut events = Vec::new();
    for device in &devices {
        events.extend(column(&format!(
            "SELECT EventId FROM events WHERE DeviceId = '{device}' AND ActionType = 'ProcessCreated' ORDER BY Timestamp, StreamSeq LIMIT 1 OFFSET 100"
        ))?);
    }
    let spread = |name: &str| {
        format!(
            "SELECT v FROM (SELECT {name} AS v, count(*) AS n FROM events WHERE {name} IS NOT NULL GROUP BY 1) QUALIFY row_number() OVER (ORDER BY n, v) IN (1, 50, 200, 400, 800) ORDER BY n, v"
        )
    };
    Ok(Facts {
        events,
        hashes: column(&spread("SHA256"))?,
        addresses: column(&spread("RemoteIP"))?,
        names: column(&spread("RemoteUrl"))?,
        columns: column("SELECT column_name FROM (DESCRIBE events)")?,
        devices,
    })
}

/// Asks all engines in turns, the first one each time another.
fn measure(engines: &mut [Engine; 3], question: &Question, n_runs: usize) -> Result<Measured> {
    let mut times_ms = [Vec::new(), Vec::new(), Vec::new()];
    for variant in &question.variants {
        let mut answers = Vec::new();
        for (idx, asked) in [&variant.nenrin, &variant.duckdb, &variant.clickhouse].into_iter().enumerate() {
            let mut found = rows(&engines[idx].ask(asked).with_context(|| question.name.to_owned())?);
            if idx > 0
                && let Some(column) = variant.compared
            {
                found = found.into_iter().map(|row| vec![row[column].clone()]).collect();
            }
            if idx > 0 && question.name.starts_with("facets") {
                found = summary_rows(&found);
            }
            answers.push(found);
        }
        ensure!(answers[0] == answers[1], differ(question.name, "duckdb", &variant.nenrin, &answers[0], &answers[1]));
        ensure!(
            answers[0] == answers[2],
            differ(question.name, "clickhouse", &variant.nenrin, &answers[0], &answers[2])
        );
    }
    for run in 0..n_runs {
        let variant = &question.variants[run % question.variants.len()];
        for turn in 0..3 {
            let idx = (run + turn) % 3;
            let asked = [&variant.nenrin, &variant.duckdb, &variant.clickhouse][idx];
            times_ms[idx].push(ms(&engines[idx].ask(asked)?));
        }
    }
    Ok(Measured { name: question.name, goal: question.goal, times_ms })
}

fn differ(name: &str, peer: &str, asked: &Json, ours: &[Vec<String>], theirs: &[Vec<String>]) -> String {
    let at = ours.iter().zip(theirs).position(|(our, their)| our != their).unwrap_or(ours.len().min(theirs.len()));
    format!(
        "{name}: {peer} gives {} rows, Nenrin {}; the first difference is row {at}: {:?} and {:?}; asked {asked}",
        theirs.len(),
        ours.len(),
        theirs.get(at),
        ours.get(at)
    )
}

fn rows(answer: &Json) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for row in answer["rows"].as_array().into_iter().flatten() {
        let cells = row.as_array().into_iter().flatten();
        rows.push(cells.map(|cell| cell.as_str().unwrap_or_default().to_owned()).collect());
    }
    rows
}

fn ms(answer: &Json) -> f64 {
    answer["ms"].as_f64().unwrap_or(f64::NAN)
}

pub fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() as f64 * part).ceil() as usize).clamp(1, sorted.len()) - 1]
}

fn line(measured: &Measured) -> String {
    let p50 = |idx: usize| percentile(&measured.times_ms[idx], 0.5);
    let p95 = |idx: usize| percentile(&measured.times_ms[idx], 0.95);
    let ratio = p50(0) / p50(1).min(p50(2));
    let verdict = if ratio <= measured.goal { "met" } else { "missed" };
    format!(
        "| {} | {:.1} / {:.1} | {:.1} / {:.1} | {:.1} / {:.1} | {ratio:.2} | {:.1} {verdict} |",
        measured.name,
        p50(0),
        p95(0),
        p50(1),
        p95(1),
        p50(2),
        p95(2),
        measured.goal
    )
}

fn table(options: &Options, measured: &[Measured], sizes: &[Json], peaks: &[u64]) -> String {
    let mut table = format!(
        "{} events, {} warm runs of each question in turns; p50 / p95 in ms. All answers were the same.\n\n\
         | question | Nenrin | DuckDB {} | ClickHouse {} | Nenrin ÷ better peer (p50) | goal |\n|---|--:|--:|--:|--:|--:|\n",
        options.n_events,
        options.n_runs,
        sizes[1]["version"].as_str().unwrap_or("?"),
        sizes[2]["version"].as_str().unwrap_or("?"),
    );
    for result in measured {
        table.push_str(&line(result));
        table.push('\n');
    }
    let per_event = |value: &Json| value.as_f64().unwrap_or(f64::NAN) / options.n_events as f64;
    let (ours, duckdb) = (per_event(&sizes[0]["bytes"]), per_event(&sizes[1]["bytes"]));
    let (lz4, zstd) = (per_event(&sizes[2]["bytes"]), per_event(&sizes[2]["bytes_zstd"]));
    let ratio = ours / duckdb.min(lz4).min(zstd);
    let verdict = if ratio <= 0.8 { "met" } else { "missed" };
    table.push_str(&format!(
        "| bytes per event | {ours:.0} | {duckdb:.0} | {lz4:.0} (zstd {zstd:.0}) | {ratio:.2} | 0.8 {verdict} |\n\
         | peak memory, MiB | {} | {} | {} | | |\n\n\
         Filled with {:.0} rows a second, the making of the rows included.\n",
        peaks[0],
        peaks[1],
        peaks[2],
        sizes[0]["rows_per_s_with_generator"].as_f64().unwrap_or(0.0),
    ));
    table
}

fn csv(measured: &[Measured]) -> String {
    let mut csv = String::from("question,engine,ms\n");
    for result in measured {
        for (engine, times_ms) in ["nenrin", "duckdb", "clickhouse"].iter().zip(&result.times_ms) {
            for time_ms in times_ms {
                csv.push_str(&format!("\"{}\",{engine},{time_ms:.2}\n", result.name));
            }
        }
    }
    csv
}

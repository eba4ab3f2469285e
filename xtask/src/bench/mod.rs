//! `cargo xtask bench NAME`: figures that anyone can measure again. With `--commit` the result goes to `bench/runs/`.

mod detect;
mod import;
mod ingest;
mod peer;
mod query;
mod questions;

use anyhow::{Context, Result, bail};

use crate::command::{command, output, root};
use crate::scenario::latency;

/// Runs the named bench.
///
/// # Errors
/// When it can't be run, or the result can't be written.
pub fn run(args: &[String]) -> Result<()> {
    let commit = args.iter().any(|arg| arg == "--commit");
    let words: Vec<&str> = args.iter().map(String::as_str).filter(|arg| !arg.starts_with("--")).collect();
    let number = |idx: usize, default: u64| words.get(idx).map_or(Ok(default), |text| text.replace('_', "").parse());
    match words.first() {
        Some(&"latency") => run_latency(words.get(1).copied(), commit),
        Some(&"ingest") => {
            let n_events = number(1, 2_000_000).context("number of events")?;
            let report = ingest::run(n_events, number(2, 5).context("number of runs")? as usize)?;
            println!("\n{}", report.table);
            if commit {
                write_run("ingest", "Rows in, and pages meanwhile", &report.table, &report.csv)?;
            }
            Ok(())
        }
        Some(&"query") => {
            let n_events = number(1, 20_000_000).context("number of events")?;
            let n_runs = number(2, 15).context("number of runs")? as usize;
            let flag = |name: &str| args.iter().any(|arg| arg == name);
            let (name, report) = if flag("--slope") {
                let sizes: Vec<u64> = [1_000_000, 5_000_000, 20_000_000, 100_000_000]
                    .into_iter()
                    .filter(|size| *size <= n_events)
                    .collect();
                ("slope", query::slope(&sizes, n_runs)?)
            } else {
                ("query", query::run(&query::Options { n_events, n_runs, fresh: flag("--fresh") })?)
            };
            println!("\n{}", report.table);
            if commit {
                write_run(name, "Questions to Nenrin, DuckDB and ClickHouse", &report.table, &report.csv)?;
            }
            Ok(())
        }
        Some(&"detect") => {
            let number =
                |idx: usize, default: usize| words.get(idx).map_or(Ok(default), |text| text.replace('_', "").parse());
            let report = detect::run(number(1, 3_000)?, number(2, 20_000)?, number(3, 5)?)?;
            println!("\n{}", report.table);
            if commit {
                write_run("detect", "Process events a second on one core", &report.table, &report.csv)?;
            }
            Ok(())
        }
        Some(&"import") => {
            let n_megabytes = number(1, 400).context("number of megabytes")?;
            let report = import::run(n_megabytes, number(2, 5).context("number of runs")? as usize)?;
            println!("\n{}", report.table);
            if commit {
                write_run("import", "A dense event log to stored rows on one core", &report.table, &report.csv)?;
            }
            Ok(())
        }
        _ => bail!(
            "usage: cargo xtask bench latency [ACTS] | detect [RULES] [EVENTS] [RUNS] | import [MEGABYTES] [RUNS] | ingest [EVENTS] [RUNS] | query [EVENTS] [RUNS] [--slope] [--fresh]; --commit keeps it"
        ),
    }
}

fn run_latency(n_acts: Option<&str>, commit: bool) -> Result<()> {
    let n_acts = n_acts.map(str::parse).transpose().context("number of acts")?;
    let latencies = latency::measure(n_acts, true)?;
    let table = latency::table(&latencies);
    print!("{table}");
    if commit {
        let mut csv = String::from("act_ms\n");
        for value in &latencies.acts_ms {
            csv.push_str(&format!("{value:.1}\n"));
        }
        write_run("latency", "From the act to the row in the API", &table, &csv)?;
    }
    Ok(())
}

/// `bench/runs/<date>-<name>/{README.md,raw.csv}` with machine, commit and command.
fn write_run(name: &str, title: &str, table: &str, csv: &str) -> Result<()> {
    let line =
        |program: &str, args: &[&str]| -> Result<String> { Ok(output(&mut command(program, args))?.trim().to_owned()) };
    let date = line("date", &["-u", "+%Y-%m-%d"])?;
    let head = line("git", &["rev-parse", "--short", "HEAD"])?;
    let kernel = line("uname", &["-sr"])?;
    let cores = line("nproc", &[])?;
    let rust = line("rustc", &["--version"])?;
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let dir = root().join("bench/runs").join(format!("{date}-{name}"));
    std::fs::create_dir_all(&dir)?;
    let readme = format!(
        "# {title}\n\n- Command: `cargo xtask bench {name} --commit` (release build)\n- Commit: {head}\n- Machine: {cores} cores, {}, {kernel}\n- Compiler: {rust}\n\n{table}\nEach value is in `raw.csv`.\n",
        cpu.trim_start_matches([':', ' ', '\t'])
    );
    std::fs::write(dir.join("README.md"), readme)?;
    std::fs::write(dir.join("raw.csv"), csv)?;
    println!("written to {}", dir.display());
    Ok(())
}

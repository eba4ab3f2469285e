//! `cargo xtask bench import`: a dense event log to stored, searchable rows on one core, beside the `evtx` crate, which
//! only parses it, in the same run.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::query::{Report, percentile, text};
use crate::command::{cargo, command, output, root};

const MB_PER_S_GOAL: f64 = 150.0;
const EVENTS_PER_S_GOAL: f64 = 100_000.0;
const PEAK_MB_GOAL: f64 = 300.0;

/// What is measured, in the order of its runs.
const SIDES: [(&str, &str); 4] = [
    ("floor", "`evtx` crate, parse to XML only"),
    ("read", "our reader, events only"),
    ("rows", "rows, not stored"),
    ("import", "stored, searchable rows"),
];

/// Measures a file of so many megabytes, in turns, each time in a process of its own that has one core.
pub fn run(n_megabytes: u64, n_runs: usize) -> Result<Report> {
    let bench = bench_program()?;
    let dir = root().join("target/bench/import");
    std::fs::create_dir_all(&dir)?;
    let (file, store) = (text(&dir.join(format!("dense-{n_megabytes}.evtx"))), dir.join("store"));
    let made = answer(&[&bench, "make", &file, &n_megabytes.to_string()])?;
    let mut csv = String::from("side,seconds,cpu_seconds,megabytes_per_s,events_per_s,peak_mb\n");
    let (mut rates, mut events, mut peaks) = ([const { Vec::new() }; 4], [const { Vec::new() }; 4], [0.0_f64; 4]);
    for _ in 0..n_runs {
        for (idx, (side, _)) in SIDES.into_iter().enumerate() {
            let store_text = text(&store);
            let mut words = vec!["taskset", "--cpu-list", "0", bench.as_str(), side, file.as_str()];
            if side == "import" {
                drop(std::fs::remove_dir_all(&store));
                words.push(&store_text);
            }
            let answer = answer(&words)?;
            ensure!(answer["events"] == made["events"], "{side} read {answer}, the file has {made}");
            let number = |name: &str| answer[name].as_f64().unwrap_or(0.0);
            let (seconds, peak_mb) = (number("seconds"), number("peak_kib") * 1_024.0 / 1e6);
            // On a machine that does other things too, the time on the core is what a run took.
            let cpu = number("cpu_seconds").max(0.01);
            let (rate, events_rate) = (number("bytes") / 1e6 / cpu, number("events") / cpu);
            println!("{side}: {rate:.1} MB/s, {events_rate:.0} events/s, {peak_mb:.0} MB");
            csv.push_str(&format!("{side},{seconds:.3},{cpu:.2},{rate:.1},{events_rate:.0},{peak_mb:.0}\n"));
            rates[idx].push(rate);
            events[idx].push(events_rate);
            peaks[idx] = peaks[idx].max(peak_mb);
        }
    }
    drop(std::fs::remove_dir_all(&dir));
    let rates = rates.map(|rates| percentile(&rates, 0.5));
    let events = events.map(|rates| percentile(&rates, 0.5));
    let mut table = format!(
        "{} events, {} bytes of EVTX: Sysmon 1, 3, 11, 22, Security 4688, PowerShell 4103 and 4104 of four devices. \
         One core, medians of {n_runs} runs in turns; rates by the time on that core, as `/proc/self/stat` counts it.\n\n\
         | | MB/s | events/s | of the floor | peak memory, MB |\n|---|--:|--:|--:|--:|\n",
        made["events"], made["bytes"]
    );
    for (idx, (_, title)) in SIDES.into_iter().enumerate() {
        let share = 100.0 * rates[idx] / rates[0];
        table.push_str(&format!(
            "| {title} | {:.1} | {:.0} | {share:.0} % | {:.0} |\n",
            rates[idx], events[idx], peaks[idx]
        ));
    }
    let met = |is_met: bool| if is_met { "met" } else { "missed" };
    table.push_str(&format!(
        "\nGoals: {MB_PER_S_GOAL:.0} MB/s {}, {EVENTS_PER_S_GOAL:.0} events/s {}, at most {PEAK_MB_GOAL:.0} MB {}.\n",
        met(rates[3] >= MB_PER_S_GOAL),
        met(events[3] >= EVENTS_PER_S_GOAL),
        met(peaks[3] <= PEAK_MB_GOAL)
    ));
    Ok(Report { table, csv })
}

/// Builds the bench with all cores, so that the runs alone are pinned to one.
fn bench_program() -> Result<String> {
    let words = ["bench", "--package", "importer", "--bench", "import", "--no-run", "--message-format=json"];
    let lines = output(&mut cargo(&words))?;
    let artifacts = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = artifacts.filter_map(|artifact| artifact["executable"].as_str().map(str::to_owned)).next_back();
    program.context("find the bench that was built")
}

fn answer(words: &[&str]) -> Result<Value> {
    let out = output(&mut command(words[0], &words[1..]))?;
    serde_json::from_str(out.trim()).context("understand the bench")
}

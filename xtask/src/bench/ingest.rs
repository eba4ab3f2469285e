//! `cargo xtask bench ingest`: rows a second from a local feeder to durable and queryable, and how long pages take for
//! ten analysts meanwhile.

use anyhow::Result;
use serde_json::Value as Json;

use super::query::{Report, data_dir, nenrin, percentile, text};
use crate::command::output;

/// Analysts, each of whom asks for a page a second.
const N_ANALYSTS: usize = 10;
const ROWS_PER_S_GOAL: f64 = 100_000.0;
const PAGE_P95_MS_GOAL: f64 = 300.0;

/// Measures alone and with analysts, in turns, each time in a new store.
pub fn run(n_events: u64, n_runs: usize) -> Result<Report> {
    let mut rates: [Vec<f64>; 2] = Default::default();
    let (mut pages_ms, mut peak_kib) = (Vec::new(), 0);
    let mut csv = String::from("analysts,figure,value\n");
    for _ in 0..n_runs {
        for (idx, n_analysts) in [0, N_ANALYSTS].into_iter().enumerate() {
            let dir = data_dir(n_events).join("ingest");
            if dir.exists() {
                std::fs::remove_dir_all(&dir)?;
            }
            std::fs::create_dir_all(&dir)?;
            let args = ["ingest", &text(&dir), &n_events.to_string(), &n_analysts.to_string()];
            let answer: Json = serde_json::from_str(&output(&mut nenrin(&args)?)?)?;
            std::fs::remove_dir_all(&dir)?;
            let rate = answer["rows_per_s"].as_f64().unwrap_or(0.0);
            println!("{n_analysts} analysts: {rate:.0} rows/s");
            rates[idx].push(rate);
            csv.push_str(&format!("{n_analysts},rows_per_s,{rate:.0}\n"));
            for ms in answer["pages_ms"].as_array().into_iter().flatten().filter_map(Json::as_f64) {
                csv.push_str(&format!("{n_analysts},page_ms,{ms:.1}\n"));
                pages_ms.push(ms);
            }
            peak_kib = peak_kib.max(answer["peak_kib"].as_u64().unwrap_or(0));
        }
    }
    let met = |is_met: bool| if is_met { "met" } else { "missed" };
    let [alone, beside] = rates.map(|rates| percentile(&rates, 0.5));
    let (p50, p95) = (percentile(&pages_ms, 0.5), percentile(&pages_ms, 0.95));
    let table = format!(
        "{n_events} events in batches of 1,000, {n_runs} runs each; `fsync` before each acknowledgement.\n\n\
         | figure | value | goal |\n|---|--:|--:|\n\
         | rows/s, durable and queryable (p50) | {alone:.0} | {ROWS_PER_S_GOAL:.0} {} |\n\
         | the same with {N_ANALYSTS} analysts | {beside:.0} | |\n\
         | page p50 / p95 in ms meanwhile ({} pages) | {p50:.0} / {p95:.0} | {PAGE_P95_MS_GOAL:.0} {} |\n\
         | peak memory, MiB, the prepared batches included | {} | |\n",
        met(alone >= ROWS_PER_S_GOAL),
        pages_ms.len(),
        met(p95 <= PAGE_P95_MS_GOAL),
        peak_kib / 1024,
    );
    Ok(Report { table, csv })
}

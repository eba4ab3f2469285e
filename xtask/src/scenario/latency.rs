//! `cargo xtask bench latency`: from the act to the row in the API.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::rig::{PATIENCE, Programs, Rig, Scratch, encoded, now_text};

/// Acts by default; a quick run is enough to see that the bench works.
const ACTS_DEFAULT: u32 = 200;

/// What one run measured.
pub struct Latencies {
    /// Milliseconds per act, in order.
    pub acts_ms: Vec<f64>,
    /// Milliseconds per request of the same kind without waiting: what asking itself costs.
    pub asks_ms: Vec<f64>,
}

/// Creates files one by one and asks the API for each until it is there.
///
/// # Errors
/// When the programs can't be built or started, or a row does not come.
pub fn measure(n_acts: Option<u32>, release: bool) -> Result<Latencies> {
    let programs = Programs::build(release, "")?;
    let scratch = Scratch::new("latency")?;
    let rig = Rig::up(&programs, &scratch.path)?;
    rig.sign_in()?;
    let device = rig.device(&scratch.path)?;
    let from = encoded(&now_text()?);
    let mut latencies = Latencies { acts_ms: Vec::new(), asks_ms: Vec::new() };
    for number in 0..n_acts.unwrap_or(ACTS_DEFAULT) {
        let name = format!("latency{}x{number}.tmp", std::process::id());
        let path = format!("/api/v1/devices/{device}/timeline?limit=1&from={from}&actions=FileCreated&q=file:{name}");
        let started = Instant::now();
        std::fs::write(scratch.path.join(&name), b"x")?;
        loop {
            let asked = Instant::now();
            let page = rig.get(&path)?;
            latencies.asks_ms.push(asked.elapsed().as_secs_f64() * 1e3);
            if page["items"].as_array().is_some_and(|items| !items.is_empty()) {
                break;
            }
            if started.elapsed() > PATIENCE {
                bail!("the row of act {number} did not come");
            }
        }
        latencies.acts_ms.push(started.elapsed().as_secs_f64() * 1e3);
        // Not in step with the sensor's own timers.
        std::thread::sleep(Duration::from_millis(u64::from(number % 17) * 7));
    }
    rig.stop()?;
    Ok(latencies)
}

/// The value that a share of all values does not exceed.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let idx = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(idx).copied().unwrap_or(f64::NAN)
}

/// The table of a run, as the committed results have it.
pub fn table(latencies: &Latencies) -> String {
    let mut table = String::from("| what | n | p50 ms | p95 ms | max ms |\n|---|--:|--:|--:|--:|\n");
    for (what, values) in [("act to row in the API", &latencies.acts_ms), ("one request alone", &latencies.asks_ms)] {
        let figures = [quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1.0)];
        let _ = writeln!(
            table,
            "| {what} | {} | {:.0} | {:.0} | {:.0} |",
            values.len(),
            figures[0],
            figures[1],
            figures[2]
        );
    }
    table
}

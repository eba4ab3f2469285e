//! `cargo xtask bench detect`: seeded rules over the sample's process events, ours beside rsigma alone, on one thread.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::query::Report;
use crate::command::{cargo, output};

/// Measures.
pub fn run(n_rules: usize, n_events: usize, n_runs: usize) -> Result<Report> {
    let numbers = [n_rules, n_events, n_runs].map(|number| number.to_string());
    let mut words = vec!["bench", "--quiet", "--package", "detect", "--bench", "detect", "--", "run"];
    words.extend(numbers.iter().map(String::as_str));
    let answer = output(&mut cargo(&words))?;
    let answer: Value = serde_json::from_str(answer.trim()).context("understand the bench")?;
    let rates =
        |name: &str| -> Vec<f64> { answer[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect() };
    let (ours, alone) = (rates("ours_per_s"), rates("rsigma_per_s"));
    ensure!(!ours.is_empty() && ours.len() == alone.len(), "the bench gave no figures: {answer}");
    let mut table = format!(
        "{} rules, {} process events, {} matches on both sides, rules loaded in {:.0} ms. Events a second on one thread:\n\n",
        answer["rules"],
        answer["events"],
        answer["matches"],
        answer["load_ms"].as_f64().unwrap_or(0.0)
    );
    table.push_str("| | smallest | median | largest |\n|---|--:|--:|--:|\n");
    for (name, rates) in [("Nenrin (`detect`)", &ours), ("rsigma-eval alone", &alone)] {
        let mut sorted = rates.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |idx: usize| sorted[idx];
        table.push_str(&format!(
            "| {name} | {:.0} | {:.0} | {:.0} |\n",
            at(0),
            at(sorted.len() / 2),
            at(sorted.len() - 1)
        ));
    }
    let mut csv = String::from("side,events_per_s\n");
    for (side, rates) in [("detect", &ours), ("rsigma", &alone)] {
        for rate in rates {
            csv.push_str(&format!("{side},{rate:.0}\n"));
        }
    }
    Ok(Report { table, csv })
}

//! How many events a second the rules take on one core, ours beside `rsigma-eval` alone: the same rules, the same
//! process events, the same matches or it fails. `cargo xtask bench detect` runs it; without arguments it checks itself
//! on a few rules. One JSON line is the answer.

mod made;

use std::process::ExitCode;
use std::time::Instant;

use detect::{Platform, RuleSet, RuleText};
use rsigma_eval::{Engine, JsonEvent};
use rsigma_parser::LogSource;
use schema::sample::{Options, Sample};
use schema::{Row, col};
use serde_json::{Value as Json, json};

/// One run of each side is measured at least this long.
const RUN_SECONDS: f64 = 2.0;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["run", n_rules, n_events, n_runs] => measure(number(n_rules), number(n_events), number(n_runs)),
        [] => measure(300, 2_000, 1),
        _ => Err("usage: detect run RULES EVENTS RUNS".to_owned()),
    };
    match result {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("detect: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> usize {
    text.replace('_', "").parse().unwrap_or(0)
}

/// The sample's process events, each with its platform.
fn events(n_events: usize) -> Vec<(Row, Platform)> {
    let mut events = Vec::new();
    let options = Options { n_events: 40 * n_events as u64 + 100_000, ..Options::default() };
    for batch in Sample::new(options) {
        for row in batch.rows {
            if row.text(&col::ACTION_TYPE) == Some("ProcessCreated") {
                let windows = row.text(&col::FOLDER_PATH).is_some_and(|path| path.contains('\\'));
                events.push((row, if windows { Platform::Windows } else { Platform::Linux }));
                if events.len() == n_events {
                    return events;
                }
            }
        }
    }
    events
}

fn measure(n_rules: usize, n_events: usize, n_runs: usize) -> Result<Json, String> {
    let events = events(n_events);
    let text = made::rules(n_rules, &events);
    let texts: Vec<RuleText> = text
        .iter()
        .enumerate()
        .map(|(idx, text)| RuleText { file: format!("{idx}.yml"), text: text.clone() })
        .collect();
    let started = Instant::now();
    let ours = RuleSet::load(&texts);
    let load_ms = started.elapsed().as_secs_f64() * 1_000.0;
    if let Some(problem) = ours.problems().first() {
        return Err(problem.to_string());
    }
    let (alone, theirs) = alone(&text, &events)?;
    let n_matches: usize = events.iter().map(|(row, platform)| ours.matches(row, *platform).len()).sum();
    let ask = |(event, source): &(Json, LogSource)| alone.evaluate_with_logsource(&JsonEvent::borrow(event), source);
    let n_theirs: usize = theirs.iter().map(|event| ask(event).len()).sum();
    if n_matches != n_theirs {
        return Err(format!("{n_matches} matches, rsigma alone finds {n_theirs}"));
    }
    if n_matches == 0 {
        return Err("no rule matches: the comparison would say nothing".to_owned());
    }
    let mut rates = (Vec::new(), Vec::new());
    for _ in 0..n_runs {
        rates.0.push(rate(events.len(), || {
            for (row, platform) in &events {
                std::hint::black_box(ours.matches(row, *platform));
            }
        }));
        rates.1.push(rate(events.len(), || {
            for event in &theirs {
                std::hint::black_box(ask(event));
            }
        }));
    }
    Ok(json!({
        "rules": ours.rules().len(), "events": events.len(), "matches": n_matches, "load_ms": load_ms,
        "ours_per_s": rates.0, "rsigma_per_s": rates.1,
    }))
}

/// rsigma's own engine over all rules, with the same events as JSON of Sysmon's fields and their log source.
fn alone(rules: &[String], events: &[(Row, Platform)]) -> Result<(Engine, Vec<(Json, LogSource)>), String> {
    let mut parsed = Vec::new();
    for rule in rules {
        parsed.extend(rsigma_parser::parse_sigma_yaml(rule).map_err(|error| error.to_string())?.rules);
    }
    let mut engine = Engine::new();
    if let Some((idx, error)) = engine.add_rules(&parsed).first() {
        return Err(format!("{}: {error}", parsed[*idx].title));
    }
    let mut made = Vec::with_capacity(events.len());
    for (row, platform) in events {
        let source = LogSource {
            category: Some("process_creation".to_owned()),
            product: Some(platform.product().to_owned()),
            ..LogSource::default()
        };
        made.push((json!(RuleSet::fields_of(row, *platform)), source));
    }
    Ok((engine, made))
}

/// Events a second.
fn rate(n_events: usize, mut run: impl FnMut()) -> f64 {
    let started = Instant::now();
    let mut n_runs = 0;
    while started.elapsed().as_secs_f64() < RUN_SECONDS {
        run();
        n_runs += 1;
    }
    (n_events * n_runs) as f64 / started.elapsed().as_secs_f64()
}

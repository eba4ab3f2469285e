//! `nenrin import`: Windows event logs into the store, beside a running server and without one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::local::Local;
use crate::local_work::work;

/// Problems that a terminal shows; --json has more.
const PROBLEMS_SHOWN_MAX: usize = 20;

/// What to import.
#[derive(Args)]
#[command(after_help = "Examples:
  nenrin import Security.evtx Sysmon.evtx
  nenrin import /mnt/image/Windows/System32/winevt/Logs
  nenrin import export.xml events.ndjson --json | tail -1 | jq .rejectedBy
Takes EVTX, exported event XML, JSON lines of Winlogbeat and NXLog, and what Defender exports: a device's timeline as CSV,
results of advanced hunting as CSV or JSON. Of a folder the files with such names. The device is the one that an event names, times are those of the events. Logs of one device that are imported together are
read together: two sources of one act become one row. The same file again adds nothing.
events = rows + merged + rejected. Exit code: 0 imported, 1 not imported, 2 wrong arguments.")]
pub struct ImportArgs {
    /// Event logs, or folders of them.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When the data directory can't be used, an argument is not there, or the server goes away.
pub async fn run(args: ImportArgs, data_dir: &Path, json: bool) -> Result<ExitCode> {
    let mut paths = Vec::new();
    for path in &args.paths {
        // The server may run in another folder.
        let path = std::fs::canonicalize(path).with_context(|| format!("open {}", path.display()))?;
        let Some(text) = path.to_str() else { bail!("{}: only names in UTF-8 can be imported", path.display()) };
        paths.push(text.to_owned());
    }
    let local = Local::create(data_dir).await?;
    let done = import(&local, &json!({ "paths": paths }), json).await;
    local.close().await;
    Ok(if done? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn import(local: &Local, request: &Value, json: bool) -> Result<bool> {
    let so_far = |so_far: &Value| format!("{} events, {} rows", so_far["events"], so_far["rows"]);
    let Some(done) = work(local, "/api/v1/imports", request, "reading", so_far).await? else { return Ok(false) };
    if json {
        println!("{done}");
    } else {
        print!("{}", done_text(&done));
    }
    Ok(true)
}

fn done_text(done: &Value) -> String {
    let mut lines = vec![format!("{} files, {} were imported before", done["files"], done["alreadyImported"])];
    let mut reasons = Vec::new();
    for (reason, count) in done["rejectedBy"].as_object().into_iter().flatten() {
        reasons.push(format!("{reason} {count}"));
    }
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    lines.push(format!(
        "{} events = {} rows + {} merged + {} rejected{reasons}",
        done["events"], done["rows"], done["merged"], done["rejected"]
    ));
    if let (Some(from), Some(to)) = (done["from"].as_str(), done["to"].as_str()) {
        lines.push(format!("from {from} to {to}; a query that names no time needs --all-time to see what is old"));
    }
    for (device, count) in done["devices"].as_object().into_iter().flatten() {
        // The name comes from the file: no control characters on the terminal.
        lines.push(format!("{:>10}  {}", count.to_string(), device.escape_debug()));
    }
    let problems = done["problems"].as_array().map_or(&[][..], Vec::as_slice);
    for problem in problems.iter().take(PROBLEMS_SHOWN_MAX) {
        lines.push(format!("PROBLEM  {}", problem.as_str().unwrap_or_default().escape_debug()));
    }
    if problems.len() > PROBLEMS_SHOWN_MAX {
        lines.push(format!("… {} problems, --json has more", problems.len()));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_and_hostile_names_in_words() {
        let done = json!({
            "files": 2, "alreadyImported": 1, "events": 10, "rows": 7, "merged": 2, "rejected": 1,
            "rejectedBy": { "damaged_chunk": 1 }, "devices": { "ws5\u{1b}[31m": 7 }, "problems": ["a.evtx: chunk\r"],
        });
        let text = done_text(&done);
        assert!(text.contains("10 events = 7 rows + 2 merged + 1 rejected (damaged_chunk 1)"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text}");
    }
}

//! `nenrin store`: size, growth and maintenance of the store, beside a running server and without one.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::local::Local;
use crate::local_work::{answer, work};
use crate::query_cli::Progress;

/// Days and devices that a terminal shows; --json has all.
const LINES_SHOWN_MAX: usize = 20;

/// What to do with the store.
#[derive(Subcommand)]
pub enum StoreCommand {
    /// Rows, files and bytes by day and device, growth, and when something is full.
    #[command(after_help = "Examples:
  nenrin store stats
  nenrin store stats --json | jq .forecast
Exit code: 0 all is well, 1 a file can't be read or the store can't be opened, 2 wrong arguments.")]
    Stats,
    /// Merge small files of events and of prevalence. The server does it on its own when it is worth it.
    #[command(after_help = "Examples:
  nenrin store compact
  nenrin store compact --data-dir /srv/n --json
Files that were merged stay for other engines until vacuum. Exit code: 0 done, 1 not done, 2 wrong arguments.")]
    Compact,
    /// Delete files that left the table by a merge or by retention. The server does it on its own.
    #[command(after_help = "Examples:
  nenrin store vacuum
  nenrin store vacuum --grace 0      also what left the table just now
A file that a query reads stays. Exit code: 0 done, 1 not done, 2 wrong arguments.")]
    Vacuum {
        /// Seconds for which other engines may still read a file that left the table.
        #[arg(long, value_name = "SECONDS", default_value_t = store::limits::VACUUM_GRACE.as_secs())]
        grace: u64,
    },
    /// Write the state of the table's log as one file, so that other engines open it faster.
    #[command(after_help = "Examples:
  nenrin store checkpoint
The server does it every 100 commits. Exit code: 0 done or nothing new, 1 not done, 2 wrong arguments.")]
    Checkpoint,
}

/// Runs the command.
///
/// # Errors
/// When the data directory can't be used or the server goes away.
pub async fn run(command: StoreCommand, data_dir: &Path, json: bool) -> Result<ExitCode> {
    let local = Local::open(data_dir).await?;
    let done = match command {
        StoreCommand::Stats => stats(&local, json).await,
        StoreCommand::Compact => maintain(&local, &json!({ "task": "compact" }), json).await,
        StoreCommand::Vacuum { grace } => {
            maintain(&local, &json!({ "task": "vacuum", "graceSeconds": grace }), json).await
        }
        StoreCommand::Checkpoint => maintain(&local, &json!({ "task": "checkpoint" }), json).await,
    };
    local.close().await;
    Ok(if done? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn stats(local: &Local, json: bool) -> Result<bool> {
    let mut progress = Progress::start("reading the store");
    let response = progress.watch(local.get("/api/v1/store")).await?;
    let found = answer(response).await?;
    drop(progress);
    if json {
        println!("{found}");
    } else {
        print!("{}", stats_text(&found));
    }
    let is_empty = |value: &Value| value.as_array().is_none_or(Vec::is_empty);
    Ok(is_empty(&found["problems"]) && is_empty(&found["prevalence"]["problems"]))
}

async fn maintain(local: &Local, request: &Value, json: bool) -> Result<bool> {
    let so_far =
        |so_far: &Value| format!("{} files merged, {} rows", number(&so_far["files"]), number(&so_far["rows"]));
    let done = work(local, "/api/v1/store/maintenance", request, "working", so_far).await?;
    let Some(done) = done else { return Ok(false) };
    if json {
        println!("{done}");
    } else {
        println!("{}", done_text(&request["task"], &done));
    }
    Ok(true)
}

fn done_text(task: &Value, done: &Value) -> String {
    match task.as_str() {
        Some("compact") if done["merges"] == 0 => "nothing to merge".to_owned(),
        Some("compact") => format!(
            "{} files merged in {} merges: {} rows, {} before, {} after",
            number(&done["files"]),
            number(&done["merges"]),
            number(&done["rows"]),
            size(&done["bytesBefore"]),
            size(&done["bytesAfter"])
        ),
        Some("vacuum") => format!(
            "{} files deleted, {}; {} must stay for now",
            number(&done["files"]),
            size(&done["bytes"]),
            number(&done["kept"])
        ),
        _ if done["version"].is_null() => "nothing was committed since the last checkpoint".to_owned(),
        _ => format!("checkpoint of version {}", number(&done["version"])),
    }
}

/// A whole number with commas.
fn number(value: &Value) -> String {
    let digits = value.as_u64().unwrap_or(0).to_string();
    let mut text = String::new();
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit that fits.
fn size(value: &Value) -> String {
    let mut size = value.as_f64().unwrap_or(0.0);
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if size < 1024.0 {
            let decimals = usize::from(unit != "B" && size < 100.0);
            return format!("{size:.decimals$} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.1} TiB")
}

fn days(value: &Value) -> Option<String> {
    let days = value.as_f64()?;
    Some(if days < 10.0 { format!("{days:.1} days") } else { format!("{days:.0} days") })
}

fn stats_text(found: &Value) -> String {
    let text = |name: &str| found[name].as_str().unwrap_or("-").to_owned();
    let mut lines = Vec::new();
    let per_event = found["bytesPerEvent"].as_f64().map_or(String::new(), |it| format!(", {it:.1} bytes per event"));
    lines.push(format!(
        "events      {} rows in {} files, {}{per_event}",
        number(&found["rows"]),
        number(&found["files"]),
        size(&found["bytes"])
    ));
    lines.push(format!("fresh       {} rows, log {}", number(&found["freshRows"]), size(&found["logBytes"])));
    lines.push(format!("time        {} to {}", text("oldest"), text("newest")));
    let prevalence = &found["prevalence"];
    lines.push(format!(
        "prevalence  {} keys in {} files, {}",
        number(&prevalence["rows"]),
        number(&prevalence["files"]),
        size(&prevalence["bytes"])
    ));
    if found["deadFiles"] != 0 {
        lines.push(format!(
            "waiting     {} files, {}, left the table: vacuum deletes them",
            number(&found["deadFiles"]),
            size(&found["deadBytes"])
        ));
    }
    lines.push(format!("retention   {}", retention_text(&found["retention"])));
    lines.push(format!("growth      {}", forecast_text(found)));
    lines.push(String::new());
    lines.extend(shares(&found["days"], "day", |item| item["day"].as_str().unwrap_or("").to_owned()));
    lines.push(String::new());
    lines.extend(shares(&found["devices"], "device", |item| {
        format!("{}  {}", item["id"].as_str().unwrap_or(""), item["name"].as_str().unwrap_or("").escape_debug())
    }));
    for problem in [&found["problems"], &prevalence["problems"]].into_iter().flat_map(|it| it.as_array()).flatten() {
        lines.push(format!("PROBLEM     {}", problem.as_str().unwrap_or("")));
    }
    lines.join("\n") + "\n"
}

fn retention_text(retention: &Value) -> String {
    if retention.is_null() {
        return "as the server is started; none is running".to_owned();
    }
    let mut parts: Vec<String> = days(&retention["days"]).into_iter().collect();
    parts.extend(retention["bytes"].as_u64().map(|bytes| size(&bytes.into())));
    if parts.is_empty() { "everything".to_owned() } else { parts.join(" or ") }
}

fn forecast_text(found: &Value) -> String {
    let forecast = &found["forecast"];
    let mut parts = match forecast["growthBytesPerDay"].as_f64() {
        None => vec!["not known before an hour of arrivals".to_owned()],
        Some(growth) => vec![format!("{} a day", size(&growth.into()))],
    };
    parts.extend(forecast["levelBytes"].as_u64().map(|level| format!("levels off at {}", size(&level.into()))));
    parts.extend(days(&forecast["daysToLimit"]).map(|days| format!("retention by bytes begins in {days}")));
    parts.extend(days(&forecast["daysToFullDisk"]).map(|days| format!("DISK FULL in {days}")));
    parts.extend(found["freeBytes"].as_u64().map(|free| format!("{} free", size(&free.into()))));
    parts.join(", ")
}

fn shares(items: &Value, title: &str, name: impl Fn(&Value) -> String) -> Vec<String> {
    let items = items.as_array().map_or(&[] as &[Value], Vec::as_slice);
    let mut lines = vec![format!("{:>15} {:>12}  {title}", "rows", "bytes")];
    for item in items.iter().take(LINES_SHOWN_MAX) {
        lines.push(format!("{:>15} {:>12}  {}", number(&item["rows"]), size(&item["bytes"]), name(item)));
    }
    if items.len() > LINES_SHOWN_MAX {
        lines.push(format!("{:>28}  and {} more: --json", "", items.len() - LINES_SHOWN_MAX));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes() {
        for (value, wanted) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(number(&json!(value)), wanted);
        }
        for (value, wanted) in
            [(0u64, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (500 << 30, "500 GiB"), (3 << 40, "3.0 TiB")]
        {
            assert_eq!(size(&json!(value)), wanted);
        }
    }

    #[test]
    fn the_forecast_in_words() {
        let found = json!({
            "forecast": { "growthBytesPerDay": 1073741824.0, "levelBytes": 193273528320u64, "daysToLimit": null,
                "daysToFullDisk": 9.25 },
            "freeBytes": 10737418240u64,
        });
        assert_eq!(forecast_text(&found), "1.0 GiB a day, levels off at 180 GiB, DISK FULL in 9.2 days, 10.0 GiB free");
        assert_eq!(retention_text(&json!({ "days": 180.0, "bytes": 536870912000u64 })), "180 days or 500 GiB");
    }
}

//! `nenrin query`: KQL from the command line, a file, standard input or a prompt.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};
use tokio_stream::StreamExt;

use crate::answer_table::{self, Table};
use crate::clock::{now_ns, text_of_ns};
use crate::limits::HUNTING_DAYS_DEFAULT;
use crate::local::Local;
use crate::local_work::lines;
use crate::prompt;

/// A query that takes longer says how long it has been running.
const PROGRESS_AFTER: Duration = Duration::from_secs(2);
/// Bytes of a query file; the parser takes no longer text.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Arguments of `nenrin query`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  nenrin query 'DeviceProcessEvents | where FileName =~ \"curl\" | take 10'
  nenrin query --file hunt.kql --csv > hunt.csv
  nenrin query --file queries/beacon.md    the query in a Markdown file
  nenrin query --days 7 --parquet dns.parquet 'DeviceEvents | where ActionType == \"DnsQueryResponse\"'
  nenrin query --explain 'DeviceNetworkEvents | summarize dcount(RemoteIP) by DeviceName'
  nenrin query                        a prompt with history and completion
A query that names no time looks back 30 days. Exit code: 0 answered, 1 not answered, 2 wrong arguments.")]
pub struct QueryArgs {
    /// KQL; without it and without --file, a prompt.
    query: Option<String>,
    /// Read the query from a file, - for standard input; of a Markdown file, its one block of KQL.
    #[arg(long, short, value_name = "FILE", conflicts_with = "query")]
    file: Option<PathBuf>,
    /// CSV on standard output.
    #[arg(long, conflicts_with_all = ["parquet", "explain"])]
    csv: bool,
    /// Write a Parquet file.
    #[arg(long, value_name = "FILE", conflicts_with = "explain")]
    parquet: Option<PathBuf>,
    /// Show the plan; nothing is run.
    #[arg(long)]
    explain: bool,
    /// Check the query and name its columns; nothing is run.
    #[arg(long, conflicts_with = "explain")]
    check: bool,
    /// Days that a query without a time of its own looks back.
    #[arg(long, default_value_t = HUNTING_DAYS_DEFAULT, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=36_500))]
    days: i64,
    /// Everything that is stored, when the query names no time.
    #[arg(long, conflicts_with = "days")]
    all_time: bool,
    /// A value of `declare query_parameters`; may be given several times.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Show times in this machine's time zone; files and JSON stay in UTC.
    #[arg(long)]
    local_time: bool,
}

/// Where an answer goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Table,
    Json,
    Csv,
    Parquet,
}

/// Everything that stays the same from one query of a prompt to the next.
pub(crate) struct Session<'a> {
    pub(crate) local: &'a Local,
    pub(crate) args: &'a QueryArgs,
    pub(crate) shape: Shape,
}

/// Runs the command.
///
/// # Errors
/// When the data directory can't be used or the query can't be read. A wrong query is said on standard error, exit 1.
pub async fn run(args: QueryArgs, data_dir: &Path, json: bool) -> Result<ExitCode> {
    let text = match (&args.query, &args.file) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(path)) => Some(read(path)?),
        (None, None) if std::io::stdin().is_terminal() => None,
        (None, None) => Some(read(Path::new("-"))?),
    };
    let shape = match (json, args.csv, &args.parquet) {
        (_, _, Some(_)) => Shape::Parquet,
        (_, true, None) => Shape::Csv,
        (true, false, None) => Shape::Json,
        (false, false, None) => Shape::Table,
    };
    let local = Local::open(data_dir).await?;
    let session = Session { local: &local, args: &args, shape };
    let answered = match text {
        Some(text) => session.one(&text).await,
        None => prompt::run(&session, data_dir).await.map(|()| true),
    };
    local.close().await;
    Ok(if answered? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> Result<String> {
    let mut text = String::new();
    let source: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(path).with_context(|| format!("open {}", path.display()))?),
    };
    source.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).with_context(|| format!("read {}", path.display()))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        bail!("{} is longer than {FILE_BYTES_MAX} bytes: this is no query", path.display());
    }
    if path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("md")) {
        return kql_block(&text).with_context(|| format!("read {}", path.display()));
    }
    Ok(text)
}

/// The one KQL block of a Markdown file, such as those in `queries/`.
fn kql_block(markdown: &str) -> Result<String> {
    let mut blocks = markdown.split("\n```kql\n").skip(1);
    let (Some(first), None) = (blocks.next(), blocks.next()) else {
        bail!("a Markdown file with a query has one block that begins with ```kql");
    };
    let (query, _) = first.split_once("\n```").context("the block is not closed")?;
    Ok(query.to_owned())
}

impl Session<'_> {
    /// Answers one query; false when it could not be answered and why is said on standard error.
    pub(crate) async fn one(&self, text: &str) -> Result<bool> {
        if self.args.explain || self.args.check {
            return self.analyze(text).await;
        }
        let format = match self.shape {
            Shape::Table | Shape::Json => "ndjson",
            Shape::Csv => "csv",
            Shape::Parquet => "parquet",
        };
        let progress = Progress::start("Ctrl-C stops the query");
        let path = format!("/api/v1/hunting/run?format={format}");
        let response = self.local.post(&path, &self.body(text)?).await?;
        if !response.status().is_success() {
            drop(progress);
            self.refused(text, response).await?;
            return Ok(false);
        }
        match self.shape {
            Shape::Table | Shape::Json => self.lines(text, response, progress).await,
            Shape::Csv => copy(response, &mut std::io::stdout().lock(), progress).await,
            Shape::Parquet => {
                let path = self.args.parquet.as_deref().context("a file for --parquet")?;
                let mut file = std::fs::File::create(path).with_context(|| format!("create {}", path.display()))?;
                copy(response, &mut file, progress).await
            }
        }
    }

    fn body(&self, text: &str) -> Result<Value> {
        let mut parameters = serde_json::Map::new();
        for parameter in &self.args.parameters {
            let (name, value) =
                parameter.split_once('=').with_context(|| format!("--param {parameter}: no NAME=VALUE"))?;
            parameters.insert(name.to_owned(), value.into());
        }
        let from = now_ns().saturating_sub(self.args.days.saturating_mul(86_400_000_000_000));
        Ok(match self.args.all_time {
            true => json!({ "query": text, "allTime": true, "parameters": parameters }),
            false => json!({ "query": text, "from": text_of_ns(from), "parameters": parameters }),
        })
    }

    async fn analyze(&self, text: &str) -> Result<bool> {
        let body = json!({ "query": text, "explain": self.args.explain });
        let response = self.local.post("/api/v1/hunting/analyze", &body).await?;
        let found: Value = serde_json::from_slice(&bytes(response).await?)?;
        if self.shape == Shape::Json {
            println!("{found}");
            return Ok(found["ok"] == true);
        }
        answer_table::say_diagnostics(text, &found["diagnostics"]);
        if found["ok"] == true {
            match found["plan"].as_str() {
                Some(plan) => println!("{plan}"),
                None => answer_table::print_columns(&found["columns"]),
            }
        }
        Ok(found["ok"] == true)
    }

    async fn refused(&self, text: &str, response: Response) -> Result<()> {
        let body: Value = serde_json::from_slice(&bytes(response).await?).unwrap_or_default();
        let error = &body["error"];
        if self.shape == Shape::Json {
            println!("{body}");
        } else if error["diagnostics"].is_array() {
            answer_table::say_diagnostics(text, &error["diagnostics"]);
        } else {
            eprintln!("nenrin: {}", error["message"].as_str().unwrap_or("the server refused the query"));
        }
        Ok(())
    }

    /// Reads the answer line by line: onto the screen as a table, or as one JSON value.
    async fn lines(&self, text: &str, response: Response, mut progress: Progress) -> Result<bool> {
        let mut table = Table::new(self.args.local_time);
        lines(response, &mut progress, |line, _| table.take(line)).await?;
        drop(progress);
        if self.shape == Shape::Json {
            println!("{}", table.to_json());
        } else {
            answer_table::say_diagnostics(text, &table.warnings);
            table.print()?;
        }
        Ok(table.is_whole())
    }
}

pub(crate) async fn bytes(response: Response) -> Result<Vec<u8>> {
    Ok(axum::body::to_bytes(response.into_body(), usize::MAX).await?.to_vec())
}

async fn copy(response: Response, output: &mut dyn Write, mut progress: Progress) -> Result<bool> {
    let mut chunks = Body::into_data_stream(response.into_body());
    while let Some(chunk) = progress.watch(chunks.next()).await {
        match chunk {
            Ok(chunk) => output.write_all(&chunk).context("write the answer")?,
            Err(error) => {
                eprintln!("nenrin: the answer is not whole: {error}");
                return Ok(false);
            }
        }
    }
    output.flush()?;
    Ok(true)
}

/// A line on a terminal's standard error that says how long something has been running.
pub(crate) struct Progress {
    since: std::time::Instant,
    words: String,
    shown: bool,
}

impl Progress {
    pub(crate) fn start(words: &str) -> Self {
        Self { since: std::time::Instant::now(), words: words.to_owned(), shown: false }
    }

    /// What the line says from now on.
    pub(crate) fn say(&mut self, words: String) {
        self.words = words;
    }

    /// Waits, and counts the seconds meanwhile.
    pub(crate) async fn watch<T>(&mut self, waited: impl Future<Output = T>) -> T {
        let mut waited = std::pin::pin!(waited);
        loop {
            tokio::select! {
                result = &mut waited => return result,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
            if self.since.elapsed() >= PROGRESS_AFTER && std::io::stderr().is_terminal() {
                self.shown = true;
                eprint!("\r\x1b[K{} s, {} ", self.since.elapsed().as_secs(), self.words);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            eprint!("\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::kql_block;

    #[test]
    fn a_markdown_file_has_one_query() {
        let markdown = "# Title\n\n```kql\nDeviceEvents\n| take 1\n```\n\n```expect\n1\n```\n";
        assert_eq!(kql_block(markdown).expect("a query"), "DeviceEvents\n| take 1");
        let twice = format!("{markdown}{markdown}");
        for wrong in ["DeviceEvents", "\n```kql\nDeviceEvents\n", twice.as_str()] {
            assert!(kql_block(wrong).is_err(), "{wrong}");
        }
    }
}

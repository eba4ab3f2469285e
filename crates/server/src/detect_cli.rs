//! `nenrin detect`: the rules from the command line.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::alerts::rules::Rules;
use crate::clock::{now_ns, text_of_ns};
use crate::local::Local;

/// How long `nenrin detect test` looks for its alert.
const TEST_WAIT: Duration = Duration::from_secs(30);

/// Arguments of `nenrin detect`.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  nenrin detect --since 30d     ask today's rules about the last 30 days
  nenrin detect rules           how many rules are loaded, and which are not, with the reason
  nenrin detect test            a harmless command that makes an alert, to see that all works
Put rules in Sigma's format into the folder `rules` of the data directory; changes are seen within seconds."
)]
pub struct DetectArgs {
    /// How far back, such as 12h or 30d.
    #[arg(long, value_name = "AGE", value_parser = age)]
    since: Option<Duration>,
    #[command(subcommand)]
    command: Option<DetectCommand>,
}

#[derive(clap::Subcommand)]
enum DetectCommand {
    /// List the rules and what is wrong with those that are left out. Exit 1 when any is.
    Rules,
    /// Run a harmless command on this machine, which has to have a sensor, and wait for its alert.
    Test {
        /// Don't wait for the alert.
        #[arg(long)]
        no_wait: bool,
    },
}

fn age(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let hours = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 7 * 24,
        _ => return Err("give a number with h, d or w, such as 30d".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "give a number with h, d or w, such as 30d".to_owned())?;
    let seconds = number.checked_mul(hours * 3_600).filter(|seconds| *seconds <= 36_500 * 86_400);
    Ok(Duration::from_secs(seconds.ok_or("at most 36500d")?))
}

/// Runs the command.
///
/// # Errors
/// When the data directory can't be used or the server refuses.
pub async fn run(args: DetectArgs, data_dir: &Path, json: bool) -> Result<ExitCode> {
    match (args.command, args.since) {
        (Some(DetectCommand::Rules), _) => Ok(rules(data_dir, json)),
        (Some(DetectCommand::Test { no_wait }), _) => test(data_dir, no_wait, json).await,
        (None, Some(since)) => history(data_dir, since, json).await,
        (None, None) => bail!("say what to do: nenrin detect --since 30d, nenrin detect rules or nenrin detect test"),
    }
}

fn rules(data_dir: &Path, json: bool) -> ExitCode {
    let rules = Rules::open(data_dir);
    let current = rules.current();
    if json {
        let problem = |it: &detect::Problem| json!({ "file": it.file, "rule": it.rule, "kind": it.kind.name(), "reason": it.reason });
        let rule = |it: &detect::Rule| json!({ "id": it.id, "title": it.title, "severity": it.severity.name(), "techniques": it.techniques, "file": it.file });
        let rules: Vec<Value> = current.rules().iter().map(rule).collect();
        let problems: Vec<Value> = current.problems().iter().map(problem).collect();
        println!("{}", json!({ "rules": rules, "problems": problems }));
    } else {
        for rule in current.rules() {
            println!("{:<13} {}  ({})", rule.severity.name(), rule.title, rule.file);
        }
        for problem in current.problems() {
            println!("PROBLEM       {problem}");
        }
        let (n_rules, n_problems) = (current.rules().len(), current.problems().len());
        println!("{n_rules} rules, {n_problems} left out; your own: {}", rules.folder().display());
    }
    if current.problems().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn history(data_dir: &Path, since: Duration, json: bool) -> Result<ExitCode> {
    let local = Local::open(data_dir).await?;
    let since_ns = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
    let from = text_of_ns(now_ns().saturating_sub(since_ns));
    let answer = ask(&local, "/api/v1/detections/history", &json!({ "from": from })).await;
    local.close().await;
    let answer = answer?;
    if json {
        println!("{answer}");
    } else {
        println!(
            "{} events asked about, {} matches, {} new alerts",
            answer["rows"], answer["matches"], answer["alerts"]
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Posts and expects JSON.
async fn ask(local: &Local, path: &str, body: &Value) -> Result<Value> {
    let response = local.post(path, body).await?;
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 64 << 20).await.context("read answer")?;
    let answer: Value = serde_json::from_slice(&bytes).with_context(|| format!("understand answer {status}"))?;
    if !status.is_success() {
        bail!("{}", answer["error"]["message"].as_str().unwrap_or("the server refused"));
    }
    Ok(answer)
}

async fn test(data_dir: &Path, no_wait: bool, json: bool) -> Result<ExitCode> {
    let word = format!("nenrin-detection-test-{:08x}", rand::random::<u32>());
    let started = Instant::now();
    let status = tokio::process::Command::new("/bin/sh")
        .args(["-c", &format!("/bin/echo {word} >/dev/null")])
        .status()
        .await
        .context("run /bin/sh")?;
    if !status.success() {
        bail!("/bin/sh ended with {status}");
    }
    if !json {
        println!("ran: /bin/sh -c '/bin/echo {word}'; nothing else was done");
    }
    if no_wait {
        return Ok(ExitCode::SUCCESS);
    }
    let local = Local::open(data_dir).await?;
    let query = format!("AlertEvidence | where ProcessCommandLine has \"{word}\" | project AlertId, Title | take 1");
    loop {
        let answer = ask(&local, "/api/advancedqueries/run", &json!({ "Query": query })).await?;
        if let Some(found) = answer["Results"].as_array().and_then(|rows| rows.first()) {
            let seconds = started.elapsed().as_secs_f64();
            match json {
                true => println!("{}", json!({ "alert": found["AlertId"], "seconds": seconds })),
                false => println!("alert {} after {seconds:.1} s: see Alerts in the portal", found["AlertId"]),
            }
            return Ok(ExitCode::SUCCESS);
        }
        if started.elapsed() > TEST_WAIT {
            bail!(
                "no alert within {} s: is a sensor running on this machine, and does it reach this server?",
                TEST_WAIT.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

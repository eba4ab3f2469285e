//! `cargo xtask fuzz kql`: random queries, answered by the engine and by the naive evaluator, in a release build of the
//! differential test that `make test` runs for a minute. With `--hostile`: queries of noise, which must be answered or refused.

use anyhow::{Context, Result, bail};

use crate::command::{cargo, run as run_command};

/// Queries when no number is given: what the project promises to be without a difference.
const QUERIES: u64 = 100_000;

/// Seconds of noise when no number is given.
const HOSTILE_SECONDS: u64 = 60;

const USAGE: &str = "usage: cargo xtask fuzz kql [--queries N] [--seed S] [--first INDEX] [--counts] [--debug]
       cargo xtask fuzz kql --hostile [--seconds N] [--seed S] [--debug]";

/// Runs the named fuzzer.
///
/// # Errors
/// When a query is answered differently, or the arguments are not understood.
pub fn run(args: &[String]) -> Result<()> {
    let (Some("kql"), options) = (args.first().map(String::as_str), args.get(1..).unwrap_or_default()) else {
        bail!(USAGE);
    };
    let mut n_queries = QUERIES;
    let mut seed = clock_seed()?;
    let mut first = 0;
    let mut n_seconds = HOSTILE_SECONDS;
    let (mut is_release, mut is_hostile, mut has_counts) = (true, false, false);
    let mut words = options.iter();
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64> {
            words.next().context(USAGE)?.parse().with_context(|| format!("{word} takes a number"))
        };
        match word.as_str() {
            "--queries" => n_queries = number()?,
            "--seed" => seed = number()?,
            "--first" => first = number()?,
            "--seconds" => n_seconds = number()?,
            "--hostile" => is_hostile = true,
            "--counts" => has_counts = true,
            "--debug" => is_release = false,
            _ => bail!(USAGE),
        }
    }
    let mut args = vec!["test", "--locked", "-p", "query", "--test", "main"];
    if is_release {
        args.push("--release");
    }
    let name = match is_hostile {
        true => "kql_bounds::noise::noise_is_answered_or_refused",
        false => "differential::engine_and_evaluator_agree",
    };
    args.extend(["--", "--exact", "--nocapture", name]);
    let mut test = cargo(&args);
    test.env("NENRIN_FUZZ_SEED", seed.to_string());
    if is_hostile {
        println!("{n_seconds} s of noise, seed {seed}");
        test.env("NENRIN_FUZZ_SECONDS", n_seconds.to_string());
    } else {
        println!("{n_queries} queries, seed {seed}");
        test.env("NENRIN_FUZZ_QUERIES", n_queries.to_string());
        test.env("NENRIN_FUZZ_FIRST", first.to_string());
        if has_counts {
            test.env("NENRIN_FUZZ_COUNTS", "1");
        }
    }
    run_command(&mut test)
}

/// Another seed each time; it is printed.
fn clock_seed() -> Result<u64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).context("read the clock")?;
    Ok(since.as_secs())
}

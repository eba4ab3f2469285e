//! `cargo xtask TASK`: the project's own tools. A task is one line in `TASKS` and one module of the library.

use std::process::ExitCode;

use anyhow::Result;
use xtask::{bench, codegen, fuzz, kernel, scenario, tidy};

struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const TASKS: &[Task] = &[
    Task { name: "tidy", about: "check the rules that no compiler checks", run: tidy::run },
    Task { name: "codegen", about: "rewrite every file that is derived from a declaration", run: codegen::run },
    Task { name: "scenario", about: "do known things and compare them with what the API shows", run: scenario::run },
    Task { name: "bench", about: "measure, and keep the result with --commit", run: bench::run },
    Task { name: "fuzz", about: "random queries, the engine against a naive evaluator", run: fuzz::run },
    Task { name: "act", about: "the small programs that scenarios run", run: scenario::act },
    Task { name: "kernel", about: "load the eBPF programs into this kernel and test what they see", run: kernel::run },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(task) = TASKS.iter().find(|task| args.first().is_some_and(|name| name == task.name)) else {
        eprint!("{}", usage());
        return ExitCode::from(2);
    };
    match (task.run)(&args[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error:#}", task.name);
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut usage = String::from("usage: cargo xtask TASK [ARGUMENT...]\n\n");
    for task in TASKS {
        usage.push_str(&format!("  {:<10} {}\n", task.name, task.about));
    }
    usage
}

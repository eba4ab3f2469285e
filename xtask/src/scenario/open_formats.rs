//! Other people's engines open our table: a sample store, `deltalake` and `duckdb` from PyPI in an environment of
//! their own below the target directory, and the same questions to both.

use std::process::Command;

use anyhow::{Context, Result};

use super::python;
use super::rig::Scratch;
use crate::command::{cargo, output, run as run_command};

/// What is installed; the environment is made anew when this changes.
const PACKAGES: [&str; 3] = ["deltalake==1.6.6", "duckdb==2.0.0", "pyarrow==26.0.1"];
/// What is done to the table between one look and the next.
const STAGES: [&str; 5] = ["written", "compacted", "checkpointed", "vacuumed", "continued"];
const SCRIPT: &str = include_str!("open_formats.py");

pub(super) fn run() -> Result<()> {
    let python = python::environment("open-formats", &PACKAGES)?;
    let scratch = Scratch::new("open-formats")?;
    let store = scratch.path.join("store");
    let (expected_path, script_path) = (scratch.path.join("expected.json"), scratch.path.join("open_formats.py"));
    std::fs::write(&script_path, SCRIPT)?;
    for stage in STAGES {
        let mut sample = cargo(&["run", "--quiet", "--locked", "-p", "store", "--example", "sample_table", "--"]);
        let expected = output(sample.arg(&store).arg(stage)).with_context(|| format!("bring the table to {stage}"))?;
        std::fs::write(&expected_path, expected)?;
        run_command(Command::new(&python).arg(&script_path).arg(stage).arg(&expected_path))?;
    }
    Ok(())
}

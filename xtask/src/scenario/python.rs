//! Python with packages from PyPI, in an environment of its own below the target directory.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{root, run as run_command};

/// The environment's Python. Installed at the first run, and anew when the packages change.
pub(super) fn environment(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let dir = target.join(name);
    let python = dir.join("bin/python");
    let done = dir.join("packages");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir).status();
    let made = made.context("start python3: tools/bootstrap.sh --tests installs it")?;
    anyhow::ensure!(
        made.success(),
        "python3 can't make an environment: tools/bootstrap.sh --tests installs what it needs"
    );
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run_command(Command::new(&python).args(pip).args(packages)).with_context(|| format!("install {wanted}"))?;
    std::fs::write(&done, wanted)?;
    Ok(python)
}

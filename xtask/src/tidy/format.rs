//! Rust code is formatted by rustfmt with the settings in `rustfmt.toml`.

use anyhow::Result;

use super::{Tree, Violation};
use crate::command;

pub fn check(tree: &Tree) -> Result<Vec<Violation>> {
    if command::cargo(&["fmt", "--version"]).output().is_ok_and(|output| !output.status.success()) {
        eprintln!("rustfmt is not installed: the format of Rust files is not checked");
        return Ok(Vec::new());
    }
    let output = command::cargo(&["fmt", "--all", "--", "--check", "-l"]).current_dir(&tree.root).output()?;
    let listing = String::from_utf8_lossy(&output.stdout);
    let mut violations = Vec::new();
    for path in listing.lines() {
        let path = path.strip_prefix(&format!("{}/", tree.root.display())).unwrap_or(path);
        violations.push(Violation::new(path, 0, "not formatted: run `cargo fmt`"));
    }
    violations.dedup();
    Ok(violations)
}

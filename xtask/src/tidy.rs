//! `cargo xtask tidy`: rules that no compiler checks. Each check is one module and one line in `CHECKS`.
//! When review repeats itself, add a check here, not a paragraph to a document.

mod bpf;
mod crates;
mod docs;
mod format;
mod functions;
mod lexer;
mod logs;
mod source;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use tree::Tree;

/// A broken rule and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// From the root of the repository.
    pub path: String,
    /// Counted from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Violation {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Violation { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { path, line, message } = self;
        if *line == 0 { write!(out, "{path}: {message}") } else { write!(out, "{path}:{line}: {message}") }
    }
}

type Check = fn(&Tree) -> Result<Vec<Violation>>;

const CHECKS: &[Check] = &[
    source::check,
    functions::check,
    logs::check,
    bpf::check,
    crates::check,
    docs::architecture,
    docs::links,
    docs::decisions,
    format::check,
];

/// Every broken rule under `root`, sorted.
pub fn check(root: &Path) -> Result<Vec<Violation>> {
    let tree = Tree::read(root)?;
    let mut violations = Vec::new();
    for check in CHECKS {
        violations.extend(check(&tree)?);
    }
    violations.sort();
    Ok(violations)
}

/// Prints every broken rule and fails when there is one; takes no argument.
pub fn run(_args: &[String]) -> Result<()> {
    let violations = check(&crate::command::root())?;
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => Ok(()),
        1 => bail!("1 rule is broken"),
        count => bail!("{count} rules are broken"),
    }
}

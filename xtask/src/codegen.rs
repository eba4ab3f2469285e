//! `cargo xtask codegen`: rewrites generated files. Each is written by a test of the crate that owns the
//! declaration, so that `cargo test` notices a stale one; this task only runs those tests with `UPDATE=1`.

use anyhow::Result;

use crate::command::{self, cargo};

/// Owner and the filter that selects its writing tests; the order matters: the portal reads the server's output.
const OWNERS: &[(&str, &str)] = &[("schema", ""), ("query", "generated"), ("server", "openapi")];

/// Rewrites all of them; takes no argument.
pub fn run(_args: &[String]) -> Result<()> {
    for (package, filter) in OWNERS {
        let mut test = cargo(&["test", "--quiet", "--package", package, "--test", "main"]);
        if !filter.is_empty() {
            test.arg(filter);
        }
        command::run(test.env("UPDATE", "1"))?;
    }
    if command::root().join("portal/node_modules").exists() {
        return command::run(&mut command::command("npm", &["--prefix", "portal", "run", "gen"]));
    }
    eprintln!("portal/src/generated/api.ts is not rewritten: run `npm ci` in portal first");
    Ok(())
}

//! Which crates exist and who may know whom, compared with what cargo says. Changing a line here is a decision
//! about the architecture: ARCHITECTURE.md changes with it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Tree, Violation};
use crate::command;

/// Every crate and the crates of ours that it uses. Data flows from left to right, so do dependencies.
const CRATES: &[(&str, &[&str])] = &[
    ("schema", &[]),
    ("kql", &[]),
    ("wire", &[]),
    ("winlog", &["schema"]),
    ("store", &["schema"]),
    ("importer", &["schema", "store", "winlog"]),
    ("query", &["kql", "schema", "store"]),
    ("detect", &["schema"]),
    ("sensor", &["schema", "wire"]),
    ("server", &["detect", "importer", "query", "schema", "store", "winlog", "wire"]),
    ("xtask", &[]),
];

/// Outside crates that only some of ours may name, each with the boundary it guards.
const OWNERS: &[(&str, &[&str])] = &[
    // The engine can be exchanged, and its link time is paid once.
    ("datafusion", &["query"]),
    ("object_store", &["query"]),
    ("arrow", &["store", "query"]),
    ("parquet", &["store", "query"]),
    // One program knows HTTP routes and users.
    ("axum", &["server"]),
    ("sqlx", &["server"]),
    // Rules can be evaluated by something else one day.
    ("rsigma-eval", &["detect"]),
    ("rsigma-parser", &["detect"]),
    ("yaml_serde", &["detect"]),
    // Every source of Windows events ends in one type.
    ("evtx", &["winlog"]),
    ("quick-xml", &["winlog"]),
    // One program knows the kernel.
    ("libbpf-rs", &["sensor"]),
    ("libbpf-cargo", &["sensor"]),
];

pub fn check(tree: &Tree) -> Result<Vec<Violation>> {
    let args = ["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"];
    let metadata = command::output(command::cargo(&args).current_dir(&tree.root))?;
    let metadata: Value = serde_json::from_str(&metadata).context("parse cargo metadata")?;
    Ok(judge(&dependencies(&metadata)))
}

/// Dependencies by crate, those for tests left out: a test may look at anything.
fn dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut crates = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let mut names = BTreeSet::new();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if dependency["kind"] != "dev" {
                names.insert(dependency["name"].as_str().unwrap_or_default().to_owned());
            }
        }
        crates.insert(package["name"].as_str().unwrap_or_default().to_owned(), names);
    }
    crates
}

fn judge(found: &BTreeMap<String, BTreeSet<String>>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let ours: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    for (name, expected) in CRATES {
        let Some(dependencies) = found.get(*name) else {
            violations.push(Violation::new("Cargo.toml", 0, format!("crate `{name}` is in the table but gone")));
            continue;
        };
        let used: Vec<&str> = dependencies.iter().map(String::as_str).filter(|used| ours.contains(used)).collect();
        if used != *expected {
            let message = format!("uses our crates {used:?}, the table in xtask/src/tidy/crates.rs says {expected:?}");
            violations.push(Violation::new(&format!("crates/{name}/Cargo.toml"), 0, message));
        }
    }
    for (name, dependencies) in found {
        if !CRATES.iter().any(|(known, _)| known == name) {
            violations.push(Violation::new("Cargo.toml", 0, format!("crate `{name}` is not in the table")));
        }
        for (outside, owners) in OWNERS {
            if dependencies.contains(*outside) && !owners.contains(&name.as_str()) {
                let message = format!("names `{outside}`, which only {owners:?} may");
                violations.push(Violation::new(&format!("crates/{name}/Cargo.toml"), 0, message));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> BTreeMap<String, BTreeSet<String>> {
        CRATES
            .iter()
            .map(|(name, used)| ((*name).to_owned(), used.iter().map(|used| (*used).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn the_table_itself_is_fine() {
        assert_eq!(judge(&table()), []);
    }

    #[test]
    fn new_edges_crates_and_owners_are_noticed() {
        let mut found = table();
        found.get_mut("schema").expect("in the table").insert("store".to_owned());
        found.get_mut("server").expect("in the table").insert("datafusion".to_owned());
        found.insert("utils".to_owned(), BTreeSet::new());
        found.remove("wire");
        let messages: Vec<String> = judge(&found).into_iter().map(|violation| violation.to_string()).collect();
        // The missing `wire` also breaks the two crates that the table says use it.
        assert_eq!(messages.len(), 6, "{messages:#?}");
    }
}

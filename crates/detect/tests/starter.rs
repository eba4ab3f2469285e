//! Every starter rule against its rows in `rules/tests.jsonl`: at least one that it finds and one that it leaves alone.

use std::collections::BTreeMap;
use std::path::Path;

use detect::{Platform, RuleSet, read_folder, starter_rules};
use serde_json::Value;

use crate::support::row;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")
}

#[test]
fn the_program_holds_the_folder() {
    let (mut on_disk, problems) = read_folder(&folder());
    on_disk.sort_by(|one, other| one.file.cmp(&other.file));
    assert_eq!(problems, []);
    assert_eq!(starter_rules(), on_disk);
}

#[test]
fn every_rule_finds_what_it_should_and_nothing_else() {
    let rules = RuleSet::load(&starter_rules());
    assert_eq!(rules.problems(), []);
    assert!(rules.rules().len() >= 25, "{} rules", rules.rules().len());
    let tests = std::fs::read_to_string(folder().join("tests.jsonl")).expect("read tests");
    let mut seen: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in tests.lines() {
        let test: Value = serde_json::from_str(line).expect(line);
        let platform = Platform::of_os(test["platform"].as_str().expect("platform"));
        let file = test["rule"].as_str().expect("rule");
        let hit = test["hit"].as_bool().expect("hit");
        let found: Vec<&str> =
            rules.matches(&row(&test["row"]), platform).iter().map(|rule| rule.file.as_str()).collect();
        assert_eq!(found.contains(&file), hit, "{line}\nfound {found:?}");
        let counts = seen.entry(file.to_owned()).or_default();
        if hit { counts.0 += 1 } else { counts.1 += 1 }
    }
    for rule in rules.rules() {
        let (n_hits, n_others) = seen.get(&rule.file).copied().unwrap_or_default();
        assert!(n_hits > 0 && n_others > 0, "{} has {n_hits} rows to find and {n_others} to leave", rule.file);
        assert!(!rule.description.is_empty() && rule.category != "SuspiciousActivity", "{}", rule.file);
    }
}

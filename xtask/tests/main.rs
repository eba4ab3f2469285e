//! The repository keeps its own rules.

use std::path::Path;

#[test]
fn repository_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a directory of the root");
    let violations = xtask::tidy::check(root).expect("every check runs");
    let report: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(report.is_empty(), "\n{}\n", report.join("\n"));
}

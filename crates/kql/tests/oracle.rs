//! Microsoft's own parser, run under node, and ours agree on every query.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::corpus::{Verdict, cases, is_accepted};

#[test]
fn both_parsers_agree() {
    let cases = cases();
    assert!(cases.len() >= 300, "{} queries", cases.len());
    let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
    let answers = ask("accepts.js", &texts);
    let mut differences = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        let (_, findings) = kql::parse(&case.text);
        let ours = is_accepted(&findings);
        let theirs = answer == "yes";
        let wanted = match case.verdict {
            Verdict::Accepted => (true, true),
            Verdict::Refused => (false, false),
            Verdict::Lenient => (true, false),
            Verdict::Strict => (false, true),
        };
        if (ours, theirs) != wanted {
            let text = &case.text;
            let verdict = case.verdict;
            differences.push(format!("{} {verdict:?}\n  {text}\n  ours: {findings:?}\n  theirs: {answer}", case.place));
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// A line for each text, from a script of `oracle/`.
pub fn ask(script: &str, texts: &[&str]) -> Vec<String> {
    let folder = install();
    let mut command = Command::new("node");
    command.arg(script).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("node is needed to compare our parser with Microsoft's: {error}. Install Node.js 18 or later.")
    });
    let mut input = child.stdin.take().expect("a pipe");
    for text in texts {
        input.write_all(text.as_bytes()).expect("node reads");
        input.write_all(&[0]).expect("node reads");
    }
    drop(input);
    let output = child.wait_with_output().expect("node ends");
    assert!(output.status.success(), "node failed: {}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), texts.len(), "an answer for each query");
    answers
}

/// The folder with the oracle; its package is fetched once.
fn install() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
    if folder.join("node_modules/@kusto/language-service-next").exists() {
        return folder;
    }
    let output: Output =
        Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(&folder).output().unwrap_or_else(|error| {
            panic!("npm is needed to fetch Microsoft's parser: {error}. Install Node.js 18 or later.")
        });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`npm ci` in crates/kql/oracle failed (is there a network?): {stderr}");
    folder
}

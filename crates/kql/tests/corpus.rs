//! The queries of `queries/*.md`, and what must be true of any tree.
//!
//! A block holds a query a line; a block marked `whole` holds one query. Its first word says what happens:
//! `accepted` and `refused` by Microsoft's parser and ours, `lenient` by ours only, `strict` by Microsoft's only.

use std::fs;
use std::path::Path;

use kql::syntax::Query;
use kql::{Diagnostic, code};

/// Who accepts a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Refused,
    Lenient,
    Strict,
}

/// One query.
pub struct Case {
    pub place: String,
    pub verdict: Verdict,
    pub text: String,
}

/// Every query, in the order of the files' names.
pub fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries");
    let entries = fs::read_dir(folder).expect("the queries are there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        read(&name, &fs::read_to_string(&path).expect("a text file"), &mut cases);
    }
    cases
}

fn read(name: &str, text: &str, cases: &mut Vec<Case>) {
    let mut lines = text.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let (verdict, is_whole) = parse_info(info).unwrap_or_else(|| panic!("{name}: unknown block `{info}`"));
        let block: Vec<(usize, &str)> = lines.by_ref().take_while(|(_, line)| *line != "```").collect();
        let mut push = |at: usize, text: String| {
            cases.push(Case { place: format!("{name}:{}", at + 1), verdict, text });
        };
        if is_whole {
            let text: Vec<&str> = block.iter().map(|(_, line)| *line).collect();
            push(block[0].0, text.join("\n"));
        } else {
            for (at, line) in block {
                push(at, line.to_owned());
            }
        }
    }
}

fn parse_info(info: &str) -> Option<(Verdict, bool)> {
    let (word, rest) = info.split_once(' ').unwrap_or((info, ""));
    let verdict = match word {
        "accepted" => Verdict::Accepted,
        "refused" => Verdict::Refused,
        "lenient" => Verdict::Lenient,
        "strict" => Verdict::Strict,
        _ => return None,
    };
    Some((verdict, rest == "whole"))
}

/// Whether the syntax is fine. What Kusto has and we don't is fine as syntax.
pub fn is_accepted(diagnostics: &[Diagnostic]) -> bool {
    !diagnostics.iter().any(|finding| finding.is_error() && finding.code != code::UNSUPPORTED)
}

/// The tree as text, without places.
pub fn shape(query: &Query) -> String {
    let mut shape = String::new();
    let debug = format!("{query:?}");
    let mut rest = debug.as_str();
    while let Some(at) = rest.find('@') {
        shape.push_str(&rest[..at]);
        rest = match read_span(&rest[at + 1..]) {
            Some((_, _, length)) => &rest[at + 1 + length..],
            None => {
                shape.push('@');
                &rest[at + 1..]
            }
        };
    }
    shape + rest
}

/// `3..7` at the beginning of a text, and its length.
fn read_span(text: &str) -> Option<(usize, usize, usize)> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    let n_start = digits(text);
    let rest = text[n_start..].strip_prefix("..")?;
    let n_end = digits(rest);
    Some((text[..n_start].parse().ok()?, rest[..n_end].parse().ok()?, n_start + 2 + n_end))
}

/// Parses, and checks what holds for any text: spans are inside it and on characters' borders, each finding explains
/// itself, and a tree without errors has no error node and survives being printed.
pub fn check(text: &str) -> (Query, Vec<Diagnostic>) {
    let (query, diagnostics) = kql::parse(text);
    let debug = format!("{query:?}");
    for (at, _) in debug.match_indices('@') {
        if let Some((start, end, _)) = read_span(&debug[at + 1..]) {
            assert!(start <= end && text.get(start..end).is_some(), "span {start}..{end} of {text:?}");
        }
    }
    for finding in &diagnostics {
        assert!(text.get(finding.span.range()).is_some(), "{finding:?} of {text:?}");
        assert!(finding.message.ends_with(['.', '?']), "{finding:?}");
    }
    if !diagnostics.iter().any(Diagnostic::is_error) {
        assert!(!debug.contains("Error { span") && !debug.contains("kind: Error"), "error node in {text:?}: {debug}");
        let printed = query.to_kql();
        let (again, findings) = kql::parse(&printed);
        assert!(!findings.iter().any(Diagnostic::is_error), "{text:?}\nprinted as {printed:?}\n{findings:?}");
        assert_eq!(shape(&query), shape(&again), "{text:?}\nprinted as {printed:?}");
        assert_eq!(printed, again.to_kql(), "printing is not stable for {text:?}");
    }
    (query, diagnostics)
}

//! What is said about wrong queries: code, place, words.

use kql::{Diagnostic, code};

fn findings(text: &str) -> Vec<Diagnostic> {
    kql::parse(text).1
}

/// The first finding: its code, the text it points at, and a part of its message or hint.
fn check(text: &str, code: &str, at: &str, words: &str) {
    let findings = findings(text);
    let first = findings.first().unwrap_or_else(|| panic!("no finding for {text:?}"));
    let said = format!("{} {}", first.message, first.hint);
    assert_eq!((first.code, &text[first.span.range()]), (code, at), "{text:?}: {findings:?}");
    assert!(said.contains(words), "{text:?}: {said}");
}

#[test]
fn the_next_step_is_said() {
    check("T | wher a", code::OPERATOR, "wher", "Did you mean `where`?");
    check("T | WHERE a", code::OPERATOR, "WHERE", "Did you mean `where`?");
    check("T | project-awy a", code::OPERATOR, "project-awy", "`project-away`");
    check("T where a", code::UNEXPECTED, "where", "Is a `|` missing before `where`?");
    check("T | where a AND b", code::UNEXPECTED, "AND", "Did you mean `and`?");
    check("T | where a not in (1)", code::UNEXPECTED, "not", "`!in`");
    check("T | where a = 1", code::ASSIGNMENT, "=", "`==`");
    check("T | where a && b", code::CHARACTER, "&&", "`and`");
    check("T | where a in names", code::EXPECTED, "names", "in (names)");
    check("T | where a == b == c", code::CHAIN, "==", "`and`");
    check("T | join kind=lefouter X on a", code::PROPERTY, "lefouter", "Did you mean `leftouter`?");
    check("T | where a == \"C:\\Windows\"", code::ESCAPE, "\\", "put `@` before the quote");
    check("T | where a == \"x", code::STRING_OPEN, "\"x", "three backticks");
    check("print datetime(soon)", code::LITERAL, "datetime(soon)", "todatetime");
    check("datatable(a:strng) []", code::TYPE, "strng", "Did you mean `string`?");
    check("T | where by == 1", code::EXPRESSION, "by", "['by']");
    check("T | where “a” == b", code::CHARACTER, "“", "straight quotes");
    check("T | graph-match (a) where b", code::UNSUPPORTED, "graph-match", "`join`");
    check("print dynamic([f(1)])", code::EXPRESSION, "f", "bag_pack");
    check("T\nlet x = 1", code::UNEXPECTED, "let", "`;`");
    check("T | summarize", code::EXPRESSION, "", "count()");
}

#[test]
fn each_mistake_is_said_once_and_the_next_is_found() {
    let text = "T | wher a | where b == | take 5 5; X | summarize by; Y | project a b | take 1";
    let found: Vec<(&str, &str)> =
        findings(text).iter().map(|finding| (finding.code, &text[finding.span.range()])).collect();
    assert_eq!(
        found,
        [
            (code::OPERATOR, "wher"),
            (code::EXPRESSION, "|"),
            (code::UNEXPECTED, "5"),
            (code::EXPRESSION, ";"),
            (code::UNEXPECTED, "b"),
        ]
    );
}

#[test]
fn a_mistake_in_parentheses_stays_there() {
    let text = "T | join (X | wher a) on b | where c";
    let (query, findings) = kql::parse(text);
    assert_eq!(findings.len(), 1, "{findings:?}");
    let kql::syntax::Statement::Pipeline(pipeline) = &query.statements[0] else { panic!("{query:?}") };
    let names: Vec<&str> = pipeline.operators.iter().map(|operator| operator.kind.name()).collect();
    assert_eq!(names, ["join", "where"]);
}

#[test]
fn leniency_is_a_warning() {
    let findings = findings("let f = (T:(a:string, *)) { T }; f(X)");
    assert_eq!(findings.len(), 1);
    assert!(!findings[0].is_error() && findings[0].code == code::LENIENT, "{findings:?}");
}

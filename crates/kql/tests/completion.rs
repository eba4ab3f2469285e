//! What could stand at a cursor, written as `▮`.

use kql::{Completion, Expected};

fn complete(marked: &str) -> (String, Completion) {
    let cursor = marked.find('▮').expect("a cursor");
    let text = marked.replace('▮', "");
    let completion = kql::complete(&text, cursor);
    (text, completion)
}

fn check(marked: &str, wanted: &[Expected]) {
    let (_, completion) = complete(marked);
    for expected in wanted {
        assert!(completion.expected.contains(expected), "{marked}: no {expected:?} in {:?}", completion.expected);
    }
}

fn check_not(marked: &str, unwanted: &[Expected]) {
    let (_, completion) = complete(marked);
    for expected in unwanted {
        assert!(!completion.expected.contains(expected), "{marked}: {expected:?} in {:?}", completion.expected);
    }
}

#[test]
fn each_place_has_its_words() {
    check("▮", &[Expected::Source, Expected::Statement]);
    check("let x = 1; ▮", &[Expected::Source, Expected::Statement]);
    check("let x = ▮", &[Expected::Source, Expected::Expr]);
    check("T | ▮", &[Expected::Operator]);
    check("T | project-aw▮", &[Expected::Operator]);
    check("T | where ▮", &[Expected::Expr]);
    check("T | where a ▮", &[Expected::Infix]);
    check("T | where a == ▮", &[Expected::Expr]);
    check("T | where a == b and f(c, ▮", &[Expected::Expr]);
    check("T | where a.▮", &[Expected::Member]);
    check("T | summarize ▮", &[Expected::Aggregate, Expected::Keyword("by")]);
    check("T | summarize count() ▮", &[Expected::Keyword("by")]);
    check("T | summarize count() by ▮", &[Expected::Expr]);
    check("T | project-away ▮", &[Expected::Column]);
    check("T | join kind=inner (▮", &[Expected::Source]);
    check("T | join ▮", &[Expected::Source, Expected::Keyword("kind")]);
    check("T | join (X) ▮", &[Expected::Keyword("on")]);
    check("T | join (X) on ▮", &[Expected::Column]);
    check("T | sort ▮", &[Expected::Keyword("by")]);
    check("T | sort by a ▮", &[Expected::Keyword("asc"), Expected::Keyword("desc"), Expected::Keyword("nulls")]);
    check("T | top 5 ▮", &[Expected::Keyword("by")]);
    check("T | evaluate ▮", &[Expected::Plugin]);
    check("T | render ▮", &[Expected::Chart]);
    check("T | invoke ▮", &[Expected::Function]);
    check("datatable(a:▮", &[Expected::Type]);
    check("T | mv-expand a to typeof(▮", &[Expected::Type]);
    check_not("T | ▮", &[Expected::Expr, Expected::Source]);
    check_not("T | where ▮", &[Expected::Operator, Expected::Infix, Expected::Source]);
}

#[test]
fn nothing_inside_strings_and_comments() {
    for marked in ["T | where a == \"x▮", "T // where ▮", "T | where a == ```x\n▮"] {
        assert_eq!(complete(marked).1.expected, [], "{marked}");
    }
    check("T | where a == \"http://x\" ▮", &[Expected::Infix]);
}

#[test]
fn the_word_before_the_cursor_is_replaced() {
    let check = |marked: &str, wanted: &str| {
        let (text, completion) = complete(marked);
        assert_eq!(&text[completion.replace.range()], wanted, "{marked}");
    };
    check("T | whe▮re a", "whe");
    check("T | project-aw▮", "project-aw");
    check("T | where a-b▮", "b");
    check("T | ▮", "");
    check("T | where DeviceN▮", "DeviceN");
}

#[test]
fn the_rows_that_flow_in_are_a_piece_of_text() {
    let check = |marked: &str, wanted: Option<&str>| {
        let (text, completion) = complete(marked);
        assert_eq!(completion.input.map(|input| &text[input.range()]), wanted, "{marked}");
    };
    check("T | where a | extend b = ▮", Some("T | where a "));
    check("T | where a | join (X | where c | project ▮", Some("X | where c "));
    check("T | where a | join (X | take 5) on ▮", Some("T | where a "));
    check("let x = T | where ▮", Some("T "));
    check("▮", None);
    check("T | join (▮", None);
}

//! Texts made to hurt: deep, long, endless. Each is answered in linear time, on a thread with a small stack.

use std::fmt::Write;
use std::time::{Duration, Instant};

use kql::{code, limits};

/// Three quarters of what a thread gets, so that there is room for callers even without optimisation.
const STACK_BYTES: usize = 3 << 19;

/// Parses, prints, clones and drops on a small stack; gives the codes of the errors.
fn codes(text: String) -> Vec<&'static str> {
    let work = move || {
        let (query, findings) = kql::parse(&text);
        let _ = query.to_kql();
        drop(query.clone());
        kql::complete(&text, text.len());
        findings.iter().filter(|finding| finding.is_error()).map(|finding| finding.code).collect()
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).expect("a thread");
    thread.join().expect("no overflow, no panic")
}

#[test]
fn deep_texts_have_one_finding() {
    let n_levels = 10_000;
    let check = |open: &str, close: &str| {
        let text = format!("T | where {}a{}", open.repeat(n_levels), close.repeat(n_levels));
        assert_eq!(codes(text), [code::DEPTH], "{open}");
        let text = format!("T | where {}", open.repeat(n_levels));
        assert_eq!(codes(text), [code::DEPTH], "{open} alone");
    };
    check("(", ")");
    check("f(", ")");
    check("a[", "]");
    check("not(a and (b or ", "))");
    check("-(", ")");
    check("a in (", ")");
    check("a in ((T | where ", "))");
    check("a between (1 .. ", ")");
    check("toscalar(T | where ", ")");
    check("(T | join (X | where ", ") on a)");
    check("(T | mv-apply a on (where ", "))");
    check("externaldata(a:string)[", "]");
    check("f(typeof(a:long = ", "))");
    check("a.b(", ")");
    check("((a + b + c) * ", ")");
}

#[test]
fn deep_values_statements_and_chains_have_one_finding() {
    let n_levels = 100_000;
    let check = |text: String| assert_eq!(codes(text), [code::DEPTH]);
    check(format!("print dynamic({}", "[".repeat(n_levels)));
    check(format!("print dynamic({}", "{\"a\":".repeat(n_levels)));
    check("let f = () { ".repeat(n_levels));
    check(format!("T {}", "| join (T ".repeat(n_levels)));
    check(format!("T {}", "| mv-apply a on (where a ".repeat(n_levels)));
    check(format!("T | facet {}", "by a with facet ".repeat(n_levels)));
    check(format!("T | where a{}", " + a".repeat(n_levels)));
    check(format!("T | where a{}", ".a".repeat(n_levels)));
    check(format!("T | where a{}", "[0]".repeat(n_levels)));
    check(format!("T | where a{}", " - a * a".repeat(n_levels)));
    check(format!("union {}", "(union ".repeat(n_levels)));
}

#[test]
fn what_people_write_is_not_too_deep() {
    let n_levels = 60;
    let text = format!("T | extend x = {}a{}", "iff(b == 1, c, ".repeat(n_levels), ")".repeat(n_levels));
    assert_eq!(codes(text), Vec::<&str>::new());
    let terms = vec!["strcat(a, \"b\")"; 150].join(" + ");
    assert_eq!(codes(format!("T | extend x = {terms}")), Vec::<&str>::new());
    let columns: Vec<String> = (0..2_000).map(|at| format!("c{at} = (a + b) * 2 - 1")).collect();
    assert_eq!(codes(format!("T | extend {}", columns.join(", "))), Vec::<&str>::new());
}

#[test]
fn long_texts_have_a_limit() {
    assert_eq!(codes(format!("T {}", "| take 1 ".repeat(100_000))), [code::LENGTH]);
    assert_eq!(codes(" ".repeat(limits::TEXT_BYTES_MAX + 1)), [code::LENGTH]);
    for noise in [";", "|", ")", "(", "'\n", "\\q", "\"\\q", "#", "let x = ;", "T | foo", "é", "[", "]{", "\u{0}"] {
        let found = codes(noise.repeat(50_000));
        assert!(!found.is_empty() && found.len() <= limits::DIAGNOSTICS_MAX, "{noise}: {}", found.len());
    }
}

#[test]
fn a_million_terms_are_one_node() {
    let mut text = String::from("T | where a in (");
    for at in 0..1_000_000 {
        write!(text, "{at}, ").expect("a String takes everything");
    }
    text.push_str("0)");
    let (query, findings) = kql::parse(&text);
    assert!(findings.is_empty(), "{findings:?}");
    drop(query);
    let text = format!("T | where a == 1{}", " or a == 1".repeat(100_000));
    assert_eq!(codes(text), Vec::<&str>::new());
    let text = format!("let x = dynamic([{}1]); T", "1, ".repeat(100_000));
    assert_eq!(codes(text), Vec::<&str>::new());
}

#[test]
fn time_is_linear() {
    let texts: &[(&str, &str)] = &[
        ("T | where a in (", "\"abc\", "),
        ("T | where a == 1", " or a == 1"),
        ("T | extend ", "a = (b + 1) * 2, "),
        ("T | extend ", "(a, b, c, "),
        ("print dynamic([", "{\"a\": [1, 2]}, "),
        ("", "let x = 1; "),
        ("", "T | foo bar; "),
        ("T | where ", ") ( "),
        ("T | parse a with ", "\"x\" b:string "),
        ("print ", "'a"),
        ("print ", "```a "),
        ("T | project-away ", "a*b"),
        ("T | where ", "a-"),
        ("T | where ", "datetime("),
        ("// ", "x // "),
    ];
    for (head, part) in texts {
        let time = |n_parts: usize| {
            let text = format!("{head}{}", part.repeat(n_parts));
            // The best of three: a machine that stops for a while says nothing about the parser.
            let runs = (0..3).map(|_| {
                let start = Instant::now();
                kql::parse(&text);
                start.elapsed()
            });
            runs.min().unwrap_or_default()
        };
        let small = time(5_000);
        let large = time(40_000);
        // Eight times the text: 64 times the time would be quadratic. The rest is for a busy machine.
        assert!(large < small * 30 + Duration::from_millis(100), "{head}{part}…: {small:?}, {large:?}");
    }
}

//! Printing and parsing again gives the same tree.

use crate::corpus::{cases, check, is_accepted};

#[test]
fn every_query_survives_printing() {
    let mut n_printed = 0;
    for case in cases() {
        let (_, findings) = check(&case.text);
        n_printed += usize::from(is_accepted(&findings));
    }
    assert!(n_printed > 300, "{n_printed}");
}

#[test]
fn line_ends_of_other_systems_are_blanks() {
    check("T\r\n| where a == 1 // x\r\n| take 5\r");
    let (query, findings) = kql::parse("T // x\r| take 5");
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(query.to_kql(), "T\n| take 5");
}

#[test]
fn printed_text_reads_well() {
    let printed = |text: &str| check(text).0.to_kql();
    assert_eq!(
        printed("let x=1d;T|where(a==x)and((b or c))|summarize n=count()by bin(t,1h)|top 5 by n"),
        "let x = 1d;\nT\n| where a == x and (b or c)\n| summarize n = count() by bin(t, 1h)\n| top 5 by n"
    );
    assert_eq!(
        printed("T|join kind=inner(X|where a in~('x'))on a,$left.b==$right.c"),
        "T\n| join kind=inner (X | where a in~ (\"x\")) on a, $left.b == $right.c"
    );
    assert_eq!(
        printed("print (a-b)-c, a-(b-c), -(5), (-5)[0]"),
        "print a - b - c, a - (b - c), -(5), -5[0]".replace("-5[0]", "(-5)[0]")
    );
    assert_eq!(
        printed("print datetime(2026-01-31 10:00+09:00), 36h, 90s, 100ms, 0x1f, 1e3, h'x', ['by'], ['a b']"),
        "print datetime(2026-01-31T01:00:00Z), 36h, 90s, 100ms, 31, 1000.0, h\"x\", [\"by\"], [\"a b\"]"
    );
}

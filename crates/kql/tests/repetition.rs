//! One piece of a query over and over, a quarter of a megabyte of it, on a small stack: whatever recursion a piece can
//! cause is bounded, and there are few findings.

use kql::limits::DIAGNOSTICS_MAX;

const TEXT_BYTES: usize = 1 << 18;

/// Three quarters of what a thread gets.
const STACK_BYTES: usize = 3 << 19;

const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ";",
    ",",
    "a ",
    "a = ",
    "\"",
    "'",
    "@'",
    "```",
    "1",
    "1d ",
    ".",
    "..",
    "-",
    "!",
    "=",
    "\\",
    "dynamic(",
    "dynamic([",
    "datetime(",
    "let a = ",
    "let a = (b:(",
    "| where ",
    "| union ",
    "a*",
    "* ",
    "in (",
    "(a, ",
    "(a:",
    "ä",
    "\u{0}",
    "set a;",
    "a\n",
    "['a'",
    "a.[",
    "| project-",
    "/",
    "// x\n",
    "case(",
    ":",
    "datatable(a:string)[",
    "datatable(a:string = ",
    "externaldata(a:string)[",
    "with (a = ",
    "and ",
    "not(",
    "| sort by a ",
    "| mv-apply a on (",
    "| partition by a { T ",
    "| fork (",
    "| facet by a with ",
    "| join (",
    "| parse a with ",
    "T | as b;",
    "union (",
    "find in (",
    "| scan with (step a: ",
    "typeof(",
    "toscalar(",
    "- ",
    "declare query_parameters(",
    "| evaluate f() : (",
];

#[test]
fn any_piece_may_be_repeated() {
    let work = || {
        for piece in PIECES {
            for head in ["", "T | where ", "print "] {
                let text = head.to_owned() + &piece.repeat(TEXT_BYTES / piece.len());
                let (query, findings) = kql::parse(&text);
                // The lexer and the parser each stop at the limit.
                assert!(findings.len() <= 2 * DIAGNOSTICS_MAX, "{head}{piece}: {}", findings.len());
                assert!(findings.iter().all(|finding| text.get(finding.span.range()).is_some()), "{head}{piece}");
                drop(query.to_kql());
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).expect("a thread");
    thread.join().expect("no overflow, no panic");
}

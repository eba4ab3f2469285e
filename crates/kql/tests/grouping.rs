//! Random expressions are grouped as Microsoft's parser groups them: a wrong precedence would be a wrong answer in
//! silence.

use kql::syntax::{Expr, OperatorKind, Statement, UnaryOp};

use crate::mutations::Random;
use crate::oracle::ask;

const EXPRESSIONS: usize = 3_000;

const OPERATORS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "=~",
    "!~",
    "has",
    "!has",
    "contains",
    "startswith",
    "!endswith",
    "has_cs",
    "hasprefix",
    "matches regex",
    "and",
    "or",
];

const LISTS: &[&str] = &["in", "!in", "in~", "!in~", "has_any", "has_all"];

const OPERANDS: &[&str] = &[
    "a", "b", "c", "a", "b", "c", "1", "\"x\"", "a.b", "a[0].c", "f(a)", "-a", "-1", "-a.b", "-f(b)", "-(a)", "-a[0]",
    "-1d",
];

#[test]
fn operands_are_grouped_as_by_kusto() {
    let mut random = Random(0x5DEE_CE66_D1CE_4E5B);
    let queries: Vec<String> = (0..EXPRESSIONS).map(|_| format!("T | where {}", expression(&mut random, 2))).collect();
    let texts: Vec<&str> = queries.iter().map(String::as_str).collect();
    let answers = ask("groups.js", &texts);
    let mut n_accepted = 0;
    for (query, theirs) in queries.iter().zip(&answers).filter(|(_, theirs)| *theirs != "no") {
        n_accepted += 1;
        assert_eq!(&ours(query), theirs, "{query}");
    }
    assert!(n_accepted > EXPRESSIONS / 3, "only {n_accepted} were accepted");
}

fn pick<'a>(random: &mut Random, from: &[&'a str]) -> &'a str {
    from[random.below(from.len())]
}

fn operand(random: &mut Random, n_levels: usize) -> String {
    if n_levels > 0 && random.below(8) == 0 {
        return format!("({})", expression(random, n_levels - 1));
    }
    pick(random, OPERANDS).to_owned()
}

fn expression(random: &mut Random, n_levels: usize) -> String {
    let mut text = operand(random, n_levels);
    for _ in 0..=random.below(4) {
        text += &match random.below(14) {
            0 => format!(" {} ({}, {})", pick(random, LISTS), operand(random, 0), operand(random, 0)),
            1 => format!(" between ({} .. {} + a)", operand(random, 0), operand(random, 0)),
            2 => format!(" !between ({} .. {} + a)", operand(random, 0), operand(random, 0)),
            _ => format!(" {} {}", pick(random, OPERATORS), operand(random, n_levels)),
        };
    }
    text
}

fn ours(query: &str) -> String {
    let (tree, findings) = kql::parse(query);
    assert!(findings.is_empty(), "{query}: {findings:?}");
    let Some(Statement::Pipeline(pipeline)) = tree.statements.first() else { panic!("{query}") };
    let Some(OperatorKind::Where { predicate }) = pipeline.operators.first().map(|operator| &operator.kind) else {
        panic!("{query}")
    };
    group(predicate)
}

/// Every operator in front of its operands, as `oracle/groups.js` writes it.
fn group(expr: &Expr) -> String {
    let many = |head: &str, operands: &[&Expr]| {
        let mut parts = vec![head.to_owned()];
        parts.extend(operands.iter().map(|operand| group(operand)));
        format!("({})", parts.join(" "))
    };
    match expr {
        Expr::Name(name) => name.text.clone(),
        Expr::Literal { .. } => "#".to_owned(),
        Expr::Unary { op: UnaryOp::Minus, operand, .. } => many("-", &[operand]),
        Expr::Binary { op, left, right, .. } => many(&op.text().replace(' ', ""), &[left, right]),
        Expr::And { operands, .. } => many("and", &operands.iter().collect::<Vec<_>>()),
        Expr::Or { operands, .. } => many("or", &operands.iter().collect::<Vec<_>>()),
        Expr::List { op, left, items, .. } => {
            let mut operands: Vec<&Expr> = vec![left];
            operands.extend(items);
            many(op.text(), &operands)
        }
        Expr::Between { is_negated, value, low, high, .. } => {
            many(if *is_negated { "!between" } else { "between" }, &[value, low, high])
        }
        Expr::Member { base, name, .. } => format!("(. {} {})", group(base), name.text),
        Expr::Index { base, index, .. } => many("[]", &[base, index]),
        Expr::Call(call) => {
            many(&call.name.text, &call.arguments.iter().map(|argument| &argument.value).collect::<Vec<_>>())
        }
        other => panic!("{other:?}"),
    }
}

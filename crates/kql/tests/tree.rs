//! The shape of trees where the text leaves a choice, and values of constants.

use kql::syntax::{BinaryOp, Dynamic, Expr, JoinCondition, Literal, OperatorKind, Statement};

/// The expression of `print`.
fn expr(text: &str) -> Expr {
    let (query, findings) = kql::parse(&format!("print {text}"));
    assert!(findings.is_empty(), "{text}: {findings:?}");
    let Some(Statement::Pipeline(pipeline)) = query.statements.into_iter().next() else { panic!("{text}") };
    let Some(OperatorKind::Print { columns }) = pipeline.operators.into_iter().next().map(|operator| operator.kind)
    else {
        panic!("{text}")
    };
    columns.into_iter().next().expect("a column").expr
}

/// With a pair of parentheses for each operator.
fn grouped(expr: &Expr) -> String {
    let many = |operands: &[Expr], word: &str| {
        let operands: Vec<String> = operands.iter().map(grouped).collect();
        format!("({})", operands.join(word))
    };
    match expr {
        Expr::Binary { op, left, right, .. } => format!("({} {} {})", grouped(left), op.text(), grouped(right)),
        Expr::And { operands, .. } => many(operands, " and "),
        Expr::Or { operands, .. } => many(operands, " or "),
        Expr::List { op, left, items, .. } => format!("({} {} {})", grouped(left), op.text(), many(items, ", ")),
        Expr::Unary { operand, .. } => format!("(-{})", grouped(operand)),
        other => other.to_kql(),
    }
}

#[test]
fn precedence_is_kustos() {
    let check = |text: &str, wanted: &str| assert_eq!(grouped(&expr(text)), wanted, "{text}");
    check("a or b and c or d", "(a or (b and c) or d)");
    check("a or (b or c)", "(a or (b or c))");
    check("a == b has \"c\"", "(a == (b has \"c\"))");
    check("a + 1 has \"x\"", "(a + (1 has \"x\"))");
    check("a =~ \"x\" + \"y\"", "((a =~ \"x\") + \"y\")");
    check("a * b has \"x\"", "(a * (b has \"x\"))");
    check("a == b < c", "(a == (b < c))");
    check("a < b == c", "((a < b) == c)");
    check("a == b + c * d", "(a == (b + (c * d)))");
    check("a == b in (\"x\")", "((a == b) in (\"x\"))");
    check("a - b - c", "((a - b) - c)");
    check("-a has \"x\"", "((-a) has \"x\")");
    check("-a.b", "(-a.b)");
    check("a and b in (1) and c != 2", "(a and (b in (1)) and (c != 2))");
}

#[test]
fn constants_have_values() {
    let check = |text: &str, wanted: Literal| match expr(text) {
        Expr::Literal { literal, .. } => assert_eq!(literal, wanted, "{text}"),
        other => panic!("{text}: {other:?}"),
    };
    let string = |value: &str| Literal::String { value: value.to_owned(), is_hidden: false };
    check("-9223372036854775808", Literal::Long(Some(i64::MIN)));
    check("0x1F", Literal::Long(Some(31)));
    check("long(0xFFFFFFFFFFFFFFFF)", Literal::Long(Some(-1)));
    check("int(-5)", Literal::Int(Some(-5)));
    check("int(null)", Literal::Int(None));
    check("1.5e3", Literal::Real(Some(1500.0)));
    check("decimal(1.10)", Literal::Decimal(Some("1.10".to_owned())));
    check("bool(0)", Literal::Bool(Some(false)));
    check("-1.5h", Literal::Timespan(Some(-54_000_000_000)));
    check("timespan(1.00:00)", Literal::Timespan(Some(864_000_000_000)));
    check("datetime(0001-01-02)", Literal::Datetime(Some(864_000_000_000)));
    check(
        "guid(74BE27DE-1e4e-49d9-b579-fe0b331d3642)",
        Literal::Guid(Some("74be27de-1e4e-49d9-b579-fe0b331d3642".into())),
    );
    check("\"a\\t\\\"\\u0041\\x41\\101\" 'b' @\"c\\d\"\"\"", string("a\t\"AAAbc\\d\""));
    check("\"\\ud83d\\ude00\"", string("😀"));
    check("h@'x'", Literal::String { value: "x".to_owned(), is_hidden: true });
    check("```a\n'b'```", string("a\n'b'"));
    check(
        "dynamic({\"b\": [1, -2.5, null], \"a\": 1d})",
        Literal::Dynamic(Dynamic::Object(vec![
            ("b".to_owned(), Dynamic::Array(vec![Dynamic::Long(1), Dynamic::Real(-2.5), Dynamic::Null])),
            ("a".to_owned(), Dynamic::Scalar(Box::new(Literal::Timespan(Some(864_000_000_000))))),
        ])),
    );
}

#[test]
fn joins_know_columns_from_conditions() {
    let (query, findings) =
        kql::parse("T | join kind=inner hint.strategy=broadcast (X | take 1) on a, $left.b == $right.c");
    assert!(findings.is_empty(), "{findings:?}");
    let Statement::Pipeline(pipeline) = &query.statements[0] else { panic!("{query:?}") };
    let operator = &pipeline.operators[0];
    let OperatorKind::Join(join) = &operator.kind else { panic!("{query:?}") };
    assert_eq!(operator.hints[0].name.text, "hint.strategy");
    assert!(matches!(&join.right, Expr::Pipeline(right) if right.operators.len() == 1));
    assert!(matches!(&join.on[0], JoinCondition::Column(name) if name.text == "a"));
    assert!(matches!(&join.on[1], JoinCondition::Expr(Expr::Binary { op: BinaryOp::Equal, .. })));
}

#[test]
fn wildcards_match_names() {
    let (query, _) = kql::parse("T | project-away Initiating*Id, *, a*b*c, Device");
    let Statement::Pipeline(pipeline) = &query.statements[0] else { panic!("{query:?}") };
    let OperatorKind::ProjectAway { columns } = &pipeline.operators[0].kind else { panic!("{query:?}") };
    let check = |at: usize, name: &str, wanted: bool| assert_eq!(columns[at].matches(name), wanted, "{name}");
    check(0, "InitiatingProcessId", true);
    check(0, "InitiatingId", true);
    check(0, "InitiatingProcessid", false);
    check(1, "anything", true);
    check(2, "abc", true);
    check(2, "aXbXbc", true);
    check(2, "acb", false);
    check(3, "Device", true);
    check(3, "DeviceId", false);
}

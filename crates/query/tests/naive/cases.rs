//! The examples of the language reference, against the evaluator alone: they check it, not the engine.

use super::convert::to_text;
use super::value::Value;
use super::{Env, query};

/// Rows as lines, cells between bars.
fn answer(text: &str) -> String {
    let (tree, diagnostics) = kql::parse(text);
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    let table = query(&Env::default(), &tree).unwrap_or_else(|error| panic!("{text}: {error}"));
    let cell = |value: &Value| if value.is_null() { "null".to_owned() } else { to_text(value) };
    let line = |row: &Vec<Value>| row.iter().map(cell).collect::<Vec<String>>().join(" | ");
    table.rows.iter().map(line).collect::<Vec<String>>().join("\n")
}

fn check(text: &str, expected: &str) {
    assert_eq!(answer(text), expected, "{text}");
}

#[test]
fn numbers() {
    check("print 1.0 / 2, 1 / 2, real(1) / 2, -7 / 2", "0.5 | 0 | 0.5 | -3");
    check("print 14 % 12, -14 % 12, 14 % -12, -14 % -12", "2 | 10 | 2 | 10");
    check("print bin(4.5, 1), bin(-7, 5), bin(time(16d), 7d)", "4.0 | -10 | 14.00:00:00");
    check("print bin(datetime(1970-05-11 13:45:07), 1d)", "1970-05-11T00:00:00.0000000Z");
    check("print 10m / 1s, 2 * 1s, datetime(2024-03-01) - 1d", "600.0 | 00:00:02 | 2024-02-29T00:00:00.0000000Z");
}

#[test]
fn nulls() {
    let table = "datatable(val:int)[5, int(null)]";
    check(&format!("{table} | project val > 3, val > 3 or isnull(val)"), "True | True\nnull | True");
    check(&format!("{table} | project val == int(null), val != int(null)"), "False | True\nnull | null");
    check(&format!("{table} | where val != 5 | count"), "1");
    check(&format!("{table} | summarize sum(val), count(), avg(val)"), "5 | 2 | 5.0");
}

#[test]
fn strings() {
    check(r#"print "North America" has "america", "North America" has "amer", "a" has """#, "True | False | True");
    check(r#"print "North America" hasprefix "ame", "North America" hassuffix "ica""#, "True | True");
    check(r#"print "FabriKam" contains "BRik", "Fabrikam" !endswith "brik", "aBc" =~ "ABC""#, "True | True | True");
    check(r#"print substring("123456", 1), substring("ABCD", 0, 2), substring("123456", -2, 2)"#, "23456 | AB | 56");
    check(
        r#"print split("aa_bb", "_"), split("aaa_bbb_ccc", "_", 1), split("", "_"), split("a__b", "_")"#,
        r#"["aa","bb"] | ["bbb"] | [""] | ["a","","b"]"#,
    );
    check(r#"print countof("aaaa", "aa"), countof("abcabc", "a.c", "regex"), indexof("abcdefg", "cde")"#, "3 | 2 | 2");
    check(r#"print extract("x=([0-9.]+)", 1, "hello x=45.6|wo"), extract("(a)(b)?", 2, "a")"#, "45.6 | ");
    check(r#"print replace_regex("Number is 1", @"is (\d+)", @"was: \1"), trim("--", "--a--")"#, "Number was: 1 | a");
    check(r#"print "Kusto" matches regex "K.*to", "hello" has_any ("x", "HELLO")"#, "True | True");
    check(r#"print strcat_delim("-", 1, "b", 3s), base64_encode_tostring("Kusto")"#, "1-b-00:00:03 | S3VzdG8=");
}

#[test]
fn times() {
    check("print datetime_diff('year', datetime(2017-01-01), datetime(2000-12-31))", "17");
    check("print datetime_diff('week', datetime(2017-10-29 00:00), datetime(2017-09-30 23:59))", "5");
    check("print datetime_diff('hour', datetime(2017-10-31 01:00), datetime(2017-10-30 23:59))", "2");
    check("print datetime_add('month', 1, datetime(2017-01-31))", "2017-02-28T00:00:00.0000000Z");
    check(
        "print startofweek(datetime(2017-01-01 10:10:17)), endofmonth(datetime(2017-02-01))",
        "2017-01-01T00:00:00.0000000Z | 2017-02-28T23:59:59.9999999Z",
    );
    check(
        "print dayofweek(datetime(2015-12-14)), datetime_part('week_of_year', datetime(2020-12-31))",
        "1.00:00:00 | 53",
    );
    check("print format_datetime(datetime(2017-01-29 09:00:05), 'yy-MM-dd [HH:mm:ss]')", "17-01-29 [09:00:05]");
}

#[test]
fn dynamics() {
    check(
        r#"print d=dynamic({"a":123, "b":"hello", "c":[1,2,3]}) | project d.a, d.b, d.c[1], d.c[-1], d.x"#,
        "123 | hello | 2 | 3 | null",
    );
    check(
        "print array_length(dynamic([1,2])), array_slice(dynamic([1,2,3]), 1, 2), array_concat(dynamic([1]), dynamic([2]))",
        "2 | [2,3] | [1,2]",
    );
    check(
        "print set_union(dynamic([1,2]), dynamic([2,3])), set_difference(dynamic([1,2]), dynamic([2])), range(1, 8, 3)",
        "[1,2,3] | [1] | [1,4,7]",
    );
    check(
        r#"datatable(a:int, b:dynamic)[1, dynamic({"prop1":"a", "prop2":"b"})] | mv-expand b"#,
        "1 | {\"prop1\":\"a\"}\n1 | {\"prop2\":\"b\"}",
    );
    check(
        r#"datatable(a:int, b:dynamic, c:dynamic)[1, dynamic({"p":"a", "q":"b"}), dynamic([5])] | mv-expand b, c"#,
        "1 | {\"p\":\"a\"} | 5\n1 | {\"q\":\"b\"} | null",
    );
    check(
        r#"print parse_json("{\"a\":1}").a, tostring(parse_json("x")), tolong("12"), toint(4294967296)"#,
        "1 | x | 12 | null",
    );
}

#[test]
fn joins() {
    let tables = "let X = datatable(Key:string, Value1:long)['a',1,'b',2,'b',3,'c',4];
        let Y = datatable(Key:string, Value2:long)['b',10,'c',20,'c',30,'d',40];";
    let sorted = |kind: &str| {
        let text = answer(&format!("{tables} X | join kind={kind} Y on Key"));
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    assert_eq!(sorted("inner"), "b | 2 | b | 10\nb | 3 | b | 10\nc | 4 | c | 20\nc | 4 | c | 30");
    assert_eq!(sorted("innerunique"), "b | 2 | b | 10\nc | 4 | c | 20\nc | 4 | c | 30");
    assert_eq!(sorted("leftouter"), "a | 1 |  | null\nb | 2 | b | 10\nb | 3 | b | 10\nc | 4 | c | 20\nc | 4 | c | 30");
    assert_eq!(
        sorted("rightouter"),
        " | null | d | 40\nb | 2 | b | 10\nb | 3 | b | 10\nc | 4 | c | 20\nc | 4 | c | 30"
    );
    assert_eq!(sorted("leftanti"), "a | 1");
    assert_eq!(sorted("rightanti"), "d | 40");
    assert_eq!(sorted("leftsemi"), "b | 2\nb | 3\nc | 4");
    assert_eq!(sorted("rightsemi"), "b | 10\nc | 20\nc | 30");
}

#[test]
fn operators() {
    check("range x from 1 to 3 step 1 | summarize n = count(), s = sum(x), l = make_list(x)", "3 | 6 | [1,2,3]");
    check(
        "range x from 1 to 4 step 1 | where 1 == 2 | summarize count(), dcount(x), max(x), make_set(x)",
        "0 | 0 | null | []",
    );
    check(
        "range x from 1 to 4 step 1 | summarize arg_max(x, y = x * 2) by k = x % 2 | sort by k asc",
        "0 | 4 | 8\n1 | 3 | 6",
    );
    check("datatable(a:string, b:int)['x',1,'y',int(null),'x',3] | sort by b asc | project b", "null\n1\n3");
    check("datatable(a:string, b:int)['x',1,'y',int(null),'x',3] | top 2 by b | project b", "3\n1");
    check(
        r#"print s = "Event: NotifySliceRelease (name=Pipe, total=27, lock=02)" | parse s with * "name=" name ", total=" total:long "," * | project name, total"#,
        "Pipe | 27",
    );
    check("let f = (x:long, y:long = 2) { x * y }; print f(3), f(3, 3), f(y = 4, x = 1)", "6 | 9 | 4");
    check("let T = datatable(a:long)[1, 2, 3]; T | where a in ((T | where a > 1 | project a)) | count", "2");
    check("print t = toscalar(range x from 1 to 5 step 1 | summarize max(x))", "5");
    check("union (print a = 1), (print b = 'x')", "1 | \nnull | x");
    check(
        "print t = datetime(2024-01-01 05:00) | make-series n = count() on t from datetime(2024-01-01) to datetime(2024-01-03) step 1d | project n",
        "[1,0]",
    );
}

//! Constants worth trying, as KQL text.

use kql::syntax::DataType;

use super::rng::Rng;

const STRINGS: &[&str] = &[
    "",
    "abc",
    "ABC",
    "Abc",
    "a b",
    "cmd.exe",
    r"C:\Windows\cmd.exe",
    "powershell -enc QQ==",
    "İstanbul",
    "straße",
    "STRASSE",
    "年輪",
    "年輪 Nenrin",
    "foo-bar_baz",
    "a,b,,c",
    "x=1;y=22",
    "k=5;v=abc;",
    "10",
    "-5",
    "3.5",
    "true",
    "2024-02-29",
    r#"{"a":1,"b":"x"}"#,
    "[1,2,3]",
    "  pad ",
    "élan",
    "needle in hay",
    "term1-term2",
    "1.2.3.4",
    "aaa",
    "abab",
    "a.b.c",
    "foo",
    "FOO bar",
    "barfoo",
    "foo1",
    "x/y/z",
    "tab\there",
    "quote\"d",
    "ΟΔΟΣ οδος",
    "οδοσ",
    "ǅ Ǆ ǆ",
    "\u{212A}elvin kelvin",
    "ı I i",
    "ﬀ FF",
    "a\u{301} á",
    "Ж-ж",
    "ẞ",
    "\u{1F600} smile",
];

const PARTS: &[&str] = &[
    "a",
    "b",
    "abc",
    "ABC",
    "foo",
    "bar",
    "exe",
    "cmd",
    "term1",
    "term2",
    "年輪",
    "年",
    "ß",
    "ss",
    "é",
    "É",
    "1",
    "10",
    ".",
    "-",
    ",",
    "",
    "x=",
    "needle",
    "in",
    "foo bar",
    "cmd.exe",
    "İ",
    "i",
    "Windows\\cmd",
    "enc",
    "nenrin",
    "ΟΔΟΣ",
    "σ",
    "ς",
    "ǆ",
    "KELVIN",
    "\u{212A}",
    "ı",
    "I",
    "ff",
    "\u{301}",
    "ж",
    "ẞ",
    "\u{1F600}",
];

const REGEXES: &[&str] = &[
    "[a-c]+",
    "^a",
    "b$",
    "(\\d+)",
    "([a-z]+)=(\\d+)",
    "a.c",
    "foo|bar",
    "x(.*)y",
    "[^a-z]+",
    "(a)(b)?",
    "\\.",
    "a*",
    "[A-Z][a-z]+",
    "o+",
];

const DYNAMICS: &[&str] = &[
    "null",
    "[]",
    "{}",
    "[1,2,3]",
    r#"["a","b","abc"]"#,
    r#"{"a":1,"b":"x"}"#,
    r#"{"a":{"b":[5,6]}}"#,
    r#""text""#,
    "5",
    "2.5",
    "true",
    r#"[null,"a",7]"#,
    r#"["foo","FOO","foo"]"#,
    r#"{"b":null}"#,
    r#"{"a":"年輪","c":[{"d":1}]}"#,
    "[10,2,2]",
    r#"["b","a"]"#,
    r#"{"a b":1,"x.y":2,"$v":3,"":4}"#,
    r#"{"a":1,"A":2,"0":3,"-1":4}"#,
    r#"{"年":{"a\"b":[1]},"a\\b":5}"#,
    r#"{"a":9223372036854775807,"b":1.5}"#,
    "[[1,[2]],{\"a\":[]}]",
    "-0.0",
];

/// Steps of a path behind a dynamic value, with names that are no words.
const STEPS: &[&str] = &[
    ".a",
    ".b",
    ".A",
    "[\"a b\"]",
    "['x.y']",
    "[\"$v\"]",
    "[\"\"]",
    "[\"0\"]",
    "[0]",
    "[-1]",
    "[\"-1\"]",
    "[\"年\"]",
    "[\"a\\\"b\"]",
    "[\"a\\\\b\"]",
    "[100]",
    "[\"A\"]",
];

const DATETIMES: &[&str] = &[
    "1970-01-01",
    "1969-12-31T23:59:59.9999999",
    "2024-02-29",
    "2024-02-29T12:30:45.5",
    "2023-12-31T23:59:59.9999999",
    "2024-01-01",
    "2000-02-29T06:07:08",
    "1900-03-01",
    "2026-11-24T10:20:30.1234567",
    "2024-12-30",
    "2021-01-03T00:00:00",
    "2024-03-31T01:00:00",
    "0001-01-01",
    "0001-01-02T00:00:00.0000001",
    "9999-12-31",
    "9999-12-31T23:59:59.9999999",
];

const TIMESPANS: &[&str] = &[
    "1d",
    "1h",
    "90s",
    "1tick",
    "0s",
    "7d",
    "1ms",
    "time(1.02:03:04.5)",
    "36h",
    "15m",
    "-1d",
    "-90s",
    "500ms",
    "3650000d",
    "-3000000d",
];

const INTS: &[&str] = &["0", "1", "2", "3", "5", "7", "10", "42", "100", "-1", "-7", "2147483647", "-2147483648"];

const LONGS: &[&str] =
    &["0", "1", "2", "3", "5", "7", "10", "42", "100", "-1", "-7", "4294967296", "-2147483649", "9007199254740993"];

const LONG_ENDS: &[&str] = &["9223372036854775807", "-9223372036854775808"];

const REALS: &[&str] = &["0.0", "1.0", "0.5", "-0.5", "2.25", "-3.75", "100.0", "1e3", "12345.5", "0.25"];

/// A string literal.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// A constant of a type; with `nulls` the null now and then.
pub fn literal(rng: &mut Rng, data_type: DataType, nulls: bool) -> String {
    if nulls && data_type != DataType::String && rng.one_in(6) {
        return format!("{}(null)", data_type.name());
    }
    match data_type {
        DataType::Bool => (*rng.pick(&["true", "false"])).to_owned(),
        DataType::Int => format!("int({})", rng.pick(INTS)),
        DataType::Long if rng.one_in(40) => format!("long({})", rng.pick(LONG_ENDS)),
        DataType::Long => signed("long", rng.pick::<&str>(LONGS)),
        DataType::Real | DataType::Decimal => signed("real", rng.pick::<&str>(REALS)),
        DataType::Datetime => format!("datetime({})", rng.pick(DATETIMES)),
        DataType::Timespan => match *rng.pick(TIMESPANS) {
            negative if negative.starts_with('-') => format!("time({negative})"),
            other => other.to_owned(),
        },
        DataType::Guid => "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)".to_owned(),
        DataType::String => quoted(rng.pick::<&str>(STRINGS)),
        DataType::Dynamic => format!("dynamic({})", rng.pick(DYNAMICS)),
    }
}

/// Negative numbers in the type's own form, so that they are one literal everywhere.
fn signed(type_name: &str, digits: &str) -> String {
    if digits.starts_with('-') { format!("{type_name}({digits})") } else { digits.to_owned() }
}

/// A string that is likely to be found in others.
pub fn part(rng: &mut Rng) -> String {
    quoted(rng.pick::<&str>(PARTS))
}

/// Like `part`, never empty.
pub fn part_not_empty(rng: &mut Rng) -> String {
    loop {
        let part = rng.pick(PARTS);
        if !part.is_empty() {
            return quoted(part);
        }
    }
}

pub fn regex(rng: &mut Rng) -> String {
    quoted(rng.pick::<&str>(REGEXES))
}

/// One to three steps of a path.
pub fn steps(rng: &mut Rng) -> String {
    (0..1 + rng.below(3)).map(|_| *rng.pick(STEPS)).collect()
}

/// A positive timespan, for bins and steps.
pub fn size(rng: &mut Rng) -> &'static str {
    rng.pick::<&str>(&["1d", "1h", "90s", "7d", "15m", "10ms"])
}

//! `$filter` and its companions: what they find, and what is refused.

use serde_json::{Value as Json, json};
use server::api::alert_body::ALERT;
use server::api::odata::{Filter, Options, Page, answer};

fn alert() -> Json {
    json!({
        "id": "da1_1", "incidentId": 7, "investigationId": null, "assignedTo": null, "severity": "High", "status": "New",
        "classification": null, "title": "Shell's network", "alertCreationTime": "2026-11-24T10:00:00.1234567Z",
        "lastUpdateTime": "2026-11-24T11:00:00.0000000Z", "machineId": "aa", "computerDnsName": "host-1",
        "mitreTechniques": ["T1059", "T1105"], "relatedUser": {"userName": "ann", "domainName": null},
        "comments": [{"comment": "seen", "createdBy": "bob", "createdTime": "2026-11-24T10:30:00.0000000Z"}],
        "evidence": [
            {"entityType": "Process", "sha1": "abc", "processId": 42, "processCommandLine": "bash -i"},
            {"entityType": "Ip", "ipAddress": "203.0.113.9"},
        ],
    })
}

#[test]
fn what_filters_find() {
    for (filter, expected) in [
        ("severity eq 'High'", true),
        ("severity eq 'high'", true),
        ("Severity ne 'High'", false),
        ("severity in ('Low','High')", true),
        ("severity in ('Low')", false),
        ("status ne 'Resolved'", true),
        ("alertCreationTime ge 2026-11-24T10:00:00Z", true),
        ("alertCreationTime gt 2026-11-24T10:00:00.1234567Z", false),
        ("alertCreationTime ge 2026-11-24T10:00:00.1234567Z", true),
        ("alertCreationTime le 2026-11-24T10:00:00.1234566Z", false),
        ("alertCreationTime ge 2026-11-24T19:00:00.0000000+09:00", true),
        ("alertCreationTime ge 2026-11-24T19:00:00.0000000 09:00", true),
        ("alertCreationTime ge 2026-11-24T19:30:00.0000000 09:00", false),
        ("alertCreationTime ge 2026-11-24T19:30:00-00:30", false),
        ("alertCreationTime ge '2026-11-24T10:00:00Z'", true),
        ("alertCreationTime gt 2026-11-23", true),
        ("alertCreationTime lt 2026-11-24T10:00", false),
        ("alertCreationTime ge 2026-11-24t09:00:00z", true),
        ("incidentId eq 7", true),
        ("incidentId eq '7'", true),
        ("incidentId gt 7", false),
        ("InvestigationId eq null", true),
        ("investigationId ne null", false),
        ("assignedTo eq null", true),
        ("assignedTo ne 'ann'", true),
        ("assignedTo eq 'ann'", false),
        ("title eq 'Shell''s network'", true),
        ("startswith(title,'Shell')", true),
        ("startswith(title, 'shell')", false),
        ("startswith(tolower(title),'shell')", true),
        ("endswith(title,'network')", true),
        ("contains(title,'''s ')", true),
        ("contains(toupper(title),'NETWORK')", true),
        ("not contains(title,'x')", true),
        ("not (severity eq 'High')", false),
        ("not not (severity eq 'High')", true),
        ("severity eq 'Low' or severity eq 'High' and status eq 'New'", true),
        ("(severity eq 'Low' or severity eq 'High') and status eq 'Resolved'", false),
        ("severity eq 'High' AND status EQ 'New'", true),
        ("relatedUser/userName eq 'ann'", true),
        ("relatedUser/domainName eq null", true),
        ("mitreTechniques/any(t: t eq 'T1105')", true),
        ("mitreTechniques/any(t:startswith(t,'T11'))", true),
        ("mitreTechniques/all(t:startswith(t,'T11'))", false),
        ("mitreTechniques/any()", true),
        ("evidence/any(e: e/entityType eq 'Process' and e/processId eq 42)", true),
        ("evidence/any(e: e/entityType eq 'Ip' and e/processId eq 42)", false),
        ("evidence/any(e: e/ipAddress eq '203.0.113.9') and severity eq 'High'", true),
        ("evidence/any(e: contains(e/processCommandLine,'bash'))", true),
        ("comments/any(c: c/createdBy eq 'bob' and c/createdTime gt 2026-11-24T10:00:00Z)", true),
        ("evidence/any(e: e/sha1 eq 'abc') and not evidence/any(e: e/sha1 eq 'def')", true),
        ("true", true),
        ("false or true", true),
    ] {
        let parsed = Filter::parse(filter, &ALERT).unwrap_or_else(|fault| panic!("{filter}: {}", fault.0));
        assert_eq!(parsed.matches(&alert()), expected, "{filter}");
    }
}

/// Texts that are no filter.
const ABUSE: &[&str] = &[
    "",
    " ",
    "severity",
    "severity eq",
    "eq",
    "eq 'High'",
    "severity eq 'High' and",
    "and severity eq 'High'",
    "severity eq 'High' severity",
    "severity == 'High'",
    "severity = 'High'",
    "severity eq High",
    "severity eq \"High\"",
    "severity eq 'High",
    "severity eq High'",
    "'",
    "''",
    "'''",
    "(",
    ")",
    "()",
    "(severity eq 'High'",
    "severity eq 'High')",
    "nonsense eq 'x'",
    "severity/x eq 'High'",
    "evidence eq 'x'",
    "evidence/sha1 eq 'x'",
    "evidence/any",
    "evidence/any(",
    "evidence/any(e",
    "evidence/any(e:",
    "evidence/any(e:)",
    "evidence/any(e: e eq 'x')",
    "evidence/any(e: e/nonsense eq 'x')",
    "evidence/any(e: x/sha1 eq 'x')",
    "evidence/all()",
    "severity/any(s: s eq 'x')",
    "any(e: e eq 'x')",
    "evidence/any(e: evidence/any(f: f/sha1 eq 'x'))",
    "evidence/none(e: e/sha1 eq 'x')",
    "relatedUser eq 'ann'",
    "relatedUser/nonsense eq 'x'",
    "severity eq 'Nonsense'",
    "severity gt null",
    "alertCreationTime ge 'yesterday'",
    "alertCreationTime ge yesterday",
    "alertCreationTime ge 2026-13-01T00:00:00Z",
    "alertCreationTime ge 2026-02-30",
    "alertCreationTime ge 9999999999999999999999",
    "alertCreationTime ge 7",
    "incidentId eq 'seven'",
    "incidentId eq 1.5",
    "incidentId eq 99999999999999999999",
    "incidentId eq 1e9",
    "title eq 7 and",
    "title gt 2026-11-24",
    "startswith(title)",
    "startswith(title,)",
    "startswith(,'x')",
    "startswith(title,'x'",
    "startswith title,'x'",
    "startswith(incidentId,'7')",
    "startswith(title,7)",
    "contains(title,'x','y')",
    "substringof('x',title)",
    "length(title) gt 3",
    "year(alertCreationTime) eq 2026",
    "concat(title,'x') eq 'x'",
    "tolower(incidentId) eq '7'",
    "tolower() eq 'x'",
    "tolower(title",
    "not",
    "not not",
    "not title",
    "severity in",
    "severity in ()",
    "severity in ('High'",
    "severity in 'High'",
    "severity in ('High',)",
    "severity has 'High'",
    "title eq title; drop table alerts",
    "title eq 'x' -- comment",
    "title eq 'x' /* */",
    "title eq 'x' || title eq 'y'",
    "title add 1 eq 2",
    "-",
    "--1 eq 1",
    "$it eq 'x'",
    "@p eq 'x'",
    "severity eq 'High'\0",
    "\u{202e}severity eq 'High'",
    "severity eq ‘High’",
    "title eq N'x'",
    "title eq %27x%27",
    "alerts/any(a: a/title eq 'x')",
    "/",
    "//",
    "evidence//sha1 eq 'x'",
    "evidence/any(e: e/sha1 eq 'x'))",
    "evidence/any(e e/sha1 eq 'x')",
    "1 eq 'x'",
    "null gt null",
];

/// Every text is refused with words, quickly, and without a panic.
#[test]
fn abuse() {
    let deep = |open: &str, close: &str, n: usize| format!("{}severity eq 'High'{}", open.repeat(n), close.repeat(n));
    let mut cases: Vec<String> = ABUSE.iter().map(|case| (*case).to_owned()).collect();
    cases.push(deep("(", ")", 51));
    cases.push(deep("(", ")", 4_000));
    cases.push(deep("not ", "", 51));
    cases.push(deep("tolower(", ")", 1_000));
    cases.push(format!("severity eq 'High'{}", " or severity eq 'High'".repeat(400)));
    cases.push(format!("severity in ({}'High')", "'High',".repeat(600)));
    cases.push(format!("title eq '{}'", "x".repeat(9_000)));
    cases.push("(".repeat(8_000));
    cases.push("'".repeat(7_999));
    assert!(cases.len() >= 100, "{} cases", cases.len());
    for case in &cases {
        let started = std::time::Instant::now();
        let fault = Filter::parse(case, &ALERT).err();
        let shown: String = case.chars().take(80).collect();
        let fault = fault.unwrap_or_else(|| panic!("taken: {shown}"));
        assert!(!fault.0.is_empty() && fault.0.len() < 20_000, "{shown}");
        assert!(started.elapsed().as_secs() < 5, "{shown}");
    }
    // The largest that are taken.
    for case in [deep("(", ")", 48), format!("severity eq 'High'{}", " or severity eq 'High'".repeat(300))] {
        assert!(Filter::parse(&case, &ALERT).is_ok());
    }
}

#[test]
fn options() {
    let refused = [
        "$top=10001",
        "$top=-1",
        "$top=x",
        "$top=",
        "$top=1&$top=2",
        "$skip=-1",
        "$skip=1e3",
        "$skip=9999999999",
        "$count=yes",
        "$count=",
        "$expand=nonsense",
        "$expand=",
        "$expand=evidence,comments",
        "$select=nonsense",
        "$select=",
        "$orderby=nonsense",
        "$orderby=title up",
        "$orderby=evidence",
        "$orderby=title,,severity",
        "$search=x",
        "$apply=x",
        "$compute=x",
        "$format=xml",
        "$filter=",
        "$filter=%zz",
        "$filter=%f",
        "$filter=%ff",
        "$skiptoken=x",
        "$skiptoken=-1",
        "$FILTER=severity eq 'High'&$filter=severity eq 'Low'",
        "$nonsense=1",
        "$orderby=id,id,id,id,id,id,id,id,id",
    ];
    for query in refused {
        assert!(Options::parse(Some(query), &ALERT, "evidence").is_err(), "{query}");
    }
    assert!(Options::parse(Some(&format!("$filter={}", "x".repeat(20_000))), &ALERT, "evidence").is_err());
    let taken = [
        "",
        "$top=0",
        "$top=10000",
        "$skip=5",
        "$count=true",
        "$expand=evidence",
        "$select=id,title",
        "$select=*",
        "$orderby=alertCreationTime desc,id",
        "api-version=2024&x=y",
        "$filter=severity+eq+'High'",
        "$filter=severity%20eq%20%27High%27",
        "%24filter=severity%20eq%20%27High%27&%24top=1",
        "$filter=title eq 'a%26b%3Dc'",
    ];
    for query in taken {
        let options = Options::parse(Some(query), &ALERT, "evidence");
        assert!(options.is_ok(), "{query}: {:?}", options.err());
    }
}

/// Follows the links of a list while new entities come in at its head.
#[test]
fn links_lead_through_everything_once() {
    let entity =
        |number: i64| (number, json!({ "id": format!("{number:05}"), "title": "a+b & c", "severity": "High" }));
    let mut newest = 25_000;
    let mut seen: Vec<String> = Vec::new();
    let mut query = "$filter=title%20eq%20%27a%2Bb%20%26%20c%27&$count=true".to_owned();
    for page in 0.. {
        assert!(page < 10, "the links go in circles");
        let options = Options::parse(Some(&query), &ALERT, "evidence").unwrap();
        let entities = (1..=newest).rev().map(entity).collect();
        let address = "https://h/api/alerts".to_owned();
        let body = answer(Page { entities, newest, address, context: String::new() }, &options).body;
        assert_eq!(body["@odata.count"], 25_000);
        seen.extend(body["value"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        newest += 7;
        match body["@odata.nextLink"].as_str() {
            Some(link) => query = link.split_once('?').unwrap().1.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 25_000);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 25_000);
    let options = Options::parse(Some("$top=10000"), &ALERT, "evidence").unwrap();
    let entities = (1..=20_000).map(entity).collect();
    let body = answer(Page { entities, newest: 20_000, address: String::new(), context: String::new() }, &options).body;
    assert_eq!(body.get("@odata.nextLink"), None);
    assert_eq!(body["value"].as_array().unwrap().len(), 10_000);
}

//! One ISE, two scripts: `Get-Token.ps1` asks `login.windows.net` for a token, `Get-Alerts.ps1` reads alerts from
//! `api.securitycenter.windows.com`. What the logs say in seven ways, and what is made of it.

use std::collections::BTreeMap;
use std::path::Path;

use schema::{Row, col};
use winlog::Normaliser;
use winlog::runs::{Action, Engine, Fact, Kind, Level, Record, Verdict, facts};

use super::log::{COMPUTER, ISE, Log, PID, TAB_1, TAB_2, Tab};

pub const TOKEN: &str = r"C:\Scripts\Get-Token.ps1";
pub const ALERTS: &str = r"C:\Scripts\Get-Alerts.ps1";
const LOGIN: (&str, &str) = ("login.windows.net", "20.190.160.2");
const API: (&str, &str) = ("api.securitycenter.windows.com", "52.236.189.70");

/// It names both hosts: the second one is what the token is for.
const TOKEN_TEXT: &str = "$body = @{\n    resource      = 'https://api.securitycenter.windows.com'\n    \
    client_id     = $appId\n    client_secret = $appSecret\n    grant_type    = 'client_credentials'\n}\n\
    $answer = Invoke-RestMethod -Method Post -Uri \"https://login.windows.net/$tenantId/oauth2/token\" -Body $body\n\
    $answer.access_token | Out-File -Encoding ascii C:\\Scripts\\latest.txt\n";
const ALERTS_TEXT: &str = "# The secret is not here: see login.windows.net in the other script\n\
    $token = Get-Content C:\\Scripts\\latest.txt\n\
    $since = (Get-Date).ToUniversalTime().AddDays(-1).ToString('o')\n\
    $url = \"https://api.securitycenter.windows.com/api/alerts?`$filter=alertCreationTime ge $since\"\n\
    Invoke-RestMethod -Uri $url -Headers @{ Authorization = \"Bearer $token\" }\n";

/// What one script logs while it runs.
struct Run<'a> {
    tab: Tab,
    path: &'a str,
    text: &'a str,
    start: i64,
    invocations: bool,
}

impl Run<'_> {
    fn block(&self) -> String {
        format!("{{block of {} {}}}", self.path, self.text.len())
    }

    /// F5: the host runs the path, which reads the script in. An unsaved text runs as it is.
    fn begin(&self, log: &mut Log) {
        let starter = format!("{{starter of {}}}", self.path);
        if !self.path.is_empty() {
            log.text(self.start, self.tab, &starter, "", self.path);
            if self.invocations {
                log.entered(self.start + 1, self.tab, &starter);
            }
        }
        log.text(self.start + 10, self.tab, &self.block(), self.path, self.text);
        if self.invocations {
            log.entered(self.start + 11, self.tab, &self.block());
        }
        log.command(self.start + 60, self.tab, self.path, "Get-Date", "");
    }

    /// The request is over 900 ms later; its command is logged only then.
    fn request(&self, log: &mut Log, (name, address): (&str, &str), late: i64) {
        let at = self.start + 200;
        log.asked(at, self.tab.thread, name);
        log.resolved(at, 2_000, name, address);
        log.connected(at + 60, late, address);
        let url = format!("ParameterBinding(Invoke-RestMethod): name=\"Uri\"; value=\"https://{name}/x\"");
        log.command(self.start + 1_100, self.tab, self.path, "Invoke-RestMethod", &url);
    }

    fn end(&self, log: &mut Log) {
        log.command(self.start + 1_300, self.tab, self.path, "Out-File", "");
        if self.invocations {
            log.left(self.start + 1_400, self.tab, &self.block());
            if !self.path.is_empty() {
                log.left(self.start + 1_401, self.tab, &format!("{{starter of {}}}", self.path));
            }
        }
    }
}

fn begin() -> Log {
    let mut log = Log::new();
    log.other(0);
    log.started(500);
    log.text(2_000, TAB_1, "{prompt 1}", "", "prompt");
    log.text(2_300, TAB_2, "{prompt 2}", "", "prompt");
    log
}

fn token(tab: Tab, start: i64, invocations: bool) -> Run<'static> {
    Run { tab, path: TOKEN, text: TOKEN_TEXT, start, invocations }
}

fn alerts(tab: Tab, start: i64, invocations: bool) -> Run<'static> {
    Run { tab, path: ALERTS, text: ALERTS_TEXT, start, invocations }
}

/// Tab 1 asks for a token while tab 2 reads alerts.
pub fn two_tabs(invocations: bool, late: i64) -> Log {
    let mut log = begin();
    let (token, alerts) = (token(TAB_1, 10_000, invocations), alerts(TAB_2, 10_300, invocations));
    for run in [&token, &alerts] {
        run.begin(&mut log);
    }
    token.request(&mut log, LOGIN, late);
    alerts.request(&mut log, API, late);
    log.child(10_900, TAB_2.thread, r"C:\Windows\System32\whoami.exe");
    log.wrote(11_150, r"C:\Scripts\latest.txt");
    for run in [&token, &alerts] {
        run.end(&mut log);
    }
    log.other(60_000);
    in_order(log)
}

fn without_look_ups() -> Log {
    let mut log = two_tabs(true, 1_200);
    log.events.retain(|xml| !xml.contains("<EventID>3006<"));
    log
}

/// Numbers of a log follow its time; the scenario is told run by run.
fn in_order(mut log: Log) -> Log {
    let time = |xml: &str| between(xml, "SystemTime='", "'").to_owned();
    log.events.sort_by_key(|xml| time(xml));
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    for xml in &mut log.events {
        let number = numbers.entry(between(xml, "<Channel>", "<").to_owned()).or_insert(1_000);
        *number += 1;
        let old = between(xml, "<EventRecordID>", "<").to_owned();
        *xml = xml.replace(&format!("<EventRecordID>{old}<"), &format!("<EventRecordID>{number}<"));
    }
    log
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).expect("every event has it").1;
    rest.split_once(end).expect("every event has it").0
}

fn two_files_in_turn() -> Log {
    let mut log = begin();
    let token = token(TAB_1, 10_000, true);
    let alerts = alerts(Tab { pipeline: 6, ..TAB_1 }, 20_000, true);
    for (run, host) in [(&token, LOGIN), (&alerts, API)] {
        run.begin(&mut log);
        run.request(&mut log, host, 1_200);
        run.end(&mut log);
    }
    log.other(60_000);
    in_order(log)
}

fn sysmon_only() -> Log {
    let mut log = two_tabs(true, 1_200);
    log.events.retain(|xml| xml.contains("Microsoft-Windows-Sysmon'"));
    log
}

/// Tab 1 runs a text that was never saved.
fn unsaved() -> Log {
    let mut log = begin();
    let text = Run { tab: TAB_1, path: "", text: TOKEN_TEXT, start: 10_000, invocations: true };
    let alerts = alerts(TAB_2, 30_000, true);
    for (run, host) in [(&text, LOGIN), (&alerts, API)] {
        run.begin(&mut log);
        run.request(&mut log, host, 1_200);
        run.end(&mut log);
    }
    log.other(60_000);
    in_order(log)
}

/// `Get-Alerts.ps1` reads `Get-Token.ps1` in, which asks for the token; then it goes on itself.
fn dot_sourced() -> Log {
    let mut log = begin();
    let text = format!(". C:\\Scripts\\Get-Token.ps1\n{ALERTS_TEXT}");
    let outer = Run { tab: TAB_1, path: ALERTS, text: &text, start: 10_000, invocations: true };
    outer.begin(&mut log);
    let inner = token(TAB_1, 10_100, true);
    log.text(10_110, TAB_1, &inner.block(), TOKEN, TOKEN_TEXT);
    log.entered(10_111, TAB_1, &inner.block());
    log.command(10_160, TAB_1, TOKEN, "Get-Date", "");
    inner.request(&mut log, LOGIN, 1_200);
    log.left(11_250, TAB_1, &inner.block());
    let rest = Run { start: 11_300, ..outer };
    rest.request(&mut log, API, 1_200);
    rest.end(&mut log);
    log.other(60_000);
    in_order(log)
}

/// What `DeviceNetworkEvents | where InitiatingProcessFileName =~ "powershell_ise.exe" | summarize count() by RemoteUrl,
/// InitiatingScriptPath, AttributionLevel` answers over the rows.
fn hunted(rows: &[Row]) -> BTreeMap<[String; 3], usize> {
    let mut counts = BTreeMap::new();
    let text = |row: &Row, column| row.text(column).unwrap_or_default().to_owned();
    for row in rows {
        let is_ise = text(row, &col::INITIATING_PROCESS_FILE_NAME).eq_ignore_ascii_case("powershell_ise.exe");
        if is_ise && row.text(&col::EVENT_TABLE) == Some("DeviceNetworkEvents") {
            let columns = [&col::REMOTE_URL, &col::INITIATING_SCRIPT_PATH, &col::ATTRIBUTION_LEVEL];
            *counts.entry(columns.map(|column| text(row, column))).or_default() += 1;
        }
    }
    counts
}

fn rows(log: &Log) -> Vec<Row> {
    let mut normaliser = Normaliser::new();
    for xml in &log.events {
        normaliser.push(winlog::parse(xml).expect("our own XML"), 0);
    }
    let rows = normaliser.finish().into_iter().map(|normalised| normalised.row).collect::<Vec<_>>();
    let tally = normaliser.tally();
    assert_eq!(tally.events, log.events.len() as u64);
    assert_eq!(tally.events, rows.len() as u64 + tally.merged + tally.n_rejected(), "{tally:?}");
    rows
}

#[test]
fn rows_say_which_script() {
    let line = |url: (&str, &str), script: &str, level: &str| [url.0, script, level].map(str::to_owned);
    let in_turn = rows(&two_files_in_turn());
    let expect = BTreeMap::from([(line(LOGIN, TOKEN, "likely-content"), 1), (line(API, ALERTS, "likely-content"), 1)]);
    assert_eq!(hunted(&in_turn), expect);
    let asked = BTreeMap::from([(line(LOGIN, TOKEN, "likely-content"), 1), (line(API, ALERTS, "likely-content"), 1)]);
    assert_eq!(hunted(&rows(&two_tabs(true, 1_200))), asked);
    let at_once = rows(&without_look_ups());
    let expect = BTreeMap::from([(line(LOGIN, TOKEN, "likely-content"), 1), (line(API, "", "ambiguous"), 1)]);
    assert_eq!(hunted(&at_once), expect);

    let of = |action: &str, name: &str| {
        let is = |row: &&Row| {
            row.text(&col::ACTION_TYPE) == Some(action)
                && (row.text(&col::FILE_NAME) == Some(name) || row.text(&col::REMOTE_URL) == Some(name))
        };
        at_once.iter().find(is).unwrap_or_else(|| panic!("{action} {name} in {at_once:#?}"))
    };
    let details = |row: &Row| -> serde_json::Value {
        let fields = row.text(&col::ADDITIONAL_FIELDS).expect("AdditionalFields");
        serde_json::from_str::<serde_json::Value>(fields).expect("JSON")["Attribution"].clone()
    };
    let child = of("ProcessCreated", "whoami.exe");
    assert_eq!(child.text(&col::INITIATING_SCRIPT_PATH), Some(ALERTS));
    assert_eq!(child.text(&col::ATTRIBUTION_LEVEL), Some("exact-linked"));
    assert_eq!(child.text(&col::INITIATING_SCRIPT_SHA256).map(str::len), Some(64));
    assert_eq!(details(child)["Summary"], "Get-Alerts.ps1 (exact-linked)");
    assert_eq!(details(child)["ScriptStack"], serde_json::json!([ALERTS]));
    let evidence = child.text(&col::ATTRIBUTION_EVIDENCE).expect("evidence");
    let evidence: Vec<String> = serde_json::from_str(evidence).expect("a JSON array of texts");
    // Each piece names a record that is a row's source.
    for piece in &evidence {
        let record = piece.split_once(" (").expect("LOG/NUMBER (ID): …").0;
        let (log, number) = record.rsplit_once('/').expect("LOG/NUMBER");
        let source = format!("\"RecordId\":{number},");
        let is_source =
            |row: &Row| row.text(&col::SOURCE_RECORDS).is_some_and(|text| text.contains(&source) && text.contains(log));
        assert!(at_once.iter().any(is_source), "{piece}");
    }
    let connection = of("ConnectionSuccess", API.0);
    assert_eq!(connection.text(&col::INITIATING_SCRIPT_PATH), None, "ambiguous names none");
    assert_eq!(details(connection)["Summary"], "2 possible scripts");
    let candidates = &details(connection)["Candidates"];
    assert_eq!([&candidates[0]["Script"], &candidates[1]["Script"]], [TOKEN, ALERTS]);
    // What is no script's row stays as it is.
    let start = of("ProcessCreated", "powershell_ise.exe");
    assert_eq!(start.text(&col::ATTRIBUTION_LEVEL), None);
}

/// A log that was cleared counts from the start again, and some shippers leave the number out: no row may get the
/// answer of another record.
#[test]
fn rows_of_records_with_the_same_number() {
    let renumbered = |number: &str| {
        let mut log = two_files_in_turn();
        for xml in log.events.iter_mut().filter(|xml| xml.contains("Microsoft-Windows-Sysmon'")) {
            let old = between(xml, "<EventRecordID>", "<").to_owned();
            *xml = xml.replace(&format!("<EventRecordID>{old}<"), &format!("<EventRecordID>{number}<"));
        }
        log
    };
    let line = |url: (&str, &str), script: &str, level: &str| [url.0, script, level].map(str::to_owned);
    let expect = BTreeMap::from([(line(LOGIN, TOKEN, "likely-content"), 1), (line(API, ALERTS, "likely-content"), 1)]);
    assert_eq!(hunted(&rows(&renumbered("7"))), expect);
    // The names are those of the process's own queries.
    let unknown = BTreeMap::from([(line(LOGIN, "", ""), 1), (line(API, "", ""), 1)]);
    assert_eq!(hunted(&rows(&renumbered("0"))), unknown);
}

/// The files that the tutorial imports; `UPDATE=1` writes them.
#[test]
fn files_of_the_tutorial() {
    for (name, log, computer) in [
        ("two-tabs.xml", two_tabs(true, 1_200), COMPUTER),
        ("two-tabs-no-dns-log.xml", without_look_ups(), "ws03.example.com"),
        ("in-turn.xml", two_files_in_turn(), "ws02.example.com"),
    ] {
        let events = log.events.join("\n").replace(COMPUTER, computer);
        let text =
            format!("<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<Events>\n{events}\n</Events>\n");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runs").join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).expect("write the file");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{name} is not what the scenario makes: UPDATE=1 cargo test -p winlog tutorial");
    }
}

/// A connection as a source reports it that knows the thread, like our own sensor.
fn with_thread(ms: i64, thread: u32, address: &str) -> Fact {
    let time = at(ms);
    let action =
        Action { image: ISE.to_owned(), address: Some(address.to_owned()), network: true, ..Action::default() };
    Fact {
        record: Record { log: "sensor".into(), number: ms as u64, event: 0 },
        time,
        written: time,
        pid: Some(PID),
        guid: None,
        thread: Some(thread),
        activity: None,
        kind: Kind::Action(action),
    }
}

/// 2026-11-24 10:00 and so many milliseconds.
fn at(ms: i64) -> i64 {
    winlog::parse_time_ns("2026-11-24T10:00:00Z").expect("a time") + ms * 1_000_000
}

/// Verdicts by what was done: `22 login.windows.net`, `3 20.190.160.2`.
fn verdicts(log: &Log, sensor: &[Fact]) -> BTreeMap<String, Verdict> {
    let mut engine = Engine::default();
    let mut names = BTreeMap::new();
    let parsed: Vec<winlog::Event> = log.events.iter().map(|xml| winlog::parse(xml).expect("our own XML")).collect();
    assert!(parsed.iter().all(|event| event.computer == COMPUTER));
    for fact in parsed.iter().flat_map(facts).chain(sensor.iter().cloned()) {
        if let Kind::Action(action) = &fact.kind {
            let what = action.address.as_ref().or(action.names.last()).cloned().unwrap_or_default();
            names.insert(fact.record.to_string(), format!("{} {what}", fact.record.event));
        }
        engine.add(fact);
    }
    let verdicts = engine.settle().into_iter();
    verdicts.map(|verdict| (names[&verdict.record.to_string()].clone(), verdict)).collect()
}

const UNTITLED: &str = "(untitled, sha256";

/// Action, script, level; no script where none is to be named.
type Expect<'a> = &'a [(&'a str, &'a str, Level)];

fn check(variant: &str, found: &BTreeMap<String, Verdict>, expect: Expect) {
    println!("{variant}");
    for (what, verdict) in found {
        println!(
            "    {what:38} {:28} {}",
            verdict.script.as_ref().map_or("-".to_owned(), |s| s.name()),
            verdict.level.name()
        );
    }
    assert_eq!(found.len(), expect.len(), "{variant}: every action has an answer");
    for (what, script, level) in expect {
        let verdict = &found[*what];
        let name = verdict.script.as_ref().map(|script| script.name()).unwrap_or_default();
        assert!(
            verdict.level == *level && name.starts_with(script) && name.is_empty() == script.is_empty(),
            "{variant}, {what}: {verdict:#?}"
        );
        match level {
            Level::Ambiguous => assert_eq!(verdict.candidates.len(), 2, "{variant}, {what}: {verdict:#?}"),
            Level::Unattributed => assert!(!verdict.reasons.is_empty(), "{variant}, {what}"),
            _ => assert!(!verdict.evidence.is_empty(), "{variant}, {what}: evidence can be opened"),
        }
    }
}

#[test]
fn seven_variants() {
    use Level::{Ambiguous, ExactLinked, ExactThread, LikelyContent, Unattributed};
    let sensor = [with_thread(10_280, TAB_1.thread, LOGIN.1), with_thread(10_580, TAB_2.thread, API.1)];
    let at_once: Expect = &[
        ("3006 login.windows.net", TOKEN, ExactThread),
        ("3006 api.securitycenter.windows.com", ALERTS, ExactThread),
        ("0 20.190.160.2", TOKEN, ExactThread),
        ("0 52.236.189.70", ALERTS, ExactThread),
        ("10 whoami.exe", ALERTS, ExactThread),
        ("1 whoami.exe", ALERTS, ExactLinked),
        ("22 login.windows.net", TOKEN, LikelyContent),
        ("3 20.190.160.2", TOKEN, LikelyContent),
        // Both scripts name it, and Sysmon doesn't say which thread it was; but only one has looked it up.
        ("22 api.securitycenter.windows.com", ALERTS, LikelyContent),
        ("3 52.236.189.70", ALERTS, LikelyContent),
        // One writes the file, the other reads it.
        ("11 latest.txt", "", Ambiguous),
    ];
    check("1. two PowerShell tabs at once", &verdicts(&two_tabs(true, 1_200), &sensor), at_once);
    check(
        "1b. the same without the log of the DNS client",
        &verdicts(&without_look_ups(), &[]),
        &[
            ("10 whoami.exe", ALERTS, ExactThread),
            ("1 whoami.exe", ALERTS, ExactLinked),
            ("22 login.windows.net", TOKEN, LikelyContent),
            ("3 20.190.160.2", TOKEN, LikelyContent),
            ("22 api.securitycenter.windows.com", "", Ambiguous),
            ("3 52.236.189.70", "", Ambiguous),
            ("11 latest.txt", "", Ambiguous),
        ],
    );
    check(
        "2. two file tabs in one runspace, in turn",
        &verdicts(&two_files_in_turn(), &[]),
        &[
            ("3006 login.windows.net", TOKEN, ExactThread),
            ("22 login.windows.net", TOKEN, LikelyContent),
            ("3 20.190.160.2", TOKEN, LikelyContent),
            ("3006 api.securitycenter.windows.com", ALERTS, ExactThread),
            ("22 api.securitycenter.windows.com", ALERTS, LikelyContent),
            ("3 52.236.189.70", ALERTS, LikelyContent),
        ],
    );
    check("3. no 4105/4106", &verdicts(&two_tabs(false, 1_200), &sensor), at_once);
    check(
        "4. Sysmon only",
        &verdicts(&sysmon_only(), &[]),
        &[
            ("10 whoami.exe", "", Unattributed),
            ("1 whoami.exe", "", Unattributed),
            ("22 login.windows.net", "", Unattributed),
            ("3 20.190.160.2", "", Unattributed),
            ("22 api.securitycenter.windows.com", "", Unattributed),
            ("3 52.236.189.70", "", Unattributed),
            ("11 latest.txt", "", Unattributed),
        ],
    );
    check("5. Sysmon 3 written 20 s late", &verdicts(&two_tabs(true, 20_000), &sensor), at_once);
    check(
        "6. a text that was never saved",
        &verdicts(&unsaved(), &[]),
        &[
            ("3006 login.windows.net", UNTITLED, ExactThread),
            ("22 login.windows.net", UNTITLED, LikelyContent),
            ("3 20.190.160.2", UNTITLED, LikelyContent),
            ("3006 api.securitycenter.windows.com", ALERTS, ExactThread),
            ("22 api.securitycenter.windows.com", ALERTS, LikelyContent),
            ("3 52.236.189.70", ALERTS, LikelyContent),
        ],
    );
}

#[test]
fn a_script_read_in_by_another() {
    use Level::{ExactThread, LikelyContent};
    let found = verdicts(&dot_sourced(), &[]);
    check(
        "7. one script reads the other in",
        &found,
        &[
            ("3006 login.windows.net", TOKEN, ExactThread),
            ("22 login.windows.net", TOKEN, LikelyContent),
            ("3 20.190.160.2", TOKEN, LikelyContent),
            ("3006 api.securitycenter.windows.com", ALERTS, ExactThread),
            ("22 api.securitycenter.windows.com", ALERTS, LikelyContent),
            ("3 52.236.189.70", ALERTS, LikelyContent),
        ],
    );
    let stack = |what: &str| -> Vec<String> { found[what].stack.iter().map(|script| script.name()).collect() };
    assert_eq!(stack("3006 login.windows.net"), [ALERTS, TOKEN], "both are said, the outer one first");
    assert_eq!(stack("3006 api.securitycenter.windows.com"), [ALERTS]);
}

/// The answer for one action, after the records were changed.
fn after(log: &Log, change: impl Fn(&mut Vec<String>), sensor: &[Fact], what: &str) -> Verdict {
    let mut events = log.events.clone();
    change(&mut events);
    let log = Log { events, ..Log::new() };
    verdicts(&log, sensor).remove(what).expect("an answer")
}

#[test]
fn a_late_answer_of_dns_changes_the_verdict() {
    let log = two_tabs(true, 1_200);
    let is_late = |xml: &&String| xml.contains("<EventID>22</EventID>") || xml.contains("<EventID>3</EventID>");
    let (late, early): (Vec<&String>, Vec<&String>) = log.events.iter().partition(is_late);
    let mut engine = Engine::default();
    let add = |engine: &mut Engine, xml: &str| -> Vec<Verdict> {
        facts(&winlog::parse(xml).expect("our own XML")).into_iter().for_each(|fact| engine.add(fact));
        engine.settle()
    };
    early.into_iter().for_each(|xml| drop(add(&mut engine, xml)));
    let connection = late.iter().find(|xml| xml.contains(LOGIN.1) && xml.contains("<EventID>3<")).expect("Sysmon 3");
    let before = add(&mut engine, connection);
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].level, Level::LikelyTime, "an address that nobody names");
    let query = late.iter().find(|xml| xml.contains(LOGIN.1) && xml.contains("<EventID>22<")).expect("Sysmon 22");
    let after = add(&mut engine, query);
    let changed = after.iter().find(|verdict| verdict.record == before[0].record).expect("the answer has changed");
    assert_eq!(changed.level, Level::LikelyContent);
    assert_eq!(changed.summary(), "Get-Token.ps1 (likely-content)");
    // Nothing new, nothing to say; and what is closed stays as it is.
    assert!(engine.settle().is_empty());
    engine.close(at(60_000));
    assert!(add(&mut engine, query).is_empty());
}

#[test]
fn what_is_missing_or_hostile_makes_it_less_sure() {
    use Level::{Ambiguous, ExactThread, LikelyContent, Unattributed};
    let (with, without) = (two_tabs(true, 1_200), two_tabs(false, 1_200));
    let asked = "3006 api.securitycenter.windows.com";
    let drop_first = |events: &mut Vec<String>, part: &str| {
        let idx = events.iter().position(|xml| xml.contains(part)).expect("such a record");
        events.remove(idx);
    };
    assert_eq!(after(&with, |_| {}, &[], asked).level, ExactThread);
    // A record of the log is missing while the block runs: it may have been the block's end.
    let gap = |events: &mut Vec<String>| {
        let last = events.iter().rposition(|xml| xml.contains("&quot;Get-Date&quot;")).expect("a command");
        events.remove(last);
    };
    assert_ne!(after(&with, gap, &[], asked).level, ExactThread);
    // Missing after the action, it takes nothing away.
    assert_eq!(after(&with, |events| drop_first(events, "&quot;Out-File&quot;"), &[], asked).level, ExactThread);
    // Without 4105 and 4106 every text since the start has to be known: no start, or half a text, and it is not.
    for missing in ["explorer.exe", "<Data Name='ScriptBlockId'>{block of C:\\Scripts\\Get-Token.ps1"] {
        let verdict = after(&without, |events| drop_first(events, missing), &[], asked);
        assert_ne!(verdict.level, ExactThread, "{missing}: {verdict:?}");
    }
    let half = |events: &mut Vec<String>| {
        for xml in events.iter_mut().filter(|xml| xml.contains("<EventID>4104<") && xml.contains("Get-Token")) {
            *xml = xml.replace("<Data Name='MessageTotal'>1<", "<Data Name='MessageTotal'>2<");
        }
    };
    assert_ne!(after(&without, half, &[], asked).level, ExactThread);
    // A text that could run the other one.
    let dynamic = |events: &mut Vec<String>| {
        for xml in events.iter_mut() {
            *xml = xml.replace("grant_type    = ", "grant_type    = iex $x; $y = ");
        }
    };
    assert_ne!(after(&without, dynamic, &[], asked).level, ExactThread);
    // The clock was set back over this time.
    let set = "<Event><System><Provider Name='Microsoft-Windows-Kernel-General'/><EventID>1</EventID><EventRecordID>7\
               </EventRecordID><Channel>System</Channel><Computer>ws01.example.com</Computer></System><EventData>\
               <Data Name='NewTime'>2026-11-24T10:00:09Z</Data><Data Name='OldTime'>2026-11-24T10:00:12Z</Data>\
               </EventData></Event>";
    assert_eq!(after(&with, |events| events.push(set.to_owned()), &[], asked).level, LikelyContent);
    // A thread that PowerShell never logged from: injected, or of a pool. Only what a script names makes it likely.
    let foreign = [with_thread(10_700, 31_337, "203.0.113.9"), with_thread(10_701, 31_337, LOGIN.1)];
    let injected = after(&with, |_| {}, &foreign, "0 203.0.113.9");
    assert_eq!(injected.level, Ambiguous);
    assert!(injected.reasons[0].contains("not a thread of a PowerShell pipeline"), "{:?}", injected.reasons);
    assert_eq!(after(&with, |_| {}, &foreign, "0 20.190.160.2").level, LikelyContent);
    let alone = [with_thread(20_700, 31_337, "203.0.113.9")];
    assert_eq!(after(&two_files_in_turn(), |_| {}, &alone, "0 203.0.113.9").level, Unattributed);
    // Another process with the same number, whose end nobody saw.
    let other = |events: &mut Vec<String>| {
        let first = events.iter().find(|xml| xml.contains("<EventID>3<")).expect("Sysmon 3").clone();
        events.push(first.replace("6924-0001-000000000500", "6924-0001-00000000ffff").replace(">1", ">9"));
    };
    let verdict = after(&with, other, &[], "22 login.windows.net");
    assert!(!verdict.level.is_exact() && verdict.reasons.iter().any(|why| why.contains("process id")), "{verdict:?}");
}

/// One script in a console, with everything logged that a proof by the process alone needs.
fn console(command_line: &str) -> Log {
    let mut log = Log::new();
    r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe".clone_into(&mut log.image);
    command_line.clone_into(&mut log.command_line);
    log.other(0);
    log.started(500);
    log.text(2_000, TAB_1, "{the script}", TOKEN, TOKEN_TEXT);
    log.command(2_100, TAB_1, TOKEN, "Get-Date", "");
    log.connected(3_000, 100, LOGIN.1);
    log.command(4_000, TAB_1, TOKEN, "Out-File", "");
    log.other(60_000);
    in_order(log)
}

/// A console with a prompt does things of its own and of whoever sits there: that one script was logged proves nothing.
#[test]
fn an_interactive_console_is_not_of_one_script() {
    use Level::{ExactSingle, LikelyTime};
    let of = |command_line: &str| verdicts(&console(command_line), &[]);
    let connection = "3 20.190.160.2";
    check(
        "a console for one script",
        &of(r"powershell.exe -NoProfile -File C:\Scripts\Get-Token.ps1"),
        &[(connection, TOKEN, ExactSingle)],
    );
    for command_line in
        ["powershell.exe", "powershell.exe -NoProfile", r"powershell.exe -NoExit -File C:\Scripts\Get-Token.ps1"]
    {
        check(command_line, &of(command_line), &[(connection, TOKEN, LikelyTime)]);
    }
}

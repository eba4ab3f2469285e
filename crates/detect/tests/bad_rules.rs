//! What is wrong with a rule is said by its name; the others load.

use detect::{Problem, ProblemKind, RuleSet, RuleText, read_folder};

use crate::support::{rule, rules};

const GOOD: &str = "product: linux, category: process_creation";

/// The one problem of a text.
fn problem(text: &str) -> Problem {
    let rules = rules(text);
    assert_eq!(rules.rules().len(), 0, "{text}");
    assert_eq!(rules.problems().len(), 1, "{text}: {:?}", rules.problems());
    rules.problems()[0].clone()
}

fn check(text: &str, kind: ProblemKind, reason: &str) {
    let problem = problem(text);
    assert_eq!(problem.kind, kind, "{problem}");
    assert!(problem.reason.contains(reason), "{problem}");
    assert_eq!(problem.file, "rule.yml");
}

#[test]
fn broken_texts() {
    check("", ProblemKind::Broken, "");
    check("title: [", ProblemKind::Broken, "YAML");
    check("just text", ProblemKind::Broken, "mapping");
    check("- a\n- b", ProblemKind::Broken, "mapping");
    check("title: t\nlogsource: {category: x}", ProblemKind::Broken, "detection");
    check(&rule(GOOD, "Image|nonsense: x"), ProblemKind::Broken, "nonsense");
    check(&rule(GOOD, "Image|re: 'a(b'"), ProblemKind::Broken, "regex");
    check(&rule(GOOD, "Image: x").replace("condition: selection", "condition: other"), ProblemKind::Broken, "other");
    check(&rule(GOOD, "Image: x").replace("condition: selection", "condition: a and or"), ProblemKind::Broken, "");
    check("a: &a [x]\nb: *unknown", ProblemKind::Broken, "YAML");
}

#[test]
fn what_is_not_recorded() {
    check(&rule("category: webserver", "a: x"), ProblemKind::LogSource, "`webserver`: logs of web servers");
    check(&rule("product: aws, service: cloudtrail", "a: x"), ProblemKind::LogSource, "no such product");
    check(&rule("product: linux, service: auditd", "a: x"), ProblemKind::LogSource, "auditd are not collected");
    check(&rule("product: linux, service: cron", "a: x"), ProblemKind::LogSource, "category");
    check(&rule("category: unheard_of", "a: x"), ProblemKind::LogSource, "no table");
    check(&rule(GOOD, "Nonsense: x"), ProblemKind::Field, "`Nonsense` of process_creation");
    check(&rule(GOOD, "Image|expand: '%x%'"), ProblemKind::Unsupported, "placeholders");
    let correlation =
        "title: c\ncorrelation: {type: event_count, rules: [a], group-by: [User], timespan: 1m, condition: {gte: 3}}";
    check(correlation, ProblemKind::Unsupported, "correlations");
}

/// Regular expressions that take long or much: refused, or harmless because the matcher is linear.
#[test]
fn regex_bombs() {
    check(&rule(GOOD, "CommandLine|re: '((a{1000}){1000}){1000}'"), ProblemKind::Broken, "");
    let deep = format!("CommandLine|re: '{}a{}'", "(".repeat(5_000), ")".repeat(5_000));
    check(&rule(GOOD, &deep), ProblemKind::Broken, "nest");
    let bomb = rules(&rule(GOOD, "CommandLine|re: '(a+)+$'"));
    assert_eq!(bomb.problems(), []);
    let line = format!("{}!", "a".repeat(60_000));
    let row = crate::support::row(&serde_json::json!({"ActionType": "ProcessCreated", "ProcessCommandLine": line}));
    let started = std::time::Instant::now();
    assert!(bomb.matches(&row, detect::Platform::Linux).is_empty());
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn deep_conditions_do_not_end_the_program() {
    let deep = format!("condition: {}selection{}", "(".repeat(7_000), ")".repeat(7_000));
    check(&rule(GOOD, "Image: x").replace("condition: selection", &deep), ProblemKind::Broken, "brackets");
    let lines = format!("condition: |\n{}    selection\n", "    (\n".repeat(3_000));
    let text = rule(GOOD, "Image: x").replace("condition: selection\n", &lines);
    assert!(rules(&text).rules().is_empty());
    let not = format!("condition: {}selection", "not ".repeat(4_000));
    check(&rule(GOOD, "Image: x").replace("condition: selection", &not), ProblemKind::Broken, "`not`");
    let long = format!("condition: selection{}", " or selection".repeat(5_000));
    check(&rule(GOOD, "Image: x").replace("condition: selection", &long), ProblemKind::Broken, "bytes");
    let wide = format!("condition: selection{}", " or selection".repeat(1_000));
    assert_eq!(rules(&rule(GOOD, "Image: x").replace("condition: selection", &wide)).rules().len(), 1);
}

#[test]
fn yaml_bombs() {
    let mut text = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (one, other) in
        ["a", "b", "c", "d", "e", "f", "g", "h", "i"].iter().zip(["b", "c", "d", "e", "f", "g", "h", "i", "j"])
    {
        text.push_str(&format!("{other}: &{other} [*{one},*{one},*{one},*{one},*{one},*{one},*{one},*{one},*{one}]\n"));
    }
    assert!(rules(&text).rules().is_empty());
    assert!(rules(&"[".repeat(90_000)).rules().is_empty());
    assert!(rules(&format!("a: {}", "- ".repeat(50_000))).rules().is_empty());
}

#[test]
fn the_others_load_and_a_second_rule_with_an_id_does_not() {
    let good = rule(GOOD, "Image: x");
    let with_id = format!("id: 1c9e8f0a\n{good}");
    let texts = [("a.yml", &good), ("b.yml", &"title: [".to_owned()), ("c.yml", &with_id), ("d.yml", &with_id)];
    let texts = texts.map(|(file, text)| RuleText { file: file.to_owned(), text: text.clone() });
    let rules = RuleSet::load(&texts);
    let files: Vec<&str> = rules.rules().iter().map(|rule| rule.file.as_str()).collect();
    assert_eq!(files, ["a.yml", "c.yml"]);
    let problems: Vec<&str> = rules.problems().iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(problems, ["b.yml", "d.yml"]);
}

#[test]
fn folders() {
    let dir = tempfile::tempdir().expect("make folder");
    assert_eq!(read_folder(&dir.path().join("none")), (vec![], vec![]));
    let deep = dir.path().join("x/y");
    std::fs::create_dir_all(&deep).expect("make folders");
    std::fs::write(deep.join("one.yml"), "title: a").expect("write");
    std::fs::write(deep.join("readme.md"), "no rule").expect("write");
    std::fs::write(dir.path().join("bytes.yaml"), [0xff, 0xfe]).expect("write");
    std::fs::write(dir.path().join("big.yml"), vec![b' '; 600 << 10]).expect("write");
    std::os::unix::fs::symlink(dir.path(), deep.join("loop")).expect("link");
    let before = detect::fingerprint(dir.path());
    let (texts, problems) = read_folder(dir.path());
    assert_eq!(texts.iter().map(|text| text.file.as_str()).collect::<Vec<_>>(), ["x/y/one.yml"]);
    let named: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(named, ["big.yml", "bytes.yaml"]);
    assert_eq!(before, detect::fingerprint(dir.path()));
    std::fs::write(deep.join("two.yml"), "title: b").expect("write");
    assert_ne!(before, detect::fingerprint(dir.path()));
}

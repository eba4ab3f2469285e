//! Loaded rules: one evaluator for each log source and platform, so that a row meets only rules that are about it.
//!
//! The evaluator is `rsigma-eval`'s. It keeps, over all rules, the texts that each rule can't do without in one
//! automaton per field, and looks closer only at rules whose text occurs in the row.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use rsigma_eval::{Engine, Event};
use rsigma_parser::{Detection, Modifier, SigmaRule, parse_sigma_yaml};
use schema::{Row, col};

use crate::condition;
use crate::event::{More, RowEvent};
use crate::fields::From;
use crate::limits::RULES_PER_FILE_MAX;
use crate::read::RuleText;
use crate::sources::{NOT_RECORDED, Platform, SOURCES, source_of, sources_of_action};
use crate::{Problem, ProblemKind, Rule};

/// Fields of each source by name.
static FIELDS: LazyLock<Vec<HashMap<&'static str, From>>> =
    LazyLock::new(|| SOURCES.iter().map(|source| source.fields()).collect());

/// Rules, ready to be asked about rows.
#[derive(Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    problems: Vec<Problem>,
    engines: HashMap<(usize, Platform), Engine>,
}

/// A rule on its way into the evaluators.
struct Candidate {
    rule: SigmaRule,
    file: String,
    source_idx: usize,
    platforms: Vec<Platform>,
}

impl RuleSet {
    /// Loads rules. What is left out is in `problems`, sorted.
    pub fn load(texts: &[RuleText]) -> Self {
        let mut loader = Loader::default();
        for text in texts {
            loader.add_file(text);
        }
        loader.finish()
    }

    /// The rules that are loaded, by file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What was left out, and why.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Adds what reading the files found.
    #[must_use]
    pub fn with_problems(mut self, problems: Vec<Problem>) -> Self {
        self.problems.extend(problems);
        self.problems.sort();
        self
    }

    /// The rules that a row fulfils, by file.
    pub fn matches(&self, row: &Row, platform: Platform) -> Vec<&Rule> {
        let Some(action) = row.text(&col::ACTION_TYPE) else { return Vec::new() };
        let more = More::default();
        let mut found = Vec::new();
        for source_idx in sources_of_action(action) {
            let Some(engine) = self.engines.get(&(*source_idx, platform)) else { continue };
            let event = RowEvent { row, platform, fields: &FIELDS[*source_idx], more: &more };
            for result in engine.evaluate(&event) {
                found.extend(result.header.rule_id.and_then(|id| id.parse::<usize>().ok()));
            }
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|rule_idx| &self.rules[rule_idx]).collect()
    }

    /// A row's fields as the rules of its log source see them; for tests and for people who write rules.
    pub fn fields_of(row: &Row, platform: Platform) -> BTreeMap<String, String> {
        let more = More::default();
        let mut fields = BTreeMap::new();
        for source_idx in sources_of_action(row.text(&col::ACTION_TYPE).unwrap_or_default()) {
            let event = RowEvent { row, platform, fields: &FIELDS[*source_idx], more: &more };
            for name in FIELDS[*source_idx].keys() {
                if let Some(value) = event.get_field(name).as_ref().and_then(|value| value.as_str()) {
                    fields.insert((*name).to_owned(), value.into_owned());
                }
            }
        }
        fields
    }
}

#[derive(Default)]
struct Loader {
    set: RuleSet,
    candidates: Vec<Candidate>,
    ids: HashSet<String>,
}

impl Loader {
    fn add_file(&mut self, text: &RuleText) {
        if let Err(reason) = condition::check(&text.text) {
            return self.problem(&text.file, None, ProblemKind::Broken, reason);
        }
        let collection = match parse_sigma_yaml(&text.text) {
            Ok(collection) => collection,
            Err(error) => return self.problem(&text.file, None, ProblemKind::Broken, error.to_string()),
        };
        for error in &collection.errors {
            self.problem(&text.file, None, ProblemKind::Broken, error.clone());
        }
        for correlation in &collection.correlations {
            let reason = "correlations over several events are not evaluated yet".to_owned();
            self.problem(&text.file, Some(&correlation.title), ProblemKind::Unsupported, reason);
        }
        for filter in &collection.filters {
            let reason = "filters are not applied yet: add the exception to the rule".to_owned();
            self.problem(&text.file, Some(&filter.title), ProblemKind::Unsupported, reason);
        }
        let n_rules = collection.rules.len();
        for rule in collection.rules.into_iter().take(RULES_PER_FILE_MAX) {
            self.add_rule(rule, &text.file);
        }
        if n_rules > RULES_PER_FILE_MAX {
            let reason = format!("more than {RULES_PER_FILE_MAX} rules: the others are left out");
            self.problem(&text.file, None, ProblemKind::Broken, reason);
        }
        if n_rules + collection.correlations.len() + collection.filters.len() + collection.errors.len() == 0 {
            self.problem(&text.file, None, ProblemKind::Broken, "no rule in it".to_owned());
        }
    }

    fn add_rule(&mut self, mut rule: SigmaRule, file: &str) {
        let title = rule.title.clone();
        match place(&rule).and_then(|place| check_fields(&mut rule, place.0).map(|()| place)) {
            Ok((source_idx, platforms)) => {
                self.candidates.push(Candidate { rule, file: file.to_owned(), source_idx, platforms });
            }
            Err((kind, reason)) => self.problem(file, Some(&title), kind, reason),
        }
    }

    /// Compiles what is left. The evaluator is told our number as the rule's id, to find the rule again.
    fn finish(mut self) -> RuleSet {
        let mut batches: HashMap<(usize, Platform), Vec<SigmaRule>> = HashMap::new();
        for candidate in std::mem::take(&mut self.candidates) {
            let known = Rule::of(&candidate.rule, &candidate.file);
            if let Err(error) = rsigma_eval::compile_rule(&candidate.rule) {
                self.problem(&candidate.file, Some(&known.title), ProblemKind::Broken, short(&error.to_string()));
                continue;
            }
            if !self.ids.insert(known.id.clone()) {
                let reason = format!("another rule has the id {}", known.id);
                self.problem(&candidate.file, Some(&known.title), ProblemKind::Broken, reason);
                continue;
            }
            let mut rule = candidate.rule;
            rule.id = Some(self.set.rules.len().to_string());
            self.set.rules.push(known);
            for platform in candidate.platforms {
                batches.entry((candidate.source_idx, platform)).or_default().push(rule.clone());
            }
        }
        for (key, rules) in batches {
            let mut engine = Engine::new();
            for (idx, error) in engine.add_rules(&rules) {
                let rule = rules[idx].id.as_deref().and_then(|id| id.parse::<usize>().ok());
                let known = rule.map(|rule_idx| self.set.rules[rule_idx].clone());
                let (file, title) = known.map_or_else(Default::default, |known| (known.file, known.title));
                self.problem(&file, Some(&title), ProblemKind::Broken, short(&error.to_string()));
            }
            self.set.engines.insert(key, engine);
        }
        self.set.problems.sort();
        self.set.problems.dedup();
        self.set
    }

    fn problem(&mut self, file: &str, rule: Option<&str>, kind: ProblemKind, reason: String) {
        self.set.problems.push(Problem { file: file.to_owned(), rule: rule.map(str::to_owned), kind, reason });
    }
}

type Reason = (ProblemKind, String);

/// The source and platforms that a rule is about.
fn place(rule: &SigmaRule) -> Result<(usize, Vec<Platform>), Reason> {
    let logsource = &rule.logsource;
    if rule.detection.timeframe.is_some() {
        return Err((ProblemKind::Unsupported, "counting over a timeframe is not evaluated yet".to_owned()));
    }
    let product = logsource.product.as_deref().map(str::to_ascii_lowercase);
    let platforms: Vec<Platform> = match product.as_deref() {
        None => Platform::ALL.to_vec(),
        Some(product) => Platform::ALL.into_iter().filter(|platform| platform.product() == product).collect(),
    };
    let names = [&logsource.category, &logsource.service].map(|name| name.as_deref().map(str::to_ascii_lowercase));
    let whole = [product.as_deref(), names[0].as_deref(), names[1].as_deref()];
    let whole: Vec<&str> = whole.into_iter().flatten().collect();
    let whole = whole.join("/");
    if platforms.is_empty() {
        return Err((ProblemKind::LogSource, format!("`{whole}`: no such product sends events here")));
    }
    let Some(category) = &names[0] else {
        let known = names[1].as_deref().and_then(not_recorded);
        let reason = known.unwrap_or("only log sources with a category are mapped to tables");
        return Err((ProblemKind::LogSource, format!("`{whole}`: {reason}")));
    };
    match source_of(category) {
        Some(source_idx) => Ok((source_idx, platforms)),
        None => {
            let reason = not_recorded(category).unwrap_or("no table holds such events");
            Err((ProblemKind::LogSource, format!("`{whole}`: {reason}")))
        }
    }
}

fn not_recorded(name: &str) -> Option<&'static str> {
    NOT_RECORDED.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason)
}

/// Every field must be one of the source's. A field in another case is set right, as some public rules need.
fn check_fields(rule: &mut SigmaRule, source_idx: usize) -> Result<(), Reason> {
    let fields = &FIELDS[source_idx];
    let category = SOURCES[source_idx].categories[0];
    for detection in rule.detection.named.values_mut() {
        check_detection(detection, fields, category)?;
    }
    Ok(())
}

fn check_detection(
    detection: &mut Detection,
    fields: &HashMap<&'static str, From>,
    category: &str,
) -> Result<(), Reason> {
    match detection {
        Detection::Keywords(_) => Ok(()),
        Detection::AllOf(items) => {
            for item in items {
                if item.field.has_modifier(Modifier::Expand) {
                    let reason = "placeholders (`expand`) have no values here: write the values into the rule";
                    return Err((ProblemKind::Unsupported, reason.to_owned()));
                }
                if let Some(name) = &mut item.field.name {
                    check_name(name, fields, category)?;
                }
            }
            Ok(())
        }
        Detection::AnyOf(parts) | Detection::And(parts) => {
            for part in parts {
                check_detection(part, fields, category)?;
            }
            Ok(())
        }
        Detection::ArrayMatch { .. } | Detection::Conditional { .. } => {
            Err((ProblemKind::Unsupported, "columns hold no arrays: match the text instead".to_owned()))
        }
    }
}

fn check_name(name: &mut String, fields: &HashMap<&'static str, From>, category: &str) -> Result<(), Reason> {
    if fields.contains_key(name.as_str()) {
        return Ok(());
    }
    match fields.keys().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(known) => {
            *name = (*known).to_owned();
            Ok(())
        }
        None => Err((ProblemKind::Field, format!("no column for the field `{name}` of {category}"))),
    }
}

/// An error on one line; the middle of a long one is left out, since a regular expression is quoted before its fault.
fn short(reason: &str) -> String {
    const HALF: usize = 150;
    let words: Vec<&str> = reason.split_whitespace().collect();
    let letters: Vec<char> = words.join(" ").chars().collect();
    if letters.len() <= 2 * HALF {
        return letters.into_iter().collect();
    }
    let (head, tail) = (&letters[..HALF], &letters[letters.len() - HALF..]);
    format!("{} … {}", String::from_iter(head), String::from_iter(tail))
}

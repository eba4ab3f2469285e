//! What is known about a rule beside its condition.

use rsigma_parser::{Level, SigmaRule};

/// How bad a match is, by MDE's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Sigma's `informational`.
    Informational,
    /// `low`.
    Low,
    /// `medium`, or no level.
    Medium,
    /// `high` and `critical`: MDE has no word above High.
    High,
}

impl Severity {
    /// MDE's name.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Informational => "Informational",
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
        }
    }
}

/// A rule that is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule's own id, else its file and title: the same in every run.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// How bad a match is.
    pub severity: Severity,
    /// MDE's category, from the ATT&CK tactic.
    pub category: &'static str,
    /// ATT&CK techniques, such as `T1059.004`, sorted.
    pub techniques: Vec<String>,
    /// File that it came from.
    pub file: String,
}

/// ATT&CK tactics as Sigma tags write them, and MDE's categories, in the order in which an attack goes on.
const TACTICS: &[(&str, &str)] = &[
    ("reconnaissance", "SuspiciousActivity"),
    ("resource-development", "SuspiciousActivity"),
    ("initial-access", "InitialAccess"),
    ("execution", "Execution"),
    ("persistence", "Persistence"),
    ("privilege-escalation", "PrivilegeEscalation"),
    ("defense-evasion", "DefenseEvasion"),
    ("stealth", "DefenseEvasion"),
    ("defense-impairment", "DefenseEvasion"),
    ("credential-access", "CredentialAccess"),
    ("discovery", "Discovery"),
    ("lateral-movement", "LateralMovement"),
    ("collection", "Collection"),
    ("command-and-control", "CommandAndControl"),
    ("exfiltration", "Exfiltration"),
    ("impact", "Impact"),
];

impl Rule {
    pub(crate) fn of(rule: &SigmaRule, file: &str) -> Self {
        Self {
            id: rule.id.clone().unwrap_or_else(|| format!("{file}#{}", rule.title)),
            title: rule.title.clone(),
            description: rule.description.clone().unwrap_or_default().trim().to_owned(),
            severity: severity(rule.level),
            category: category(&rule.tags),
            techniques: techniques(&rule.tags),
            file: file.to_owned(),
        }
    }
}

fn severity(level: Option<Level>) -> Severity {
    match level {
        Some(Level::Informational) => Severity::Informational,
        Some(Level::Low) => Severity::Low,
        Some(Level::Medium) | None => Severity::Medium,
        Some(Level::High | Level::Critical) => Severity::High,
    }
}

/// The category of the first tactic that a tag names.
fn category(tags: &[String]) -> &'static str {
    for tag in tags {
        let name = tag.strip_prefix("attack.").unwrap_or_default().replace('_', "-");
        if let Some((_, category)) = TACTICS.iter().find(|(tactic, _)| *tactic == name) {
            return category;
        }
    }
    "SuspiciousActivity"
}

fn techniques(tags: &[String]) -> Vec<String> {
    let mut techniques = Vec::new();
    for tag in tags {
        let Some(name) = tag.strip_prefix("attack.t") else { continue };
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            techniques.push(format!("T{name}"));
        }
    }
    techniques.sort();
    techniques.dedup();
    techniques
}

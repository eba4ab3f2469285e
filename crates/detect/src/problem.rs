//! Why a rule was left out.

use std::fmt;

/// What kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The file can't be read.
    Unreadable,
    /// No valid YAML or no valid rule.
    Broken,
    /// Something that is not evaluated, such as a correlation.
    Unsupported,
    /// The log source is none of those that are recorded.
    LogSource,
    /// A field has no column.
    Field,
}

impl ProblemKind {
    /// A word for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Broken => "broken",
            ProblemKind::Unsupported => "unsupported",
            ProblemKind::LogSource => "log source",
            ProblemKind::Field => "field",
        }
    }
}

/// A rule, or a whole file, that was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// File below its folder.
    pub file: String,
    /// Title of the rule, when there is one.
    pub rule: Option<String>,
    /// What kind of reason.
    pub kind: ProblemKind,
    /// The reason, and what would help.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file)?;
        if let Some(rule) = &self.rule {
            write!(formatter, " ({rule})")?;
        }
        write!(formatter, ": {}: {}", self.kind.name(), self.reason)
    }
}

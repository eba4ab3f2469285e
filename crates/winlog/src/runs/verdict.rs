//! What the engine answers: which script did it, how sure that is, and the records that say so.

use super::fact::{Fact, Record};

/// How sure the link from an action to a script is: values of `AttributionLevel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The acting thread was inside this script, proven by records around the action.
    ExactThread,
    /// The process ran this script and nothing else.
    ExactSingle,
    /// Joined by an identity (child process, activity) to something that is exact.
    ExactLinked,
    /// Only one running script names what was acted on, or looked it up.
    LikelyContent,
    /// Only one script was running at that time.
    LikelyTime,
    /// Several scripts can have done it; none is named.
    Ambiguous,
    /// The process is a script host, but no script is known.
    Unattributed,
    /// Not a script host.
    None,
}

impl Level {
    /// Every level, the surest first.
    pub const ALL: [Level; 8] = [
        Level::ExactThread,
        Level::ExactSingle,
        Level::ExactLinked,
        Level::LikelyContent,
        Level::LikelyTime,
        Level::Ambiguous,
        Level::Unattributed,
        Level::None,
    ];

    /// Value of `AttributionLevel`.
    pub fn name(self) -> &'static str {
        match self {
            Level::ExactThread => "exact-thread",
            Level::ExactSingle => "exact-single",
            Level::ExactLinked => "exact-linked",
            Level::LikelyContent => "likely-content",
            Level::LikelyTime => "likely-time",
            Level::Ambiguous => "ambiguous",
            Level::Unattributed => "unattributed",
            Level::None => "none",
        }
    }

    /// Whether the link is proven.
    pub fn is_exact(self) -> bool {
        matches!(self, Level::ExactThread | Level::ExactSingle | Level::ExactLinked)
    }
}

/// A script: a file, or text that is in no file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Script {
    /// Its path.
    pub path: Option<String>,
    /// SHA-256 of its text as UTF-8, when the whole text is known and there is only one version of it.
    pub sha256: Option<String>,
}

impl Script {
    /// What to call it: the path, or the start of the hash.
    pub fn name(&self) -> String {
        match (&self.path, &self.sha256) {
            (Some(path), _) => path.clone(),
            (None, Some(sha256)) => format!("(untitled, sha256 {})", sha256.get(..12).unwrap_or(sha256)),
            (None, None) => "(untitled, text incomplete)".to_owned(),
        }
    }
}

/// A script that can have done it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The script; `None` when only the run is known.
    pub script: Option<Script>,
    /// The runspace that it ran in.
    pub runspace: Option<String>,
    /// The run.
    pub run: String,
    /// Why it can have done it.
    pub reasons: Vec<String>,
}

/// A record and what it says about the link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The record.
    pub record: Record,
    /// What it says.
    pub says: String,
}

/// The answer for one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The action's record.
    pub record: Record,
    /// When that was written: a log that was cleared has the same numbers again.
    pub written: i64,
    /// The one name that the process resolved to the action's address shortly before, if there is one.
    pub resolved: Option<String>,
    /// How sure.
    pub level: Level,
    /// The innermost script that did it; only when one is chosen.
    pub script: Option<Script>,
    /// The scripts that were on the call stack, outermost first and `script` last, as far as they are known.
    pub stack: Vec<Script>,
    /// `RunspaceId` of the run.
    pub runspace: Option<String>,
    /// The run: runspace and pipeline.
    pub run: Option<String>,
    /// Everything that can have done it, when more than one can.
    pub candidates: Vec<Candidate>,
    /// Why it is not surer, or why nothing is known.
    pub reasons: Vec<String>,
    /// The records that the link rests on.
    pub evidence: Vec<Evidence>,
}

impl Verdict {
    pub(super) fn new(fact: &Fact, level: Level) -> Verdict {
        Verdict {
            record: fact.record.clone(),
            written: fact.written,
            resolved: None,
            level,
            script: None,
            stack: Vec::new(),
            runspace: None,
            run: None,
            candidates: Vec::new(),
            reasons: Vec::new(),
            evidence: Vec::new(),
        }
    }

    /// One line for a reader: `Get-Alerts.ps1 (exact-thread)`, `2 possible scripts`.
    pub fn summary(&self) -> String {
        let name = self.script.as_ref().map(|script| {
            let name = script.name();
            name.rsplit(['\\', '/']).next().unwrap_or(&name).to_owned()
        });
        match (name, self.level) {
            (Some(name), level) => format!("{name} ({})", level.name()),
            (None, Level::Ambiguous) => format!("{} possible scripts", self.candidates.len()),
            (None, level) => level.name().to_owned(),
        }
    }
}

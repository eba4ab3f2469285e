//! What an app may be allowed to do, by MDE's names and a few of ours, and the roles of people.

use std::fmt;
use std::str::FromStr;

/// What a person may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks at everything but users, apps and the audit log.
    Reader,
    /// Also works on alerts and cases.
    Analyst,
    /// Also changes users, apps and devices.
    Admin,
}

impl Role {
    /// All, the weakest first.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Analyst, Self::Admin];

    /// As stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| anyhow::anyhow!("no role {text:?}: choose admin, analyst or reader"))
    }
}

/// An application permission.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// As in a token's `roles`.
    pub name: &'static str,
    /// What it allows, for people.
    pub words: &'static str,
    /// The weakest role of a person who may do the same.
    pub role: Role,
}

const fn read(name: &'static str, words: &'static str) -> Permission {
    Permission { name, words, role: Role::Reader }
}

const fn work(name: &'static str, words: &'static str) -> Permission {
    Permission { name, words, role: Role::Analyst }
}

/// All permissions, by name. MDE's names (learn.microsoft.com, "Supported Microsoft Defender for Endpoint APIs"), those
/// of the same data in Microsoft Graph and Defender XDR, and ours: `Timeline.Read.All`, `Export.Read.All`,
/// `Ingest.Write.All`. A permission that nothing asks for yet may be granted, so that scripts which set an app up run.
pub const PERMISSIONS: &[Permission] = &[
    read("AdvancedHunting.Read.All", "Run advanced hunting queries (Defender XDR)"),
    read("AdvancedQuery.Read.All", "Run advanced hunting queries"),
    read("Alert.Read.All", "Read all alerts"),
    work("Alert.ReadWrite.All", "Read and change all alerts"),
    work("Event.Write", "Write events"),
    read("Export.Read.All", "Export whole ranges of the timeline"),
    read("File.Read.All", "Read files and their prevalence"),
    read("Incident.Read.All", "Read all incidents"),
    work("Incident.ReadWrite.All", "Read and change all incidents"),
    work("Ingest.Write.All", "Send events of other sources"),
    work("IntegrationConfiguration.ReadWrite", "Read and change integrations"),
    read("Ip.Read.All", "Read IP addresses and their prevalence"),
    work("Library.Manage", "Manage the live response library"),
    work("Machine.CollectForensics", "Collect forensics from devices"),
    work("Machine.Isolate", "Isolate devices"),
    work("Machine.LiveResponse", "Run live response on devices"),
    work("Machine.Offboard", "Offboard devices"),
    read("Machine.Read.All", "Read all devices"),
    work("Machine.ReadWrite.All", "Read and change all devices"),
    work("Machine.RestrictExecution", "Restrict what runs on devices"),
    work("Machine.Scan", "Scan devices"),
    work("Machine.StopAndQuarantine", "Stop and quarantine files"),
    read("RemediationTasks.Read.All", "Read remediation tasks"),
    read("Score.Read.All", "Read scores"),
    read("SecurityAlert.Read.All", "Read all alerts (Graph)"),
    work("SecurityAlert.ReadWrite.All", "Read and change all alerts (Graph)"),
    read("SecurityBaselinesAssessment.Read.All", "Read baseline assessments"),
    read("SecurityConfiguration.Read.All", "Read security configurations"),
    read("SecurityIncident.Read.All", "Read all incidents (Graph)"),
    work("SecurityIncident.ReadWrite.All", "Read and change all incidents (Graph)"),
    read("SecurityRecommendation.Read.All", "Read security recommendations"),
    read("Software.Read.All", "Read installed software"),
    read("ThreatHunting.Read.All", "Run advanced hunting queries (Graph)"),
    read("Ti.Read.All", "Read all indicators"),
    work("Ti.ReadWrite", "Read and change the app's own indicators"),
    work("Ti.ReadWrite.All", "Read and change all indicators"),
    read("Timeline.Read.All", "Read the timeline of all devices"),
    read("Url.Read.All", "Read URLs and their prevalence"),
    read("User.Read.All", "Read user profiles"),
    read("Vulnerability.Read.All", "Read vulnerabilities"),
];

/// Spellings in Microsoft's documentation that are not the permission's name.
const SPELLINGS: &[(&str, &str)] = &[("Alerts.ReadWrite.All", "Alert.ReadWrite.All")];

/// The permission of that name; case makes no difference, for MDE's documentation writes `URL.Read.All` as well.
pub fn permission(name: &str) -> Option<&'static Permission> {
    let spelling = SPELLINGS.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(name));
    let name = spelling.map_or(name, |(_, name)| name);
    PERMISSIONS.iter().find(|permission| permission.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_once() {
        assert!(PERMISSIONS.is_sorted_by(|one, next| one.name < next.name));
    }

    #[test]
    fn spellings_lead_to_the_name() {
        for (spelling, name) in [("URL.Read.All", "Url.Read.All"), ("alerts.readwrite.all", "Alert.ReadWrite.All")] {
            assert_eq!(permission(spelling).map(|it| it.name), Some(name));
        }
        assert!(permission("Alert.Read").is_none());
    }
}

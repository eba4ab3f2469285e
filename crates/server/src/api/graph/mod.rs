//! Alerts and incidents in the shapes of Microsoft Graph (`/v1.0/security`) and of Defender XDR (`/api/incidents`): what
//! `alerts` has, under other names.

pub mod alerts;
mod body;
pub mod incidents;
mod xdr;

use crate::alerts::Alert;

/// A word of MDE as Graph spells it: `InProgress` is `inProgress`.
pub(super) fn camel(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// Alerts of one incident, the oldest first, and what they say together. Never empty.
pub(super) struct Incident {
    /// Number.
    pub number: i64,
    /// The alerts.
    pub alerts: Vec<Alert>,
}

impl Incident {
    /// Alerts by incident, the newest incident first.
    pub fn group(mut alerts: Vec<Alert>) -> Vec<Self> {
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.incident), alert.n));
        let mut incidents: Vec<Self> = Vec::new();
        for alert in alerts {
            match incidents.last_mut() {
                Some(last) if last.number == alert.incident => last.alerts.push(alert),
                _ => incidents.push(Self { number: alert.incident, alerts: vec![alert] }),
            }
        }
        incidents
    }

    fn name(&self) -> String {
        let first = &self.alerts[0];
        match self.alerts.len() - 1 {
            0 => format!("{} on {}", first.title, first.device_name),
            1 => format!("{} and 1 more alert on {}", first.title, first.device_name),
            n_more => format!("{} and {n_more} more alerts on {}", first.title, first.device_name),
        }
    }

    /// Resolved when all alerts are; in progress when somebody works on one.
    fn status(&self) -> &'static str {
        let all = |status: &str| self.alerts.iter().all(|alert| alert.status == status);
        match (all("Resolved"), all("New")) {
            (true, _) => "Resolved",
            (false, true) => "Active",
            (false, false) if self.alerts.iter().any(|alert| alert.status == "InProgress") => "InProgress",
            (false, false) => "Active",
        }
    }

    fn severity(&self) -> &str {
        let level = |alert: &&Alert| super::alert_body::SEVERITIES.iter().position(|it| *it == alert.severity);
        self.alerts.iter().max_by_key(level).map_or("UnSpecified", |alert| &alert.severity)
    }

    fn created(&self) -> i64 {
        self.alerts.iter().map(|alert| alert.created).min().unwrap_or_default()
    }

    fn updated(&self) -> i64 {
        self.alerts.iter().map(|alert| alert.updated).max().unwrap_or_default()
    }

    /// What all alerts say alike, if they do.
    fn common(&self, of: impl Fn(&Alert) -> Option<&String>) -> Option<String> {
        let first = of(&self.alerts[0])?;
        self.alerts.iter().all(|alert| of(alert) == Some(first)).then(|| first.clone())
    }
}

//! An alert as MDE's API shows it (learn.microsoft.com, "Alert resource type").

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::odata::{Kind, Property, Schema};
use crate::alerts::{Alert, Comment, texts};
use crate::clock::ticks_text_of_ns;

/// Severities.
pub const SEVERITIES: &[&str] = &["UnSpecified", "Informational", "Low", "Medium", "High"];
/// States.
pub const STATUSES: &[&str] = &["Unknown", "New", "InProgress", "Resolved"];
/// Classifications.
pub const CLASSIFICATIONS: &[&str] = &["TruePositive", "InformationalExpectedActivity", "FalsePositive", "Unknown"];
/// Determinations, with the two spellings that the documentation has for some.
pub const DETERMINATIONS: &[&str] = &[
    "MultiStagedAttack",
    "MaliciousUserActivity",
    "CompromisedUser",
    "CompromisedAccount",
    "Malware",
    "Phishing",
    "UnwantedSoftware",
    "SecurityTesting",
    "SecurityTest",
    "LineOfBusinessApplication",
    "ConfirmedUserActivity",
    "ConfirmedActivity",
    "Clean",
    "NotMalicious",
    "InsufficientData",
    "NotEnoughDataToValidate",
    "NotAvailable",
    "Other",
];
/// Categories that a client may give to an alert of its own.
pub const CATEGORIES: &[&str] = &[
    "General",
    "CommandAndControl",
    "Collection",
    "CredentialAccess",
    "DefenseEvasion",
    "Discovery",
    "Exfiltration",
    "Exploit",
    "Execution",
    "InitialAccess",
    "LateralMovement",
    "Malware",
    "Persistence",
    "PrivilegeEscalation",
    "Ransomware",
    "SuspiciousActivity",
];
const INVESTIGATION_STATES: &[&str] = &["UnsupportedAlertType", "SuppressedAlert"];

/// An alert.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertBody {
    /// Id.
    id: String,
    /// Number of the incident: alerts of one device and process tree.
    incident_id: i64,
    /// There are no automated investigations.
    investigation_id: Option<i64>,
    /// Who works on it.
    assigned_to: Option<String>,
    /// UnSpecified, Informational, Low, Medium or High.
    severity: String,
    /// New, InProgress or Resolved.
    status: String,
    /// TruePositive, InformationalExpectedActivity or FalsePositive.
    classification: Option<String>,
    /// More exactly.
    determination: Option<String>,
    /// UnsupportedAlertType, or SuppressedAlert when a suppression resolved it.
    investigation_state: String,
    /// CustomDetection or CustomerTI.
    detection_source: String,
    /// Id of the rule.
    detector_id: String,
    /// ATT&CK tactic in MDE's words.
    category: String,
    /// Always null.
    threat_family_name: Option<String>,
    /// Title.
    title: String,
    /// What it is about.
    description: String,
    /// What to do.
    recommended_action: String,
    /// When it was made, seven digits of a second.
    alert_creation_time: String,
    /// Its first event.
    first_event_time: String,
    /// Its last event.
    last_event_time: String,
    /// Its last change.
    last_update_time: String,
    /// When it was resolved.
    resolved_time: Option<String>,
    /// Device id.
    machine_id: String,
    /// Device name.
    computer_dns_name: String,
    /// Always null.
    rbac_group_name: Option<String>,
    /// Tenant.
    aad_tenant_id: String,
    /// Always null.
    threat_name: Option<String>,
    /// ATT&CK techniques.
    #[schema(value_type = Vec<String>)]
    mitre_techniques: Vec<Value>,
    /// Account of the first event.
    related_user: Option<RelatedUser>,
    /// What people wrote.
    comments: Vec<CommentBody>,
    /// Evidence, when expanded; members that are not known are null.
    #[schema(value_type = Vec<Object>)]
    evidence: Vec<Value>,
}

/// An account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelatedUser {
    /// Name.
    user_name: String,
    /// Domain.
    domain_name: Option<String>,
}

/// A comment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommentBody {
    /// Text.
    comment: String,
    /// Who.
    created_by: String,
    /// When.
    created_time: String,
}

impl AlertBody {
    /// The alert with its comments, and its evidence when asked for.
    pub fn new(alert: &Alert, tenant: &str, comments: Vec<Comment>, evidence: Vec<Value>) -> Self {
        let related_user =
            alert.user_name.clone().map(|user_name| RelatedUser { user_name, domain_name: alert.user_domain.clone() });
        let comment = |it: Comment| CommentBody {
            comment: it.comment,
            created_by: it.author,
            created_time: ticks_text_of_ns(it.created),
        };
        Self {
            id: alert.id.clone(),
            incident_id: alert.incident,
            investigation_id: None,
            assigned_to: alert.assigned_to.clone(),
            severity: alert.severity.clone(),
            status: alert.status.clone(),
            classification: alert.classification.clone(),
            determination: alert.determination.clone(),
            investigation_state: INVESTIGATION_STATES[usize::from(alert.suppressed)].to_owned(),
            detection_source: alert.source.clone(),
            detector_id: alert.rule.clone(),
            category: alert.category.clone(),
            threat_family_name: None,
            title: alert.title.clone(),
            description: alert.description.clone(),
            recommended_action: alert.recommended.clone(),
            alert_creation_time: ticks_text_of_ns(alert.created),
            first_event_time: ticks_text_of_ns(alert.first_time),
            last_event_time: ticks_text_of_ns(alert.last_time),
            last_update_time: ticks_text_of_ns(alert.updated),
            resolved_time: alert.resolved.map(ticks_text_of_ns),
            machine_id: alert.device.clone(),
            computer_dns_name: alert.device_name.clone(),
            rbac_group_name: None,
            aad_tenant_id: tenant.to_owned(),
            threat_name: None,
            mitre_techniques: texts(&alert.techniques),
            related_user,
            comments: comments.into_iter().map(comment).collect(),
            evidence,
        }
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        json!(self)
    }
}

const fn text(name: &'static str) -> Property {
    Property { name, kind: Kind::Text }
}

const fn time(name: &'static str) -> Property {
    Property { name, kind: Kind::Time }
}

const fn number(name: &'static str) -> Property {
    Property { name, kind: Kind::Number }
}

const fn word(name: &'static str, words: &'static [&'static str]) -> Property {
    Property { name, kind: Kind::Word(words) }
}

/// What filters may ask of an alert.
pub static ALERT: Schema = Schema {
    name: "microsoft.windowsDefenderATP.api.Alert",
    properties: &[
        text("id"),
        number("incidentId"),
        number("investigationId"),
        text("assignedTo"),
        word("severity", SEVERITIES),
        word("status", STATUSES),
        word("classification", CLASSIFICATIONS),
        word("determination", DETERMINATIONS),
        text("investigationState"),
        text("detectionSource"),
        text("detectorId"),
        text("category"),
        text("threatFamilyName"),
        text("title"),
        text("description"),
        text("recommendedAction"),
        time("alertCreationTime"),
        time("firstEventTime"),
        time("lastEventTime"),
        time("lastUpdateTime"),
        time("resolvedTime"),
        text("machineId"),
        text("computerDnsName"),
        text("rbacGroupName"),
        text("aadTenantId"),
        text("threatName"),
        Property { name: "mitreTechniques", kind: Kind::Texts },
        Property { name: "relatedUser", kind: Kind::Entity(&RELATED_USER) },
        Property { name: "comments", kind: Kind::Entities(&COMMENT) },
        Property { name: "evidence", kind: Kind::Entities(&EVIDENCE) },
    ],
};

static RELATED_USER: Schema = Schema { name: "relatedUser", properties: &[text("userName"), text("domainName")] };

static COMMENT: Schema =
    Schema { name: "alertComment", properties: &[text("comment"), text("createdBy"), time("createdTime")] };

static EVIDENCE: Schema = Schema {
    name: "alertEvidence",
    properties: &[
        text("entityType"),
        time("evidenceCreationTime"),
        text("sha1"),
        text("sha256"),
        text("fileName"),
        text("filePath"),
        number("processId"),
        text("processCommandLine"),
        time("processCreationTime"),
        number("parentProcessId"),
        time("parentProcessCreationTime"),
        text("parentProcessFileName"),
        text("parentProcessFilePath"),
        text("ipAddress"),
        text("url"),
        text("registryKey"),
        text("registryHive"),
        text("registryValueType"),
        text("registryValue"),
        text("accountName"),
        text("domainName"),
        text("userSid"),
        text("aadUserId"),
        text("userPrincipalName"),
        text("detectionStatus"),
    ],
};

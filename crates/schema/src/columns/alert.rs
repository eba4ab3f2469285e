//! Alerts and the evidence in them.

use crate::column::{Column, Type};

columns! {
    /// Identity of the alert.
    ALERT_ID: String = "AlertId" @ 176;
    /// Title of the alert.
    TITLE: String = "Title" @ 177;
    /// Kind of threat that the alert points at, usually an ATT&CK tactic.
    CATEGORY: String = "Category" @ 178;
    /// Kinds of threat that the alert points at, as a JSON array.
    CATEGORIES: String = "Categories" @ 179;
    /// Severity of the alert: Informational, Low, Medium or High.
    SEVERITY: String = "Severity" @ 180;
    /// Product that raised the alert.
    SERVICE_SOURCE: String = "ServiceSource" @ 181;
    /// Technology or rule set that detected it.
    DETECTION_SOURCE: String = "DetectionSource" @ 182;
    /// MITRE ATT&CK techniques of the alert, as a JSON array.
    ATTACK_TECHNIQUES: String = "AttackTechniques" @ 183;
    /// Kind of evidence, such as File, Process, Ip, User or Machine.
    ENTITY_TYPE: String = "EntityType" @ 184;
    /// Part that the entity plays: Impacted or Related.
    EVIDENCE_ROLE: String = "EvidenceRole" @ 185;
    /// Side of the connection that the entity is on: Source or Destination.
    EVIDENCE_DIRECTION: String = "EvidenceDirection" @ 186;
    /// Malware family that the file or process was classified as.
    THREAT_FAMILY: String = "ThreatFamily" @ 187;
    /// Identifier of the e-mail message, from the mail service.
    NETWORK_MESSAGE_ID: String = "NetworkMessageId" @ 188;
    /// Subject line of the e-mail message.
    EMAIL_SUBJECT: String = "EmailSubject" @ 189;
    /// Name of the application that acted.
    APPLICATION: String = "Application" @ 190;
    /// Number of the application that acted.
    APPLICATION_ID: Int = "ApplicationId" @ 191;
    /// Identifier of the OAuth application that acted.
    OAUTH_APPLICATION_ID: String = "OAuthApplicationId" @ 192;
    /// Name of the cloud resource.
    CLOUD_RESOURCE: String = "CloudResource" @ 193;
    /// Cloud platform that the resource belongs to.
    CLOUD_PLATFORM: String = "CloudPlatform" @ 194;
    /// Type of the cloud resource.
    RESOURCE_TYPE: String = "ResourceType" @ 195;
    /// Identifier of the cloud resource.
    RESOURCE_ID: String = "ResourceID" @ 196;
    /// Cloud subscription that the resource belongs to.
    SUBSCRIPTION_ID: String = "SubscriptionId" @ 197;
}

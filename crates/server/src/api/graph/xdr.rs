//! An incident as Defender XDR shows it (learn.microsoft.com, "List incidents API in Microsoft Defender XDR").

use serde_json::{Value, json};

use super::Incident;
use crate::alerts::{Alert, Comment, EvidenceItem, texts};
use crate::api::odata::{Kind, Property, Schema};
use crate::clock::ticks_text_of_ns;

const STATUSES: &[&str] = &["Active", "Resolved", "InProgress", "Redirected"];

const fn property(name: &'static str, kind: Kind) -> Property {
    Property { name, kind }
}

/// What filters may ask of an incident.
pub(super) static INCIDENT: Schema = Schema {
    name: "microsoft.mtp.api.Incident",
    properties: &[
        property("incidentId", Kind::Number),
        property("incidentUri", Kind::Text),
        property("redirectIncidentId", Kind::Number),
        property("incidentName", Kind::Text),
        property("createdTime", Kind::Time),
        property("lastUpdateTime", Kind::Time),
        property("assignedTo", Kind::Text),
        property("classification", Kind::Text),
        property("determination", Kind::Text),
        property("status", Kind::Word(STATUSES)),
        property("severity", Kind::Text),
        property("tags", Kind::Texts),
        property("comments", Kind::Texts),
        property("alerts", Kind::Texts),
    ],
};

/// An incident with its alerts.
pub(super) fn incident(origin: &str, incident: &Incident, comments: &[Comment], evidence: &[EvidenceItem]) -> Value {
    let of_alert = |alert: &Alert| {
        let items: Vec<&EvidenceItem> = evidence.iter().filter(|item| item.alert == alert.n).collect();
        self::alert(alert, &items)
    };
    let comment = |it: &Comment| json!({ "comment": it.comment, "createdBy": it.author, "createdTime": ticks_text_of_ns(it.created) });
    json!({
        "incidentId": incident.number,
        "incidentUri": format!("{origin}/alerts?a={}", incident.alerts[0].id),
        "redirectIncidentId": null, "incidentName": incident.name(),
        "createdTime": ticks_text_of_ns(incident.created()), "lastUpdateTime": ticks_text_of_ns(incident.updated()),
        "assignedTo": incident.common(|alert| alert.assigned_to.as_ref()),
        "classification": incident.common(|alert| alert.classification.as_ref()).unwrap_or_else(|| "Unknown".to_owned()),
        "determination": incident.common(|alert| alert.determination.as_ref()).unwrap_or_else(|| "NotAvailable".to_owned()),
        "status": incident.status(), "severity": incident.severity(), "tags": [],
        "comments": comments.iter().map(comment).collect::<Vec<Value>>(),
        "alerts": incident.alerts.iter().map(of_alert).collect::<Vec<Value>>(),
    })
}

fn alert(alert: &Alert, evidence: &[&EvidenceItem]) -> Value {
    let mut body = json!({
        "alertId": alert.id, "providerAlertId": alert.id, "incidentId": alert.incident,
        "serviceSource": "MicrosoftDefenderForEndpoint", "creationTime": ticks_text_of_ns(alert.created),
        "lastUpdatedTime": ticks_text_of_ns(alert.updated), "resolvedTime": alert.resolved.map(ticks_text_of_ns),
        "firstActivity": ticks_text_of_ns(alert.first_time), "lastActivity": ticks_text_of_ns(alert.last_time),
        "title": alert.title, "description": alert.description, "category": alert.category, "status": alert.status,
        "severity": alert.severity, "investigationId": null,
        "investigationState": if alert.suppressed { "SuppressedAlert" } else { "UnsupportedAlertType" },
        "classification": alert.classification, "determination": alert.determination,
        "detectionSource": alert.source, "detectorId": alert.rule, "assignedTo": alert.assigned_to, "actorName": null,
        "threatFamilyName": null, "mitreTechniques": texts(&alert.techniques),
    });
    body["devices"] = json!([{
        "mdatpDeviceId": alert.device, "aadDeviceId": null, "deviceDnsName": alert.device_name, "osPlatform": null,
        "version": null, "osProcessor": null, "osBuild": null, "healthStatus": null, "riskScore": null,
        "rbacGroupName": null, "firstSeen": null, "tags": [], "defenderAvStatus": "Unknown",
        "onboardingStatus": "Onboarded", "vmMetadata": null, "loggedOnUsers": [],
    }]);
    body["entities"] = Value::Array(evidence.iter().map(|item| item.json.clone()).collect());
    body
}

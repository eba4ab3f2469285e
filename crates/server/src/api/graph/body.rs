//! An alert and an incident as Graph shows them (learn.microsoft.com, "alert resource type" and "incident resource
//! type" of the namespace microsoft.graph.security), and what filters may ask of them.

use serde_json::{Map, Value, json};

use super::{Incident, camel};
use crate::alerts::{Alert, Comment, EvidenceItem, texts};
use crate::api::odata::{Kind, Property, Schema};
use crate::clock::ticks_text_of_ns;

const SEVERITIES: &[&str] = &["unknown", "informational", "low", "medium", "high"];
const STATUSES: &[&str] = &["unknown", "new", "inProgress", "resolved"];
const INCIDENT_STATUSES: &[&str] = &["active", "resolved", "inProgress", "redirected"];
const CLASSIFICATIONS: &[&str] = &["unknown", "falsePositive", "truePositive", "informationalExpectedActivity"];

const fn property(name: &'static str, kind: Kind) -> Property {
    Property { name, kind }
}

/// What filters may ask of an alert.
pub(super) static ALERT: Schema = Schema {
    name: "microsoft.graph.security.alert",
    properties: &[
        property("id", Kind::Text),
        property("providerAlertId", Kind::Text),
        property("incidentId", Kind::Text),
        property("status", Kind::Word(STATUSES)),
        property("severity", Kind::Word(SEVERITIES)),
        property("classification", Kind::Word(CLASSIFICATIONS)),
        property("determination", Kind::Text),
        property("serviceSource", Kind::Text),
        property("detectionSource", Kind::Text),
        property("productName", Kind::Text),
        property("detectorId", Kind::Text),
        property("tenantId", Kind::Text),
        property("title", Kind::Text),
        property("description", Kind::Text),
        property("recommendedActions", Kind::Text),
        property("category", Kind::Text),
        property("assignedTo", Kind::Text),
        property("alertWebUrl", Kind::Text),
        property("incidentWebUrl", Kind::Text),
        property("actorDisplayName", Kind::Text),
        property("threatDisplayName", Kind::Text),
        property("threatFamilyName", Kind::Text),
        property("mitreTechniques", Kind::Texts),
        property("createdDateTime", Kind::Time),
        property("lastUpdateDateTime", Kind::Time),
        property("resolvedDateTime", Kind::Time),
        property("firstActivityDateTime", Kind::Time),
        property("lastActivityDateTime", Kind::Time),
        property("systemTags", Kind::Texts),
        property("alertPolicyId", Kind::Text),
        property("comments", Kind::Entities(&COMMENT)),
        property("evidence", Kind::Entities(&EVIDENCE)),
    ],
};

static COMMENT: Schema = Schema {
    name: "microsoft.graph.security.alertComment",
    properties: &[
        property("comment", Kind::Text),
        property("createdByDisplayName", Kind::Text),
        property("createdDateTime", Kind::Time),
    ],
};

static EVIDENCE: Schema = Schema {
    name: "microsoft.graph.security.alertEvidence",
    properties: &[
        property("createdDateTime", Kind::Time),
        property("verdict", Kind::Text),
        property("remediationStatus", Kind::Text),
        property("mdeDeviceId", Kind::Text),
        property("deviceDnsName", Kind::Text),
        property("ipAddress", Kind::Text),
        property("url", Kind::Text),
        property("registryKey", Kind::Text),
    ],
};

/// What filters may ask of an incident.
pub(super) static INCIDENT: Schema = Schema {
    name: "microsoft.graph.security.incident",
    properties: &[
        property("id", Kind::Text),
        property("tenantId", Kind::Text),
        property("incidentWebUrl", Kind::Text),
        property("redirectIncidentId", Kind::Text),
        property("displayName", Kind::Text),
        property("createdDateTime", Kind::Time),
        property("lastUpdateDateTime", Kind::Time),
        property("assignedTo", Kind::Text),
        property("classification", Kind::Word(CLASSIFICATIONS)),
        property("determination", Kind::Text),
        property("status", Kind::Word(INCIDENT_STATUSES)),
        property("severity", Kind::Word(SEVERITIES)),
        property("customTags", Kind::Texts),
        property("systemTags", Kind::Texts),
        property("description", Kind::Text),
        property("lastModifiedBy", Kind::Text),
        property("resolvingComment", Kind::Text),
        property("summary", Kind::Text),
        property("comments", Kind::Entities(&COMMENT)),
        property("alerts", Kind::Entities(&ALERT)),
    ],
};

/// Where the answer's links lead, and whose tenant it is.
pub(super) struct Place<'a> {
    /// `https://host`.
    pub origin: &'a str,
    /// Tenant id.
    pub tenant: &'a str,
}

fn severity(word: &str) -> String {
    if word == "UnSpecified" { "unknown".to_owned() } else { camel(word) }
}

/// An alert.
pub(super) fn alert(place: &Place<'_>, alert: &Alert, comments: &[Comment], evidence: &[EvidenceItem]) -> Value {
    let mut pieces = vec![device_evidence(alert)];
    pieces.extend(evidence.iter().map(|item| piece(alert, item)));
    let mut body = json!({
        "id": alert.id, "providerAlertId": alert.id, "incidentId": alert.incident.to_string(),
        "status": camel(&alert.status), "severity": severity(&alert.severity),
        "classification": alert.classification.as_deref().map(camel),
        "determination": alert.determination.as_deref().map(camel),
        "serviceSource": "microsoftDefenderForEndpoint", "detectionSource": camel(&alert.source),
        "productName": "Nenrin", "detectorId": alert.rule, "tenantId": place.tenant, "title": alert.title,
        "description": alert.description, "recommendedActions": alert.recommended, "category": alert.category,
        "assignedTo": alert.assigned_to,
        "alertWebUrl": format!("{}/alerts?a={}", place.origin, alert.id),
        "incidentWebUrl": format!("{}/alerts?a={}", place.origin, alert.id),
        "actorDisplayName": null, "threatDisplayName": null, "threatFamilyName": null,
        "mitreTechniques": texts(&alert.techniques),
    });
    let times = json!({
        "createdDateTime": ticks_text_of_ns(alert.created), "lastUpdateDateTime": ticks_text_of_ns(alert.updated),
        "resolvedDateTime": alert.resolved.map(ticks_text_of_ns),
        "firstActivityDateTime": ticks_text_of_ns(alert.first_time),
        "lastActivityDateTime": ticks_text_of_ns(alert.last_time),
        "systemTags": [], "alertPolicyId": null, "comments": comments.iter().map(comment).collect::<Vec<Value>>(),
        "evidence": pieces,
    });
    extend(&mut body, times);
    body
}

fn extend(body: &mut Value, more: Value) {
    if let (Some(members), Value::Object(more)) = (body.as_object_mut(), more) {
        members.extend(more);
    }
}

fn comment(comment: &Comment) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.alertComment", "comment": comment.comment,
        "createdByDisplayName": comment.author, "createdDateTime": ticks_text_of_ns(comment.created),
    })
}

fn device_evidence(alert: &Alert) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.deviceEvidence", "createdDateTime": ticks_text_of_ns(alert.created),
        "verdict": "unknown", "remediationStatus": "none", "remediationStatusDetails": null, "roles": [],
        "detailedRoles": ["PrimaryDevice"], "tags": [], "firstSeenDateTime": null, "mdeDeviceId": alert.device,
        "azureAdDeviceId": null, "deviceDnsName": alert.device_name, "hostName": alert.device_name,
        "osPlatform": null, "osBuild": null, "version": null, "healthStatus": "unknown", "riskScore": "none",
        "rbacGroupId": 0, "rbacGroupName": null, "onboardingStatus": "onboarded", "defenderAvStatus": "unknown",
        "ipInterfaces": [], "vmMetadata": null, "loggedOnUsers": [],
    })
}

/// A piece of evidence: members that are the same for all kinds, then those of its kind.
fn piece(alert: &Alert, item: &EvidenceItem) -> Value {
    let of = |name: &str| item.json.get(name).cloned().unwrap_or(Value::Null);
    let file = || {
        json!({
            "sha1": of("sha1"), "sha256": of("sha256"), "fileName": of("fileName"), "filePath": of("filePath"),
            "fileSize": null, "filePublisher": null, "signer": null, "issuer": null,
        })
    };
    let account = json!({
        "accountName": of("accountName"), "domainName": of("domainName"), "userSid": of("userSid"),
        "azureAdUserId": null, "userPrincipalName": null, "displayName": null,
    });
    let (kind, own) = match item.entity.as_str() {
        "Process" => (
            "process",
            json!({
                "processId": of("processId"), "parentProcessId": of("parentProcessId"),
                "processCommandLine": of("processCommandLine"), "processCreationDateTime": of("processCreationTime"),
                "parentProcessCreationDateTime": of("parentProcessCreationTime"), "detectionStatus": "detected",
                "mdeDeviceId": alert.device, "imageFile": file(), "userAccount": account,
                "parentProcessImageFile": {
                    "fileName": of("parentProcessFileName"), "filePath": of("parentProcessFilePath"),
                },
            }),
        ),
        "File" => {
            ("file", json!({ "detectionStatus": "detected", "mdeDeviceId": alert.device, "fileDetails": file() }))
        }
        "Ip" => ("ip", json!({ "ipAddress": of("ipAddress"), "countryLetterCode": null })),
        "Url" => ("url", json!({ "url": of("url") })),
        "RegistryValue" => (
            "registryValue",
            json!({
                "mdeDeviceId": alert.device, "registryKey": of("registryKey"), "registryHive": of("registryHive"),
                "registryValue": of("registryValue"), "registryValueName": null,
                "registryValueType": of("registryValueType"),
            }),
        ),
        _ => ("user", json!({ "userAccount": account })),
    };
    let mut body = Map::new();
    body.insert("@odata.type".to_owned(), json!(format!("#microsoft.graph.security.{kind}Evidence")));
    let mut body = Value::Object(body);
    extend(
        &mut body,
        json!({
            "createdDateTime": ticks_text_of_ns(item.created), "verdict": "suspicious", "remediationStatus": "none",
            "remediationStatusDetails": null, "roles": [], "detailedRoles": [], "tags": [],
        }),
    );
    extend(&mut body, own);
    body
}

/// An incident; `alerts` when they were asked for.
pub(super) fn incident(
    place: &Place<'_>,
    incident: &Incident,
    comments: &[Comment],
    alerts: Option<Vec<Value>>,
) -> Value {
    let last = incident.alerts.iter().max_by_key(|alert| alert.updated);
    let mut body = json!({
        "id": incident.number.to_string(), "tenantId": place.tenant,
        "incidentWebUrl": format!("{}/alerts?a={}", place.origin, incident.alerts[0].id),
        "redirectIncidentId": null, "displayName": incident.name(),
        "createdDateTime": ticks_text_of_ns(incident.created()),
        "lastUpdateDateTime": ticks_text_of_ns(incident.updated()),
        "assignedTo": incident.common(|alert| alert.assigned_to.as_ref()),
        "classification": incident.common(|alert| alert.classification.as_ref()).map_or("unknown".to_owned(), |it| camel(&it)),
        "determination": incident.common(|alert| alert.determination.as_ref()).map_or("unknown".to_owned(), |it| camel(&it)),
        "status": camel(incident.status()), "severity": severity(incident.severity()),
        "customTags": [], "systemTags": [], "description": incident.alerts[0].description,
        "lastModifiedBy": last.and_then(|alert| alert.assigned_to.clone()), "resolvingComment": null, "summary": null,
        "comments": comments.iter().map(comment).collect::<Vec<Value>>(),
    });
    if let Some(alerts) = alerts {
        extend(&mut body, json!({ "alerts": alerts }));
    }
    body
}

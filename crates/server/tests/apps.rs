//! App registrations and users over the API, as the portal uses it.

use serde_json::{Value as Json, json};

use crate::support::{Answer, JSON, Rig};
use crate::token_endpoint::Signer;
use crate::tokens::{App, hunt, token};

async fn send(rig: &Rig, method: &str, path: &str, body: Json) -> Answer {
    let cookie = rig.cookie();
    let args = ["-X", method, "-b", cookie.as_str(), "-H", JSON];
    let body = (!body.is_null()).then(|| body.to_string().into_bytes());
    rig.portal(path, &args, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_from_the_page_to_the_api() {
    let rig = Rig::start().await;
    let made = send(&rig, "POST", "/api/v1/apps", json!({ "name": " SOAR " })).await.json();
    let id = made["appId"].as_str().unwrap().to_owned();
    assert_eq!(
        (&made["name"], &made["createdBy"], &made["accountType"]),
        (&json!("SOAR"), &json!("admin"), &json!("AzureADMyOrg"))
    );
    let path = format!("/api/v1/apps/{id}");
    let secret = send(&rig, "POST", &format!("{path}/secrets"), json!({ "name": "first", "days": 30 })).await.json();
    let app = App { id: id.clone(), secret: secret["secret"].as_str().unwrap().to_owned() };
    assert_eq!(app.secret.len(), 43, "256 bits");
    let granted = send(&rig, "PUT", &format!("{path}/permissions/AdvancedQuery.Read.All"), Json::Null).await.json();
    assert_eq!(granted["permissions"], json!([{ "name": "AdvancedQuery.Read.All", "consented": false }]));
    assert_eq!(hunt(&rig, &token(&rig, &app).await).await.status, 403);
    let consented = send(&rig, "POST", &format!("{path}/consent"), Json::Null).await.json();
    assert_eq!(consented["permissions"][0]["consented"], true);
    let bearer = token(&rig, &app).await;
    assert_eq!(hunt(&rig, &bearer).await.status, 200);
    // A permission added later needs consent of its own, the first one keeps its.
    let granted = send(&rig, "PUT", &format!("{path}/permissions/alert.read.all"), Json::Null).await.json();
    assert_eq!(granted["permissions"][1], json!({ "name": "Alert.Read.All", "consented": false }));
    // Changes in this process count at once, for tokens that are out too.
    send(&rig, "DELETE", &format!("{path}/consent"), Json::Null).await;
    assert_eq!(hunt(&rig, &bearer).await.status, 403);
    let shown = rig.json(&path).await;
    assert!(shown["secrets"][0]["lastUsed"].is_string() && shown["secrets"][0]["hint"] == app.secret[..3], "{shown}");
    assert!(!shown.to_string().contains(&app.secret), "a secret is shown once");
    assert_eq!(send(&rig, "DELETE", &path, Json::Null).await.status, 204);
    assert_eq!(hunt(&rig, &bearer).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_nonsense_are_named() {
    let rig = Rig::start().await;
    let id =
        send(&rig, "POST", "/api/v1/apps", json!({ "name": "x" })).await.json()["appId"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/apps/{id}");
    for (method, end, body, status) in [
        ("POST", "/secrets", json!({}), 200),
        ("POST", "/secrets", json!({}), 200),
        ("POST", "/secrets", json!({}), 409),
        ("POST", "/secrets", json!({ "days": 0 }), 400),
        ("POST", "/secrets", json!({ "days": 4000 }), 400),
        ("POST", "/secrets", json!({ "color": "blue" }), 422),
        ("PUT", "/permissions/Everything", Json::Null, 400),
        ("DELETE", "/permissions/Alert.Read.All", Json::Null, 404),
        ("DELETE", "/credentials/none", Json::Null, 404),
        ("POST", "/certificates", json!({ "certificate": "-----BEGIN NOTHING-----" }), 400),
        ("POST", "/certificates", json!({ "certificate": Signer::new().pem }), 200),
    ] {
        let answer = send(&rig, method, &format!("{path}{end}"), body.clone()).await;
        assert_eq!(answer.status, status, "{method} {end} {body}: {answer:?}");
    }
    for name in ["", "  ", &"x".repeat(300)] {
        assert_eq!(send(&rig, "POST", "/api/v1/apps", json!({ "name": name })).await.status, 400, "{name:?}");
    }
    assert_eq!(send(&rig, "GET", "/api/v1/apps/unknown", Json::Null).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_say_who_may_and_changes_are_audited() {
    let rig = Rig::start().await;
    let made = send(&rig, "POST", "/api/v1/users", json!({ "name": "ann", "role": "reader" })).await.json();
    let (_, cookie) = rig.login("ann", made["password"].as_str().unwrap()).await;
    let cookie = format!("__Host-session={}", cookie.unwrap());
    let status = async |path: &str| rig.portal(path, &["-b", &cookie], None).await.status;
    assert_eq!((status("/api/v1/devices").await, status("/api/v1/apps").await), (200, 403));
    assert_eq!(send(&rig, "PUT", "/api/v1/users/ann/role", json!({ "role": "admin" })).await.status, 204);
    assert_eq!(status("/api/v1/apps").await, 200, "a session has its user's role of now");
    assert_eq!(send(&rig, "PUT", "/api/v1/users/ann/role", json!({ "role": "analyst" })).await.status, 204);
    for (method, path, body, expect) in [
        ("PUT", "/api/v1/users/admin/role", json!({ "role": "reader" }), 409),
        ("DELETE", "/api/v1/users/admin", Json::Null, 409),
        ("POST", "/api/v1/users", json!({ "name": "ann", "role": "reader" }), 409),
        ("POST", "/api/v1/users", json!({ "name": "a b", "role": "reader" }), 400),
        ("POST", "/api/v1/users", json!({ "name": "bob", "role": "root" }), 400),
        ("DELETE", "/api/v1/users/bob", Json::Null, 404),
        ("DELETE", "/api/v1/users/ann", Json::Null, 204),
    ] {
        assert_eq!(send(&rig, method, path, body).await.status, expect, "{method} {path}");
    }
    assert_eq!(status("/api/v1/devices").await, 401, "its sessions are over");
    let rows = rig.json("/api/v1/audit").await;
    let actions: Vec<&str> =
        rows["rows"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    for action in ["user.create", "user.role", "user.delete", "access.denied", "user.login"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    let verified = rig.server.state.verify_audit().await.unwrap();
    assert!(verified.problems.is_empty() && verified.n_rows >= 6, "{verified:?}");
}

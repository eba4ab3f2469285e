//! Apps from registration to the API: secret, consent, token, permission, and back.

use serde_json::{Value as Json, json};
use server::identity::permissions::PERMISSIONS;

use crate::support::{Answer, JSON, Rig};

pub const MDE: &str = "https://api.securitycenter.microsoft.com";
pub const FORM: &str = "content-type: application/x-www-form-urlencoded";
const QUERY: &str = r#"{"Query": "DeviceProcessEvents | take 1"}"#;

/// An app with a secret.
pub struct App {
    pub id: String,
    pub secret: String,
}

pub async fn app(rig: &Rig, permissions: &[&str], consent: bool) -> App {
    let state = &rig.server.state;
    let id = state.create_app("script", "test").await.unwrap().unwrap();
    let (_, secret) = state.add_secret(&id, "", i64::MAX / 2_000_000_000).await.unwrap().unwrap();
    for permission in permissions {
        state.grant(&id, permission).await.unwrap().unwrap();
    }
    if consent {
        state.set_consent(&id, true).await.unwrap().unwrap();
    }
    App { id, secret }
}

pub async fn ask_token(rig: &Rig, path: &str, form: &str) -> Answer {
    let tenant = rig.server.state.tenant_id().await.unwrap();
    rig.portal(&format!("/{tenant}{path}"), &["-H", FORM], Some(form.as_bytes().to_vec())).await
}

pub async fn token(rig: &Rig, app: &App) -> String {
    let form =
        format!("grant_type=client_credentials&client_id={}&client_secret={}&scope={MDE}/.default", app.id, app.secret);
    let answer = ask_token(rig, "/oauth2/v2.0/token", &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

pub async fn hunt(rig: &Rig, token: &str) -> Answer {
    let bearer = format!("authorization: Bearer {token}");
    rig.portal("/api/advancedqueries/run", &["-H", &bearer, "-H", JSON], Some(QUERY.into())).await
}

pub fn claims(token: &str) -> Json {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn permission_consent_and_revocation_take_effect() {
    let rig = Rig::start().await;
    let app = app(&rig, &[], false).await;
    let state = &rig.server.state;
    let expect = async |status: u16, words: &str| {
        let answer = hunt(&rig, &token(&rig, &app).await).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.body.contains(words), "{words}: {answer:?}");
    };
    expect(403, "nenrin app grant").await;
    state.grant(&app.id, "AdvancedQuery.Read.All").await.unwrap().unwrap();
    expect(403, "AdvancedQuery.Read.All lacks admin consent").await;
    state.set_consent(&app.id, true).await.unwrap().unwrap();
    expect(200, "Schema").await;
    state.set_consent(&app.id, false).await.unwrap().unwrap();
    expect(403, "lacks admin consent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_use_ends_with_consent_secret_and_app() {
    let rig = Rig::start().await;
    let state = &rig.server.state;
    for case in ["revoke", "withdraw", "secret", "app"] {
        let app = app(&rig, &["AdvancedQuery.Read.All"], true).await;
        let token = token(&rig, &app).await;
        assert_eq!(hunt(&rig, &token).await.status, 200, "{case}");
        let status = match case {
            "revoke" => {
                state.revoke(&app.id, "AdvancedQuery.Read.All").await.unwrap().unwrap();
                403
            }
            "withdraw" => {
                state.set_consent(&app.id, false).await.unwrap().unwrap();
                403
            }
            "secret" => {
                let secret = state.app(&app.id).await.unwrap().unwrap().secrets[0].id.clone();
                assert!(state.delete_credential(&app.id, &secret).await.unwrap());
                401
            }
            _ => {
                assert!(state.delete_app(&app.id).await.unwrap());
                401
            }
        };
        // Another process may have made the change: what is remembered must run out by itself.
        let started = std::time::Instant::now();
        while hunt(&rig, &token).await.status == 200 {
            assert!(started.elapsed().as_secs() < 20, "{case}: still let in");
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        assert_eq!(hunt(&rig, &token).await.status, status, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_answer_in_their_own_types() {
    let rig = Rig::start().await;
    let app = app(&rig, &["AdvancedQuery.Read.All", "Alert.Read.All"], true).await;
    let tenant = rig.server.state.tenant_id().await.unwrap();
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", app.id, app.secret);
    let v1 = ask_token(&rig, "/oauth2/token", &format!("{form}&resource={MDE}")).await.json();
    assert_eq!(
        (&v1["expires_in"], &v1["token_type"], &v1["resource"]),
        (&json!("3599"), &json!("Bearer"), &json!(MDE))
    );
    assert!(v1["expires_on"].as_str().unwrap().parse::<i64>().unwrap() > 1_700_000_000);
    let said = claims(v1["access_token"].as_str().unwrap());
    assert_eq!((&said["aud"], &said["ver"], &said["tid"]), (&json!(MDE), &json!("1.0"), &json!(tenant)));
    assert_eq!(said["roles"], json!(["AdvancedQuery.Read.All", "Alert.Read.All"]));
    assert_eq!((&said["appid"], &said["azp"]), (&json!(app.id), &json!(app.id)));
    let v2 = ask_token(&rig, "/oauth2/v2.0/token", &format!("{form}&scope={MDE}/.default")).await.json();
    assert_eq!((&v2["expires_in"], &v2["ext_expires_in"]), (&json!(3599), &json!(3599)));
    assert_eq!(claims(v2["access_token"].as_str().unwrap())["ver"], "2.0");
    // Our own address as the resource, in a form that PowerShell sends.
    let own = format!("https://{}", rig.server.address);
    let answer = ask_token(&rig, "/oauth2/token", &format!("{form}&resource={own}")).await.json();
    assert_eq!(hunt(&rig, answer["access_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_every_permission_is_short_enough() {
    let rig = Rig::start().await;
    let names: Vec<&str> = PERMISSIONS.iter().map(|permission| permission.name).collect();
    let app = app(&rig, &names, true).await;
    let token = token(&rig, &app).await;
    assert!(token.len() * 2 < server::limits::TOKEN_BYTES_MAX, "{} bytes", token.len());
    assert_eq!(hunt(&rig, &token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_names_what_is_there() {
    let rig = Rig::start().await;
    let tenant = rig.server.state.tenant_id().await.unwrap();
    let base = format!("https://{}", rig.server.address);
    for (path, issuer) in [
        (format!("/{tenant}/.well-known/openid-configuration"), format!("{base}/{tenant}/")),
        (format!("/{tenant}/v2.0/.well-known/openid-configuration"), format!("{base}/{tenant}/v2.0")),
        ("/common/v2.0/.well-known/openid-configuration".to_owned(), format!("{base}/{tenant}/v2.0")),
        (format!("/.well-known/oauth-authorization-server/{tenant}/v2.0"), format!("{base}/{tenant}/v2.0")),
        ("/.well-known/oauth-authorization-server".to_owned(), base.clone()),
    ] {
        let document = rig.portal(&path, &[], None).await.json();
        assert_eq!(document["issuer"], issuer, "{path}");
        // A token from the endpoint that it names says the same issuer, and the key set has its key.
        let app = app(&rig, &["AdvancedQuery.Read.All"], true).await;
        let endpoint = document["token_endpoint"].as_str().unwrap().strip_prefix(&base).unwrap().to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={MDE}/.default",
            app.id, app.secret
        );
        let answer = rig.portal(&endpoint, &["-H", FORM], Some(form.into_bytes())).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(claims(&token)["iss"], issuer, "{path}");
        assert_eq!(hunt(&rig, &token).await.status, 200, "{path}");
        let keys = document["jwks_uri"].as_str().unwrap().strip_prefix(&base).unwrap().to_owned();
        let keys = rig.portal(&keys, &[], None).await.json();
        let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid.as_str()).unwrap();
        assert!(key.get("d").is_none() && key["alg"] == "ES256", "{key}");
    }
    let unknown = rig.portal("/nobody/v2.0/.well-known/openid-configuration", &[], None).await;
    assert_eq!((unknown.status, unknown.json()["error_codes"][0].as_u64()), (400, Some(90002)));
    let cloud = rig.portal("/metadata/endpoints?api-version=latest", &[], None).await.json();
    assert_eq!(cloud["authentication"]["loginEndpoint"], format!("{base}/"));
    let asked = format!("{base}/{tenant}/oauth2/v2.0/authorize");
    let path = format!("/common/discovery/instance?api-version=1.1&authorization_endpoint={asked}");
    let discovery = rig.portal(&path, &[], None).await.json()["tenant_discovery_endpoint"].as_str().unwrap().to_owned();
    assert_eq!(discovery, format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_is_not_repeated() {
    let rig = Rig::start().await;
    let tenant = rig.server.state.tenant_id().await.unwrap();
    let path = format!("/{tenant}/v2.0/.well-known/openid-configuration");
    let answer = rig.portal(&path, &["--http1.1", "-H", "host: evil.example"], None).await;
    assert!(!answer.body.contains("evil"), "{answer:?}");
    assert_eq!(answer.json()["issuer"], format!("https://localhost/{tenant}/v2.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_the_right_secret_still_works() {
    let rig = Rig::start().await;
    let app = app(&rig, &[], false).await;
    let form = format!("grant_type=client_credentials&client_id={}&client_secret=guess&scope={MDE}/.default", app.id);
    let mut statuses = Vec::new();
    for _ in 0..server::limits::TOKEN_FAILURES_PER_CLIENT + 1 {
        statuses.push(ask_token(&rig, "/oauth2/v2.0/token", &form).await.status);
    }
    let (last, before) = statuses.split_last().unwrap();
    assert!(before.iter().all(|status| *status == 401) && *last == 429, "{statuses:?}");
    let limited = ask_token(&rig, "/oauth2/v2.0/token", &form).await;
    assert!(limited.retry_after.is_some(), "{limited:?}");
    token(&rig, &app).await;
}

//! One-time tokens, certificates, and who may not have one.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use server::state::{Sign, State, secret_hash};

use crate::support::{Device, Rig, encode, row};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_once() {
    let rig = Rig::start().await;
    let token = rig.token().await;
    let (body, _) = Rig::enrol_body(&token, "host-1");
    assert_eq!(rig.ingest("/enrol/v1", None, body.clone()).await.status, 200);
    let again = rig.ingest("/enrol/v1", None, body).await;
    assert_eq!((again.status, again.code().as_str()), (401, "token_used"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_exactly_one_wins() {
    let rig = std::sync::Arc::new(Rig::start().await);
    let token = rig.token().await;
    let mut tasks = Vec::new();
    for idx in 0..20 {
        let (rig, (body, _)) = (std::sync::Arc::clone(&rig), Rig::enrol_body(&token, &format!("host-{idx}")));
        tasks.push(tokio::spawn(async move { rig.ingest("/enrol/v1", None, body).await.status }));
    }
    let mut n_won = 0;
    for task in tasks {
        match task.await.unwrap() {
            200 => n_won += 1,
            status => assert_eq!(status, 401),
        }
    }
    assert_eq!(n_won, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_tokens_and_requests_are_told_apart() {
    let rig = Rig::start().await;
    let (body, _) = Rig::enrol_body("nrn1.x.guessed", "host-1");
    assert_eq!(rig.ingest("/enrol/v1", None, body).await.code(), "token_unknown");
    rig.server.state.add_enrolment_token(&secret_hash("old"), 1).await.unwrap();
    let (body, _) = Rig::enrol_body("nrn1.x.old", "host-1");
    assert_eq!(rig.ingest("/enrol/v1", None, body).await.code(), "token_expired");
    let token = rig.token().await;
    let (body, _) = Rig::enrol_body(&token, "");
    assert_eq!(rig.ingest("/enrol/v1", None, body).await.status, 400);
    let text = String::from_utf8(Rig::enrol_body(&token, "host-1").0).unwrap();
    let forged = text.replace("BEGIN CERTIFICATE REQUEST-----\\n", "BEGIN CERTIFICATE REQUEST-----\\nAAAA");
    assert_eq!(rig.ingest("/enrol/v1", None, forged.into_bytes()).await.status, 400);
    let (body, _) = Rig::enrol_body(&token, "host-1");
    assert_eq!(rig.ingest("/enrol/v1", None, body).await.status, 200, "a bad request costs no token");
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_certificates_are_refused() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let batch = encode(1, &[row(0, "ProcessCreated")]);
    assert_eq!(rig.ingest("/ingest/v1/batch", None, batch.clone()).await.code(), "no_certificate");
    // The right name under another CA: the handshake fails.
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, device.id.as_str());
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let foreign = rig.keep(&device.id, &key, &params.signed_by(&key, &issuer).unwrap().pem());
    assert_eq!(rig.ingest("/ingest/v1/batch", Some(&foreign), batch.clone()).await.status, 0);
    // Our CA, but the key of a replaced certificate.
    let old = rig.server.ca.sign_device(&csr(&key), &device.id).unwrap();
    let old = rig.keep(&device.id, &key, &old);
    assert_eq!(rig.ingest("/ingest/v1/batch", Some(&old), batch.clone()).await.code(), "certificate_revoked");
    let stranger = rig.server.ca.sign_device(&csr(&key), &"0".repeat(40)).unwrap();
    let stranger = rig.keep("stranger", &key, &stranger);
    assert_eq!(rig.ingest("/ingest/v1/batch", Some(&stranger), batch.clone()).await.code(), "unknown_device");
    assert!(rig.server.state.set_revoked(&device.id, true).await.unwrap());
    let revoked = rig.ingest("/ingest/v1/batch", Some(&device), batch).await;
    assert_eq!((revoked.status, revoked.code().as_str()), (403, "certificate_revoked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn renewal_replaces_the_certificate() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let renewed = renew(&rig, &device).await;
    // The answer may have been lost.
    rig.send(&device, 1, &[row(0, "ProcessCreated")]).await;
    rig.send(&renewed, 2, &[row(0, "ProcessCreated")]).await;
    check_refused(&rig, &device).await;
    rig.send(&renewed, 3, &[row(0, "ProcessCreated")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn renewal_asked_twice_gives_the_last_one() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let lost = renew(&rig, &device).await;
    let renewed = renew(&rig, &device).await;
    check_refused(&rig, &lost).await;
    rig.send(&device, 1, &[row(0, "ProcessCreated")]).await;
    rig.send(&renewed, 2, &[row(0, "ProcessCreated")]).await;
    check_refused(&rig, &device).await;
    // And the next time, with the renewed one; asking is a use as well.
    let again = renew(&rig, &renewed).await;
    rig.send(&again, 3, &[row(0, "ProcessCreated")]).await;
    check_refused(&rig, &renewed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_device_gets_no_renewal() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let renewed = renew(&rig, &device).await;
    assert!(rig.server.state.set_revoked(&device.id, true).await.unwrap());
    check_refused(&rig, &renewed).await;
    let body = serde_json::json!({ "csr": csr(&KeyPair::generate().unwrap()) }).to_string().into_bytes();
    assert_eq!(rig.ingest("/enrol/v1/renew", Some(&device), body).await.code(), "certificate_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn state_from_before_renewals_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    let state = State::open(&path).await.unwrap();
    state.add_device("1", &Sign::default(), "old").await.unwrap();
    let pool = sqlx::SqlitePool::connect(path.to_str().unwrap()).await.unwrap();
    let back = "ALTER TABLE devices DROP COLUMN next_certificate; PRAGMA user_version = 1";
    sqlx::raw_sql(back).execute(&pool).await.unwrap();
    pool.close().await;
    drop(state);
    for next in [None, Some("new".to_owned())] {
        let state = State::open(&path).await.unwrap();
        let device = state.device("1").await.unwrap().unwrap();
        assert_eq!((device.certificate.as_str(), device.next_certificate), ("old", next));
        state.set_next_certificate("1", "new").await.unwrap();
    }
}

/// The device with a renewed certificate.
async fn renew(rig: &Rig, device: &Device) -> Device {
    let key = KeyPair::generate().unwrap();
    let body = serde_json::json!({ "csr": csr(&key) }).to_string().into_bytes();
    let answer = rig.ingest("/enrol/v1/renew", Some(device), body).await;
    assert_eq!(answer.json()["deviceId"], device.id.as_str(), "{answer:?}");
    rig.keep(&device.id, &key, answer.json()["certificate"].as_str().unwrap())
}

async fn check_refused(rig: &Rig, device: &Device) {
    let answer = rig.ingest("/ingest/v1/batch", Some(device), encode(9, &[row(0, "ProcessCreated")])).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "certificate_revoked"));
}

fn csr(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
}

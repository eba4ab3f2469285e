//! One-time tokens, certificates, and who may not have one.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use server::state::secret_hash;

use crate::support::{Rig, encode, row};

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
    let key = KeyPair::generate().unwrap();
    let body = serde_json::json!({ "csr": csr(&key) }).to_string().into_bytes();
    let answer = rig.ingest("/enrol/v1/renew", Some(&device), body).await;
    assert_eq!(answer.json()["deviceId"], device.id.as_str());
    let renewed = rig.keep(&device.id, &key, answer.json()["certificate"].as_str().unwrap());
    rig.send(&renewed, 1, &[row(0, "ProcessCreated")]).await;
    let old = rig.ingest("/ingest/v1/batch", Some(&device), encode(2, &[row(0, "ProcessCreated")])).await;
    assert_eq!(old.status, 403);
}

fn csr(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
}

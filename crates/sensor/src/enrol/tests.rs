//! Enrolment against a real TLS server: the right one, wrong ones, and what each refusal tells the user.

use super::*;
use crate::testing::{Asked, Authority, Reply, Server, loopback};

const ID: &str = "0123456789abcdef0123456789abcdef01234567";

fn token(authority: &Authority) -> String {
    format!("nrn1.{}.c2VjcmV0", URL_SAFE_NO_PAD.encode(Sha256::digest(authority.der())))
}

fn grant(authority: &Authority, asked: &Asked) -> Reply {
    assert_eq!(asked.path, "/enrol/v1");
    assert!(!asked.has_certificate);
    let request: serde_json::Value = serde_json::from_slice(&asked.body).expect("JSON");
    let mut names: Vec<_> = request.as_object().expect("object").keys().cloned().collect();
    names.sort();
    assert_eq!(names, ["csr", "deviceName", "os", "sensorVersion", "token"]);
    let certificate = authority.sign_device(request["csr"].as_str().expect("csr"), ID);
    let answer = serde_json::json!({ "deviceId": ID, "certificate": certificate, "ca": authority.pem() });
    Reply::Answer(200, None, answer.to_string())
}

/// What enrolling with `token` says, at a server with this TLS setup that answers so.
async fn outcome(
    config: rustls::ServerConfig,
    token: &str,
    handler: impl FnMut(Asked) -> Reply + Send + 'static,
) -> Result<Identity, Error> {
    let server = Server::start(config, handler).await;
    let dir = tempfile::tempdir().expect("dir");
    let result = enrol(&server.url(), token, dir.path(), "device").await;
    assert_eq!(
        result.is_ok(),
        Identity::load(dir.path()).expect("load").is_some(),
        "stored when and only when granted"
    );
    result
}

#[tokio::test]
async fn token_becomes_an_identity() {
    let authority = Authority::new();
    // As it comes out of a terminal or a file.
    let token = format!(" {}\n", token(&authority));
    let config = authority.server_config(loopback());
    let identity = outcome(config, &token, move |asked| grant(&authority, &asked)).await.expect("enrolled");
    assert_eq!((identity.device.device_id.as_str(), identity.device.device_name.as_str()), (ID, "device"));
}

#[tokio::test]
async fn server_of_another_ca_never_sees_the_token() {
    let (right, wrong) = (Authority::new(), Authority::new());
    let never = |_| panic!("the token was sent");
    let error = outcome(wrong.server_config(loopback()), &token(&right), never).await.expect_err("refused");
    assert!(matches!(error, Error::WrongCa { .. }), "{error}");
    assert!(error.to_string().contains("somebody is between you and the server"));
}

#[tokio::test]
async fn right_ca_with_another_name_is_refused() {
    let authority = Authority::new();
    let config = authority.server_config(rcgen::SanType::DnsName("other.example".try_into().expect("name")));
    let error = outcome(config, &token(&authority), |_| panic!("the token was sent")).await.expect_err("refused");
    assert!(matches!(error, Error::Connection(client::Error::Tls { .. })), "{error}");
}

#[tokio::test]
async fn foreign_leaf_before_the_pinned_ca_is_refused() {
    // Everybody has the CA certificate, so showing it proves nothing.
    let (right, wrong) = (Authority::new(), Authority::new());
    let mut config = wrong.server_config(loopback());
    let key = rcgen::KeyPair::generate().expect("key");
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("params");
    let leaf = params.self_signed(&key).expect("sign");
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let signing = rustls::crypto::ring::sign::any_supported_type(&key).expect("key");
    let chain = vec![leaf.der().clone(), right.der()];
    config.cert_resolver =
        Arc::new(rustls::sign::SingleCertAndKey::from(rustls::sign::CertifiedKey::new(chain, signing)));
    let error = outcome(config, &token(&right), |_| panic!("the token was sent")).await.expect_err("refused");
    assert!(matches!(error, Error::Connection(client::Error::Tls { .. })), "{error}");
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let authority = Authority::new();
    for (status, code, expected) in [
        (401, "token_unknown", "does not know this token"),
        (401, "token_used", "used before"),
        (401, "token_expired", "has expired"),
        (503, "busy", "refused the enrolment: status 503 busy m"),
    ] {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
        let config = authority.server_config(loopback());
        let error = outcome(config, &token(&authority), move |_| Reply::Answer(status, None, body.clone())).await;
        let error = error.expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn wrong_answers_are_not_stored() {
    let (authority, other) = (Arc::new(Authority::new()), Authority::new());
    let foreign_request = identity::new_key("device").expect("key").1;
    let answers = [
        ("<html>".to_owned(), "expected value"),
        (answer(ID, &authority.sign_device(&foreign_request, ID), &authority.pem()), "another key"),
        (answer(ID, "", &other.pem()), "not the one that was pinned"),
        (answer("../../etc", "", &authority.pem()), "40 hexadecimal digits"),
    ];
    for (body, expected) in answers {
        let config = authority.server_config(loopback());
        let result = outcome(config, &token(&authority), move |_| Reply::Answer(200, None, body.clone())).await;
        let error = result.expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

fn answer(device_id: &str, certificate: &str, ca: &str) -> String {
    serde_json::json!({ "deviceId": device_id, "certificate": certificate, "ca": ca }).to_string()
}

#[tokio::test]
async fn nobody_there() {
    let dir = tempfile::tempdir().expect("dir");
    let token = token(&Authority::new());
    // Bound and dropped: a port where nobody listens.
    let address = std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("address");
    let error = enrol(&format!("https://{address}"), &token, dir.path(), "device").await.expect_err("refused");
    assert!(error.to_string().contains("that the server runs"), "{error}");
    for url in ["http://127.0.0.1:8444", "127.0.0.1:8444", "https://a b", "https://127.0.0.1/x", ""] {
        let error = enrol(url, &token, dir.path(), "device").await.expect_err("refused");
        assert!(matches!(error, Error::Address(_)), "{url}: {error}");
    }
}

#[tokio::test]
async fn not_a_token() {
    let dir = tempfile::tempdir().expect("dir");
    for text in ["", "nrn1", "nrn2.a.b", "nrn1.AAAA.c2VjcmV0", "nrn1..", "nrn1.a.b.c"] {
        let error = enrol("https://127.0.0.1:1", text, dir.path(), "device").await.expect_err("refused");
        assert!(matches!(error, Error::BadToken(_)), "{text}: {error}");
    }
}

//! `oauth/token-endpoint.txt` against the real server: every case is a line there.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value as Json, json};
use server::oauth::assertion::read_certificate;

use crate::support::Rig;
use crate::tokens::{FORM, MDE, claims};

const CASES: &str = include_str!("oauth/token-endpoint.txt");
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const FAR: i64 = 4_000_000_000;

/// A certificate's key and thumbprint.
pub struct Signer {
    pub key: EncodingKey,
    pub pem: String,
    pub x5t: String,
}

impl Signer {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let pem = CertificateParams::default().self_signed(&key).unwrap().pem();
        let x5t = read_certificate(&pem).unwrap().key.sha256;
        Self { key: EncodingKey::from_ec_der(&key.serialize_der()), pem, x5t }
    }

    pub fn sign(&self, x5t: &str, claims: &Json, change: impl Fn(&mut Header)) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.x5t_s256 = Some(x5t.to_owned());
        change(&mut header);
        encode(&header, claims, &self.key).unwrap()
    }
}

fn now() -> i64 {
    server::clock::now_s()
}

/// What a line's placeholders stand for; an app of its own.
async fn values(rig: &Rig, signer: &Signer) -> BTreeMap<String, String> {
    let state = &rig.server.state;
    let tenant = state.tenant_id().await.unwrap();
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (id, secret) in [("id", "secret"), ("id2", "secret2")] {
        let app = state.create_app("case", "test").await.unwrap().unwrap();
        let (credential, gone) = state.add_secret(&app, "", FAR).await.unwrap().unwrap();
        assert!(state.delete_credential(&app, &credential).await.unwrap());
        let old = state.add_secret(&app, "", now() - 10).await.unwrap().unwrap().1;
        let live = state.add_secret(&app, "", FAR).await.unwrap().unwrap().1;
        values.extend([(id, app), (secret, live)].map(|(name, value)| (name.to_owned(), value)));
        if id == "id" {
            values.extend([("old", old), ("gone", gone)].map(|(name, value)| (name.to_owned(), value)));
        }
    }
    let id = values["id"].clone();
    state.add_certificate(&id, &read_certificate(&signer.pem).unwrap()).await.unwrap().unwrap();
    let own = format!("https://{}", rig.server.address);
    values.extend(assertions(&id, signer, &own, &tenant));
    values.insert(
        "ok".to_owned(),
        format!("grant_type=client_credentials&client_id={id}&client_secret={}", values["secret"]),
    );
    values.insert("basic".to_owned(), STANDARD.encode(format!("{id}:{}", values["secret"])));
    let fixed = [("mde", MDE), ("own", own.as_str()), ("jwt-bearer", JWT_BEARER), ("tenant", tenant.as_str())];
    values.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    values.insert("TENANT".to_owned(), tenant.to_uppercase());
    values
}

fn assertions(id: &str, signer: &Signer, own: &str, tenant: &str) -> Vec<(String, String)> {
    let good = json!({
        "iss": id, "sub": id, "aud": format!("{own}/{tenant}/oauth2/v2.0/token"), "exp": now() + 600, "nbf": now() - 5,
        "jti": "x",
    });
    let with = |name: &str, value: Json| {
        let mut claims = good.clone();
        claims[name] = value;
        signer.sign(&signer.x5t, &claims, |_| {})
    };
    let jwt = signer.sign(&signer.x5t, &good, |_| {});
    let mut endless = good.clone();
    endless.as_object_mut().unwrap().remove("exp");
    let none = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"none","x5t#S256":"{}"}}"#, signer.x5t));
    let payload = jwt.split('.').nth(1).unwrap();
    let jku = |header: &mut Header| header.jku = Some("https://evil.example/keys".to_owned());
    [
        ("jwt-cut", jwt.rsplit_once('.').unwrap().0.to_owned() + "."),
        ("jwt-sub", with("iss", json!("somebody"))),
        ("jwt-aud", with("aud", json!("https://login.example/token"))),
        ("jwt-exp", with("exp", json!(now() - 600))),
        ("jwt-fraction", with("exp", json!(now() as f64 + 600.25))),
        ("jwt-nbf", with("nbf", json!(now() + 600))),
        ("jwt-year", with("exp", json!(now() + 365 * 86_400))),
        ("jwt-endless", signer.sign(&signer.x5t, &endless, |_| {})),
        // Signed by another key, under the name of the registered one.
        ("jwt-key", Signer::new().sign(&signer.x5t, &good, |_| {})),
        ("jwt-none", format!("{none}.{payload}.")),
        ("jwt-jku", signer.sign(&signer.x5t, &good, jku)),
        ("jwt-v1", with("aud", json!(format!("{own}/{tenant}/oauth2/token")))),
        ("jwt", jwt),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A case's request as arguments of curl.
struct Asked {
    path: String,
    args: Vec<String>,
    body: String,
}

fn ask(request: &str, values: &BTreeMap<String, String>) -> Asked {
    let mut request = request.to_owned();
    for (name, value) in values {
        request = request.replace(&format!("{{{name}}}"), value);
    }
    // A word of its own: content types have "form" in them.
    let at = if request.starts_with("form") { 0 } else { request.find(" form").expect("every request has a form") };
    let (words, body) = (&request[..at], request[at..].trim_start().trim_start_matches("form"));
    let (mut door, mut tenant, mut query) = ("v2", values["tenant"].clone(), String::new());
    let (mut args, mut content_type) = (Vec::new(), FORM.to_owned());
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').expect("NAME=VALUE");
        match name {
            "door" => door = if value == "v1" { "v1" } else { "root" },
            "tenant" => tenant = value.to_owned(),
            "query" => query = format!("?{value}"),
            // Without a value curl leaves the header out.
            "type" => content_type = format!("content-type: {value}").trim_end().to_owned(),
            "method" => args.extend(["-X".to_owned(), value.to_owned()]),
            "basic" => args.extend(["-H".to_owned(), format!("authorization: Basic {}", STANDARD.encode(value))]),
            "header" => args.extend(["-H".to_owned(), value.replacen(':', ": ", 1).replace('_', " ")]),
            _ => panic!("unknown word {word}"),
        }
    }
    args.extend(["-H".to_owned(), content_type]);
    let path = match door {
        "v1" => format!("/{tenant}/oauth2/token{query}"),
        "v2" => format!("/{tenant}/oauth2/v2.0/token{query}"),
        _ => format!("/oauth2/v2.0/token{query}"),
    };
    Asked { path, args, body: body.trim().to_owned() }
}

/// What is wrong with an answer, or nothing.
fn judge(expect: &str, status: u16, head: &str, body: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut expect = expect.to_owned();
    for (name, value) in values {
        expect = expect.replace(&format!("{{{name}}}"), value);
    }
    let mut words = expect.split_whitespace();
    if words.next() != Some(status.to_string().as_str()) {
        return Some(format!("status {status}"));
    }
    let json: Json = serde_json::from_str(body).unwrap_or_default();
    let said = json["access_token"].as_str().map(claims).unwrap_or_default();
    let lines: Vec<String> = head.lines().map(str::to_lowercase).collect();
    for word in words {
        let (name, value) = word.split_once('=').expect("NAME=VALUE");
        let (first, second) = value.split_once(':').unwrap_or((value, ""));
        let holds = match name {
            "error" => json["error"] == value,
            "code" => {
                json["error_codes"][0].as_u64() == value.parse().ok() && body.contains(&format!("AADSTS{value}:"))
            }
            "has" => json.get(value).is_some_and(|value| !value.is_null()),
            "no" => json.get(value).is_none(),
            "type" if second == "string" => json[first].is_string(),
            "type" => json[first].is_number(),
            "header" => {
                lines.iter().any(|line| line.starts_with(&format!("{first}:")) && line.contains(&second.to_lowercase()))
            }
            "noheader" => !lines.iter().any(|line| line.starts_with(&format!("{value}:"))),
            "claim" => said[first] == second,
            "noclaim" => said.is_object() && said.get(value).is_none(),
            "says" => body.contains(&value.replace('_', " ")) || body.contains(value),
            _ => panic!("unknown expectation {word}"),
        };
        if !holds {
            return Some(word.to_owned());
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_the_table_holds() {
    let rig = Rig::start().await;
    let signer = Signer::new();
    let mut failures = Vec::new();
    let mut n_cases = 0;
    for line in CASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [section, name, request, expect] = columns[..] else { panic!("four columns: {line}") };
        assert!(section.starts_with("RFC") || section == "Azure", "{line}");
        let values = values(&rig, &signer).await;
        let asked = ask(request, &values);
        let head = rig.dir.path().join("head");
        let head_text = head.display().to_string();
        let mut args: Vec<&str> = vec!["-D", &head_text];
        args.extend(asked.args.iter().map(String::as_str));
        let answer = rig.portal(&asked.path, &args, Some(asked.body.into_bytes())).await;
        let head = std::fs::read_to_string(&head).unwrap_or_default();
        if let Some(problem) = judge(expect, answer.status, &head, &answer.body, &values) {
            failures.push(format!("{section} {name}: {problem}\n    {}\n", answer.body));
        }
        n_cases += 1;
    }
    assert!(n_cases >= 80, "{n_cases} cases");
    assert!(failures.is_empty(), "{} of {n_cases}:\n{}", failures.len(), failures.join("\n"));
}

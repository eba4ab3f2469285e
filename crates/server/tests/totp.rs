//! The second factor over the API, with an authenticator app of our own.

use serde_json::{Value as Json, json};
use sha1::{Digest, Sha1};

use crate::support::{Answer, JSON, Rig};

/// What the app shows for a secret, `steps` half minutes from now.
fn code(secret: &str, steps: i64) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = String::new();
    for letter in secret.chars() {
        bits.push_str(&format!("{:05b}", alphabet.find(letter).unwrap()));
    }
    let mut block = [0_u8; 64];
    for (byte, chunk) in block.iter_mut().zip(bits.as_bytes().chunks_exact(8)) {
        *byte = u8::from_str_radix(std::str::from_utf8(chunk).unwrap(), 2).unwrap();
    }
    let step = (server::clock::now_s() / 30 + steps).to_be_bytes();
    let inner = Sha1::digest([&block.map(|byte| byte ^ 0x36)[..], &step].concat());
    let tag = Sha1::digest([&block.map(|byte| byte ^ 0x5c)[..], &inner].concat());
    let at = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

async fn post(rig: &Rig, cookie: &str, path: &str, body: Json) -> Answer {
    let args = ["-X", "POST", "-b", cookie, "-H", JSON];
    rig.portal(path, &args, Some(body.to_string().into_bytes())).await
}

async fn login(rig: &Rig, password: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "user": "ann", "password": password });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    rig.portal("/api/v1/login", &["-H", JSON], Some(body.to_string().into_bytes())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_and_counts_once() {
    let rig = Rig::start().await;
    let made = post(&rig, &rig.cookie(), "/api/v1/users", json!({ "name": "ann", "role": "reader" })).await.json();
    let password = made["password"].as_str().unwrap();
    let cookie = format!("__Host-session={}", rig.login("ann", password).await.1.unwrap());
    let begun = post(&rig, &cookie, "/api/v1/me/totp", json!({})).await.json();
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["uri"].as_str().unwrap().contains(secret) && secret.len() == 32, "{begun}");
    assert_eq!(login(&rig, password, None).await.status, 200, "not in use before it is confirmed");
    assert_eq!(post(&rig, &cookie, "/api/v1/me/totp/confirm", json!({ "code": "000000x" })).await.status, 400);
    // One step back leaves this step's and the next one's code for what follows.
    let confirmed = post(&rig, &cookie, "/api/v1/me/totp/confirm", json!({ "code": code(secret, -1) })).await;
    assert_eq!(confirmed.status, 204, "{confirmed:?}");
    assert_eq!(post(&rig, &cookie, "/api/v1/me/totp", json!({})).await.status, 409, "it can't be replaced unseen");
    assert_eq!(login(&rig, password, None).await.code(), "totp_required");
    assert_eq!(login(&rig, "wrong", None).await.code(), "wrong_password", "who lacks the password learns nothing");
    assert_eq!(login(&rig, password, Some(&code(secret, 40))).await.code(), "wrong_password");
    let shown = code(secret, 0);
    assert_eq!(login(&rig, password, Some(&shown)).await.status, 200);
    assert_eq!(login(&rig, password, Some(&shown)).await.code(), "wrong_password", "used up");
    let ended = post(&rig, &cookie, "/api/v1/me/totp/end", json!({ "code": code(secret, 1) })).await;
    assert_eq!(ended.status, 204, "{ended:?}");
    assert_eq!(login(&rig, password, None).await.status, 200);
}

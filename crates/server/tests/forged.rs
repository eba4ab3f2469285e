//! Tokens that must not count: none of them is let in, and the good one beside them always is.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, crypto};
use serde_json::{Value as Json, json};
use server::oauth::keys::SigningKeys;
use sha2::{Digest, Sha256};

use crate::support::{JSON, Rig};
use crate::token_endpoint::Signer;
use crate::tokens::{app, claims, hunt, token};

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// HMAC-SHA-256 by hand: the attack is to sign with our public key as the secret.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    match key.len() > 64 {
        true => block[..32].copy_from_slice(&Sha256::digest(key)),
        false => block[..key.len()].copy_from_slice(key),
    }
    let inner = Sha256::digest([&block.map(|byte| byte ^ 0x36)[..], message].concat());
    Sha256::digest([&block.map(|byte| byte ^ 0x5c)[..], &inner].concat()).to_vec()
}

/// What the forger has: a good token, the server's key (which no forger has), and one of his own.
struct Forge {
    good: String,
    header: Json,
    claims: Json,
    ours: EncodingKey,
    point: Vec<u8>,
    own: Signer,
}

impl Forge {
    fn sign_text(key: &EncodingKey, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(claims));
        let signed = crypto::sign(message.as_bytes(), key, jsonwebtoken::Algorithm::ES256).unwrap();
        format!("{message}.{signed}")
    }

    /// Signed with the server's own key: only the change can be what is refused.
    fn header(&self, change: impl Fn(&mut Json)) -> String {
        let mut header = self.header.clone();
        change(&mut header);
        Self::sign_text(&self.ours, &header.to_string(), &self.claims.to_string())
    }

    fn claim(&self, change: impl Fn(&mut Json)) -> String {
        let mut claims = self.claims.clone();
        change(&mut claims);
        Self::sign_text(&self.ours, &self.header.to_string(), &claims.to_string())
    }

    fn claims_text(&self, text: &str) -> String {
        Self::sign_text(&self.ours, &self.header.to_string(), text)
    }

    fn parts(&self) -> [&str; 3] {
        let mut parts = self.good.split('.');
        [(); 3].map(|()| parts.next().unwrap())
    }

    /// An unsigned or HMAC token with this algorithm.
    fn with_alg(&self, alg: &str, signature: impl Fn(&str) -> Vec<u8>) -> String {
        let mut header = self.header.clone();
        header["alg"] = json!(alg);
        let message = format!("{}.{}", b64(header.to_string()), b64(self.claims.to_string()));
        format!("{message}.{}", b64(signature(&message)))
    }

    fn by_algorithm(&self) -> Vec<(String, String)> {
        let mut cases = Vec::new();
        for alg in ["none", "None", "NONE", "nOnE", "", "null"] {
            cases.push((format!("alg {alg:?} without a signature"), self.with_alg(alg, |_| Vec::new())));
        }
        let [header, payload, signature] = self.parts();
        let mut none = self.header.clone();
        none["alg"] = json!("none");
        cases.push((
            "alg none with the good signature".to_owned(),
            format!("{}.{payload}.{signature}", b64(none.to_string())),
        ));
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&self.point));
        for (name, key) in
            [("the public point", self.point.clone()), ("the PEM", pem.into_bytes()), ("an empty key", vec![])]
        {
            let token = self.with_alg("HS256", |message| hmac(&key, message.as_bytes()));
            cases.push((format!("HS256 with {name}"), token));
        }
        for alg in ["HS384", "HS512", "RS256", "PS256", "ES384", "ES256K", "EdDSA", "RS1", "es256", "A128KW"] {
            let signed = |_: &str| URL_SAFE_NO_PAD.decode(signature).unwrap();
            cases.push((format!("alg {alg}"), self.with_alg(alg, signed)));
        }
        cases.push(("alg is a number".to_owned(), self.header(|header| header["alg"] = json!(256))));
        cases.push(("alg is a list".to_owned(), self.header(|header| header["alg"] = json!(["ES256"]))));
        cases.push((
            "alg is missing".to_owned(),
            self.header(|header| drop(header.as_object_mut().unwrap().remove("alg"))),
        ));
        let twice = self.header.to_string().replacen('{', r#"{"alg":"none","#, 1);
        cases.push(("alg twice".to_owned(), Self::sign_text(&self.ours, &twice, &self.claims.to_string())));
        cases.push(("only a header".to_owned(), header.to_owned()));
        cases
    }

    fn by_header(&self) -> Vec<(String, String)> {
        let keys = [
            "",
            "other",
            "../token-keys.json",
            "../../../../dev/null",
            "' OR '1'='1",
            "x'; DROP TABLE apps; --",
            "/dev/null",
            "https://evil.example/key",
            "\0",
        ];
        let mut cases = Vec::new();
        for kid in keys {
            cases.push((format!("kid {kid:?}"), self.header(|header| header["kid"] = json!(kid))));
        }
        for (name, value) in [
            ("kid", json!(null)),
            ("kid", json!(1)),
            ("kid", json!([self.header["kid"]])),
            ("jku", json!("https://evil.example/keys")),
            ("x5u", json!("https://evil.example/certificate")),
            ("x5c", json!(["MIIB"])),
            ("jwk", json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" })),
            ("x5t", json!("AAAA")),
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
            ("enc", json!("A128GCM")),
            ("cty", json!("JWT")),
            ("typ", json!("JWT")),
            ("typ", json!(null)),
            ("typ", json!("id+jwt")),
            ("typ", json!("AT+JWT ")),
        ] {
            cases.push((format!("header {name} {value}"), self.header(|header| header[name] = value.clone())));
        }
        let own = Self::sign_text(&self.own.key, &self.header.to_string(), &self.claims.to_string());
        cases.push(("signed by another key under our kid".to_owned(), own));
        let text = format!("[{}]", self.header);
        cases.push(("header is a list".to_owned(), Self::sign_text(&self.ours, &text, &self.claims.to_string())));
        cases
    }

    fn by_claims(&self) -> Vec<(String, String)> {
        let now = server::clock::now_s();
        let mut cases = Vec::new();
        for (name, value) in [
            ("exp", json!(now - 60)),
            ("exp", json!(0)),
            ("exp", json!(-1)),
            ("exp", json!((now + 3_000).to_string())),
            ("exp", json!(now as f64 + 3_000.5)),
            ("exp", json!(null)),
            ("exp", json!(true)),
            ("exp", json!([now + 3_000])),
            ("exp", json!(i64::MAX)),
            ("exp", json!(u64::MAX)),
            ("exp", json!(now + 10 * 3_600)),
            ("nbf", json!(now + 600)),
            ("nbf", json!((now - 10).to_string())),
            ("nbf", json!(null)),
            ("iat", json!(now + 600)),
            ("iat", json!("now")),
            ("aud", json!("https://api.securitycenter.microsoft.com/")),
            ("aud", json!("https://api.securitycenter.microsoft.com.evil.example")),
            ("aud", json!("https://storage.azure.com")),
            ("aud", json!(["https://api.securitycenter.microsoft.com"])),
            ("aud", json!([])),
            ("aud", json!("")),
            ("aud", json!(null)),
            ("iss", json!("https://sts.windows.net/x/")),
            ("iss", json!(format!("{}/", self.claims["iss"].as_str().unwrap()))),
            ("iss", json!(self.claims["iss"].as_str().unwrap().replace("https", "http"))),
            ("iss", json!([self.claims["iss"]])),
            ("iss", json!(null)),
            ("tid", json!("11111111-1111-4111-8111-111111111111")),
            ("tid", json!(null)),
            ("appid", json!("11111111-1111-4111-8111-111111111111")),
            ("sub", json!("11111111-1111-4111-8111-111111111111")),
            ("azp", json!(null)),
            ("roles", json!("AdvancedQuery.Read.All")),
            ("credential", json!("none")),
        ] {
            cases.push((format!("claim {name} {value}"), self.claim(|claims| claims[name] = value.clone())));
        }
        for name in ["exp", "nbf", "iat", "aud", "iss", "sub", "tid", "appid", "credential", "jti"] {
            let token = self.claim(|claims| drop(claims.as_object_mut().unwrap().remove(name)));
            cases.push((format!("without {name}"), token));
        }
        let text = self.claims.to_string();
        cases.push(("exp 1e400".to_owned(), self.claims_text(&text.replace(&self.claims["exp"].to_string(), "1e400"))));
        cases.push(("exp twice".to_owned(), self.claims_text(&text.replacen('{', r#"{"exp":9999999999,"#, 1))));
        cases.push(("tid twice".to_owned(), self.claims_text(&text.replacen('{', r#"{"tid":"x","#, 1))));
        cases.push(("claims cut short".to_owned(), self.claims_text(&text[..text.len() - 1])));
        cases.push(("claims are null".to_owned(), self.claims_text("null")));
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000 / 32), "]".repeat(100_000 / 32));
        cases.push(("claims nested deep".to_owned(), self.claims_text(&deep)));
        cases
    }

    fn by_form(&self) -> Vec<(String, String)> {
        let [header, payload, signature] = self.parts();
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let mut flipped = bytes.clone();
        flipped[10] ^= 1;
        // The other valid form of an ECDSA signature is (r, n − s); in DER it is another encoding of the same.
        let mut last = signature.to_owned();
        let end = last.pop().unwrap();
        // 64 bytes end in a character with four unused bits: a neighbour in the alphabet decodes to the same bytes.
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = alphabet.find(end).unwrap();
        last.push(alphabet.as_bytes()[at + 1] as char);
        vec![
            ("no signature".to_owned(), format!("{header}.{payload}.")),
            ("two parts".to_owned(), format!("{header}.{payload}")),
            ("four parts".to_owned(), format!("{}.{signature}", self.good)),
            ("a part before".to_owned(), format!(".{}", self.good)),
            ("five parts, as JWE".to_owned(), format!("{header}.{header}.{payload}.{payload}.{signature}")),
            ("signature cut by a byte".to_owned(), format!("{header}.{payload}.{}", b64(&bytes[..63]))),
            (
                "signature with a byte more".to_owned(),
                format!("{header}.{payload}.{}", b64([&bytes[..], &[0]].concat())),
            ),
            ("signature of zeros".to_owned(), format!("{header}.{payload}.{}", b64([0; 64]))),
            ("signature with a bit changed".to_owned(), format!("{header}.{payload}.{}", b64(flipped))),
            ("signature with padding".to_owned(), format!("{header}.{payload}.{}", URL_SAFE.encode(&bytes))),
            ("signature not canonical".to_owned(), format!("{header}.{payload}.{last}")),
            ("header with padding".to_owned(), format!("{header}=.{payload}.{signature}")),
            (
                "payload changed by a character".to_owned(),
                format!("{header}.{}A.{signature}", &payload[..payload.len() - 1]),
            ),
            ("a space inside".to_owned(), format!("{header}. {payload}.{signature}")),
            ("1 MiB of dots".to_owned(), ".".repeat(50_000)),
            ("a huge header".to_owned(), format!("{}.{payload}.{signature}", "A".repeat(12_000))),
            (
                "standard Base64".to_owned(),
                format!("{}.{payload}.{signature}", STANDARD.encode(self.header.to_string() + "??>>")),
            ),
            ("nothing but letters".to_owned(), "abc".to_owned()),
            ("an undefined".to_owned(), "undefined".to_owned()),
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forged_token_counts() {
    let rig = Rig::start().await;
    let app = app(&rig, &["AdvancedQuery.Read.All"], true).await;
    let good = token(&rig, &app).await;
    let header: Json =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(good.split('.').next().unwrap()).unwrap()).unwrap();
    let keys = SigningKeys::open(&rig.dir.path().join("server")).unwrap();
    let key = keys.current().unwrap();
    let forge = Forge {
        header,
        claims: claims(&good),
        ours: key.encoding.clone(),
        point: key.decoding.try_get_as_bytes().unwrap().to_vec(),
        own: Signer::new(),
        good,
    };
    // What the forger signs unchanged is taken: so it is the change that is refused.
    assert_eq!(hunt(&rig, &forge.claim(|_| {})).await.status, 200);
    let cases = [forge.by_algorithm(), forge.by_header(), forge.by_claims(), forge.by_form()].concat();
    let mut accepted = Vec::new();
    for (name, token) in &cases {
        let answer = hunt(&rig, token).await;
        // 431: the server's own limit on the size of a head.
        if !(answer.status == 401 || answer.status == 431) {
            accepted.push(format!("{name}: {answer:?}"));
        }
    }
    assert!(cases.len() >= 60, "{} cases", cases.len());
    assert!(accepted.is_empty(), "{} of {}:\n{}", accepted.len(), cases.len(), accepted.join("\n"));
    assert_eq!(hunt(&rig, &forge.good).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_in_the_header_only_and_only_here() {
    let (rig, other) = (Rig::start().await, Rig::start().await);
    let app = app(&rig, &["AdvancedQuery.Read.All"], true).await;
    let token = token(&rig, &app).await;
    assert_eq!(hunt(&other, &token).await.status, 401, "another server, another tenant");
    let query = br#"{"Query": "DeviceEvents | take 1"}"#.to_vec();
    let path = format!("/api/advancedqueries/run?access_token={token}");
    assert_eq!(rig.portal(&path, &["-H", JSON], Some(query.clone())).await.status, 401);
    let cookie = format!("__Host-session={token}");
    assert_eq!(
        rig.portal("/api/advancedqueries/run", &["-b", &cookie, "-H", JSON], Some(query.clone())).await.status,
        401
    );
    let bearer = format!("authorization: Bearer {token}");
    for (args, status) in [
        (vec!["-H", bearer.as_str()], 200),
        (vec!["-H", bearer.as_str(), "-H", bearer.as_str()], 400),
        (vec!["-H", "authorization: Bearer"], 401),
        (vec!["-H", "authorization: Basic YTpi"], 401),
    ] {
        let args: Vec<&str> = args.into_iter().chain(["-H", JSON]).collect();
        assert_eq!(rig.portal("/api/advancedqueries/run", &args, Some(query.clone())).await.status, status, "{args:?}");
    }
    // A session beside a bad token does not help.
    let session = rig.cookie();
    let args = ["-b", session.as_str(), "-H", "authorization: Bearer x", "-H", JSON];
    assert_eq!(rig.portal("/api/advancedqueries/run", &args, Some(query)).await.status, 401);
}

//! The keys that sign access tokens: P-256, in one file of the data directory that only we may read.
//! The newest signs. An older one verifies until every token that it signed has expired.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::provider;
use crate::ca::write_private;
use crate::clock::now_s;
use crate::limits::{CLOCK_LEEWAY_SECONDS, SIGNING_KEY_SECONDS, TOKEN_SECONDS};

/// One signing key.
pub struct SigningKey {
    /// Its name in tokens and in the key set: the JWK thumbprint of RFC 7638.
    pub kid: String,
    /// For new tokens.
    pub encoding: EncodingKey,
    /// For tokens that come back.
    pub decoding: DecodingKey,
    created: i64,
    x: String,
    y: String,
}

/// All keys, read again when another program (`nenrin app rotate-keys`) wrote the file.
pub struct SigningKeys {
    path: PathBuf,
    loaded: Mutex<Loaded>,
}

/// Newest first.
struct Loaded {
    version: Option<Version>,
    keys: Vec<Arc<SigningKey>>,
}

/// What changes when the file is written. The time alone does not tell two writes within one tick of the clock apart.
type Version = (SystemTime, u64, u64);

/// The file's time, inode and length; `None` when it can't be read.
fn version(path: &Path) -> Option<Version> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.ino(), metadata.len()))
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
struct KeyFile {
    keys: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    created: i64,
    pkcs8: String,
}

impl SigningKeys {
    /// Reads the keys of a data directory, or makes the first one.
    ///
    /// # Errors
    /// When the file can't be read, written or understood; the message names it.
    pub fn open(data_dir: &Path) -> Result<Self> {
        provider::install();
        let path = data_dir.join("token-keys.json");
        if !path.exists() {
            add_key(&path)?;
        }
        let keys = Self { path, loaded: Mutex::new(Loaded { version: None, keys: Vec::new() }) };
        keys.reload()?;
        Ok(keys)
    }

    /// Makes a new key, which signs from now on.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn rotate(&self) -> Result<()> {
        add_key(&self.path)?;
        self.reload()
    }

    /// The key that signs. Made anew when it has served its time.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn current(&self) -> Result<Arc<SigningKey>> {
        let newest = self.all()?.into_iter().next().context("no signing key")?;
        if newest.created + SIGNING_KEY_SECONDS > now_s() {
            return Ok(newest);
        }
        self.rotate()?;
        self.all()?.into_iter().next().context("no signing key")
    }

    /// The key of a token that has come back.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn find(&self, kid: &str) -> Result<Option<Arc<SigningKey>>> {
        Ok(self.all()?.into_iter().find(|key| key.kid == kid))
    }

    /// The key set as RFC 7517 has it: public members only.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn key_set(&self) -> Result<Value> {
        let mut keys = Vec::new();
        for key in self.all()? {
            keys.push(json!({
                "kty": "EC", "use": "sig", "alg": "ES256", "kid": key.kid, "crv": "P-256", "x": key.x, "y": key.y,
            }));
        }
        Ok(json!({ "keys": keys }))
    }

    /// The keys that still count.
    fn all(&self) -> Result<Vec<Arc<SigningKey>>> {
        if self.loaded.lock().expect("no panic under the lock").version != version(&self.path) {
            self.reload()?;
        }
        let loaded = self.loaded.lock().expect("no panic under the lock");
        let mut replaced = i64::MAX;
        let mut keys = Vec::new();
        for key in &loaded.keys {
            if replaced.saturating_add(TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS) >= now_s() {
                keys.push(Arc::clone(key));
            }
            replaced = key.created;
        }
        Ok(keys)
    }

    fn reload(&self) -> Result<()> {
        let version = version(&self.path);
        let file = read(&self.path)?;
        let keys: Result<Vec<Arc<SigningKey>>> = file.keys.iter().rev().map(|key| parse(key).map(Arc::new)).collect();
        let keys = keys.with_context(|| format!("understand {}", self.path.display()))?;
        *self.loaded.lock().expect("no panic under the lock") = Loaded { version, keys };
        Ok(())
    }
}

/// Appends a new key, and forgets those that signed nothing that is still valid.
fn add_key(path: &Path) -> Result<()> {
    let mut file = if path.exists() { read(path)? } else { KeyFile::default() };
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| anyhow::anyhow!("make a signing key"))?;
    let oldest = now_s() - 2 * (SIGNING_KEY_SECONDS + TOKEN_SECONDS);
    file.keys.retain(|key| key.created > oldest);
    file.keys.push(StoredKey { created: now_s(), pkcs8: STANDARD.encode(pkcs8) });
    write_private(path, &serde_json::to_string(&file)?)
}

fn read(path: &Path) -> Result<KeyFile> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("understand {}", path.display()))
}

fn parse(stored: &StoredKey) -> Result<SigningKey> {
    let pkcs8 = STANDARD.decode(&stored.pkcs8)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new())
        .map_err(|error| anyhow::anyhow!("read a signing key: {error}"))?;
    let point = pair.public_key().as_ref();
    // 0x04, then the two coordinates of 32 bytes.
    let (x, y) = point[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let thumbprint = Sha256::digest(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
    Ok(SigningKey {
        kid: URL_SAFE_NO_PAD.encode(thumbprint),
        encoding: EncodingKey::from_ec_der(&pkcs8),
        decoding: DecodingKey::from_ec_der(point),
        created: stored.created,
        x,
        y,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_key_verifies_until_its_tokens_are_over() {
        let dir = tempfile::tempdir().unwrap();
        let keys = SigningKeys::open(dir.path()).unwrap();
        let first = keys.current().unwrap().kid.clone();
        // A second program rotates; the first sees it.
        SigningKeys::open(dir.path()).unwrap().rotate().unwrap();
        let second = keys.current().unwrap().kid.clone();
        assert_ne!(first, second);
        assert!(keys.find(&first).unwrap().is_some());
        assert_eq!(keys.key_set().unwrap()["keys"].as_array().unwrap().len(), 2);
        // As if both had been made earlier.
        let path = dir.path().join("token-keys.json");
        let mut file = read(&path).unwrap();
        for key in &mut file.keys {
            key.created -= TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS + 2;
        }
        write_private(&path, &serde_json::to_string(&file).unwrap()).unwrap();
        keys.reload().unwrap();
        assert!(keys.find(&first).unwrap().is_none());
        assert!(keys.find(&second).unwrap().is_some());
    }

    #[test]
    fn an_old_key_is_replaced_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let keys = SigningKeys::open(dir.path()).unwrap();
        let first = keys.current().unwrap().kid.clone();
        let path = dir.path().join("token-keys.json");
        let mut file = read(&path).unwrap();
        file.keys[0].created -= SIGNING_KEY_SECONDS;
        write_private(&path, &serde_json::to_string(&file).unwrap()).unwrap();
        keys.reload().unwrap();
        assert_ne!(keys.current().unwrap().kid, first);
        assert!(keys.find(&first).unwrap().is_some(), "it goes on verifying");
    }
}

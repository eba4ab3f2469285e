//! The identity on disk: comes back as it was stored, for the owner only, and damage is named.

use super::*;
use crate::testing::Authority;

const ID: &str = "0123456789abcdef0123456789abcdef01234567";

fn saved(dir: &Path) -> (Authority, KeyPair) {
    let authority = Authority::new();
    let (key, request) = new_key("device").expect("key");
    let material = Material {
        key_pem: &key.serialize_pem(),
        certificate_pem: &authority.sign_device(&request, ID),
        ca_pem: &authority.pem(),
        device: &Device {
            device_id: ID.to_owned(),
            device_name: "device".to_owned(),
            server: "https://127.0.0.1:8444".to_owned(),
        },
    };
    Identity::save(dir, &material).expect("save");
    (authority, key)
}

#[track_caller]
fn check_damaged(dir: &Path, expected: &str) {
    let error = Identity::load(dir).expect_err("must be refused").to_string();
    assert!(error.contains(expected) && error.contains("enrol this device again"), "{error}");
}

#[test]
fn comes_back_as_it_was_stored() {
    let dir = tempfile::tempdir().expect("dir");
    assert!(Identity::load(dir.path()).expect("load").is_none());
    saved(dir.path());
    let identity = Identity::load(dir.path()).expect("load").expect("some");
    assert_eq!(identity.device.device_id, ID);
    identity.client_config().expect("usable for TLS");
    let now = SystemTime::now();
    assert!(identity.valid_for(now) > Duration::from_secs(29 * 86_400));
    assert_eq!(identity.valid_for(now + Duration::from_secs(31 * 86_400)), Duration::ZERO);
}

#[test]
fn enrolling_again_replaces_it() {
    let dir = tempfile::tempdir().expect("dir");
    saved(dir.path());
    let (_, key) = saved(dir.path());
    let stored = std::fs::read_to_string(dir.path().join("identity/key.pem")).expect("read");
    assert_eq!(stored, key.serialize_pem());
    Identity::load(dir.path()).expect("load").expect("some");
}

#[test]
fn renewed_pair_counts_until_the_device_is_enrolled_again() {
    let dir = tempfile::tempdir().expect("dir");
    let (authority, _) = saved(dir.path());
    let old = Identity::load(dir.path()).expect("load").expect("some");
    let (key, request) = new_key("device").expect("key");
    old.save_renewed(dir.path(), &key.serialize_pem(), &authority.sign_device(&request, ID)).expect("save");
    let renewed = Identity::load(dir.path()).expect("load").expect("some");
    assert_eq!(renewed.key.secret_der(), key.serialize_der());
    assert_ne!(renewed.chain, old.chain);
    renewed.client_config().expect("usable for TLS");
    let (key, request) = new_key("device").expect("key");
    let certificate = authority.sign_device(&request, ID);
    let error = old.save_renewed(dir.path(), &key.serialize_pem(), &certificate).expect_err("not the last one");
    assert!(matches!(error, Error::Replaced), "{error}");
    renewed.save_renewed(dir.path(), &key.serialize_pem(), &certificate).expect("save");
    let again = Identity::load(dir.path()).expect("load").expect("some");
    assert_eq!(again.key.secret_der(), key.serialize_der());
    std::fs::write(dir.path().join("identity/renewed.pem"), key.serialize_pem()).expect("write");
    check_damaged(dir.path(), "renewed.pem");
    let (_, key) = saved(dir.path());
    let again = Identity::load(dir.path()).expect("load").expect("some");
    assert_eq!(again.key.secret_der(), key.serialize_der());
}

#[test]
fn renewal_is_due_after_two_thirds() {
    let dir = tempfile::tempdir().expect("dir");
    let at = |age_days| Authority::new().enrolled_at(dir.path(), "https://127.0.0.1:8444", age_days);
    let due = |age_days| at(age_days).is_renewal_due(SystemTime::now());
    assert_eq!([0, 19, 21, 29, 31].map(due), [false, false, true, true, true]);
}

#[test]
fn half_written_is_not_enrolled() {
    let dir = tempfile::tempdir().expect("dir");
    saved(dir.path());
    std::fs::remove_file(dir.path().join("identity/device.json")).expect("remove");
    assert!(Identity::load(dir.path()).expect("load").is_none());
}

#[test]
fn damage_is_named() {
    let dir = tempfile::tempdir().expect("dir");
    let path = |name: &str| dir.path().join("identity").join(name);
    saved(dir.path());
    std::fs::write(path("cert.pem"), "").expect("write");
    check_damaged(dir.path(), "cert.pem");
    saved(dir.path());
    std::fs::remove_file(path("ca.pem")).expect("remove");
    check_damaged(dir.path(), "ca.pem");
    saved(dir.path());
    std::fs::write(path("key.pem"), new_key("other").expect("key").0.serialize_pem()).expect("write");
    check_damaged(dir.path(), "another key");
    saved(dir.path());
    let text = std::fs::read_to_string(path("device.json")).expect("read").replace("0123", "3210");
    std::fs::write(path("device.json"), text).expect("write");
    check_damaged(dir.path(), "another device");
}

#[cfg(unix)]
#[test]
fn files_are_for_the_owner_only_and_links_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("dir");
    let (authority, _) = saved(dir.path());
    let identity = dir.path().join("identity");
    let mode = |path: &Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(&identity), 0o700);
    for name in [KEY, CERTIFICATE, CA, DEVICE] {
        assert_eq!(mode(&identity.join(name)), 0o600, "{name}");
    }
    let stored = Identity::load(dir.path()).expect("load").expect("some");
    let (new, request) = new_key("device").expect("key");
    stored.save_renewed(dir.path(), &new.serialize_pem(), &authority.sign_device(&request, ID)).expect("save");
    assert_eq!(mode(&identity.join(RENEWED)), 0o600);
    std::fs::remove_file(identity.join(RENEWED)).expect("remove");
    let key = identity.join(KEY);
    std::fs::rename(&key, dir.path().join("elsewhere")).expect("rename");
    std::os::unix::fs::symlink(dir.path().join("elsewhere"), &key).expect("link");
    assert!(Identity::load(dir.path()).is_err());
}

//! Who may ask: nobody without a session, no other site, not too often.

use crate::support::{JSON, Rig};

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_document_refuses_strangers() {
    let rig = Rig::start().await;
    let document: serde_json::Value = serde_json::from_str(&server::api::openapi::text().unwrap()).unwrap();
    let mut n_refused = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let open = matches!(path.as_str(), "/api/v1/login" | "/api/v1/logout" | "/api/v1/csp-report");
            if open {
                continue;
            }
            let method = method.to_uppercase();
            let args = ["-X", &method, "-H", JSON];
            let answer = rig.portal(&path.replace("{id}", "x:0000000000000000:1"), &args, None).await;
            let code = if path.starts_with("/api/v1/") { "not_signed_in" } else { "Unauthorized" };
            assert_eq!((answer.status, answer.code().as_str()), (401, code), "{method} {path}");
            let args = ["-X", &method, "-H", JSON, "-b", "__Host-session=guess"];
            let forged = rig.portal(&path.replace("{id}", "x"), &args, None).await;
            assert_eq!(forged.status, 401, "{method} {path}");
            n_refused += 1;
        }
    }
    assert!(n_refused >= 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_slowed_down_and_the_right_one_works() {
    let rig = Rig::start().await;
    for _ in 0..5 {
        assert_eq!(rig.login("admin", "wrong").await.0.status, 401);
    }
    let (limited, _) = rig.login("admin", "wrong").await;
    assert_eq!((limited.status, limited.retry_after.as_deref()), (429, Some("60")));
    assert_eq!(rig.login("nobody", "wrong").await.0.code(), "wrong_password");
    assert_eq!(rig.get("/api/v1/me").await.status, 200, "sessions go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_can_not_act_for_the_user() {
    let rig = Rig::start().await;
    let cookie = rig.cookie();
    for (header, status) in [
        ("sec-fetch-site: cross-site", 403),
        ("sec-fetch-site: same-site", 403),
        ("origin: https://evil.example", 403),
        ("sec-fetch-site: same-origin", 200),
    ] {
        let args = ["-b", cookie.as_str(), "-H", header, "-H", JSON];
        let answer = rig.portal("/api/v1/enrolment-tokens", &args, Some(b"{}".to_vec())).await;
        assert_eq!(answer.status, status, "{header}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_ends_the_session() {
    let rig = Rig::start().await;
    let cookie = rig.cookie();
    assert_eq!(rig.portal("/api/v1/logout", &["-b", &cookie, "-X", "POST"], None).await.status, 204);
    assert_eq!(rig.get("/api/v1/me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_and_a_second_server_are_clear_errors() {
    let rig = Rig::start().await;
    let other = tempfile::tempdir().unwrap();
    let mut config = crate::support::config(other.path());
    config.listen = rig.server.address;
    let error = format!("{:#}", server::serve::start(&config).await.err().unwrap());
    assert!(error.contains("--listen"), "{error}");
    let error = format!("{:#}", server::serve::start(&crate::support::config(rig.dir.path())).await.err().unwrap());
    assert!(error.contains("in use by another nenrin"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_users_devices_and_events() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    rig.send(&device, 1, &[crate::support::row(1, "ProcessCreated")]).await;
    let Rig { server, dir, .. } = rig;
    server.stop().await;
    let server = server::serve::start(&crate::support::config(dir.path())).await.unwrap();
    assert_eq!(server.first_password, None);
    assert_eq!(server.state.devices().await.unwrap().len(), 1);
}

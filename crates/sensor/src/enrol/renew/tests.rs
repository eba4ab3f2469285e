//! Renewal against a TLS server that treats certificates as the real one does: the old one works until the new one is
//! used.

use std::sync::{Arc, Mutex};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::*;
use crate::testing::{Asked, Authority, Reply, Server, loopback};

const BEAT: &str = "/ingest/v1/heartbeat";
const TIMEOUT: Duration = Duration::from_secs(20);

/// What the server knows of the device.
#[derive(Default)]
struct Known {
    current: Option<CertificateDer<'static>>,
    next: Option<CertificateDer<'static>>,
    n_beats: usize,
}

impl Known {
    fn answer(&mut self, authority: &Authority, asked: &Asked) -> Reply {
        let shown = asked.certificate.clone();
        assert!(shown.is_some());
        // The first one that comes is that of the enrolment.
        if self.current.is_none() || (self.next.is_some() && self.next == shown) {
            (self.current, self.next) = (shown, None);
        } else if self.current != shown {
            return Reply::Answer(403, None, r#"{"error":{"code":"certificate_revoked","message":"m"}}"#.to_owned());
        }
        if asked.path != PATH {
            self.n_beats += 1;
            return Reply::Answer(200, None, "{}".to_owned());
        }
        let certificate = authority.sign_device(&csr(asked), &"ab".repeat(20));
        self.next = Some(CertificateDer::from_pem_slice(certificate.as_bytes()).expect("certificate"));
        Reply::Answer(200, None, answer(&"ab".repeat(20), &certificate, &authority.pem()))
    }
}

fn csr(asked: &Asked) -> String {
    let request: serde_json::Value = serde_json::from_slice(&asked.body).expect("JSON");
    assert_eq!(request.as_object().expect("object").len(), 1);
    request["csr"].as_str().expect("csr").to_owned()
}

fn answer(device_id: &str, certificate: &str, ca: &str) -> String {
    serde_json::json!({ "deviceId": device_id, "certificate": certificate, "ca": ca }).to_string()
}

struct Setup {
    dir: tempfile::TempDir,
    server: Server,
    known: Arc<Mutex<Known>>,
    identity: Identity,
    client: Client,
}

/// A device that was enrolled 25 days ago, at a server that first does what `reply` says: the argument is what it would
/// answer itself.
async fn start(mut reply: impl FnMut(&Authority, &Asked, Reply) -> Reply + Send + 'static) -> Setup {
    let (authority, known) = (Arc::new(Authority::new()), Arc::new(Mutex::new(Known::default())));
    let (signer, state) = (Arc::clone(&authority), Arc::clone(&known));
    let server = Server::start(authority.server_config(loopback()), move |asked| {
        let own = state.lock().expect("lock").answer(&signer, &asked);
        reply(&signer, &asked, own)
    })
    .await;
    let dir = tempfile::tempdir().expect("dir");
    let identity = authority.enrolled_at(dir.path(), &server.url(), 25);
    let client = client_of(&server, &identity);
    Setup { dir, server, known, identity, client }
}

fn client_of(server: &Server, identity: &Identity) -> Client {
    let tls = identity.client_config().expect("usable for TLS");
    Client::new(&server.url(), tls, identity.expires_s).expect("client")
}

impl Setup {
    /// What a restarted sensor would use.
    fn stored(&self) -> Identity {
        Identity::load(self.dir.path()).expect("load").expect("enrolled")
    }

    async fn renew(&self) -> anyhow::Result<Identity> {
        renew(&self.client, &self.identity, self.dir.path()).await
    }

    #[track_caller]
    fn check_stored_is_old(&self) {
        assert_eq!(self.stored().expires_s, self.identity.expires_s);
        assert_eq!(self.client.expires_s(), self.identity.expires_s);
    }
}

async fn beat(client: &Client) -> u16 {
    client.post(BEAT, "application/json", Bytes::from_static(b"{}")).await.expect("answer").status
}

#[tokio::test]
async fn new_certificate_is_stored_and_used() {
    let setup = start(|_, _, own| own).await;
    assert_eq!(beat(&setup.client).await, 200);
    let renewed = setup.renew().await.expect("renewed");
    assert!(renewed.expires_s > setup.identity.expires_s && !renewed.is_renewal_due(SystemTime::now()));
    assert_eq!(setup.stored().expires_s, renewed.expires_s);
    assert_eq!(setup.client.expires_s(), renewed.expires_s);
    assert_eq!(beat(&setup.client).await, 200);
    assert_eq!(beat(&client_of(&setup.server, &setup.identity)).await, 403, "the old one is over");
    assert_eq!(beat(&client_of(&setup.server, &setup.stored())).await, 200);
}

#[tokio::test]
async fn lost_answer_locks_nobody_out() {
    let mut n_asked = 0;
    let setup = start(move |_, asked, own| {
        n_asked += usize::from(asked.path == PATH);
        if asked.path == PATH && n_asked == 1 { Reply::Cut } else { own }
    })
    .await;
    setup.renew().await.expect_err("no answer");
    setup.check_stored_is_old();
    assert_eq!(beat(&setup.client).await, 200);
    setup.renew().await.expect("renewed");
    assert_eq!(beat(&setup.client).await, 200);
}

#[tokio::test]
async fn crash_before_the_new_pair_is_in_place_leaves_the_old_one() {
    let setup = start(|_, _, own| own).await;
    let file = |name: &str| setup.dir.path().join("identity").join(name);
    // The server has signed, and the file is half written under its temporary name.
    let renewed = setup.renew().await.expect("renewed");
    let whole = std::fs::read(file("renewed.pem")).expect("read");
    std::fs::remove_file(file("renewed.pem")).expect("remove");
    for n_bytes in [0, 1, whole.len() / 2, whole.len()] {
        std::fs::write(file("renewed.new"), &whole[..n_bytes]).expect("write");
        let stored = setup.stored();
        assert_eq!(stored.expires_s, setup.identity.expires_s);
        let client = client_of(&setup.server, &stored);
        assert_eq!(beat(&client).await, 200);
        let again = renew(&client, &stored, setup.dir.path()).await.expect("the next try is not in its way");
        assert!(again.expires_s >= renewed.expires_s);
        std::fs::remove_file(file("renewed.pem")).expect("remove");
    }
}

#[tokio::test]
async fn crash_after_the_new_pair_is_in_place_leaves_the_new_one() {
    let setup = start(|_, _, own| own).await;
    assert_eq!(beat(&setup.client).await, 200);
    let renewed = setup.renew().await.expect("renewed");
    // Never used before the crash.
    let stored = setup.stored();
    assert_eq!(stored.expires_s, renewed.expires_s);
    let client = client_of(&setup.server, &stored);
    assert_eq!(beat(&client).await, 200);
    assert!(setup.known.lock().expect("lock").next.is_none(), "the new one was used");
}

#[tokio::test]
async fn pair_that_is_in_place_is_used_before_another_is_asked_for() {
    let setup = start(|_, _, own| own).await;
    let renewed = setup.renew().await.expect("renewed");
    // As after a failure that came behind the rename: this client still has the old one.
    let client = client_of(&setup.server, &setup.identity);
    let again = renew(&client, &setup.identity, setup.dir.path()).await.expect("renewed");
    assert_eq!((again.expires_s, client.expires_s()), (renewed.expires_s, renewed.expires_s));
    assert!(setup.known.lock().expect("lock").next.is_some(), "not used yet");
    assert_eq!(beat(&client).await, 200);
    assert!(setup.known.lock().expect("lock").next.is_none(), "the server knows the stored one");
}

#[tokio::test]
async fn wrong_answers_are_not_stored() {
    type Wrong = fn(&Authority, &str) -> String;
    const ID: fn() -> String = || "ab".repeat(20);
    let cases: [(Wrong, &str); 7] = [
        (|_, _| "<html>".to_owned(), "read the answer"),
        (|ca, csr| answer(&ID(), &ca.sign_device(csr, &ID()), &Authority::new().pem()), "not the one that was pinned"),
        (
            |ca, _| answer(&ID(), &ca.sign_device(&identity::new_key("x").expect("key").1, &ID()), &ca.pem()),
            "another key",
        ),
        (|ca, csr| answer(&ID(), &ca.sign_device(csr, &"cd".repeat(20)), &ca.pem()), "for another device"),
        (|ca, csr| answer(&"cd".repeat(20), &ca.sign_device(csr, &"cd".repeat(20)), &ca.pem()), "for another device"),
        (|ca, csr| answer(&ID(), &ca.sign_device_at(csr, &ID(), 26), &ca.pem()), "ends no later"),
        (|ca, _| answer(&ID(), "", &ca.pem()), "check the answer"),
    ];
    for (wrong, expected) in cases {
        let setup = start(move |authority, asked, own| match asked.path.as_str() {
            PATH => Reply::Answer(200, None, wrong(authority, &csr(asked))),
            _ => own,
        })
        .await;
        let error = setup.renew().await.expect_err("refused");
        assert!(format!("{error:#}").contains(expected), "{expected}: {error:#}");
        setup.check_stored_is_old();
        assert_eq!(beat(&setup.client).await, 200);
    }
}

#[tokio::test]
async fn enrolment_meanwhile_wins() {
    let setup = start(|_, _, own| own).await;
    let other = Authority::new().enrolled(setup.dir.path(), "https://127.0.0.1:1");
    let error = setup.renew().await.expect_err("refused");
    assert!(error.to_string().contains("enrolled again"), "{error:#}");
    assert_eq!(setup.stored().device, other.device);
    assert_eq!(beat(&setup.client).await, 200, "goes on until the restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn request_under_way_is_asked_again_with_the_new_certificate() {
    let (asked_first, mut is_asked) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, is_switched) = std::sync::mpsc::channel::<()>();
    let mut n_beats = 0;
    let setup = start(move |_, asked, own| {
        n_beats += usize::from(asked.path == BEAT);
        if asked.path != BEAT || n_beats > 1 {
            return own;
        }
        asked_first.send(()).expect("test runs");
        is_switched.recv().expect("test runs");
        Reply::Answer(403, None, String::new())
    })
    .await;
    let client = setup.client.clone();
    let under_way = tokio::spawn(async move { beat(&client).await });
    is_asked.recv().await.expect("asked");
    setup.client.switch_to(setup.identity.client_config().expect("TLS"), 0).await;
    go_on.send(()).expect("server waits");
    assert_eq!(under_way.await.expect("no panic"), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_tried_again_while_sending_goes_on() {
    let mut n_asked = 0;
    let setup = start(move |_, asked, own| {
        n_asked += usize::from(asked.path == PATH);
        if asked.path == PATH && n_asked <= 3 { Reply::Answer(503, None, String::new()) } else { own }
    })
    .await;
    let (stop, stopped) = watch::channel(false);
    let (client, identity, dir) = (setup.client.clone(), setup.stored(), setup.dir.path().to_owned());
    let every = Duration::from_millis(20);
    let task = tokio::spawn(async move { run_every(every, every, client, identity, &dir, stopped).await });
    let start = std::time::Instant::now();
    let mut n_sent = 0;
    while setup.client.expires_s() == setup.identity.expires_s {
        assert!(start.elapsed() < TIMEOUT);
        assert_eq!(beat(&setup.client).await, 200);
        n_sent += 1;
    }
    assert_eq!(beat(&setup.client).await, 200);
    assert_eq!(setup.known.lock().expect("lock").n_beats, n_sent + 1, "none was lost");
    assert_eq!(setup.stored().expires_s, setup.client.expires_s());
    stop.send(true).expect("running");
    task.await.expect("no panic");
}

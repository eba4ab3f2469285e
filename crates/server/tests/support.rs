//! A running server, enrolled devices, and curl.

use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message;
use rcgen::{CertificateParams, KeyPair};
use schema::row::Nanos;
use schema::{Row, col};
use serde_json::{Value as Json, json};
use server::serve::{Config, Server, start};
use tempfile::TempDir;

pub const EPOCH: u64 = 0xabcd;

pub struct Rig {
    pub server: Server,
    pub dir: TempDir,
    cookie: String,
}

pub struct Device {
    pub id: String,
    pub key: PathBuf,
    pub certificate: PathBuf,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub retry_after: Option<String>,
}

impl Answer {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Runs curl; a failed connection is status 0 with curl's words as the body.
pub fn curl(args: &[&str], body: Option<&[u8]>) -> Answer {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("curl");
    command.args(["-sS", "-m", "30", "-o"]).arg(dir.path().join("out"));
    command.args(["-w", "%{http_code}\n%header{retry-after}"]).args(args);
    if let Some(body) = body {
        std::fs::write(dir.path().join("in"), body).unwrap();
        command.arg("--data-binary").arg(format!("@{}", dir.path().join("in").display()));
    }
    let output = command.output().expect("curl is installed by make test");
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = words.lines();
    let status = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
    let retry_after = lines.next().filter(|it| !it.is_empty()).map(str::to_owned);
    let body = match std::fs::read(dir.path().join("out")) {
        Ok(bytes) if status != 0 => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    Answer { status, body, retry_after }
}

pub fn config(dir: &Path) -> Config {
    Config {
        data_dir: dir.join("server"),
        listen: "127.0.0.1:0".parse().unwrap(),
        ingest_listen: "127.0.0.1:0".parse().unwrap(),
        names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        retention_days: 30,
        retention_bytes: None,
    }
}

impl Rig {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = start(&config(dir.path())).await.unwrap();
        let password = server.first_password.clone().unwrap();
        Self::over(server, dir, &password).await
    }

    /// A rig over a running server, signed in as admin.
    pub async fn over(server: Server, dir: TempDir, password: &str) -> Self {
        std::fs::write(dir.path().join("ca.pem"), &server.ca.certificate_pem).unwrap();
        let mut rig = Self { server, dir, cookie: String::new() };
        rig.cookie = rig.login("admin", password).await.1.expect("a session cookie");
        rig
    }

    /// What a second start over the same directory needs.
    pub fn into_parts(self) -> (Server, TempDir, String) {
        (self.server, self.dir, self.cookie)
    }

    /// A rig over a server that was started again: the session still counts.
    pub fn again(server: Server, dir: TempDir, cookie: String) -> Self {
        Self { server, dir, cookie }
    }

    pub fn ca(&self) -> String {
        self.dir.path().join("ca.pem").display().to_string()
    }

    /// Signs in; returns the answer and the cookie.
    pub async fn login(&self, user: &str, password: &str) -> (Answer, Option<String>) {
        let jar = self.dir.path().join(format!("jar{}", rand::random::<u64>()));
        let jar_text = jar.display().to_string();
        let body = json!({ "user": user, "password": password }).to_string();
        let answer = self.portal("/api/v1/login", &["-c", &jar_text, "-H", JSON], Some(body.into_bytes())).await;
        let text = std::fs::read_to_string(&jar).unwrap_or_default();
        let cookie =
            text.lines().find_map(|line| line.split_once("__Host-session\t")).map(|(_, value)| value.to_owned());
        (answer, cookie)
    }

    /// A request to the portal's listener.
    pub async fn portal(&self, path: &str, args: &[&str], body: Option<Vec<u8>>) -> Answer {
        let url = format!("https://{}{path}", self.server.address);
        self.request(url, args, body).await
    }

    /// A signed-in GET.
    pub async fn get(&self, path: &str) -> Answer {
        let cookie = format!("__Host-session={}", self.cookie);
        self.portal(path, &["-b", &cookie], None).await
    }

    /// A signed-in GET that must succeed.
    pub async fn json(&self, path: &str) -> Json {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub fn cookie(&self) -> String {
        format!("__Host-session={}", self.cookie)
    }

    /// A request to the sensors' listener.
    pub async fn ingest(&self, path: &str, device: Option<&Device>, body: Vec<u8>) -> Answer {
        let url = format!("https://{}{path}", self.server.ingest_address);
        let mut args = vec!["-H".to_owned(), JSON.to_owned()];
        if let Some(device) = device {
            args.extend(["--cert".to_owned(), device.certificate.display().to_string()]);
            args.extend(["--key".to_owned(), device.key.display().to_string()]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        self.request(url, &args, Some(body)).await
    }

    async fn request(&self, url: String, args: &[&str], body: Option<Vec<u8>>) -> Answer {
        let ca = self.ca();
        let mut all: Vec<String> = vec!["--cacert".into(), ca];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        all.push(url);
        let run = move || {
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            curl(&all, body.as_deref())
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    pub async fn token(&self) -> String {
        server::ingest::new_token(&self.server.state, &self.server.ca, 1).await.unwrap().0
    }

    /// The request that a sensor sends to enrol, and its key.
    pub fn enrol_body(token: &str, name: &str) -> (Vec<u8>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let csr = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
        let body = json!({ "token": token, "csr": csr, "deviceName": name, "os": "Linux", "sensorVersion": "0" });
        (body.to_string().into_bytes(), key)
    }

    pub async fn enrol(&self, name: &str) -> Device {
        let token = self.token().await;
        let (body, key) = Self::enrol_body(&token, name);
        let answer = self.ingest("/enrol/v1", None, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.json()["deviceId"].as_str().unwrap().to_owned();
        self.keep(&id, &key, answer.json()["certificate"].as_str().unwrap())
    }

    pub fn keep(&self, id: &str, key: &KeyPair, certificate: &str) -> Device {
        let name = format!("{id}{}", rand::random::<u32>());
        let device = Device {
            id: id.to_owned(),
            key: self.dir.path().join(format!("{name}.key")),
            certificate: self.dir.path().join(format!("{name}.pem")),
        };
        std::fs::write(&device.key, key.serialize_pem()).unwrap();
        std::fs::write(&device.certificate, certificate).unwrap();
        device
    }

    /// Sends rows as a sensor would; they must be acknowledged.
    pub async fn send(&self, device: &Device, first_seq: u64, rows: &[Row]) {
        let answer = self.ingest("/ingest/v1/batch", Some(device), encode(first_seq, rows)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["through"], first_seq + rows.len() as u64 - 1);
    }
}

pub const JSON: &str = "content-type: application/json";

pub fn encode(first_seq: u64, rows: &[Row]) -> Vec<u8> {
    let records: Vec<Vec<u8>> = rows.iter().map(Message::encode_to_vec).collect();
    let header = wire::Header { epoch: EPOCH, first_seq, boot_id: "boot".to_owned(), sent_at_ns: T0_NS };
    wire::encode(&header, &records).unwrap()
}

/// 2026-11-24T00:00:00Z.
pub const T0_NS: i64 = 1_795_478_400_000_000_000;

/// A row `ms` after `T0_NS`.
pub fn row(ms: i64, action: &str) -> Row {
    let table = schema::action::action(action).unwrap().table;
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(T0_NS + ms * 1_000_000))
        .set(&col::ACTION_TYPE, action)
        .set(&col::EVENT_TABLE, table)
        .set(&col::OUTCOME, "ok")
        .set(&col::DEVICE_NAME, "host-1");
    row
}

/// A process start: `key` by `parent`, named `name`.
pub fn process(ms: i64, key: &str, parent: &str, name: &str) -> Row {
    let mut row = row(ms, "ProcessCreated");
    row.set(&col::PROCESS_UNIQUE_ID, key)
        .set(&col::FILE_NAME, name)
        .set(&col::PROCESS_ID, 100 + ms)
        .set(&col::PROCESS_COMMAND_LINE, format!("{name} --run"))
        .set(&col::INITIATING_PROCESS_UNIQUE_ID, parent)
        .set(&col::INITIATING_PROCESS_FILE_NAME, format!("{parent}.exe"));
    row
}

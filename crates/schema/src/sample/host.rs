//! One invented device: its role, its processes and its clock. What the processes do is in `acts`.

use super::acts::act;
use super::programs::{self, Program};
use super::random::{Random, hex, mix};
use super::words;
use crate::row::Nanos;
use crate::{Row, col};

/// Processes alive at once at most, daemons included; beyond it the oldest one ends.
const LIVE_MAX: usize = 48;
/// Out of a thousand new processes, those whose image nobody else in the fleet has.
const UNIQUE_IMAGE_PER_MILLE: u64 = 2;

/// What a device is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    OfficePc,
    DeveloperPc,
    WebServer,
    BuildServer,
    WindowsServer,
}

impl Role {
    fn of(idx: u32) -> Self {
        match idx % 10 {
            0..4 => Role::OfficePc,
            4 | 5 => Role::DeveloperPc,
            6 | 7 => Role::WebServer,
            8 => Role::BuildServer,
            _ => Role::WindowsServer,
        }
    }

    pub(super) fn windows(self) -> bool {
        match self {
            Role::OfficePc | Role::WindowsServer => true,
            Role::DeveloperPc | Role::WebServer | Role::BuildServer => false,
        }
    }

    fn servers(self) -> bool {
        match self {
            Role::WebServer | Role::BuildServer | Role::WindowsServer => true,
            Role::OfficePc | Role::DeveloperPc => false,
        }
    }

    fn weight(self) -> f64 {
        match self {
            Role::OfficePc => 1.0,
            Role::DeveloperPc => 2.0,
            Role::WebServer => 3.0,
            Role::BuildServer => 6.0,
            Role::WindowsServer => 2.5,
        }
    }
}

/// A running process. The two rows are filled once and cloned into every event.
pub(super) struct Live {
    /// Columns of the acting process.
    actor: Row,
    /// Columns of the process that an event is about.
    subject: Row,
    started_ns: i64,
    daemon: bool,
}

pub(super) struct Host {
    pub(super) id: String,
    pub(super) role: Role,
    pub(super) user: &'static str,
    pub(super) address: String,
    pub(super) random: Random,
    /// The turn from which it is connected again.
    pub(super) away_until: u64,
    name: String,
    boot: String,
    boot_id: String,
    weight: f64,
    /// Programs on devices of the same group have the same version, so the same hash.
    version: u64,
    live: Vec<Live>,
    next_pid: u64,
    rows: Vec<Row>,
    owed: f64,
    now_ns: i64,
    /// Time between two rows on average in this turn.
    gap_ns: u64,
}

impl Host {
    pub(super) fn new(seed: u64, idx: u32, start_ns: i64) -> Self {
        let mut random = Random::new(seed);
        let role = Role::of(idx);
        let kind = if role.windows() { "pc" } else { "lx" };
        let boot_id = hex(random.next(), 32);
        let mut host = Self {
            id: hex(random.next(), 40),
            role,
            user: words::USERS[(idx as usize * 7) % 26],
            address: words::private_address(mix(seed, 5)),
            away_until: 0,
            name: format!("{kind}-{idx:04}.corp.test"),
            boot: boot_id[..8].to_owned(),
            boot_id,
            // Some devices are much louder than their like.
            weight: role.weight() * (0.3 + 3.0 * random.fraction().powi(3)),
            version: random.skewed(6) as u64,
            live: Vec::new(),
            next_pid: 300,
            rows: Vec::new(),
            owed: 0.0,
            now_ns: start_ns,
            gap_ns: 1_000,
            random,
        };
        let daemons = if role.windows() { programs::WINDOWS_DAEMONS } else { programs::LINUX_DAEMONS };
        for daemon in daemons {
            host.start(daemon, 0, true);
        }
        host
    }

    /// How busy it is in that hour: servers always, desks in the daytime of a week.
    pub(super) fn activity(&self, hour: i64) -> f64 {
        // 1970-01-01 was a Thursday.
        let weekend = matches!((hour / 24 + 4) % 7, 0 | 6);
        let level = match hour % 24 {
            8..18 if self.role.servers() || !weekend => 1.0,
            18..22 if self.role.servers() || !weekend => 0.5,
            _ if self.role.servers() => 0.45,
            _ => 0.06,
        };
        level * self.weight
    }

    /// Lives from one instant to another, and makes about `expected` rows.
    pub(super) fn run(&mut self, from_ns: i64, to_ns: i64, expected: f64) {
        self.owed += expected;
        if self.owed < 1.0 {
            return;
        }
        self.now_ns = self.now_ns.max(from_ns);
        self.gap_ns = ((to_ns - self.now_ns).max(1_000_000) as f64 / (self.owed + 8.0)) as u64 + 1;
        while self.owed >= 1.0 {
            let before = self.rows.len();
            act(self);
            self.owed -= (self.rows.len() - before) as f64;
        }
        // A burst may run beyond the turn; the clock never does.
        let n_beyond = self.rows.iter().rev().take_while(|row| row.number(&col::TIMESTAMP) > Some(to_ns)).count();
        let start = self.rows.len() - n_beyond;
        for row in &mut self.rows[start..] {
            row.set(&col::TIMESTAMP, Nanos(to_ns));
        }
        self.now_ns = self.now_ns.min(to_ns);
    }

    pub(super) fn take_rows(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.rows)
    }

    fn tick(&mut self) -> Nanos {
        // Events come in bursts: most follow at once, some after a pause.
        let gap_ns = if self.random.chance(700) { self.gap_ns / 20 } else { self.gap_ns * 3 };
        self.now_ns += 1 + self.random.below(2 * gap_ns + 2) as i64;
        Nanos(self.now_ns)
    }

    /// A row of an action of a process; the caller adds its columns and gives it to `push`.
    pub(super) fn event(&mut self, table: &'static str, action: &'static str, actor: usize) -> Row {
        let now = self.tick();
        let thread = self.random.below(4) as i64;
        let mut row = self.live[actor].actor.clone();
        let pid = row.number(&col::INITIATING_PROCESS_ID).unwrap_or(0);
        row.set(&col::TIMESTAMP, now)
            .set(&col::ACTION_TYPE, action)
            .set(&col::EVENT_TABLE, table)
            .set(&col::OUTCOME, "ok")
            .set(&col::INITIATING_THREAD_ID, pid + thread);
        row
    }

    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// A process that acts: daemons and the youngest ones most.
    pub(super) fn any_live(&mut self) -> usize {
        let from_end = self.random.skewed(self.live.len());
        if self.random.chance(400) { self.random.below(12) as usize } else { self.live.len() - 1 - from_end }
    }

    /// Starts a program below a parent; the index of the new process.
    pub(super) fn start(&mut self, program: &'static Program, parent: usize, daemon: bool) -> usize {
        let now = self.tick();
        let pid = self.next_pid;
        self.next_pid = if pid > 60_000 { 1_000 } else { pid + 1 + self.random.below(9) };
        let unique_image = self.random.chance(UNIQUE_IMAGE_PER_MILLE) && !daemon;
        let image = self.image(program, unique_image);
        let mut subject = self.subject(program, &image, pid, now);
        if unique_image {
            let path = if self.role.windows() {
                format!("C:\\Users\\{}\\Downloads\\{}-{pid}.exe", self.user, words::stem(&mut self.random))
            } else {
                format!("/tmp/{}.{pid}", words::stem(&mut self.random))
            };
            let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            subject.set(&col::FOLDER_PATH, path).set(&col::FILE_NAME, name);
        }
        let actor = self.actor_of(&subject, parent);
        if !self.live.is_empty() {
            let action = if daemon { "ProcessFound" } else { "ProcessCreated" };
            let mut row = self.live[parent].actor.clone();
            for (column, value) in subject.values() {
                row.set(column, value.clone());
            }
            row.set(&col::TIMESTAMP, now)
                .set(&col::ACTION_TYPE, action)
                .set(&col::EVENT_TABLE, "DeviceProcessEvents")
                .set(&col::OUTCOME, "ok");
            if !self.role.windows() {
                row.set(&col::PROCESS_WORKING_DIRECTORY, format!("/home/{}", self.user));
            }
            self.rows.push(row);
        }
        self.live.push(Live { actor, subject, started_ns: now.0, daemon });
        let newest = self.live.len() - 1;
        if newest >= LIVE_MAX { self.end_oldest(newest) } else { newest }
    }

    /// Ends the oldest process that is no daemon; where `kept` is after that.
    fn end_oldest(&mut self, kept: usize) -> usize {
        let Some(idx) = self.live.iter().position(|live| !live.daemon) else { return kept };
        let now = self.tick();
        let live = self.live.remove(idx);
        let mut row = live.actor;
        for (column, value) in live.subject.values() {
            row.set(column, value.clone());
        }
        row.set(&col::TIMESTAMP, now)
            .set(&col::ACTION_TYPE, "ProcessTerminated")
            .set(&col::EVENT_TABLE, "DeviceProcessEvents")
            .set(&col::OUTCOME, "ok")
            .set(&col::DURATION_US, (now.0 - live.started_ns) / 1_000);
        if self.random.chance(60) {
            let code = 1 + self.random.below(3) as i64;
            row.set(&col::OUTCOME, "failed")
                .set(&col::ERROR_CODE, code)
                .set(&col::ERROR_NAME, if code == 3 { "SIGKILL".to_owned() } else { format!("exit {code}") });
        }
        self.rows.push(row);
        kept - usize::from(idx < kept)
    }

    /// What a program's hash depends on.
    fn image(&mut self, program: &Program, unique: bool) -> u64 {
        let name: u64 = program.name.bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let version = if unique { self.random.next() } else { self.version + 10 * u64::from(self.role.windows()) };
        mix(name, version)
    }

    fn subject(&mut self, program: &Program, image: &u64, pid: u64, started: Nanos) -> Row {
        let windows = self.role.windows();
        let system = self.live.len() < 3 || self.random.chance(250);
        let user = if system && windows {
            "SYSTEM"
        } else if system {
            "root"
        } else {
            self.user
        };
        let command_line = programs::command_line(&mut self.random, program, windows, self.user);
        let session = if system { 0 } else { 1 + self.random.below(3) as i64 };
        let mut row = Row::new();
        row.set(&col::DEVICE_NAME, self.name.as_str())
            .set(&col::FILE_NAME, program.name)
            .set(&col::FOLDER_PATH, format!("{}{}", program.dir, program.name))
            .set(&col::SHA256, hex(*image, 64))
            .set(&col::SHA1, hex(mix(*image, 1), 40))
            .set(&col::MD5, hex(mix(*image, 2), 32))
            .set(&col::FILE_SIZE, 20_000 + (image % 9_000_000) as i64)
            .set(&col::PROCESS_ID, pid as i64)
            .set(&col::PROCESS_UNIQUE_ID, format!("{}-{pid}-{}", self.boot, started.0 as u64 % 10_000_000_000_000_000))
            .set(&col::PROCESS_CREATION_TIME, started)
            .set(&col::ACCOUNT_NAME, user)
            .set(&col::CREATED_PROCESS_SESSION_ID, session)
            .set(&col::LOGON_ID, 999 + session * 7_919);
        if !command_line.is_empty() {
            row.set(&col::PROCESS_COMMAND_LINE, command_line);
        }
        if windows {
            row.set(&col::ACCOUNT_DOMAIN, if system { "NT AUTHORITY" } else { "CORP" })
                .set(&col::ACCOUNT_SID, if system { "S-1-5-18".to_owned() } else { format!("S-1-5-21-{}", self.user) })
                .set(&col::PROCESS_INTEGRITY_LEVEL, if system { "System" } else { "Medium" })
                .set(
                    &col::PROCESS_TOKEN_ELEVATION,
                    if system { "TokenElevationTypeDefault" } else { "TokenElevationTypeLimited" },
                )
                .set(&col::PROCESS_VERSION_INFO_COMPANY_NAME, program.company)
                .set(&col::PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME, program.name)
                .set(&col::PROCESS_VERSION_INFO_PRODUCT_VERSION, format!("10.{}.{}", self.version, image % 9_000));
        } else {
            row.set(&col::TERMINAL, if system { "?" } else { "pts/0" });
        }
        row
    }

    /// The same process as the one that acts.
    fn actor_of(&mut self, subject: &Row, parent: usize) -> Row {
        let pairs: [(&crate::Column, &'static crate::Column); 19] = [
            (&col::FILE_NAME, &col::INITIATING_PROCESS_FILE_NAME),
            (&col::FOLDER_PATH, &col::INITIATING_PROCESS_FOLDER_PATH),
            (&col::SHA256, &col::INITIATING_PROCESS_SHA256),
            (&col::SHA1, &col::INITIATING_PROCESS_SHA1),
            (&col::MD5, &col::INITIATING_PROCESS_MD5),
            (&col::FILE_SIZE, &col::INITIATING_PROCESS_FILE_SIZE),
            (&col::PROCESS_ID, &col::INITIATING_PROCESS_ID),
            (&col::PROCESS_UNIQUE_ID, &col::INITIATING_PROCESS_UNIQUE_ID),
            (&col::PROCESS_CREATION_TIME, &col::INITIATING_PROCESS_CREATION_TIME),
            (&col::PROCESS_COMMAND_LINE, &col::INITIATING_PROCESS_COMMAND_LINE),
            (&col::ACCOUNT_NAME, &col::INITIATING_PROCESS_ACCOUNT_NAME),
            (&col::ACCOUNT_DOMAIN, &col::INITIATING_PROCESS_ACCOUNT_DOMAIN),
            (&col::ACCOUNT_SID, &col::INITIATING_PROCESS_ACCOUNT_SID),
            (&col::CREATED_PROCESS_SESSION_ID, &col::INITIATING_PROCESS_SESSION_ID),
            (&col::LOGON_ID, &col::INITIATING_PROCESS_LOGON_ID),
            (&col::PROCESS_INTEGRITY_LEVEL, &col::INITIATING_PROCESS_INTEGRITY_LEVEL),
            (&col::PROCESS_TOKEN_ELEVATION, &col::INITIATING_PROCESS_TOKEN_ELEVATION),
            (&col::PROCESS_VERSION_INFO_COMPANY_NAME, &col::INITIATING_PROCESS_VERSION_INFO_COMPANY_NAME),
            (&col::PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME, &col::INITIATING_PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME),
        ];
        let mut row = Row::new();
        row.set(&col::DEVICE_NAME, self.name.as_str()).set(&col::BOOT_ID, self.boot_id.as_str());
        for (column, value) in subject.values() {
            if let Some((_, actor)) = pairs.iter().find(|(from, _)| from.wire == column.wire) {
                row.set(actor, value.clone());
            }
        }
        if let Some(parent) = self.live.get(parent) {
            let parent = &parent.subject;
            row.set_opt(&col::INITIATING_PROCESS_PARENT_ID, parent.number(&col::PROCESS_ID))
                .set_opt(&col::INITIATING_PROCESS_PARENT_FILE_NAME, parent.text(&col::FILE_NAME))
                .set_opt(&col::INITIATING_PROCESS_PARENT_UNIQUE_ID, parent.text(&col::PROCESS_UNIQUE_ID))
                .set_opt(
                    &col::INITIATING_PROCESS_PARENT_CREATION_TIME,
                    parent.number(&col::PROCESS_CREATION_TIME).map(Nanos),
                );
        }
        self.attribute(&mut row);
        row
    }

    /// Interpreters name their script.
    fn attribute(&mut self, row: &mut Row) {
        let name = row.text(&col::INITIATING_PROCESS_FILE_NAME).unwrap_or_default();
        let host = ["python3", "bash", "powershell.exe", "node", "python.exe"].contains(&name);
        if !host {
            row.set(&col::ATTRIBUTION_LEVEL, "none");
            return;
        }
        let path = if self.role.windows() {
            format!("C:\\Scripts\\{}.ps1", words::stem(&mut self.random))
        } else {
            format!("/srv/scripts/{}.py", words::stem(&mut self.random))
        };
        row.set(&col::INITIATING_SCRIPT_SHA256, hex(mix(path.len() as u64, self.version), 64))
            .set(&col::INITIATING_SCRIPT_PATH, path)
            .set(&col::ATTRIBUTION_LEVEL, "exact-single")
            .set(&col::ATTRIBUTION_EVIDENCE, "[\"argv\"]");
    }
}

//! Vocabulary of the sample: users, hosts, folders and addresses. The order matters: the first come most often.

use super::random::{Random, hex, mix};

pub(super) const USERS: &[&str] = &[
    "aiko",
    "ben",
    "carla",
    "daichi",
    "emma",
    "farid",
    "grace",
    "haruto",
    "ines",
    "jonas",
    "keiko",
    "liam",
    "mei",
    "noah",
    "olga",
    "paulo",
    "qing",
    "rosa",
    "sakura",
    "tomas",
    "ume",
    "viktor",
    "wanda",
    "xavier",
    "yuki",
    "zoe",
    "svc-backup",
    "svc-deploy",
    "svc-scan",
    "svc-sql",
    "admin",
    "build",
    "deploy",
    "jenkins",
];

const NOUNS: &[&str] = &[
    "report",
    "config",
    "index",
    "cache",
    "data",
    "build",
    "module",
    "session",
    "backup",
    "update",
    "invoice",
    "notes",
    "budget",
    "client",
    "server",
    "worker",
    "schema",
    "metrics",
    "orders",
    "payroll",
    "contract",
    "draft",
    "export",
    "import",
    "ledger",
    "archive",
    "thumbnail",
    "profile",
    "settings",
    "journal",
    "forecast",
    "inventory",
    "license",
    "manifest",
    "migration",
    "monitor",
    "parser",
    "planner",
    "registry",
    "release",
    "renderer",
    "resolver",
    "review",
    "roster",
    "salary",
    "scanner",
    "shipment",
    "snapshot",
    "survey",
    "template",
    "tenant",
    "ticket",
    "timesheet",
    "transcript",
    "translation",
    "tracker",
    "upload",
    "vendor",
    "voucher",
    "warehouse",
    "webhook",
    "wizard",
    "keihi",
];

const ADJECTIVES: &[&str] = &[
    "new", "old", "final", "local", "remote", "daily", "weekly", "monthly", "shared", "private", "public", "test",
    "main", "temp", "legacy", "internal", "external", "annual", "pending", "signed", "merged", "partial", "urgent",
];

const EXTENSIONS_LINUX: &[&str] =
    &["log", "o", "rs", "py", "json", "so", "ts", "tmp", "c", "h", "yaml", "toml", "md", "txt", "gz", "sql", "db"];
const EXTENSIONS_WINDOWS: &[&str] =
    &["tmp", "log", "docx", "xlsx", "dll", "json", "pdf", "etl", "dat", "pf", "pptx", "exe", "ps1", "lnk", "zip"];

const PROJECTS: &[&str] = &[
    "atlas", "beacon", "comet", "delta", "ember", "falcon", "garnet", "harbor", "iris", "juniper", "kestrel", "lotus",
    "meadow", "nimbus", "onyx", "pioneer", "quartz", "raven", "sierra", "tundra", "umbra", "vertex", "willow",
    "zephyr",
];

const SITES: &[&str] = &[
    "search",
    "mail",
    "static",
    "cdn",
    "api",
    "login",
    "update",
    "telemetry",
    "packages",
    "images",
    "video",
    "chat",
    "docs",
    "code",
    "registry",
    "mirror",
    "ads",
    "maps",
    "news",
    "shop",
    "bank",
    "auth",
    "storage",
    "sync",
];

const ZONES: &[&str] =
    &["example.com", "example.net", "example.org", "corp.test", "cloud.test", "shop.test", "media.test"];

/// `weekly-report`, or one of a long tail with a number.
pub(super) fn stem(random: &mut Random) -> String {
    let (adjective, noun) = (random.pick_skewed(ADJECTIVES), random.pick_skewed(NOUNS));
    match random.below(10) {
        0..4 => noun.to_owned(),
        4..7 => format!("{adjective}-{noun}"),
        7..9 => format!("{noun}_{}", random.below(400)),
        _ => format!("{noun}-{}", hex(random.next(), 8)),
    }
}

pub(super) fn linux_path(random: &mut Random, user: &str) -> String {
    let (stem, extension) = (stem(random), random.pick_skewed(EXTENSIONS_LINUX));
    let project = random.pick_skewed(PROJECTS);
    match random.below(20) {
        0..6 => format!("/home/{user}/src/{project}/src/{stem}.{extension}"),
        6..9 => format!("/home/{user}/src/{project}/target/debug/deps/{stem}-{}.{extension}", hex(random.next(), 8)),
        9..12 => format!("/var/log/{project}/{stem}.log"),
        12..14 => format!("/tmp/{stem}.{}", hex(random.next(), 6)),
        14..16 => format!("/home/{user}/.cache/{project}/{}/{stem}", hex(random.next(), 2)),
        16..18 => format!("/var/lib/{project}/{stem}.{extension}"),
        18 => format!("/etc/{project}/{stem}.conf"),
        _ => format!("/srv/{project}/{user}/{stem}.{extension}"),
    }
}

pub(super) fn windows_path(random: &mut Random, user: &str) -> String {
    let (stem, extension) = (stem(random), random.pick_skewed(EXTENSIONS_WINDOWS));
    let project = random.pick_skewed(PROJECTS);
    match random.below(20) {
        0..5 => format!("C:\\Users\\{user}\\AppData\\Local\\Temp\\{stem}.{extension}"),
        5..8 => format!("C:\\Users\\{user}\\AppData\\Local\\{project}\\Cache\\{}", hex(random.next(), 12)),
        8..12 => format!("C:\\Users\\{user}\\Documents\\{project}\\{stem}.{extension}"),
        12..14 => format!("C:\\ProgramData\\{project}\\{stem}.{extension}"),
        14..16 => format!("C:\\Windows\\Prefetch\\{}-{}.pf", stem.to_uppercase(), hex(random.next(), 8)),
        16..18 => format!("C:\\Program Files\\{project}\\{stem}.dll"),
        18 => format!("\\\\files\\{project}\\{user}\\{stem}.{extension}"),
        _ => format!("C:\\Windows\\System32\\LogFiles\\{stem}.etl"),
    }
}

pub(super) fn registry_key(random: &mut Random, user: &str) -> String {
    let project = random.pick_skewed(PROJECTS);
    match random.below(8) {
        0..3 => format!("HKEY_CURRENT_USER\\S-1-5-21-{user}\\SOFTWARE\\{project}\\{}", stem(random)),
        3..5 => format!("HKEY_LOCAL_MACHINE\\SOFTWARE\\{project}\\Settings"),
        5 => format!("HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\{project}"),
        6 => "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run".to_owned(),
        _ => format!("HKEY_CURRENT_USER\\Software\\Classes\\CLSID\\{{{}}}", hex(random.next(), 32)),
    }
}

/// A host name and its address: the same name always has the same one to three addresses.
pub(super) fn site(random: &mut Random) -> (String, String) {
    let rank = random.skewed(3_000);
    let name = if random.chance(30) {
        format!("{}.edge{}.{}", hex(random.next(), 10), rank % 40, ZONES[rank % ZONES.len()])
    } else {
        format!("{}{}.{}", SITES[rank % SITES.len()], rank / SITES.len(), ZONES[rank % ZONES.len()])
    };
    let bits = mix(rank as u64, 77 + random.below(3));
    // 192.0.2.0/24 and its two siblings are for documentation but too few: a bench needs thousands of addresses.
    let address = format!("{}.{}.{}.{}", 11 + bits % 180, bits >> 8 & 255, bits >> 16 & 255, 1 + (bits >> 24) % 250);
    (name, address)
}

pub(super) fn private_address(number: u64) -> String {
    format!("10.{}.{}.{}", number >> 16 & 31, number >> 8 & 255, 1 + number % 250)
}

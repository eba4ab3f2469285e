//! Programs of the sample: where they are, who made them, how they are called.

use super::random::Random;
use super::words;

/// A program. In arguments `{f}` is a path, `{u}` a URL, `{n}` a number, `{w}` a word.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) dir: &'static str,
    pub(super) company: &'static str,
    pub(super) arguments: &'static [&'static str],
}

const fn program(
    name: &'static str,
    dir: &'static str,
    company: &'static str,
    arguments: &'static [&'static str],
) -> Program {
    Program { name, dir, company, arguments }
}

const OS: &str = "Microsoft Corporation";
const SYSTEM32: &str = "C:\\Windows\\System32\\";
const OFFICE: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16\\";

pub(super) static LINUX_DAEMONS: &[Program] = &[
    program("systemd", "/usr/lib/systemd/", "", &["--switched-root --system --deserialize=31"]),
    program("sshd", "/usr/sbin/", "", &["-D -o AuthorizedKeysCommand=none"]),
    program("cron", "/usr/sbin/", "", &["-f -P"]),
    program("bash", "/usr/bin/", "", &["-l", ""]),
    program("nginx", "/usr/sbin/", "", &["-g daemon on; master_process on;"]),
    program("java", "/usr/lib/jvm/java-21/bin/", "", &["-Xmx{n}m -jar /srv/atlas/{w}.jar --profile prod"]),
    program("postgres", "/usr/lib/postgresql/16/bin/", "", &["-D /var/lib/postgresql/16/main"]),
    program("dockerd", "/usr/bin/", "", &["-H fd:// --containerd=/run/containerd/containerd.sock"]),
    program("node", "/usr/bin/", "", &["/srv/beacon/{w}.js --port {n}"]),
    program("python3", "/usr/bin/", "", &["/srv/comet/{w}.py --config /etc/comet/{w}.conf"]),
    program("rsyslogd", "/usr/sbin/", "", &["-n -iNONE"]),
    program("chronyd", "/usr/sbin/", "", &["-F 1"]),
];

pub(super) static LINUX_TOOLS: &[Program] = &[
    program("bash", "/usr/bin/", "", &["-c {w} {f}", "{f}", "-c 'cd {f} && ./{w}.sh {n}'"]),
    program("cc1", "/usr/libexec/gcc/x86_64-linux-gnu/14/", "", &["-quiet -I . {f} -O2 -o {f}"]),
    program("git", "/usr/bin/", "", &["status --porcelain", "fetch {u}", "commit -m '{w} {w}'", "log -n {n}"]),
    program("grep", "/usr/bin/", "", &["-rn {w} {f}", "-c {w} {f}"]),
    program("cat", "/usr/bin/", "", &["{f}"]),
    program("ls", "/usr/bin/", "", &["-la {f}", ""]),
    program("rm", "/usr/bin/", "", &["-rf {f}", "{f}"]),
    program("python3", "/usr/bin/", "", &["{f} --{w} {n}", "-m {w}", "-c 'import {w}'"]),
    program("rustc", "/home/build/.cargo/bin/", "", &["--crate-name {w} --edition=2024 {f} -C metadata={n}"]),
    program("ld", "/usr/bin/", "", &["-o {f} {f} {f} -lc"]),
    program("make", "/usr/bin/", "", &["-j{n} {w}"]),
    program("curl", "/usr/bin/", "", &["-fsSL {u} -o {f}", "-s {u}", "-X POST {u} -d @{f}"]),
    program("sed", "/usr/bin/", "", &["-i s/{w}/{w}/ {f}"]),
    program("find", "/usr/bin/", "", &["{f} -name {w}* -mtime -{n}"]),
    program("node", "/usr/bin/", "", &["{f} --{w}={n}"]),
    program("tar", "/usr/bin/", "", &["-czf {f} {f}"]),
    program("ps", "/usr/bin/", "", &["aux"]),
    program("ssh", "/usr/bin/", "", &["{w}{n}.corp.test", "-i {f} deploy@{w}.corp.test uptime"]),
    program("npm", "/usr/bin/", "", &["run {w}", "install {w}@{n}"]),
    program("cargo", "/home/build/.cargo/bin/", "", &["build -p {w}", "test {w}"]),
    program("systemctl", "/usr/bin/", "", &["status {w}", "restart {w}"]),
    program("psql", "/usr/bin/", "", &["-c 'select * from {w} limit {n}'"]),
    program("docker", "/usr/bin/", "", &["exec {w} sh", "pull {w}:{n}"]),
    program("wget", "/usr/bin/", "", &["-q {u}"]),
    program("sudo", "/usr/bin/", "", &["systemctl restart {w}", "-u postgres psql"]),
    program("apt-get", "/usr/bin/", "", &["install -y {w}"]),
    program("kubectl", "/usr/local/bin/", "", &["get pods -n {w}"]),
    program("openssl", "/usr/bin/", "", &["s_client -connect {w}.corp.test:443"]),
    program("id", "/usr/bin/", "", &[""]),
    program("uname", "/usr/bin/", "", &["-a"]),
    program("chmod", "/usr/bin/", "", &["+x {f}"]),
    program("base64", "/usr/bin/", "", &["-d {f}"]),
    program("whoami", "/usr/bin/", "", &[""]),
    program("crontab", "/usr/bin/", "", &["-l"]),
    program("nc", "/usr/bin/", "", &["-lvnp {n}"]),
];

pub(super) static WINDOWS_DAEMONS: &[Program] = &[
    program("services.exe", SYSTEM32, OS, &[""]),
    program("svchost.exe", SYSTEM32, OS, &["-k netsvcs -p -s {w}", "-k LocalService -p"]),
    program("explorer.exe", "C:\\Windows\\", OS, &[""]),
    program(
        "chrome.exe",
        "C:\\Program Files\\Google\\Chrome\\Application\\",
        "Google LLC",
        &["--type=utility --lang={n}"],
    ),
    program("MsMpEng.exe", "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\", OS, &[""]),
    program("OUTLOOK.EXE", OFFICE, OS, &["/recycle"]),
    program("OneDrive.exe", "C:\\Program Files\\Microsoft OneDrive\\", OS, &["/background"]),
    program("lsass.exe", SYSTEM32, OS, &[""]),
    program("SearchIndexer.exe", SYSTEM32, OS, &["/Embedding"]),
    program("w3wp.exe", "C:\\Windows\\System32\\inetsrv\\", OS, &["-ap \"{w}\" -v \"v4.0\""]),
    program("sqlservr.exe", "C:\\Program Files\\Microsoft SQL Server\\", OS, &["-s{w}"]),
    program("winlogon.exe", SYSTEM32, OS, &[""]),
];

pub(super) static WINDOWS_TOOLS: &[Program] = &[
    program("backgroundTaskHost.exe", SYSTEM32, OS, &["-ServerName:{w}.AppX{n}"]),
    program("RuntimeBroker.exe", SYSTEM32, OS, &["-Embedding"]),
    program(
        "chrome.exe",
        "C:\\Program Files\\Google\\Chrome\\Application\\",
        "Google LLC",
        &["--type=renderer --client-id={n}"],
    ),
    program("conhost.exe", SYSTEM32, OS, &["0xffffffff -ForceV1"]),
    program("cmd.exe", SYSTEM32, OS, &["/c {w}.bat", "/c echo {w} > {f}", "/c dir {f}"]),
    program(
        "powershell.exe",
        "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\",
        OS,
        &[
            "-NoProfile -File {f}",
            "-ExecutionPolicy Bypass -Command \"Get-{w} -Id {n}\"",
            "-Command \"Invoke-WebRequest {u} -OutFile {f}\"",
        ],
    ),
    program("taskhostw.exe", SYSTEM32, OS, &["{w}"]),
    program("dllhost.exe", SYSTEM32, OS, &["/Processid:{n}"]),
    program("svchost.exe", SYSTEM32, OS, &["-k wsappx -p -s {w}"]),
    program("WINWORD.EXE", OFFICE, OS, &["/n \"{f}\"", "/Automation -Embedding"]),
    program("EXCEL.EXE", OFFICE, OS, &["\"{f}\""]),
    program("Teams.exe", "C:\\Program Files\\Teams\\", OS, &["--type=gpu-process --pid={n}"]),
    program("rundll32.exe", SYSTEM32, OS, &["{w}.dll,Control_RunDLL {n}"]),
    program("msiexec.exe", SYSTEM32, OS, &["/i {f} /qn"]),
    program("git.exe", "C:\\Program Files\\Git\\cmd\\", "The Git Development Community", &["status", "pull {u}"]),
    program("python.exe", "C:\\Python312\\", "Python Software Foundation", &["{f}", "-m {w}"]),
    program("reg.exe", SYSTEM32, OS, &["query HKLM\\Software\\{w}"]),
    program("schtasks.exe", SYSTEM32, OS, &["/query /tn {w}", "/create /tn {w} /tr {f}"]),
    program("net.exe", SYSTEM32, OS, &["use \\\\files\\{w}", "user {w}"]),
    program("tasklist.exe", SYSTEM32, OS, &["/v"]),
    program("wmic.exe", SYSTEM32, OS, &["process get {w}"]),
    program("whoami.exe", SYSTEM32, OS, &["/all"]),
    program("certutil.exe", SYSTEM32, OS, &["-urlcache -f {u} {f}"]),
    program("notepad.exe", SYSTEM32, OS, &["{f}"]),
];

/// The command line of one start.
pub(super) fn command_line(random: &mut Random, program: &Program, windows: bool, user: &str) -> String {
    let mut line = if windows { format!("\"{}{}\"", program.dir, program.name) } else { program.name.to_owned() };
    let arguments = random.pick(program.arguments);
    if !arguments.is_empty() {
        line.push(' ');
    }
    let mut rest = arguments;
    while let Some((before, after)) = rest.split_once('{') {
        line.push_str(before);
        let Some((hole, after)) = after.split_once('}') else { break };
        match hole {
            "f" if windows => line.push_str(&words::windows_path(random, user)),
            "f" => line.push_str(&words::linux_path(random, user)),
            "u" => line.push_str(&format!("https://{}/{}", words::site(random).0, words::stem(random))),
            "n" => line.push_str(&random.below(4_096).to_string()),
            _ => line.push_str(&words::stem(random)),
        }
        rest = after;
    }
    line.push_str(rest);
    line
}

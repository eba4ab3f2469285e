//! A dense event log of a few hosts, as a collector has it: Sysmon 1, 3, 11 and 22, Security 4688, PowerShell 4103 and
//! 4104. Seeded: the same size gives the same file.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::Result;
use winlog::evtx::Writer;
use winlog::{Event, Field, time_text_of_ns};

const START_NS: i64 = 1_772_442_904_000_000_000;
/// Mean time between two events: a busy fleet's collector.
const STEP_NS: i64 = 4_000_000;
/// Rough bytes of an event in the file, to look at the size only now and then.
const LOOK_EVERY: u64 = 1_000;

const SYSMON: (&str, &str) = ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational");
const SECURITY: (&str, &str) = ("Microsoft-Windows-Security-Auditing", "Security");
const POWERSHELL: (&str, &str) = ("Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational");

const IMAGES: [&str; 8] = [
    r"C:\Windows\System32\svchost.exe",
    r"C:\Windows\System32\cmd.exe",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
    r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE",
    r"C:\Windows\System32\wbem\WmiPrvSE.exe",
    r"C:\Windows\System32\conhost.exe",
    r"C:\ProgramData\Agent\agent.exe",
];
const POWERSHELL_IMAGE: usize = 3;

/// SplitMix64: a few lines, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016X}", self.next()));
        }
        text.truncate(digits);
        text
    }
}

struct Process {
    host: usize,
    pid: u32,
    image: usize,
    guid: String,
    parent: (u32, usize, String),
    command_line: String,
    /// Runspace and thread, where it runs scripts.
    number: u64,
}

struct Made {
    random: Random,
    time_ns: i64,
    records: u64,
    processes: Vec<Process>,
    n_processes: u64,
    later: Vec<Event>,
}

/// Writes about so many bytes; returns the number of events.
pub fn write(path: &Path, bytes: u64) -> Result<u64> {
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, File::create(path)?))?;
    let mut made = Made {
        random: Random(2_026),
        time_ns: START_NS,
        records: 0,
        processes: Vec::new(),
        n_processes: 0,
        later: Vec::new(),
    };
    for host in 0..4 {
        for _ in 0..8 {
            made.start(host);
        }
    }
    loop {
        for event in made.next() {
            writer.push(&event)?;
        }
        if made.records.is_multiple_of(LOOK_EVERY) && std::fs::metadata(path)?.len() >= bytes {
            writer.finish()?;
            return Ok(made.records);
        }
    }
}

impl Made {
    fn next(&mut self) -> Vec<Event> {
        self.time_ns += 1 + self.random.below(2 * STEP_NS as usize) as i64;
        let idx = self.random.below(self.processes.len());
        let dice = self.random.below(100);
        let mut events = std::mem::take(&mut self.later);
        match dice {
            0..20 => {
                let host = self.random.below(4);
                self.start(host);
                let started = self.created();
                let audited = self.audited();
                events.push(started);
                self.later.push(audited);
            }
            20..45 => events.push(self.connected(idx)),
            45..65 => events.push(self.wrote(idx)),
            65..80 => events.push(self.resolved(idx)),
            80..95 => events.push(self.command()),
            _ => events.push(self.script()),
        }
        for event in &mut events {
            self.records += 1;
            event.record_id = self.records;
        }
        events
    }

    fn start(&mut self, host: usize) {
        let number = self.n_processes;
        self.n_processes += 1;
        let image = if number.is_multiple_of(9) { POWERSHELL_IMAGE } else { self.random.below(IMAGES.len()) };
        let parent = match self.processes.len() {
            0 => (612, 0, Self::guid(0)),
            len => {
                let parent = &self.processes[self.random.below(len)];
                (parent.pid, parent.image, parent.guid.clone())
            }
        };
        let guid = Self::guid(number + 1);
        let salt = self.random.next();
        let command_line = format!("\"{}\" --type=worker --session={salt:016x} /k {}", IMAGES[image], number % 512);
        let pid = 4 * (1_000 + (number % 12_000) as u32);
        let process = Process { host, pid, image, guid, parent, command_line, number };
        // Some hundreds run at a time.
        if self.processes.len() < 400 {
            self.processes.push(process);
        } else {
            let idx = self.random.below(self.processes.len() - 1);
            self.processes[idx] = process;
            let last = self.processes.len() - 1;
            self.processes.swap(idx, last);
        }
    }

    fn guid(number: u64) -> String {
        format!("{{b1a4e0d7-5a08-69a5-{:04x}-{:012x}}}", number & 0xffff, 0x2a00 + number)
    }

    fn event(&self, source: (&str, &str), event_id: u32, host: usize, data: &[(&str, String)]) -> Event {
        let is_powershell = source == POWERSHELL;
        Event {
            provider: source.0.to_owned(),
            channel: source.1.to_owned(),
            event_id,
            version: 5,
            level: if event_id == 4104 { 5 } else { 4 },
            computer: format!("WS{host:02}.corp.example.test"),
            time_ns: self.time_ns / 100 * 100,
            process_id: if is_powershell { 0 } else { 2_796 },
            thread_id: 3_920,
            user_sid: Some("S-1-5-18".to_owned()),
            task: event_id as u16,
            keywords: "0x8000000000000000".to_owned(),
            data: data.iter().map(|(name, value)| Field { name: (*name).into(), value: value.clone() }).collect(),
            ..Event::default()
        }
    }

    /// Sysmon's clock is in milliseconds, and an event is some of them old.
    fn utc(&self) -> String {
        time_text_of_ns(self.time_ns - 12_000_000)[..23].replace('T', " ")
    }

    fn sysmon(&self, event_id: u32, process: &Process, rest: Vec<(&str, String)>) -> Event {
        let mut data = vec![
            ("RuleName", "-".to_owned()),
            ("UtcTime", self.utc()),
            ("ProcessGuid", process.guid.clone()),
            ("ProcessId", process.pid.to_string()),
            ("Image", IMAGES[process.image].to_owned()),
        ];
        data.extend(rest);
        self.event(SYSMON, event_id, process.host, &data)
    }

    fn created(&self) -> Event {
        let image = self.processes[self.processes.len() - 1].image as u64;
        // A program has the same hashes each time.
        let mut of_image = Random(image);
        let hashes = format!("SHA1={},MD5={},SHA256={}", of_image.hex(40), of_image.hex(32), of_image.hex(64));
        let process = &self.processes[self.processes.len() - 1];
        let (parent_pid, parent_image, parent_guid) = process.parent.clone();
        let rest = vec![
            ("FileVersion", "10.0.19041.1".to_owned()),
            ("Description", "Windows Component".to_owned()),
            ("Product", "Microsoft Windows Operating System".to_owned()),
            ("Company", "Microsoft Corporation".to_owned()),
            ("OriginalFileName", "Component.EXE".to_owned()),
            ("CommandLine", process.command_line.clone()),
            ("CurrentDirectory", r"C:\Windows\system32\".to_owned()),
            ("User", r"CORP\ann".to_owned()),
            ("LogonGuid", "{b1a4e0d7-59c2-69a5-a2c6-060000000000}".to_owned()),
            ("LogonId", "0x6c6a2".to_owned()),
            ("TerminalSessionId", "1".to_owned()),
            ("IntegrityLevel", "High".to_owned()),
            ("Hashes", hashes),
            ("ParentProcessGuid", parent_guid),
            ("ParentProcessId", parent_pid.to_string()),
            ("ParentImage", IMAGES[parent_image].to_owned()),
            ("ParentCommandLine", format!("\"{}\"", IMAGES[parent_image])),
        ];
        self.sysmon(1, process, rest)
    }

    fn audited(&self) -> Event {
        let process = &self.processes[self.processes.len() - 1];
        let data = [
            ("SubjectUserSid", "S-1-5-21-3461203602-4096304019-2269080069-1105".to_owned()),
            ("SubjectUserName", "ann".to_owned()),
            ("SubjectDomainName", "CORP".to_owned()),
            ("SubjectLogonId", "0x6c6a2".to_owned()),
            ("NewProcessId", format!("{:#x}", process.pid)),
            ("NewProcessName", IMAGES[process.image].to_owned()),
            ("TokenElevationType", "%%1937".to_owned()),
            ("ProcessId", format!("{:#x}", process.parent.0)),
            ("CommandLine", process.command_line.clone()),
            ("TargetUserSid", "S-1-0-0".to_owned()),
            ("TargetUserName", "-".to_owned()),
            ("TargetDomainName", "-".to_owned()),
            ("TargetLogonId", "0x0".to_owned()),
            ("ParentProcessName", IMAGES[process.parent.1].to_owned()),
            ("MandatoryLabel", "S-1-16-12288".to_owned()),
        ];
        self.event(SECURITY, 4688, process.host, &data)
    }

    fn address(&mut self) -> String {
        let value = self.random.below(4_096);
        format!("203.0.{}.{}", value / 256 + 100, value % 256)
    }

    fn connected(&mut self, idx: usize) -> Event {
        let (address, port) = (self.address(), 49_152 + self.random.below(16_000));
        let process = &self.processes[idx];
        let rest = vec![
            ("User", r"CORP\ann".to_owned()),
            ("Protocol", "tcp".to_owned()),
            ("Initiated", "true".to_owned()),
            ("SourceIsIpv6", "false".to_owned()),
            ("SourceIp", format!("10.0.0.{}", process.host + 20)),
            ("SourceHostname", format!("WS{:02}.corp.example.test", process.host)),
            ("SourcePort", port.to_string()),
            ("SourcePortName", "-".to_owned()),
            ("DestinationIsIpv6", "false".to_owned()),
            ("DestinationIp", address),
            ("DestinationHostname", "-".to_owned()),
            ("DestinationPort", "443".to_owned()),
            ("DestinationPortName", "https".to_owned()),
        ];
        self.sysmon(3, process, rest)
    }

    fn wrote(&mut self, idx: usize) -> Event {
        let name = self.random.next();
        let process = &self.processes[idx];
        let path = format!(r"C:\Users\ann\AppData\Local\Temp\{:02x}\~{name:016x}.tmp", name & 63);
        let rest = vec![("TargetFilename", path), ("CreationUtcTime", self.utc()), ("User", r"CORP\ann".to_owned())];
        self.sysmon(11, process, rest)
    }

    fn resolved(&mut self, idx: usize) -> Event {
        let (address, host) = (self.address(), self.random.below(2_000));
        let process = &self.processes[idx];
        let name = format!("api{host}.service.example.com");
        let rest = vec![
            ("QueryName", name.clone()),
            ("QueryStatus", "0".to_owned()),
            ("QueryResults", format!("type:  5 edge.{name};::ffff:{address};")),
            ("User", r"CORP\ann".to_owned()),
        ];
        self.sysmon(22, process, rest)
    }

    /// One of the processes that run scripts.
    fn shell(&mut self) -> usize {
        let start = self.random.below(self.processes.len());
        let n = self.processes.len();
        (start..start + n).map(|idx| idx % n).find(|idx| self.processes[*idx].image == POWERSHELL_IMAGE).unwrap_or(0)
    }

    fn powershell(&self, event_id: u32, process: &Process, data: &[(&str, String)]) -> Event {
        Event {
            process_id: process.pid,
            thread_id: 4 * (process.number as u32 % 4_000 + 1_000),
            activity_id: Some(format!("{:08x}-512d-0000-88ac-20382d51d701", self.records as u32)),
            user_sid: Some("S-1-5-21-3461203602-4096304019-2269080069-1105".to_owned()),
            ..self.event(POWERSHELL, event_id, process.host, data)
        }
    }

    fn command(&mut self) -> Event {
        let (idx, number) = (self.shell(), self.random.below(40));
        let process = &self.processes[idx];
        let id = process.number;
        let context = format!(
            "        Severity = Informational\r\n        Host Name = ConsoleHost\r\n        Host Version = 5.1.19041.1\r\n        \
             Host ID = 11111111-bbbb-4bbb-8bbb-{id:012x}\r\n        Host Application = {}\r\n        Engine Version = \
             5.1.19041.1\r\n        Runspace ID = 11111111-aaaa-4aaa-8aaa-{id:012x}\r\n        Pipeline ID = 5\r\n        \
             Command Name = Get-Item{number}\r\n        Command Type = Cmdlet\r\n        Script Name = \
             C:\\Scripts\\Job{number}.ps1\r\n        Command Path = \r\n        Sequence Number = {}\r\n        User = \
             CORP\\ann\r\n        Connected User = \r\n        Shell ID = Microsoft.PowerShell\r\n",
            process.command_line, self.records
        );
        let payload = format!(
            "CommandInvocation(Get-Item{number}): \"Get-Item{number}\"\r\nParameterBinding(Get-Item{number}): \
             name=\"Path\"; value=\"C:\\Data\\{}\"\r\n",
            self.records
        );
        let data = [("ContextInfo", context), ("UserData", String::new()), ("Payload", payload)];
        self.powershell(4103, process, &data)
    }

    fn script(&mut self) -> Event {
        let (idx, salt) = (self.shell(), self.random.next());
        let process = &self.processes[idx];
        let mut text = String::new();
        for line in 0..12 {
            text.push_str(&format!(
                "$value{line} = Get-Content C:\\Data\\{line}.txt | Where-Object {{ $_ -match '{salt:x}' }}\r\n"
            ));
        }
        let data = [
            ("MessageNumber", "1".to_owned()),
            ("MessageTotal", "1".to_owned()),
            ("ScriptBlockText", text),
            ("ScriptBlockId", format!("{:08x}-1111-4222-8333-444455556666", self.records as u32)),
            ("Path", format!(r"C:\Scripts\Job{}.ps1", salt % 40)),
        ];
        self.powershell(4104, process, &data)
    }
}

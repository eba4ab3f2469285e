//! Event XML as Windows writes it: Sysmon, PowerShell's log, the DNS client's. Only what the scenario needs.

pub const COMPUTER: &str = "ws01.example.com";
pub const ISE: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell_ise.exe";
pub const PID: u32 = 7_012;
pub const PROCESS: &str = "{6a3e1c50-0001-6924-0001-000000000500}";

/// A log being written, in the order of time: milliseconds after 10:00.
pub struct Log {
    pub events: Vec<String>,
    pub records: [u64; 3],
    pub image: String,
    pub command_line: String,
}

/// Where PowerShell code runs.
#[derive(Clone, Copy)]
pub struct Tab {
    pub thread: u32,
    pub runspace: &'static str,
    pub host: &'static str,
    pub pipeline: u32,
}

pub const TAB_1: Tab = Tab {
    thread: 4_108,
    runspace: "11111111-aaaa-4aaa-8aaa-000000000001",
    host: "11111111-bbbb-4bbb-8bbb-000000000001",
    pipeline: 5,
};
pub const TAB_2: Tab = Tab {
    thread: 5_220,
    runspace: "22222222-aaaa-4aaa-8aaa-000000000002",
    host: "22222222-bbbb-4bbb-8bbb-000000000002",
    pipeline: 9,
};

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn clock(ms: i64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", 10 + ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

impl Log {
    pub fn new() -> Log {
        Log { events: Vec::new(), records: [100, 9_000, 40], image: ISE.to_owned(), command_line: format!("\"{ISE}\"") }
    }

    fn event(&mut self, log: usize, id: u32, level: u8, written: i64, execution: (u32, u32), data: &[(&str, String)]) {
        let (provider, channel) = [
            ("Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational"),
            ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational"),
            ("Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client/Operational"),
        ][log];
        self.records[log] += 1;
        let data: String =
            data.iter().map(|(name, value)| format!("<Data Name='{name}'>{}</Data>", escape(value))).collect();
        self.events.push(format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>\
             <EventID>{id}</EventID><Version>1</Version><Level>{level}</Level><Task>2</Task><Opcode>15</Opcode>\
             <Keywords>0x0</Keywords><TimeCreated SystemTime='2026-11-24T{}1234Z'/><EventRecordID>{}</EventRecordID>\
             <Correlation/><Execution ProcessID='{}' ThreadID='{}'/><Channel>{channel}</Channel>\
             <Computer>{COMPUTER}</Computer><Security UserID='S-1-5-21-1-2-3-1001'/></System>\
             <EventData>{data}</EventData></Event>",
            clock(written),
            self.records[log],
            execution.0,
            execution.1,
        ));
    }

    /// Sysmon writes in a process of its own, `late` milliseconds after the fact.
    fn sysmon(&mut self, id: u32, ms: i64, late: i64, data: &[(&str, String)]) {
        let mut all = vec![("RuleName", "-".to_owned()), ("UtcTime", format!("2026-11-24 {}", clock(ms)))];
        all.extend_from_slice(data);
        self.event(1, id, 4, ms + late, (2_796, 3_400), &all);
    }

    fn actor(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ProcessGuid", PROCESS.to_owned()),
            ("ProcessId", PID.to_string()),
            ("Image", self.image.clone()),
            ("User", "EXAMPLE\\ada".to_owned()),
        ]
    }

    /// Another process's record in PowerShell's log.
    pub fn other(&mut self, ms: i64) {
        self.event(
            0,
            53_504,
            4,
            ms,
            (612, 700),
            &[("param1", "612".to_owned()), ("param2", "DefaultAppDomain".to_owned())],
        );
    }

    /// Sysmon 1.
    pub fn started(&mut self, ms: i64) {
        let mut data = self.actor();
        data.push(("CommandLine", self.command_line.clone()));
        data.push(("ParentProcessGuid", "{6a3e1c50-0001-6924-0001-000000000100}".to_owned()));
        data.push(("ParentProcessId", "3044".to_owned()));
        data.push(("ParentImage", r"C:\Windows\explorer.exe".to_owned()));
        self.sysmon(1, ms, 15, &data);
    }

    /// 4104, in one part.
    pub fn text(&mut self, ms: i64, tab: Tab, block: &str, path: &str, text: &str) {
        self.text_part(ms, tab, block, path, text, (1, 1));
    }

    pub fn text_part(&mut self, ms: i64, tab: Tab, block: &str, path: &str, text: &str, part: (u32, u32)) {
        let data = [
            ("MessageNumber", part.0.to_string()),
            ("MessageTotal", part.1.to_string()),
            ("ScriptBlockText", text.to_owned()),
            ("ScriptBlockId", block.to_owned()),
            ("Path", path.to_owned()),
        ];
        self.event(0, 4104, 5, ms, (PID, tab.thread), &data);
    }

    /// 4105.
    pub fn entered(&mut self, ms: i64, tab: Tab, block: &str) {
        self.event(0, 4105, 5, ms, (PID, tab.thread), &Log::span(tab, block));
    }

    /// 4106.
    pub fn left(&mut self, ms: i64, tab: Tab, block: &str) {
        self.event(0, 4106, 5, ms, (PID, tab.thread), &Log::span(tab, block));
    }

    fn span(tab: Tab, block: &str) -> [(&'static str, String); 2] {
        [("ScriptBlockId", block.to_owned()), ("RunspaceId", tab.runspace.to_owned())]
    }

    /// 4103.
    pub fn command(&mut self, ms: i64, tab: Tab, script: &str, name: &str, parameters: &str) {
        let Tab { runspace, host, pipeline, .. } = tab;
        let application = &self.command_line;
        let context = format!(
            "        Severity = Informational\r\n        Host Name = Windows PowerShell ISE Host\r\n        \
             Host Version = 5.1.19041.1\r\n        Host ID = {host}\r\n        Host Application = {application}\r\n        \
             Engine Version = 5.1.19041.1\r\n        Runspace ID = {runspace}\r\n        Pipeline ID = {pipeline}\r\n        \
             Command Name = {name}\r\n        Command Type = Cmdlet\r\n        Script Name = {script}\r\n        \
             Command Path = \r\n        Sequence Number = 16\r\n        User = EXAMPLE\\ada\r\n        \
             Connected User = \r\n        Shell ID = Microsoft.PowerShell\r\n"
        );
        let payload = format!("CommandInvocation({name}): \"{name}\"\r\n{parameters}");
        let data = [("ContextInfo", context), ("UserData", String::new()), ("Payload", payload)];
        self.event(0, 4103, 4, ms, (PID, tab.thread), &data);
    }

    /// Sysmon 3: 1.2 s late as a rule.
    pub fn connected(&mut self, ms: i64, late: i64, address: &str) {
        let mut data = self.actor();
        for (name, value) in [
            ("Protocol", "tcp"),
            ("Initiated", "true"),
            ("SourceIsIpv6", "false"),
            ("SourceIp", "10.0.0.21"),
            ("SourceHostname", COMPUTER),
            ("SourcePort", "50211"),
            ("SourcePortName", "-"),
            ("DestinationIsIpv6", "false"),
            ("DestinationIp", address),
            ("DestinationHostname", "-"),
            ("DestinationPort", "443"),
            ("DestinationPortName", "https"),
        ] {
            data.push((name, value.to_owned()));
        }
        self.sysmon(3, ms, late, &data);
    }

    /// Sysmon 22.
    pub fn resolved(&mut self, ms: i64, late: i64, name: &str, address: &str) {
        let mut data = self.actor();
        data.push(("QueryName", name.to_owned()));
        data.push(("QueryStatus", "0".to_owned()));
        data.push(("QueryResults", format!("type:  5 alias.{name};::ffff:{address};")));
        self.sysmon(22, ms, late, &data);
    }

    /// Sysmon 11.
    pub fn wrote(&mut self, ms: i64, path: &str) {
        let mut data = self.actor();
        data.push(("TargetFilename", path.to_owned()));
        data.push(("CreationUtcTime", format!("2026-11-24 {}", clock(ms))));
        self.sysmon(11, ms, 15, &data);
    }

    /// 3006 of the DNS client: in the process and on the thread that asks.
    pub fn asked(&mut self, ms: i64, thread: u32, name: &str) {
        let data = [
            ("QueryName", name.to_owned()),
            ("QueryType", "1".to_owned()),
            ("QueryOptions", "140737488363520".to_owned()),
            ("ServerList", String::new()),
            ("IsNetworkQuery", "0".to_owned()),
            ("NetworkQueryIndex", "0".to_owned()),
            ("InterfaceIndex", "0".to_owned()),
            ("IsAsyncQuery", "0".to_owned()),
        ];
        self.event(2, 3006, 4, ms, (PID, thread), &data);
    }

    /// Sysmon 10 and 1: a thread creates a child.
    pub fn child(&mut self, ms: i64, thread: u32, image: &str) {
        let child = "{6a3e1c50-0002-6924-0001-000000000900}".to_owned();
        let opened = [
            ("SourceProcessGUID", PROCESS.to_owned()),
            ("SourceProcessId", PID.to_string()),
            ("SourceThreadId", thread.to_string()),
            ("SourceImage", self.image.clone()),
            ("TargetProcessGUID", child.clone()),
            ("TargetProcessId", "8100".to_owned()),
            ("TargetImage", image.to_owned()),
            ("GrantedAccess", "0x1FFFFF".to_owned()),
            ("CallTrace", r"C:\Windows\SYSTEM32\ntdll.dll+9d234".to_owned()),
        ];
        self.sysmon(10, ms, 15, &opened);
        let created = [
            ("ProcessGuid", child),
            ("ProcessId", "8100".to_owned()),
            ("Image", image.to_owned()),
            ("CommandLine", image.to_owned()),
            ("User", "EXAMPLE\\ada".to_owned()),
            ("ParentProcessGuid", PROCESS.to_owned()),
            ("ParentProcessId", PID.to_string()),
            ("ParentImage", self.image.clone()),
            ("ParentCommandLine", self.command_line.clone()),
        ];
        self.sysmon(1, ms + 2, 15, &created);
    }
}

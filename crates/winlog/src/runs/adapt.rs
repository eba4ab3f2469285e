//! Windows events to facts. It trusts positions and names that Windows writes, never what a script or command line put
//! into a text: a label that comes twice in a text block is a forgery, and the record then proves nothing.

use std::sync::Arc;

use super::fact::{Action, Command, Fact, Kind, Part, Record, Span};
use super::judge::is_host;
use super::limits::{ANSWERS_MAX, PARTS_MAX};
use crate::{Event, parse_time_ns};

/// What the event says about PowerShell and what it did; a created process is a fact of two processes.
pub fn facts(event: &Event) -> Vec<Fact> {
    // Some shippers leave the number out. Then neither a gap nor a row of this record can be told.
    if event.record_id == 0 {
        return Vec::new();
    }
    match event.provider.as_str() {
        "Microsoft-Windows-PowerShell" | "PowerShellCore" => vec![of_powershell(event)],
        "PowerShell" if event.event_id == 403 => closed(event).into_iter().collect(),
        "Microsoft-Windows-Sysmon" => of_sysmon(event),
        "Microsoft-Windows-Security-Auditing" => of_security(event),
        "Microsoft-Windows-Kernel-General" if event.event_id == 1 => {
            clock_set(event, "OldTime", "NewTime").into_iter().collect()
        }
        "Microsoft-Windows-DNS-Client" if matches!(event.event_id, 3006 | 3008) => vec![query(event)],
        _ => Vec::new(),
    }
}

/// Whether it is an act of a process that may run a script.
pub fn awaits_script(event: &Event) -> bool {
    // What PowerShell logs of itself is what proves, not what is asked about.
    let is_of_powershell =
        matches!(event.provider.as_str(), "Microsoft-Windows-PowerShell" | "PowerShellCore" | "PowerShell");
    !is_of_powershell && facts(event).iter().any(|fact| matches!(fact.kind, Kind::Action(_)) && fact.pid.is_some())
}

/// The record of an event.
pub fn record(event: &Event) -> Record {
    let log = if event.channel.is_empty() { &event.provider } else { &event.channel };
    Record { log: log.as_str().into(), number: event.record_id, event: event.event_id }
}

fn fact(event: &Event, time: i64, pid: Option<u32>, kind: Kind) -> Fact {
    Fact {
        record: record(event),
        time,
        written: event.time_ns,
        pid,
        guid: None,
        thread: None,
        activity: event.activity_id.as_deref().map(guid),
        kind,
    }
}

/// Braces and case differ between sources.
fn guid(text: &str) -> Arc<str> {
    text.trim_matches(['{', '}']).to_lowercase().into()
}

fn text<'a>(event: &'a Event, name: &str) -> Option<&'a str> {
    event.get(name).map(str::trim).filter(|text| !text.is_empty() && *text != "-")
}

fn number(event: &Event, name: &str) -> Option<u32> {
    let text = text(event, name)?;
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn of_powershell(event: &Event) -> Fact {
    let kind = match event.event_id {
        4103 => command(event),
        4104 => part(event),
        4105 => span(event).map(Kind::BlockStarted),
        4106 => span(event).map(Kind::BlockStopped),
        _ => None,
    };
    let pid = Some(event.process_id).filter(|pid| *pid != 0);
    Fact {
        thread: Some(event.thread_id).filter(|thread| *thread != 0),
        ..fact(event, event.time_ns, pid, kind.unwrap_or(Kind::Other))
    }
}

fn command(event: &Event) -> Option<Kind> {
    let context = Context::read(
        event.get("ContextInfo")?,
        [("Host ID", 3), ("Runspace ID", 6), ("Pipeline ID", 7), ("Script Name", 10)],
    )?;
    let [host, runspace, pipeline, script] = context.0;
    Some(Kind::Command(Command {
        host: guid(host),
        runspace: guid(runspace),
        pipeline: pipeline.parse().ok()?,
        script: Some(script).filter(|script| !script.is_empty()).map(Into::into),
        payload: event.get("Payload").unwrap_or_default().to_owned(),
    }))
}

/// Values of `ContextInfo`: lines `Label = value`, always the same sixteen. A command line or function name with line
/// breaks can add lines, so a label has to be the only one of its name. Windows translates the labels; then the
/// position counts, if there are sixteen lines.
struct Context<'a>([&'a str; 4]);

impl<'a> Context<'a> {
    fn read(text: &'a str, labels: [(&str, usize); 4]) -> Option<Context<'a>> {
        let lines: Vec<(&str, &str)> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.split_once('=').map_or((line.trim(), ""), |(label, value)| (label.trim(), value.trim())))
            .collect();
        let is_english = lines.iter().any(|(label, _)| *label == "Host ID");
        let mut values = [""; 4];
        for (value, (label, position)) in values.iter_mut().zip(labels) {
            let mut of_label = lines.iter().filter(|(other, _)| *other == label);
            *value = match (is_english, of_label.next(), of_label.next()) {
                (true, Some((_, value)), None) => value,
                (true, _, _) => return None,
                (false, _, _) => lines.get(position).filter(|_| lines.len() == 16)?.1,
            };
        }
        Some(Context(values))
    }
}

fn part(event: &Event) -> Option<Kind> {
    Some(Kind::Block(Part {
        block: guid(text(event, "ScriptBlockId")?),
        number: number(event, "MessageNumber").unwrap_or(1),
        total: number(event, "MessageTotal").unwrap_or(1).min(PARTS_MAX),
        text: event.get("ScriptBlockText").unwrap_or_default().to_owned(),
        path: text(event, "Path").map(Into::into),
        // Suspicious texts are logged as warnings, whatever is switched on.
        logged_by_policy: event.level == 5,
    }))
}

fn span(event: &Event) -> Option<Span> {
    Some(Span { block: guid(text(event, "ScriptBlockId")?), runspace: guid(text(event, "RunspaceId")?) })
}

/// 403 of the old log: everything is in one unnamed text, a line per value.
fn closed(event: &Event) -> Option<Fact> {
    let mut found = event
        .data
        .iter()
        .flat_map(|field| field.value.lines())
        .filter_map(|line| line.trim().strip_prefix("RunspaceId=").filter(|runspace| !runspace.is_empty()));
    let runspace = found.next().filter(|_| found.next().is_none())?;
    Some(fact(event, event.time_ns, None, Kind::RunspaceClosed(guid(runspace))))
}

fn clock_set(event: &Event, old: &str, new: &str) -> Option<Fact> {
    let (old, new) = (parse_time_ns(event.get(old)?)?, parse_time_ns(event.get(new)?)?);
    Some(fact(event, new, None, Kind::ClockSet { old }))
}

fn of_sysmon(event: &Event) -> Vec<Fact> {
    let time = event.get("UtcTime").and_then(parse_time_ns).unwrap_or(event.time_ns);
    let of = |pid: &str, process: &str, kind: Kind| Fact {
        guid: text(event, process).map(guid),
        // What Sysmon calls the activity is not the actor's.
        activity: None,
        ..fact(event, time, number(event, pid), kind)
    };
    let is_of_host = |image: &str| text(event, image).is_some_and(is_host);
    let mut facts = Vec::new();
    match event.event_id {
        1 => {
            if is_of_host("Image") {
                let image = text(event, "Image").unwrap_or_default().to_owned();
                let command_line = text(event, "CommandLine").unwrap_or_default().to_owned();
                facts.push(of("ProcessId", "ProcessGuid", Kind::ProcessStarted { image, command_line }));
            }
            if is_of_host("ParentImage") {
                let child = text(event, "ProcessGuid").map(guid);
                let action = Action { child, ..action(event, "ParentImage", files(event, "Image")) };
                facts.push(of("ParentProcessId", "ParentProcessGuid", Kind::Action(action)));
            }
        }
        5 if is_of_host("Image") => facts.push(of("ProcessId", "ProcessGuid", Kind::ProcessEnded)),
        8 | 10 => facts.extend(between_processes(event, of)),
        _ if is_of_host("Image") => {
            facts.push(of("ProcessId", "ProcessGuid", Kind::Action(sysmon_action(event))));
        }
        _ => {}
    }
    facts
}

/// A process did something to another one: a thread started there, a handle opened.
fn between_processes(event: &Event, of: impl Fn(&str, &str, Kind) -> Fact) -> Vec<Fact> {
    // 8 and 10 spell it differently, and so do versions.
    let spelled = |names: [&'static str; 2]| if event.get(names[0]).is_some() { names[0] } else { names[1] };
    let (source, target) =
        (spelled(["SourceProcessGuid", "SourceProcessGUID"]), spelled(["TargetProcessGuid", "TargetProcessGUID"]));
    let mut facts = Vec::new();
    if event.event_id == 8 && text(event, "TargetImage").is_some_and(is_host) {
        facts.push(of("TargetProcessId", target, Kind::ThreadInjected));
    }
    if text(event, "SourceImage").is_some_and(is_host) {
        let opened = text(event, target).map(guid).zip(number(event, "GrantedAccess"));
        let action = Action { opened, ..action(event, "SourceImage", files(event, "TargetImage")) };
        let thread = number(event, "SourceThreadId").filter(|_| event.event_id == 10);
        facts.push(Fact { thread, ..of("SourceProcessId", source, Kind::Action(action)) });
    }
    facts
}

fn action(event: &Event, image: &str, names: Vec<String>) -> Action {
    Action { image: text(event, image).unwrap_or_default().to_owned(), names, ..Action::default() }
}

/// A path, and the file's name.
fn files(event: &Event, name: &str) -> Vec<String> {
    let Some(path) = text(event, name) else { return Vec::new() };
    let file = path.rsplit('\\').next().unwrap_or(path);
    let mut names = vec![path.to_owned()];
    if file != path {
        names.push(file.to_owned());
    }
    names
}

fn sysmon_action(event: &Event) -> Action {
    match event.event_id {
        3 => {
            let is_inbound = text(event, "Initiated") == Some("false");
            let address = if is_inbound { "SourceIp" } else { "DestinationIp" };
            // A name from a reverse look-up: it names, but proves nothing.
            let names = text(event, "DestinationHostname").filter(|_| !is_inbound).map(str::to_owned);
            let names = names.into_iter().collect();
            let address = text(event, address).map(str::to_lowercase);
            Action { address, network: true, ..action(event, "Image", names) }
        }
        22 => Action {
            answers: answers(text(event, "QueryResults").unwrap_or_default()),
            network: true,
            ..action(event, "Image", text(event, "QueryName").map(str::to_owned).into_iter().collect())
        },
        _ => action(event, "Image", files(event, "TargetFilename")),
    }
}

/// Addresses of `type:  5 name;::ffff:10.0.0.1;`.
fn answers(results: &str) -> Vec<String> {
    let results = results.split(';').map(str::trim).filter(|result| !result.is_empty() && !result.starts_with("type:"));
    results.map(|result| result.strip_prefix("::ffff:").unwrap_or(result).to_lowercase()).take(ANSWERS_MAX).collect()
}

fn of_security(event: &Event) -> Vec<Fact> {
    let pid = |name| number(event, name);
    let of = |pid, kind| Fact { activity: None, ..fact(event, event.time_ns, pid, kind) };
    let is_of_host = |image: &str| text(event, image).is_some_and(is_host);
    match event.event_id {
        4616 => clock_set(event, "PreviousTime", "NewTime").into_iter().collect(),
        4688 => {
            let image = text(event, "NewProcessName").unwrap_or_default().to_owned();
            let command_line = text(event, "CommandLine").unwrap_or_default().to_owned();
            let started = is_of_host("NewProcessName")
                .then(|| of(pid("NewProcessId"), Kind::ProcessStarted { image, command_line }));
            let created = is_of_host("ParentProcessName").then(|| {
                of(pid("ProcessId"), Kind::Action(action(event, "ParentProcessName", files(event, "NewProcessName"))))
            });
            started.into_iter().chain(created).collect()
        }
        4689 if is_of_host("ProcessName") => vec![of(pid("ProcessId"), Kind::ProcessEnded)],
        5156 if is_of_host("Application") => {
            let address = if text(event, "Direction") == Some("%%14592") { "SourceAddress" } else { "DestAddress" };
            let address = text(event, address).map(str::to_lowercase);
            let action = Action { address, network: true, ..action(event, "Application", Vec::new()) };
            vec![of(pid("ProcessID"), Kind::Action(action))]
        }
        _ => Vec::new(),
    }
}

/// A DNS query as the client library logs it, in the process and on the thread that asked.
fn query(event: &Event) -> Fact {
    let action = Action {
        names: text(event, "QueryName").map(str::to_owned).into_iter().collect(),
        answers: answers(text(event, "QueryResults").unwrap_or_default()),
        network: true,
        ..Action::default()
    };
    Fact {
        thread: Some(event.thread_id).filter(|thread| *thread != 0),
        ..fact(event, event.time_ns, Some(event.process_id).filter(|pid| *pid != 0), Kind::Action(action))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    fn event(context: &str) -> Event {
        Event {
            provider: "Microsoft-Windows-PowerShell".to_owned(),
            event_id: 4103,
            record_id: 1,
            process_id: 5,
            thread_id: 6,
            data: vec![Field { name: "ContextInfo".into(), value: context.to_owned() }],
            ..Event::default()
        }
    }

    fn context(application: &str, labels: [&str; 16]) -> String {
        let values = [
            "Informational",
            "ConsoleHost",
            "5.1",
            "H",
            application,
            "5.1",
            "R",
            "19",
            "ls",
            "Cmdlet",
            "C:\\a.ps1",
            "",
            "48",
            "u",
            "",
            "Microsoft.PowerShell",
        ];
        labels.iter().zip(values).map(|(label, value)| format!("        {label} = {value}\r\n")).collect()
    }

    const ENGLISH: [&str; 16] = [
        "Severity",
        "Host Name",
        "Host Version",
        "Host ID",
        "Host Application",
        "Engine Version",
        "Runspace ID",
        "Pipeline ID",
        "Command Name",
        "Command Type",
        "Script Name",
        "Command Path",
        "Sequence Number",
        "User",
        "Connected User",
        "Shell ID",
    ];

    fn check(context: &str, expect: Option<(&str, u64, &str)>) {
        let facts = facts(&event(context));
        let found = match &facts[0].kind {
            Kind::Command(command) => {
                Some((&*command.runspace, command.pipeline, command.script.as_deref().unwrap_or_default()))
            }
            _ => None,
        };
        assert_eq!(found, expect, "{context}");
    }

    #[test]
    fn context_can_not_be_forged_by_a_command_line() {
        check(&context("powershell.exe", ENGLISH), Some(("r", 19, "C:\\a.ps1")));
        let forged = "powershell.exe -Command x\r\n        Runspace ID = other\r\n        Pipeline ID = 1";
        check(&context(forged, ENGLISH), None);
        let german = ENGLISH.map(|label| if label == "Host ID" { "Host-ID" } else { label });
        check(&context("powershell.exe", german), Some(("r", 19, "C:\\a.ps1")));
        check(&context("powershell.exe\nx", german), None);
        check("", None);
        check("Host ID", None);
    }

    #[test]
    fn answers_are_addresses() {
        let results = "type:  5 a.example.com;::ffff:10.0.0.1;2001:DB8::1;";
        assert_eq!(answers(results), ["10.0.0.1", "2001:db8::1"]);
        assert!(answers("").is_empty());
    }
}

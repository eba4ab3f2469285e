//! PowerShell: its operational channel, and the classic one, whose data have no names.

use schema::col;

use super::rule::{Mapping, Pick, file};
use super::{Build, values};
use crate::Event;
use crate::runs::Level;

pub(super) const PROVIDER: &str = "Microsoft-Windows-PowerShell";
/// Provider of the channel `Windows PowerShell`.
const CLASSIC: &str = "PowerShell";

pub(super) static MAPPINGS: &[Mapping] = &[
    Mapping {
        provider: PROVIDER,
        ids: &[4100],
        pick: Pick::Always("PowerShellError"),
        rules: &[],
        finish: Some(module),
    },
    Mapping {
        provider: PROVIDER,
        ids: &[4103],
        pick: Pick::Always("PowerShellCommand"),
        rules: &[],
        finish: Some(module),
    },
    Mapping { provider: PROVIDER, ids: &[4104], pick: Pick::Always("ScriptContent"), rules: &[], finish: Some(script) },
    Mapping {
        provider: PROVIDER,
        ids: &[4105],
        pick: Pick::Always("ScriptStarted"),
        rules: &[],
        finish: Some(invocation),
    },
    Mapping {
        provider: PROVIDER,
        ids: &[4106],
        pick: Pick::Always("ScriptStopped"),
        rules: &[],
        finish: Some(invocation),
    },
    Mapping {
        provider: CLASSIC,
        ids: &[400],
        pick: Pick::Always("PowerShellEngineStarted"),
        rules: &[],
        finish: Some(engine),
    },
    Mapping {
        provider: CLASSIC,
        ids: &[403],
        pick: Pick::Always("PowerShellEngineStopped"),
        rules: &[],
        finish: Some(engine),
    },
    Mapping {
        provider: CLASSIC,
        ids: &[800],
        pick: Pick::Always("PowerShellCommand"),
        rules: &[],
        finish: Some(pipeline),
    },
];

/// The writing process is the one that runs the script.
fn writer(build: &mut Build<'_>) {
    let event = build.event;
    if event.process_id != 0 {
        build.row.set(&col::INITIATING_PROCESS_ID, i64::from(event.process_id));
    }
    if event.thread_id != 0 {
        build.row.set(&col::INITIATING_THREAD_ID, i64::from(event.thread_id));
    }
    if let Some(sid) = &event.user_sid {
        build.text(&col::ACCOUNT_SID, sid);
        build.text(&col::INITIATING_PROCESS_ACCOUNT_SID, sid);
    }
    if let Some(activity) = &event.activity_id {
        build.extra("ActivityId", activity.as_str());
    }
}

/// `Key = Value` or `Key=Value` per line; blanks in keys are dropped, empty values left out. Both channels then have the
/// same keys (`HostId`, `RunspaceId`, `PipelineId`, …). A key that comes twice has its last value.
fn context_of(text: &str) -> Vec<(String, String)> {
    let mut context: Vec<(String, String)> = Vec::with_capacity(16);
    let mut last: Option<usize> = None;
    for line in text.lines() {
        let key = line.split_once('=').filter(|(key, _)| is_key(key));
        let Some((key, value)) = key else {
            // A value of several lines, such as a command line.
            if let (Some(idx), false) = (last, line.trim().is_empty() && !line.contains('=')) {
                let value = &mut context[idx].1;
                value.push('\n');
                value.push_str(line.trim());
            }
            continue;
        };
        let mut key: String = key.split_whitespace().collect();
        if key.ends_with("ID") {
            key.replace_range(key.len() - 1.., "d");
        }
        let value = value.trim();
        let known = context.iter().position(|(other, _)| *other == key);
        last = match known {
            Some(idx) if !value.is_empty() => {
                value.clone_into(&mut context[idx].1);
                Some(idx)
            }
            None if !value.is_empty() => {
                context.push((key, value.to_owned()));
                Some(context.len() - 1)
            }
            known => known,
        };
    }
    context
}

fn is_key(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|it| it.is_alphanumeric() || it == ' ')
}

/// What the context says, in columns where there is one, else in AdditionalFields.
fn context(build: &mut Build<'_>, text: &str) {
    for (key, text) in context_of(text) {
        match key.as_str() {
            "HostApplication" => build.text(&col::INITIATING_PROCESS_COMMAND_LINE, &text),
            "User" | "UserId" => {
                let (domain, name) = values::account(&text);
                build.text(&col::INITIATING_PROCESS_ACCOUNT_DOMAIN, domain);
                build.text(&col::INITIATING_PROCESS_ACCOUNT_NAME, name);
            }
            "ScriptName" => {
                build.text(&col::INITIATING_SCRIPT_PATH, &text);
                // PowerShell itself says so: in the act on its thread, or in the old log without one.
                let level = if build.event.thread_id == 0 { Level::ExactLinked } else { Level::ExactThread };
                build.text(&col::ATTRIBUTION_LEVEL, level.name());
                build.extra("ScriptName", text);
            }
            _ => build.extra_text(key, text),
        }
    }
}

/// 4103 and 4100.
fn module(build: &mut Build<'_>) {
    writer(build);
    if let Some(text) = build.take("ContextInfo") {
        context(build, text);
    }
    if let Some(payload) = build.take("Payload") {
        invocation_of(build, payload);
    }
    build.take("UserData");
}

/// `CommandInvocation(Get-Item): "Get-Item"` and its parameters, one per line.
fn invocation_of<'a>(build: &mut Build<'a>, payload: &'a str) {
    if let Some((_, rest)) = payload.split_once("CommandInvocation(")
        && let Some((command, _)) = rest.split_once(')')
    {
        build.extra_text("Command", command);
    }
    build.extra_text("Payload", payload);
}

/// 4104. Parts of one text are joined before this is asked.
fn script(build: &mut Build<'_>) {
    writer(build);
    if let Some(path) = build.take("Path") {
        file(build, path);
        // The text is the script's own.
        build.text(&col::INITIATING_SCRIPT_PATH, path);
        build.text(&col::ATTRIBUTION_LEVEL, Level::ExactThread.name());
    }
    if build.event.level == 3 {
        build.extra("Suspicious", true);
    }
    for name in ["MessageNumber", "MessageTotal"] {
        build.take(name);
    }
    if let Some(id) = build.take("ScriptBlockId") {
        build.extra("ScriptBlockId", id.to_ascii_lowercase());
    }
    build.take("ScriptBlockText");
    if let Some(text) = build.event.get("ScriptBlockText") {
        build.extra_text("Content", text);
    }
}

/// 4105 and 4106.
fn invocation(build: &mut Build<'_>) {
    writer(build);
    for name in ["ScriptBlockId", "RunspaceId"] {
        if let Some(id) = build.take(name).and_then(values::guid) {
            build.extra(name, id);
        }
    }
}

/// 400 and 403: new state, old state, context.
fn engine(build: &mut Build<'_>) {
    let event = build.event;
    build.take_all("Data");
    let texts: Vec<&str> = event.texts("Data").collect();
    for (name, text) in ["NewEngineState", "PreviousEngineState"].into_iter().zip(&texts) {
        build.extra_text(name, *text);
    }
    if let Some(text) = texts.get(2) {
        context(build, text);
    }
}

/// 800: command line, context, details of the invocation.
fn pipeline(build: &mut Build<'_>) {
    let event: &Event = build.event;
    build.take_all("Data");
    let mut texts = event.texts("Data");
    let line = texts.next().unwrap_or_default().trim();
    context(build, texts.next().unwrap_or_default());
    if !line.is_empty() {
        build.extra("CommandLine", line);
    }
    for details in texts.filter(|details| !details.trim().is_empty()) {
        invocation_of(build, details);
    }
}

//! What the engine is told: one fact per record, already parsed. It is not the place to parse anything.

use std::fmt;
use std::sync::Arc;

/// One record of one log of one device: what evidence points at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// Name of the log, such as `Microsoft-Windows-PowerShell/Operational`.
    pub log: Arc<str>,
    /// Its number in the log.
    pub number: u64,
    /// The event id, such as 4104.
    pub event: u32,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.log, self.number)
    }
}

/// Something that a record says.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Where it is written.
    pub record: Record,
    /// When it happened: nanoseconds since the Unix epoch. Of Sysmon this is `UtcTime`, never the time of writing.
    pub time: i64,
    /// When it was written (`TimeCreated`). Records of one log are written in order, so a step back is a step of the
    /// clock.
    pub written: i64,
    /// The process that did it; `None` only for 403.
    pub pid: Option<u32>,
    /// Sysmon's identity of that process.
    pub guid: Option<Arc<str>>,
    /// The thread that did it, where the record says so and means the actor's.
    pub thread: Option<u32>,
    /// `Correlation/@ActivityID`.
    pub activity: Option<Arc<str>>,
    /// What it is.
    pub kind: Kind,
}

/// What a fact says.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Sysmon 1, 4688: the process of the fact started.
    ProcessStarted {
        /// Path of its executable.
        image: String,
        /// Its command line.
        command_line: String,
    },
    /// Sysmon 5, 4689.
    ProcessEnded,
    /// Sysmon 8: another process started a thread in it.
    ThreadInjected,
    /// 403: this runspace was closed. It names no process.
    RunspaceClosed(Arc<str>),
    /// 4103: a command has run.
    Command(Command),
    /// 4104: one part of a script's text, logged when the script runs for the first time.
    Block(Part),
    /// 4105: a block was entered.
    BlockStarted(Span),
    /// 4106: a block was left.
    BlockStopped(Span),
    /// Any other record of PowerShell's log: it shows that nothing is missing.
    Other,
    /// Kernel-General 1, 4616: the clock was set, from this time to the fact's.
    ClockSet {
        /// What the clock said before.
        old: i64,
    },
    /// Something that wants a script: a connection, DNS query, file, registry value, child process.
    Action(Action),
}

/// A command as 4103 describes it.
#[derive(Clone, Debug)]
pub struct Command {
    /// `Host ID`.
    pub host: Arc<str>,
    /// `Runspace ID`.
    pub runspace: Arc<str>,
    /// `Pipeline ID`.
    pub pipeline: u64,
    /// `Script Name`: file that the command stands in; `None` at the prompt and in text that was never saved.
    pub script: Option<Arc<str>>,
    /// `Payload`: the command and its bound parameters.
    pub payload: String,
}

/// A part of a script's text.
#[derive(Clone, Debug)]
pub struct Part {
    /// `ScriptBlockId`.
    pub block: Arc<str>,
    /// `MessageNumber`, from 1.
    pub number: u32,
    /// `MessageTotal`.
    pub total: u32,
    /// `ScriptBlockText`.
    pub text: String,
    /// `Path`; `None` for text that is in no file.
    pub path: Option<Arc<str>>,
    /// Whether it was logged because all text is, not because this text is suspicious.
    pub logged_by_policy: bool,
}

/// A block entered or left.
#[derive(Clone, Debug)]
pub struct Span {
    /// `ScriptBlockId`.
    pub block: Arc<str>,
    /// `RunspaceId`.
    pub runspace: Arc<str>,
}

/// An action, as far as attribution looks at it.
#[derive(Clone, Debug, Default)]
pub struct Action {
    /// Path of the acting process's executable.
    pub image: String,
    /// Names that the action itself carries: the queried name, the destination's name, the file.
    pub names: Vec<String>,
    /// Address that it went to.
    pub address: Option<String>,
    /// Addresses that a DNS answer gave for `names`.
    pub answers: Vec<String>,
    /// `ProcessGuid` of the process that it created.
    pub child: Option<Arc<str>>,
    /// The process whose handle it opened (Sysmon 10), with the rights it got.
    pub opened: Option<(Arc<str>, u32)>,
    /// Whether it goes over the network: connection or DNS query.
    pub network: bool,
}

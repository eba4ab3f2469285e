//! A simulated device: processes with several runspaces and threads that run scripts, and what its logs say of it. The
//! truth is known for every action: which script was innermost on the acting thread, and which were on the stack.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use winlog::runs::{Action, Command, Fact, Kind, Part, Record, Span};

pub const MS: i64 = 1_000_000;
const POWERSHELL: &str = "Microsoft-Windows-PowerShell/Operational";
const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";

/// Numbers that look random and are the same every time.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn span(&mut self) -> i64 {
        let limit = [30, 300, 2_500][self.below(3) as usize];
        (1 + self.below(limit) as i64) * MS + self.below(1_000_000) as i64
    }
}

/// What is switched on, and what goes wrong.
#[derive(Clone, Debug)]
pub struct Settings {
    pub commands: bool,
    pub texts: bool,
    pub invocations: bool,
    /// Functions have texts of their own in the log.
    pub function_texts: bool,
    pub starts: bool,
    /// Per cent of the facts that never arrive.
    pub lost: u64,
    /// Log begins so late that the first part of everything is missing.
    pub begins_late: bool,
    pub clock_set_back: bool,
    pub single: bool,
}

/// One statement of a script.
#[derive(Clone, Debug)]
enum Statement {
    /// A cmdlet, perhaps with an action of this kind.
    Cmdlet(Option<Act>),
    /// The same without a cmdlet: no 4103.
    DotNet(Act),
    /// Another script, by its name or by a variable.
    Call { script: usize, by_name: bool },
    /// A function that another script defines.
    Function(usize),
    /// A function of a module.
    Module,
    /// A text made at run time.
    Expression(usize),
    /// A runspace of its own, on another thread or on this one.
    Runspace { text: usize, same_thread: bool },
    /// A handler that acts later, between the statements of whatever runs then.
    Register,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Connect,
    ConnectWithThread,
    ConnectOnPool,
    Child,
    Resolve,
}

/// A script: a file or a text in no file.
struct Script {
    path: Option<String>,
    statements: Vec<Statement>,
    text: String,
    is_library: bool,
}

/// The text of a function or handler.
fn part_text(script: usize, what: &str) -> String {
    format!("{{ irm $u }} {what} {script}")
}

/// What was really so.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Innermost script: its path or text; `None` when no script did it.
    pub innermost: Option<(Option<String>, String)>,
    pub stack: Vec<(Option<String>, String)>,
    pub what: &'static str,
}

/// A simulated device.
pub struct World {
    pub facts: Vec<Fact>,
    pub truths: BTreeMap<Record, Truth>,
    /// Facts in real order with their truth, before anything is lost.
    raw: Vec<(i64, Fact, Option<Truth>)>,
    random: Random,
    settings: Settings,
    scripts: Vec<Script>,
    next_id: u64,
}

/// Where code runs.
struct Lane {
    pid: u32,
    guid: Arc<str>,
    image: &'static str,
    now: i64,
    thread: u32,
    runspace: Arc<str>,
    host: Arc<str>,
    pipeline: u64,
    stack: Vec<usize>,
    /// Scripts that registered a handler, by runspace.
    handlers: Vec<(Arc<str>, usize)>,
    depth: usize,
    /// Scripts that have run, and defined their functions, by runspace.
    loaded: BTreeSet<(Arc<str>, usize)>,
}

pub fn simulate(seed: u64, settings: Settings) -> World {
    let mut world = World {
        facts: Vec::new(),
        truths: BTreeMap::new(),
        raw: Vec::new(),
        random: Random(seed),
        settings,
        scripts: Vec::new(),
        next_id: 1,
    };
    world.write_scripts();
    let mut start = 1_000_000 * MS;
    for life in 0..3 {
        // The same number again: process ids are reused.
        let pid = 4_000 + 4 * (life % 2);
        start = world.process(pid, start) + world.random.below(3_000) as i64 * MS;
    }
    world.write_logs();
    world
}

impl World {
    fn id(&mut self, what: &str) -> Arc<str> {
        self.next_id += 1;
        format!("{what}-{:08x}-{}", self.random.next() as u32, self.next_id).into()
    }

    /// Six files, a module, three texts. Later ones may call earlier ones.
    fn write_scripts(&mut self) {
        for number in 0..10 {
            let path = match number {
                0..=5 => Some(format!("C:\\Scripts\\Do-Thing{number}.ps1")),
                6 => Some("C:\\Program Files\\WindowsPowerShell\\Modules\\Mod\\Mod.psm1".to_owned()),
                _ => None,
            };
            let is_plain = self.random.chance(40);
            let statements = (0..2 + self.random.below(5)).map(|_| self.statement(number, is_plain)).collect();
            let text = self.render(number, &statements);
            self.scripts.push(Script { path, statements, text, is_library: number == 6 });
        }
    }

    /// Each script has a destination of its own, mostly.
    fn host(&mut self, script: usize) -> u64 {
        if self.random.chance(80) { script as u64 % 4 } else { self.random.below(4) }
    }

    fn act(&mut self) -> Act {
        [Act::Connect, Act::Connect, Act::ConnectWithThread, Act::ConnectOnPool, Act::Child, Act::Resolve]
            [self.random.below(6) as usize]
    }

    fn statement(&mut self, number: usize, is_plain: bool) -> Statement {
        let kinds = if number == 0 || is_plain || number == 6 { 4 } else { 11 };
        match self.random.below(kinds) {
            0 => Statement::Cmdlet(None),
            1 | 2 => Statement::Cmdlet(Some(self.act())),
            3 => Statement::DotNet(self.act()),
            4 | 5 => Statement::Call {
                script: self.random.below(number.min(6) as u64) as usize,
                by_name: self.random.chance(60),
            },
            6 => Statement::Function(self.random.below(number.min(6) as u64) as usize),
            7 if number > 6 => Statement::Module,
            8 if number > 7 => Statement::Expression(7),
            9 if number > 7 => Statement::Runspace { text: 7, same_thread: self.random.chance(50) },
            10 => Statement::Register,
            _ => Statement::DotNet(self.act()),
        }
    }

    /// The text must say what the script does, or hide it as real ones do.
    fn render(&mut self, number: usize, statements: &Vec<Statement>) -> String {
        let mut text = format!("# script {number}\n");
        if number < 6 {
            text += &format!("function Use-Thing{number} {{ [Net.WebClient]::new() }}\n");
        }
        for statement in statements {
            let host = self.host(number);
            text += &match statement {
                Statement::Cmdlet(_) => format!("Invoke-RestMethod -Uri https://h{host}.example.com/\n"),
                Statement::DotNet(_) => "[Net.WebClient]::new().DownloadString($u)\n".to_owned(),
                Statement::Call { script, by_name: true } => format!(". .\\Do-Thing{script}.ps1\n"),
                Statement::Call { .. } => "foreach ($f in $all) { . $f }\n".to_owned(),
                Statement::Function(script) => format!("Use-Thing{script}\n"),
                Statement::Module => "Import-Module Mod; Use-Mod\n".to_owned(),
                Statement::Expression(_) => "iex $text\n".to_owned(),
                Statement::Runspace { .. } => "[powershell]::Create().AddScript($t).Invoke()\n".to_owned(),
                Statement::Register => "Register-ObjectEvent $timer Elapsed -Action { irm $u }\n".to_owned(),
            };
        }
        text
    }

    /// One process from start to end; answers when it ended.
    fn process(&mut self, pid: u32, start: i64) -> i64 {
        let guid = self.id("process");
        let single = self.settings.single || self.random.chance(20);
        let (image, command_line) = match (single, self.random.below(2)) {
            (true, _) => (
                "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
                "powershell.exe -File C:\\Scripts\\Do-Thing{}.ps1",
            ),
            (false, 0) => ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell_ise.exe", "powershell_ise.exe"),
            (false, _) => ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "powershell.exe"),
        };
        let only = self.random.below(6) as usize;
        if self.settings.starts || self.random.chance(50) {
            let kind = Kind::ProcessStarted {
                image: image.to_owned(),
                command_line: command_line.replace("{}", &only.to_string()),
            };
            let fact = self.fact(pid, Some(&guid), None, start, kind);
            self.sysmon(1, fact, None);
        }
        let mut end = start;
        let lanes = if single { 1 } else { 1 + self.random.below(3) };
        for lane in 0..lanes {
            let now = start + self.random.span() + 50 * MS;
            end = end.max(self.lane(
                Lane {
                    pid,
                    guid: Arc::clone(&guid),
                    image,
                    now,
                    thread: 1_000 * (lane as u32 + 1),
                    runspace: "".into(),
                    host: "".into(),
                    pipeline: 0,
                    stack: Vec::new(),
                    handlers: Vec::new(),
                    depth: 0,
                    loaded: BTreeSet::new(),
                },
                single.then_some(only),
            ));
        }
        end += self.random.span();
        if self.settings.starts || self.random.chance(50) {
            let fact = self.fact(pid, Some(&guid), None, end, Kind::ProcessEnded);
            self.sysmon(5, fact, None);
        }
        end
    }

    /// Runs, one after the other, of some runspaces on some threads that nobody else uses meanwhile.
    fn lane(&mut self, mut lane: Lane, only: Option<usize>) -> i64 {
        let spaces: Vec<(Arc<str>, Arc<str>)> =
            (0..1 + self.random.below(2)).map(|_| (self.id("runspace"), self.id("host"))).collect();
        let fixed_threads = self.random.chance(50);
        let base = lane.thread;
        let n_runs = if only.is_some() { 1 } else { 1 + self.random.below(5) };
        for pipeline in 1..=n_runs {
            let space = self.random.below(spaces.len() as u64) as usize;
            (lane.runspace, lane.host) = spaces[space].clone();
            lane.pipeline = pipeline;
            lane.thread = base + if fixed_threads { space as u32 } else { self.random.below(2) as u32 };
            lane.stack.clear();
            self.run(&mut lane, only);
            lane.now += self.random.span();
            // What is no script acts between the runs too: the program itself, or code on a thread number used before.
            if only.is_none() && self.random.chance(40) {
                let thread = self.random.chance(50).then(|| base + self.random.below(2) as u32);
                self.connect(&lane, thread, None, "host");
                lane.now += self.random.span();
            }
        }
        lane.now
    }

    /// One run: a script started by its path, or a line of its own code.
    fn run(&mut self, lane: &mut Lane, only: Option<usize>) {
        let script = only.unwrap_or_else(|| [0, 1, 2, 3, 4, 5, 7, 8, 9][self.random.below(9) as usize]);
        if let Some(path) = self.scripts[script].path.clone() {
            let is_line = only.is_none() && self.random.chance(25);
            // A line of own code around a script, typed at the prompt.
            if is_line {
                let text = format!("{path}; [Net.WebClient]::new().DownloadString($u); {path}");
                let line = self.scripts.len();
                let call = Statement::Call { script, by_name: true };
                let act = self.act();
                let statements = vec![call.clone(), Statement::DotNet(act), call];
                self.scripts.push(Script { path: None, statements, text, is_library: false });
                self.enter(lane, line);
                return;
            }
            let starter = self.scripts.len();
            self.scripts.push(Script { path: None, statements: Vec::new(), text: path, is_library: false });
            self.text(lane, starter, "");
            let block = self.block_id(lane, starter, "");
            self.invocation(lane, &block, true);
            lane.now += self.random.below(40) as i64 * MS;
            self.enter(lane, script);
            self.invocation(lane, &block, false);
            return;
        }
        self.enter(lane, script);
    }

    /// Runs a script's statements as the innermost frame.
    fn enter(&mut self, lane: &mut Lane, script: usize) {
        if lane.depth > 4 {
            return;
        }
        lane.depth += 1;
        lane.loaded.insert((Arc::clone(&lane.runspace), script));
        lane.stack.push(script);
        self.text(lane, script, "");
        let block = self.block_id(lane, script, "");
        self.invocation(lane, &block, true);
        for statement in self.scripts[script].statements.clone() {
            lane.now += self.random.span();
            self.handlers(lane);
            self.perform(lane, script, &statement);
        }
        lane.now += self.random.below(20) as i64 * MS;
        self.invocation(lane, &block, false);
        lane.stack.pop();
        lane.depth -= 1;
    }

    fn perform(&mut self, lane: &mut Lane, script: usize, statement: &Statement) {
        match statement {
            Statement::Cmdlet(act) => self.cmdlet(lane, *act),
            Statement::DotNet(act) => self.do_act(lane, *act, None),
            Statement::Call { script, .. } => self.enter(lane, *script),
            Statement::Function(definer) => self.function(lane, *definer),
            Statement::Module => self.enter(lane, 6),
            Statement::Expression(text) => self.enter(lane, *text),
            Statement::Runspace { text, same_thread } => {
                let outer = (Arc::clone(&lane.runspace), Arc::clone(&lane.host), lane.pipeline, lane.thread);
                (lane.runspace, lane.host, lane.pipeline) = (self.id("runspace"), self.id("host"), 1);
                if !same_thread {
                    lane.thread += 500;
                }
                self.enter(lane, *text);
                (lane.runspace, lane.host, lane.pipeline, lane.thread) = outer;
            }
            Statement::Register => lane.handlers.push((Arc::clone(&lane.runspace), script)),
        }
    }

    /// A handler's code acts in whatever run is on, as code of the file that registered it.
    fn handlers(&mut self, lane: &mut Lane) {
        let of_runspace = lane.handlers.iter().find(|(runspace, _)| *runspace == lane.runspace);
        let Some(script) = of_runspace.map(|(_, script)| *script).filter(|_| self.random.chance(15)) else { return };
        self.block_of(lane, script, "-handler");
    }

    fn function(&mut self, lane: &mut Lane, definer: usize) {
        // It has to be loaded before, in this runspace.
        let is_loaded = lane.loaded.contains(&(Arc::clone(&lane.runspace), definer));
        if !is_loaded || self.random.chance(30) {
            if lane.depth > 4 {
                return;
            }
            self.enter(lane, definer);
        }
        self.block_of(lane, definer, "-function");
    }

    /// Code within a file that is entered by itself: a function, a handler.
    fn block_of(&mut self, lane: &mut Lane, script: usize, what: &str) {
        let mut acting = script;
        // Within a text that is in no file, it is a text of its own.
        if self.settings.function_texts && self.scripts[script].path.is_none() {
            let text = part_text(script, what);
            acting = self.scripts.len();
            self.scripts.push(Script { path: None, statements: Vec::new(), text, is_library: false });
        }
        lane.stack.push(acting);
        if self.settings.function_texts {
            self.text(lane, script, what);
        }
        let block = self.block_id(lane, script, what);
        self.invocation(lane, &block, true);
        for _ in 0..1 + self.random.below(3) {
            lane.now += self.random.span();
            let act = self.act();
            if self.random.chance(50) { self.cmdlet(lane, Some(act)) } else { self.do_act(lane, act, None) }
        }
        lane.now += self.random.span();
        self.invocation(lane, &block, false);
        lane.stack.pop();
    }

    /// A cmdlet: its record is written when it is done.
    fn cmdlet(&mut self, lane: &mut Lane, act: Option<Act>) {
        let activity = self.id("activity");
        lane.now += self.random.span();
        let host = self.host(lane.stack.last().copied().unwrap_or_default());
        if let Some(act) = act {
            self.do_act(lane, act, Some(&activity));
            lane.now += self.random.span();
        }
        if !self.settings.commands {
            return;
        }
        let script = lane.stack.last().and_then(|script| self.scripts[*script].path.clone());
        let kind = Kind::Command(Command {
            host: Arc::clone(&lane.host),
            runspace: Arc::clone(&lane.runspace),
            pipeline: lane.pipeline,
            script: script.map(Into::into),
            payload: format!(
                "ParameterBinding(Invoke-RestMethod): name=\"Uri\"; value=\"https://h{host}.example.com/\""
            ),
        });
        self.powershell(lane, 4103, Some(activity), kind);
    }

    fn do_act(&mut self, lane: &mut Lane, act: Act, activity: Option<&Arc<str>>) {
        match act {
            Act::Connect => self.connect(lane, None, None, "connection"),
            Act::ConnectWithThread => {
                let activity = activity.filter(|_| self.random.chance(20)).cloned();
                self.connect(lane, Some(lane.thread), activity, "connection with thread");
            }
            Act::ConnectOnPool => self.connect(lane, Some(9_000), None, "connection on the pool"),
            Act::Resolve => self.connect(lane, None, None, "query"),
            Act::Child => self.child(lane),
        }
    }

    fn connect(&mut self, lane: &Lane, thread: Option<u32>, activity: Option<Arc<str>>, what: &'static str) {
        let host = self.host(lane.stack.last().copied().unwrap_or_default());
        let mut action = Action { image: lane.image.to_owned(), network: true, ..Action::default() };
        if what == "query" {
            action.names = vec![format!("h{host}.example.com")];
            action.answers = vec![format!("10.0.0.{host}")];
        } else {
            action.address = Some(format!("10.0.0.{host}"));
        }
        let truth = self.truth(lane, what);
        let mut fact = self.fact(lane.pid, Some(&lane.guid), thread, lane.now, Kind::Action(action));
        fact.activity = activity;
        fact.record.event = 3;
        self.raw.push((lane.now, fact, Some(truth)));
    }

    /// A child process: the creator's handle, and the handles that others open.
    fn child(&mut self, lane: &Lane) {
        let child = self.id("child");
        let open = |rights| Action {
            opened: Some((Arc::clone(&child), rights)),
            image: lane.image.to_owned(),
            ..Action::default()
        };
        let created = Action { child: Some(Arc::clone(&child)), image: lane.image.to_owned(), ..Action::default() };
        let truth = self.truth(lane, "child");
        let opened = self.truth(lane, "handle");
        let fact = |thread, after, action| {
            self.fact(lane.pid, Some(&lane.guid), thread, lane.now + after * MS, Kind::Action(action))
        };
        let handle = fact(Some(lane.thread), 0, open(0x1f_ffff));
        let created = fact(None, 1, created);
        // Somebody lists the processes.
        let nobody = Truth { innermost: None, stack: Vec::new(), what: "list" };
        let listed = fact(Some(9_001), 3, open(0x1410));
        self.sysmon(10, handle, Some(opened));
        self.sysmon(1, created, Some(truth));
        self.sysmon(10, listed, Some(nobody));
    }

    fn truth(&self, lane: &Lane, what: &'static str) -> Truth {
        let name = |script: &usize| (self.scripts[*script].path.clone(), self.scripts[*script].text.clone());
        let own: Vec<usize> = lane.stack.iter().copied().filter(|script| !self.scripts[*script].is_library).collect();
        let innermost = own.last().map(name).filter(|_| what != "host");
        Truth { innermost, stack: own.iter().map(name).collect(), what }
    }

    /// 4104: written whenever a text is entered; what was written before in the process is left out later.
    fn text(&mut self, lane: &Lane, script: usize, what: &str) {
        if !self.settings.texts {
            return;
        }
        let Script { path, text, .. } = &self.scripts[script];
        let (path, text) = (path.clone(), if what.is_empty() { text.clone() } else { part_text(script, what) });
        let middle = text.len() / 2;
        let total = if text.len() > 150 { 2 } else { 1 };
        let block = self.block_id(lane, script, what);
        for number in 1..=total {
            let part = match (total, number) {
                (1, _) => text.clone(),
                (_, 1) => text[..middle].to_owned(),
                _ => text[middle..].to_owned(),
            };
            let kind = Kind::Block(Part {
                block: Arc::clone(&block),
                number,
                total,
                text: part,
                path: path.clone().map(Into::into),
                logged_by_policy: true,
            });
            self.powershell(lane, 4104, None, kind);
        }
    }

    /// A text has one block in a process, however often it runs.
    fn block_id(&self, lane: &Lane, script: usize, what: &str) -> Arc<str> {
        format!("block of {} {:?} {}{what}", lane.guid, self.scripts[script].path, self.scripts[script].text).into()
    }

    fn invocation(&mut self, lane: &mut Lane, block: &Arc<str>, is_start: bool) {
        lane.now += self.random.below(2) as i64 * MS + 1_000;
        if !self.settings.invocations {
            return;
        }
        let span = Span { block: Arc::clone(block), runspace: Arc::clone(&lane.runspace) };
        let (event, kind) = if is_start { (4105, Kind::BlockStarted(span)) } else { (4106, Kind::BlockStopped(span)) };
        self.powershell(lane, event, None, kind);
    }

    fn fact(&self, pid: u32, guid: Option<&Arc<str>>, thread: Option<u32>, time: i64, kind: Kind) -> Fact {
        let record = Record { log: SYSMON.into(), number: 0, event: 0 };
        Fact { record, time, written: time, pid: Some(pid), guid: guid.cloned(), thread, activity: None, kind }
    }

    fn powershell(&mut self, lane: &Lane, event: u32, activity: Option<Arc<str>>, kind: Kind) {
        let mut fact = self.fact(lane.pid, None, Some(lane.thread), lane.now, kind);
        fact.record = Record { log: POWERSHELL.into(), number: 0, event };
        fact.activity = activity;
        self.raw.push((lane.now, fact, None));
    }

    fn sysmon(&mut self, event: u32, fact: Fact, truth: Option<Truth>) {
        let record = Record { event, ..fact.record };
        self.raw.push((fact.time, Fact { record, ..fact }, truth));
    }

    /// What the logs hold in the end: real order gives the numbers, then clocks, lateness and loss.
    fn write_logs(&mut self) {
        let mut raw = std::mem::take(&mut self.raw);
        for number in 0..40 {
            let mut other = self.fact(1, None, None, 990_000 * MS + number * 2_000 * MS, Kind::Other);
            other.record = Record { log: POWERSHELL.into(), number: 0, event: 53_504 };
            raw.push((other.time, other, None));
        }
        let (first, last) =
            (raw.iter().map(|raw| raw.0).min().unwrap_or(0), raw.iter().map(|raw| raw.0).max().unwrap_or(0));
        let set_at = first + self.random.below((last - first).max(1) as u64) as i64;
        let set_by = self.random.span() * 2;
        if self.settings.clock_set_back {
            let mut set = self.fact(4, None, None, set_at, Kind::ClockSet { old: set_at });
            set.record = Record { log: "System".into(), number: 0, event: 1 };
            raw.push((set_at, set, None));
        }
        raw.sort_by_key(|raw| raw.0);
        let mut numbers: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        let mut known: BTreeSet<(Arc<str>, u32)> = BTreeSet::new();
        for (real, mut fact, truth) in raw {
            if let Kind::Block(part) = &fact.kind
                && !known.insert((Arc::clone(&part.block), part.number))
            {
                continue;
            }
            let number = numbers.entry(Arc::clone(&fact.record.log)).or_insert(1_000);
            *number += 1;
            fact.record.number = *number;
            let shift = if self.settings.clock_set_back && real >= set_at { set_by } else { 0 };
            // Sysmon's clock ticks every 15.6 ms and is written in milliseconds.
            let stale = if *fact.record.log == *SYSMON { self.random.below(16) as i64 * MS } else { 0 };
            fact.time = (real - shift - stale) / if stale > 0 { MS } else { 1 } * if stale > 0 { MS } else { 1 };
            fact.written = real - shift;
            let begins_late = self.settings.begins_late && real < first + (last - first) / 3;
            if begins_late || self.random.chance(self.settings.lost) {
                continue;
            }
            if let Some(truth) = truth {
                self.truths.insert(fact.record.clone(), truth);
            }
            self.facts.push(fact);
        }
        for fact in &mut self.facts {
            if let Kind::ClockSet { old } = &mut fact.kind {
                *old = fact.time + set_by;
            }
        }
    }
}

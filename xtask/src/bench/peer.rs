//! A process that answers questions: ours and the peers' speak the same JSON lines.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

use crate::command::{command, root, run};

/// What the peers need, in a virtual environment of their own.
const PACKAGES: [&str; 3] = ["duckdb", "chdb", "pyarrow"];

/// A running engine.
pub struct Engine {
    pub name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Engine {
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {:?}", command.get_program()))?;
        let input = child.stdin.take().context("open its input")?;
        let output = BufReader::new(child.stdout.take().context("open its output")?);
        Ok(Self { name, child, input, output })
    }

    /// Asks and waits for the answer; an error that the engine states is an error here.
    pub fn ask(&mut self, question: &Json) -> Result<Json> {
        writeln!(self.input, "{question}").with_context(|| format!("ask {}", self.name))?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer: Json = serde_json::from_str(&line)
            .with_context(|| format!("{} ended, or its answer is no JSON: {line:.200}", self.name))?;
        if let Some(error) = answer["error"].as_str() {
            bail!("{}: {error}\nasked: {:.600}", self.name, question.to_string());
        }
        Ok(answer)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The Python of the virtual environment, made when it is not there.
pub fn python() -> Result<String> {
    let venv = root().join("target/bench/venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        println!("making a virtual environment with {}", PACKAGES.join(", "));
        let venv = venv.to_string_lossy().into_owned();
        run(&mut command("python3", &["-m", "venv", &venv]))?;
        let mut args = vec!["-m", "pip", "install", "--quiet"];
        args.extend(PACKAGES);
        run(&mut command(&python.to_string_lossy(), &args))?;
    }
    Ok(python.to_string_lossy().into_owned())
}

/// A peer over the data in a directory.
pub fn peer(name: &'static str, python: &str, dir: &Path, fresh: bool) -> Result<Engine> {
    let dir = dir.to_string_lossy().into_owned();
    let mut args = vec!["bench/peers.py", name, &dir];
    if fresh {
        args.push("--fresh");
    }
    Engine::start(name, &mut command(python, &args))
}

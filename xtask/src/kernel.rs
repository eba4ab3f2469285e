//! `cargo xtask kernel`: the sensor's tests that load eBPF programs. `cargo test` passes over them where they can't
//! run; here that is a failure.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::command::{self, cargo, output};

/// Where the kernel describes its types; without it CO-RE can't relocate our programs.
const BTF: &str = "/sys/kernel/btf/vmlinux";

/// Checks that this machine can load eBPF programs, then runs the tests; `args` go to them.
pub fn run(args: &[String]) -> Result<()> {
    ensure!(Path::new(BTF).exists(), "this kernel has no {BTF}");
    let uid = output(&mut command::command("id", &["-u"]))?;
    ensure!(uid.trim() == "0", "loading eBPF programs needs root");
    let mut test = cargo(&["test", "--package", "sensor", "--test", "main", "--", "kernel", "--test-threads=1"]);
    command::run(test.args(args))
}

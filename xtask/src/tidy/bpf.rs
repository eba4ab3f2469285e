//! Rules on eBPF sources: the licence that the kernel asks for, and for each hook the kernel prototype it was
//! written against, so that a kernel update can be checked by searching.

use anyhow::Result;

use super::{Tree, Violation};

const LICENCE: &str = "SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)";
const PROTOTYPE: &str = "match-proto:";

/// Sections that hold data, not a hook.
const SECTIONS_OF_DATA: &[&str] = &["license", "version", ".maps", ".data", ".rodata", ".bss", ".ksyms", ".kconfig"];

pub fn check(tree: &Tree) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for path in tree.with_suffix(&[".bpf.c", ".bpf.h"]) {
        violations.extend(check_text(path, &tree.text(path)?));
    }
    Ok(violations)
}

fn check_text(path: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    if !text.lines().next().unwrap_or_default().contains(LICENCE) {
        violations.push(Violation::new(path, 1, format!("the first line is not `{LICENCE}`")));
    }
    let lines: Vec<&str> = text.lines().collect();
    for (idx, line) in lines.iter().enumerate() {
        if is_hook(line) && !has_prototype(&lines[..idx]) {
            let message = format!("no `{PROTOTYPE}VERSION:FILE:PROTOTYPE` in the comment above the hook");
            violations.push(Violation::new(path, idx + 1, message));
        }
    }
    violations
}

/// A hook of its own; in the body of a macro (the line goes on) the users of the macro are the hooks.
fn is_hook(line: &str) -> bool {
    let Some(section) = line.trim_start().strip_prefix("SEC(\"") else { return false };
    !line.ends_with('\\') && !SECTIONS_OF_DATA.iter().any(|data| section.starts_with(data))
}

/// Looks through the comment that ends just above.
fn has_prototype(above: &[&str]) -> bool {
    for line in above.iter().rev().map(|line| line.trim()) {
        if let Some((_, prototype)) = line.split_once(PROTOTYPE) {
            return prototype.splitn(3, ':').filter(|part| !part.trim().is_empty()).count() == 3;
        }
        let is_comment = ["//", "/*", "*"].iter().any(|start| line.starts_with(start)) || line.ends_with("*/");
        if !is_comment {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_need_a_prototype_and_files_a_licence() {
        let head = format!("// {LICENCE}\n");
        let count = |text: &str| check_text("a.bpf.c", text).len();
        let proto = "// match-proto:v5.9:fs/exec.c:static int exec_binprm(struct linux_binprm *bprm)\n";
        assert_eq!(count(&format!("{head}// Why.\n{proto}SEC(\"tp_btf/sched_process_exec\")\n")), 0);
        assert_eq!(count(&format!("{head}{proto}\nint x;\nSEC(\"kprobe/a\")\n")), 1);
        assert_eq!(count(&format!("{head}/*\n * match-proto:v5.9:fs/exec.c:f()\n */\nSEC(\"kprobe/a\")\n")), 0);
        assert_eq!(count(&format!("{head}// match-proto:later\nSEC(\"kprobe/a\")\n")), 1);
        assert_eq!(count(&format!("{head}struct x SEC(\".maps\");\nSEC(\"license\") char l[] = \"GPL\";\n")), 0);
        assert_eq!(count(&format!("{head}#define HANDLER(name) \\\n\tSEC(\"kprobe/a\") \\\n\tint name(void)\n")), 0);
        assert_eq!(count("SEC(\"kprobe/a\")\n"), 2);
    }
}

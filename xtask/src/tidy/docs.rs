//! Rules on documents: the map agrees with the tree, links lead somewhere, decisions are dated.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Tree, Violation};

/// Documents whose paths in backticks must exist.
const MAPS: &[&str] = &["ARCHITECTURE.md", "CONTRIBUTING.md"];

/// Endings that make a word in backticks a path even without a known folder in front.
const PATH_ENDINGS: &[&str] = &[".rs", ".c", ".h", ".md", ".toml", ".ts", ".tsx", ".txt", ".json", ".sh", ".css"];

const DECISIONS: &str = "docs/decisions/";

pub fn architecture(tree: &Tree) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for map in MAPS {
        let text = tree.text(map)?;
        for (line, path) in paths(tree, &text) {
            if !tree.has(path) {
                violations.push(Violation::new(map, line, format!("`{path}` does not exist")));
            }
        }
    }
    let text = tree.text(MAPS[0])?;
    for name in crates(tree) {
        if !text.contains(&format!("`{name}`")) {
            violations.push(Violation::new(MAPS[0], 0, format!("`{name}` is not described")));
        }
    }
    Ok(violations)
}

/// Folders under `crates/`, and `xtask`.
fn crates(tree: &Tree) -> BTreeSet<String> {
    let mut crates = BTreeSet::new();
    for path in tree.with_suffix(&["/Cargo.toml"]) {
        crates.insert(path.trim_end_matches("/Cargo.toml").to_owned());
    }
    crates
}

/// Words in backticks that are paths from the root, each with its line.
fn paths<'a>(tree: &Tree, text: &'a str) -> Vec<(usize, &'a str)> {
    let mut paths = Vec::new();
    for (line, text) in prose_lines(text) {
        for word in text.split('`').skip(1).step_by(2) {
            let plain = word.chars().all(|character| character.is_ascii_alphanumeric() || "/._-".contains(character));
            let folder = word.split_once('/').map(|(folder, _)| folder);
            let is_path = folder.is_some_and(|folder| !folder.is_empty() && tree.has(folder))
                || folder.is_some_and(|folder| !folder.is_empty())
                    && PATH_ENDINGS.iter().any(|ending| word.ends_with(ending));
            if plain && is_path {
                paths.push((line, word));
            }
        }
    }
    paths
}

pub fn links(tree: &Tree) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for path in tree.with_suffix(&[".md"]) {
        let text = tree.text(path)?;
        for (line, target) in targets(&text) {
            if let Some(fault) = fault(tree, path, target)? {
                violations.push(Violation::new(path, line, format!("link to `{target}`: {fault}")));
            }
        }
    }
    Ok(violations)
}

/// Targets of `[text](target)`, each with its line.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut targets = Vec::new();
    for (line, text) in prose_lines(text) {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("](") {
            let end = after.find(')').unwrap_or(after.len());
            targets.push((line, &after[..end]));
            rest = &after[end..];
        }
    }
    targets
}

fn fault(tree: &Tree, page: &str, target: &str) -> Result<Option<&'static str>> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(None);
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = if file.is_empty() { page.to_owned() } else { resolve(page, file) };
    if !tree.has(&file) {
        return Ok(Some("no such file"));
    }
    if anchor.is_empty() || !file.ends_with(".md") {
        return Ok(None);
    }
    let text = tree.text(&file)?;
    let has_heading = prose_lines(&text).any(|(_, line)| line.starts_with('#') && slug(line) == anchor);
    Ok((!has_heading).then_some("no such heading"))
}

/// A link relative to the page's folder, as a path from the root.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchor that code hosts derive from a heading.
fn slug(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|character| character.is_alphanumeric() || "-_ ".contains(*character));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

/// Lines outside fenced code, counted from 1.
fn prose_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_fence = false;
    text.lines().enumerate().filter_map(move |(idx, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_fence ^= is_fence;
        (!in_fence && !is_fence).then_some((idx + 1, line))
    })
}

pub fn decisions(tree: &Tree) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for path in tree.paths.iter().filter(|path| path.starts_with(DECISIONS)) {
        if !is_dated(&path[DECISIONS.len()..]) {
            violations.push(Violation::new(path, 0, "name it YYYY-MM-DD-what-was-decided.md"));
        }
        if !tree.text(path)?.starts_with("# ") {
            violations.push(Violation::new(path, 1, "does not open with a `# ` heading"));
        }
    }
    Ok(violations)
}

fn is_dated(name: &str) -> bool {
    let shape: String = name.chars().take(11).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00-" && name.len() > "0000-00-00-.md".len() && name.ends_with(".md")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let paths = ["README.md", "crates/schema/Cargo.toml", "docs/a.md"].map(str::to_owned);
        Tree { root: std::path::PathBuf::new(), paths: paths.to_vec() }
    }

    #[test]
    fn words_with_a_known_folder_or_ending_are_paths() {
        let text =
            "`crates/schema` `crates/ghost/` `no/such.rs` `a/b` `GET /x` `/api/v1` `Row`\n```\n`crates/x`\n```\n";
        let found: Vec<&str> = paths(&tree(), text).into_iter().map(|(_, path)| path).collect();
        assert_eq!(found, ["crates/schema", "crates/ghost/", "no/such.rs"]);
        assert_eq!(found.iter().filter(|path| tree().has(path)).count(), 1);
    }

    #[test]
    fn links_are_relative_to_their_page() {
        assert_eq!(resolve("docs/a.md", "../README.md"), "README.md");
        assert_eq!(resolve("docs/a.md", "./b/c.md"), "docs/b/c.md");
        assert_eq!(targets("see [a](b.md) and [c](d.md#e).\n"), [(1, "b.md"), (1, "d.md#e")]);
        assert_eq!(fault(&tree(), "docs/a.md", "../README.md").expect("no file is read"), None);
        assert!(fault(&tree(), "docs/a.md", "README.md").expect("no file is read").is_some());
        assert_eq!(fault(&tree(), "docs/a.md", "https://example.test/x").expect("no file is read"), None);
    }

    #[test]
    fn anchors_are_slugs_of_headings() {
        assert_eq!(slug("## 3. One event's journey"), "3-one-events-journey");
    }

    #[test]
    fn decisions_carry_a_date() {
        assert!(is_dated("2026-11-24-one-declaration.md"));
        assert!(!is_dated("0001-one-declaration.md"));
        assert!(!is_dated("2026-11-24-.md"));
    }
}

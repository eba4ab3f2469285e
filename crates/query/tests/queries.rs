//! The hunting queries in `queries/`: each is a Markdown file with a query, rows, and what the query finds in them.
//! `UPDATE=1` writes the answers and the index; read the difference before you commit it.
//!
//! A file has, in this order: a title, what it finds, a table of platform and techniques, `## Why`, `## Query` with the
//! one ` ```kql ` block, `## Sample` with ` ```rows TABLE ` blocks, `## Answer` with the one ` ```expect ` block.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use query::Engine;

use crate::documents::root;
use crate::kql_documents::{Block, answer, blocks, store_of};

/// Fewer are not the collection that was promised.
const QUERIES_MIN: usize = 30;
const SECTIONS: &[&str] = &["## Why", "## Query", "## Sample", "## Answer"];

/// A file, taken apart.
struct Hunt {
    path: PathBuf,
    text: String,
    blocks: Vec<Block>,
}

impl Hunt {
    fn name(&self) -> String {
        self.path.file_stem().expect("a name").to_string_lossy().into_owned()
    }

    /// The block of a kind; there is one.
    fn block(&self, kind: &str) -> &Block {
        let mut found = self.blocks.iter().filter(|block| block.info.split(' ').next() == Some(kind));
        let first = found.next().unwrap_or_else(|| panic!("{}: no {kind} block", self.name()));
        assert!(found.next().is_none(), "{}: more than one {kind} block", self.name());
        first
    }

    fn title(&self) -> &str {
        let title = self.text.lines().next().and_then(|line| line.strip_prefix("# "));
        title.unwrap_or_else(|| panic!("{}: no title", self.name()))
    }

    /// The paragraph behind the title.
    fn finds(&self) -> String {
        let lines = self.text.lines().skip(2).take_while(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join(" ")
    }

    /// The cell of a line of the table behind the first paragraph.
    fn fact(&self, name: &str) -> &str {
        let start = format!("| {name} | ");
        let line = self.text.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix(" |"));
        line.unwrap_or_else(|| panic!("{}: no line | {name} | … |", self.name()))
    }

    fn tables(&self) -> Vec<&str> {
        let mut tables: Vec<&str> = self.blocks.iter().filter_map(|block| block.info.strip_prefix("rows ")).collect();
        tables.dedup();
        tables
    }
}

fn hunts() -> Vec<Hunt> {
    let folder = root().join("queries");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("list").map(|entry| entry.expect("entry").path()).collect();
    paths.retain(|path| path.file_name().is_some_and(|name| name != "README.md"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("read query");
        Hunt { path, blocks: blocks(&text), text }
    };
    paths.into_iter().map(read).collect()
}

/// What the query finds in the rows of its file.
fn found(hunt: &Hunt, engine: &Engine, dir: &Path) -> String {
    let store = store_of(dir, &hunt.blocks);
    let is_ordered = hunt.block("expect").info.ends_with("ordered");
    let found = answer(engine, &store.snapshot(), hunt.block("kql").body.trim_end(), is_ordered);
    store.close();
    found
}

#[test]
fn hunts_find_what_they_say() {
    let engine = Engine::new(2).expect("engine");
    let mut differences = String::new();
    for hunt in hunts() {
        let dir = tempfile::tempdir().expect("make directory");
        let expect = hunt.block("expect");
        let got = found(&hunt, &engine, dir.path());
        if got == expect.body {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            let mut text = hunt.text.clone();
            text.replace_range(expect.start..expect.end, &got);
            std::fs::write(&hunt.path, text).expect("write query");
            continue;
        }
        let name = hunt.name();
        write!(differences, "--- {name}\nexpected\n{}got\n{got}\n", expect.body).expect("text");
    }
    assert!(differences.is_empty(), "{differences}");
}

/// A sample in which everything is found shows nothing.
#[test]
fn hunts_are_whole() {
    let hunts = hunts();
    assert!(hunts.len() >= QUERIES_MIN, "{} queries", hunts.len());
    for hunt in &hunts {
        let name = hunt.name();
        let mut at = 0;
        for section in SECTIONS {
            let found = hunt.text[at..].find(&format!("\n{section}\n"));
            at += found.unwrap_or_else(|| panic!("{name}: `{section}` is not in its place"));
        }
        assert!(!hunt.finds().is_empty(), "{name}: nothing is said behind the title");
        assert!(["Linux", "Windows", "Linux, Windows"].contains(&hunt.fact("Platform")), "{name}: platform");
        for technique in hunt.fact("Techniques").split(", ") {
            let digits = technique.strip_prefix("[T").and_then(|rest| rest.split([']', ' ']).next());
            let is_one =
                digits.is_some_and(|digits| digits.len() >= 4 && digits.split('.').all(|part| part.len() >= 3));
            let address = "](https://attack.mitre.org/techniques/T";
            assert!(is_one && technique.contains(address), "{name}: {technique} is no technique");
        }
        let query = &hunt.block("kql").body;
        for table in hunt.tables() {
            assert!(schema::tables::table(table).is_some(), "{name}: there is no table {table}");
            assert!(query.contains(table), "{name}: the query does not read {table}");
        }
        let n_lines = |block: &Block| block.body.lines().count() - 1;
        let n_rows: usize = hunt.blocks.iter().filter(|block| block.info.starts_with("rows ")).map(n_lines).sum();
        let n_found = n_lines(hunt.block("expect"));
        assert!(n_found > 0 && n_found < n_rows, "{name}: {n_found} found in {n_rows} rows");
        assert!(!hunt.block("expect").body.contains("KQL"), "{name}: the query is refused or warns");
    }
}

fn index(hunts: &[Hunt]) -> String {
    let mut page =
        String::from("<!-- Generated from the files beside it by `cargo xtask codegen`. Do not edit. -->\n\n");
    page.push_str(
        "# Hunting queries\n\n\
         Each file has a query, why one would ask it, a few rows, and what the query finds in them; a test runs them all \
         through the store and the engine. Ask your own devices with `nenrin query --file queries/NAME.md`, or paste the \
         query into the portal. The language is described in [docs/kql](../docs/kql/README.md), the tables in \
         [docs/schema](../docs/schema/README.md).\n\n\
         | query | finds | platform | tables | techniques |\n|---|---|---|---|---|\n",
    );
    for hunt in hunts {
        let tables: Vec<String> = hunt.tables().iter().map(|table| format!("`{table}`")).collect();
        writeln!(
            page,
            "| [{}]({}.md) | {} | {} | {} | {} |",
            hunt.title(),
            hunt.name(),
            hunt.finds(),
            hunt.fact("Platform"),
            tables.join(", "),
            hunt.fact("Techniques")
        )
        .expect("text");
    }
    page
}

#[test]
fn generated_index_of_queries_is_fresh() {
    let path = root().join("queries/README.md");
    let expected = index(&hunts());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).expect("write index");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == expected, "queries/README.md is stale: run `cargo xtask codegen`");
}

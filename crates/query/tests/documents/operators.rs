//! `docs/kql/operators.md`.

use std::fmt::Write;

use query::kql::reference::{Entry, INVOKED, PLUGINS, SOURCES, STATEMENTS, TABULAR};

use super::NOTICE;

const SECTIONS: &[(&str, &str, &[Entry])] = &[
    ("Tabular operators", "They take rows and give rows; `|` stands between them.", TABULAR),
    ("Where rows come from", "Besides the tables and the names of `let`.", SOURCES),
    ("Statements", "`;` stands between them; the last one is the answer.", STATEMENTS),
    (
        "Plugins of evaluate",
        "Those that there are. Kusto's others are listed under [functions](functions.md).",
        PLUGINS,
    ),
    ("Functions of invoke", "Besides the functions of the query itself.", INVOKED),
];

pub fn page() -> String {
    let mut page = format!("{NOTICE}# Operators\n\n| | supported | refused |\n|---|---|---|\n");
    for (title, _, entries) in SECTIONS {
        let names = |is_supported: bool| {
            let chosen = entries.iter().filter(|entry| entry.is_supported == is_supported);
            chosen.flat_map(names_of).collect::<Vec<_>>().join(", ")
        };
        writeln!(page, "| {title} | {} | {} |", names(true), names(false)).expect("text");
    }
    page.push_str("\nWhat is refused gives a diagnostic with a code, never another answer.\n");
    for (title, prose, entries) in SECTIONS {
        write!(page, "\n## {title}\n\n{prose}\n").expect("text");
        for entry in *entries {
            section(&mut page, entry);
        }
    }
    page
}

fn names_of(entry: &Entry) -> Vec<String> {
    [&[entry.name], entry.aliases].concat().into_iter().map(|name| format!("`{name}`")).collect()
}

fn section(page: &mut String, entry: &Entry) {
    let state = if entry.is_supported { "" } else { " (refused)" };
    write!(page, "\n### {}{state}\n\n{}\n\n", entry.name, entry.prose).expect("text");
    if !entry.aliases.is_empty() {
        let aliases: Vec<String> = entry.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        write!(page, "Also: {}.\n\n", aliases.join(", ")).expect("text");
    }
    let (syntax, example) = (entry.syntax, entry.example);
    let result = if entry.result.is_empty() { "(no rows)" } else { entry.result };
    write!(page, "    {syntax}\n\n```kql\n{example}\n```\n```text\n{result}\n```\n").expect("text");
}

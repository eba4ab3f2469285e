//! `docs/kql/` is generated from the tables in `crates/query/src/kql`; `UPDATE=1 cargo test -p query generated` writes it.

mod differences;
mod functions;
mod operators;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The first line of each page.
const NOTICE: &str = "<!-- Generated from crates/query by `cargo xtask codegen`. Do not edit. -->\n\n";

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("README.md", index()),
        ("differences.md", differences::page()),
        ("functions.md", functions::page()),
        ("operators.md", operators::page()),
    ])
}

fn index() -> String {
    format!(
        "{NOTICE}# The query language\n\n\
         KQL, the language of Kusto and of Microsoft Defender's advanced hunting, over the tables in \
         [docs/schema](../schema/README.md).\n\n\
         | page | what it has |\n|---|---|\n\
         | [operators](operators.md) | tabular operators, statements, plugins: supported and not |\n\
         | [functions](functions.md) | scalar functions, operators between values, aggregates; what Kusto has and we have not |\n\
         | [differences](differences.md) | what is not as in Kusto, and why |\n\n\
         Hunting queries to begin with are in [queries](../../queries/README.md). Each example on these pages is run by a \
         test: what stands behind it is what the engine answers.\n"
    )
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Code for a cell of a table.
fn code(text: &str) -> String {
    match (text.is_empty(), text.contains('`')) {
        (true, _) => String::new(),
        (false, false) => format!("`{}`", cell(text)),
        (false, true) => format!("`` {} ``", cell(text)),
    }
}

#[test]
fn generated_pages_are_fresh() {
    let folder = root().join("docs/kql");
    let files = files();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(&folder).expect("create directory");
        for (name, expected) in &files {
            std::fs::write(folder.join(name), expected).expect("write generated page");
        }
    }
    for (name, expected) in &files {
        let committed = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(committed == *expected, "docs/kql/{name} is stale: run `cargo xtask codegen`");
    }
    for entry in std::fs::read_dir(&folder).expect("docs/kql exists") {
        let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
        assert!(files.contains_key(name.as_str()), "docs/kql/{name} belongs to no table");
    }
}

//! Compares the committed files that are derived from the declarations with what they should be;
//! `UPDATE=1 cargo test -p schema generated` writes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schema::TABLES;

use crate::{markdown, typescript};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every derived file, by its path from the root of the repository.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    files.insert("docs/schema/README.md".to_owned(), markdown::index());
    files.insert("docs/schema/actions.md".to_owned(), markdown::actions());
    for table in TABLES {
        files.insert(format!("docs/schema/{}.md", table.name), markdown::table(table));
    }
    files.insert("portal/src/generated/schema.ts".to_owned(), typescript::schema());
    files
}

#[test]
fn generated_files_are_fresh() {
    let update = std::env::var_os("UPDATE").is_some();
    let files = files();
    for (path, expected) in &files {
        let file = root().join(path);
        if update {
            std::fs::create_dir_all(file.parent().expect("a file has a directory")).expect("create directory");
            std::fs::write(&file, expected).expect("write generated file");
            continue;
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == *expected, "{path} is stale: run `cargo xtask codegen`");
    }
    for entry in std::fs::read_dir(root().join("docs/schema")).expect("docs/schema exists") {
        let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
        assert!(files.contains_key(&format!("docs/schema/{name}")), "docs/schema/{name} belongs to no declaration");
    }
}

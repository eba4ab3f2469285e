//! More rows than the memory of a query: spilled to disk, or a named cap; and files that are not what they were.

use std::path::{Path, PathBuf};

use query::kql::Request;

use super::{Place, place, request};

/// Rows of the large tables; a release build has many more.
const ROWS: usize = if cfg!(debug_assertions) { 120_000 } else { 3_000_000 };
/// Memory of a query over them: a fraction of what they take.
const MEMORY_BYTES: usize = if cfg!(debug_assertions) { 8 << 20 } else { 64 << 20 };

impl Place {
    /// The one number that a query answers, or the error.
    fn number(&self, request: Request) -> Result<String, String> {
        let answer = self.engine.run_kql(&self.store.snapshot(), request).map_err(|error| error.to_string())?;
        let columns = answer.columns.clone();
        let (batches, outcome) = answer.collect().map_err(|error| error.to_string())?;
        assert!(outcome.caps.is_empty(), "{:?}", outcome.caps);
        let batch = batches.first().ok_or("no row")?;
        let rows = query::kql::text_rows(&columns, batch).map_err(|error| error.to_string())?;
        Ok(rows[0][0].clone())
    }
}

#[test]
fn what_does_not_fit_is_spilled_or_named() {
    let place = place();
    let table =
        format!("range x from 1 to {ROWS} step 1 | extend s = strcat('a text of some length, ', hash(x), ' ', x)");
    let half = ROWS / 2;
    for (name, text, expected, must_spill) in [
        ("sort", format!("{table} | sort by s asc | extend p = prev(s) | where p > s | count"), "0".to_owned(), false),
        ("plain sort", format!("{table} | sort by s asc | summarize n = count()"), ROWS.to_string(), true),
        ("aggregate", format!("{table} | summarize n = count() by s | where n == 1 | count"), ROWS.to_string(), false),
        ("distinct", format!("{table} | distinct s | count"), ROWS.to_string(), false),
        (
            "join",
            format!(
                "{table} | join kind=inner ({table} | where x <= {half} | project s, y = x) on s | where x == y | count"
            ),
            half.to_string(),
            false,
        ),
        ("list", format!("{table} | summarize l = make_list(s) | project array_length(l)"), ROWS.to_string(), false),
        ("top", format!("{table} | top 3 by x desc | summarize max(x)"), ROWS.to_string(), true),
        ("dcount", format!("{table} | summarize count_distinct(s)"), ROWS.to_string(), false),
    ] {
        let mut asked = request(&text);
        asked.limits.memory_bytes = MEMORY_BYTES;
        let started = std::time::Instant::now();
        let found = place.number(asked);
        eprintln!("{name}: {found:?} after {:.2?}", started.elapsed());
        match found {
            Ok(found) => assert_eq!(found, expected, "{name}"),
            Err(error) => {
                assert!(!must_spill && error.contains("_MAX)"), "{name}: {error}");
            }
        }
    }
}

fn column_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("list directory") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            column_files(&path, found);
        } else if path.to_string_lossy().contains("day=")
            && path.extension().is_some_and(|extension| extension == "parquet")
        {
            found.push(path);
        }
    }
}

#[test]
fn a_broken_file_is_an_error_that_names_it() {
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 4] = [
        ("missing", |path| std::fs::remove_file(path).expect("remove")),
        ("empty", |path| std::fs::write(path, b"").expect("write")),
        ("noise", |path| std::fs::write(path, vec![7; 10_000]).expect("write")),
        ("cut", |path| {
            let bytes = std::fs::read(path).expect("read");
            std::fs::write(path, &bytes[..bytes.len() / 2]).expect("write");
        }),
    ];
    for (name, damage) in damages {
        let place = place();
        let mut files = Vec::new();
        column_files(place.dir.path(), &mut files);
        let file = files.first().expect("a column file");
        damage(file);
        for text in [
            "DeviceProcessEvents | project Timestamp, FileName, DeviceId",
            "DeviceProcessEvents | summarize dcount(FileName)",
            "print n = toscalar(DeviceProcessEvents | summarize max(FileName))",
        ] {
            let error = place.number(request(text)).expect_err("a file is broken");
            let file_name = file.file_name().and_then(|name| name.to_str()).expect("a name");
            assert!(error.contains(file_name), "{name}: {error}");
            assert!(!error.contains("panicked"), "{name}: {error}");
        }
    }
}

#[test]
fn a_page_of_noise_is_an_error() {
    let place = place();
    let mut files = Vec::new();
    column_files(place.dir.path(), &mut files);
    for file in files {
        let mut bytes = std::fs::read(&file).expect("read");
        // The pages are at the beginning, the footer at the end stays as it is.
        let end = bytes.len() / 3;
        bytes[4..end].iter_mut().for_each(|byte| *byte ^= 0x5A);
        std::fs::write(&file, bytes).expect("write");
    }
    let found =
        place.number(request("DeviceProcessEvents | summarize make_set(FileName), make_set(DeviceId), max(Timestamp)"));
    let error = found.expect_err("the pages are broken");
    assert!(!error.contains("panicked"), "{error}");
}

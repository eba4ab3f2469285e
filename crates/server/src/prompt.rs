//! The prompt of `nenrin query`: lines with history and completion. A query ends with an empty line or a semicolon; the
//! semicolon of a `let` ends none.

use std::path::Path;

use anyhow::Result;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Context, Editor, Helper, Highlighter, Hinter, Validator};
use serde_json::{Value, json};

use crate::query_cli::Session;

/// Queries that the history keeps.
const HISTORY_MAX: usize = 1_000;
/// Its file in the data directory.
const HISTORY: &str = "query-history";

const HELP: &str = "KQL; an empty line or ; runs it. Tab completes.
  .tables   the tables       .columns TABLE   a table's columns       .quit   leave (or Ctrl-D)";

#[derive(Helper, Highlighter, Hinter, Validator)]
struct Words<'a> {
    session: &'a Session<'a>,
    /// The lines of the query before the present one.
    before: String,
}

impl Completer for Words<'_> {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _context: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let text = format!("{}{line}", self.before);
        let body = json!({ "query": text, "completeAt": self.before.len() + at });
        // The editor is synchronous and stands in its own thread: waiting here blocks nothing else.
        let found = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(self.ask(&body)));
        let Some(found) = found else { return Ok((at, Vec::new())) };
        let start = found["start"].as_u64().and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
        let words = found["words"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Ok((start.saturating_sub(self.before.len()), words.collect()))
    }
}

impl Words<'_> {
    async fn ask(&self, body: &Value) -> Option<Value> {
        let response = self.session.local.post("/api/v1/hunting/analyze", body).await.ok()?;
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.ok()?;
        let mut found: Value = serde_json::from_slice(&bytes).ok()?;
        Some(found["completions"].take())
    }
}

/// Reads and answers queries until the input ends.
///
/// # Errors
/// When the terminal can't be used. A query that fails is said, and the next one read.
pub(crate) async fn run(session: &Session<'_>, data_dir: &Path) -> Result<()> {
    let config = Config::builder().max_history_size(HISTORY_MAX)?.completion_type(CompletionType::List).build();
    let mut editor: Editor<Words<'_>, DefaultHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(Words { session, before: String::new() }));
    let history = data_dir.join(HISTORY);
    // There is none the first time.
    drop(editor.load_history(&history));
    eprintln!("{HELP}");
    let mut query = String::new();
    loop {
        let prompt = if query.is_empty() { "kql> " } else { "...> " };
        if let Some(words) = editor.helper_mut() {
            words.before.clone_from(&query);
        }
        match tokio::task::block_in_place(|| editor.readline(prompt)) {
            Ok(line) if query.is_empty() && line.trim().starts_with('.') => {
                if !command(session, line.trim()).await? {
                    break;
                }
            }
            Ok(line) => {
                query.push_str(&line);
                query.push('\n');
                // A paste is one line with line breaks in it; Enter behind its last line break is an empty line.
                let is_ended = line.trim().is_empty() || line.ends_with('\n');
                if is_ended || line.trim_end().ends_with(';') && query::kql::is_whole(&query) {
                    answer(session, &mut editor, &mut query).await?;
                }
            }
            Err(ReadlineError::Interrupted) => query.clear(),
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        }
    }
    drop(editor.save_history(&history));
    Ok(())
}

async fn answer(
    session: &Session<'_>,
    editor: &mut Editor<Words<'_>, DefaultHistory>,
    query: &mut String,
) -> Result<()> {
    let text = std::mem::take(query);
    let text = text.trim();
    if text.is_empty() {
        return Ok(());
    }
    editor.add_history_entry(text)?;
    // Ctrl-C stops the query, not the prompt.
    tokio::select! {
        answered = session.one(text) => {
            if let Err(error) = answered {
                eprintln!("nenrin: {error:#}");
            }
        }
        _ = tokio::signal::ctrl_c() => eprintln!("stopped"),
    }
    Ok(())
}

/// False when the prompt is to end.
async fn command(session: &Session<'_>, line: &str) -> Result<bool> {
    match line.split_once(' ').unwrap_or((line, "")) {
        (".quit" | ".exit", _) => return Ok(false),
        (".tables", _) => {
            for table in schema::TABLES {
                println!("{}", table.name);
            }
        }
        (".columns", table) => {
            session.one(&format!("{} | getschema | project ColumnName, ColumnType", table.trim())).await?;
        }
        _ => eprintln!("{HELP}"),
    }
    Ok(true)
}

//! `nenrin source`: tokens of shippers from the command line, beside a running server.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::api::sources::SourceBody;
use crate::limits::{NAME_BYTES_MAX, SOURCE_ITEMS_PER_SECOND_DEFAULT, SOURCE_ITEMS_PER_SECOND_MAX, SOURCES_MAX};
use crate::ship::Journal;
use crate::state::State;

/// Who did it, in the audit log: whoever may write the data directory.
const ACTOR: &str = "cli";

/// Sources.
#[derive(Subcommand)]
pub enum SourceCommand {
    /// Make a source; prints its token, once.
    Create {
        /// What sends, for people.
        name: String,
        /// Items that it may send per second, as a mean over time.
        #[arg(long, value_name = "N", default_value_t = SOURCE_ITEMS_PER_SECOND_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=i64::from(SOURCE_ITEMS_PER_SECOND_MAX)))]
        items_per_second: u32,
    },
    /// List all sources with what became of what they sent.
    List,
    /// Take a source's token back; its events stay.
    Revoke {
        /// Source id, from list.
        id: String,
    },
}

/// Runs the command.
///
/// # Errors
/// What went wrong and what to do about it.
pub async fn run(command: SourceCommand, state: &State, data_dir: &Path, json: bool) -> Result<()> {
    match command {
        SourceCommand::Create { name, items_per_second } => create(state, name.trim(), items_per_second, json).await,
        SourceCommand::List => list(state, data_dir, json).await,
        SourceCommand::Revoke { id } => {
            if !state.revoke_source(&id).await? {
                bail!("no source {id:?} with a valid token: nenrin source list shows all");
            }
            state.audit(ACTOR, "source.revoke", &id, Value::Null).await?;
            if json {
                println!("{}", json!({ "ok": true }));
            }
            Ok(())
        }
    }
}

async fn create(state: &State, name: &str, items_per_second: u32, json: bool) -> Result<()> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        bail!("the name must be 1 to {NAME_BYTES_MAX} bytes");
    }
    let Some((id, token)) = state.create_source(name, items_per_second, ACTOR).await? else {
        bail!("there are {SOURCES_MAX} sources: revoke one first");
    };
    let detail = json!({ "name": name, "itemsPerSecond": items_per_second });
    state.audit(ACTOR, "source.create", &id, detail).await?;
    if json {
        println!("{}", json!({ "id": id, "token": token }));
    } else {
        println!("{token}");
        eprintln!("shown once; send to https://SERVER:8444, docs/shippers.md has the settings of each shipper");
    }
    Ok(())
}

async fn list(state: &State, data_dir: &Path, json: bool) -> Result<()> {
    let mut counts = Journal::open(data_dir).await?.counts().await?;
    for source in state.sources().await? {
        let counts = counts.remove(&source.id).unwrap_or_default();
        let source = serde_json::to_value(SourceBody::new(source, counts))?;
        if json {
            println!("{source}");
            continue;
        }
        let text = |name: &str| source[name].as_str().unwrap_or_default().to_owned();
        let used =
            if source["lastUsed"].is_null() { "never used".to_owned() } else { format!("used {}", text("lastUsed")) };
        let state = if source["revoked"].is_null() { used } else { format!("revoked {}", text("revoked")) };
        println!("{}  {:?}  {state}", text("id"), text("name"));
        let rejects = if source["rejected"] == 0 { String::new() } else { format!("  {}", source["rejectedBy"]) };
        println!(
            "    {} items = {} rows + {} merged + {} rejected{rejects}",
            source["items"], source["rows"], source["merged"], source["rejected"]
        );
    }
    Ok(())
}

//! Work that a command asks the server for and waits for: lines of JSON that say how far it is, then what came of it.

use anyhow::{Context, Result, bail};
use axum::response::Response;
use serde_json::Value;
use tokio_stream::StreamExt;

use crate::local::Local;
use crate::query_cli::{Progress, bytes};

/// The body of an answer; what a refusal says is an error.
pub(crate) async fn answer(response: Response) -> Result<Value> {
    let status = response.status();
    let body: Value = serde_json::from_slice(&bytes(response).await?).context("understand the answer")?;
    if !status.is_success() {
        bail!("{}", body["error"]["message"].as_str().unwrap_or("the server refused"));
    }
    Ok(body)
}

/// Asks for the work, shows `so_far` of its progress, and gives its result: `None` when it failed, which was said.
///
/// # Errors
/// When the server refuses, or goes away before it is done.
pub(crate) async fn work(
    local: &Local,
    path: &str,
    request: &Value,
    words: &str,
    so_far: impl Fn(&Value) -> String,
) -> Result<Option<Value>> {
    let mut progress = Progress::start(words);
    let response = progress.watch(local.post(path, request)).await?;
    if !response.status().is_success() {
        answer(response).await?;
        return Ok(None);
    }
    let mut last = Value::Null;
    lines(response, &mut progress, |line, progress| {
        if line["progress"].is_object() {
            progress.say(so_far(&line["progress"]));
        }
        last = line;
    })
    .await?;
    drop(progress);
    if let Some(message) = last["error"]["message"].as_str() {
        eprintln!("nenrin: {message}");
        return Ok(None);
    }
    let Some(done) = last.get_mut("done") else { bail!("the server stopped before it was done") };
    Ok(Some(done.take()))
}

/// Gives each line of an answer as it comes.
///
/// # Errors
/// When the answer breaks off, or a line is not JSON.
pub(crate) async fn lines(
    response: Response,
    progress: &mut Progress,
    mut take: impl FnMut(Value, &mut Progress),
) -> Result<()> {
    let mut buffer: Vec<u8> = Vec::new();
    let mut chunks = response.into_body().into_data_stream();
    while let Some(chunk) = progress.watch(chunks.next()).await {
        buffer.extend_from_slice(&chunk.context("the answer broke off")?);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            take(serde_json::from_slice(&line).context("understand the answer")?, progress);
        }
    }
    Ok(())
}

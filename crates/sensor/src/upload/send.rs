//! One batch, one answer, and what the answer means.

use std::time::Duration;

use hyper::body::Bytes;
use serde::Deserialize;
use tokio::task::{JoinError, spawn_blocking};

use crate::client::{Answer, Client};
use crate::heartbeat::now_ns;
use crate::spool::SpoolBatch;

const PATH: &str = "/ingest/v1/batch";

const HINT_CERTIFICATE: &str = "make a token with `nenrin device token` and run `nenrin-sensor enrol` again";

/// The server cannot place the stream. Only its owner can tell which of two senders is the right one.
const HINT_STREAM: &str = "is this machine a copy of another? if so, remove the sensor's data directory and enrol it";

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server has everything up to here on its disk.
    Acked {
        /// Never beyond the batch.
        through: u64,
    },
    /// The server cannot read it or it is too large: fewer records may help.
    Refused {
        /// The server's words, or ours.
        reason: String,
    },
    /// Not now.
    Later {
        /// What happened.
        reason: String,
        /// How long the server wants us to wait.
        after: Option<Duration>,
    },
    /// Not from this device, until somebody does something.
    Denied {
        /// The server's words.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
}

#[derive(Deserialize)]
struct Ack {
    epoch: String,
    through: u64,
}

pub(super) async fn send(client: &Client, boot_id: &str, batch: &SpoolBatch) -> Result<Outcome, JoinError> {
    let header = wire::Header {
        epoch: batch.epoch,
        first_seq: batch.first_seq,
        boot_id: boot_id.to_owned(),
        sent_at_ns: now_ns(),
    };
    let records = batch.records.clone();
    // Compressing 2 MiB takes long enough to hold up heartbeats.
    let bytes = match spawn_blocking(move || wire::encode(&header, &records)).await? {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Outcome::Refused { reason: error.to_string() }),
    };
    Ok(match client.post(PATH, wire::CONTENT_TYPE, Bytes::from(bytes)).await {
        Ok(answer) => outcome(&answer, batch),
        Err(error) => Outcome::Later { reason: error.to_string(), after: None },
    })
}

fn outcome(answer: &Answer, batch: &SpoolBatch) -> Outcome {
    let reason = answer.reason();
    match answer.status {
        200 => acked(answer, batch),
        400 | 413 => Outcome::Refused { reason },
        401 | 403 => Outcome::Denied { reason, hint: HINT_CERTIFICATE },
        409 => Outcome::Denied { reason, hint: HINT_STREAM },
        _ => Outcome::Later { reason, after: answer.retry_after },
    }
}

/// An answer that is not about this batch must not remove anything from the spool.
fn acked(answer: &Answer, batch: &SpoolBatch) -> Outcome {
    let wrong = |what: &str| Outcome::Later { reason: format!("wrong acknowledgement: {what}"), after: None };
    let Ok(ack) = serde_json::from_slice::<Ack>(&answer.body) else { return wrong("not readable") };
    if u64::from_str_radix(&ack.epoch, 16) != Ok(batch.epoch) {
        return wrong("another stream");
    }
    if ack.through < batch.first_seq || ack.through > batch.last_seq() {
        return wrong("numbers that are not in the batch");
    }
    Outcome::Acked { through: ack.through }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, expected: &str) {
        let batch = SpoolBatch { epoch: 0xab, first_seq: 5, records: vec![Vec::new(); 3] };
        let answer = Answer { status, retry_after: Some(Duration::from_secs(9)), body: Bytes::from(body.to_owned()) };
        let outcome = format!("{:?}", outcome(&answer, &batch));
        assert!(outcome.contains(expected), "{outcome}");
    }

    #[test]
    fn meaning_of_answers() {
        check(200, r#"{"epoch":"ab","through":7}"#, "Acked { through: 7 }");
        check(200, r#"{"epoch":"00000000000000ab","through":6}"#, "Acked { through: 6 }");
        check(200, r#"{"epoch":"ab","through":8}"#, "numbers that are not in the batch");
        check(200, r#"{"epoch":"ab","through":4}"#, "numbers that are not in the batch");
        check(200, r#"{"epoch":"ac","through":7}"#, "another stream");
        check(200, "<html>", "not readable");
        check(
            400,
            r#"{"error":{"code":"corrupt_batch","message":"m"}}"#,
            "Refused { reason: \"status 400 corrupt_batch m\"",
        );
        check(413, "", "Refused");
        check(401, "", "nenrin-sensor enrol");
        check(403, "", "nenrin-sensor enrol");
        check(409, "", "a copy of another");
        check(429, "", "after: Some(9s)");
        check(503, "", "after: Some(9s)");
        check(500, "", "Later");
        check(404, "", "Later");
        check(301, "", "Later");
    }
}

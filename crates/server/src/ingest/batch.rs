//! A batch of rows: authenticate, decode within limits, append, answer when it is durable.

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::{Extension, Json};
use http::StatusCode;
use serde::Serialize;
use store::{Append, Appended};

use super::{Ingest, device_of};
use crate::api::error::ApiError;
use crate::clock::now_ns;
use crate::limits::CLOCK_SKEW_WARN_SECONDS;
use crate::tls::Peer;

#[derive(Serialize)]
pub(super) struct Ack {
    epoch: String,
    through: u64,
}

pub(super) async fn batch(
    Shared(ingest): Shared<Ingest>,
    Extension(peer): Extension<Peer>,
    body: Bytes,
) -> Result<Json<Ack>, ApiError> {
    let device = device_of(&ingest.state, &peer).await?;
    let received_ns = now_ns();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // Decompression and decoding are CPU work of up to 16 MiB: not on the I/O threads.
    let epoch = tokio::task::spawn_blocking(move || -> Result<u64, ApiError> {
        let batch = wire::decode(&body).map_err(wire_error)?;
        let skew_ns = batch.header.sent_at_ns.saturating_sub(received_ns);
        if skew_ns.abs() / 1_000_000_000 > CLOCK_SKEW_WARN_SECONDS {
            tracing::warn!(device_id = device.id, skew_s = skew_ns / 1_000_000_000, "device clock is far from ours");
        }
        let epoch = batch.header.epoch;
        let first_seq = batch.header.first_seq;
        let kept = ingest
            .rules
            .as_ref()
            .and_then(|rules| rules.keep(&device.id, epoch, first_seq, received_ns, &batch.records));
        let append =
            Append { device: device.id, tenant: device.tenant, epoch, first_seq, received_ns, records: batch.records };
        ingest.store.append(append, move |result| {
            if let (Ok(_), Some(kept)) = (&result, kept) {
                kept.send();
            }
            drop(sender.send(result));
        });
        Ok(epoch)
    })
    .await
    .map_err(|error| anyhow::anyhow!("decode task: {error}"))??;
    let result: Result<Appended, store::Error> =
        receiver.await.map_err(|_| anyhow::anyhow!("the store stopped before it answered"))?;
    let appended = result.map_err(store_error)?;
    Ok(Json(Ack { epoch: format!("{epoch:016x}"), through: appended.through }))
}

fn wire_error(error: wire::Error) -> ApiError {
    if matches!(error, wire::Error::TooLarge { .. }) {
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &error.to_string());
    }
    ApiError::new(StatusCode::BAD_REQUEST, "corrupt_batch", &error.to_string())
}

fn store_error(error: store::Error) -> ApiError {
    match &error {
        store::Error::Busy => ApiError::retry_later(StatusCode::TOO_MANY_REQUESTS, "busy", 1, &error.to_string()),
        store::Error::DiskFull { .. } => {
            tracing::error!(%error, "batch refused");
            ApiError::retry_later(StatusCode::SERVICE_UNAVAILABLE, "disk_full", 10, "the server's disk is full")
        }
        store::Error::Poisoned { .. } => {
            tracing::error!(%error, "batch refused");
            ApiError::retry_later(StatusCode::SERVICE_UNAVAILABLE, "store_failed", 30, "the server's log failed")
        }
        store::Error::TooManyRanges { .. } => ApiError::new(StatusCode::CONFLICT, "epoch_conflict", &error.to_string()),
        store::Error::BadBatch(_) => ApiError::new(StatusCode::BAD_REQUEST, "corrupt_batch", &error.to_string()),
        store::Error::NewerFormat { .. }
        | store::Error::Locked { .. }
        | store::Error::Corrupt { .. }
        | store::Error::Io { .. }
        | store::Error::Columns(_) => anyhow::anyhow!("append: {error}").into(),
    }
}

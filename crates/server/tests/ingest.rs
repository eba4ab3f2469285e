//! Batches: stored once, under the certificate's device only, and bad ones named.

use schema::col;

use crate::support::{Rig, encode, row};

#[tokio::test(flavor = "multi_thread")]
async fn a_resent_batch_is_stored_once() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let rows = [row(1, "ProcessCreated"), row(2, "ProcessTerminated")];
    for _ in 0..3 {
        rig.send(&device, 1, &rows).await;
    }
    rig.send(&device, 2, &[row(2, "ProcessTerminated"), row(3, "FileCreated")]).await;
    let page = rig.json(&format!("/api/v1/devices/{}/timeline", device.id)).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    assert_eq!(page["complete"]["state"], "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_device_is_the_certificates_whatever_the_row_says() {
    let rig = Rig::start().await;
    let (victim, forger) = (rig.enrol("victim").await, rig.enrol("forger").await);
    let mut forged = row(1, "ProcessCreated");
    forged.set(&col::DEVICE_ID, victim.id.as_str()).set(&col::EVENT_ID, format!("{}:000000000000abcd:1", victim.id));
    forged.set(&col::TENANT_ID, "other").set(&col::STREAM_SEQ, 99);
    rig.send(&forger, 1, &[forged]).await;
    let of_victim = rig.json(&format!("/api/v1/devices/{}/timeline", victim.id)).await;
    assert_eq!(of_victim["items"].as_array().unwrap().len(), 0);
    assert_eq!(of_victim["complete"]["state"], "unknown");
    let of_forger = rig.json(&format!("/api/v1/devices/{}/timeline", forger.id)).await;
    let id = of_forger["items"][0]["eventId"].as_str().unwrap();
    assert_eq!(id, format!("{}:000000000000abcd:1", forger.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_batches_are_named_and_cost_nothing() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    let good = encode(1, &[row(1, "ProcessCreated")]);
    let mut flipped = good.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for (body, status, code) in [
        (Vec::new(), 400, "corrupt_batch"),
        (good[..good.len() - 1].to_vec(), 400, "corrupt_batch"),
        (flipped, 400, "corrupt_batch"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 400, "corrupt_batch"),
    ] {
        let answer = rig.ingest("/ingest/v1/batch", Some(&device), body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{answer:?}");
    }
    let oversized = rig.ingest("/ingest/v1/batch", Some(&device), vec![0; wire::BATCH_BYTES_MAX + 1]).await;
    assert_eq!(oversized.status, 413);
    let answer = rig.ingest("/ingest/v1/batch", Some(&device), good).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_makes_the_device_active() {
    let rig = Rig::start().await;
    let device = rig.enrol("host-1").await;
    assert_eq!(rig.json("/api/v1/devices").await["items"][0]["state"], "enrolled");
    let beat = serde_json::json!({
        "deviceName": "host-1", "os": "Debian 12", "ips": ["10.0.0.7"], "sensorVersion": "0",
        "coverage": {"process": "full"}, "nowNs": "0",
    });
    let answer = rig.ingest("/ingest/v1/heartbeat", Some(&device), beat.to_string().into_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let found = rig.json("/api/v1/devices?search=10.0.0").await;
    assert_eq!(found["items"][0]["state"], "active");
    assert_eq!(found["items"][0]["coverage"]["process"], "full");
    assert_eq!(rig.json("/api/v1/devices?search=nothing").await["items"].as_array().unwrap().len(), 0);
}

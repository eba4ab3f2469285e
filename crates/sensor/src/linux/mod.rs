//! The Linux source: load and attach the eBPF programs, read their rings. The only place with `unsafe`.

#[cfg(target_os = "linux")]
pub mod attach;
pub mod decode;
#[cfg(target_os = "linux")]
pub mod hooks;
#[cfg(target_os = "linux")]
pub mod reader;
#[cfg(target_os = "linux")]
pub mod rights;

/// The skeleton that build.rs generates from `bpf/sensor.bpf.c`.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, missing_docs, clippy::all)]
mod skeleton {
    include!(concat!(env!("OUT_DIR"), "/sensor.skel.rs"));
}

#[cfg(target_os = "linux")]
const _: () = assert!(size_of::<skeleton::types::event>() == decode::HEAD_BYTES);

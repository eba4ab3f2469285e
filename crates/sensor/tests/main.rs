//! Integration tests, one binary. Those in `kernel` need root and a kernel that loads eBPF; elsewhere they say so.

#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod kernel_more;
#[cfg(target_os = "linux")]
mod recorded;
#[cfg(target_os = "linux")]
mod scene;

//! The two clocks of an event: the kernel stamps boot time, people read wall time.

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds since boot, suspend included: the clock of every kernel record.
pub fn boot_ns() -> u64 {
    read(ClockId::CLOCK_BOOTTIME)
}

/// Nanoseconds since 1970.
pub fn wall_ns() -> i64 {
    read(ClockId::CLOCK_REALTIME) as i64
}

/// Wall clock minus boot clock. The boot clock is read on both sides so that a preemption between the readings
/// shifts the result by half its length only.
pub fn offset_ns() -> i64 {
    let before = boot_ns();
    let wall = wall_ns();
    let after = boot_ns();
    wall - (before + (after - before) / 2) as i64
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock).expect("these clocks exist since Linux 2.6.39");
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// The boot id as the kernel writes it, empty when `/proc` is not mounted.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

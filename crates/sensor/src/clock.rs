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

/// Readings of which the best is taken.
const READINGS: usize = 8;
/// The offset is rounded to this, more than the error of a reading: after a restart of the sensor a process has the
/// same creation time as before.
const OFFSET_STEP_NS: i64 = 10_000;

/// Wall clock minus boot clock. It is constant until somebody sets the clock: slewing moves both clocks alike.
pub fn offset_ns() -> i64 {
    let mut best = (u64::MAX, 0);
    for _ in 0..READINGS {
        let before = boot_ns();
        let wall = wall_ns();
        let width = boot_ns() - before;
        best = best.min((width, wall - (before + width / 2) as i64));
    }
    (best.1 + OFFSET_STEP_NS / 2).div_euclid(OFFSET_STEP_NS) * OFFSET_STEP_NS
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock).expect("these clocks exist since Linux 2.6.39");
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// The boot id as the kernel writes it, empty when `/proc` is not mounted.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

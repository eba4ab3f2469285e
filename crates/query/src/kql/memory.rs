//! The memory of one query: a cap of its own inside the engine's pool.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// Counts what one query holds, and passes everything on to the pool of all queries.
#[derive(Debug)]
pub(crate) struct QueryPool {
    all: Arc<dyn MemoryPool>,
    n_bytes: AtomicUsize,
    n_bytes_max: usize,
}

impl QueryPool {
    pub(crate) fn new(all: Arc<dyn MemoryPool>, n_bytes_max: usize) -> Self {
        Self { all, n_bytes: AtomicUsize::new(0), n_bytes_max }
    }
}

impl fmt::Display for QueryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "query({} of {})", self.n_bytes.load(Ordering::Relaxed), self.n_bytes_max)
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.all.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.all.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.n_bytes.fetch_add(additional, Ordering::Relaxed);
        self.all.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.n_bytes.fetch_sub(shrink, Ordering::Relaxed);
        self.all.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let before = self.n_bytes.fetch_add(additional, Ordering::Relaxed);
        let result = if before.saturating_add(additional) > self.n_bytes_max {
            // `ResourcesExhausted` is what makes sorts and aggregates spill.
            let name = reservation.consumer().name().to_owned();
            let message = format!("{name} needs more than the {} bytes of a query", self.n_bytes_max);
            Err(datafusion::error::DataFusionError::ResourcesExhausted(message))
        } else {
            self.all.try_grow(reservation, additional)
        };
        if result.is_err() {
            self.n_bytes.fetch_sub(additional, Ordering::Relaxed);
        }
        result
    }

    fn reserved(&self) -> usize {
        self.n_bytes.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.n_bytes_max)
    }
}

//! The query engine: one DataFusion context and its own threads, so that a heavy query can't stop the server's I/O.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::dataframe::DataFrame;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use store::Snapshot;

use crate::Error;
use crate::column_file::FileCache;
use crate::limits::{MEMORY_BYTES_MAX, QUERY_STACK_BYTES, WALL_TIME_MAX};
use crate::table::{EventsTable, Reads, Scope};

/// Runs queries. Cheap to share; one per process.
pub struct Engine {
    pub(crate) context: SessionContext,
    /// `None` only while it is dropped.
    pub(crate) runtime: Option<tokio::runtime::Runtime>,
    pub(crate) files: Arc<FileCache>,
    pub(crate) n_threads: usize,
}

impl Engine {
    /// An engine with `n_threads` threads of its own.
    ///
    /// # Errors
    /// When threads can't be started.
    pub fn new(n_threads: usize) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            // One more than none: who looks at the clock must not wait for who works.
            .worker_threads(n_threads.max(2))
            .thread_name("query")
            .thread_stack_size(QUERY_STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| Error::Engine(format!("start query threads: {error}")))?;
        let environment =
            RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(MEMORY_BYTES_MAX))).build_arc()?;
        let mut config = SessionConfig::new().with_target_partitions(n_threads.max(1));
        config.options_mut().execution.parquet.pushdown_filters = true;
        config.options_mut().execution.parquet.schema_force_view_types = false;
        // Folding constants makes a nullable expression one that isn't; the check takes that for a broken plan.
        config.options_mut().execution.skip_physical_aggregate_schema_check = true;
        let context = SessionContext::new_with_config_rt(config, environment);
        Ok(Self { context, runtime: Some(runtime), files: Arc::default(), n_threads: n_threads.max(1) })
    }

    pub(crate) fn events(&self, snapshot: &Snapshot, scope: Scope) -> Result<DataFrame, Error> {
        let table = EventsTable::new(snapshot.clone(), scope, Arc::clone(&self.files), Reads::DataFusion);
        Ok(self.context.read_table(Arc::new(table))?)
    }

    pub(crate) fn collect(&self, frame: DataFrame) -> Result<Vec<RecordBatch>, Error> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let runtime = self.runtime.as_ref().expect("only drop takes it");
        let task = runtime.spawn(async move {
            let result = tokio::time::timeout(WALL_TIME_MAX, frame.collect()).await;
            drop(sender.send(result));
        });
        let result = receiver.recv().map_err(|_| Error::Engine("query thread panicked".to_owned()));
        task.abort();
        match result? {
            Ok(batches) => Ok(batches?),
            Err(_) => Err(Error::Limit(format!("wall time cap of {} s reached", WALL_TIME_MAX.as_secs()))),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A runtime must not block in its drop when the engine's owner is async itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

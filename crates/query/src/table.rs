//! The wide table `events` of one store snapshot, as DataFusion sees it: column files and fresh rows together.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use store::Snapshot;

/// Which part of the snapshot a query can need: files and batches outside it are not opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) device: Option<String>,
    /// Inclusive, microseconds since 1970.
    pub(crate) time_min_us: Option<i64>,
    /// Inclusive, microseconds since 1970.
    pub(crate) time_max_us: Option<i64>,
}

impl Scope {
    fn overlaps(&self, time_min_us: i64, time_max_us: i64) -> bool {
        self.time_min_us.is_none_or(|from| time_max_us >= from) && self.time_max_us.is_none_or(|to| time_min_us <= to)
    }
}

#[derive(Debug)]
pub(crate) struct EventsTable {
    snapshot: Snapshot,
    scope: Scope,
    schema: SchemaRef,
}

impl EventsTable {
    pub(crate) fn new(snapshot: Snapshot, scope: Scope) -> Self {
        Self { snapshot, scope, schema: store::arrow_schema() }
    }

    fn files(&self) -> Vec<PartitionedFile> {
        let mut files = Vec::new();
        for file in &self.snapshot.files {
            let of_device = self
                .scope
                .device
                .as_deref()
                .is_none_or(|device| file.device_min.as_str() <= device && device <= file.device_max.as_str());
            if of_device && self.scope.overlaps(file.time_min_us, file.time_max_us) {
                let path = self.snapshot.file_path(file);
                files.push(PartitionedFile::new(path.to_string_lossy().into_owned(), file.size_bytes));
            }
        }
        files
    }

    fn file_plan(&self, projection: Option<&Vec<usize>>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let files = self.files();
        if files.is_empty() {
            return Ok(None);
        }
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_pushdown_filters(true)
            .with_reorder_filters(true)
            .with_enable_page_index(true)
            .with_bloom_filter_on_read(true);
        // Two groups for two cores; one file is never split, so that a page reads few row groups.
        let mut groups = vec![Vec::new(), Vec::new()];
        for (file_idx, file) in files.into_iter().enumerate() {
            groups[file_idx % 2].push(file);
        }
        groups.retain(|group| !group.is_empty());
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(Some(DataSourceExec::from_data_source(config)))
    }

    fn fresh_plan(&self, projection: Option<&Vec<usize>>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let schema = match projection {
            Some(indices) => Arc::new(self.schema.project(indices)?),
            None => Arc::clone(&self.schema),
        };
        let mut batches = Vec::new();
        for fresh in &self.snapshot.fresh {
            let of_device = match (&self.scope.device, &fresh.device) {
                (Some(wanted), Some(only)) => wanted == only,
                _ => true,
            };
            if of_device && self.scope.overlaps(fresh.time_min_us, fresh.time_max_us) {
                let batch = fresh.project(&schema).map_err(|error| DataFusionError::External(Box::new(error)))?;
                batches.push(batch);
            }
        }
        if batches.is_empty() {
            return Ok(None);
        }
        let plan: Arc<dyn ExecutionPlan> = MemorySourceConfig::try_new_exec(&[batches], schema, None)?;
        Ok(Some(plan))
    }
}

#[async_trait::async_trait]
impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // Filters reach the files through the physical filter pushdown, which `Inexact` below leaves in the plan.
        let mut plans = Vec::new();
        plans.extend(self.file_plan(projection)?);
        plans.extend(self.fresh_plan(projection)?);
        match plans.len() {
            0 => {
                let schema: Schema = match projection {
                    Some(indices) => self.schema.project(indices)?,
                    None => self.schema.as_ref().clone(),
                };
                Ok(Arc::new(EmptyExec::new(Arc::new(schema))))
            }
            1 => Ok(plans.remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

//! The wide table `events` of one store snapshot, as DataFusion sees it: column files and fresh rows together.

use std::sync::Arc;

use crate::column_file::FileCache;
use crate::prune;
use crate::reader::{FilePath, Readers};
use crate::scan::{EventsScan, Part};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use store::{FileMeta, MemoryBatch, Snapshot};

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
    /// Can the file hold something of the scope?
    pub(crate) fn has_file(&self, file: &FileMeta) -> bool {
        let device = self.device.as_deref();
        device.is_none_or(|device| file.device_min.as_str() <= device && device <= file.device_max.as_str())
            && self.overlaps(file.time_min_us, file.time_max_us)
    }

    /// Can the fresh batch hold something of the scope?
    pub(crate) fn has_fresh(&self, fresh: &MemoryBatch) -> bool {
        let of_device = match (&self.device, &fresh.device) {
            (Some(wanted), Some(only)) => wanted == only,
            _ => true,
        };
        of_device && self.overlaps(fresh.time_min_us, fresh.time_max_us)
    }

    fn overlaps(&self, time_min_us: i64, time_max_us: i64) -> bool {
        self.time_min_us.is_none_or(|from| time_max_us >= from) && self.time_max_us.is_none_or(|to| time_min_us <= to)
    }
}

#[derive(Debug)]
pub(crate) struct EventsTable {
    snapshot: Snapshot,
    scope: Scope,
    schema: SchemaRef,
    files: Arc<FileCache>,
    reads: Reads,
}

/// Who reads the column files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Our own scan.
    Own,
    /// DataFusion's, which other machines know too.
    DataFusion,
}

impl EventsTable {
    pub(crate) fn new(snapshot: Snapshot, scope: Scope, files: Arc<FileCache>, reads: Reads) -> Self {
        Self { snapshot, scope, schema: store::arrow_schema(), files, reads }
    }

    /// The files of the scope, and of those the row groups, that can have a row that passes.
    fn files(&self, filters: &[Expr]) -> Result<Vec<(&FileMeta, Option<ParquetAccessPlan>)>> {
        let can_prune = prune::can_prune(filters);
        let external = |error| DataFusionError::External(Box::new(error));
        let mut files = Vec::new();
        for file in self.snapshot.files.iter().filter(|file| self.scope.has_file(file)) {
            if !can_prune {
                files.push((file, None));
                continue;
            }
            let known = self.files.open(&self.snapshot.file_path(file)).map_err(external)?;
            if let Some(plan) = prune::access_plan(&known, filters).map_err(external)? {
                files.push((file, Some(plan)));
            }
        }
        Ok(files)
    }

    /// Files and fresh batches in our own scan.
    fn own_plan(
        &self,
        n_groups: usize,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(indices) => Arc::new(self.schema.project(indices)?),
            None => Arc::clone(&self.schema),
        };
        let mut parts = Vec::new();
        for (file, plan) in self.files(filters)? {
            parts.push(Part::File(self.snapshot.file_path(file), plan.map(|plan| plan.row_group_indexes())));
        }
        let fresh = self.snapshot.fresh.iter().filter(|fresh| self.scope.has_fresh(fresh));
        parts.extend(fresh.map(|fresh| Part::Fresh(Arc::clone(fresh))));
        if parts.is_empty() {
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let groups = spread(parts, n_groups);
        Ok(Arc::new(EventsScan::new(Arc::clone(&self.files), groups, schema)))
    }

    fn file_plan(
        &self,
        n_groups: usize,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let mut files = Vec::new();
        for (file, plan) in self.files(filters)? {
            let path = self.snapshot.file_path(file);
            let mut part = PartitionedFile::new(path.to_string_lossy().into_owned(), file.size_bytes);
            if let Some(plan) = plan {
                part = part.with_extension(plan);
            }
            files.push(part.with_extension(FilePath(path)));
        }
        if files.is_empty() {
            return Ok(None);
        }
        // What bloom filters say is in the access plans already.
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_pushdown_filters(true)
            .with_reorder_filters(true)
            .with_enable_page_index(true)
            .with_bloom_filter_on_read(false)
            .with_parquet_file_reader_factory(Arc::new(Readers { files: Arc::clone(&self.files) }));
        let groups = spread(files, n_groups);
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
            if self.scope.has_fresh(fresh) {
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

/// A group for each core; one file is never split.
fn spread<T: Clone>(items: Vec<T>, n_groups: usize) -> Vec<Vec<T>> {
    let mut groups = vec![Vec::new(); n_groups.max(1)];
    for (idx, item) in items.into_iter().enumerate() {
        groups[idx % n_groups.max(1)].push(item);
    }
    groups.retain(|group| !group.is_empty());
    groups
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
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // Filters choose row groups here; they reach the rows of files through the physical filter pushdown, which
        // `Inexact` below leaves in the plan.
        if self.reads == Reads::Own {
            return self.own_plan(state.config().target_partitions(), projection, filters);
        }
        let mut plans = Vec::new();
        plans.extend(self.file_plan(state.config().target_partitions(), projection, filters)?);
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

//! How DataFusion reads column files: through the cache of footers and page indexes.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::error::DataFusionError;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::column_file::{ColumnFile, FileCache, ReadAt};

/// The path of a column file, attached to DataFusion's own idea of it.
#[derive(Clone, Debug)]
pub(crate) struct FilePath(pub(crate) PathBuf);

/// Makes readers of column files.
#[derive(Debug)]
pub(crate) struct Readers {
    pub(crate) files: Arc<FileCache>,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        _partition_idx: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let Some(FilePath(path)) = file.extension::<FilePath>() else {
            return datafusion::common::internal_err!("a column file without a path");
        };
        let external = |error| DataFusionError::External(Box::new(error));
        let known = self.files.open(path).map_err(external)?;
        let file = ReadAt::open(path).map_err(external)?;
        Ok(Box::new(Reader { known, file }))
    }
}

struct Reader {
    known: Arc<ColumnFile>,
    file: ReadAt,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        // These threads do nothing but query, so that a read may keep one waiting.
        std::future::ready(self.file.bytes(range)).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        std::future::ready(Ok(Arc::clone(self.known.metadata()))).boxed()
    }
}

//! Archives of what members have on the site.

use std::{io, ops::Range, sync::Arc};

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::{ObjectStoreExt, buffered::BufWriter};
use tokio::{io::AsyncWriteExt, runtime::Handle};
use tracing::warn;

use super::{EXPORTS, ExportKey, MediaStore, PARTS_AT_ONCE, Place, Stored, StoredPicture, original::abort};

/// An archive that is being written. Dropping it before [`ExportWriter::finish`] discards it.
#[derive(Debug)]
pub struct ExportWriter {
    key: ExportKey,
    /// `None` once the archive is complete or discarded.
    writer: Option<BufWriter>,
    place: Arc<Place>,
    written: u64,
}

impl ExportWriter {
    /// Appends bytes. Only a few parts are in memory at once.
    pub async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.written += bytes.len() as u64;
        match &mut self.writer {
            Some(writer) => writer.put(bytes).await.map_err(|error| self.place.explain(error)),
            None => Ok(()),
        }
    }

    /// Makes the archive durable and visible. Returns its key and its size in bytes.
    pub async fn finish(mut self) -> io::Result<(ExportKey, u64)> {
        if let Some(mut writer) = self.writer.take() {
            writer.shutdown().await.map_err(|error| self.place.explain_io(error))?;
        }
        Ok((self.key.clone(), self.written))
    }
}

impl Drop for ExportWriter {
    /// A folder's writer deletes its file on drop. A bucket needs a request.
    fn drop(&mut self) {
        let is_remote = matches!(*self.place, Place::Bucket(_));
        if let (true, Some(writer), Ok(runtime)) = (is_remote, self.writer.take(), Handle::try_current()) {
            let (place, key) = (Arc::clone(&self.place), self.key.clone());
            runtime.spawn(async move {
                if let Err(error) = abort(writer).await {
                    warn!(%key, error = %place.explain(error), "couldn't delete an unfinished archive");
                }
            });
        }
    }
}

impl MediaStore {
    /// Starts to write an archive under a name that nothing else has.
    pub fn begin_export(&self) -> ExportWriter {
        let key = ExportKey::generate();
        let writer = BufWriter::with_capacity(Arc::clone(&self.store), key.path(), self.place.part())
            .with_max_concurrency(PARTS_AT_ONCE);
        ExportWriter { key, writer: Some(writer), place: Arc::clone(&self.place), written: 0 }
    }

    /// Opens an archive, or a range within it; `None` if it doesn't exist.
    pub async fn get_export(
        &self,
        key: &ExportKey,
        range: Option<Range<u64>>,
    ) -> io::Result<Option<StoredPicture>> {
        self.read_range(&key.path(), range).await
    }

    /// Deletes an archive. Succeeds if it doesn't exist.
    pub async fn delete_export(&self, key: &ExportKey) -> io::Result<()> {
        self.place.present(self.store.delete(&key.path()).await).map(drop)
    }

    /// Lists all archives, in no particular order. Skips other objects.
    pub fn list_exports(&self) -> BoxStream<'static, io::Result<Stored<ExportKey>>> {
        self.list(EXPORTS, |path| path.parse().ok())
    }
}

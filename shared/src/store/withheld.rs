//! Pictures that nobody is served, because only hidden photos claim them. Each move writes the copy before it deletes
//! the other, so a crash in between leaves both and loses none.

use std::io;

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::{ObjectStoreExt as _, path::Path as StorePath};

use super::{MediaKey, MediaStore, Stored, WITHHELD};

impl MediaKey {
    fn withheld_path(&self) -> StorePath {
        StorePath::from(format!("{WITHHELD}/{self}"))
    }
}

impl MediaStore {
    /// Moves a picture to where it isn't served. Returns false if it exists in neither place.
    pub async fn withhold_picture(&self, key: &MediaKey) -> io::Result<bool> {
        let (served, withheld) = (key.path(), key.withheld_path());
        let Some(content) = self.read(&served).await? else { return self.exists(&withheld).await };
        if !self.exists(&withheld).await? {
            self.write(&withheld, content).await?;
        }
        self.delete_picture(key).await?;
        Ok(true)
    }

    /// Serves a picture again that was withheld. Returns false if it exists in neither place. The copy that isn't
    /// served stays until the picture's claims are looked at.
    pub async fn serve_picture(&self, key: &MediaKey) -> io::Result<bool> {
        let (served, withheld) = (key.path(), key.withheld_path());
        if self.exists(&served).await? {
            return Ok(true);
        }
        let Some(content) = self.read(&withheld).await? else { return Ok(false) };
        self.write(&served, content).await?;
        Ok(true)
    }

    /// Reads a picture that is withheld, for moderators; `None` if it isn't.
    pub async fn read_withheld(&self, key: &MediaKey) -> io::Result<Option<Bytes>> {
        self.read(&key.withheld_path()).await
    }

    /// Deletes the copy of a picture that isn't served. Succeeds if there is none.
    pub async fn delete_withheld(&self, key: &MediaKey) -> io::Result<()> {
        self.place.present(self.store.delete(&key.withheld_path()).await).map(drop)
    }

    /// Lists the pictures that are withheld, in no particular order. Skips other objects.
    pub fn list_withheld(&self) -> BoxStream<'static, io::Result<Stored<MediaKey>>> {
        self.list(WITHHELD, |path| path.strip_prefix(WITHHELD)?.strip_prefix('/')?.parse().ok())
    }

    async fn exists(&self, path: &StorePath) -> io::Result<bool> {
        Ok(self.place.present(self.store.head(path).await)?.is_some())
    }

    async fn read(&self, path: &StorePath) -> io::Result<Option<Bytes>> {
        let Some(found) = self.place.present(self.store.get(path).await)? else { return Ok(None) };
        found.bytes().await.map(Some).map_err(|error| self.place.explain(error))
    }

    async fn write(&self, path: &StorePath, content: Bytes) -> io::Result<()> {
        self.store.put(path, content.into()).await.map(drop).map_err(|error| self.place.explain(error))
    }
}

//! Rows on their way from the snapshot to the archive, as lines of JSON in temporary files. So the snapshot is over
//! before the first picture is read, and no list is ever whole in memory.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::pin::pin;

use futures::{Stream, TryStreamExt as _};
use serde::{Serialize, de::DeserializeOwned};

use super::archive::Archive;

/// Lines of JSON.
#[derive(Debug)]
pub(super) struct Lines {
    file: File,
    /// How many there are.
    pub(super) count: usize,
}

impl Lines {
    /// Writes each row as a line.
    pub(super) async fn of<T: Serialize>(rows: impl Stream<Item = sqlx::Result<T>>) -> anyhow::Result<Self> {
        let mut out = BufWriter::new(tempfile::tempfile()?);
        let mut rows = pin!(rows);
        let mut count = 0;
        while let Some(row) = rows.try_next().await? {
            serde_json::to_writer(&mut out, &row)?;
            out.write_all(b"\n")?;
            count += 1;
        }
        Ok(Self { file: out.into_inner()?, count })
    }

    /// Reads them from the first on. Read them to the end before reading them again.
    fn read(&mut self) -> anyhow::Result<impl Iterator<Item = std::io::Result<String>>> {
        self.file.rewind()?;
        Ok(BufReader::new(self.file.try_clone()?).lines())
    }

    /// Reads the rows from the first on.
    pub(super) fn rows<T: DeserializeOwned>(
        &mut self,
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<T>>> {
        Ok(self.read()?.map(|line| Ok(serde_json::from_str(&line?)?)))
    }

    /// Writes them to the file of an archive that was begun last, as a list.
    pub(super) async fn write_list(&mut self, archive: &mut Archive) -> anyhow::Result<()> {
        archive.write(b"[").await?;
        for (place, line) in self.read()?.enumerate() {
            archive.write(if place > 0 { b",\n" } else { b"\n" }).await?;
            archive.write(line?.as_bytes()).await?;
        }
        archive.write(b"\n]").await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rows_are_read_as_often_as_needed() {
        let rows = futures::stream::iter(["a\nb", "", "<c>"].map(|text| Ok(text.to_owned())));
        let mut lines = Lines::of(rows).await.expect("they are written");
        assert_eq!(lines.count, 3);
        for _ in 0..2 {
            let read: anyhow::Result<Vec<String>> = lines.rows().expect("it is read").collect();
            assert_eq!(read.expect("they are JSON"), ["a\nb", "", "<c>"]);
        }
    }
}

//! How an image begins, for who wants its size and no pixel.

use std::io::Read;

use super::file::{ReadAt, open_regular, shard_error};
use super::index::{ARENA, FAULT, FILE, Index};
use crate::{Error, Result};

impl Index {
    /// The first `most` bytes of a row's image, or all where it has fewer.
    ///
    /// # Errors
    /// As [`Index::image`], but for a shard that changed without another size or time.
    pub fn head<'a>(
        &'a self,
        row: usize,
        most: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8]> {
        let image = self.row(row)?.image;
        let len = most.min(image.len as usize);
        buffer.clear();
        match image.container {
            FAULT => self.known_fault(row)?,
            ARENA => return Ok(&self.arena(image)[..len]),
            FILE => {
                let path = self.root.join(self.text(image).as_ref());
                let unreadable = |error| shard_error(&path.to_string_lossy(), error);
                let (file, _) = open_regular(&path).map_err(unreadable)?;
                let read = file.take(most as u64).read_to_end(buffer);
                read.map_err(unreadable)?;
            }
            container => {
                let shard = self
                    .shard(container)
                    .ok_or_else(|| Error::Internal("a span of an index names no shard".into()))?;
                let file = self.pool.get(container as usize - 1, shard)?;
                buffer.resize(len, 0);
                file.read_full(buffer, image.offset)
                    .map_err(|error| shard_error(shard.shown(), error))?;
            }
        }
        Ok(buffer)
    }
}

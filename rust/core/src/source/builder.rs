//! Filling an [`Index`].

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::index::{ARENA, FILE, Index, NO_LABEL, Row, Shard, Span};
use super::shard::{self, TarOptions};
use crate::{Error, Result};

/// Collects rows; [`IndexBuilder::finish`] makes the [`Index`].
#[derive(Debug, Default)]
pub struct IndexBuilder {
    root: PathBuf,
    arena: Vec<u8>,
    rows: Vec<Row>,
    captions: Vec<Span>,
    shards: Vec<Shard>,
    containers: FxHashMap<String, u32>,
}

impl IndexBuilder {
    /// A builder of files under `root` (absolute paths ignore it).
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            ..Self::default()
        }
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<Span> {
        let len = u32::try_from(bytes.len()).map_err(|_| {
            Error::TooLarge(format!(
                "{} bytes in one piece; 4 GiB is the most",
                bytes.len()
            ))
        })?;
        let span = Span {
            offset: self.arena.len() as u64,
            len,
            container: ARENA,
        };
        self.arena.extend_from_slice(bytes);
        Ok(span)
    }

    fn push(&mut self, key: Span, image: Span, label: Option<i64>) {
        let captions_end = self.captions.len() as u64;
        self.rows.push(Row {
            key,
            image,
            captions_end,
            label: label.unwrap_or(NO_LABEL),
        });
    }

    fn hold_captions<T: AsRef<[u8]>>(&mut self, captions: &[T]) -> Result<()> {
        for caption in captions {
            let span = self.hold(caption.as_ref())?;
            self.captions.push(span);
        }
        Ok(())
    }

    /// Adds an image that is a file of its own.
    pub fn add_file<T: AsRef<[u8]>>(
        &mut self,
        key: &str,
        path: &str,
        captions: &[T],
        label: Option<i64>,
    ) -> Result<()> {
        let place = self.hold(path.as_bytes())?;
        let key = if key == path {
            place
        } else {
            self.hold(key.as_bytes())?
        };
        self.hold_captions(captions)?;
        self.push(
            key,
            Span {
                container: FILE,
                ..place
            },
            label,
        );
        Ok(())
    }

    /// Adds an image held in memory.
    pub fn add_bytes<T: AsRef<[u8]>>(
        &mut self,
        key: &str,
        bytes: &[u8],
        captions: &[T],
        label: Option<i64>,
    ) -> Result<()> {
        let image = self.hold(bytes)?;
        let key = self.hold(key.as_bytes())?;
        self.hold_captions(captions)?;
        self.push(key, image, label);
        Ok(())
    }

    /// Adds the samples of an uncompressed tar shard and says how many there are.
    ///
    /// # Errors
    /// [`Error::Source`] for a shard that is missing, compressed, cut, or holds a sample without an image.
    pub fn add_tar(&mut self, path: &str, options: &TarOptions) -> Result<usize> {
        let shard = shard::read(path, options)?;
        let container = match self.containers.get(path) {
            Some(&container) => container,
            None => {
                self.shards.push(shard.description);
                let container = self.shards.len() as u32;
                self.containers.insert(path.into(), container);
                container
            }
        };
        let count = shard.samples.len();
        for sample in shard.samples {
            let key = self.hold(sample.key.as_bytes())?;
            if let Some((offset, len)) = sample.caption {
                self.captions.push(Span {
                    offset,
                    len,
                    container,
                });
            }
            let (offset, len) = sample.image;
            self.push(
                key,
                Span {
                    offset,
                    len,
                    container,
                },
                sample.label,
            );
        }
        Ok(count)
    }

    /// The finished index.
    pub fn finish(mut self) -> Index {
        self.arena.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.captions.shrink_to_fit();
        Index::new(self.root, self.arena, self.rows, self.captions, self.shards)
    }
}

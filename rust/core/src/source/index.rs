//! The index of a data set. Four flat buffers hold a row's key, image, captions and label, so that a million rows
//! are a few large allocations: cheap to pickle, and shared untouched by forked workers.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bytemuck::{Pod, Zeroable};
use memmap2::Mmap;

use crate::{Error, Result};

/// Label of a row that has none.
pub const NO_LABEL: i64 = i64::MIN;

/// Container number of the index's own arena.
pub(crate) const ARENA: u32 = 0;
/// Container number of a file of its own: the span names its path inside the arena.
pub(crate) const FILE: u32 = u32::MAX;

/// A run of bytes in a container: the arena (0), the shard `container - 1`, or a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Span {
    pub(crate) offset: u64,
    pub(crate) len: u32,
    pub(crate) container: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Row {
    pub key: Span,
    pub image: Span,
    /// Where the row's captions end; they begin where those of the row before end.
    pub captions_end: u64,
    pub label: i64,
}

/// An indexed tar shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Where it lies.
    pub path: String,
    /// Its size when it was indexed, in bytes.
    pub size: u64,
    /// Its modification time when it was indexed, in nanoseconds since 1970.
    pub modified: u64,
    /// The field of the `.json` members that holds the caption; `None` when captions are text members.
    pub json_field: Option<String>,
}

/// A data set: `len()` rows of one image, any number of captions, and perhaps a label.
#[derive(Debug)]
pub struct Index {
    pub(crate) root: PathBuf,
    pub(crate) arena: Vec<u8>,
    pub(crate) rows: Vec<Row>,
    pub(crate) captions: Vec<Span>,
    pub(crate) shards: Vec<Shard>,
    /// Opened on first use, in each process for itself.
    maps: Vec<OnceLock<Result<Mmap>>>,
}

/// An index as plain bytes, for pickling.
pub struct State<'a> {
    /// Root folder of relative paths.
    pub root: Cow<'a, str>,
    /// Texts, paths and images held in memory.
    pub arena: &'a [u8],
    /// The rows.
    pub rows: &'a [u8],
    /// The caption spans.
    pub captions: &'a [u8],
    /// The shards.
    pub shards: &'a [Shard],
}

impl Index {
    pub(crate) fn new(
        root: PathBuf,
        arena: Vec<u8>,
        rows: Vec<Row>,
        captions: Vec<Span>,
        shards: Vec<Shard>,
    ) -> Self {
        let maps = shards.iter().map(|_| OnceLock::new()).collect();
        Self {
            root,
            arena,
            rows,
            captions,
            shards,
            maps,
        }
    }

    /// The index as bytes.
    pub fn state(&self) -> State<'_> {
        State {
            root: self.root.to_string_lossy(),
            arena: &self.arena,
            rows: bytemuck::cast_slice(&self.rows),
            captions: bytemuck::cast_slice(&self.captions),
            shards: &self.shards,
        }
    }

    /// The index that [`Index::state`] described.
    pub fn from_state(state: State<'_>) -> Result<Self> {
        let torn = || Error::Internal("a pickled index has lost bytes".into());
        if !state.rows.len().is_multiple_of(size_of::<Row>())
            || !state.captions.len().is_multiple_of(size_of::<Span>())
        {
            return Err(torn());
        }
        let rows: Vec<Row> = bytemuck::pod_collect_to_vec(state.rows);
        let captions: Vec<Span> = bytemuck::pod_collect_to_vec(state.captions);
        let sorted = rows
            .windows(2)
            .all(|pair| pair[0].captions_end <= pair[1].captions_end);
        let arena = state.arena.len() as u64;
        let held = |span: &Span| match span.container {
            ARENA | FILE => span
                .offset
                .checked_add(u64::from(span.len))
                .is_some_and(|end| end <= arena),
            shard => shard as usize <= state.shards.len(),
        };
        let all_held =
            rows.iter().all(|row| held(&row.key) && held(&row.image)) && captions.iter().all(held);
        if !sorted
            || !all_held
            || rows
                .last()
                .is_some_and(|row| row.captions_end > captions.len() as u64)
        {
            return Err(torn());
        }
        Ok(Self::new(
            PathBuf::from(state.root.as_ref()),
            state.arena.to_vec(),
            rows,
            captions,
            state.shards.to_vec(),
        ))
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of memory the index holds.
    pub fn memory(&self) -> usize {
        self.arena.capacity()
            + self.rows.capacity() * size_of::<Row>()
            + self.captions.capacity() * size_of::<Span>()
    }

    fn row(&self, row: usize) -> Result<&Row> {
        let rows = self.rows.len();
        self.rows
            .get(row)
            .ok_or_else(|| Error::Recipe(format!("row {row} is not in a data set of {rows} rows")))
    }

    fn arena(&self, span: Span) -> &[u8] {
        let start = usize::try_from(span.offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(span.len as usize);
        self.arena.get(start..end).unwrap_or_default()
    }

    fn text(&self, span: Span) -> Cow<'_, str> {
        String::from_utf8_lossy(self.arena(span))
    }

    /// A row's key: what its format calls it.
    pub fn key(&self, row: usize) -> Result<Cow<'_, str>> {
        Ok(self.text(self.row(row)?.key))
    }

    /// A row's label.
    pub fn label(&self, row: usize) -> Result<Option<i64>> {
        Ok(Some(self.row(row)?.label).filter(|&label| label != NO_LABEL))
    }

    /// Where a row's image lies, for messages: a path, `shard.tar:key`, or `memory`.
    pub fn path(&self, row: usize) -> Result<String> {
        let Row { key, image, .. } = *self.row(row)?;
        Ok(match image.container {
            ARENA => "memory".into(),
            FILE => self
                .root
                .join(self.text(image).as_ref())
                .to_string_lossy()
                .into_owned(),
            shard => match self.shards.get(shard as usize - 1) {
                Some(shard) => format!("{}:{}", shard.path, self.text(key)),
                None => "memory".into(),
            },
        })
    }

    /// The encoded bytes of a row's image. `buffer` receives them when they lie in a file of their own.
    ///
    /// # Errors
    /// [`Error::Source`] for a missing or unreadable file or shard, [`Error::TooLarge`] past `max_bytes`.
    pub fn image<'a>(
        &'a self,
        row: usize,
        max_bytes: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8]> {
        let image = self.row(row)?.image;
        if image.container == FILE {
            let path = self.root.join(self.text(image).as_ref());
            read_file(&path, max_bytes, buffer)?;
            return Ok(buffer);
        }
        check_size(u64::from(image.len), max_bytes)?;
        self.bytes(image)
    }

    /// How many captions a row has.
    pub fn caption_count(&self, row: usize) -> Result<usize> {
        let (start, end) = self.caption_range(row)?;
        Ok(end - start)
    }

    fn caption_range(&self, row: usize) -> Result<(usize, usize)> {
        let end = self.row(row)?.captions_end as usize;
        let start = row
            .checked_sub(1)
            .and_then(|before| self.rows.get(before))
            .map_or(0, |r| r.captions_end);
        Ok((start as usize, end))
    }

    /// Caption number `which` of a row.
    ///
    /// # Errors
    /// [`Error::Caption`] when there is no such caption, it is not UTF-8, or its JSON does not hold it.
    pub fn caption(&self, row: usize, which: usize) -> Result<Cow<'_, str>> {
        let (start, end) = self.caption_range(row)?;
        let missing = || {
            Error::Caption(
                "the sample has no caption; give it one, or remove it from the data set".into(),
            )
        };
        let span = *self
            .captions
            .get(start..end)
            .and_then(|spans| spans.get(which))
            .ok_or_else(missing)?;
        let bytes = self.bytes(span)?;
        match self
            .shard(span.container)
            .and_then(|shard| shard.json_field.as_deref())
        {
            Some(field) => json_caption(bytes, field).map(Cow::Owned),
            None => utf8(bytes).map(Cow::Borrowed),
        }
    }

    fn shard(&self, container: u32) -> Option<&Shard> {
        self.shards.get((container as usize).checked_sub(1)?)
    }

    fn bytes(&self, span: Span) -> Result<&[u8]> {
        if span.container == ARENA {
            return Ok(self.arena(span));
        }
        let number = span.container as usize - 1;
        let (Some(shard), Some(map)) = (self.shards.get(number), self.maps.get(number)) else {
            return Err(Error::Internal("a span of an index names no shard".into()));
        };
        let map = map
            .get_or_init(|| open_shard(shard))
            .as_ref()
            .map_err(Error::clone)?;
        let start = usize::try_from(span.offset).unwrap_or(usize::MAX);
        map.get(start..start.saturating_add(span.len as usize))
            .ok_or_else(|| changed(&shard.path))
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        Error::Caption(format!(
            "the caption is not UTF-8 (byte {} of {}); convert it to UTF-8",
            error.valid_up_to(),
            bytes.len()
        ))
    })
}

fn json_caption(bytes: &[u8], field: &str) -> Result<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| {
        Error::Caption(format!(
            "the caption's .json member does not parse: {error}"
        ))
    })?;
    match value.get(field) {
        Some(serde_json::Value::String(caption)) => Ok(caption.clone()),
        _ => Err(Error::Caption(format!(
            "the .json member has no string field {field:?}; name the field that holds the caption: caption=\"json:FIELD\""
        ))),
    }
}

pub(crate) fn check_size(size: u64, max_bytes: usize) -> Result<()> {
    if size > max_bytes as u64 {
        return Err(Error::TooLarge(format!(
            "the file has {size} bytes, more than max_bytes={max_bytes}; raise the limit if you trust the data"
        )));
    }
    Ok(())
}

fn read_file(path: &Path, max_bytes: usize, buffer: &mut Vec<u8>) -> Result<()> {
    let failed = |error: std::io::Error| Error::Source {
        path: path.to_string_lossy().into_owned(),
        reason: match error.kind() {
            std::io::ErrorKind::NotFound => {
                "the file does not exist; check the images folder given to the source".into()
            }
            _ => format!("the file cannot be read: {error}"),
        },
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(std::io::Error::other("it is a directory")));
    }
    check_size(metadata.len(), max_bytes)?;
    buffer.clear();
    buffer.reserve(metadata.len() as usize + 1);
    // A file that grows, or a device without a size, is still held to the limit.
    file.take(max_bytes as u64 + 1)
        .read_to_end(buffer)
        .map_err(failed)?;
    check_size(buffer.len() as u64, max_bytes)
}

/// Size in bytes and modification time in nanoseconds.
pub(crate) fn stamp(file: &File) -> std::io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    let modified = metadata
        .modified()?
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Ok((metadata.len(), modified.as_nanos() as u64))
}

fn changed(path: &str) -> Error {
    Error::Source {
        path: path.into(),
        reason: "the shard changed after it was indexed; build the source again".into(),
    }
}

fn open_shard(shard: &Shard) -> Result<Mmap> {
    let (map, size, modified) = map_file(&shard.path)?;
    if (size, modified) != (shard.size, shard.modified) {
        return Err(changed(&shard.path));
    }
    Ok(map)
}

pub(crate) fn map_file(path: &str) -> Result<(Mmap, u64, u64)> {
    let failed = |error: std::io::Error| Error::Source {
        path: path.into(),
        reason: match error.kind() {
            std::io::ErrorKind::NotFound => {
                "the shard does not exist; check the pattern given to the source".into()
            }
            _ => format!("the shard cannot be read: {error}"),
        },
    };
    let file = File::open(path).map_err(failed)?;
    let (size, modified) = stamp(&file).map_err(failed)?;
    // SAFETY: the map is read-only and shards are documented as immutable while a loader runs; its bytes are only
    // ever treated as untrusted data.
    let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
    Ok((map, size, modified))
}

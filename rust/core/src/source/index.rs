//! The index of a data set. A few flat buffers hold a row's key, image, captions and label, so that a million rows
//! are a few large allocations: cheap to pickle, and shared untouched by forked workers.

use std::borrow::Cow;
use std::path::PathBuf;

use bytemuck::{Pod, Zeroable};

use super::fault::Fault;
use super::file::{ReadAt, check_size, read_image, shard_error};
use super::pool::{Pool, changed};
use super::tar::{HEADER, seal};
use crate::{Error, Result, SampleError};

/// Label of a row that has none.
pub(super) const NO_LABEL: i64 = i64::MIN;
/// A label from here on, up to the number of faults, is the fault of that number.
pub(super) const FAULT_LABEL: i64 = i64::MIN + 1;
/// The smallest label that a row can have.
pub(super) const LEAST_LABEL: i64 = FAULT_LABEL + u32::MAX as i64;

/// Container number of the index's own arena.
pub(super) const ARENA: u32 = 0;
/// Container number of a file of its own: the span names its path inside the arena.
pub(super) const FILE: u32 = u32::MAX;
/// Container number of a fault, whose number is the span's offset.
pub(super) const FAULT: u32 = u32::MAX - 1;

/// Texts of a shard are read whole: larger ones are no captions.
const MOST_TEXT: u32 = 16 << 20;

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

/// What a row in a shard has besides: by it a changed shard is known when it is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Sealed {
    /// Where the first header of the sample's members begins.
    pub begin: u64,
    /// Seal of the image's header.
    pub image: u32,
    /// Seal of the caption's header.
    pub caption: u32,
    /// Container number of the shard.
    pub shard: u32,
    pub unused: u32,
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
    /// Where it comes from, if `path` is that of a copy, which may go and come again while the index is used.
    pub origin: Option<String>,
}

impl Shard {
    /// What messages call it.
    pub fn shown(&self) -> &str {
        self.origin.as_deref().unwrap_or(&self.path)
    }
}

/// A data set: `len()` rows of one image, any number of captions, and perhaps a label.
#[derive(Debug)]
pub struct Index {
    pub(super) root: PathBuf,
    pub(super) arena: Vec<u8>,
    pub(super) rows: Vec<Row>,
    pub(super) captions: Vec<Span>,
    /// One for each row where there are shards, else none.
    pub(super) sealed: Vec<Sealed>,
    pub(super) shards: Vec<Shard>,
    pub(super) faults: Vec<Fault>,
    pub(super) pool: Pool,
}

impl Index {
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
        let faults = self.faults.iter();
        self.arena.capacity()
            + self.rows.capacity() * size_of::<Row>()
            + self.captions.capacity() * size_of::<Span>()
            + self.sealed.capacity() * size_of::<Sealed>()
            + faults
                .map(|fault| size_of::<Fault>() + fault.path.len() + fault.reason.len())
                .sum::<usize>()
    }

    pub(super) fn row(&self, row: usize) -> Result<&Row> {
        let rows = self.rows.len();
        self.rows
            .get(row)
            .ok_or_else(|| Error::Recipe(format!("row {row} is not in a data set of {rows} rows")))
    }

    pub(super) fn arena(&self, span: Span) -> &[u8] {
        let start = usize::try_from(span.offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(span.len as usize);
        self.arena.get(start..end).unwrap_or_default()
    }

    pub(super) fn text(&self, span: Span) -> Cow<'_, str> {
        String::from_utf8_lossy(self.arena(span))
    }

    fn fault(&self, number: u64) -> Error {
        let fault = usize::try_from(number)
            .ok()
            .and_then(|n| self.faults.get(n));
        fault.map_or_else(
            || Error::Internal("a span of an index names no fault".into()),
            |fault| Error::Fault(fault.clone()),
        )
    }

    /// A row's key: what its format calls it.
    pub fn key(&self, row: usize) -> Result<Cow<'_, str>> {
        Ok(self.text(self.row(row)?.key))
    }

    /// A row's label.
    ///
    /// # Errors
    /// [`Error::Fault`] when what the data have there is no label.
    pub fn label(&self, row: usize) -> Result<Option<i64>> {
        match self.row(row)?.label {
            NO_LABEL => Ok(None),
            label if label < LEAST_LABEL => Err(self.fault((label - FAULT_LABEL) as u64)),
            label => Ok(Some(label)),
        }
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
            FAULT => match self.fault(image.offset) {
                Error::Fault(fault) => fault.path,
                _ => "memory".into(),
            },
            shard => match self.shards.get(shard as usize - 1) {
                Some(shard) => format!("{}:{}", shard.shown(), self.text(key)),
                None => "memory".into(),
            },
        })
    }

    /// What is known to be wrong with a row's image or label before anything is read.
    pub fn known_fault(&self, row: usize) -> Result<()> {
        let image = self.row(row)?.image;
        if image.container == FAULT {
            return Err(self.fault(image.offset));
        }
        self.label(row).map(drop)
    }

    /// An error of a row, with the row's name and place.
    pub fn blame(&self, row: usize, error: Error) -> SampleError {
        let path = match &error {
            Error::Fault(fault) if !fault.path.is_empty() => fault.path.clone(),
            _ => self.path(row).unwrap_or_default(),
        };
        SampleError {
            key: self.key(row).map(Cow::into_owned).unwrap_or_default(),
            path,
            error,
        }
    }

    /// The shard that a row lies in, and where the first header of its members begins; `None` outside shards.
    pub fn place(&self, row: usize) -> Result<Option<(&str, u64)>> {
        self.row(row)?;
        let Some(sealed) = self.sealed.get(row) else {
            return Ok(None);
        };
        let shard = self.shard(sealed.shard).map(|shard| shard.path.as_str());
        Ok(shard.map(|path| (path, sealed.begin)))
    }

    /// The encoded bytes of a row's image. `buffer` receives them when they do not lie in memory.
    ///
    /// # Errors
    /// [`Error::Source`] for a missing, unreadable or changed file or shard, [`Error::TooLarge`] past `max_bytes`,
    /// [`Error::Fault`] when it was known that there is no image.
    pub fn image<'a>(
        &'a self,
        row: usize,
        max_bytes: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8]> {
        let image = self.row(row)?.image;
        if image.container == FILE {
            let path = self.root.join(self.text(image).as_ref());
            read_image(&path, max_bytes, buffer)?;
            return Ok(buffer);
        }
        check_size(u64::from(image.len), max_bytes)?;
        let seal = self.sealed.get(row).map_or(0, |sealed| sealed.image);
        self.bytes(image, seal, buffer)
    }

    pub(super) fn caption_range(&self, row: usize) -> Result<(usize, usize)> {
        let end = self.row(row)?.captions_end as usize;
        let start = row
            .checked_sub(1)
            .and_then(|before| self.rows.get(before))
            .map_or(0, |r| r.captions_end);
        Ok((start as usize, end))
    }

    /// The bytes of a caption's member.
    pub(super) fn member<'a>(
        &'a self,
        row: usize,
        span: Span,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8]> {
        if span.len > MOST_TEXT {
            return Err(Error::Caption(format!(
                "the caption's member has {} bytes, more than the {MOST_TEXT} that a text may have",
                span.len
            )));
        }
        let seal = self.sealed.get(row).map_or(0, |sealed| sealed.caption);
        self.bytes(span, seal, buffer)
    }

    /// The field that holds the captions, where a span is a JSON member.
    pub(super) fn json_field(&self, span: Span) -> Option<&str> {
        self.shard(span.container)?.json_field.as_deref()
    }

    pub(super) fn shard(&self, container: u32) -> Option<&Shard> {
        self.shards.get((container as usize).checked_sub(1)?)
    }

    /// The bytes of a span that is no file. Those of a shard are read with the header before them, by which a shard that
    /// was written again under the index is known.
    fn bytes<'a>(&'a self, span: Span, sealed: u32, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        match span.container {
            ARENA => return Ok(self.arena(span)),
            FAULT => return Err(self.fault(span.offset)),
            _ => {}
        }
        let (Some(shard), Some(start)) = (
            self.shard(span.container),
            span.offset.checked_sub(HEADER as u64),
        ) else {
            return Err(Error::Internal("a span of an index names no shard".into()));
        };
        let file = self.pool.get(span.container as usize - 1, shard)?;
        buffer.resize(HEADER + span.len as usize, 0);
        let whole = file
            .read_full(buffer, start)
            .map_err(|error| shard_error(shard.shown(), error))?;
        let (header, bytes) = buffer.split_at(HEADER);
        if !whole || seal(header) != sealed {
            return Err(changed(shard.shown()));
        }
        Ok(bytes)
    }
}

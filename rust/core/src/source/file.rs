//! Files, read at places and to limits. Only regular files are ever opened: a pipe would wait for its writer, a device
//! has no end. Nothing is mapped: a mapped file that shrinks ends the process.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::{Error, Result};

/// Bytes that can be read from any place.
pub trait ReadAt {
    /// How many bytes there are.
    fn size(&self) -> io::Result<u64>;

    /// Reads some bytes from `offset` on; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Fills `buffer` from `offset` on, and says whether there was enough.
    fn read_full(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<bool> {
        while !buffer.is_empty() {
            match self.read_at(buffer, offset) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

impl ReadAt for [u8] {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.get(start..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }
}

impl ReadAt for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(self, buffer, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(self, buffer, offset);
    }
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Bytes.
    pub size: u64,
    /// When its bytes were written, in nanoseconds since 1970; may be set by anyone.
    pub modified: u64,
    /// When anything about it changed last, in nanoseconds since 1970; may be set by no one. 0 where it isn't kept.
    pub changed: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        let modified = metadata.modified()?;
        let modified = modified.duration_since(std::time::UNIX_EPOCH);
        #[cfg(unix)]
        let changed = {
            use std::os::unix::fs::MetadataExt;
            (metadata.ctime() as u64)
                .wrapping_mul(1_000_000_000)
                .wrapping_add(metadata.ctime_nsec() as u64)
        };
        #[cfg(not(unix))]
        let changed = 0;
        Ok(Self {
            size: metadata.len(),
            modified: modified.unwrap_or_default().as_nanos() as u64,
            changed,
        })
    }
}

/// Opens a regular file, or a link to one, and nothing else.
pub(super) fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    // Asked before it is opened, since opening a device may do something, and after, since it may be another by then.
    require_regular(std::fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    require_regular(metadata.file_type())?;
    Ok((file, metadata))
}

fn require_regular(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let what = if kind.is_dir() {
        "directory"
    } else {
        odd(kind)
    };
    Err(io::Error::other(format!(
        "it is a {what}, not a regular file"
    )))
}

#[cfg(unix)]
fn odd(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "pipe",
        kind if kind.is_socket() => "socket",
        _ => "device",
    }
}

#[cfg(not(unix))]
fn odd(_: FileType) -> &'static str {
    "device"
}

/// The error for a file that could not be opened or read.
fn unreadable(path: &Path, what: &str, given: &str, error: io::Error) -> Error {
    Error::Source {
        path: path.to_string_lossy().into_owned(),
        reason: match error.kind() {
            ErrorKind::NotFound => {
                format!("the {what} does not exist; check the {given} given to the source")
            }
            _ => format!("the {what} cannot be read: {error}"),
        },
    }
}

/// An opened shard and its stamp.
pub(super) fn open_shard(path: &str) -> Result<(File, Stamp)> {
    let opened = open_regular(Path::new(path));
    opened
        .and_then(|(file, metadata)| Ok((file, Stamp::of(&metadata)?)))
        .map_err(|error| shard_error(path, error))
}

/// The error for a shard that could not be opened or read.
pub(super) fn shard_error(path: &str, error: io::Error) -> Error {
    unreadable(Path::new(path), "shard", "pattern", error)
}

/// Reads a whole image file.
pub(super) fn read_image(path: &Path, max_bytes: usize, buffer: &mut Vec<u8>) -> Result<()> {
    let failed = |error| unreadable(path, "file", "images folder", error);
    let (file, metadata) = open_regular(path).map_err(failed)?;
    check_size(metadata.len(), max_bytes)?;
    buffer.clear();
    buffer.reserve(metadata.len() as usize + 1);
    // A file that grows is still held to the limit.
    file.take(max_bytes as u64 + 1)
        .read_to_end(buffer)
        .map_err(failed)?;
    check_size(buffer.len() as u64, max_bytes)
}

pub(super) fn check_size(size: u64, max_bytes: usize) -> Result<()> {
    if size > max_bytes as u64 {
        return Err(Error::TooLarge(format!(
            "the file has {size} bytes, more than max_bytes={max_bytes}; raise the limit if you trust the data"
        )));
    }
    Ok(())
}

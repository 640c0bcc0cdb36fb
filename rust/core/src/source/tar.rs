//! The tar format: where each member of an archive lies.

use std::borrow::Cow;
use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::file::{ReadAt, shard_error};
use crate::{Error, Result};

/// Bytes of a header.
pub(super) const HEADER: usize = 512;
/// Members of fewer bytes are kept with their places: labels, so that a shard's rows are known without the shard.
pub(super) const SHORT: u64 = 64;
/// Names and extended headers are longer than this only in what is no tar.
const MOST_NAME: u64 = 1 << 20;

/// What a member of a tar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A second name of another member, which has no bytes of its own.
    HardLink,
    /// A name that leads to another.
    SymbolicLink,
    /// A device or a pipe.
    Device,
}

impl Kind {
    /// All kinds, each at its number.
    pub const ALL: [Self; 4] = [Self::File, Self::HardLink, Self::SymbolicLink, Self::Device];

    /// What a header's type flag says; folders and headers about headers are no members.
    fn of(flag: u8) -> Option<Self> {
        match flag {
            b'0' | 0 | b'7' => Some(Self::File),
            b'1' => Some(Self::HardLink),
            b'2' => Some(Self::SymbolicLink),
            b'3' | b'4' | b'6' => Some(Self::Device),
            _ => None,
        }
    }

    /// Its name, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::HardLink => "a hard link",
            Self::SymbolicLink => "a symbolic link",
            Self::Device => "a device or a pipe",
        }
    }
}

/// One member of a tar: a regular file, or what has the name of one and no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub kind: Kind,
    /// Its name, with folders.
    pub name: String,
    /// Where the first of its headers begins.
    pub begin: u64,
    /// Where its bytes begin in the tar, right after its last header.
    pub offset: u64,
    /// How many bytes it has.
    pub len: u64,
    /// The [`seal`] of its last header.
    pub seal: u32,
    /// Its bytes, if it is a file of fewer than 64.
    pub short: Vec<u8>,
}

/// A digest of a header, by which another file's header is known.
pub(super) fn seal(header: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(header);
    let hash = hasher.finish();
    (hash >> 32) as u32 ^ hash as u32
}

/// The members of a tar, folders left out, and the error that says where it is cut, if it is.
///
/// # Errors
/// [`Error::Source`] for bytes that are no tar, or that cannot be read.
pub fn members<T: ReadAt + ?Sized>(tar: &T, path: &str) -> Result<(Vec<Member>, Option<Error>)> {
    let mut walk = Walk {
        tar,
        path,
        size: tar.size().map_err(|error| shard_error(path, error))?,
        found: Vec::new(),
        at: 0,
    };
    let whole = walk.run()?;
    let cut = if whole { None } else { Some(walk.cut()) };
    Ok((walk.found, cut))
}

struct Walk<'a, T: ?Sized> {
    tar: &'a T,
    path: &'a str,
    size: u64,
    found: Vec<Member>,
    at: u64,
}

impl<T: ReadAt + ?Sized> Walk<'_, T> {
    fn broken(&self, reason: impl Into<String>) -> Error {
        Error::Source {
            path: self.path.into(),
            reason: reason.into(),
        }
    }

    fn cut(&self) -> Error {
        let place = match self.found.last() {
            Some(last) => format!("after member {:?}", last.name),
            None => "in its first member".into(),
        };
        self.broken(format!(
            "the tar is cut {place} ({} bytes); copy it again, or take its whole members with truncated=\"keep\"",
            self.size
        ))
    }

    fn fill(&self, buffer: &mut [u8], offset: u64) -> Result<bool> {
        let filled = self.tar.read_full(buffer, offset);
        filled.map_err(|error| shard_error(self.path, error))
    }

    /// Goes over all headers; whether the last was there.
    fn run(&mut self) -> Result<bool> {
        let mut header = [0; HEADER];
        let mut long = Long::default();
        let mut begin = 0;
        loop {
            let whole = self.fill(&mut header, self.at)?;
            if self.at == 0 && header.starts_with(&[0x1f, 0x8b]) {
                return Err(
                    self.broken("the shard is gzip-compressed; decompress it first (gunzip)")
                );
            }
            if !whole {
                return Ok(false);
            }
            if header.iter().all(|&byte| byte == 0) {
                return Ok(true);
            }
            let declared = self.check(&header)?;
            let flag = header[156];
            let kind = Kind::of(flag);
            let len = match kind {
                Some(Kind::File) => long.size.take().unwrap_or(declared),
                _ => declared,
            };
            let offset = self.at + HEADER as u64;
            let Some(end) = offset.checked_add(len).filter(|&end| end <= self.size) else {
                return Ok(false);
            };
            if let Some(kind) = kind {
                let short = match kind {
                    Kind::File if len < SHORT => self.body(offset, len)?,
                    _ => Vec::new(),
                };
                self.found.push(Member {
                    kind,
                    name: long.name.take().unwrap_or_else(|| header_name(&header)),
                    begin,
                    offset,
                    len,
                    seal: seal(&header),
                    short,
                });
            }
            match flag {
                b'L' => long.name = Some(text(&self.body(offset, len)?)),
                b'x' => long.read(&self.body(offset, len)?),
                // Folders, links and devices hold no bytes of their own, and end what a long name was said for.
                b'1'..=b'6' => long = Long::default(),
                _ => {}
            }
            // The last member's padding may be missing: its bytes are all there.
            self.at = end.next_multiple_of(HEADER as u64);
            if !matches!(flag, b'L' | b'x') {
                begin = self.at;
            }
        }
    }

    /// The size that a header declares.
    fn check(&self, header: &[u8]) -> Result<u64> {
        let at = self.at;
        if !checksum_matches(header) {
            return Err(self.broken(format!(
                "no tar header at byte {at}; is this an uncompressed tar?"
            )));
        }
        number(&header[124..136])
            .ok_or_else(|| self.broken(format!("the tar header at byte {at} has no readable size")))
    }

    fn body(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        if len > MOST_NAME {
            return Err(self.broken(format!(
                "the tar header at byte {} is followed by a name of {len} bytes",
                self.at
            )));
        }
        let mut body = vec![0; len as usize];
        match self.fill(&mut body, offset)? {
            true => Ok(body),
            false => Err(self.cut()),
        }
    }
}

/// What headers before a member's own say about it.
#[derive(Default)]
struct Long {
    name: Option<String>,
    size: Option<u64>,
}

impl Long {
    /// Reads a POSIX extended header.
    fn read(&mut self, body: &[u8]) {
        for (key, value) in pax(body) {
            match key {
                "path" => self.name = Some(value.to_string()),
                "size" => self.size = value.parse().ok(),
                _ => {}
            }
        }
    }
}

fn checksum_matches(header: &[u8]) -> bool {
    let sum = |header: &[u8]| -> u64 {
        let blank = 148..156;
        header
            .iter()
            .enumerate()
            .map(|(i, &b)| if blank.contains(&i) { 32 } else { u64::from(b) })
            .sum()
    };
    number(&header[148..156]) == Some(sum(header))
}

/// Octal digits, or base 256 when the first bit is set (GNU, sizes over 8 GiB).
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let first = u64::from(field[0] & 0x7f);
        return field[1..].iter().try_fold(first, |n, &byte| {
            (n >> 56 == 0).then_some(n << 8 | u64::from(byte))
        });
    }
    let digits = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u64::from_str_radix(if digits.is_empty() { "0" } else { digits }, 8).ok()
}

fn text(bytes: &[u8]) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn header_name(header: &[u8]) -> String {
    let name = text(&header[..100]);
    let prefix = if &header[257..262] == b"ustar" {
        text(&header[345..500])
    } else {
        String::new()
    };
    // GNU tar keeps times where POSIX keeps the prefix.
    let gnu = &header[257..265] == b"ustar  \0";
    if prefix.is_empty() || gnu {
        name
    } else {
        format!("{prefix}/{name}")
    }
}

/// The `length key=value` records of a POSIX extended header.
fn pax(body: &[u8]) -> Vec<(&str, Cow<'_, str>)> {
    let mut records = Vec::new();
    let mut rest = body;
    while let Some(space) = memchr::memchr(b' ', rest) {
        let len = std::str::from_utf8(&rest[..space])
            .ok()
            .and_then(|n| n.parse::<usize>().ok());
        let Some(record) = len
            .filter(|&len| len > space + 1)
            .and_then(|len| rest.get(space + 1..len))
        else {
            break;
        };
        rest = &rest[space + 1 + record.len()..];
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        if let Some(equals) = memchr::memchr(b'=', record)
            && let Ok(key) = std::str::from_utf8(&record[..equals])
        {
            records.push((key, String::from_utf8_lossy(&record[equals + 1..])));
        }
    }
    records
}

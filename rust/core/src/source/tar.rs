//! The tar format: where each member of an archive lies.

use std::borrow::Cow;

use crate::{Error, Result};

const BLOCK: usize = 512;

/// One regular file inside a tar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, with folders.
    pub name: String,
    /// Where its bytes begin in the tar.
    pub offset: u64,
    /// How many bytes it has.
    pub len: u64,
}

/// The regular files of a tar, and the error that says where it is cut, if it is.
///
/// # Errors
/// [`Error::Source`] for bytes that are no tar.
pub fn members(tar: &[u8], path: &str) -> Result<(Vec<Member>, Option<Error>)> {
    let broken = |reason: String| Error::Source {
        path: path.into(),
        reason,
    };
    if tar.starts_with(&[0x1f, 0x8b]) {
        return Err(broken(
            "the shard is gzip-compressed; decompress it first (gunzip)".into(),
        ));
    }
    let mut found: Vec<Member> = Vec::new();
    let mut long_name: Option<String> = None;
    let mut long_size: Option<u64> = None;
    let mut at = 0usize;
    let cut = |found: &[Member]| {
        let last = found
            .last()
            .map_or("no member".into(), |m| format!("member {:?}", m.name));
        Some(broken(format!(
            "the tar is cut after {last} ({} bytes); copy it again, or take its whole members with truncated=\"keep\"",
            tar.len()
        )))
    };
    loop {
        let Some(header) = tar.get(at..at + BLOCK) else {
            let cut = cut(&found);
            return Ok((found, cut));
        };
        if header.iter().all(|&byte| byte == 0) {
            return Ok((found, None));
        }
        if !checksum_matches(header) {
            return Err(broken(format!(
                "no tar header at byte {at}; is this an uncompressed tar?"
            )));
        }
        let declared = number(&header[124..136])
            .ok_or_else(|| broken(format!("the tar header at byte {at} has no readable size")))?;
        let kind = header[156];
        let size = match kind {
            b'0' | 0 | b'7' => long_size.take().unwrap_or(declared),
            _ => declared,
        };
        let start = at + BLOCK;
        let end = usize::try_from(size)
            .ok()
            .and_then(|size| start.checked_add(size));
        let Some(end) = end.filter(|&end| end <= tar.len()) else {
            let cut = cut(&found);
            return Ok((found, cut));
        };
        let body = &tar[start..end];
        match kind {
            b'0' | 0 | b'7' => {
                let name = long_name.take().unwrap_or_else(|| header_name(header));
                found.push(Member {
                    name,
                    offset: start as u64,
                    len: size,
                });
            }
            b'L' => long_name = Some(text(body)),
            b'x' => {
                for (key, value) in pax(body) {
                    match key {
                        "path" => long_name = Some(value.to_string()),
                        "size" => long_size = value.parse().ok(),
                        _ => {}
                    }
                }
            }
            // Folders, links and devices hold no bytes of their own, and end what a long name was said for.
            b'1'..=b'6' => (long_name, long_size) = (None, None),
            _ => {}
        }
        // The last member's padding may be missing: its bytes are all there.
        at = end.next_multiple_of(BLOCK);
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

//! Uncompressed tar shards (WebDataset, img2dataset): members by memory map, grouped into samples.

use std::borrow::Cow;
use std::path::PathBuf;

use super::index::{Shard, map_file};
use super::tar_cache;
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

/// How the members of a shard become samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TarOptions {
    /// Extensions of images, the preferred first.
    pub images: Vec<String>,
    /// Extension of the caption member.
    pub caption: String,
    /// Field of that member, when it is JSON.
    pub json_field: Option<String>,
    /// Extension of the label member, a decimal number.
    pub label: String,
    /// Take the whole members of a cut tar instead of refusing it.
    pub keep_truncated: bool,
    /// Folder of cached member tables; `None` keeps them beside the shards.
    pub cache: Option<PathBuf>,
}

pub(super) struct Sample {
    pub key: String,
    pub image: (u64, u32),
    pub caption: Option<(u64, u32)>,
    pub label: Option<i64>,
}

pub(super) struct Indexed {
    pub description: Shard,
    pub samples: Vec<Sample>,
}

/// Reads a shard's samples, from the cached member table when it is still true.
pub(super) fn read(path: &str, options: &TarOptions) -> Result<Indexed> {
    let (map, size, modified) = map_file(path)?;
    let members = match tar_cache::load(path, options.cache.as_deref(), size, modified) {
        Some(members) => members,
        None => {
            let (found, cut) = members(&map, path)?;
            match cut {
                Some(cut) if !options.keep_truncated => return Err(cut),
                Some(_) => {}
                None => tar_cache::store(path, options.cache.as_deref(), size, modified, &found),
            }
            found
        }
    };
    let description = Shard {
        path: path.into(),
        size,
        modified,
        json_field: options.json_field.clone(),
    };
    Ok(Indexed {
        description,
        samples: samples(&map, path, &members, options)?,
    })
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

/// WebDataset's rule: the key ends at the first dot of the base name, the rest is the extension.
fn split(name: &str) -> (&str, &str) {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[base..].find('.') {
        Some(dot) => (&name[..base + dot], &name[base + dot + 1..]),
        None => (name, ""),
    }
}

fn samples(
    tar: &[u8],
    path: &str,
    members: &[Member],
    options: &TarOptions,
) -> Result<Vec<Sample>> {
    let broken = |reason: String| Error::Source {
        path: path.into(),
        reason,
    };
    let named = members.iter().map(|member| (split(&member.name), member));
    // Hidden files (".DS_Store", "._x" of macOS) have no key.
    let named: Vec<_> = named
        .filter(|((key, _), _)| !key.is_empty() && !key.ends_with('/'))
        .collect();
    let mut samples = Vec::new();
    for group in named.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
        let key = group[0].0.0;
        let find = |wanted: &str| {
            group
                .iter()
                .find(|((_, ext), _)| ext.eq_ignore_ascii_case(wanted))
                .map(|(_, member)| *member)
        };
        let Some(image) = options.images.iter().find_map(|ext| find(ext)) else {
            let have: Vec<_> = group
                .iter()
                .map(|((_, ext), _)| format!(".{ext}"))
                .collect();
            return Err(broken(format!(
                "sample {key:?} has no image (.{}); it has {}; name its extension with images=(...)",
                options.images.join(", ."),
                have.join(", ")
            )));
        };
        let place = |member: &Member| {
            u32::try_from(member.len)
                .map(|len| (member.offset, len))
                .map_err(|_| broken(format!("member {:?} is over 4 GiB", member.name)))
        };
        let label = match find(&options.label) {
            None => None,
            Some(member) => {
                let bytes = tar.get(member.offset as usize..(member.offset + member.len) as usize);
                let number = bytes
                    .and_then(|b| std::str::from_utf8(b).ok())
                    .and_then(|s| s.trim().parse().ok());
                Some(number.ok_or_else(|| {
                    broken(format!("member {:?} is not a decimal label", member.name))
                })?)
            }
        };
        samples.push(Sample {
            key: key.into(),
            image: place(image)?,
            caption: find(&options.caption).map(place).transpose()?,
            label,
        });
    }
    Ok(samples)
}

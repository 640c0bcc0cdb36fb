//! Uncompressed tar shards (WebDataset, img2dataset): members by memory map, grouped into samples.

use std::path::PathBuf;

use super::index::{Shard, map_file};
use super::tar::{Member, members};
use super::tar_cache;
use crate::{Error, Result};

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

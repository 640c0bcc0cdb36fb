//! Uncompressed tar shards (WebDataset, img2dataset): their members, grouped into samples.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::builder::Label;
use super::fault::{Fault, FaultKind};
use super::file::open_shard;
use super::index::Shard;
use super::tar::{Kind, Member, SHORT, members};
use super::tar_cache::Table;
use crate::Result;

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
    /// Where the shard comes from, if its path is that of a copy.
    pub copy: Option<Copied>,
}

/// What is known of a copy of a shard, which need not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What messages call it.
    pub origin: String,
    /// When the copy was or will be modified, in nanoseconds since 1970: it stands for a version of the original.
    pub modified: u64,
    /// The file of its member table.
    pub table: PathBuf,
}

/// Where a member's bytes lie, and the seal of its header.
pub(super) struct Place {
    pub offset: u64,
    pub len: u32,
    pub seal: u32,
}

pub(super) struct Sample {
    pub key: String,
    /// Where the first header of its members begins.
    pub begin: u64,
    pub image: Result<Place, Fault>,
    pub caption: Option<Result<Place, Fault>>,
    pub label: Label,
}

pub(super) struct Indexed {
    pub description: Shard,
    pub samples: Vec<Sample>,
    /// Members of no sample, by ending.
    pub left_out: BTreeMap<String, usize>,
}

/// Reads a shard's samples, from the cached member table when it is still true.
pub(super) fn read(path: &str, options: &TarOptions) -> Result<Indexed> {
    let copy = options.copy.as_ref();
    let known = copy.and_then(|copy| {
        let (members, size) = Table::at(&copy.table).load_alone(copy.modified)?;
        Some((members, size, copy.modified))
    });
    let (members, size, modified) = match known {
        Some(known) => known,
        None => open(path, options)?,
    };
    let description = Shard {
        path: path.into(),
        size,
        modified,
        json_field: options.json_field.clone(),
        origin: copy.map(|copy| copy.origin.clone()),
    };
    let shown = description.shown().to_string();
    let mut indexed = Indexed {
        description,
        samples: Vec::new(),
        left_out: BTreeMap::new(),
    };
    group(&shown, &members, options, &mut indexed);
    Ok(indexed)
}

/// The members of a shard that is there, its size and its time.
fn open(path: &str, options: &TarOptions) -> Result<(Vec<Member>, u64, u64)> {
    let (file, stamp) = open_shard(path)?;
    let copy = options.copy.as_ref();
    let table = copy.map_or_else(
        || Table::of(path, options.cache.as_deref()),
        |copy| Table::at(&copy.table),
    );
    let members = match table.load(&file, stamp) {
        Some(members) => members,
        None => {
            let shown = copy.map_or(path, |copy| &copy.origin);
            let (found, cut) = members(&file, shown)?;
            match cut {
                Some(cut) if !options.keep_truncated => return Err(cut),
                Some(_) => {}
                None => table.store(stamp, &found),
            }
            found
        }
    };
    Ok((members, stamp.size, stamp.modified))
}

/// WebDataset's rule: the key ends at the first dot of the base name, the rest is the extension.
fn split(name: &str) -> (&str, &str) {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[base..].find('.') {
        Some(dot) => (&name[..base + dot], &name[base + dot + 1..]),
        None => (name, ""),
    }
}

/// A member with its name split.
struct Part<'a> {
    key: &'a str,
    ending: &'a str,
    member: &'a Member,
}

fn group(path: &str, members: &[Member], options: &TarOptions, into: &mut Indexed) {
    let parts: Vec<_> = members
        .iter()
        .map(|member| {
            let (key, ending) = split(&member.name);
            Part {
                key,
                ending,
                member,
            }
        })
        .collect();
    for parts in parts.chunk_by(|a, b| a.key == b.key) {
        // Hidden files (".DS_Store", "._x" of macOS) have no key.
        let hidden = parts[0].key.is_empty() || parts[0].key.ends_with('/');
        match sample(path, parts, options).filter(|_| !hidden) {
            Some(sample) => into.samples.push(sample),
            None => {
                for part in parts {
                    let ending = match (hidden, part.member.kind) {
                        (true, _) => "hidden".into(),
                        (_, Kind::File) => format!(".{}", part.ending),
                        (_, Kind::HardLink | Kind::SymbolicLink) => "links".into(),
                        (_, Kind::Device) => "devices".into(),
                    };
                    *into.left_out.entry(ending).or_default() += 1;
                }
            }
        }
    }
}

/// The sample of members with one key; `None` when nothing of a sample is among them.
fn sample(path: &str, parts: &[Part<'_>], options: &TarOptions) -> Option<Sample> {
    let key = parts[0].key;
    let find = |wanted: &str| {
        let mut parts = parts.iter();
        let part = parts.find(|part| part.ending.eq_ignore_ascii_case(wanted));
        part.map(|part| part.member)
    };
    let images = || options.images.iter().filter_map(|ending| find(ending));
    let image = images().find(|member| member.kind == Kind::File);
    let image = image.or_else(|| images().next());
    let (caption, label) = (find(&options.caption), find(&options.label));
    if image.is_none() && caption.is_none() && label.is_none() {
        return None;
    }
    let named = format!("{path}:{key}");
    let no_image = || {
        let have: Vec<_> = parts
            .iter()
            .map(|part| format!(".{}", part.ending))
            .collect();
        let reason = format!(
            "the sample has no image (.{}); it has {}; name its extension with images=(...), or remove the sample",
            options.images.join(", ."),
            have.join(", ")
        );
        Fault::source(named.clone(), reason)
    };
    Some(Sample {
        key: key.into(),
        begin: parts[0].member.begin,
        image: image.map_or_else(|| Err(no_image()), |member| place(member, &named)),
        caption: caption.map(|member| place(member, &named)),
        label: label.map_or(Label::Absent, |member| read_label(member, &named)),
    })
}

/// Requires bytes of a member's own.
fn require_file(member: &Member, path: &str) -> Result<(), Fault> {
    if member.kind == Kind::File {
        return Ok(());
    }
    let reason = format!(
        "member {:?} is {}, which is not followed; pack the file itself (tar --dereference --hard-dereference)",
        member.name,
        member.kind.name()
    );
    Err(Fault::source(path, reason))
}

fn place(member: &Member, path: &str) -> Result<Place, Fault> {
    require_file(member, path)?;
    let Ok(len) = u32::try_from(member.len) else {
        return Err(Fault {
            kind: FaultKind::TooLarge,
            path: path.into(),
            reason: format!("member {:?} is over 4 GiB", member.name),
        });
    };
    Ok(Place {
        offset: member.offset,
        len,
        seal: member.seal,
    })
}

/// A label is a number of a few digits.
fn read_label(member: &Member, path: &str) -> Label {
    if let Err(fault) = require_file(member, path) {
        return Label::Fault(fault);
    }
    let text = String::from_utf8_lossy(&member.short);
    let held = if member.len < SHORT {
        format!("{text:?}")
    } else {
        format!("{} bytes", member.len)
    };
    match text.trim().parse() {
        Ok(number) => Label::Number(number),
        Err(_) => Label::Fault(Fault::source(
            path,
            format!(
                "member {:?} holds {held}, which is no whole number; number the classes, or name another member with label=",
                member.name
            ),
        )),
    }
}

//! The member table of a shard, kept in a file so that a shard is walked once.
//!
//! `MAGIC | size, modified, changed of the shard | count | (kind, begin, offset, len, seal, name length, name, bytes)* |
//! checksum`, little-endian; of members of 64 bytes or more, the bytes are left out. A table that does not fit its shard, or its own checksum, is as good as absent: it is made again.

use std::fs::{self, File, OpenOptions};
use std::hash::Hasher;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHasher;

use super::file::{ReadAt, Stamp, open_regular};
use super::tar::{HEADER, Kind, Member, SHORT, seal};

const MAGIC: &[u8; 8] = b"impasto4";
/// What all names of tables end in; the sources leave such files out.
const ENDING: &str = "impasto-index";
/// Headers of a shard that are compared with its table when it is opened, evenly spread.
const COMPARED: usize = 16;

/// The table of one shard.
pub(super) struct Table {
    path: PathBuf,
}

impl Table {
    /// The table in a folder of tables, or beside the shard.
    pub fn of(shard: &str, cache: Option<&Path>) -> Self {
        let path = match cache {
            None => PathBuf::from(format!("{shard}.{ENDING}")),
            Some(folder) => {
                let whole = fs::canonicalize(shard).unwrap_or_else(|_| shard.into());
                let name = Path::new(shard).file_name().unwrap_or_default();
                let name = name.to_string_lossy();
                let place = hash(whole.as_os_str().as_encoded_bytes());
                folder.join(format!("{name}.{place:016x}.{ENDING}"))
            }
        };
        Self { path }
    }

    /// The table in a file.
    pub fn at(path: &Path) -> Self {
        Self { path: path.into() }
    }

    /// The members, if the table is there and still true of the shard.
    pub fn load(&self, shard: &File, stamp: Stamp) -> Option<Vec<Member>> {
        let (found, members) = self.read(stamp.size)?;
        let is_true = found == stamp && fit(&members, stamp.size) && lie_in(&members, shard);
        is_true.then_some(members)
    }

    /// The members and the size of a shard that isn't here, if the table was made of one that was modified then.
    pub fn load_alone(&self, modified: u64) -> Option<(Vec<Member>, u64)> {
        let (stamp, members) = self.read(u64::MAX)?;
        let is_true = stamp.modified == modified && fit(&members, stamp.size);
        is_true.then_some((members, stamp.size))
    }

    fn read(&self, most: u64) -> Option<(Stamp, Vec<Member>)> {
        let (file, metadata) = open_regular(&self.path).ok()?;
        // A member's line in the table is shorter than its headers in the shard.
        if metadata.len() > most.saturating_add(64) {
            return None;
        }
        let mut table = vec![0; metadata.len() as usize];
        file.read_full(&mut table, 0).ok().filter(|&whole| whole)?;
        parse(&table)
    }

    /// Writes the table; a folder that can't be written to costs the next start time, not an error.
    pub fn store(&self, stamp: Stamp, members: &[Member]) {
        if let Some(folder) = self.path.parent() {
            let _ = fs::create_dir_all(folder);
        }
        // A name of its own and a renaming: readers in other processes never see half a table, and no link is followed.
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut partial = self.path.clone().into_os_string();
        partial.push(format!(".{}-{number}.partial", std::process::id()));
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&partial);
        let Ok(mut file) = opened else {
            return;
        };
        if file.write_all(&write(stamp, members)).is_err()
            || fs::rename(&partial, &self.path).is_err()
        {
            let _ = fs::remove_file(&partial);
        }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

fn words(stamp: Stamp) -> [u64; 3] {
    [stamp.size, stamp.modified, stamp.changed]
}

fn parse(table: &[u8]) -> Option<(Stamp, Vec<Member>)> {
    let (body, checksum) = table.split_at_checked(table.len().checked_sub(8)?)?;
    let mut reader = Reader(body.strip_prefix(MAGIC)?);
    if checksum != hash(body).to_le_bytes() {
        return None;
    }
    let (size, modified, changed) = (reader.word()?, reader.word()?, reader.word()?);
    let count = reader.word()?;
    let members: Option<Vec<_>> = (0..count)
        .map(|_| {
            let kind = *Kind::ALL.get(usize::try_from(reader.word()?).ok()?)?;
            let (begin, offset, len) = (reader.word()?, reader.word()?, reader.word()?);
            let seal = u32::try_from(reader.word()?).ok()?;
            let length = usize::try_from(reader.word()?).ok()?;
            let name = String::from_utf8(reader.take(length)?.to_vec()).ok()?;
            let short = match kind {
                Kind::File if len < SHORT => reader.take(len as usize)?.to_vec(),
                _ => Vec::new(),
            };
            Some(Member {
                kind,
                name,
                begin,
                offset,
                len,
                seal,
                short,
            })
        })
        .collect();
    let stamp = Stamp {
        size,
        modified,
        changed,
    };
    Some((stamp, members?))
}

/// Whether the members can lie in a shard of this size.
fn fit(members: &[Member], size: u64) -> bool {
    let mut last = 0;
    for Member {
        begin, offset, len, ..
    } in members
    {
        let header = begin.checked_add(HEADER as u64);
        let end = offset.checked_add(*len);
        if *begin < last
            || header.is_none_or(|end| end > *offset)
            || end.is_none_or(|end| end > size)
        {
            return false;
        }
        last = offset + len;
    }
    true
}

/// Whether some of a shard's headers are the members'.
fn lie_in(members: &[Member], shard: &File) -> bool {
    let step = members.len().div_ceil(COMPARED).max(1);
    let mut compared = members.iter().step_by(step).chain(members.last());
    compared.all(|member| {
        let mut header = [0; HEADER];
        let whole = shard.read_full(&mut header, member.offset - HEADER as u64);
        whole.is_ok_and(|whole| whole) && seal(&header) == member.seal
    })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }

    fn word(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }
}

fn write(stamp: Stamp, members: &[Member]) -> Vec<u8> {
    let mut table = MAGIC.to_vec();
    for word in words(stamp).into_iter().chain([members.len() as u64]) {
        table.extend(word.to_le_bytes());
    }
    for member in members {
        let Member {
            kind,
            begin,
            offset,
            len,
            ..
        } = *member;
        for word in [
            kind as u64,
            begin,
            offset,
            len,
            u64::from(member.seal),
            member.name.len() as u64,
        ] {
            table.extend(word.to_le_bytes());
        }
        table.extend(member.name.as_bytes());
        table.extend(&member.short);
    }
    table.extend(hash(&table).to_le_bytes());
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::file::open_shard;
    use crate::source::members;

    /// A shard of 40 empty members whose names begin with `first`.
    fn shard(folder: &Path, first: char) -> String {
        let mut tar = Vec::new();
        for number in 0..40 {
            let mut header = [0; HEADER];
            let name = format!("{first}{number}.jpg");
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            tar.extend(header);
        }
        tar.resize(tar.len() + 2 * HEADER, 0);
        let path = folder.join(format!("{first}.tar"));
        fs::write(&path, tar).expect("a folder of our own");
        path.to_string_lossy().into_owned()
    }

    /// A table is judged by the shard's headers too, not by a stamp that another shard may have as well.
    #[test]
    fn a_table_of_another_shard_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (ours, others) = (shard(folder.path(), 'a'), shard(folder.path(), 'b'));
        let (file, stamp) = open_shard(&ours).expect("a shard");
        let (other, _) = open_shard(&others).expect("a shard");
        let (found, cut) = members(&file, &ours).expect("a tar");
        assert_eq!((found.len(), cut), (40, None));
        let table = Table::of(&ours, None);
        table.store(stamp, &found);
        assert_eq!(table.load(&file, stamp), Some(found.clone()));
        assert_eq!(table.load(&other, stamp), None);
        for changed in [
            Stamp {
                size: stamp.size + 1,
                ..stamp
            },
            Stamp {
                modified: stamp.modified + 1,
                ..stamp
            },
            Stamp {
                changed: stamp.changed + 1,
                ..stamp
            },
        ] {
            assert_eq!(table.load(&file, changed), None);
        }
    }

    /// What a table says of a shard that isn't here is believed for the version that it was made of, if all of it is there.
    #[test]
    fn a_table_stands_for_a_shard_that_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = shard(folder.path(), 'a');
        let (file, stamp) = open_shard(&path).expect("a shard");
        let (mut found, _) = members(&file, &path).expect("a tar");
        found[3].len = 2;
        found[3].short = vec![b'1', b'2'];
        let kept = folder.path().join("kept");
        let table = Table::at(&kept);
        table.store(stamp, &found[3..4]);
        fs::remove_file(&path).expect("a file of our own");
        let expected = Some((found[3..4].to_vec(), stamp.size));
        assert_eq!(table.load_alone(stamp.modified), expected);
        assert_eq!(table.load_alone(stamp.modified + 1), None);
        let whole = fs::read(&kept).expect("a table");
        for len in 0..whole.len() {
            fs::write(&kept, &whole[..len]).expect("a file of our own");
            assert_eq!(table.load_alone(stamp.modified), None);
        }
    }

    /// A table that says that members lie outside the shard, or over each other, is not believed.
    #[test]
    fn places_outside_the_shard_are_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = shard(folder.path(), 'a');
        let (file, stamp) = open_shard(&path).expect("a shard");
        let (found, _) = members(&file, &path).expect("a tar");
        let table = Table::of(&path, None);
        let spoils: [fn(&mut Member); 5] = [
            |member| member.len = 1 << 40,
            |member| member.len = u64::MAX,
            |member| member.offset = u64::MAX,
            |member| member.offset = 0,
            |member| member.begin = u64::MAX - 5,
        ];
        for spoil in spoils {
            let mut wrong = found.clone();
            spoil(&mut wrong[7]);
            table.store(stamp, &wrong);
            assert_eq!(table.load(&file, stamp), None);
        }
    }
}

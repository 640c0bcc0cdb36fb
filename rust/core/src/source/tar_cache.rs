//! The member table of a shard, kept in a file so that a shard is walked once.
//!
//! `MAGIC | shard size | shard time | count | (offset, len, name length, name)* | checksum`, little-endian. A table
//! that does not fit its shard, or its own checksum, is as good as absent: it is made again.

use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use rustc_hash::FxHasher;

use super::tar::Member;

const MAGIC: &[u8; 8] = b"impasto1";

fn table_path(shard: &str, cache: Option<&Path>) -> PathBuf {
    match cache {
        None => PathBuf::from(format!("{shard}.impasto-index")),
        Some(folder) => {
            let whole = fs::canonicalize(shard).unwrap_or_else(|_| shard.into());
            let name = Path::new(shard)
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            folder.join(format!(
                "{name}.{:016x}.impasto-index",
                hash(whole.as_os_str().as_encoded_bytes())
            ))
        }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

pub(super) fn load(
    shard: &str,
    cache: Option<&Path>,
    size: u64,
    modified: u64,
) -> Option<Vec<Member>> {
    let table = fs::read(table_path(shard, cache)).ok()?;
    let (body, checksum) = table.split_at_checked(table.len().checked_sub(8)?)?;
    let mut reader = Reader(body.strip_prefix(MAGIC)?);
    if checksum != hash(body).to_le_bytes() || reader.word()? != size || reader.word()? != modified
    {
        return None;
    }
    let count = reader.word()?;
    (0..count)
        .map(|_| {
            let (offset, len) = (reader.word()?, reader.word()?);
            let length = reader.word()? as usize;
            let name = String::from_utf8(reader.take(length)?.to_vec()).ok()?;
            Some(Member { name, offset, len })
        })
        .collect()
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

/// Writes the table; a folder that can't be written to costs the next start time, not an error.
pub(super) fn store(
    shard: &str,
    cache: Option<&Path>,
    size: u64,
    modified: u64,
    members: &[Member],
) {
    let mut table = MAGIC.to_vec();
    for word in [size, modified, members.len() as u64] {
        table.extend(word.to_le_bytes());
    }
    for member in members {
        for word in [member.offset, member.len, member.name.len() as u64] {
            table.extend(word.to_le_bytes());
        }
        table.extend(member.name.as_bytes());
    }
    table.extend(hash(&table).to_le_bytes());
    let path = table_path(shard, cache);
    if let Some(folder) = cache {
        let _ = fs::create_dir_all(folder);
    }
    // Renaming keeps readers in other processes from ever seeing half a table.
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    if fs::write(&partial, table).is_err() || fs::rename(&partial, &path).is_err() {
        let _ = fs::remove_file(&partial);
    }
}

//! Where samples lie: files, members of tar shards, or bytes in memory, indexed by a few flat buffers.

mod builder;
mod index;
mod shard;
mod tar;
mod tar_cache;

pub use builder::IndexBuilder;
pub use index::{Index, Shard, State};
pub use shard::TarOptions;
pub use tar::{Member, members};

//! Where samples lie: files, members of tar shards, or bytes in memory, indexed by a few flat buffers.

mod builder;
mod captions;
mod fault;
mod file;
mod index;
mod json;
mod measure;
mod pool;
mod shard;
mod state;
mod tar;
mod tar_cache;

pub use builder::{Caption, Image, IndexBuilder, Label};
pub use captions::RowCaptions;
pub use fault::{Fault, FaultKind};
pub use file::ReadAt;
pub use index::{Index, Shard};
pub use shard::{Copied, TarOptions};
pub use state::State;
pub use tar::{Kind, Member, members};

//! Everything that can be wrong with data or a request, in one enum.

use crate::source::Fault;

/// What went wrong, before it is known which sample it happened to.
///
/// Messages say what was found and what to do about it; [`SampleError`] adds the sample.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are not a well-formed image of a format we read.
    #[error("{0}")]
    Decode(String),
    /// The image ends before its last pixel.
    #[error("{0}")]
    Truncated(String),
    /// A well-formed image of a kind we do not read.
    #[error("{0}")]
    Unsupported(String),
    /// The header asks for more than the limits allow.
    #[error("{0}")]
    TooLarge(String),
    /// The bytes could not be had: a missing file, a broken shard.
    #[error("{reason}")]
    Source {
        /// The file at fault.
        path: String,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// What the source knew to be wrong with this part of a row.
    #[error("{}", .0.reason)]
    Fault(Fault),
    /// A caption that is empty, too long, or not UTF-8.
    #[error("{0}")]
    Caption(String),
    /// A vocabulary that cannot be used.
    #[error("{0}")]
    Vocabulary(String),
    /// A recipe or argument that makes no sense.
    #[error("{0}")]
    Recipe(String),
    /// A bug of ours, caught at the boundary.
    #[error("internal error, please report it: {0}")]
    Internal(String),
}

/// The result of everything fallible here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An [`Error`] and the sample it happened to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sample {key:?} ({path}): {error}")]
pub struct SampleError {
    /// The sample's key in its data set.
    pub key: String,
    /// The file (or `shard.tar:member`) the sample comes from.
    pub path: String,
    /// What is wrong.
    pub error: Error,
}

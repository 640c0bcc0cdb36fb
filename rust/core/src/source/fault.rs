//! What is known to be wrong with a part of a row before the row is asked for.

/// Which of the errors a fault is reported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The bytes cannot be had.
    Source,
    /// The caption is no text.
    Caption,
    /// The bytes are no image.
    Decode,
    /// The image is cut.
    Truncated,
    /// The image is of a kind that is not read.
    Unsupported,
    /// The image is larger than the limits allow.
    TooLarge,
}

impl FaultKind {
    /// All kinds, each at its number.
    pub const ALL: [Self; 6] = [
        Self::Source,
        Self::Caption,
        Self::Decode,
        Self::Truncated,
        Self::Unsupported,
        Self::TooLarge,
    ];
}

/// An error that waits in the place of an image, a caption or a label until that row is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What it is reported as.
    pub kind: FaultKind,
    /// The file at fault; empty for the row's own.
    pub path: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl Fault {
    /// Bytes or a file that cannot be had.
    pub fn source(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            kind: FaultKind::Source,
            path: path.into(),
            reason: reason.into(),
        }
    }
}

//! A rectangle of pixels that a decoder gives.

/// Which pixels of an image (possibly scaled down by the decoder) a buffer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patch {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

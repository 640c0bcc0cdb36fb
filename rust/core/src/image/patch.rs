//! A rectangle of pixels that a decoder gives.

/// Which pixels of an image (possibly scaled down by the decoder) a buffer holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patch {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

impl Patch {
    /// Bytes of as many samples.
    pub(crate) fn bytes(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// The smallest rectangle that holds both.
    pub(crate) fn hull(self, other: Self) -> Self {
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        let right = (self.left + self.width).max(other.left + other.width);
        let bottom = (self.top + self.height).max(other.top + other.height);
        Self {
            left,
            top,
            width: right - left,
            height: bottom - top,
        }
    }
}

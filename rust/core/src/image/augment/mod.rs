//! Augmentations of one finished image, RGB8 and in place: what a policy draws ([`Policy::draw`]), then its [`Op`]s.
//!
//! Color operations are bit-equal to Pillow's, and so are the nearest-neighbour warps of [`Style::Torchvision`], which
//! are torchvision's on Pillow images. [`Style::Albef`] warps as `cv2.warpAffine` is defined: bilinear, on grey.

mod blur;
mod color;
mod erase;
mod hue;
mod op;
mod point;
mod policy;
mod sharpen;
mod simd;
mod warp;

pub use op::{Op, Style};
pub use policy::{Ops, Policy};

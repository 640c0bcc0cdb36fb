//! From encoded bytes to blended, normalised pixels.
//!
//! The order of work is: header, limits, [`Geometry::draw`], decode what the drawn [`View`] needs, one resize,
//! [`Target::write`]. Pixels are RGB8, height x width x channel, until `write` lays them out for a model. Alpha is
//! dropped, 16-bit samples keep their high byte, CMYK follows Pillow, and there is no color management.

mod augment;
mod blend;
mod color;
mod convolve;
mod decode;
mod exif;
mod fast;
mod format;
mod frame;
mod geometry;
mod header;
mod jpeg;
mod load;
mod patch;
mod planes;
mod png;
mod png_repair;
mod png_text;
mod resample;
mod resize;
mod scratch;
mod simd;
mod turn;
mod webp;

pub use augment::{Op, Ops, Policy, Style};
pub use blend::{Dtype, Layout, Target};
pub(crate) use decode::oriented_size;
pub use decode::{Decode, Exif, Rgb, decode, probe};
pub use format::Format;
pub use geometry::{Crop, Filter, Geometry, View};
pub use header::{Header, Limits, Truncated};
pub use jpeg::{Restarts, encode_jpeg, with_restarts};
pub use load::{Asked, Load, Loaded, load_views};
pub use resize::resize;
pub use scratch::Scratch;

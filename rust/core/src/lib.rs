//! The work under impasto that a CPU does: decode, crop, resize, blend, normalise, join, tokenise.
//!
//! Kernels are pure: they read a source and a drawn plan and write a destination. There is no global state
//! (but a hook that keeps caught panics silent), no thread pool and no Python here; `unsafe` stands only around libjpeg-turbo and SIMD.

pub mod batch;
pub mod error;
pub mod image;
pub mod mix;
pub mod panic;
pub mod permutation;
pub mod rng;
pub mod source;
pub mod text;

pub use error::{Error, Result, SampleError};

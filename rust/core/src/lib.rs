//! The work under impasto that a CPU does: decode, crop, resize, blend, normalise, join, tokenise.
//!
//! Kernels are pure: they read a source and a drawn plan and write a destination. There is no global state, no thread
//! pool and no Python here; `unsafe` stands only around libjpeg-turbo and SIMD.

pub mod error;
pub mod image;

pub mod rng;

pub use error::{Error, Result, SampleError};

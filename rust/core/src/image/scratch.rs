//! Buffers and decoder state that live from image to image.

use std::time::Duration;

use super::convolve::Convolver;
use super::jpeg::Decompressor;
use crate::{Error, Result};

/// More than this is given back after an image, so that one giant does not stay with every thread.
const KEEP: usize = 64 << 20;

/// What a thread keeps between images: decoder state, resizer's weights, pixel buffers. Make one per thread.
#[derive(Default)]
pub struct Scratch {
    decompressor: Option<Decompressor>,
    pub(crate) convolver: Convolver,
    pub(crate) pixels: Vec<u8>,
    pub(crate) small: Vec<u8>,
    pub(crate) framed: Vec<u8>,
    /// Time that resizing has taken since somebody asked.
    pub(crate) resizing: Duration,
}

impl Scratch {
    /// The decompressor, made on first use, the pixel buffer, and one that is free until the pixels are resized.
    pub(crate) fn jpeg(&mut self) -> Result<(&mut Decompressor, [&mut Vec<u8>; 2])> {
        if self.decompressor.is_none() {
            self.decompressor = Some(Decompressor::new()?);
        }
        match &mut self.decompressor {
            Some(decompressor) => Ok((decompressor, [&mut self.pixels, &mut self.small])),
            None => Err(Error::Internal("no decompressor".into())),
        }
    }

    /// What resizing has taken since the last call.
    pub fn take_resizing(&mut self) -> Duration {
        std::mem::take(&mut self.resizing)
    }

    /// Bytes that it holds, libjpeg's own left out.
    pub fn memory(&self) -> usize {
        let buffers = [&self.pixels, &self.small, &self.framed];
        buffers.map(Vec::capacity).iter().sum::<usize>() + self.convolver.memory()
    }

    /// Gives memory back after an unusually large image.
    pub(crate) fn settle(&mut self) {
        if self.pixels.capacity() > KEEP {
            self.pixels = Vec::new();
        }
        if self.small.capacity() > KEEP {
            self.small = Vec::new();
        }
        if self.convolver.memory() > KEEP {
            self.convolver = Convolver::default();
        }
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch")
            .field("pixels", &self.pixels.capacity())
            .finish_non_exhaustive()
    }
}

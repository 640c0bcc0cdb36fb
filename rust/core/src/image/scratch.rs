//! Buffers and decoder state that live from image to image.

use std::cell::Cell;
use std::time::Duration;

use super::convolve::Convolver;
use super::jpeg::Decompressor;
use crate::{Error, Result};

/// More than this is given back after an image, so that one giant does not stay with every thread.
const KEEP: usize = 64 << 20;

/// The same, where images come one by one: their threads may be anybody's, and many.
const KEEP_OF_ONE: usize = 4 << 20;

thread_local! {
    static KEPT: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

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

    /// Does something by what the calling thread keeps from call to call: tables of a file's codes take longer to make than
    /// a small image to decode.
    pub fn kept<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        // Taken out, so that work that ends in a panic leaves nothing behind.
        let mut scratch = KEPT.take().unwrap_or_default();
        let done = work(&mut scratch);
        scratch.shrink(KEEP_OF_ONE);
        KEPT.set(Some(scratch));
        done
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
        self.shrink(KEEP);
    }

    fn shrink(&mut self, keep: usize) {
        for buffer in [&mut self.pixels, &mut self.small, &mut self.framed] {
            if buffer.capacity() > keep {
                *buffer = Vec::new();
            }
        }
        if self.convolver.memory() > keep {
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

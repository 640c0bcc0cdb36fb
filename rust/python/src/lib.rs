//! `impasto._core`: the Python face of impasto-core. Every function extracts its arguments, releases the GIL, calls
//! the core and converts the result; nothing is decided here.

mod augment;
mod errors;
mod index;
mod mix;
mod ops;
mod permutation;
mod recipe;
mod request;
mod staged;
mod tokenizer;
mod words;

use pyo3::prelude::*;

/// Decode, crop, resize, mix and tokenise image-text batches.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use crate::augment::{AugmentSpec, apply_ops, augment};
    #[pymodule_export]
    use crate::index::{Index, IndexBuilder};
    #[pymodule_export]
    use crate::mix::{MixRows, MixSpec, balanced_places, cut_box, kept_places, mix_captions};
    #[pymodule_export]
    use crate::ops::{
        CropBox, Header, blend, decode, draw, encode_jpeg, join, needs_cleaning, prepare, probe,
        resize, with_restarts,
    };
    #[pymodule_export]
    use crate::permutation::{Permutation, substitute};
    #[pymodule_export]
    use crate::recipe::{ImageSpec, Recipe, TextSpec};
    #[pymodule_export]
    use crate::staged::{Crew, Finished, Loaded, LoadedView, Staged, Working};
    #[pymodule_export]
    use crate::tokenizer::{ReadTokenizer, Tokenizer};
    #[pymodule_export]
    use crate::words::{WordSpec, augment_words};
}

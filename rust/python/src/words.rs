//! `WordSpec`: what is done to a caption's words and tags.

use std::sync::Arc;

use impasto_core::rng::{Purpose, Stream};
use impasto_core::text::{self, Tags, WordOp, Wording};
use pyo3::prelude::*;

/// Names and numbers of what was drawn for one caption.
pub type Wordings = Vec<(&'static str, Vec<u32>)>;

pub fn owned(wordings: &[Wording]) -> Wordings {
    wordings.to_vec()
}

/// One thing that is done.
#[pyclass(frozen, module = "impasto._core", from_py_object)]
#[derive(Clone)]
pub struct WordSpec(pub WordOp);

#[pymethods]
impl WordSpec {
    #[staticmethod]
    fn delete(p: f64) -> Self {
        Self(WordOp::Delete(p))
    }

    #[staticmethod]
    fn swap(n: u32) -> Self {
        Self(WordOp::Swap(n))
    }

    /// Words in lower case, with the probability that each goes.
    #[staticmethod]
    fn drop_words(chances: Vec<(String, f64)>) -> Self {
        Self(WordOp::DropWords(Arc::new(chances.into_iter().collect())))
    }

    #[staticmethod]
    fn shuffle_tags(keep: usize, separator: String) -> Self {
        Self(WordOp::ShuffleTags(Tags { keep, separator }))
    }

    #[staticmethod]
    fn drop_tags(p: f64, keep: usize, separator: String) -> Self {
        Self(WordOp::DropTags(p, Tags { keep, separator }))
    }

    #[staticmethod]
    fn drop_caption(p: f64, keep: usize, separator: String) -> Self {
        Self(WordOp::DropCaption(p, Tags { keep, separator }))
    }

    #[staticmethod]
    fn template(templates: Vec<String>) -> Self {
        Self(WordOp::Template(templates))
    }
}

/// What is done to the words of a sample's caption.
#[pyfunction]
#[pyo3(signature = (caption, ops, *, seed, epoch, sample))]
pub fn augment_words(
    caption: &str,
    ops: Vec<WordSpec>,
    seed: u64,
    epoch: u64,
    sample: u64,
) -> String {
    let ops: Vec<WordOp> = ops.into_iter().map(|spec| spec.0).collect();
    let mut stream = Stream::new(seed, epoch, sample, Purpose::Words);
    text::augment_words(caption, &ops, &mut stream).0
}

//! `Staged`: a batch between reading and finishing.

use std::sync::{Mutex, PoisonError};

use impasto_core::batch::{self, Buffers, Keys, Request, When};
use impasto_core::image::View;
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadwriteArray1};
use pyo3::prelude::*;

use crate::augment::{self, Operations};
use crate::errors::{detached, of_sample, plain};
use crate::index::Index;
use crate::mix::MixRows;
use crate::recipe::Recipe;

/// A batch that is being filled.
#[pyclass(frozen, module = "impasto._core")]
pub struct Staged(Mutex<batch::Staged>);

type Failed<'py> = Vec<(usize, Bound<'py, PyAny>)>;

/// What is known of the rows that were loaded: crop boxes [B, 4] (left, top, width, height), flips [B], caption choices
/// [B], keys, labels and operations of each, and the rows whose files end early.
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct Loaded {
    boxes: Py<PyArray2<f64>>,
    flips: Py<PyArray1<bool>>,
    choices: Py<PyArray1<i64>>,
    keys: Vec<String>,
    labels: Vec<Option<i64>>,
    augmentations: Vec<Operations>,
    truncated: Vec<usize>,
}

/// What came of mixing: its plan, the places of kept tokens, the captions, the tokens that each lost [B], and the rows
/// whose captions need cleaning before they are tokenised.
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct Finished {
    mix: Py<MixRows>,
    kept: Vec<Option<Vec<u32>>>,
    captions: Vec<String>,
    lost: Py<PyArray1<i32>>,
    needs_cleaning: Vec<usize>,
}

#[pymethods]
impl Staged {
    #[new]
    fn new(py: Python<'_>, recipe: &Recipe, rows: usize) -> Self {
        Self(Mutex::new(
            py.detach(|| batch::Staged::new(recipe.0.clone(), rows)),
        ))
    }

    /// Fills rows `at` of the batch from rows `source_rows` of the index; returns those that failed.
    #[pyo3(signature = (index, *, at, source_rows, samples, seed, epoch, threads))]
    #[expect(clippy::too_many_arguments, reason = "parallel arrays of one call")]
    fn load<'py>(
        &self,
        py: Python<'py>,
        index: &Index,
        at: PyReadonlyArray1<'py, i64>,
        source_rows: PyReadonlyArray1<'py, i64>,
        samples: PyReadonlyArray1<'py, i64>,
        seed: u64,
        epoch: u64,
        threads: usize,
    ) -> PyResult<Failed<'py>> {
        let (at, source_rows, samples) =
            (at.as_array(), source_rows.as_array(), samples.as_array());
        let requests: Vec<Request> = at
            .iter()
            .zip(source_rows)
            .zip(samples)
            .map(|((&at, &from), &sample)| Request {
                at: at as usize,
                from: from as usize,
                id: sample as u64,
            })
            .collect();
        let failed = detached(py, || {
            let mut staged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            staged.load(&index.0, &requests, Keys { seed, epoch }, threads)
        })?;
        failed
            .iter()
            .map(|(row, error)| Ok((*row, of_sample(py, error)?)))
            .collect()
    }

    /// What is known of the rows.
    fn loaded(&self, py: Python<'_>) -> PyResult<Loaded> {
        let staged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = staged.rows();
        let corners = |View {
                           left,
                           top,
                           width,
                           height,
                           ..
                       }: View| vec![left, top, width, height];
        let boxes: Vec<Vec<f64>> = rows.iter().map(|row| corners(row.view)).collect();
        let boxes = match boxes.is_empty() {
            true => PyArray2::zeros(py, [0, 4], false),
            false => PyArray2::from_vec2(py, &boxes)?,
        };
        Ok(Loaded {
            boxes: boxes.unbind(),
            flips: PyArray1::from_iter(py, rows.iter().map(|row| row.view.flip)).unbind(),
            choices: PyArray1::from_iter(py, rows.iter().map(|row| row.choice as i64)).unbind(),
            keys: rows.iter().map(|row| row.key.clone()).collect(),
            labels: rows.iter().map(|row| row.label).collect(),
            augmentations: rows.iter().map(|row| augment::named(&row.ops)).collect(),
            truncated: (0..rows.len()).filter(|&row| rows[row].truncated).collect(),
        })
    }

    /// The rows whose captions want cleaning before they can be taken apart into tokens, with the captions.
    fn needs_cleaning(&self) -> Vec<(usize, String)> {
        let staged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let caption = |row: usize| (row, staged.rows()[row].caption.clone());
        staged.needs_cleaning().into_iter().map(caption).collect()
    }

    /// Puts a cleaned caption in the place of a row's own.
    fn set_caption(&self, py: Python<'_>, row: usize, caption: String) -> PyResult<()> {
        let mut staged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        staged
            .set_caption(row, caption)
            .map_err(|error| plain(py, &error))
    }

    /// Mixes, normalises and tokenises into the buffers.
    #[pyo3(signature = (images, ids, mask, *, seed, epoch, step, number, threads))]
    #[expect(clippy::too_many_arguments, reason = "buffers and names of one batch")]
    fn finish<'py>(
        &self,
        py: Python<'py>,
        mut images: PyReadwriteArray1<'py, u8>,
        mut ids: PyReadwriteArray1<'py, i64>,
        mut mask: PyReadwriteArray1<'py, i64>,
        seed: u64,
        epoch: u64,
        step: u64,
        number: u64,
        threads: usize,
    ) -> PyResult<Finished> {
        let buffers = Buffers {
            images: images.as_slice_mut()?,
            ids: ids.as_slice_mut()?,
            mask: mask.as_slice_mut()?,
        };
        let finished = detached(py, || {
            let staged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            staged.finish(
                buffers,
                Keys { seed, epoch },
                When { step, number },
                threads,
            )
        })?;
        let mix = Py::new(py, MixRows::of(py, &finished.mix)?)?;
        let captions = finished.captions;
        let lost = PyArray1::from_iter(py, captions.iter().map(|caption| caption.lost as i32));
        let needs_cleaning = (0..captions.len()).filter(|&row| captions[row].needs_cleaning);
        let needs_cleaning = needs_cleaning.collect();
        let (texts, kept) = captions
            .into_iter()
            .map(|caption| (caption.text, caption.kept))
            .unzip();
        Ok(Finished {
            mix,
            kept,
            captions: texts,
            lost: lost.unbind(),
            needs_cleaning,
        })
    }
}

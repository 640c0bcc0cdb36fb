//! `Staged`: a batch between reading and finishing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use impasto_core::Error;
use impasto_core::batch::{
    self, Buffers, Clock, Hands, Keys, Portion, Row, Shown, Stage, Turn, When,
};
use impasto_core::image::View;
use numpy::{
    PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray3,
    PyReadwriteArray1,
};
use pyo3::prelude::*;

use crate::augment::{self, Operations};
use crate::errors::{detached, of_sample, plain};
use crate::index::Index;
use crate::mix::MixRows;
use crate::recipe::Recipe;
use crate::request::{Rewritten, of_rewritten, requests};
use crate::words::{Wordings, owned};

/// A number of threads' worth of work that batches share which are made at the same time, the oldest first.
#[pyclass(frozen, module = "impasto._core")]
pub struct Crew(Arc<batch::Crew>);

#[pymethods]
impl Crew {
    #[new]
    fn new(size: usize) -> Self {
        Self(Arc::new(batch::Crew::new(size)))
    }
}

/// A batch that is being filled.
#[pyclass(frozen, module = "impasto._core")]
pub struct Staged {
    batch: Mutex<batch::Staged>,
    turn: Option<Turn>,
    clock: Arc<Clock>,
}

/// A row that is being worked on: what it is at, and for how many seconds.
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct Working {
    row: usize,
    stage: &'static str,
    seconds: f64,
}

impl Staged {
    fn lock(&self) -> MutexGuard<'_, batch::Staged> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hands(&self, threads: usize) -> Hands<'_> {
        let turn = self.turn.as_ref();
        Hands { threads, turn }
    }
}

type Failed<'py> = Vec<(usize, Bound<'py, PyAny>)>;

/// What was drawn for a view of the rows: crop boxes [B, 4] (left, top, width, height), flips [B], operations of each,
/// and kept patches [B, kept], where there are any.
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct LoadedView {
    boxes: Py<PyArray2<f64>>,
    flips: Py<PyArray1<bool>>,
    augmentations: Vec<Operations>,
    patches: Option<Py<PyArray2<i64>>>,
}

/// What is known of the rows that were loaded: what was drawn for each view, caption choices [B], keys and labels, and
/// the rows whose files end early.
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct Loaded {
    views: Vec<Py<LoadedView>>,
    choices: Py<PyArray1<i64>>,
    keys: Vec<String>,
    labels: Vec<Option<i64>>,
    wordings: Vec<Wordings>,
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

impl LoadedView {
    fn of(py: Python<'_>, rows: &[Row], view: usize, patches: bool) -> PyResult<Py<Self>> {
        // A row that could not be loaded has nothing drawn.
        let nothing = Shown::default();
        let shown: Vec<&Shown> = rows
            .iter()
            .map(|row| row.views.get(view).unwrap_or(&nothing))
            .collect();
        let corners = |shown: &&Shown| {
            let View {
                left,
                top,
                width,
                height,
                ..
            } = shown.view;
            vec![left, top, width, height]
        };
        let boxes: Vec<Vec<f64>> = shown.iter().map(corners).collect();
        let boxes = match boxes.is_empty() {
            true => PyArray2::zeros(py, [0, 4], false),
            false => PyArray2::from_vec2(py, &boxes)?,
        };
        let kept: Vec<Vec<i64>> = shown
            .iter()
            .map(|shown| shown.patches.iter().copied().map(i64::from).collect())
            .collect();
        let patches = match patches {
            true => Some(PyArray2::from_vec2(py, &kept)?.unbind()),
            false => None,
        };
        let flips = PyArray1::from_iter(py, shown.iter().map(|shown| shown.view.flip));
        let augmentations = shown.iter().map(|shown| augment::named(&shown.ops));
        Py::new(
            py,
            Self {
                boxes: boxes.unbind(),
                flips: flips.unbind(),
                augmentations: augmentations.collect(),
                patches,
            },
        )
    }
}

#[pymethods]
impl Staged {
    #[new]
    #[pyo3(signature = (recipe, rows, crew=None))]
    fn new(py: Python<'_>, recipe: &Recipe, rows: usize, crew: Option<&Crew>) -> PyResult<Self> {
        let batch = detached(py, || batch::Staged::new(recipe.0.clone(), rows))?;
        Ok(Self {
            clock: batch.clock(),
            batch: Mutex::new(batch),
            turn: crew.map(|crew| crew.0.join()),
        })
    }

    /// Seconds that each stage has taken so far, summed over threads; may be asked while they work.
    fn spent(&self) -> Vec<(&'static str, f64)> {
        let spent = |stage: Stage| (stage.name(), self.clock.spent(stage).as_secs_f64());
        Stage::ALL.into_iter().map(spent).collect()
    }

    /// Bytes of encoded images read so far.
    fn bytes_read(&self) -> u64 {
        self.clock.bytes()
    }

    /// The rows that are being worked on right now.
    fn working(&self) -> Vec<Working> {
        let working = self.clock.working().into_iter();
        working
            .map(|working| Working {
                row: working.row,
                stage: working.stage.name(),
                seconds: working.since.elapsed().as_secs_f64(),
            })
            .collect()
    }

    /// Fills rows `at` of the batch from rows `source_rows` of the index; returns those that failed. `rewrites` is an
    /// index of further captions, rows of it, and how often they are drawn.
    #[pyo3(signature = (index, *, at, source_rows, samples, seed, epoch, threads, rewrites = None))]
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
        rewrites: Option<Rewritten<'py>>,
    ) -> PyResult<Failed<'py>> {
        let requests = requests(py, Some(&at), &source_rows, &samples, rewrites.as_ref())?;
        let rewrites = rewrites.as_ref().map(of_rewritten);
        let keys = Keys { seed, epoch };
        let failed = detached(py, || {
            let mut staged = self.lock();
            staged.load(
                &index.0,
                rewrites.as_ref(),
                &requests,
                keys,
                self.hands(threads),
            )
        })?;
        failed
            .iter()
            .map(|(row, error)| Ok((*row, of_sample(py, error)?)))
            .collect()
    }

    /// What is known of the rows, or of the first `count`.
    #[pyo3(signature = (count=None))]
    fn loaded(&self, py: Python<'_>, count: Option<usize>) -> PyResult<Loaded> {
        let staged = self.lock();
        let rows = staged.rows();
        let rows = &rows[..count.unwrap_or(rows.len()).min(rows.len())];
        let views = staged.recipe().views.iter().enumerate();
        let views: PyResult<Vec<_>> = views
            .map(|(view, image)| LoadedView::of(py, rows, view, image.patches.is_some()))
            .collect();
        Ok(Loaded {
            views: views?,
            choices: PyArray1::from_iter(py, rows.iter().map(|row| row.choice as i64)).unbind(),
            keys: rows.iter().map(|row| row.key.clone()).collect(),
            labels: rows.iter().map(|row| row.label).collect(),
            wordings: rows.iter().map(|row| owned(&row.wordings)).collect(),
            truncated: (0..rows.len()).filter(|&row| rows[row].truncated).collect(),
        })
    }

    /// A copy of a row's image [H, W, 3] in a view, before it is mixed.
    fn image<'py>(
        &self,
        py: Python<'py>,
        view: usize,
        row: usize,
    ) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let staged = self.lock();
        let image = staged.image(view, row).map_err(|error| plain(py, &error))?;
        let (width, height) = staged.recipe().views[view].size();
        PyArray1::from_slice(py, image).reshape([height, width, 3])
    }

    /// Puts another image of the same size in the place of a row's.
    fn set_image(
        &self,
        py: Python<'_>,
        view: usize,
        row: usize,
        image: PyReadonlyArray3<'_, u8>,
    ) -> PyResult<()> {
        let mut staged = self.lock();
        let refused = |reason: &str| plain(py, &Error::Recipe(reason.into()));
        let place = staged
            .image_mut(view, row)
            .map_err(|error| plain(py, &error))?;
        let image = image
            .as_slice()
            .map_err(|_| refused("image must be C-contiguous"))?;
        if image.len() != place.len() {
            return Err(refused("image must have the shape of the row's"));
        }
        place.copy_from_slice(image);
        Ok(())
    }

    /// The rows whose captions want cleaning before they can be taken apart into tokens, with the captions.
    fn needs_cleaning(&self) -> Vec<(usize, String)> {
        let staged = self.lock();
        let caption = |row: usize| (row, staged.rows()[row].caption.clone());
        staged.needs_cleaning().into_iter().map(caption).collect()
    }

    /// Puts a cleaned caption in the place of a row's own.
    fn set_caption(&self, py: Python<'_>, row: usize, caption: String) -> PyResult<()> {
        let mut staged = self.lock();
        staged
            .set_caption(row, caption)
            .map_err(|error| plain(py, &error))
    }

    /// Mixes, normalises and tokenises into the buffers. `portion` says which rows of a larger batch these are: how many
    /// it has, the number there of each, and how many of them are written.
    #[pyo3(signature = (images, ids, mask, *, seed, epoch, step, number, threads, portion = None))]
    #[expect(clippy::too_many_arguments, reason = "buffers and names of one batch")]
    fn finish<'py>(
        &self,
        py: Python<'py>,
        mut images: Vec<PyReadwriteArray1<'py, u8>>,
        mut ids: PyReadwriteArray1<'py, i64>,
        mut mask: PyReadwriteArray1<'py, i64>,
        seed: u64,
        epoch: u64,
        step: u64,
        number: u64,
        threads: usize,
        portion: Option<(usize, Vec<usize>, usize)>,
    ) -> PyResult<Finished> {
        let portion = portion.map(|(whole, rows, own)| Portion { whole, rows, own });
        let images: Result<_, _> = images.iter_mut().map(|view| view.as_slice_mut()).collect();
        let buffers = Buffers {
            images: images?,
            ids: ids.as_slice_mut()?,
            mask: mask.as_slice_mut()?,
        };
        let finished = detached(py, || {
            let staged = self.lock();
            staged.finish(
                buffers,
                Keys { seed, epoch },
                When { step, number },
                portion.as_ref(),
                self.hands(threads),
            )
        })?;
        let mix = Py::new(py, MixRows::of(py, &finished.mix, &finished.join)?)?;
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

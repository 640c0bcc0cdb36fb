//! `IndexBuilder` and `Index`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use impasto_core::Error;
use impasto_core::source::{self, Copied, Fault, FaultKind, Shard, State, TarOptions};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyString};

use crate::errors::{detached, fault, of_sample, plain, text};

/// A caption as text, as bytes that are not UTF-8 and are reported when the row is read, or an error in its place.
#[derive(FromPyObject)]
enum Caption<'py> {
    Text(PyBackedStr),
    Bytes(PyBackedBytes),
    Error(Bound<'py, PyAny>),
}

impl Caption<'_> {
    fn get(&self) -> PyResult<source::Caption<'_>> {
        Ok(match self {
            Self::Text(text) => source::Caption::Text(text.as_bytes()),
            Self::Bytes(bytes) => source::Caption::Text(bytes),
            Self::Error(error) => source::Caption::Fault(fault(error)?),
        })
    }
}

/// A label, or an error in its place.
#[derive(FromPyObject)]
enum Label<'py> {
    Number(i64),
    Error(Bound<'py, PyAny>),
}

impl Label<'_> {
    fn get(label: Option<Self>) -> PyResult<source::Label> {
        Ok(match label {
            None => source::Label::Absent,
            Some(Self::Number(number)) => source::Label::Number(number),
            Some(Self::Error(error)) => source::Label::Fault(fault(&error)?),
        })
    }
}

/// A name that the index can hold; Python's strings may hold halves of surrogate pairs.
fn utf8(name: &Bound<'_, PyString>) -> Option<PyBackedStr> {
    PyBackedStr::try_from(name.clone()).ok()
}

/// Collects the rows of an index.
#[pyclass(module = "impasto._core")]
pub struct IndexBuilder(source::IndexBuilder);

impl IndexBuilder {
    fn add(
        &mut self,
        key: &Bound<'_, PyString>,
        image: source::Image<'_>,
        captions: &[Caption<'_>],
        label: Option<Label<'_>>,
    ) -> PyResult<()> {
        let captions: PyResult<Vec<_>> = captions.iter().map(Caption::get).collect();
        let label = Label::get(label)?;
        match utf8(key) {
            Some(key) => self.0.add(&key, image, &captions?, label),
            None => self.0.add(&text(key)?, image, &captions?, label),
        }
        Ok(())
    }
}

#[pymethods]
impl IndexBuilder {
    #[new]
    #[pyo3(signature = (root = ""))]
    fn new(root: &str) -> Self {
        Self(source::IndexBuilder::new(root))
    }

    #[pyo3(signature = (key, path, captions, label = None))]
    fn add_file(
        &mut self,
        key: &Bound<'_, PyString>,
        path: &Bound<'_, PyString>,
        captions: Vec<Caption<'_>>,
        label: Option<Label<'_>>,
    ) -> PyResult<()> {
        let held = utf8(path);
        let image = match &held {
            Some(path) => source::Image::File(path),
            None => source::Image::Fault(Fault {
                kind: FaultKind::Source,
                path: text(path)?,
                reason: "the name is not UTF-8; rename the file and its entry".into(),
            }),
        };
        self.add(key, image, &captions, label)
    }

    #[pyo3(signature = (key, data, captions, label = None))]
    fn add_bytes(
        &mut self,
        key: &Bound<'_, PyString>,
        data: &[u8],
        captions: Vec<Caption<'_>>,
        label: Option<Label<'_>>,
    ) -> PyResult<()> {
        self.add(key, source::Image::Bytes(data), &captions, label)
    }

    /// Adds a row whose image is an error.
    #[pyo3(signature = (key, error, captions = Vec::new(), label = None))]
    fn add_fault(
        &mut self,
        key: &Bound<'_, PyString>,
        error: &Bound<'_, PyAny>,
        captions: Vec<Caption<'_>>,
        label: Option<Label<'_>>,
    ) -> PyResult<()> {
        self.add(key, source::Image::Fault(fault(error)?), &captions, label)
    }

    /// What lay in the shards and is no sample, by the ending of its name.
    #[getter]
    fn left_out(&self) -> BTreeMap<String, usize> {
        self.0.left_out().clone()
    }

    #[pyo3(signature = (path, *, images, caption, json_field = None, label = "cls", keep_truncated = false, cache = None, copy = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
    fn add_tar(
        &mut self,
        py: Python<'_>,
        path: &str,
        images: Vec<String>,
        caption: String,
        json_field: Option<String>,
        label: &str,
        keep_truncated: bool,
        cache: Option<std::path::PathBuf>,
        copy: Option<(String, u64, std::path::PathBuf)>,
    ) -> PyResult<usize> {
        let label = label.to_string();
        let options = TarOptions {
            images,
            caption,
            json_field,
            label,
            keep_truncated,
            cache,
            copy: copy.map(|(origin, modified, table)| Copied {
                origin,
                modified,
                table,
            }),
        };
        detached(py, || self.0.add_tar(path, &options))
    }

    fn finish(&mut self) -> Index {
        Index(Arc::new(std::mem::take(&mut self.0).finish()))
    }
}

/// An indexed data set: flat buffers, read by any number of threads.
#[pyclass(frozen, module = "impasto._core")]
pub struct Index(pub Arc<source::Index>);

type ShardState = (String, u64, u64, Option<String>, Option<String>);
type FaultState = (usize, String, String);
type Pickled<'py> = (
    String,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Vec<ShardState>,
    Vec<FaultState>,
);

impl Index {
    /// A row's place, of a number that may be negative.
    fn at(&self, py: Python<'_>, row: i64) -> PyResult<usize> {
        let rows = self.0.len();
        let error = || Error::Recipe(format!("row {row} is not in a data set of {rows} rows"));
        usize::try_from(row).map_err(|_| plain(py, &error()))
    }

    /// The exception for an error of a row.
    fn blamed(&self, py: Python<'_>, row: usize, error: Error) -> PyErr {
        if row >= self.0.len() {
            return plain(py, &error);
        }
        of_sample(py, &self.0.blame(row, error)).map_or_else(|failed| failed, PyErr::from_value)
    }
}

#[pymethods]
impl Index {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// Bytes of memory held.
    #[getter]
    fn nbytes(&self) -> usize {
        self.0.memory()
    }

    fn key(&self, py: Python<'_>, row: i64) -> PyResult<String> {
        let row = self.at(py, row)?;
        self.0
            .key(row)
            .map(Cow::into_owned)
            .map_err(|error| plain(py, &error))
    }

    fn path(&self, py: Python<'_>, row: i64) -> PyResult<String> {
        let row = self.at(py, row)?;
        self.0.path(row).map_err(|error| plain(py, &error))
    }

    fn label(&self, py: Python<'_>, row: i64) -> PyResult<Option<i64>> {
        let row = self.at(py, row)?;
        self.0
            .label(row)
            .map_err(|error| self.blamed(py, row, error))
    }

    /// What is known to be wrong with the row's image or label before anything is read.
    fn fault<'py>(&self, py: Python<'py>, row: i64) -> PyResult<Option<Bound<'py, PyAny>>> {
        let row = self.at(py, row)?;
        match self.0.known_fault(row) {
            Ok(()) => Ok(None),
            Err(error @ Error::Fault(_)) => of_sample(py, &self.0.blame(row, error)).map(Some),
            Err(error) => Err(plain(py, &error)),
        }
    }

    /// The row's shard, and where the first header of its members begins.
    fn place(&self, py: Python<'_>, row: i64) -> PyResult<Option<(String, u64)>> {
        let row = self.at(py, row)?;
        let place = self.0.place(row).map_err(|error| plain(py, &error))?;
        Ok(place.map(|(path, begin)| (path.into(), begin)))
    }

    fn caption_count(&self, py: Python<'_>, row: i64) -> PyResult<usize> {
        let row = self.at(py, row)?;
        let count = self.0.caption_count(row);
        count.map_err(|error| plain(py, &error))
    }

    fn caption(&self, py: Python<'_>, row: i64, which: usize) -> PyResult<String> {
        let row = self.at(py, row)?;
        let read = || self.0.caption(row, which).map(Cow::into_owned);
        let caption = detached(py, || Ok(read()))?;
        caption.map_err(|error| self.blamed(py, row, error))
    }

    fn captions(&self, py: Python<'_>, row: i64) -> PyResult<Vec<String>> {
        let row = self.at(py, row)?;
        let read = || {
            let captions = self.0.captions_of(row)?;
            let all = (0..captions.count()).map(|which| captions.get(which).map(Cow::into_owned));
            all.collect::<Result<Vec<_>, Error>>()
        };
        let captions = detached(py, || Ok(read()))?;
        captions.map_err(|error| self.blamed(py, row, error))
    }

    #[pyo3(signature = (row, max_bytes = 1 << 30))]
    fn image<'py>(
        &self,
        py: Python<'py>,
        row: i64,
        max_bytes: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let row = self.at(py, row)?;
        let mut buffer = Vec::new();
        let bytes = detached(py, || Ok(self.0.image(row, max_bytes, &mut buffer)))?;
        let bytes = bytes.map_err(|error| self.blamed(py, row, error))?;
        Ok(PyBytes::new(py, bytes))
    }

    #[staticmethod]
    #[expect(clippy::too_many_arguments, reason = "the parts of one pickle")]
    fn _restore(
        py: Python<'_>,
        root: &str,
        arena: &[u8],
        rows: &[u8],
        captions: &[u8],
        sealed: &[u8],
        shards: Vec<ShardState>,
        faults: Vec<FaultState>,
    ) -> PyResult<Self> {
        let shards: Vec<Shard> = shards
            .into_iter()
            .map(|(path, size, modified, json_field, origin)| Shard {
                path,
                size,
                modified,
                json_field,
                origin,
            })
            .collect();
        let faults: Vec<Fault> = faults
            .into_iter()
            .map(|(kind, path, reason)| Fault {
                kind: FaultKind::ALL
                    .get(kind)
                    .copied()
                    .unwrap_or(FaultKind::Source),
                path,
                reason,
            })
            .collect();
        let state = State {
            root: root.into(),
            arena,
            rows,
            captions,
            sealed,
            shards: &shards,
            faults: &faults,
        };
        let index = detached(py, || source::Index::from_state(state))?;
        Ok(Self(Arc::new(index)))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Pickled<'py>)> {
        let state = self.0.state();
        let shards = state.shards.iter();
        let shards = shards
            .map(|s| {
                let (json_field, origin) = (s.json_field.clone(), s.origin.clone());
                (s.path.clone(), s.size, s.modified, json_field, origin)
            })
            .collect();
        let number = |kind| FaultKind::ALL.iter().position(|&known| known == kind);
        let faults = state.faults.iter();
        let faults = faults
            .map(|f| {
                (
                    number(f.kind).unwrap_or(0),
                    f.path.clone(),
                    f.reason.clone(),
                )
            })
            .collect();
        let bytes = |data| PyBytes::new(py, data);
        let arguments = (
            state.root.into_owned(),
            bytes(state.arena),
            bytes(state.rows),
            bytes(state.captions),
            bytes(state.sealed),
            shards,
            faults,
        );
        Ok((py.get_type::<Self>().getattr("_restore")?, arguments))
    }
}

//! `IndexBuilder` and `Index`.

use std::borrow::Cow;
use std::sync::Arc;

use impasto_core::Error;
use impasto_core::source::{self, Shard, State, TarOptions};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyString};

use crate::errors::{detached, plain};

/// A caption as text, or as bytes that are not UTF-8 and are reported when the row is read.
#[derive(FromPyObject)]
enum Caption {
    Text(PyBackedStr),
    Bytes(PyBackedBytes),
}

impl AsRef<[u8]> for Caption {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A name that the index can hold; Python's strings may hold halves of surrogate pairs.
fn utf8(name: &Bound<'_, PyString>) -> PyResult<PyBackedStr> {
    PyBackedStr::try_from(name.clone()).or_else(|_| {
        let shown = name.call_method0("__repr__")?;
        let error = Error::Source {
            path: shown.extract()?,
            reason: "the name is not UTF-8; rename the file and its entry".into(),
        };
        Err(plain(name.py(), &error))
    })
}

/// Collects the rows of an index.
#[pyclass(module = "impasto._core")]
pub struct IndexBuilder(source::IndexBuilder);

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
        py: Python<'_>,
        key: &Bound<'_, PyString>,
        path: &Bound<'_, PyString>,
        captions: Vec<Caption>,
        label: Option<i64>,
    ) -> PyResult<()> {
        self.0
            .add_file(&utf8(key)?, &utf8(path)?, &captions, label)
            .map_err(|error| plain(py, &error))
    }

    #[pyo3(signature = (key, data, captions, label = None))]
    fn add_bytes(
        &mut self,
        py: Python<'_>,
        key: &Bound<'_, PyString>,
        data: &[u8],
        captions: Vec<Caption>,
        label: Option<i64>,
    ) -> PyResult<()> {
        self.0
            .add_bytes(&utf8(key)?, data, &captions, label)
            .map_err(|error| plain(py, &error))
    }

    #[pyo3(signature = (path, *, images, caption, json_field = None, label = "cls", keep_truncated = false, cache = None))]
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
    ) -> PyResult<usize> {
        let label = label.to_string();
        let options = TarOptions {
            images,
            caption,
            json_field,
            label,
            keep_truncated,
            cache,
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

type ShardState = (String, u64, u64, Option<String>);
type Pickled<'py> = (
    String,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Vec<ShardState>,
);

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

    fn key(&self, py: Python<'_>, row: usize) -> PyResult<String> {
        self.0
            .key(row)
            .map(Cow::into_owned)
            .map_err(|error| plain(py, &error))
    }

    fn path(&self, py: Python<'_>, row: usize) -> PyResult<String> {
        self.0.path(row).map_err(|error| plain(py, &error))
    }

    fn label(&self, py: Python<'_>, row: usize) -> PyResult<Option<i64>> {
        self.0.label(row).map_err(|error| plain(py, &error))
    }

    fn captions(&self, py: Python<'_>, row: usize) -> PyResult<Vec<String>> {
        let read = || {
            (0..self.0.caption_count(row)?)
                .map(|i| Ok(self.0.caption(row, i)?.into_owned()))
                .collect()
        };
        detached(py, read)
    }

    #[pyo3(signature = (row, max_bytes = 1 << 30))]
    fn image<'py>(
        &self,
        py: Python<'py>,
        row: usize,
        max_bytes: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut buffer = Vec::new();
        let bytes = detached(py, || self.0.image(row, max_bytes, &mut buffer))?;
        Ok(PyBytes::new(py, bytes))
    }

    #[staticmethod]
    fn _restore(
        py: Python<'_>,
        root: &str,
        arena: &[u8],
        rows: &[u8],
        captions: &[u8],
        shards: Vec<ShardState>,
    ) -> PyResult<Self> {
        let shards: Vec<Shard> = shards
            .into_iter()
            .map(|(path, size, modified, json_field)| Shard {
                path,
                size,
                modified,
                json_field,
            })
            .collect();
        let state = State {
            root: root.into(),
            arena,
            rows,
            captions,
            shards: &shards,
        };
        let index = detached(py, || source::Index::from_state(state))?;
        Ok(Self(Arc::new(index)))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Pickled<'py>)> {
        let state = self.0.state();
        let shards = state.shards.iter();
        let shards = shards
            .map(|s| (s.path.clone(), s.size, s.modified, s.json_field.clone()))
            .collect();
        let bytes = |data| PyBytes::new(py, data);
        let arguments = (
            state.root.into_owned(),
            bytes(state.arena),
            bytes(state.rows),
            bytes(state.captions),
            shards,
        );
        Ok((py.get_type::<Self>().getattr("_restore")?, arguments))
    }
}

//! Orders and substitutes: the sample-level draws that Python asks for.

use impasto_core::permutation;
use impasto_core::rng::{Purpose, Stream};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

/// A random order of `0..length` in O(1) memory.
#[pyclass(frozen, eq, module = "impasto._core")]
#[derive(PartialEq)]
pub struct Permutation {
    order: permutation::Permutation,
    seed: u64,
    epoch: u64,
}

#[pymethods]
impl Permutation {
    #[new]
    #[pyo3(signature = (length, seed = 0, epoch = 0))]
    fn new(length: u64, seed: u64, epoch: u64) -> Self {
        Self {
            order: permutation::Permutation::new(length, seed, epoch),
            seed,
            epoch,
        }
    }

    fn __len__(&self) -> usize {
        self.order.len() as usize
    }

    fn __getitem__(&self, position: i64) -> PyResult<u64> {
        let length = self.order.len();
        let outside = || PyIndexError::new_err(format!("position {position} of {length}"));
        let from_start = match position {
            ..0 => length.checked_sub(position.unsigned_abs()),
            _ => Some(position as u64),
        };
        from_start
            .and_then(|position| self.order.get(position))
            .ok_or_else(outside)
    }

    /// The samples at `positions`.
    fn take<'py>(
        &self,
        py: Python<'py>,
        positions: PyReadonlyArray1<'py, i64>,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let positions = positions.as_array();
        let at = |&position: &i64| self.__getitem__(position).map(|sample| sample as i64);
        let samples: Vec<i64> = positions.iter().map(at).collect::<PyResult<_>>()?;
        Ok(PyArray1::from_vec(py, samples))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyAny>, (u64, u64, u64)) {
        (
            py.get_type::<Self>().into_any(),
            (self.order.len(), self.seed, self.epoch),
        )
    }
}

/// The sample that stands in for broken sample `sample` at the given attempt.
#[pyfunction]
#[pyo3(signature = (length, *, seed, epoch, sample, attempt))]
pub fn substitute(length: u64, seed: u64, epoch: u64, sample: u64, attempt: usize) -> u64 {
    let mut stream = Stream::new(seed, epoch, sample, Purpose::Substitute);
    let mut drawn = stream.below(length);
    for _ in 0..attempt {
        drawn = stream.below(length);
    }
    drawn
}

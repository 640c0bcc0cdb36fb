//! Which rows of an index a call asks for, as parallel arrays.

use impasto_core::Error;
use impasto_core::batch::{Request, Rewrites};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use crate::errors::plain;
use crate::index::Index;

/// An index of further captions, its row for each row asked for, and how often they are drawn.
pub type Rewritten<'py> = (PyRef<'py, Index>, PyReadonlyArray1<'py, i64>, Option<f64>);

/// The further captions, as the core takes them.
pub fn of_rewritten<'a>((index, _, share): &'a Rewritten<'_>) -> Rewrites<'a> {
    Rewrites {
        index: &index.0,
        share: *share,
    }
}

/// Rows `source_rows` of an index, numbered `samples`, for rows `at` of a batch, or for its first.
pub fn requests<'py>(
    py: Python<'py>,
    at: Option<&PyReadonlyArray1<'py, i64>>,
    source_rows: &PyReadonlyArray1<'py, i64>,
    samples: &PyReadonlyArray1<'py, i64>,
    rewrites: Option<&Rewritten<'py>>,
) -> PyResult<Vec<Request>> {
    let row = |name: &str, row: i64| {
        let negative = Error::Recipe(format!("{name}={row}: rows are counted from 0"));
        usize::try_from(row).map_err(|_| plain(py, &negative))
    };
    let at = at.map(|at| at.as_array());
    let rewritten = rewrites.map(|(_, rows, _)| rows.as_array());
    let rewrite = |place: usize| rewritten.and_then(|rows| rows.get(place).copied());
    let (source_rows, samples) = (source_rows.as_array(), samples.as_array());
    let pairs = source_rows.iter().zip(samples).enumerate();
    pairs
        .map(|(place, (&from, &sample))| {
            let at = at.and_then(|at| at.get(place).copied());
            Ok(Request {
                at: row("at", at.unwrap_or(place as i64))?,
                from: row("source_rows", from)?,
                rewrite: row("rewrites", rewrite(place).unwrap_or_default())?,
                id: sample as u64,
            })
        })
        .collect()
}

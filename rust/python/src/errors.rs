//! The one place where the core's errors become `impasto.errors`.

use impasto_core::panic::caught;
use impasto_core::source::{Fault, FaultKind};
use impasto_core::{Error, Result, SampleError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

fn class_name(error: &Error) -> &'static str {
    match error {
        Error::Decode(_) => "DecodeError",
        Error::Internal(_) => "InternalError",
        Error::Truncated(_) => "TruncatedImageError",
        Error::Unsupported(_) => "UnsupportedImageError",
        Error::TooLarge(_) => "ImageTooLargeError",
        Error::Source { .. } => "SourceError",
        Error::Fault(fault) => fault_name(fault.kind),
        Error::Caption(_) => "CaptionError",
        Error::Vocabulary(_) => "VocabularyError",
        Error::Recipe(_) => "RecipeError",
    }
}

fn fault_name(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Source => "SourceError",
        FaultKind::Caption => "CaptionError",
        FaultKind::Decode => "DecodeError",
        FaultKind::Truncated => "TruncatedImageError",
        FaultKind::Unsupported => "UnsupportedImageError",
        FaultKind::TooLarge => "ImageTooLargeError",
    }
}

/// The fault that an exception of `impasto.errors` tells of; a kind that no row can have counts as a `SourceError`.
pub fn fault(error: &Bound<'_, PyAny>) -> PyResult<Fault> {
    let class = error.get_type().name()?;
    let class = class.to_string_lossy();
    let kind = FaultKind::ALL
        .into_iter()
        .find(|&kind| fault_name(kind) == class);
    let path = error.getattr("path")?;
    Ok(Fault {
        kind: kind.unwrap_or(FaultKind::Source),
        path: match path.is_none() {
            true => String::new(),
            false => text(&path)?,
        },
        reason: text(&error.getattr("reason")?)?,
    })
}

/// A value as text, whatever halves of surrogate pairs it holds.
pub fn text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(value.str()?.to_string_lossy().into_owned())
}

fn instance<'py>(
    py: Python<'py>,
    error: &Error,
    context: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Error::Source { path, .. } | Error::Fault(Fault { path, .. }) = error
        && !path.is_empty()
        && !context.contains("path")?
    {
        context.set_item("path", path)?;
    }
    let class = py.import("impasto.errors")?.getattr(class_name(error))?;
    class.call((error.to_string(),), Some(context))
}

/// The exception for an error that no sample is known of.
pub fn plain(py: Python<'_>, error: &Error) -> PyErr {
    instance(py, error, &PyDict::new(py)).map_or_else(|failed| failed, PyErr::from_value)
}

/// The exception for a sample's error, as an object.
pub fn of_sample<'py>(py: Python<'py>, error: &SampleError) -> PyResult<Bound<'py, PyAny>> {
    let context = [("key", &error.key), ("path", &error.path)].into_py_dict(py)?;
    instance(py, &error.error, &context)
}

/// Runs `work` with the GIL released; errors and panics become exceptions of ours.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    let outcome = py.detach(|| caught(work).unwrap_or_else(|words| Err(Error::Internal(words))));
    outcome.map_err(|error| plain(py, &error))
}

/// The error for a name that a parameter doesn't have.
pub fn unknown(parameter: &str, value: &str) -> Error {
    Error::Recipe(format!("{parameter}={value:?} is not known"))
}

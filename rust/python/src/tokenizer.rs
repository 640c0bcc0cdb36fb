//! `Tokenizer`.

use std::sync::Arc;

use impasto_core::text::{
    self, ClipTokenizer, Framing, Specials, TextScratch, TokenizerFile, WordPieceTokenizer,
};
use numpy::{PyArray1, PyReadwriteArray2};
use pyo3::prelude::*;

use crate::errors::{detached, plain};

/// A vocabulary, shared by threads.
#[pyclass(frozen, module = "impasto._core")]
pub struct Tokenizer(pub Arc<text::Tokenizer>);

/// What a `tokenizer.json` holds: a tokenizer, or what in it is not known.
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct ReadTokenizer {
    tokenizer: Option<Py<Tokenizer>>,
    unknown: Option<String>,
    pad_id: Option<u32>,
}

pub fn specials(parse: bool) -> Specials {
    if parse {
        Specials::Parse
    } else {
        Specials::Text
    }
}

#[pymethods]
impl Tokenizer {
    #[staticmethod]
    fn clip(py: Python<'_>, vocabulary: &[u8]) -> PyResult<Self> {
        let tokenizer = detached(py, || ClipTokenizer::from_vocabulary(vocabulary))?;
        Ok(Self(Arc::new(text::Tokenizer::Clip(tokenizer))))
    }

    #[staticmethod]
    fn wordpiece(py: Python<'_>, vocabulary: &[u8], lowercase: bool) -> PyResult<Self> {
        let tokenizer = detached(py, || {
            WordPieceTokenizer::from_vocabulary(vocabulary, lowercase)
        })?;
        Ok(Self(Arc::new(text::Tokenizer::WordPiece(tokenizer))))
    }

    #[staticmethod]
    fn read_file(py: Python<'_>, contents: &[u8]) -> PyResult<ReadTokenizer> {
        let TokenizerFile { tokenizer, pad_id } = detached(py, || TokenizerFile::read(contents))?;
        let (tokenizer, unknown) = match tokenizer {
            Ok(file) => (Some(Self(Arc::new(text::Tokenizer::File(file)))), None),
            Err(unknown) => (None, Some(unknown)),
        };
        Ok(ReadTokenizer {
            tokenizer: tokenizer.map(|one| Py::new(py, one)).transpose()?,
            unknown,
            pad_id,
        })
    }

    /// The ids that open a row.
    #[getter]
    fn begins(&self) -> Vec<u32> {
        self.0.ends().0.to_vec()
    }

    /// The ids that close a row.
    #[getter]
    fn ends(&self) -> Vec<u32> {
        self.0.ends().1.to_vec()
    }

    /// The ids of one text, without framing.
    fn encode(&self, py: Python<'_>, text: &str, parse_specials: bool) -> PyResult<Vec<u32>> {
        detached(py, || {
            let mut ids = Vec::new();
            self.0.encode(
                text,
                specials(parse_specials),
                &mut TextScratch::default(),
                &mut ids,
            );
            Ok(ids)
        })
    }

    /// Writes the framed ids of `texts` into `rows` of `ids` and `mask`; returns how many tokens each lost.
    #[pyo3(signature = (texts, rows, ids, mask, *, pad_id, parse_specials, end))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
    fn write<'py>(
        &self,
        py: Python<'py>,
        texts: Vec<String>,
        rows: Vec<usize>,
        mut ids: PyReadwriteArray2<'py, i64>,
        mut mask: PyReadwriteArray2<'py, i64>,
        pad_id: i64,
        parse_specials: bool,
        end: bool,
    ) -> PyResult<Bound<'py, PyArray1<u32>>> {
        let length = ids.as_array().ncols();
        let framing = Framing {
            length,
            pad_id,
            specials: specials(parse_specials),
            end,
        };
        let mismatch = || {
            let reason =
                "ids and mask must be C-contiguous [B, L] arrays of one shape that hold every row";
            plain(py, &impasto_core::Error::Recipe(reason.into()))
        };
        if mask.as_array().dim() != ids.as_array().dim()
            || texts.len() != rows.len()
            || rows.iter().any(|&row| row >= ids.as_array().nrows())
        {
            return Err(mismatch());
        }
        let ids = ids.as_slice_mut().map_err(|_| mismatch())?;
        let mask = mask.as_slice_mut().map_err(|_| mismatch())?;
        let lost: Vec<u32> = detached(py, || {
            let mut scratch = TextScratch::default();
            let write = |(text, &row): (&String, &usize)| {
                let span = row * length..(row + 1) * length;
                let (ids, mask) = (&mut ids[span.clone()], &mut mask[span]);
                self.0
                    .write_row(text, &framing, &mut scratch, ids, mask)
                    .lost
            };
            Ok(texts.iter().zip(&rows).map(write).collect())
        })?;
        Ok(PyArray1::from_vec(py, lost))
    }
}

//! `MixSpec`: how pairs are mixed, and plans of it.

use impasto_core::batch::join_words;
use impasto_core::mix::{
    Alternate, Amount, Cut, Images, Lam, Mix, MixGen, Pairing, Squares, Texts, Unit, Words,
    balanced,
};
use impasto_core::{Error, Result};
use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;

use crate::errors::{detached, plain, unknown};

/// Who is mixed with whom, row by row: partners [B], lams [B], what becomes of captions [B], the shares kept of the own
/// and the partner's [B, 2], the seeds [B] that draw them, and the cuts [B, 5] (NaN where nothing is cut).
#[pyclass(frozen, get_all, module = "impasto._core")]
pub struct MixRows {
    partners: Py<PyArray1<i64>>,
    lams: Py<PyArray1<f32>>,
    words: Vec<&'static str>,
    shares: Py<PyArray2<f64>>,
    seeds: Py<PyArray1<u64>>,
    cuts: Py<PyArray2<f64>>,
    join: String,
}

/// How pairs are mixed.
#[pyclass(frozen, module = "impasto._core", from_py_object)]
#[derive(Clone)]
pub struct MixSpec(pub Alternate);

#[pymethods]
impl MixSpec {
    #[new]
    #[pyo3(signature = (*, ratio, count, lam, beta, lam_per, image, inside, sides, grid, text, join, keep, unit,
                        pairing, balance, probability, warmup))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
    fn new(
        py: Python<'_>,
        ratio: f64,
        count: Option<usize>,
        lam: f32,
        beta: Option<(f64, f64)>,
        lam_per: &str,
        image: &str,
        inside: f32,
        sides: Option<(f64, f64)>,
        grid: Option<u32>,
        text: &str,
        join: String,
        keep: f64,
        unit: &str,
        pairing: &str,
        balance: bool,
        probability: f64,
        warmup: u64,
    ) -> PyResult<Self> {
        let build = || -> Result<MixGen> {
            Ok(MixGen {
                amount: count.map_or(Amount::Ratio(ratio), Amount::Count),
                lam: beta.map_or(Lam::Fixed(lam), |(a, b)| Lam::Beta(a, b)),
                lam_per_sample: lam_per == "sample",
                images: match image {
                    "mix" => Images::Blend,
                    "choose" => Images::Choose,
                    "cut" => Images::Cut,
                    "cut_blend" => Images::CutBlend(inside),
                    _ => return Err(unknown("image", image)),
                },
                squares: sides.map(|sides| Squares { sides, grid }),
                texts: match text {
                    "own" => Texts::Own,
                    "join" => Texts::Join,
                    "choose" => Texts::Choose,
                    "keep_each" => Texts::KeepEach,
                    "keep_joined" => Texts::KeepBoth(keep),
                    _ => return Err(unknown("text", text)),
                },
                join,
                pairing: match pairing {
                    "block" => Pairing::Block,
                    "fit" => Pairing::Fit,
                    "shuffle" => Pairing::Shuffle,
                    _ => return Err(unknown("pairing", pairing)),
                },
                unit: match unit {
                    "tokens" => Unit::Tokens,
                    "words" => Unit::Words,
                    _ => return Err(unknown("unit", unit)),
                },
                balance,
                probability,
                warmup,
            })
        };
        let mixgen = build().map_err(|error| plain(py, &error))?;
        Ok(Self(mixgen.into()))
    }

    /// One of several for each batch, drawn by weights.
    #[staticmethod]
    fn alternate(py: Python<'_>, specs: Vec<MixSpec>, weights: Vec<f64>) -> PyResult<Self> {
        let choices = specs.into_iter().flat_map(|spec| spec.0.into_choices());
        let mixes = Alternate::of(choices.map(|(mixgen, _)| mixgen).zip(weights).collect());
        let none = || plain(py, &Error::Recipe("there is nothing to alternate".into()));
        mixes.map(Self).ok_or_else(none)
    }

    /// The plan of a batch.
    #[pyo3(signature = (rows, *, seed, epoch, step, number))]
    fn draw(
        &self,
        py: Python<'_>,
        rows: usize,
        seed: u64,
        epoch: u64,
        step: u64,
        number: u64,
    ) -> PyResult<MixRows> {
        let (plan, mixgen) = detached(py, || self.0.draw(rows, seed, epoch, step, number))?;
        MixRows::of(py, &plan, &mixgen.join)
    }
}

/// The names that Python knows what becomes of a caption by.
const NAMES: [&str; 5] = ["own", "partner", "both", "kept of each", "kept of both"];

impl MixRows {
    /// A plan as arrays.
    pub fn of(py: Python<'_>, plan: &[Mix], join: &str) -> PyResult<Self> {
        let mut names = Vec::with_capacity(plan.len());
        let mut shares = Vec::with_capacity(plan.len());
        let mut seeds = Vec::with_capacity(plan.len());
        for mix in plan {
            let (name, share, drawn) = match mix.words {
                Words::Own => (0, [1.0, 0.0], 0),
                Words::Partner => (1, [0.0, 1.0], 0),
                Words::Both => (2, [1.0, 1.0], 0),
                Words::KeptOfEach { own, partner, seed } => (3, [own, partner], seed),
                Words::KeptOfBoth { share, seed } => (4, [share, share], seed),
            };
            names.push(NAMES[name]);
            shares.push(share.to_vec());
            seeds.push(drawn);
        }
        let cuts: Vec<Vec<f64>> = plan
            .iter()
            .map(|mix| match mix.cut {
                Some(cut) => {
                    let (outside, inside) = (f64::from(cut.outside), f64::from(cut.inside));
                    vec![cut.x, cut.y, cut.side, outside, inside]
                }
                None => vec![f64::NAN; 5],
            })
            .collect();
        let table = |rows: &[Vec<f64>], columns: usize| match rows.is_empty() {
            true => Ok(PyArray2::zeros(py, [0, columns], false)),
            false => PyArray2::from_vec2(py, rows),
        };
        Ok(Self {
            partners: PyArray1::from_iter(py, plan.iter().map(|mix| mix.partner as i64)).unbind(),
            lams: PyArray1::from_iter(py, plan.iter().map(|mix| mix.lam)).unbind(),
            words: names,
            shares: table(&shares, 2)?.unbind(),
            seeds: PyArray1::from_vec(py, seeds).unbind(),
            cuts: table(&cuts, 5)?.unbind(),
            join: join.to_string(),
        })
    }
}

fn named(words: &str, (own, partner): (f64, f64), seed: u64) -> Result<Words> {
    match NAMES.iter().position(|&name| name == words) {
        Some(0) => Ok(Words::Own),
        Some(1) => Ok(Words::Partner),
        Some(2) => Ok(Words::Both),
        Some(3) => Ok(Words::KeptOfEach { own, partner, seed }),
        Some(4) => Ok(Words::KeptOfBoth { share: own, seed }),
        _ => Err(unknown("words", words)),
    }
}

/// The places that stay, of a caption of `own` tokens followed by one of `partner`.
#[pyfunction]
#[pyo3(signature = (words, *, shares, seed, own, partner))]
pub fn kept_places<'py>(
    py: Python<'py>,
    words: &str,
    shares: (f64, f64),
    seed: u64,
    own: usize,
    partner: usize,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let words = named(words, shares, seed).map_err(|error| plain(py, &error))?;
    let places = words.places(own, partner);
    Ok(PyArray1::from_iter(
        py,
        places.iter().map(|&place| place as i64),
    ))
}

/// The caption of a mixed row, what is kept of it counted in words.
#[pyfunction]
#[pyo3(signature = (words, *, shares, seed, join, own, partner))]
pub fn mix_captions(
    py: Python<'_>,
    words: &str,
    shares: (f64, f64),
    seed: u64,
    join: &str,
    own: &str,
    partner: &str,
) -> PyResult<String> {
    let words = named(words, shares, seed).map_err(|error| plain(py, &error))?;
    Ok(join_words(own, partner, words, join).0)
}

/// The places of both captions that balancing keeps where they have no more `room` together; `None` when they fit.
#[pyfunction]
#[pyo3(signature = (*, own, partner, room))]
pub fn balanced_places<'py>(
    py: Python<'py>,
    own: usize,
    partner: usize,
    room: usize,
) -> Option<Bound<'py, PyArray1<i64>>> {
    let places = balanced(own, partner, room)?;
    Some(PyArray1::from_iter(
        py,
        places.iter().map(|&place| place as i64),
    ))
}

/// Left, top, right and bottom of a cut in an image of a size.
#[pyfunction]
#[pyo3(signature = (cut, *, width, height))]
pub fn cut_box(cut: (f64, f64, f64), width: usize, height: usize) -> (usize, usize, usize, usize) {
    let (x, y, side) = cut;
    let cut = Cut {
        x,
        y,
        side,
        outside: 1.0,
        inside: 0.0,
    };
    let (columns, rows) = cut.area(width, height);
    (columns.start, rows.start, columns.end, rows.end)
}

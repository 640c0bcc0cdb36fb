//! What the benches share: photographs, captions, the peers, and the report of ratios.
//!
//! `cargo bench -p impasto-benches` times every kernel with criterion and prints the ratios to its peers; with
//! `IMPASTO_RECORD=1` they are also written to `benches/results/rust-kernels-<cpu>.json`.

pub mod captions;
pub mod clock;
pub mod duel;
pub mod photo;
pub mod turbo;

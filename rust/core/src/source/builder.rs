//! Filling an [`Index`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::fault::{Fault, FaultKind};
use super::index::{
    ARENA, FAULT, FAULT_LABEL, FILE, Index, LEAST_LABEL, NO_LABEL, Row, Sealed, Shard, Span,
};
use super::pool::Pool;
use super::shard::{self, Place, TarOptions};
use crate::Result;

/// A row's image, or why there is none.
#[derive(Debug, Clone)]
pub enum Image<'a> {
    /// A file of its own, under the root.
    File(&'a str),
    /// Encoded bytes.
    Bytes(&'a [u8]),
    /// What is wrong with it.
    Fault(Fault),
}

/// One of a row's captions, or why it is none.
#[derive(Debug, Clone)]
pub enum Caption<'a> {
    /// Text, in UTF-8 unless it is wrong.
    Text(&'a [u8]),
    /// What is wrong with it.
    Fault(Fault),
}

/// A row's label, or why it is none.
#[derive(Debug, Clone, Default)]
pub enum Label {
    /// The row has none.
    #[default]
    Absent,
    /// A class.
    Number(i64),
    /// What is wrong with it.
    Fault(Fault),
}

/// Collects rows; [`IndexBuilder::finish`] makes the [`Index`].
#[derive(Debug, Default)]
pub struct IndexBuilder {
    root: PathBuf,
    arena: Vec<u8>,
    rows: Vec<Row>,
    captions: Vec<Span>,
    sealed: Vec<Sealed>,
    shards: Vec<Shard>,
    containers: FxHashMap<String, u32>,
    faults: Vec<Fault>,
    known_faults: FxHashMap<Fault, u32>,
    left_out: BTreeMap<String, usize>,
}

impl IndexBuilder {
    /// A builder of files under `root` (absolute paths ignore it).
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            ..Self::default()
        }
    }

    /// What lay in the shards and is no sample, by the ending of its name.
    pub fn left_out(&self) -> &BTreeMap<String, usize> {
        &self.left_out
    }

    /// Adds a row.
    pub fn add(&mut self, key: &str, image: Image<'_>, captions: &[Caption<'_>], label: Label) {
        let is_path = matches!(image, Image::File(path) if path == key);
        let image = match image {
            Image::File(path) => self.hold(path.as_bytes(), FILE),
            Image::Bytes(bytes) => self.hold(bytes, ARENA),
            Image::Fault(fault) => self.hold_fault(fault),
        };
        let key = match is_path {
            true => Span {
                container: ARENA,
                ..image
            },
            false => self.hold(key.as_bytes(), ARENA),
        };
        for caption in captions {
            let span = match caption {
                Caption::Text(text) => self.hold(text, ARENA),
                Caption::Fault(fault) => self.hold_fault(fault.clone()),
            };
            self.captions.push(span);
        }
        self.push(key, image, label);
    }

    fn push(&mut self, key: Span, image: Span, label: Label) {
        let label = match label {
            Label::Absent => NO_LABEL,
            Label::Number(number) if number >= LEAST_LABEL => number,
            Label::Number(number) => self.faulty_label(Fault::source(
                "",
                format!("the label {number} is out of range; number classes from 0"),
            )),
            Label::Fault(fault) => self.faulty_label(fault),
        };
        self.rows.push(Row {
            key,
            image,
            captions_end: self.captions.len() as u64,
            label,
        });
    }

    fn faulty_label(&mut self, fault: Fault) -> i64 {
        FAULT_LABEL + self.hold_fault(fault).offset as i64
    }

    /// Holds bytes; more than 4 GiB in one piece are a fault.
    fn hold(&mut self, bytes: &[u8], container: u32) -> Span {
        let Ok(len) = u32::try_from(bytes.len()) else {
            return self.hold_fault(Fault {
                kind: FaultKind::TooLarge,
                path: String::new(),
                reason: format!("{} bytes in one piece; 4 GiB is the most", bytes.len()),
            });
        };
        let offset = self.arena.len() as u64;
        self.arena.extend_from_slice(bytes);
        Span {
            offset,
            len,
            container,
        }
    }

    /// Holds a fault; equal ones are held once, since a column that is wrong is wrong in every row.
    fn hold_fault(&mut self, fault: Fault) -> Span {
        let next = self.faults.len() as u32;
        let number = *self.known_faults.entry(fault).or_insert_with_key(|fault| {
            self.faults.push(fault.clone());
            next
        });
        Span {
            offset: u64::from(number),
            len: 0,
            container: FAULT,
        }
    }

    /// Adds the samples of an uncompressed tar shard and says how many there are.
    ///
    /// # Errors
    /// [`Error::Source`](crate::Error::Source) for a shard that is missing, compressed or cut.
    pub fn add_tar(&mut self, path: &str, options: &TarOptions) -> Result<usize> {
        let found = shard::read(path, options)?;
        let container = match self.containers.get(path) {
            Some(&container) => container,
            None => {
                self.shards.push(found.description);
                let container = self.shards.len() as u32;
                self.containers.insert(path.into(), container);
                container
            }
        };
        for (ending, count) in found.left_out {
            *self.left_out.entry(ending).or_default() += count;
        }
        let count = found.samples.len();
        self.sealed.resize(self.rows.len(), Sealed::default());
        for sample in found.samples {
            let key = self.hold(sample.key.as_bytes(), ARENA);
            let (image, image_seal) = self.place(sample.image, container);
            let mut caption_seal = 0;
            if let Some(caption) = sample.caption {
                let (caption, seal) = self.place(caption, container);
                self.captions.push(caption);
                caption_seal = seal;
            }
            self.push(key, image, sample.label);
            self.sealed.push(Sealed {
                begin: sample.begin,
                image: image_seal,
                caption: caption_seal,
                shard: container,
                unused: 0,
            });
        }
        Ok(count)
    }

    fn place(&mut self, place: Result<Place, Fault>, container: u32) -> (Span, u32) {
        match place {
            Ok(Place { offset, len, seal }) => {
                let span = Span {
                    offset,
                    len,
                    container,
                };
                (span, seal)
            }
            Err(fault) => (self.hold_fault(fault), 0),
        }
    }

    /// The finished index.
    pub fn finish(mut self) -> Index {
        self.arena.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.captions.shrink_to_fit();
        if !self.sealed.is_empty() {
            self.sealed.resize(self.rows.len(), Sealed::default());
        }
        self.sealed.shrink_to_fit();
        Index {
            pool: Pool::new(self.shards.len()),
            root: self.root,
            arena: self.arena,
            rows: self.rows,
            captions: self.captions,
            sealed: self.sealed,
            shards: self.shards,
            faults: self.faults,
        }
    }
}

//! The captions of one row. Where they may be a list in JSON, their member is read once for all of them.

use std::borrow::Cow;

use super::index::{ARENA, Index, Span};
use super::json::{self, Field};
use crate::{Error, Result};

/// The captions of a row.
pub struct RowCaptions<'a> {
    index: &'a Index,
    row: usize,
    spans: &'a [Span],
    /// What the JSON member has, whose field they are.
    listed: Option<Result<Listed<'a>>>,
}

struct Listed<'a> {
    name: &'a str,
    found: std::result::Result<Field, String>,
}

impl Index {
    /// The captions of a row; a JSON member is read and parsed here, and not again.
    ///
    /// # Errors
    /// [`Error::Recipe`] when there is no such row.
    pub fn captions_of(&self, row: usize) -> Result<RowCaptions<'_>> {
        let (start, end) = self.caption_range(row)?;
        let spans = self.captions.get(start..end).unwrap_or_default();
        let listed = match spans {
            [span] => self.json_field(*span).map(|name| {
                let mut buffer = Vec::new();
                let bytes = self.member(row, *span, &mut buffer)?;
                let found = json::field(bytes, name);
                Ok(Listed { name, found })
            }),
            _ => None,
        };
        Ok(RowCaptions {
            index: self,
            row,
            spans,
            listed,
        })
    }

    /// How many captions a row has.
    pub fn caption_count(&self, row: usize) -> Result<usize> {
        Ok(self.captions_of(row)?.count())
    }

    /// Caption number `which` of a row.
    ///
    /// # Errors
    /// As [`RowCaptions::get`].
    pub fn caption(&self, row: usize, which: usize) -> Result<Cow<'_, str>> {
        self.captions_of(row)?.get(which)
    }
}

impl<'a> RowCaptions<'a> {
    /// How many there are; what can't be read as JSON is one.
    pub fn count(&self) -> usize {
        match &self.listed {
            None => self.spans.len(),
            Some(Ok(Listed {
                found: Ok(Field::Texts(texts)),
                ..
            })) => texts.len(),
            Some(_) => 1,
        }
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::Caption`] when there is no such caption, it is not UTF-8, or its JSON does not hold it; [`Error::Fault`]
    /// when it was known to be none.
    pub fn get(&self, which: usize) -> Result<Cow<'a, str>> {
        let missing = || {
            Error::Caption(
                "the sample has no caption; give it one, or remove it from the data set".into(),
            )
        };
        match &self.listed {
            Some(Ok(listed)) => {
                let caption = listed.get(which)?;
                return caption.map(Cow::Owned).ok_or_else(missing);
            }
            Some(Err(error)) => return Err(error.clone()),
            None => {}
        }
        let span = *self.spans.get(which).ok_or_else(missing)?;
        if span.container == ARENA {
            return utf8(self.index.arena(span)).map(Cow::Borrowed);
        }
        let mut buffer = Vec::new();
        let bytes = self.index.member(self.row, span, &mut buffer)?;
        utf8(bytes).map(|text| Cow::Owned(text.into()))
    }
}

impl Listed<'_> {
    /// Caption number `which`, if there are so many.
    fn get(&self, which: usize) -> Result<Option<String>> {
        let remedy = "name the field that holds the caption: caption=\"json:FIELD\"";
        let field = self.name;
        let read = |text: &Vec<u8>| utf8(text).map(str::to_string);
        match &self.found {
            Ok(Field::Text(text)) => (which == 0).then(|| read(text)).transpose(),
            Ok(Field::Texts(texts)) => texts.get(which).map(read).transpose(),
            Ok(Field::Other(kind)) => Err(Error::Caption(format!(
                "the field {field:?} of the .json member is {kind}, not a string; {remedy}"
            ))),
            Ok(Field::Absent(names)) => Err(Error::Caption(format!(
                "the .json member has no field {field:?} among {names:?}; {remedy}"
            ))),
            Err(reason) => Err(Error::Caption(format!(
                "the caption's .json member: {reason}"
            ))),
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        Error::Caption(format!(
            "the caption is not UTF-8 (byte {} of {}); convert it to UTF-8",
            error.valid_up_to(),
            bytes.len()
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::source::{IndexBuilder, TarOptions};

    /// A tar member: its header, and its bytes up to a whole block.
    fn member(name: &str, data: &[u8]) -> Vec<u8> {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let padding = vec![0; data.len().next_multiple_of(512) - data.len()];
        [&header, data, &padding].concat()
    }

    #[test]
    fn a_member_is_read_once_for_all_captions() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.tar");
        let members = [
            member("a.jpg", b"an image"),
            member("a.json", br#"{"all": ["one", "two"]}"#),
            vec![0; 1024],
        ];
        fs::write(&path, members.concat()).expect("a shard");
        let options = TarOptions {
            images: vec!["jpg".into()],
            caption: "json".into(),
            json_field: Some("all".into()),
            label: "cls".into(),
            keep_truncated: false,
            cache: None,
            copy: None,
        };
        let mut builder = IndexBuilder::new("");
        let shard = path.to_str().expect("text");
        builder.add_tar(shard, &options).expect("a shard");
        let index = builder.finish();
        let captions = index.captions_of(0).expect("a row");
        fs::write(&path, b"gone").expect("a file");
        assert_eq!(captions.count(), 2);
        assert_eq!(
            [0, 1].map(|which| captions.get(which).expect("text")),
            ["one", "two"]
        );
        assert!(captions.get(2).is_err() && index.caption(0, 0).is_err());
    }
}

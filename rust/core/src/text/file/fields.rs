//! Objects of a JSON file, read so that nothing in them is passed over.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What is not known in a file: `model.type is "Unigram"`.
pub(super) type Unknown = String;

/// One object, and where it stands.
pub(super) struct Fields<'a> {
    place: String,
    map: &'a Map<String, Value>,
    read: BTreeSet<&'static str>,
}

impl<'a> Fields<'a> {
    /// Takes a value that must be an object.
    pub fn of(value: &'a Value, place: &str) -> Result<Self, Unknown> {
        match value {
            Value::Object(map) => Ok(Self {
                place: place.to_string(),
                map,
                read: BTreeSet::new(),
            }),
            _ => Err(told(place, value)),
        }
    }

    /// Where a field stands.
    pub fn at(&self, name: &str) -> String {
        match self.place.as_str() {
            "" => name.to_string(),
            place => format!("{place}.{name}"),
        }
    }

    /// A field; null where there is none.
    pub fn value(&mut self, name: &'static str) -> &'a Value {
        self.read.insert(name);
        self.map.get(name).unwrap_or(&Value::Null)
    }

    /// A field that only Python, or decoding, has a use for.
    pub fn pass(&mut self, name: &'static str) {
        self.read.insert(name);
    }

    /// The field as `take` takes it; an error says what it holds.
    pub fn take<T>(
        &mut self,
        name: &'static str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, Unknown> {
        let value = self.value(name);
        take(value).ok_or_else(|| told(&self.at(name), value))
    }

    /// A truth value; `default` where there is none.
    pub fn flag(&mut self, name: &'static str, default: Option<bool>) -> Result<bool, Unknown> {
        self.take(name, |value| match value {
            Value::Null => default,
            _ => value.as_bool(),
        })
    }

    /// A string.
    pub fn text(&mut self, name: &'static str) -> Result<&'a str, Unknown> {
        self.take(name, Value::as_str)
    }

    /// A string, or nothing where it's empty or null.
    pub fn text_if_any(&mut self, name: &'static str) -> Result<Option<&'a str>, Unknown> {
        self.take(name, |value| match value {
            Value::Null => Some(None),
            _ => value
                .as_str()
                .map(|text| Some(text).filter(|text| !text.is_empty())),
        })
    }

    /// A list; empty where there is none.
    pub fn list(&mut self, name: &'static str) -> Result<&'a [Value], Unknown> {
        self.take(name, |value| match value {
            Value::Null => Some(&[][..]),
            _ => value.as_array().map(Vec::as_slice),
        })
    }

    /// That a field is what it must be, or not there.
    pub fn only(&mut self, name: &'static str, wanted: &Value) -> Result<(), Unknown> {
        self.take(name, |value| {
            (value.is_null() || value == wanted).then_some(())
        })
    }

    /// That there is nothing that was not read.
    pub fn end(self) -> Result<(), Unknown> {
        match self
            .map
            .keys()
            .find(|name| !self.read.contains(name.as_str()))
        {
            Some(name) => Err(told(&self.at(name), &self.map[name])),
            None => Ok(()),
        }
    }
}

/// Where something stands, and enough of it to recognise it by.
pub(super) fn told(place: &str, value: &Value) -> Unknown {
    let place = if place.is_empty() { "the file" } else { place };
    let is = match value {
        Value::Null => "is missing or null".to_string(),
        Value::Object(map) => match map.get("type") {
            Some(Value::String(kind)) => format!("is a {kind:.60}"),
            _ => "is an object".to_string(),
        },
        Value::Array(_) => "is a list".to_string(),
        Value::String(text) => format!("is {text:.60?}"),
        other => format!("is {other}"),
    };
    format!("{place} {is}")
}

/// An id.
pub(super) fn id(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|id| u32::try_from(id).ok())
}

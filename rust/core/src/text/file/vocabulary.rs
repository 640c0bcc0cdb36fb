//! Spellings and ids of a file's tokens.

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::fields::{Unknown, id, told};
use crate::text::vocabulary::Tokens;

/// Tokens by spelling; their ids are 0, 1, 2 and on.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    ids: FxHashMap<String, u32>,
    spellings: Vec<String>,
}

impl Vocabulary {
    pub fn read(value: &Value, place: &str) -> Result<Self, Unknown> {
        let map = value.as_object().ok_or_else(|| told(place, value))?;
        let mut spellings = vec![None; map.len()];
        for (spelling, value) in map {
            let slot = id(value).and_then(|id| spellings.get_mut(id as usize));
            match slot {
                Some(slot @ None) => *slot = Some(spelling.clone()),
                _ => {
                    let count = map.len();
                    return Err(format!(
                        "{place} has {spelling:?} as {value}, where {count} ids go from 0 without a gap"
                    ));
                }
            }
        }
        let spellings: Vec<String> = spellings.into_iter().flatten().collect();
        let ids = spellings.iter().cloned().zip(0..).collect();
        Ok(Self { ids, spellings })
    }

    pub fn id(&self, spelling: &str) -> Option<u32> {
        self.ids.get(spelling).copied()
    }

    /// Spellings in the order of ids.
    pub fn spellings(&self) -> impl Iterator<Item = (u32, &str)> {
        (0..).zip(self.spellings.iter().map(String::as_str))
    }

    /// The id of a token, which is added where it's new.
    pub fn id_or_next(&mut self, spelling: &str) -> u32 {
        self.id(spelling).unwrap_or_else(|| {
            let id = self.spellings.len() as u32;
            self.ids.insert(spelling.to_string(), id);
            self.spellings.push(spelling.to_string());
            id
        })
    }

    pub fn tokens(&self) -> Tokens {
        let mut tokens = Tokens::default();
        for spelling in &self.spellings {
            tokens.push(&[spelling]);
        }
        tokens
    }
}

//! What a file's post-processor puts before and after a text.

use serde_json::Value;

use super::fields::{Fields, Unknown, id, told};

/// Ids before a text, and after it.
pub(super) type Ends = (Vec<u32>, Vec<u32>);

pub(super) fn read(value: &Value, place: &str) -> Result<Ends, Unknown> {
    if value.is_null() {
        return Ok(Ends::default());
    }
    let mut fields = Fields::of(value, place)?;
    let ends = match fields.text("type")? {
        // Offsets are of no use here.
        "ByteLevel" => {
            for name in ["add_prefix_space", "trim_offsets", "use_regex"] {
                fields.pass(name);
            }
            Ends::default()
        }
        "BertProcessing" => pair(&mut fields)?,
        "RobertaProcessing" => {
            fields.pass("add_prefix_space");
            fields.pass("trim_offsets");
            pair(&mut fields)?
        }
        "TemplateProcessing" => {
            fields.pass("pair");
            template(&mut fields)?
        }
        "Sequence" => sequence(&mut fields)?,
        _ => return Err(told(place, value)),
    };
    fields.end()?;
    Ok(ends)
}

fn pair(fields: &mut Fields) -> Result<Ends, Unknown> {
    let mut token = |name| fields.take(name, |value| value.get(1).and_then(id));
    Ok((vec![token("cls")?], vec![token("sep")?]))
}

/// The text once, special tokens around it.
fn template(fields: &mut Fields) -> Result<Ends, Unknown> {
    let tokens = fields.value("special_tokens");
    let place = fields.at("single");
    let mut ends = Ends::default();
    let mut texts = 0;
    for (index, piece) in fields.list("single")?.iter().enumerate() {
        let unknown = || format!("{place}[{index}] is {piece}");
        if piece["Sequence"]["id"] == "A" {
            texts += 1;
        } else {
            let name = piece["SpecialToken"]["id"].as_str().ok_or_else(unknown)?;
            let ids = tokens[name]["ids"].as_array().ok_or_else(unknown)?;
            let ids: Option<Vec<u32>> = ids.iter().map(id).collect();
            let side = if texts == 0 { &mut ends.0 } else { &mut ends.1 };
            side.extend(ids.ok_or_else(unknown)?);
        }
    }
    match texts {
        1 => Ok(ends),
        _ => Err(format!("{place} has the text {texts} times")),
    }
}

/// Several, of which one at most adds anything.
fn sequence(fields: &mut Fields) -> Result<Ends, Unknown> {
    let place = fields.at("processors");
    let mut found = Ends::default();
    for (index, value) in fields.list("processors")?.iter().enumerate() {
        let ends = read(value, &format!("{place}[{index}]"))?;
        if found == Ends::default() {
            found = ends;
        } else if ends != Ends::default() {
            return Err(format!(
                "{place}[{index}] adds tokens to those of one before"
            ));
        }
    }
    Ok(found)
}

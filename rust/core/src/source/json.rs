//! One field of a JSON object, read as Python's `json` reads it: NaN and infinities are values, a number may have any
//! number of digits, the last of two equal keys counts, half a surrogate pair is a character. The whole text must be
//! JSON, but only the field that was asked for is judged.

/// What an object holds under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    /// A string, in UTF-8 where halves of surrogate pairs are three bytes as any other character.
    Text(Vec<u8>),
    /// A list of strings and nothing else.
    Texts(Vec<Vec<u8>>),
    /// Something else, by name.
    Other(&'static str),
    /// Nothing; the names that there are, a few of them. None where there is no object.
    Absent(Vec<String>),
}

/// Reads the field `name` of the object that `bytes` hold.
///
/// # Errors
/// What is no JSON, and where.
pub(super) fn field(bytes: &[u8], name: &str) -> Result<Field, String> {
    // Of the first two letters each has zeros beside it.
    if let [0, _, 0, _, ..] | [_, 0, _, 0, ..] = bytes {
        return Err("it is UTF-16 or UTF-32; convert it to UTF-8".into());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader { bytes, at: 0 };
    let found = reader.object(name)?;
    reader.space();
    if reader.at < bytes.len() {
        return Err(reader.wrong("nothing more"));
    }
    match found {
        Place::Of(at) => Reader { bytes, at }.judge(),
        Place::None(names) => Ok(Field::Absent(names)),
    }
}

/// Names that are told where the wanted one is missing.
const TOLD: usize = 12;

/// Where a field's value begins, or which other fields there are.
enum Place {
    Of(usize),
    None(Vec<String>),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, wanted: &str) -> String {
        format!("not valid JSON at byte {}: expected {wanted}", self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let there = self.bytes[self.at..].starts_with(text);
        self.at += if there { text.len() } else { 0 };
        there
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at > start
    }

    /// Goes over the outermost value; where the last value named `name` begins, if it is an object that has one.
    fn object(&mut self, name: &str) -> Result<Place, String> {
        let mut found = Place::None(Vec::new());
        self.space();
        if !self.eat(b"{") {
            return self.skip().map(|()| found);
        }
        self.space();
        if self.eat(b"}") {
            return Ok(found);
        }
        loop {
            let key = self.key()?;
            self.space();
            match &mut found {
                found if key == name.as_bytes() => *found = Place::Of(self.at),
                Place::None(names) if names.len() < TOLD => {
                    names.push(String::from_utf8_lossy(&key).into_owned());
                }
                _ => {}
            }
            self.skip()?;
            self.space();
            if self.eat(b"}") {
                return Ok(found);
            }
            if !self.eat(b",") {
                return Err(self.wrong("',' or '}'"));
            }
            self.space();
        }
    }

    fn judge(&mut self) -> Result<Field, String> {
        Ok(match self.peek() {
            Some(b'"') => Field::Text(self.string()?),
            Some(b'{') => Field::Other("an object"),
            Some(b'[') => self.texts()?,
            Some(b't' | b'f') => Field::Other("a truth value"),
            Some(b'n') => Field::Other("null"),
            _ => Field::Other("a number"),
        })
    }

    fn texts(&mut self) -> Result<Field, String> {
        let mut texts = Vec::new();
        self.eat(b"[");
        self.space();
        while !self.eat(b"]") {
            if self.peek() != Some(b'"') {
                return Ok(Field::Other("a list of other things than strings"));
            }
            texts.push(self.string()?);
            self.space();
            self.eat(b",");
            self.space();
        }
        Ok(Field::Texts(texts))
    }

    fn key(&mut self) -> Result<Vec<u8>, String> {
        let key = self.string()?;
        self.space();
        match self.eat(b":") {
            true => Ok(key),
            false => Err(self.wrong("':'")),
        }
    }

    /// Goes over one value, however deeply nested.
    fn skip(&mut self) -> Result<(), String> {
        let mut open: Vec<&[u8]> = Vec::new();
        loop {
            self.space();
            if self.eat(b"{") {
                self.space();
                if !self.eat(b"}") {
                    self.key()?;
                    open.push(b"}");
                    continue;
                }
            } else if self.eat(b"[") {
                self.space();
                if !self.eat(b"]") {
                    open.push(b"]");
                    continue;
                }
            } else {
                self.scalar()?;
            }
            if !self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    /// After a value: closes what ends with it. Whether another value follows.
    fn close(&mut self, open: &mut Vec<&[u8]>) -> Result<bool, String> {
        while let Some(&end) = open.last() {
            self.space();
            if self.eat(b",") {
                if end == b"}" {
                    self.space();
                    self.key()?;
                }
                return Ok(true);
            }
            if !self.eat(end) {
                return Err(self.wrong("',' or the end of a list or object"));
            }
            open.pop();
        }
        Ok(false)
    }

    fn scalar(&mut self) -> Result<(), String> {
        const WORDS: [&[u8]; 6] = [
            b"null",
            b"true",
            b"false",
            b"NaN",
            b"Infinity",
            b"-Infinity",
        ];
        if self.peek() == Some(b'"') {
            return self.string().map(drop);
        }
        if WORDS.iter().any(|word| self.eat(word)) {
            return Ok(());
        }
        self.eat(b"-");
        if !self.eat(b"0") && !self.digits() {
            return Err(self.wrong("a value"));
        }
        let whole = self.at;
        if !(self.eat(b".") && self.digits()) {
            self.at = whole;
        }
        let mantissa = self.at;
        if self.eat(b"e") || self.eat(b"E") {
            let _ = self.eat(b"+") || self.eat(b"-");
            if !self.digits() {
                self.at = mantissa;
            }
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Vec<u8>, String> {
        if !self.eat(b"\"") {
            return Err(self.wrong("a string"));
        }
        let mut text = Vec::new();
        loop {
            let start = self.at;
            while self
                .peek()
                .is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
            {
                self.at += 1;
            }
            text.extend_from_slice(&self.bytes[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => self.escape(&mut text)?,
                _ => {
                    return Err(
                        self.wrong("the end of a string, or its control characters escaped")
                    );
                }
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), String> {
        self.at += 1;
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(text),
            _ => return Err(self.wrong("an escape that JSON knows")),
        };
        self.at += 1;
        text.push(byte);
        Ok(())
    }

    fn unicode(&mut self, text: &mut Vec<u8>) -> Result<(), String> {
        let unit = self
            .unit()
            .ok_or_else(|| self.wrong("u and four hexadecimal digits"))?;
        let mut code = unit;
        if (0xd800..0xdc00).contains(&unit) {
            let after = self.at;
            let low = if self.eat(b"\\") { self.unit() } else { None };
            match low.filter(|low| (0xdc00..0xe000).contains(low)) {
                Some(low) => code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00),
                None => self.at = after,
            }
        }
        match char::from_u32(code) {
            Some(character) => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes())
            }
            // Half a pair: what UTF-8 would make of it, which no reader of UTF-8 takes.
            None => text.extend([
                0xe0 | (code >> 12) as u8,
                0x80 | (code >> 6 & 0x3f) as u8,
                0x80 | (code & 0x3f) as u8,
            ]),
        }
        Ok(())
    }

    /// The four hexadecimal digits after a `u`.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 5)?.strip_prefix(b"u")?;
        let unit = digits.iter().try_fold(0, |unit, &digit| {
            Some(unit << 4 | char::from(digit).to_digit(16)?)
        })?;
        self.at += 5;
        Some(unit)
    }
}

//! As much of JSON as a testee needs.

use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As it was written: keys have up to 256 bits, and are strings.
    Number(String),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

pub fn text(s: &str) -> Value {
    Value::Text(s.to_string())
}

pub fn list(items: Vec<Value>) -> Value {
    Value::List(items)
}

pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}

impl Value {
    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The names of the members of an object.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let members: &[(String, Value)] = match self {
            Value::Object(members) => members,
            _ => &[],
        };
        members.iter().map(|(name, _)| name.as_str())
    }

    /// The items of a list.
    #[allow(dead_code)] // for encode and query
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(s) => Some(s),
            _ => None,
        }
    }

    pub fn integer(&self) -> Option<i64> {
        match self {
            Value::Number(n) => n.parse().ok(),
            _ => None,
        }
    }
}

/// The value that a text is, or none if it is no JSON.
pub fn parse(s: &str) -> Option<Value> {
    let mut p = Parser { s: s.as_bytes(), at: 0 };
    let value = p.value(0)?;
    p.space();
    (p.at == s.len()).then_some(value)
}

struct Parser<'a> {
    s: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn space(&mut self) {
        while matches!(self.s.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let there = self.s[self.at..].starts_with(word.as_bytes());
        self.at += if there { word.len() } else { 0 };
        there
    }

    /// Whether the next character but for space is this one, which is then taken.
    fn next(&mut self, c: &str) -> bool {
        self.space();
        self.take(c)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > 100 {
            return None;
        }
        self.space();
        if self.take("null") {
            return Some(Value::Null);
        } else if self.take("true") {
            return Some(Value::Bool(true));
        } else if self.take("false") {
            return Some(Value::Bool(false));
        } else if self.take("[") {
            let mut items = Vec::new();
            while !self.next("]") {
                if !items.is_empty() && !self.next(",") {
                    return None;
                }
                items.push(self.value(depth + 1)?);
            }
            return Some(Value::List(items));
        } else if self.take("{") {
            let mut members = Vec::new();
            while !self.next("}") {
                if !members.is_empty() && !self.next(",") {
                    return None;
                }
                self.space();
                let name = self.string()?;
                if !self.next(":") {
                    return None;
                }
                members.push((name, self.value(depth + 1)?));
            }
            return Some(Value::Object(members));
        } else if self.s.get(self.at) == Some(&b'"') {
            return self.string().map(Value::Text);
        }
        let from = self.at;
        while matches!(self.s.get(self.at), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let number = std::str::from_utf8(&self.s[from..self.at]).ok()?;
        (!number.is_empty()).then(|| Value::Number(number.to_string()))
    }

    fn string(&mut self) -> Option<String> {
        if !self.take("\"") {
            return None;
        }
        let mut out = Vec::new();
        loop {
            let c = *self.s.get(self.at)?;
            self.at += 1;
            match c {
                b'"' => return String::from_utf8(out).ok(),
                b'\\' => {
                    let c = self.escape()?;
                    out.extend(c.encode_utf8(&mut [0; 4]).bytes());
                }
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let c = *self.s.get(self.at)?;
        self.at += 1;
        Some(match c {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four()?;
                if first >> 10 == 0x36 && self.take("\\u") {
                    let second = self.four()?; // of a surrogate pair
                    return char::from_u32(0x10000 + ((first & 0x3ff) << 10 | second & 0x3ff));
                }
                char::from_u32(first)?
            }
            c => c as char,
        })
    }

    fn four(&mut self) -> Option<u32> {
        let digits = std::str::from_utf8(self.s.get(self.at..self.at + 4)?).ok()?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Number(n) => f.write_str(n),
            Value::Text(s) => quote(s, f),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Value::Object(members) => {
                f.write_str("{")?;
                for (i, (name, value)) in members.iter().enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    quote(name, f)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quote(s: &str, f: &mut fmt::Formatter) -> fmt::Result {
    f.write_str("\"")?;
    for c in s.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c < ' ' => write!(f, "\\u{:04x}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

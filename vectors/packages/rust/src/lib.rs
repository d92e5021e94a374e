//! Test vectors for Golomb-coded sets in every deployed wire format. README.md says how they are
//! used, and <https://github.com/cache-aware/casper> what they mean.

mod data;

pub use data::{SUM, VECTORS, VERSION};
use std::fmt::Debug;

/// A parameter's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Param {
    Number(i128),
    Text(&'static str),
    Bool(bool),
}

/// Some texts, such as keys, which are decimal.
pub type Texts = Option<&'static [&'static str]>;

/// One question with its one right answer.
#[derive(Debug)]
pub struct Vector {
    pub id: &'static str,
    pub format: &'static str,
    /// hash, encode, decode or query
    pub op: &'static str,
    pub since: &'static str,
    pub comment: &'static str,
    /// requirements of the specification
    pub spec: &'static [&'static str],
    pub flags: &'static [&'static str],
    pub params: &'static [(&'static str, Param)],
    pub input: Input,
    pub expect: Answer,
    pub expect_lenient: Option<Answer>,
}

/// What an operation works on. Octets are in hex.
#[derive(Debug)]
pub struct Input {
    pub names: Texts,
    pub names_hex: Texts,
    pub keys: Texts,
    pub bytes_hex: Option<&'static str>,
    pub text: Option<&'static str>,
    pub header: Option<&'static str>,
}

/// What must come out: an error, or the members that the operation has.
#[derive(Debug)]
pub struct Answer {
    pub keys: Texts,
    pub bytes_hex: Option<&'static str>,
    pub text: Option<&'static str>,
    pub canonical: Option<bool>,
    pub present: Option<&'static [bool]>,
    pub digests: Option<&'static [Digest<'static>]>,
    pub error: Option<&'static str>,
    pub offset: Option<u64>,
    pub keys_before_error: Texts,
}

/// One element of a Cache-Digest header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digest<'a> {
    pub log2n: u32,
    pub log2p: u32,
    pub flags: &'a [&'a str],
    pub keys: &'a [&'a str],
}

/// What an implementation answers, for [`Vector::check`].
#[derive(Debug, Default)]
pub struct Got {
    pub keys: Option<Vec<String>>,
    pub bytes_hex: Option<String>,
    pub text: Option<String>,
    pub canonical: Option<bool>,
    pub present: Option<Vec<bool>>,
    /// log2n, log2p, flags and keys of each
    pub digests: Option<Vec<(u32, u32, Vec<String>, Vec<String>)>>,
}

/// All vectors, or those of a format, of an operation, or both, in the order of the files.
pub fn load<'a>(format: Option<&'a str>, op: Option<&'a str>) -> impl Iterator<Item = &'static Vector> + 'a {
    VECTORS.iter().filter(move |v| format.map_or(true, |f| f == v.format) && op.map_or(true, |o| o == v.op))
}

impl Vector {
    /// The answer of the strict reader, or of the tolerant one.
    pub fn expected(&self, lenient: bool) -> &Answer {
        self.expect_lenient.as_ref().filter(|_| lenient).unwrap_or(&self.expect)
    }

    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<Param> {
        self.params.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
    }

    /// Compares what an implementation answers, or that it refuses, with what is right.
    pub fn check<E: Debug>(&self, lenient: bool, got: Result<Got, E>) -> Result<(), String> {
        let want = self.expected(lenient);
        let wrong = match (got, want.error) {
            (Err(_), Some(_)) => return Ok(()),
            (Err(fault), None) => format!("refused ({fault:?}), but the answer is {want:?}"),
            (Ok(got), Some(kind)) => format!("answered {got:?}, but it must be refused as {kind}"),
            (Ok(got), None) if same(want, &got, lenient) => return Ok(()),
            (Ok(got), None) => format!("answered {got:?}, but the answer is {want:?}"),
        };
        Err(format!("{}: {wrong}. {}", self.id, self.comment))
    }
}

fn same(want: &Answer, got: &Got, lenient: bool) -> bool {
    let texts = |want: Texts, got: &Option<Vec<String>>| want.map_or(true, |w| got.as_ref().map_or(false, |g| g == w));
    let text = |want: Option<&str>, got: &Option<String>| want.map_or(true, |w| got.as_deref() == Some(w));
    texts(want.keys, &got.keys)
        && text(want.bytes_hex, &got.bytes_hex)
        && text(want.text, &got.text)
        && want.canonical.map_or(true, |w| got.canonical == Some(w) || got.canonical.is_none() && !lenient)
        && want.present.map_or(true, |w| got.present.as_deref() == Some(w))
        && want.digests.map_or(true, |w| {
            got.digests.as_ref().map_or(false, |g| {
                g.len() == w.len()
                    && g.iter().zip(w).all(|(g, w)| g.0 == w.log2n && g.1 == w.log2p && g.2 == w.flags && g.3 == w.keys)
            })
        })
}

//! Your codec as a testee: cargo build --release && casper conformance run -- target/release/testee
//!
//! Write a function for each operation that your codec has, and name it in OPERATIONS. It is given
//! the parameters and the input of a vector. It returns the answer, or one of the error kinds.
//! h2o_decode is an example, which passes; vectors/README.md has the other operations, gcs/SPEC.md
//! what they must do. json.rs reads and writes JSON, so that no crate is needed.

mod json;

use json::{list, object, text, Value};
use std::io::{BufRead, Write};

/// Why there is no answer.
enum No {
    /// The value is invalid: the error kind.
    Refused(&'static str),
    /// Your codec does not do this: why.
    Skipped(&'static str),
}

use No::{Refused, Skipped};

type Operation = fn(params: &Value, input: &Value) -> Result<Value, No>;

const OPERATIONS: &[(&str, Operation)] = &[("h2o.decode", h2o_decode)];

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The octets of a text in base64, URL alphabet, without padding.
fn from_text(text: &str) -> Result<Vec<u8>, No> {
    let (mut octets, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for c in text.bytes() {
        let six = ALPHABET.iter().position(|&a| a == c).ok_or(Refused("bad-text"))?;
        held = held << 6 | six as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            octets.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    match (bits, held) {
        (6.., _) => Err(Refused("bad-text")), // half an octet
        (_, 0) => Ok(octets),
        _ => Err(Refused("non-canonical")),
    }
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap_or(0)).collect()
}

/// A strict reader of H2O's cookie: sections 3, 5 and 7 of gcs/SPEC.md.
fn h2o_decode(params: &Value, input: &Value) -> Result<Value, No> {
    if params.get("lenient") == Some(&Value::Bool(true)) {
        return Err(Skipped("there is no tolerant reader"));
    }
    let known = |name: &str| name == "capacity_bits" || name == "lenient";
    let capacity = params.get("capacity_bits").map_or(Some(13), Value::integer);
    let universe = match capacity {
        Some(n @ 1..=15) if params.names().all(known) => 1usize << n,
        _ => return Err(Refused("bad-parameter")),
    };
    let most = (7 * universe + 7) / 8; // octets
    let octets = match input.get("text").and_then(Value::text) {
        Some(text) if text.len() * 6 / 8 > most => return Err(Refused("limit")),
        Some(text) => from_text(text)?,
        None => from_hex(input.get("bytes_hex").and_then(Value::text).unwrap_or("")),
    };
    if octets.len() > most {
        return Err(Refused("limit"));
    }
    let bit = |i: usize| octets[i / 8] >> (7 - i % 8) & 1;
    let (mut keys, mut least, mut at, end) = (Vec::new(), 0, 0, 8 * octets.len());
    loop {
        let one = (at..end).find(|&i| bit(i) == 1).unwrap_or(end); // a quotient, its end, and 6 bits
        if one + 7 > end {
            break;
        }
        let remainder = (one + 1..one + 7).fold(0, |r, i| r << 1 | bit(i) as usize);
        let key = least + (one - at) * 64 + remainder;
        if keys.len() == universe {
            return Err(Refused("limit"));
        }
        if key >= universe {
            return Err(Refused("out-of-range"));
        }
        keys.push(text(&key.to_string()));
        least = key + 1;
        at = one + 7;
    }
    match ((at..end).any(|i| bit(i) == 1), end - at >= 8) {
        (true, true) => Err(Refused("truncated")),
        (false, true) => Err(Refused("trailing-data")),
        (true, false) => Err(Refused("nonzero-padding")),
        (false, false) => Ok(object([("keys", list(keys)), ("canonical", Value::Bool(true))])),
    }
}

/// The reply to one request.
fn reply(ask: &Value) -> Value {
    let word = |name| ask.get(name).and_then(Value::text).unwrap_or("");
    let name = format!("{}.{}", word("format"), word("op"));
    let none = object([]);
    let answer = match OPERATIONS.iter().find(|(known, _)| *known == name) {
        Some((_, f)) => f(ask.get("params").unwrap_or(&none), ask.get("input").unwrap_or(&none)),
        None => Err(Refused("bad-parameter")),
    };
    let seq = ask.get("seq").cloned().unwrap_or(Value::Null);
    match answer {
        Ok(ok) => object([("seq", seq), ("ok", ok)]),
        Err(Refused(kind)) => object([("seq", seq), ("error", text(kind))]),
        Err(Skipped(why)) => object([("seq", seq), ("skip", text(why))]),
    }
}

fn main() {
    let out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let ask = match line.ok().and_then(|l| json::parse(&l)) {
            Some(ask) => ask,
            None => {
                eprintln!("a line that is no JSON");
                std::process::exit(1);
            }
        };
        let say = match ask.get("op").and_then(Value::text) {
            Some("stop") => return,
            Some("start") => object([
                ("name", text("your codec")),
                ("language", text("Rust")),
                ("version", text("0")),
                ("supports", list(OPERATIONS.iter().map(|(name, _)| text(name)).collect())),
            ]),
            _ => reply(&ask),
        };
        let mut out = out.lock();
        if writeln!(out, "{say}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

//! The package's own test.

use casper_vectors::{load, Got, Param, Texts, Vector, SUM, VECTORS, VERSION};

fn by_id(id: &str) -> &'static Vector {
    VECTORS.iter().find(|v| v.id == id).unwrap()
}

/// FNV-1a over the texts of all vectors, each with an octet 255 behind it.
#[test]
fn as_published() {
    let mut sum = 0xcbf29ce484222325u64;
    let mut add = |s: &str| {
        for octet in s.bytes().chain([0xff]) {
            sum = (sum ^ octet as u64).wrapping_mul(0x100000001b3);
        }
    };
    for v in VECTORS {
        [v.id, v.format, v.op, v.comment].into_iter().for_each(&mut add);
        let lists: [Texts; 5] = [v.input.names, v.input.names_hex, v.input.keys, v.expect.keys, v.expect.keys_before_error];
        lists.into_iter().flatten().flatten().for_each(|s| add(s));
        let texts = [v.input.bytes_hex, v.input.text, v.input.header, v.expect.bytes_hex, v.expect.text, v.expect.error];
        texts.into_iter().flatten().for_each(&mut add);
    }
    assert_eq!(sum, SUM);
    assert_eq!(VERSION, env!("CARGO_PKG_VERSION"));
}

#[test]
fn choice() {
    assert!(load(Some("h2o"), Some("decode")).count() > 0);
    assert!(load(Some("h2o"), Some("decode")).all(|v| v.format == "h2o" && v.op == "decode"));
    assert_eq!(load(None, None).count(), VECTORS.len());
    assert_eq!(load(Some("no-such-format"), None).count(), 0);
    assert_eq!(by_id("h2o-pad-first").param("capacity_bits"), Some(Param::Number(13)));
}

#[test]
fn check() {
    let (right, faulty) = (by_id("h2o-encode-63"), by_id("h2o-pad-first"));
    let answer = |keys: &[&str], text: Option<&str>| {
        Ok::<Got, &str>(Got {
            keys: Some(keys.iter().map(|k| k.to_string()).collect()),
            bytes_hex: Some("fe".to_string()),
            text: text.map(str::to_string),
            ..Got::default()
        })
    };
    right.check(false, answer(&["63"], Some("_g"))).unwrap();
    right.check(false, answer(&["62"], Some("_g"))).unwrap_err();
    right.check(false, answer(&["63"], None)).unwrap_err();
    right.check(false, Err::<Got, _>("no")).unwrap_err();
    faulty.check(false, Err::<Got, _>("no")).unwrap();
    faulty.check(false, answer(&["0", "1"], None)).unwrap_err();
    let tolerant = |canonical| Ok::<Got, &str>(Got { keys: Some(vec!["0".into(), "1".into()]), canonical, ..Got::default() });
    faulty.check(true, tolerant(Some(false))).unwrap();
    faulty.check(true, tolerant(None)).unwrap_err();
    let header = load(None, None).find(|v| v.expect.digests.map_or(false, |d| d.len() > 1)).unwrap();
    header.check(false, Ok::<Got, &str>(Got::default())).unwrap_err();
}

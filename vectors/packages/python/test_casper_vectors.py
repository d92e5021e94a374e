"""The package's own test: python3 -m pytest test_casper_vectors.py"""
import hashlib
import pathlib

import casper_vectors
import pytest

BY_ID = {v.id: v for v in casper_vectors.load()}


def test_all_there():
    assert len(BY_ID) == casper_vectors.MANIFEST["vectors"]
    assert sum("error" in v.expect for v in BY_ID.values()) == casper_vectors.MANIFEST["failing"]


@pytest.mark.parametrize("file", casper_vectors.MANIFEST["files"], ids=lambda f: f["path"])
def test_as_published(file):
    data = (pathlib.Path(casper_vectors.__file__).parent / "data" / file["path"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == file["sha256"]


def test_choice():
    assert {(v.format, v.op) for v in casper_vectors.load("h2o", "decode")} == {("h2o", "decode")}
    assert {v.op for v in casper_vectors.load(op="hash")} == {"hash"}
    assert casper_vectors.load("no-such-format") == []


def refuse(params, given):
    raise ValueError("no")


def test_check():
    right, faulty = BY_ID["h2o-encode-63"], BY_ID["h2o-pad-first"]
    assert str(right) == "h2o-encode-63"
    right.check(lambda params, given: {"keys": given["keys"], "bytes_hex": "fe", "text": "_g"})
    faulty.check(refuse)
    faulty.check(lambda params, given: faulty.expect_lenient, lenient=True)
    for vector, answer in [
        (right, lambda params, given: {"keys": ["62"], "bytes_hex": "fe", "text": "_g"}),
        (right, lambda params, given: {"keys": ["63"]}),
        (right, refuse),
        (faulty, lambda params, given: {"keys": ["0", "1"]}),
    ]:
        with pytest.raises(AssertionError, match=vector.id):
            vector.check(answer)
    with pytest.raises(KeyError):  # a crash is no refusal
        faulty.check(lambda params, given: given["no such member"])

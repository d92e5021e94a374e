"""Test vectors for Golomb-coded sets in every deployed wire format."""
import dataclasses
import json
import pathlib

_DATA = pathlib.Path(__file__).parent / "data"
MANIFEST = json.loads((_DATA / "manifest.json").read_text("ascii"))
VERSION = MANIFEST["version"]


@dataclasses.dataclass(frozen=True)
class Vector:
    """One question with its one right answer. Members are those of the JSON files."""

    id: str
    format: str
    op: str  # hash, encode, decode or query
    since: str
    comment: str
    spec: list
    flags: list
    params: dict
    input: dict
    expect: dict
    expect_lenient: dict = None
    source: dict = None

    def __str__(self):
        return self.id

    def expected(self, lenient=False):
        """The answer of the strict reader, or of the tolerant one. It may be {"error": kind}."""
        return self.expect_lenient if lenient and self.expect_lenient else self.expect

    def check(self, answer, refused=ValueError, lenient=False):
        """Call answer(params, input). It must return the expected members, or raise refused."""
        want = self.expected(lenient)
        try:
            got = answer(self.params, self.input)
        except refused as fault:
            assert "error" in want, f"{self.id}: refused ({fault}), but the answer is {want}. {self.comment}"
            return
        assert "error" not in want, f"{self.id}: answered {got}, but it must be refused as {want['error']}. {self.comment}"
        for name, value in want.items():
            if name in got or name != "canonical" or lenient:  # a strict reader accepts nothing else
                assert got.get(name) == value, f"{self.id}: {name} is {value}, not {got.get(name)}. {self.comment}"


def load(format=None, op=None):
    """All vectors, or those of a format, of an operation, or both, in the order of the files."""
    files = [f for f in MANIFEST["files"] if format in (None, f["format"])]
    made = [Vector(**v) for f in files for v in json.loads((_DATA / f["path"]).read_text("ascii"))["vectors"]]
    return [v for v in made if op in (None, v.op)]

#!/usr/bin/env python3
"""Every format and operation of gcs/SPEC.md in one file of plain Python.

It follows the specification requirement by requirement and cites them where they are met. It
is as slow and as simple as that allows, shares no code with the Go library, and agrees with
every vector, strictly and tolerantly: two readings of one text that check each other.

    casper conformance run -- python3 reference.py
"""
import base64
import hashlib
import json
import sys

LARGEST = 2**64 - 2  # GCS-14
HEX = "0123456789abcdefABCDEF"
MOST_OCTETS = 32 << 20  # GCS-16


class Refused(Exception):
    """A fault: its kind, and in a decoder its bit offset and the keys before it."""

    def __init__(self, kind, offset=None, keys=None):
        super().__init__(kind)
        self.kind, self.offset, self.keys = kind, offset, keys


# -- parameters -------------------------------------------------------------------------------------------


def check(given, known):
    """GCS-15: no parameter but the known ones, and of each no value but those that it can have."""
    for name, value in given.items():
        if name != "lenient" and not (name in known and can_be(known[name], value)):
            raise Refused("bad-parameter")


def can_be(kind, value):
    """A kind is the least and the largest number, the words of which it is one, or a number of hex digits."""
    if isinstance(kind, int):
        return isinstance(value, str) and len(value) == kind and all(c in HEX for c in value)
    if isinstance(kind[0], str):
        return value in kind
    return isinstance(value, int) and not isinstance(value, bool) and kind[0] <= value <= kind[1]


def needed(given, name):
    """A parameter that has no default."""
    if name not in given:
        raise Refused("bad-parameter")
    return given[name]


# -- the code ---------------------------------------------------------------------------------------------


class Code:
    """GCS-1 to GCS-9: how sorted keys become bits."""

    def __init__(self, rice, ones=False, gap=1, lsb=False, pad=None):
        self.rice, self.gap, self.lsb = rice, gap, lsb
        self.more, self.stop = ("1", "0") if ones else ("0", "1")
        self.pad = self.more if pad is None else pad

    def bits(self, octets):
        for octet in octets:
            eight = f"{octet:08b}"
            yield eight[::-1] if self.lsb else eight

    def octets(self, bits):
        bits += self.pad * (-len(bits) % 8)  # GCS-8
        eights = (bits[i : i + 8] for i in range(0, len(bits), 8))
        return bytes(int(e[::-1] if self.lsb else e, 2) for e in eights)

    def size(self, keys):
        """How many octets the keys take, without making them."""
        total, least = 0, 0
        for key in keys:
            total += ((key - least) >> self.rice) + 1 + self.rice
            least = key + self.gap
        return (total + 7) // 8

    def encode(self, keys, before=""):
        bits, least = [before], 0
        for key in keys:
            gap = key - least  # GCS-6, GCS-7
            bits.append(self.more * (gap >> self.rice) + self.stop)  # GCS-1, GCS-2
            if self.rice:
                rest = f"{gap % (1 << self.rice):0{self.rice}b}"  # GCS-3
                bits.append(rest[::-1] if self.lsb else rest)  # GCS-5
            least = key + self.gap
        return self.octets("".join(bits))

    def codes(self, octets, start=0):
        """Each complete code as (offset, gap, end), and at last (offset, None, run or None)."""
        bits = "".join(self.bits(octets))
        at = start
        while True:
            stop = bits.find(self.stop, at)
            if stop < 0 or stop + 1 + self.rice > len(bits):
                yield at, None, stop
                return
            rest = bits[stop + 1 : stop + 1 + self.rice]
            if self.lsb:
                rest = rest[::-1]
            gap = (stop - at << self.rice) + (int(rest, 2) if rest else 0)
            end = stop + 1 + self.rice
            yield at, gap, end
            at = end

    def padding(self, octets, at, keys):
        """GCS-18, GCS-19, GCS-21: what may follow the last code."""
        rest = "".join(self.bits(octets))[at:]
        if len(rest) >= 8:
            raise Refused("trailing-data", at, keys)
        for i, bit in enumerate(rest):
            if bit != self.pad:
                raise Refused("nonzero-padding", at + i, keys)

    def decode(self, octets, largest=LARGEST, most=None, count=None, start=0, open=False):
        keys, least = [], 0
        for at, gap, end in self.codes(octets, start):
            if count is not None and len(keys) == count:  # GCS-21
                self.padding(octets, at, keys)
                return keys
            if gap is None:
                left = 8 * len(octets) - at
                if open:  # the deployed readers stop here
                    return keys
                if count is not None:  # GCS-20
                    raise Refused("truncated", at, keys)
                if left >= 8 and (end >= 0 or self.pad != self.more):  # GCS-19
                    raise Refused("truncated", at, keys)
                self.padding(octets, at, keys)  # GCS-17
                return keys
            if most is not None and len(keys) == most:
                raise Refused("limit", at, keys)
            if least + gap > largest:  # GCS-22
                raise Refused("out-of-range", at, keys)
            keys.append(least + gap)
            least = keys[-1] + self.gap


def tidy(keys, largest):
    """Keys from outside, for a format with a name: sorted, once each, in range."""
    if any(key > largest for key in keys):
        raise Refused("out-of-range")
    return sorted(set(keys))


def bounded(code, keys, most=MOST_OCTETS):
    """GCS-16: no code out of proportion."""
    if code.size(keys) > most:
        raise Refused("limit")
    return keys


# -- text -------------------------------------------------------------------------------------------------

URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def to_text(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def from_text(text, standard=False, spare=False):
    """GCS-27 to GCS-30; standard and spare say what a tolerant reader lets through."""
    values = []
    for i, octet in enumerate(text.encode("utf-8", "surrogateescape")):
        char = chr(octet)
        if standard:
            char = {"+": "-", "/": "_"}.get(char, char)
        value = URL.find(char) if octet < 128 else -1
        if value < 0:
            raise Refused("bad-text", 6 * i)
        values.append(f"{value:06b}")
    if len(values) % 4 == 1:
        raise Refused("bad-text", 6 * (len(values) - 1))
    bits = "".join(values)
    whole = len(bits) // 8 * 8
    if not spare and "1" in bits[whole:]:
        raise Refused("non-canonical", whole)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, whole, 8))


class Format:
    """What formats have in common: names become keys, keys a set, a set a value."""

    text = False  # values travel as base64url
    params = {}

    def __init__(self, given):
        check(given, self.params)
        self.given, self.lenient = given, given.get("lenient", False)

    def read(self, given):
        """The octets of a value, and its text if it came as text."""
        if "text" in given:
            return None, given["text"]
        return bytes.fromhex(given["bytes_hex"]), None

    def encode(self, given):
        if "keys" in given:
            keys = self.tidy([int(k) for k in given["keys"]])
        else:
            keys = self.from_names(items(given))
        octets = self.write(keys)
        answer = {"keys": texts(keys), "bytes_hex": octets.hex()}
        if self.text:
            answer["text"] = to_text(octets)
        return answer

    def hash(self, given):
        return {"keys": texts(self.keys(items(given)))}

    def from_names(self, names):
        return self.tidy(self.keys(names))

    def decode(self, given):
        octets, text = self.read(given)
        if octets is None:
            octets = self.parse(text)
        keys = self.find(octets)
        again = self.write(keys)
        same = again == octets and (text is None or text == to_text(again))
        return {"keys": texts(keys), "canonical": same}

    def query(self, given):
        octets, text = self.read(given)
        keys = set(self.find(self.parse(text) if octets is None else octets))
        asked = [int(k) for k in given["keys"]] if "keys" in given else self.keys(items(given))
        return {"present": [k in keys for k in asked]}


def items(given):
    if "names_hex" in given:
        return [bytes.fromhex(h) for h in given["names_hex"]]
    return [n.encode() for n in given["names"]]


def texts(keys):
    return [str(k) for k in keys]


# -- raw --------------------------------------------------------------------------------------------------


class Raw(Format):
    params = {
        "rice": (0, 63), "run": ("zeros-one", "ones-zero"), "gap": (0, 1), "order": ("msb", "lsb"), "pad": (0, 1), "count": (0, 2**31 - 1),
    }

    def __init__(self, given):
        super().__init__(given)
        ones, self.count = given.get("run") == "ones-zero", given.get("count")
        pad = given.get("pad", int(ones) if self.count is None else 0)  # GCS-8, GCS-9
        self.code = Code(needed(given, "rice"), ones, given.get("gap", 1), given.get("order") == "lsb", str(pad))

    def tidy(self, keys):
        if self.count is not None and self.count != len(keys):
            raise Refused("bad-parameter")
        for before, key in zip([None] + keys, keys):
            if before is not None and key < before:
                raise Refused("unsorted")  # GCS-11
            if before == key and self.code.gap:
                raise Refused("duplicate")  # GCS-12
            if key > LARGEST:
                raise Refused("out-of-range")  # GCS-14
        return bounded(self.code, keys)

    def write(self, keys):
        return self.code.encode(keys)

    def find(self, octets):
        return self.code.decode(octets, count=self.count)


# -- H2O --------------------------------------------------------------------------------------------------


class H2O(Format):
    text, params, ones = True, {"capacity_bits": (1, 15)}, False  # CASPER-2

    def __init__(self, given):
        super().__init__(given)
        self.capacity = 1 << given.get("capacity_bits", 13)
        self.code = Code(6, self.ones)  # CASPER-3, CASPER-5

    def keys(self, names):  # CASPER-1
        return [int.from_bytes(hashlib.sha1(n).digest()[:4], "little") % self.capacity for n in names]

    def tidy(self, keys):
        return tidy(keys, self.capacity - 1)  # CASPER-6, CASPER-7

    def write(self, keys):
        return self.code.encode(keys)

    def longest(self, length):
        """CASPER-9: nothing is longer than the set of all keys."""
        if not self.lenient and length > (7 * self.capacity + 7) // 8:
            raise Refused("limit")

    def parse(self, text):
        self.longest(len(text) * 6 // 8)
        return from_text(text, self.lenient, self.lenient)  # CASPER-4, CASPER-10

    def find(self, octets):
        self.longest(len(octets))
        if self.lenient:  # CASPER-11 to CASPER-13
            return self.code.decode(octets, 2**32 - 1, max(128, self.capacity), open=True)
        return self.code.decode(octets, self.capacity - 1, self.capacity)  # CASPER-8


class H2O20(H2O):
    ones = True


# -- go-casper --------------------------------------------------------------------------------------------


class GoCasper(Format):
    text, params = True, {"p": (1, 2**31), "n": (1, 2**31)}  # GOCASPER-2

    def __init__(self, given):
        super().__init__(given)
        p, n = needed(given, "p"), needed(given, "n")
        if p & (p - 1):
            raise Refused("bad-parameter")
        self.p, self.universe = p, n * p
        self.code = Code(p.bit_length() - 1, True, 0, pad="0")  # GOCASPER-3

    def keys(self, names):  # GOCASPER-1
        return [int.from_bytes(hashlib.md5(n).digest()[12:], "big") % self.universe for n in names]

    def tidy(self, keys):
        return bounded(self.code, tidy(keys, self.universe - 1))

    def write(self, keys):
        octets = self.code.encode(keys)
        if keys and self.lost(keys) and self.end(keys) % 8 == 0:
            octets += b"\0"  # GOCASPER-6
        return octets

    def lost(self, keys):
        """Whether the last code has a remainder of zero."""
        return (keys[-1] - ([0] + keys)[-2]) % self.p == 0

    def end(self, keys):
        gaps = [key - before for before, key in zip([0] + keys, keys)]
        return sum((gap >> self.code.rice) + 1 + self.code.rice for gap in gaps)

    def parse(self, text):
        if len(text.encode()) > 1 << 16:  # GOCASPER-16
            raise Refused("limit")
        return from_text(text, spare=self.lenient)  # GOCASPER-4, GOCASPER-14

    def find(self, octets):
        return self.deployed(octets) if self.lenient else self.strict(octets)

    def strict(self, octets):
        keys, last, end, key = [], 0, 0, 0
        for at, gap, after in self.code.codes(octets):
            if gap is None:
                break
            key += gap
            if keys and gap == 0:
                continue  # a repeat or padding: what follows decides
            if at != end:
                raise Refused("non-canonical", end, keys)  # GOCASPER-7
            if key >= self.universe:
                raise Refused("out-of-range", at, keys)  # GOCASPER-8
            keys.append(key)
            last, end = at, after
        rest = "".join(self.code.bits(octets))[end:]
        lost = bool(keys) and end % 8 == 0 and self.lost(keys)
        if "1" in rest:  # GOCASPER-9
            if len(rest) < 8:
                raise Refused("nonzero-padding", end + rest.index("1"), keys)
            raise Refused("truncated", at, keys)
        if lost and not rest:
            raise Refused("non-canonical", last, keys[:-1])  # GOCASPER-10
        if len(rest) > 8 or len(rest) == 8 and not lost:
            raise Refused("trailing-data", end, keys)
        return keys

    def deployed(self, octets):
        """GOCASPER-11 to GOCASPER-14."""
        keys, key, bits = [], 0, "".join(self.code.bits(octets))
        for at, gap, after in self.code.codes(octets):
            if gap is None:
                break
            if after == len(bits) and gap % self.p == 0:  # taken for padding
                if self.p == 1 and gap:
                    raise Refused("truncated", at, keys)
                return keys
            key += gap
            if not keys or keys[-1] != key:
                keys.append(key)
        rest = bits[at:]
        if len(rest) <= 1:
            return keys
        run = rest.find("0")
        if run < 0 or run == len(rest) - 1:
            raise Refused("truncated", at, keys)
        remainder = int(rest[run + 1 :].ljust(self.code.rice, "0"), 2)
        if remainder:
            keys.append(key + (run << self.code.rice) + remainder)
        return keys


# -- cache digests ----------------------------------------------------------------------------------------


class CacheDigest(Format):
    text, params, longest = True, {"log2n": (0, 31), "log2p": (0, 31)}, 1 << 16  # DIGEST-7
    flags = ("reset", "complete", "validators", "stale")

    def sizes(self, names=None):
        """DIGEST-6, DIGEST-7."""
        if names is None or "log2n" in self.given:
            return needed(self.given, "log2n"), needed(self.given, "log2p")
        n = max(1, len(set(names)))
        return next(k for k in range(32) if n * n <= 1 << 2 * k + 1), needed(self.given, "log2p")

    def reduce(self, names, log2n, log2p):  # DIGEST-2, DIGEST-3
        return [int.from_bytes(hashlib.sha256(n).digest(), "big") >> 256 - log2n - log2p for n in names]

    def keys(self, names):
        return self.reduce(names, *(self.found or self.sizes(names)))

    found = None  # the parameters in a digest that was read

    def tidy(self, keys):
        log2n, log2p = self.found = self.found or self.sizes()
        return bounded(Code(log2p), tidy(keys, (1 << log2n + log2p) - 1))  # DIGEST-8

    def from_names(self, names):
        self.found = self.sizes(names)
        return self.tidy(self.keys(names))

    def write(self, keys):  # DIGEST-1, DIGEST-4
        if self.found is None:
            return b""
        log2n, log2p = self.found
        return Code(log2p).encode(keys, f"{log2n:05b}{log2p:05b}")

    def parse(self, text):
        if len(text.encode()) > self.longest:  # DIGEST-14
            raise Refused("limit")
        return from_text(text, self.lenient, self.lenient)  # DIGEST-5, DIGEST-12

    def find(self, octets):
        if not octets and not self.lenient:
            return []  # DIGEST-9
        if len(octets) < 2:
            raise Refused("truncated", 5 * len(octets), [])
        both = f"{octets[0]:08b}{octets[1]:08b}"
        self.found = log2n, log2p = int(both[:5], 2), int(both[5:10], 2)
        if (self.given.get("log2n", log2n), self.given.get("log2p", log2p)) != self.found:
            raise Refused("bad-parameter")  # DIGEST-7
        largest = (1 << log2n + log2p) - 1
        return Code(log2p).decode(octets, largest, start=10, open=self.lenient)  # DIGEST-10 to DIGEST-12

    def decode(self, given):
        if "header" not in given:
            return super().decode(given)
        found = self.header(given["header"]) if not self.lenient else self.deployed(given["header"])
        return {"digests": [self.entity(text, flags) for text, flags in found]}

    def entity(self, text, flags):
        digest = type(self)({"lenient": self.lenient})
        keys = digest.find(digest.parse(text))
        log2n, log2p = digest.found or (0, 0)
        return {"log2n": log2n, "log2p": log2p, "flags": [f for f in self.flags if f in flags], "keys": texts(keys)}

    def header(self, value):
        """DIGEST-15, DIGEST-16."""
        if len(value.encode()) > self.longest:
            raise Refused("limit")
        found = []
        for element in value.split(","):
            text, *names = (part.strip(" \t") for part in element.split(";"))
            self.entity(text, ())  # for its faults
            flags = [name.lower() for name in names]
            if any(flag not in self.flags for flag in flags) or not text and "reset" not in flags:
                raise Refused("bad-text")
            found.append((text, flags))
        again = ", ".join("; ".join([text] + [f for f in self.flags if f in flags]) for text, flags in found)
        if again != value:
            raise Refused("non-canonical")
        return found

    def deployed(self, value):
        """DIGEST-17, DIGEST-18: what H2O keeps."""
        if len(value.encode()) > self.longest:
            return []
        rest, found, token = value, [], ""
        while token is not None:
            text, rest = self.token(rest, ";,")
            if text is None:
                break
            flags, known = set(), True
            while True:
                token, rest = self.token(rest, ";,=")
                if token is None or token == ",":
                    break
                flags.add(token.lower())
                known = known and token.lower() in self.flags[:3]
            if "reset" in flags:
                found = []
            try:
                self.entity(text, ())
            except Refused:
                continue
            if known:
                found.append((text, flags))
        return found

    def token(self, s, ends):
        """The next token of a header and what follows it; None at the end."""
        s = s.lstrip(" \t")
        if not s:
            return None, s
        at = next((i for i, c in enumerate(s) if c in ends), len(s))
        token, end, rest = s[:at], s[at : at + 1], s[at + 1 :]
        if end == "," and at == 0:
            return ",", rest
        if end == ",":
            rest = s[at:]
        if end == "=":
            value, after = self.token(rest, ";,")
            if value != ",":
                rest = after
        return token.rstrip(" \t"), rest


# -- block filters ----------------------------------------------------------------------------------------


def siphash(key, data):
    """SipHash-2-4."""
    mask = 2**64 - 1
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def turn(x, n):
        return (x << n | x >> 64 - n) & mask

    def rounds(n):
        for _ in range(n):
            v[0] = v[0] + v[1] & mask
            v[1] = turn(v[1], 13) ^ v[0]
            v[0] = turn(v[0], 32)
            v[2] = v[2] + v[3] & mask
            v[3] = turn(v[3], 16) ^ v[2]
            v[0] = v[0] + v[3] & mask
            v[3] = turn(v[3], 21) ^ v[0]
            v[2] = v[2] + v[1] & mask
            v[1] = turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    data = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) % 256])
    for i in range(0, len(data), 8):
        m = int.from_bytes(data[i : i + 8], "little")
        v[3] ^= m
        rounds(2)
        v[0] ^= m
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


class BlockFilter(Format):
    """BIP 158, and with other answers Decred's two."""

    params, default_p = {"p": (0, 32), "m": (1, 2**32), "key_hex": 32, "n": (0, 2**32 - 1)}, 19  # BIP158-6

    def __init__(self, given):
        super().__init__(given)
        p = given.get("p", self.default_p)
        self.m = self.multiplier(p)
        self.code = Code(p, True, 0, pad="0")  # BIP158-4

    def multiplier(self, p):
        return self.given.get("m", 784931)

    def key(self):
        return bytes.fromhex(needed(self.given, "key_hex"))

    def once(self, names):
        """The items that count: BIP158-2."""
        return list(dict.fromkeys(names))

    def value(self, name, n):
        return siphash(self.key(), name) * (n * self.m) >> 64  # BIP158-1

    def keys(self, names):
        n = self.n if self.n is not None else self.given.get("n", len(self.once(names)))
        return [self.value(name, n) for name in names]

    n = None  # of a filter that was read

    def from_names(self, names):
        self.key()
        names = self.once(names)
        self.counted(len(names))
        self.n = len(names)
        return bounded(self.code, sorted(self.keys(names)), 64 << 20)

    def tidy(self, keys):
        keys = sorted(set(keys))
        self.counted(len(keys))
        if keys and keys[-1] >= len(keys) * self.m:
            raise Refused("out-of-range")  # BIP158-7
        return bounded(self.code, keys, 64 << 20)  # BIP158-14

    def counted(self, n):
        if self.given.get("n", n) != n:
            raise Refused("bad-parameter")

    def write(self, keys):
        return self.count(len(keys)) + self.code.encode(keys)

    def count(self, n):  # BIP158-3, BIP158-5
        if n < 253:
            return bytes([n])
        return b"\xfd" + n.to_bytes(2, "little") if n < 2**16 else b"\xfe" + n.to_bytes(4, "little")

    def find(self, octets):
        n, start = self.read_count(octets)
        keys = self.code.decode(octets, n * self.m - 1, count=n, start=8 * start)  # BIP158-11, BIP158-12
        self.counted(n)
        self.n = n
        return keys

    def read_count(self, octets):
        if not octets:
            raise Refused("truncated", 0, [])  # BIP158-8
        width = {253: 2, 254: 4, 255: 8}.get(octets[0])
        if width is None:
            return octets[0], 1
        if len(octets) < 1 + width:
            raise Refused("truncated", 0, [])
        n = int.from_bytes(octets[1 : 1 + width], "little")
        if n < {2: 253, 4: 2**16, 8: 2**32}[width]:
            raise Refused("non-canonical", 0, [])  # BIP158-9
        if n >= 2**32:
            raise Refused("limit", 0, [])  # BIP158-10
        return n, 1 + width


class Decred(BlockFilter):
    def count(self, n):
        return super().count(n) if n else b""  # DECRED-6

    def read_count(self, octets):
        if not octets:
            return 0, 0
        n, start = super().read_count(octets)
        if n == 0:
            raise Refused("non-canonical", 0, [])
        return n, start


class DecredV1(Decred):
    params, default_p = {"p": (0, 32), "key_hex": 32, "n": (0, 2**32 - 1)}, 20  # DECRED-7

    def multiplier(self, p):
        return 1 << p  # DECRED-2

    def once(self, names):
        return names  # DECRED-3

    def value(self, name, n):
        return siphash(self.key(), name) % (n * self.m) if n else 0

    def count(self, n):
        return n.to_bytes(4, "big") if n else b""  # DECRED-1

    def read_count(self, octets):
        if 0 < len(octets) < 4:
            raise Refused("truncated", 0, [])  # DECRED-8
        n = int.from_bytes(octets[:4], "big")
        if octets and n == 0:
            raise Refused("non-canonical", 0, [])
        return n, min(4, len(octets))


class DecredV2(Decred):
    def once(self, names):  # DECRED-5
        return list({siphash(self.key(), name): name for name in names if name}.values())


# -- Safe Browsing ----------------------------------------------------------------------------------------


class RiceDelta(Format):
    params = {"rice": (0, 28), "first": (0, 2**32 - 1), "count": (0, 2**31 - 1)}  # RICE-3

    def __init__(self, given):
        super().__init__(given)
        if given.get("rice") == 1:
            raise Refused("bad-parameter")

    def setup(self, count):
        rice = needed(self.given, "rice")
        if rice == 0 and count:
            raise Refused("bad-parameter")
        self.code = Code(rice, True, 0, True, "0")  # RICE-2

    def keys(self, names):  # RICE-1
        if any(len(name) != 4 for name in names):
            raise Refused("bad-parameter")
        return [int.from_bytes(name, "little") for name in names]

    def tidy(self, keys):
        keys = tidy(keys, 2**32 - 1)  # RICE-6
        if not keys:
            raise Refused("bad-parameter")
        self.setup(len(keys) - 1)
        given = self.given.get("first", keys[0]), self.given.get("count", len(keys) - 1)
        if given != (keys[0], len(keys) - 1):  # RICE-7
            raise Refused("bad-parameter")
        bounded(self.code, [key - keys[0] for key in keys[1:]], 64 << 20)  # RICE-8
        return keys

    def write(self, keys):
        return self.code.encode([key - keys[0] for key in keys[1:]])

    def find(self, octets):
        first, count = needed(self.given, "first"), needed(self.given, "count")
        self.setup(count)
        try:  # RICE-4, RICE-5
            return [first] + [first + sum for sum in self.code.decode(octets, 2**32 - 1 - first, count=count)]
        except Refused as fault:
            fault.keys = [first] + [first + sum for sum in fault.keys]
            raise


class RiceDeltaV5(Format):
    params = {"bits": (32, 256), "rice": (0, 254), "count": (0, 2**31 - 1), "first": (0, 2**32 - 1)}  # RICE-12, RICE-13

    def __init__(self, given):
        self.bits = given.get("bits", 32)
        if self.bits != 32:
            self.params = {**self.params, "first_hex": self.bits // 4 if isinstance(self.bits, int) else 0}
            self.params.pop("first")
        super().__init__(given)
        self.rice = given.get("rice", 0)
        if self.bits not in (32, 64, 128, 256) or self.rice and not self.bits - 29 <= self.rice <= self.bits - 2:
            raise Refused("bad-parameter")
        self.code = Code(self.rice, True, 0, True, "0")

    def first(self):
        """The first value, or None."""
        if "first_hex" in self.given:
            return int(self.given["first_hex"], 16)
        return self.given.get("first")

    def some(self, count):
        """RICE-13: without a parameter there is no difference."""
        if count and not self.rice:
            raise Refused("bad-parameter")

    def keys(self, names):  # RICE-11
        return [int.from_bytes(hashlib.sha256(n).digest()[: self.bits // 8], "big") for n in names]

    def from_names(self, names):
        return self.tidy(sorted(set(self.keys(names))))

    def tidy(self, keys):
        if any(key >= 1 << self.bits for key in keys):
            raise Refused("out-of-range")  # RICE-15
        if not keys:
            raise Refused("bad-parameter")
        keys = sorted(keys)  # RICE-15: what is there twice stays
        first, count = self.first(), self.given.get("count", len(keys) - 1)
        self.some(count)
        if (keys[0] if first is None else first, count) != (keys[0], len(keys) - 1):  # RICE-16
            raise Refused("bad-parameter")
        bounded(self.code, [key - keys[0] for key in keys[1:]], 64 << 20)  # RICE-17
        return keys

    def write(self, keys):
        return self.code.encode([key - keys[0] for key in keys[1:]])

    def find(self, octets):
        count, first = self.given.get("count", 0), self.first() or 0
        self.some(count)
        try:  # RICE-14
            sums = self.code.decode(octets, (1 << self.bits) - 1 - first, count=count)
            return [first] + [first + sum for sum in sums]
        except Refused as fault:
            fault.keys = [first] + [first + sum for sum in fault.keys]
            raise


# -- gcstool ----------------------------------------------------------------------------------------------


class GCSTool(Format):
    params = {
        "p": (1, 2**44), "n": (0, 2**40), "every": (0, 2**32), "hash": ("sha1", "hex", "sha256", "sha512", "md5"),
    }  # TOOL-2

    def __init__(self, given):
        super().__init__(given)
        self.p, self.n = given.get("p", 2**24), given.get("n")
        self.every, self.digest = given.get("every", 1024), given.get("hash", "sha1")
        self.universe(0)

    def universe(self, count):
        n = count if self.n is None else self.n
        if n * self.p >= 2**64:
            raise Refused("bad-parameter")
        return n, n * self.p

    def first(self, name):  # TOOL-1
        if self.digest != "hex":
            return hashlib.new(self.digest, name).digest()[:8]
        if len(name) < 16 or any(c not in b"0123456789abcdefABCDEF" for c in name[:16]):
            raise Refused("bad-parameter")
        return bytes.fromhex(name[:16].decode())

    def keys(self, names):
        n, universe = self.universe(len(names))
        return [int.from_bytes(self.first(name), "big") % universe if n else 0 for name in names]

    def from_names(self, names):
        if self.n is None:
            self.n = len(names)
        return self.tidy(self.keys(names))

    def tidy(self, keys):
        keys = sorted(set(keys))
        self.n, universe = self.universe(len(keys))
        if len(keys) > self.n or self.n and not keys:
            raise Refused("bad-parameter")
        if keys and keys[-1] >= universe:
            raise Refused("out-of-range")  # TOOL-12
        if self.size(keys) > MOST_OCTETS:
            raise Refused("limit")
        return keys

    def size(self, keys):
        """How many octets the file has, without making it."""
        gaps = [key - before for before, key in zip([0] + keys, keys)] + [0]
        bits = sum(gap // self.p + 1 + (self.p - 1).bit_length() for gap in gaps)
        entries = (len(keys) - 1) // self.every if keys and self.every else 0
        return (bits + 7) // 8 + 16 * entries + 40

    def write(self, keys):
        rest = (self.p - 1).bit_length()
        bits, index, before = "", b"", 0
        for i, key in enumerate(keys):  # TOOL-3
            quotient, remainder = divmod(key - before, self.p)
            bits += "1" * quotient + "0" + (f"{remainder:0{rest}b}" if rest else "")
            before = key
            if self.every and i and i % self.every == 0:  # TOOL-5
                index += key.to_bytes(8, "big") + len(bits).to_bytes(8, "big")
        bits += "0" * (1 + rest)  # TOOL-4
        bits += "0" * (-len(bits) % 8)
        octets = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        footer = b"".join(x.to_bytes(8, "big") for x in (self.n, self.p, len(octets), len(index) // 16))
        return octets + index + footer + b"[GCS:v0]"  # TOOL-6

    def find(self, octets):
        end = len(octets) - 40
        if end < 0 or octets[-8:] != b"[GCS:v0]":
            raise Refused("truncated", 8 * len(octets), [])  # TOOL-7
        n, p, start, entries = (int.from_bytes(octets[end + i : end + i + 8], "big") for i in (0, 8, 16, 24))
        if not 1 <= p <= 2**44 or n * p >= 2**64:
            raise Refused("bad-parameter")
        if start + 16 * entries != end:
            raise Refused("non-canonical", 8 * end, [])
        if self.given.get("p", p) != p or self.given.get("n", n) != n:
            raise Refused("bad-parameter")  # TOOL-13
        self.n, self.p = n, p
        rest, bits = (p - 1).bit_length(), "".join(f"{o:08b}" for o in octets[:start])
        keys, at, behind, last = [], 0, [], 0
        while True:
            stop = bits.find("0", at)
            if stop < 0 or stop + 1 + rest > len(bits):
                raise Refused("truncated", at, keys)  # TOOL-9
            remainder = int(bits[stop + 1 : stop + 1 + rest] or "0", 2)
            gap = (stop - at) * p + remainder
            if remainder >= p:
                raise Refused("non-canonical", at, keys)
            if last + gap >= n * p and not (n == 0 and gap == 0):
                raise Refused("out-of-range", at, keys)
            done = gap == 0 and (n == 0 or keys)  # TOOL-8
            if not done and len(keys) == n:
                raise Refused("limit", at, keys)
            at = stop + 1 + rest
            if done:
                break
            last += gap
            keys.append(last)
            behind.append(at)
        Code(0, pad="0").padding(octets[:start], at, keys)  # TOOL-10
        index = octets[start:end]
        for every in {0, *range(1, len(keys) + 1)}:  # TOOL-11
            is_so = b""
            for i in range(every, len(keys), every) if every else ():
                is_so += keys[i].to_bytes(8, "big") + behind[i].to_bytes(8, "big")
            if is_so == index:
                self.every = every
                return keys
        raise Refused("non-canonical", 8 * start)


# -- h2-auto-push -----------------------------------------------------------------------------------------


class AutoPush(Format):
    def read(self, given):
        if "bytes_hex" in given:
            return bytes.fromhex(given["bytes_hex"])
        text = given["text"]
        if len(text.encode()) > 1 << 16:  # BLOOM-8
            raise Refused("limit")
        parts = text.split("%")  # BLOOM-1
        for part in parts[1:]:
            if len(part) < 2 or any(c not in HEX for c in part[:2]):
                raise Refused("bad-text")
        plain = parts[0] + "".join(chr(int(p[:2], 16)) + p[2:] for p in parts[1:])
        try:  # BLOOM-6
            octets = base64.b64decode(plain, validate=True)
        except ValueError:
            raise Refused("bad-text")
        if base64.b64encode(octets).decode() != plain:
            raise Refused("bad-text")
        return octets

    def query(self, given):
        octets = self.read(given)
        if len(octets) % 4:
            raise Refused("truncated")  # BLOOM-7
        return {"present": [self.holds(octets, name.decode("utf-8")) for name in items(given)]}

    def holds(self, octets, path):
        m = 8 * len(octets)
        if m == 0:
            return False  # BLOOM-5
        step, at = self.fnv(path, 1576284489), self.rest(self.fnv(path, 0), m)
        for _ in range(7):  # BLOOM-3
            place = at + m if at < 0 else at
            if not octets[place // 8] >> place % 8 & 1:  # BLOOM-4
                return False
            at = self.rest(at + step, m)
        return True

    @staticmethod
    def rest(a, m):
        """A remainder with the sign of a."""
        return a % m if a >= 0 else -(-a % m)

    @staticmethod
    def fnv(path, seed):
        """BLOOM-2."""
        mask, h = 2**32 - 1, 2166136261 ^ seed
        units = path.encode("utf-16-be")
        for high, low in zip(units[::2], units[1::2]):
            if high:
                h = (h ^ high) * 16777619 & mask
            h = (h ^ low) * 16777619 & mask
        h = h + (h << 13) & mask
        h ^= h >> 7
        h = h + (h << 3) & mask
        h ^= h >> 17
        h = h + (h << 5) & mask
        return h - 2**32 if h >= 2**31 else h


# -- the protocol -----------------------------------------------------------------------------------------

FORMATS = {
    "raw": Raw, "h2o": H2O, "h2o-2.0": H2O20, "go-casper": GoCasper, "cache-digest": CacheDigest,
    "bip158": BlockFilter, "decred-v1": DecredV1, "decred-v2": DecredV2, "rice-delta": RiceDelta, "rice-delta-v5": RiceDeltaV5,
    "gcstool": GCSTool, "h2-auto-push": AutoPush,
}
OPS = {"raw": ("encode", "decode", "query"), "h2-auto-push": ("query",)}


def reply(request):
    try:
        subject = FORMATS[request["format"]](request["params"])
        return {"ok": getattr(subject, request["op"])(request["input"])}
    except Refused as fault:
        answer = {"error": fault.kind}
        if fault.offset is not None:
            answer["offset"] = fault.offset
        if fault.keys is not None:
            answer["keys_before_error"] = texts(fault.keys)
        return answer


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "stop":
            return
        if request["op"] == "start":
            supports = [f"{f}.{op}" for f in FORMATS for op in OPS.get(f, ("hash", "encode", "decode", "query"))]
            answer = {"name": "reference", "language": "Python", "version": "1.0.0", "supports": supports}
        else:
            answer = {"seq": request["seq"], **reply(request)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
